/** Parts that several verbs have. */
import { checkContent } from './check-content.js';
import type { Names } from './names.js';
import { kindOf } from './shape.js';
import type { Entry, Node, ScalarNode } from './source.js';

/** An optional property: there with a value, or not there at all. */
export const given = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  // TypeScript sees a computed key as any text; the key is the one given.
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };

/** What stands behind a verb as one text. */
export const subject = (entry: Entry, what: string, names: Names): ScalarNode | undefined => {
  if (entry.value.kind === 'scalar') return entry.value;
  names.report('shape', entry.value.at, `expected ${what}, got ${kindOf(entry.value)}`);
  return undefined;
};

/** Checks content that has no ASN.1 type: only its expressions. */
export const untyped = (node: Node | undefined, use: 'build' | 'match', names: Names): void => {
  if (node) checkContent(node, { names, use, type: undefined });
};
