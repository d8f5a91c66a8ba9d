import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { loadIxit } from './ixit.js';
import { isPkiName, needsOf } from './ixit-needs.js';
import type { Ixit } from './ixit-schema.js';
import type { Catalogue } from './language/load.js';
import { formatDiagnostics } from './language/source.js';
import { planFor, prepareSelection } from './prepare.js';
import { builtInCases } from './root.js';

const folder = join(builtInCases, 'ixit');
const files = readdirSync(folder).filter(name => name.endsWith('.ixit.yaml'));
const EXAMPLES = [
  'acme-eim-commands.ixit.yaml',
  'acme-eim-prompts.ixit.yaml',
  'acme-eim-rest.ixit.yaml',
  'acme-smdp-commands.ixit.yaml',
  'ipa-with-pcsc.ixit.yaml',
  'reference-eim.ixit.yaml',
  'reference-euicc.ixit.yaml',
  'reference-ipa.ixit.yaml',
  'reference-smdp.ixit.yaml',
];

let loaded: Catalogue | undefined;
/** Read once: it is the long part of these tests. */
const catalogue = (): Catalogue => {
  loaded ??= prepareSelection(undefined, ['eim.package']);
  return loaded;
};

/** Loads one of the files as a run does; `change` edits its text before. */
const load = (name: string, environment: Record<string, string>, change = (text: string) => text) => {
  const file = join(folder, name);
  const text = change(readFileSync(file, 'utf8'));
  const { ixit, diagnostics } = loadIxit(file, text, catalogue(), environment, isPkiNameOrFile);
  return { ixit, text, messages: [...diagnostics, ...(ixit ? needsOf(ixit) : [])] };
};
const isPkiNameOrFile = (path: string): boolean =>
  isPkiName(path) ||
  path === dirname(builtInCases) ||
  path === join(folder, 'acme') ||
  readdirSync(join(folder, 'acme')).includes(relative(join(folder, 'acme'), path));
const complete = (name: string): Ixit => {
  const { ixit, messages } = load(name, { ACME_EIM_TOKEN: 'secret' });
  if (!ixit) throw new Error(formatDiagnostics(messages, new Map()));
  return ixit;
};

describe('the IXIT files of the catalogue', () => {
  it('are the reference and the worked examples', () => {
    expect(files.sort()).to.deep.equal(EXAMPLES);
  });

  for (const name of EXAMPLES)
    it(`has nothing wrong or missing in ${name}`, () => {
      const { text, messages } = load(name, { ACME_EIM_TOKEN: 'secret' });
      expect(formatDiagnostics(messages, new Map([[join(folder, name), text]]))).to.equal('');
    });

  it('tells once that a secret is not in the environment', () => {
    const { messages } = load('acme-eim-rest.ixit.yaml', {});
    expect(messages.map(m => m.message)).to.deep.equal(['the environment variable ACME_EIM_TOKEN is not set']);
  });

  it('leaves no secret in what the record keeps', () => {
    expect(complete('acme-eim-rest.ixit.yaml').mask('authorization: Bearer secret')).to.equal('authorization: Bearer ***');
  });

  it('cannot run cases whose actions nobody described, and the plan names the action and the place', () => {
    const ixit = complete('acme-eim-prompts.ixit.yaml');
    const line = readFileSync(ixit.file, 'utf8').split('\n').indexOf('operator:') + 1;
    const plan = planFor(ixit, catalogue(), '').map(p => p.entry);
    expect(plan.find(e => e.id === 'eim.package.01')).to.include({ state: 'run' });
    expect(plan.find(e => e.id === 'eim.package.04')).to.include({
      state: 'cannotRun',
      reason: `no binding for queueDelete (${ixit.file}:${line})`,
    });
  });
});

describe('what a run needs of an IXIT file', () => {
  const reference = 'reference-eim.ixit.yaml';
  const messagesWith = (change: (text: string) => string): string[] =>
    load(reference, {}, change).messages.map(({ at, message }) => `${at.line}: ${message}`);

  it('is the key that signatures of the eIM are verified with', () => {
    expect(messagesWith(text => text.replace(/^trust:.*$/m, ''))).to.deep.equal([
      '1: "trust.eim" is missing: without it no signature of the eIM can be verified',
    ]);
  });

  it('is the eimId', () => {
    const found = messagesWith(text =>
      text.replace(/^ {2}IUT_EIM_ID:.*$/m, '').replace(/settings\.IUT_EIM_ID/, 'settings.IUT_EIM_ADDRESS'),
    );
    expect(found).to.deep.equal(['7: setting IUT_EIM_ID is missing: which eimId does the eIM use?']);
  });

  it('is a folder with a CI in it, where certificates of the lab are to be used', () => {
    expect(messagesWith(text => `${text}\npki: CERT_CI\n`)).to.deep.equal([
      `1: pki: ${join(folder, 'CERT_CI')} is no folder; expected one with the files of SGP.26 (CERT_…, SK_…)`,
    ]);
    expect(messagesWith(text => `${text}\npki: acme\n`)[0]).to.match(/acme has no certificate of a CI/);
  });

  it('is a profile package that is one, where the lab brings one', () => {
    const stated = (file: string) => `\nprofiles: { ICCID_OP_PROF1: { iccid: 98001234567890123456, upp: ${file} } }\n`;
    expect(messagesWith(text => text + stated('acme/eim-signing.pem'))[0]).to.match(
      /expected a profile package that begins with a header \(A0\)/,
    );
  });

  it('is a setting that exists', () => {
    expect(messagesWith(text => text.replace('IUT_RSP_VERSION', 'IUT_RSP_VERSOIN'))[0]).to.include(
      'there is no setting IUT_RSP_VERSOIN of an eim; known: IUT_EIM_ID,',
    );
  });

  it('is a certificate that exists, where one is named', () => {
    expect(isPkiName('/lab/CERT_S_EIMsign')).to.equal(true);
    expect(isPkiName('/lab/CERT_S_EIMsing')).to.equal(false);
    expect(isPkiName('/lab/eim.pem')).to.equal(false);
    expect(messagesWith(text => text.replace(/eim: CERT_S_EIMsign/, 'eim: CERT_S_EIMsing'))[0]).to.match(
      /there is no file .*CERT_S_EIMsing/,
    );
  });
});
