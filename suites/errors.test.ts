import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CODES } from './language/codes.js';
import { packageRoot } from './root.js';

const page = readFileSync(join(packageRoot, 'docs', 'errors.md'), 'utf8');

/** Sources of a folder without tests and fixtures. */
const sources = (folder: string): string[] =>
  readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter(e => e.isFile() && e.name.endsWith('.ts') && !e.name.endsWith('.test.ts') && !e.parentPath.includes('fixtures'))
    .map(e => readFileSync(join(e.parentPath, e.name), 'utf8'));

/** Words in quotes, or in back quotes. */
const words = (text: string, quote: "'" | '`'): string[] =>
  [...text.matchAll(new RegExp(`${quote}([^${quote}]+)${quote}`, 'g'))].map(m => m[1] ?? '');

/** A class of errors with its body. */
const CLASS = /^(?:export )?class (\w+) extends (?:\w*Error)\b([\s\S]*?)\n?\}$/gm;

/** Error classes of a source text with their codes: one word, or those of a union; a code of any text counts as none. */
const classesIn = (source: string): [string, string[]][] =>
  [...source.matchAll(CLASS)].map(([, name = '', body = '']) => {
    const [, literal, type] = /readonly code(?: = '([^']+)'|: (\w+));/.exec(body) ?? [];
    const union = type === undefined ? '' : (new RegExp(`type ${type} =([^;]+);`).exec(source)?.[1] ?? '');
    return [name, literal === undefined ? words(union, "'") : [literal]];
  });

const withoutCode = (source: string): string[] =>
  [...source.matchAll(CLASS)].flatMap(([, name = '', body = '']) => (/readonly code\b/.test(body) ? [] : [name]));

/** Rows of a table under a heading of a page, as cells. */
const rowsUnder = (text: string, heading: string): string[][] => {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter(line => line.startsWith('| '));
  return lines.slice(1).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
};
const codesUnder = (heading: string): string[] => rowsUnder(page, heading).flatMap(([code = '']) => words(code, '`'));
const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();

describe('the page of errors', () => {
  const inSources = new Map(['adapters', 'reports', 'sim', 'suites'].flatMap(sources).flatMap(classesIn));

  it('has every error class with its codes, and no other', () => {
    const onPage = new Map(rowsUnder(page, 'Classes').map(([name = '', codes = '']) => [words(name, '`')[0] ?? '', words(codes, '`')]));
    expect(Object.fromEntries(onPage)).to.deep.equal(Object.fromEntries(inSources));
  });

  it('finds a code in every class', () => {
    const bare = ['adapters', 'reports', 'sim', 'suites'].flatMap(sources).flatMap(withoutCode);
    expect(bare).to.deep.equal([]);
    expect(withoutCode('class Bare extends Error {}\n')).to.deep.equal(['Bare']);
    expect(withoutCode('class Coded extends Error {\n  readonly code: string;\n}\n')).to.deep.equal([]);
  });

  it('explains every code of the classes that have several', () => {
    expect(codesUnder('When the wire fails')).to.deep.equal(inSources.get('LinkError'));
    expect(codesUnder('When an act of the operator fails')).to.deep.equal(inSources.get('OperatorError'));
  });

  it('has every code of a diagnostic that the page of the language does not have, and no other', () => {
    const diagnostics = /(?:code: |report\(\s*(?:[\w.]+,\s*)?)'([a-z]+(?:-[a-z]+)*)'/g;
    const used = sources('suites').flatMap(text => [...text.matchAll(diagnostics)].map(m => m[1] ?? ''));
    const here = [
      ...codesUnder('Mistakes in an IXIT file'),
      ...codesUnder('Mistakes in selftest files, and those that show up at run time'),
    ];
    expect(sorted([...here, ...Object.keys(CODES)])).to.deep.equal(sorted([...used, ...Object.keys(CODES)]));
  });

  it('would notice a class without a code, and one with another code', () => {
    expect(classesIn('export class OddError extends Error {}\n')).to.deep.equal([['OddError', []]]);
    expect(classesIn("class A extends LinkError {\n  readonly code = 'a';\n}\n")).to.deep.equal([['A', ['a']]]);
    expect(classesIn("type C = 'x' | 'y';\nexport class B extends Error {\n  readonly code: C;\n}\n")).to.deep.equal([['B', ['x', 'y']]]);
    expect(rowsUnder('\n## Classes\n\n| Class | `code` |\n|---|---|\n| `A` | `a` `b` |\n', 'Classes')).to.deep.equal([['`A`', '`a` `b`']]);
  });
});
