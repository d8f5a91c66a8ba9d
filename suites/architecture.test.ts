import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from './root.js';

/** Who may import whom: suites → sim → adapters; reports, adapters and sim/protocol import nothing of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'sim/protocol': ['sim/protocol'],
  adapters: ['adapters'],
  reports: ['reports'],
  sim: ['sim', 'sim/protocol', 'adapters'],
  suites: ['suites', 'sim', 'sim/protocol', 'adapters', 'reports'],
};
/** Libraries that only the protocol core may import. */
const PROTOCOL_LIBRARIES = /^(asn1js|@noble\/|pvutils)/;

const room = (file: string): string => Object.keys(MAY_IMPORT).find(r => file.startsWith(`${r}/`)) ?? '';
const sources = (folder: string): string[] =>
  readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter(e => e.isFile() && e.name.endsWith('.ts'))
    .map(e => relative(packageRoot, join(e.parentPath, e.name)));
const specifiers = (text: string): string[] => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(m => m[1] ?? '');
const target = (file: string, specifier: string): string => {
  if (specifier.startsWith('#protocol/')) return room('sim/protocol/x');
  return specifier.startsWith('.') ? room(relative(packageRoot, resolve(packageRoot, dirname(file), specifier))) : '';
};

/** Imports that break the rule, as `file → specifier`. */
const violations = (file: string, text: string): string[] =>
  specifiers(text).flatMap(specifier => {
    const to = target(file, specifier);
    const wrongRoom = to !== '' && !MAY_IMPORT[room(file)]?.includes(to);
    const wrongLibrary = PROTOCOL_LIBRARIES.test(specifier) && room(file) !== 'sim/protocol';
    return wrongRoom || wrongLibrary ? [`${file} → ${specifier}`] : [];
  });

describe('architecture', () => {
  for (const folder of ['sim', 'adapters', 'reports', 'suites'])
    it(`${folder} imports only what it may`, () => {
      const files = sources(folder);
      expect(files).to.not.have.length(0);
      expect(files.flatMap(file => violations(file, readFileSync(join(packageRoot, file), 'utf8')))).to.deep.equal([]);
    });

  it('notices an import against the rule', () => {
    expect(violations('adapters/x.ts', "import { a } from '../sim/role.js';")).to.deep.equal(['adapters/x.ts → ../sim/role.js']);
    expect(violations('sim/protocol/asn1/x.ts', "import { a } from '../../role.js';")).to.have.length(1);
    expect(violations('reports/x.ts', "import { a } from '#protocol/asn1/tlv.js';")).to.have.length(1);
    // Spelled so that this file does not import it in its own eyes.
    expect(violations('suites/x.ts', `import { p256 } from '${'@noble'}/curves/nist.js';`)).to.have.length(1);
  });
});
