/** The files of a catalogue, and the stores in which the build keeps their trees. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IUT_ROLES } from './ast.js';
import type { SourceFile } from './read-case.js';
import type { Node } from './source.js';
import { type KnownTree, openTrees, packTrees } from './trees.js';

// A recursive readdir asks the file system about every single file once more, which takes ten times as long.
const filesBelow = (directory: string, above = ''): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name);
    const isFolder = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false })?.isDirectory() : entry.isDirectory();
    return isFolder ? filesBelow(path, `${above}${entry.name}/`) : [above + entry.name];
  });

/** The files of a catalogue, below its directory, with `/`. */
export const catalogueFiles = (root: string): string[] =>
  filesBelow(root)
    .filter(path => path.endsWith('.yaml') && !/^(ixit|selftest|ideas)\//.test(path))
    .sort();

/** Whether a file of a catalogue is a case, by its place. */
export const isCase = (path: string): boolean => IUT_ROLES.some(role => path.startsWith(`${role}/`));

/** The store with the tree of a file: one for the cases of each role, so that a run opens no more than it needs. */
const storeOf = (path: string): string => `${isCase(path) ? path.slice(0, path.indexOf('/')) : 'shared'}.trees`;

const openStore = (path: string): KnownTree => {
  try {
    return openTrees(readFileSync(path, 'utf8'));
  } catch {
    // Not there, or not to be read: the files are read in its place.
    return () => undefined;
  }
};

/** The trees in the stores of a directory, each opened when the first file of its folder is asked for. */
export const openStores = (directory: string): ((source: SourceFile) => Node | undefined) => {
  const opened = new Map<string, KnownTree>();
  return ({ path, file, text }) => {
    if (path === undefined) return undefined;
    const name = storeOf(path);
    const trees = opened.get(name) ?? openStore(join(directory, name));
    opened.set(name, trees);
    return trees(file, text);
  };
};

/** Writes the stores of a catalogue; one that has every tree already stays as it is. */
export const writeStores = (root: string, directory: string): void => {
  const texts = new Map<string, string[]>();
  for (const path of catalogueFiles(root)) {
    const all = texts.get(storeOf(path)) ?? [];
    texts.set(storeOf(path), all);
    all.push(readFileSync(join(root, path), 'utf8'));
  }
  mkdirSync(directory, { recursive: true });
  for (const [name, all] of texts) {
    const known = openStore(join(directory, name));
    if (all.some(text => known('', text) === undefined)) writeFileSync(join(directory, name), packTrees(all));
  }
};
