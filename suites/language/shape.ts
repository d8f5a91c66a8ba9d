/** The shape of a piece of YAML against its definition, and plain access to its parts. */
import type { z } from 'zod';
import type { Code } from './codes.js';
import type { Diagnostic } from './diagnostics.js';
import { didYouMean, type Entry, type MapNode, type Node, type Position, type ScalarNode } from './source.js';

/** Takes note of a mistake. */
export type Report = (code: Code, at: Position, message: string, hint?: string) => void;
/** A report into a list. */
export const reportInto =
  (found: Diagnostic[]): Report =>
  (code, at, message, hint) => {
    found.push({ code, at, message, ...(hint === undefined ? {} : { hint }) });
  };

/** The values in a node, as deep as definitions look; what lies below is content, which its type decides on. */
const plain = (node: Node, depth = 2): unknown => {
  if (node.kind === 'scalar') return node.text;
  if (depth === 0) return node;
  return node.kind === 'list'
    ? node.items.map(item => plain(item, depth - 1))
    : Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value, depth - 1)]));
};

const descend = (node: Node, path: readonly PropertyKey[]): Node | undefined =>
  path.reduce<Node | undefined>((at, step) => {
    if (at?.kind === 'map') return at.entries.find(entry => entry.key === step)?.value;
    return at?.kind === 'list' ? at.items[Number(step)] : undefined;
  }, node);

/** What a node is, for "got …". */
export const kindOf = (node: Node): string => (node.kind === 'scalar' ? `"${node.text}"` : `a ${node.kind}`);

/** Validates a map against a definition; unknown, missing and wrong entries are reported at their places. */
export const validate = (schema: z.ZodObject, node: MapNode, report: Report): void => {
  const known = Object.keys(schema.shape);
  const result = schema.safeParse(plain(node));
  for (const issue of result.success ? [] : result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const at = entryAt(node, key)?.at ?? node.at;
        report('unknown-key', at, `unknown key "${key}"`, didYouMean(key, known) ?? `known: ${known.join(', ')}`);
      }
      continue;
    }
    const key = String(issue.path[0]);
    const wrong = descend(node, issue.path);
    if (wrong) report('shape', wrong.at, `${issue.message}, got ${kindOf(wrong)}`);
    else report('missing-key', node.at, `"${key}" is missing`, describe(schema, key));
  }
};

const describe = (schema: z.ZodObject, key: string): string | undefined => {
  const field: unknown = schema.shape[key];
  const meta = typeof field === 'object' && field !== null && 'description' in field ? field.description : undefined;
  return typeof meta === 'string' ? meta : undefined;
};

export const entryAt = (node: MapNode, key: string): Entry | undefined => node.entries.find(entry => entry.key === key);
export const nodeAt = (node: MapNode, key: string): Node | undefined => entryAt(node, key)?.value;
export const scalarAt = (node: MapNode, key: string): ScalarNode | undefined => {
  const found = nodeAt(node, key);
  return found?.kind === 'scalar' ? found : undefined;
};
export const mapAt = (node: MapNode, key: string): MapNode | undefined => {
  const found = nodeAt(node, key);
  return found?.kind === 'map' ? found : undefined;
};
/** The text of an entry; without the line end that a block text ends with. */
export const textAt = (node: MapNode, key: string): string | undefined => scalarAt(node, key)?.text.trimEnd();
/** The scalars of a list; anything else in it has been reported by `validate`. */
export const scalarsAt = (node: MapNode, key: string): readonly ScalarNode[] => {
  const found = nodeAt(node, key);
  return found?.kind === 'list' ? found.items.filter(item => item.kind === 'scalar') : [];
};
export const listAt = (node: MapNode, key: string): readonly Node[] => {
  const found = nodeAt(node, key);
  return found?.kind === 'list' ? found.items : [];
};
