/** The shape of a piece of YAML against its definition, and plain access to its parts. */
import type { Code } from './codes.js';
import type { Definition } from './definition.js';
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

/** What a node is, for "got …". */
export const kindOf = (node: Node): string => (node.kind === 'scalar' ? `"${node.text}"` : `a ${node.kind}`);

/** Checks a map against a definition; unknown, missing and wrong entries are reported at their places. */
export const validate = (definition: Definition, node: MapNode, report: Report): void => {
  for (const [key, one] of Object.entries(definition)) {
    const found = nodeAt(node, key);
    if (!found && !one.optional) report('missing-key', node.at, `"${key}" is missing`, one.says);
    for (const { node: wrong, expected } of found ? one.misfits(found) : [])
      report('shape', wrong.at, `expected ${expected}, got ${kindOf(wrong)}`);
  }
  for (const { key, at } of node.entries) {
    if (Object.hasOwn(definition, key)) continue;
    const known = Object.keys(definition);
    report('unknown-key', at, `unknown key "${key}"`, didYouMean(key, known) ?? `known: ${known.join(', ')}`);
  }
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
