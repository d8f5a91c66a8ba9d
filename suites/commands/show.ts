/** `sgp32 show`: a case as it will run, procedures and constants filled in. */

import { relative } from 'node:path';
import type { Case, Step } from '../language/ast.js';
import { conditionText } from '../language/condition.js';
import type { Catalogue } from '../language/load.js';
import { type Node, parseYaml, type ScalarNode } from '../language/source.js';
import { prepareSelection } from '../prepare.js';
import { unknownName } from './input.js';

type Constants = ReadonlyMap<string, string>;

/** Columns after which a map or list is broken into lines. */
const WIDTH = 120;
/** The words of a step in the order in which they take effect. */
const WORDS = ['with', 'mutate', 'signWith', 'corrupt', 'link', 'match', 'verify', 'within', 'until'] as const;

const scalar = ({ text }: ScalarNode, constants: Constants): string =>
  text.replace(/^\$([A-Z][A-Z0-9_]*)\b/, (whole, name: string) => constants.get(name) ?? whole);

const inline = (node: Node, constants: Constants): string => {
  if (node.kind === 'scalar') return scalar(node, constants);
  if (node.kind === 'list') return `[${node.items.map(item => inline(item, constants)).join(', ')}]`;
  if (node.entries.length === 0) return '{}';
  return `{ ${node.entries.map(e => `${e.key}: ${inline(e.value, constants)}`).join(', ')} }`;
};

/** `key: value` on one line when it fits, otherwise with the members on lines of their own. */
const block = (key: string, node: Node, constants: Constants, indent: string): string[] => {
  const line = `${indent}${key} ${inline(node, constants)}`;
  if (line.length <= WIDTH || node.kind === 'scalar') return [line];
  const members =
    node.kind === 'map' ? node.entries.map(e => [`${e.key}:`, e.value] as const) : node.items.map(item => ['-', item] as const);
  return [`${indent}${key}`, ...members.flatMap(([name, value]) => block(name, value, constants, `${indent}  `))];
};

const headOf = (step: Step, constants: Constants): string => {
  switch (step.verb) {
    case 'send':
      return `${step.actor}.send: ${step.typeName}`;
    case 'expect':
      return `${step.actor}.expect: ${step.accepts.length === 1 ? step.accepts[0] : `[${step.accepts.join(', ')}]`}`;
    case 'operator':
      return `operator: ${step.action}`;
    case 'call':
      return `call: ${step.procedure}`;
    case 'check':
      return `check: ${scalar(step.value, constants)}`;
    case 'set':
      return `set: { ${step.values.map(v => `${v.key}: ${inline(v.value, constants)}`).join(', ')} }`;
    case 'unordered':
      return 'unordered:';
    case 'repeat':
      return `repeat: ${step.count}`;
    case 'wait':
      return `wait: ${step.seconds}s`;
  }
};

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'kind' in value;

const wordsOf = (step: Step, constants: Constants, indent: string): string[] => {
  const stated = new Map<string, unknown>(Object.entries(step));
  return WORDS.flatMap(word => {
    const value = stated.get(word);
    if (typeof value === 'number') return [`${indent}${word}: ${value}s`];
    return isNode(value) ? block(`${word}:`, value, constants, indent) : [];
  });
};

const stepLines = (step: Step, catalogue: Catalogue, indent: string): string[] => {
  const inner = `${indent}  `;
  const own = [
    `${indent}- ${headOf(step, catalogue.constants)}`,
    ...(step.note ? [`${inner}note: ${step.note}`] : []),
    ...(step.if ? [`${inner}if: ${conditionText(step.if)}`] : []),
    ...(step.verb === 'expect' && step.optional ? [`${inner}optional: true`] : []),
    ...wordsOf(step, catalogue.constants, inner),
    ...(step.covers.length > 0 ? [`${inner}covers: [${step.covers.join(', ')}]`] : []),
    ...(step.else ? [`${inner}else: ${step.else}`] : []),
  ];
  if (step.verb === 'unordered' || step.verb === 'repeat') return [...own, ...allLines(step.steps, catalogue, inner)];
  if (step.verb !== 'call') return own;
  const procedure = catalogue.procedures.get(step.procedure);
  return [...own, ...(procedure ? [`${inner}# ${procedure.title}`, ...allLines(procedure.steps, catalogue, inner)] : [])];
};
const allLines = (steps: readonly Step[], catalogue: Catalogue, indent: string): string[] =>
  steps.flatMap(step => stepLines(step, catalogue, indent));

const requirementLines = (c: Case, catalogue: Catalogue): string[] =>
  c.covers.flatMap(id => {
    const r = catalogue.requirements.get(id);
    return r ? [`#   ${id}  ${r.level.toUpperCase()}  ${r.text}`] : [];
  });

/** `when` and `over` as they stand in the file: read, they are conditions without their words. */
const headers = (c: Case, catalogue: Catalogue): string[] => {
  const { root } = parseYaml(c.file, catalogue.texts.get(c.file) ?? '');
  const entries = root?.kind === 'map' ? root.entries : [];
  return entries.flatMap(({ key, value }) => (key === 'when' || key === 'over' ? block(`${key}:`, value, catalogue.constants, '') : []));
};

const phase = (name: string, steps: readonly Step[], catalogue: Catalogue): string[] =>
  steps.length > 0 ? [`${name}:`, ...allLines(steps, catalogue, '  ')] : [];

/** Prints one case by its id. */
export const showCommand = async (id: string, options: { readonly cases?: string }): Promise<number> => {
  const catalogue = prepareSelection(options.cases, [id]);
  const found = catalogue.cases.find(c => c.id === id);
  if (!found)
    throw unknownName(
      'case',
      id,
      catalogue.cases.map(c => c.id),
    );
  const text = [
    `# ${relative(process.cwd(), found.file)}`,
    `# ${found.id}: ${found.title}`,
    `# ${found.source}`,
    ...requirementLines(found, catalogue),
    ...headers(found, catalogue),
    'actors:',
    ...found.actors.flatMap(a => block(`${a.name}:`, a.config, catalogue.constants, '  ')),
    ...(found.table ? ['table:', ...found.table.flatMap((row, n) => block(`- #${n + 1}`, row.cells, catalogue.constants, '  '))] : []),
    ...phase('before', found.before, catalogue),
    ...phase('steps', found.steps, catalogue),
    ...phase('after', found.after, catalogue),
  ];
  process.stdout.write(`${text.join('\n')}\n`);
  return 0;
};
