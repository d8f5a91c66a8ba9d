/** Reading maps of an IXIT file word by word, every mistake with its place. */
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Duration } from '../adapters/adapter.js';
import { DURATION_FORM, readDuration } from './language/duration.js';
import { type Diagnostic, didYouMean, type Entry, type MapNode, type Node, type Position } from './language/source.js';
import { references } from './template.js';

export type Report = (code: string, at: Position, message: string, hint?: string) => void;

export interface Reader {
  readonly diagnostics: Diagnostic[];
  readonly report: Report;
  /** The entries of a map by key; keys that are not known are reported. Undefined when it is no map. */
  readonly fields: (node: Node, what: string, known: readonly string[]) => ReadonlyMap<string, Entry> | undefined;
  /** The entries of a map whose keys are names of the author's. */
  readonly entries: (node: Node, what: string) => readonly Entry[];
  readonly text: (entry: Entry | undefined) => string | undefined;
  /** The text of a key that must be there. */
  readonly needed: (fields: ReadonlyMap<string, Entry>, key: string, where: Position, why: string) => string | undefined;
  readonly texts: (entry: Entry | undefined) => readonly string[];
  readonly textMap: (entry: Entry | undefined) => ReadonlyMap<string, string>;
  readonly oneOf: <T extends string>(entry: Entry | undefined, words: readonly T[]) => T | undefined;
  readonly duration: (entry: Entry | undefined) => Duration | undefined;
  /** A file that must be there, as an absolute path. */
  readonly fileAt: (node: Node) => string | undefined;
  /** A folder that must be there, as an absolute path; the folder of the file when none is named. */
  readonly folder: (entry: Entry | undefined) => string;
}

const kinds: Readonly<Record<Node['kind'], string>> = { scalar: 'a text', map: 'a map', list: 'a list' };
/** A piece of YAML as a message names it. */
export const kindOf = (node: Node): string => (node.kind === 'scalar' ? `"${node.text}"` : kinds[node.kind]);

/** The place of the n-th character of a scalar. */
export const placeIn = (at: Position, quoted: boolean, offset: number): Position => ({
  ...at,
  column: at.column + offset + (quoted ? 1 : 0),
});

/** Makes a reader for one file. `exists` tells whether a file is there. */
export const createReader = (file: string, exists: (path: string) => boolean): Reader => {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (code, at, message, hint) => void diagnostics.push({ code, at, message, ...(hint ? { hint } : {}) });
  const wrong = (node: Node, expected: string): undefined =>
    report('wrong-shape', node.at, `expected ${expected}, got ${kindOf(node)}`) as undefined;

  const mapOf = (node: Node, what: string): MapNode | undefined => (node.kind === 'map' ? node : wrong(node, `a map of ${what}`));
  const text: Reader['text'] = entry => {
    if (entry === undefined) return undefined;
    if (entry.value.kind !== 'scalar') return wrong(entry.value, `a text for "${entry.key}"`);
    return entry.value.text;
  };
  const there = (at: Position, kind: 'file' | 'folder', found: string): string => {
    if (references(found).length === 0 && !exists(found))
      report('no-file', at, `there is no ${kind} ${found}`, 'paths are seen from the folder of this file');
    return found;
  };
  /** Seen from the folder of the file; one that begins with `${` stays as it is. */
  const path = (written: string): string => (written.startsWith('${') || isAbsolute(written) ? written : resolve(dirname(file), written));
  return {
    diagnostics,
    report,
    fields: (node, what, known) => {
      const map = mapOf(node, what);
      if (map === undefined) return undefined;
      for (const { key, at } of map.entries)
        if (!known.includes(key))
          report('unknown-key', at, `unknown key "${key}" in ${what}; known: ${known.join(', ')}`, didYouMean(key, known));
      return new Map(map.entries.map(entry => [entry.key, entry]));
    },
    entries: (node, what) => mapOf(node, what)?.entries ?? [],
    text,
    needed: (fields, key, where, why) => {
      const entry = fields.get(key);
      if (entry === undefined) report('missing-key', where, `"${key}" is missing: ${why}`);
      return text(entry);
    },
    texts: entry => {
      if (entry === undefined) return [];
      if (entry.value.kind === 'scalar') return [entry.value.text];
      if (entry.value.kind === 'map') return wrong(entry.value, `a text or a list of texts for "${entry.key}"`) ?? [];
      return entry.value.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : (wrong(item, 'a text') ?? [])));
    },
    textMap: entry => {
      const pairs = entry === undefined ? [] : (mapOf(entry.value, `texts for "${entry.key}"`)?.entries ?? []);
      return new Map(
        pairs.flatMap(pair => (pair.value.kind === 'scalar' ? [[pair.key, pair.value.text]] : (wrong(pair.value, 'a text') ?? []))),
      );
    },
    oneOf: (entry, words) => {
      const found = text(entry);
      if (entry === undefined || found === undefined) return undefined;
      const word = words.find(one => one === found);
      if (word === undefined)
        report(
          'unknown-word',
          entry.value.at,
          `"${found}" is not a value of "${entry.key}"; known: ${words.join(', ')}`,
          didYouMean(found, words),
        );
      return word;
    },
    duration: entry => {
      const found = text(entry);
      if (entry === undefined || found === undefined) return undefined;
      const seconds = readDuration(found);
      if (seconds === undefined) report('no-duration', entry.value.at, `expected ${DURATION_FORM} for "${entry.key}", got "${found}"`);
      return seconds === undefined ? undefined : { seconds };
    },
    fileAt: node => {
      if (node.kind !== 'scalar') return wrong(node, 'the name of a file');
      return there(node.at, 'file', path(node.text));
    },
    folder: entry => {
      const found = path(text(entry) ?? '.');
      return entry ? there(entry.value.at, 'folder', found) : found;
    },
  };
};
