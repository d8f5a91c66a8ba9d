/** `sgp32 show`: a case as it will run, procedures and constants filled in. */
import type { Case, Step } from '../language/ast.js';
import type { Catalogue } from '../language/load.js';
import type { Node } from '../language/source.js';
import { prepareCatalogue } from '../prepare.js';
import { unknownName } from './input.js';

/** YAML of a node on one line, constants replaced by their values. */
const inline = (node: Node, constants: ReadonlyMap<string, unknown>): string => {
  if (node.kind === 'map') return `{ ${node.entries.map(e => `${e.key}: ${inline(e.value, constants)}`).join(', ')} }`;
  if (node.kind === 'list') return `[${node.items.map(item => inline(item, constants)).join(', ')}]`;
  return node.text.replace(/^\$([A-Z][A-Z0-9_]*)\b/, (whole, name: string) => (constants.has(name) ? String(constants.get(name)) : whole));
};

const wordsOf = (step: Step): readonly (readonly [string, Node])[] =>
  Object.entries(step).flatMap(([key, value]) =>
    ['with', 'mutate', 'signWith', 'corrupt', 'match', 'link', 'verify', 'until'].includes(key) &&
    typeof value === 'object' &&
    value !== null &&
    'kind' in value
      ? [[key, value as Node] as const]
      : [],
  );

const lines = (steps: readonly Step[], catalogue: Catalogue, indent: string): string[] =>
  steps.flatMap(step => {
    const own = [
      `${indent}${step.text}`,
      ...(step.note ? [`${indent}    note: ${step.note}`] : []),
      ...wordsOf(step).map(([key, node]) => `${indent}    ${key}: ${inline(node, catalogue.constants)}`),
      ...(step.covers.length > 0 ? [`${indent}    covers: [${step.covers.join(', ')}]`] : []),
    ];
    if (step.verb === 'unordered' || step.verb === 'repeat') return [...own, ...lines(step.steps, catalogue, `${indent}    `)];
    if (step.verb !== 'call') return own;
    const procedure = catalogue.procedures.get(step.procedure);
    return [...own, ...(procedure ? [`${indent}    # ${procedure.title}`, ...lines(procedure.steps, catalogue, `${indent}    `)] : [])];
  });

const requirementLines = (c: Case, catalogue: Catalogue): string[] =>
  c.covers.flatMap(id => {
    const r = catalogue.requirements.get(id);
    return r ? [`#   ${id}  ${r.level.toUpperCase()}  ${r.text}`] : [];
  });

export const showCommand = async (id: string, options: { readonly cases?: string }): Promise<number> => {
  const catalogue = prepareCatalogue(options.cases);
  const found = catalogue.cases.find(c => c.id === id);
  if (!found)
    throw unknownName(
      'case',
      id,
      catalogue.cases.map(c => c.id),
    );
  const actors = found.actors.map(a => `  ${a.name}: ${inline(a.config, catalogue.constants)}`);
  const table = found.table?.map((row, n) => `  ${n + 1}  ${row.name}`) ?? [];
  const phase = (name: string, steps: readonly Step[]) => (steps.length > 0 ? [`${name}:`, ...lines(steps, catalogue, '  ')] : []);
  const text = [
    `# ${found.file}`,
    `# ${found.title}`,
    `# ${found.source}`,
    ...requirementLines(found, catalogue),
    'actors:',
    ...actors,
    ...(table.length > 0 ? ['rows:', ...table] : []),
    ...phase('before', found.before),
    ...phase('steps', found.steps),
    ...phase('after', found.after),
  ];
  process.stdout.write(`${text.join('\n')}\n`);
  return 0;
};
