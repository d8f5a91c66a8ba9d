import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type TestPcscd, testPcscdOrSkip } from '../adapters/testing-pcscd.js';
import { execute } from './execute.js';
import { planFor, prepareIxit, prepareSelection } from './prepare.js';
import { builtInCases, packageRoot } from './root.js';
import { openLab } from './runtime/lab.js';

describe('the worked example of an IPA behind PC/SC', function () {
  // A daemon and an IPA start, and the daemon looks for a card every 400 ms.
  this.timeout(60_000);
  let pcscd: TestPcscd | undefined;
  let folder = '';
  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-'));
    pcscd = await testPcscdOrSkip(this);
  });
  after(async () => {
    await pcscd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The example as it stands, but for the reader of this test and the folder that its paths are seen from. */
  const example = (): string => {
    const source = join(builtInCases, 'ixit', 'ipa-with-pcsc.ixit.yaml');
    const text = readFileSync(source, 'utf8')
      .replace('35963', String(pcscd?.ports[0]))
      .replace('Virtual PCD 00 00', pcscd?.readers[0] ?? '')
      .replace('cwd: ../..', `cwd: ${packageRoot}`);
    const file = join(folder, 'ipa-with-pcsc.ixit.yaml');
    writeFileSync(file, text);
    return file;
  };

  it('carries out a package through the real daemon', async () => {
    const catalogue = prepareSelection(undefined, ['ipa.package.01']);
    const ixit = prepareIxit(example(), catalogue);
    const lab = await openLab(ixit, { catalogue });
    try {
      const [planned, ...more] = planFor(ixit, catalogue, '').filter(({ entry }) => entry.state === 'run');
      if (!planned || more.length > 0) throw new Error(`expected one sequence, got ${more.length + 1}`);
      const record = await execute(planned, lab);
      expect(record, record.reason).to.include({ verdict: 'pass', reason: '' });
      expect(record.exchanges.filter(e => e.interface === 'ES10').length).to.be.above(0);
    } finally {
      await lab.close();
    }
  });
});
