/** Texts of an IXIT file with `${…}` in them: what they name, and how they are filled in. */
import type { MapNode, Node, ScalarNode } from './language/source.js';

/** Looks up `eid` or `links.es9plus.port`; undefined means absent. */
export type Lookup = (path: string) => unknown;

/** One `${path}` in a text. */
export interface Reference {
  readonly path: string;
  /** Characters before it in the text. */
  readonly offset: number;
}

// `$${` is a literal `${`.
const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;

/** All `${path}` of a text. */
export const references = (text: string): readonly Reference[] =>
  [...text.matchAll(REFERENCE)].flatMap(match => (match[1] === undefined ? [] : [{ path: match[1].trim(), offset: match.index }]));

/** The path of a text that is one `${path}` and nothing else. */
export const soleReference = (text: string): string | undefined => {
  const [only] = references(text);
  return only !== undefined && /^\$\{[^}]*\}$/.test(text) ? only.path : undefined;
};

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** Fills in a text; what is absent leaves nothing. `spell` says how a value is written at its place. */
export const resolveTemplate = (text: string, lookup: Lookup, spell: (value: string, path: string) => string = value => value): string =>
  text.replace(REFERENCE, (_match, path: string | undefined) =>
    path === undefined ? '${' : spell(shown(lookup(path.trim())), path.trim()),
  );

const typed = ({ text, quoted }: ScalarNode): unknown => {
  if (quoted) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  // An EID has only digits too, and is no number: only what a number gives back unchanged is one.
  const number = Number(text);
  return /^-?\d/.test(text) && String(number) === text ? number : text;
};

/**
 * JSON from YAML: plain `true`, `false` and numbers are typed, a scalar that is only `${path}` keeps the type of the value, and what is absent
 * is left out of its map or list.
 */
export const resolveTree = (node: Node, lookup: Lookup): unknown => {
  if (node.kind === 'list') return node.items.map(item => resolveTree(item, lookup)).filter(value => value !== undefined);
  if (node.kind === 'map')
    return Object.fromEntries(
      node.entries.map(entry => [entry.key, resolveTree(entry.value, lookup)]).filter(([, value]) => value !== undefined),
    );
  const sole = soleReference(node.text);
  if (sole !== undefined) return lookup(sole);
  return references(node.text).length > 0 || node.text.includes('$${') ? resolveTemplate(node.text, lookup) : typed(node);
};

/** Every text of a piece of YAML, replaced; positions stay. */
export const mapTexts = (node: Node, change: (scalar: ScalarNode) => string): Node => {
  if (node.kind === 'scalar') return { ...node, text: change(node) };
  if (node.kind === 'list') return { ...node, items: node.items.map(item => mapTexts(item, change)) };
  const changed: MapNode = { ...node, entries: node.entries.map(entry => ({ ...entry, value: mapTexts(entry.value, change) })) };
  return changed;
};

/** Every scalar of a piece of YAML. */
export const scalarsOf = (node: Node): readonly ScalarNode[] => {
  if (node.kind === 'scalar') return [node];
  return (node.kind === 'list' ? node.items : node.entries.map(entry => entry.value)).flatMap(scalarsOf);
};

/** `a.0.b` of a value; undefined where the path leaves it. */
export const valueAt = (value: unknown, path: string): unknown =>
  path === ''
    ? value
    : path.split('.').reduce<unknown>((inner, name) => {
        if (typeof inner !== 'object' || inner === null) return undefined;
        return Object.hasOwn(inner, name) ? Reflect.get(inner, name) : undefined;
      }, value);
