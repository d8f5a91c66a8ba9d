/**
 * Trees of YAML files kept from an earlier reading, so that a start need not read YAML again: a store holds the files
 * of one folder of the catalogue, each under the digest of its text. A text that changed has another digest and is
 * read anew, so a store that is old, damaged or not there costs time and nothing else.
 */
import { createHash } from 'node:crypto';
import { type Entry, type Node, parseYaml } from './source.js';

/** The tree of a text if it is known; `file` is its name in positions. */
export type KnownTree = (file: string, text: string) => Node | undefined;

/** Part of every digest; counted up whenever a tree, or how it is stored, changes. */
const FORMAT = '1';

interface Store {
  /** All keys and values, each once. */
  readonly words: readonly string[];
  /** By digest: the tree in the order of the text, four numbers for a node (kind, lines down, column, word or size), three before it for its key. */
  readonly trees: Readonly<Record<string, readonly number[]>>;
}

const [PLAIN, QUOTED, LIST, MAP] = [0, 1, 2, 3];

const digest = (text: string): string => createHash('sha256').update(FORMAT).update(text).digest('base64');

/** The store of texts, as its file's contents; texts with mistakes are left out, for these have to be told each time. */
export const packTrees = (texts: Iterable<string>): string => {
  const words = new Map<string, number>();
  const word = (text: string): number => {
    const known = words.get(text) ?? words.size;
    words.set(text, known);
    return known;
  };
  const pack = (root: Node): number[] => {
    const numbers: number[] = [];
    let line = 0;
    const place = (at: Node['at']) => {
      numbers.push(at.line - line, at.column);
      line = at.line;
    };
    const visit = (node: Node): void => {
      numbers.push(node.kind === 'map' ? MAP : node.kind === 'list' ? LIST : node.quoted ? QUOTED : PLAIN);
      place(node.at);
      if (node.kind === 'scalar') numbers.push(word(node.text));
      if (node.kind === 'list') {
        numbers.push(node.items.length);
        node.items.forEach(visit);
      }
      if (node.kind === 'map') {
        numbers.push(node.entries.length);
        for (const { key, at, value } of node.entries) {
          numbers.push(word(key));
          place(at);
          visit(value);
        }
      }
    };
    visit(root);
    return numbers;
  };
  const trees: Record<string, readonly number[]> = {};
  for (const text of texts) {
    const { root, diagnostics } = parseYaml('', text);
    if (root && diagnostics.length === 0) trees[digest(text)] = pack(root);
  }
  const body = JSON.stringify({ words: [...words.keys()], trees } satisfies Store);
  return `${digest(body)}\n${body}`;
};

const unpack = (numbers: readonly number[], words: readonly string[], file: string): Node => {
  let next = 0;
  let line = 0;
  const number = (): number => numbers[next++] ?? 0;
  const word = (): string => words[number()] ?? '';
  const place = (): Node['at'] => {
    line += number();
    return { file, line, column: number() };
  };
  const many = <T>(read: () => T): T[] => {
    const all: T[] = [];
    for (let left = number(); left > 0; left--) all.push(read());
    return all;
  };
  const entry = (): Entry => ({ key: word(), at: place(), value: node() });
  const node = (): Node => {
    const kind = number();
    const at = place();
    if (kind === MAP) return { kind: 'map', entries: many(entry), at };
    if (kind === LIST) return { kind: 'list', items: many(node), at };
    return { kind: 'scalar', text: word(), quoted: kind === QUOTED, at };
  };
  return node();
};

/** The trees of a store; of none when the store is damaged or not one of ours. */
export const openTrees = (stored: string): KnownTree => {
  const end = stored.indexOf('\n');
  const body = stored.slice(end + 1);
  if (stored.slice(0, end) !== digest(body)) return () => undefined;
  const { words, trees } = JSON.parse(body) as Store;
  return (file, text) => {
    const numbers = trees[digest(text)];
    return numbers && unpack(numbers, words, file);
  };
};
