/** Patterns over the answers of an IUT's own interface, which has no ASN.1 type: literals, maps with dotted keys, lists, `$oneOf` and the like. */
import { type Diagnostic, didYouMean, type Node } from './language/source.js';
import { valueAt } from './template.js';

export type Pattern =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'oneOf'; readonly patterns: readonly Pattern[] }
  | { readonly kind: 'not'; readonly pattern: Pattern }
  | { readonly kind: 'contains'; readonly pattern: Pattern }
  | { readonly kind: 'list'; readonly items: readonly Pattern[] }
  | { readonly kind: 'map'; readonly entries: readonly { readonly path: string; readonly pattern: Pattern }[] };

const WORDS = ['$any', '$absent'];
const KEYS = ['$oneOf', '$not', '$contains'];
/** Keys of a pattern that look at the answer around the body. */
export const AROUND = ['$status', '$headers', '$exitCode', '$stdout', '$stderr', '$body'];

type Report = (diagnostic: Diagnostic) => void;
const unknown = (word: string, known: readonly string[], at: Node['at'], report: Report): Pattern => {
  const hint = didYouMean(word, known);
  report({ code: 'unknown-matcher', at, message: `unknown matcher "${word}"; known: ${known.join(', ')}`, ...(hint ? { hint } : {}) });
  return { kind: 'any' };
};

const readKey = (key: string, value: Node, at: Node['at'], report: Report): Pattern => {
  if (key === '$not') return { kind: 'not', pattern: readPattern(value, report) };
  if (key === '$contains') return { kind: 'contains', pattern: readPattern(value, report) };
  if (key !== '$oneOf') return unknown(key, KEYS, at, report);
  if (value.kind === 'list') return { kind: 'oneOf', patterns: value.items.map(item => readPattern(item, report)) };
  report({ code: 'wrong-shape', at: value.at, message: `expected a list of alternatives behind $oneOf, got a ${value.kind}` });
  return { kind: 'any' };
};

/** Reads a pattern; mistakes are reported, and stand for `$any`. */
export const readPattern = (node: Node, report: Report): Pattern => {
  if (node.kind === 'list') return { kind: 'list', items: node.items.map(item => readPattern(item, report)) };
  if (node.kind === 'scalar') {
    if (node.text.startsWith('$$')) return { kind: 'text', text: node.text.slice(1) };
    if (!node.text.startsWith('$')) return { kind: 'text', text: node.text };
    if (node.text === '$any') return { kind: 'any' };
    return node.text === '$absent' ? { kind: 'absent' } : unknown(node.text, WORDS, node.at, report);
  }
  const [first] = node.entries;
  const isAround = (key: string) => AROUND.includes(key.split('.')[0] ?? '');
  if (first?.key.startsWith('$') && !isAround(first.key) && node.entries.length === 1)
    return readKey(first.key, first.value, first.at, report);
  for (const { key, at } of node.entries) if (key.startsWith('$') && !isAround(key)) unknown(key, [...KEYS, ...AROUND], at, report);
  return { kind: 'map', entries: node.entries.map(({ key, value }) => ({ path: key, pattern: readPattern(value, report) })) };
};

/** What was expected and not found: a dotted path and two short texts. */
export interface Mismatch {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

const LONGEST = 120;
/** A value as a message shows it. */
export const brief = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

/** A pattern as a message shows it. */
export const patternText = (pattern: Pattern): string => {
  switch (pattern.kind) {
    case 'text':
      return pattern.text;
    case 'any':
      return 'anything';
    case 'absent':
      return 'nothing';
    case 'oneOf':
      return `one of ${pattern.patterns.map(patternText).join(', ')}`;
    case 'not':
      return `not ${patternText(pattern.pattern)}`;
    case 'contains':
      return `a list that contains ${patternText(pattern.pattern)}`;
    case 'list':
      return `[${pattern.items.map(patternText).join(', ')}]`;
    case 'map':
      return `{${pattern.entries.map(({ path, pattern: inner }) => `${path}: ${patternText(inner)}`).join(', ')}}`;
  }
};

/** `status`, `a.0.b` of the body, `$status`, `$headers.location` of the answer around it. */
export type Look = (path: string) => unknown;

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
const looking =
  (value: unknown): Look =>
  path =>
    valueAt(value, path);

const matchInside = (pattern: Pattern, value: unknown, path: string): Mismatch | undefined => {
  const wrong: Mismatch = { path, expected: patternText(pattern), actual: brief(value) };
  switch (pattern.kind) {
    case 'any':
      return value === undefined ? wrong : undefined;
    case 'absent':
      return value === undefined ? undefined : wrong;
    case 'text':
      return value !== undefined && typeof value !== 'object' && String(value) === pattern.text ? undefined : wrong;
    case 'oneOf':
      return pattern.patterns.some(one => matchInside(one, value, path) === undefined) ? undefined : wrong;
    case 'not':
      return matchInside(pattern.pattern, value, path) === undefined ? wrong : undefined;
    case 'contains':
      return Array.isArray(value) && value.some(item => matchInside(pattern.pattern, item, path) === undefined) ? undefined : wrong;
    case 'list':
      if (!Array.isArray(value) || value.length !== pattern.items.length) return wrong;
      return pattern.items.map((item, i) => matchInside(item, value[i], join(path, String(i)))).find(one => one !== undefined);
    case 'map':
      if (pattern.entries.length > 0 && (typeof value !== 'object' || value === null)) return wrong;
      return matchEntries(pattern.entries, looking(value), path);
  }
};

const matchEntries = (entries: Extract<Pattern, { kind: 'map' }>['entries'], look: Look, path: string): Mismatch | undefined => {
  for (const entry of entries) {
    const found = matchInside(entry.pattern, look(entry.path), join(path, entry.path));
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Compares an answer with a pattern: maps are partial, lists are exact in length. Returns the first mismatch, undefined when it matches. */
export const mismatch = (pattern: Pattern, look: Look): Mismatch | undefined =>
  pattern.kind === 'map' ? matchEntries(pattern.entries, look, '') : matchInside(pattern, look(''), '');
