import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { typeNamed, typeNames } from '#protocol/registry.js';
import { builtInCases, builtInTrees, packageRoot } from '../root.js';
import { readCatalogue } from './load.js';
import type { SourceFile } from './read-case.js';
import { parseYaml } from './source.js';
import { catalogueFiles, openStores, writeStores } from './stores.js';
import { openTrees, packTrees } from './trees.js';

const TEXT =
  '# what it is\r\nid: 0010\r\n"a key": "$not(1)"\nsteps:\n  - ipa.send: Type\n    with: { a: [$x, [], { b: ü }] }\nnote: >\n  two\n  lines\n';

const sourcesOf = (root: string): SourceFile[] =>
  catalogueFiles(root).map(path => ({ path, file: path, text: readFileSync(join(root, path), 'utf8') }));

describe('trees of YAML files kept for later starts', () => {
  it('are those of the text, with every place', () => {
    expect(openTrees(packTrees([TEXT]))('a.yaml', TEXT)).to.deep.equal(parseYaml('a.yaml', TEXT).root);
  });

  it('are those of the text for every file of the catalogue, also those that this build kept', () => {
    const files = sourcesOf(builtInCases);
    const trees = openTrees(packTrees(files.map(one => one.text)));
    const ofBuild = openStores(builtInTrees);
    const wrong = files.filter(one => {
      const { root } = parseYaml(one.file, one.text);
      return !isDeepStrictEqual(trees(one.file, one.text), root) || !isDeepStrictEqual(ofBuild(one) ?? root, root);
    });
    expect(files.length).to.be.greaterThan(500);
    expect(wrong.map(one => one.file)).to.deep.equal([]);
  });

  it('are not those of a text that differs in one letter', () => {
    expect(openTrees(packTrees([TEXT]))('a.yaml', TEXT.replace('two', 'too'))).to.equal(undefined);
  });

  it('are not kept of a text with a mistake, which has to be told each time', () => {
    const wrong = 'a: 1\na: 2\n';
    expect(parseYaml('', wrong).diagnostics).to.have.length(1);
    expect(openTrees(packTrees([wrong, TEXT]))('a.yaml', wrong)).to.equal(undefined);
  });

  const stored = packTrees([TEXT]);
  const damaged: Readonly<Record<string, string>> = {
    'is empty': '',
    'was cut off': stored.slice(0, -10),
    'lost its first line': stored.slice(stored.indexOf('\n') + 1),
    'has another value in it': stored.replace('0010', '0011'),
    'is some other JSON': '{"words":[],"trees":{}}',
  };
  for (const [what, text] of Object.entries(damaged))
    it(`are not taken from a store that ${what}`, () => {
      expect(text).to.not.equal(stored);
      expect(openTrees(text)('a.yaml', TEXT)).to.equal(undefined);
    });
});

describe('stores of trees', () => {
  const root = join(packageRoot, 'suites', 'language', 'fixtures', 'examples');
  const path = 'constants.yaml';
  const text = readFileSync(join(root, path), 'utf8');
  let folder = '';
  const store = () => join(folder, 'shared.trees');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-trees-'));
    writeStores(root, folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('have a file of the catalogue under the name it has here', () => {
    expect(openStores(folder)({ path, file: 'here.yaml', text })).to.deep.equal(parseYaml('here.yaml', text).root);
  });

  it('are one for each role, and one for what all share', () => {
    expect(readdirSync(folder)).to.have.members(['eim.trees', 'euicc.trees', 'ipa.trees', 'shared.trees']);
    expect(openStores(folder)({ path: 'eim/enable/99-x.yaml', file: 'x.yaml', text })).to.equal(undefined);
  });

  it('are not asked about a file that lies elsewhere', () => {
    expect(openStores(folder)({ path: undefined, file: 'x.yaml', text })).to.equal(undefined);
  });

  it('are not needed, nor need they be readable', () => {
    expect(openStores(join(folder, 'nowhere'))({ path, file: 'x.yaml', text })).to.equal(undefined);
    rmSync(store());
    mkdirSync(store());
    expect(openStores(folder)({ path, file: 'x.yaml', text })).to.equal(undefined);
  });

  it('are written again when a tree is missing, and otherwise stay', () => {
    const whole = readFileSync(store(), 'utf8');
    writeFileSync(store(), packTrees([text]));
    writeStores(root, folder);
    expect(readFileSync(store(), 'utf8')).to.equal(whole);
    const { ino, mtimeMs } = statSync(store());
    writeStores(root, folder);
    expect(statSync(store())).to.deep.include({ ino, mtimeMs });
  });

  it('give a catalogue what its files give it', () => {
    const rules = { root, types: { typeNamed, typeNames } };
    const treeOf = openStores(folder);
    expect(sourcesOf(root).filter(one => treeOf(one) === undefined)).to.deep.equal([]);
    expect(isDeepStrictEqual(readCatalogue(sourcesOf(root), { ...rules, treeOf }), readCatalogue(sourcesOf(root), rules))).to.equal(true);
  });

  it('do not hide what was changed in a file since', () => {
    const changed = sourcesOf(root).map(one => (one.path === path ? { ...one, text: `${text}EID1: 1\n` } : one));
    const { diagnostics } = readCatalogue(changed, { types: { typeNamed, typeNames }, treeOf: openStores(folder) });
    expect(diagnostics.map(({ code, at }) => `${at.file}:${at.line} ${code}`)).to.deep.equal([
      `${path}:${text.split('\n').length} duplicate-key`,
    ]);
  });
});
