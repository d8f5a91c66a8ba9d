import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeReports } from '../reports/index.js';
import { readRecord } from '../reports/store.js';
import { prepareIxit, prepareSelection } from './prepare.js';
import { type RunResult, run } from './run.js';
import { cardInMemory } from './testing-card.js';

const CASE = 'euicc.info.01';
const FINISHED = ['summary.json', 'summary.html', 'junit.xml', 'results.csv'];

describe('a run', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-run-'));
    writeFileSync(join(folder, 'card.ixit.yaml'), cardInMemory());
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const runInto = (out: string, write: (text: string) => unknown): Promise<RunResult> => {
    const catalogue = prepareSelection(undefined, [CASE]);
    return run({
      ixits: [prepareIxit(join(folder, 'card.ixit.yaml'), catalogue)],
      catalogue,
      only: [CASE],
      out,
      command: ['sgp32', 'run'],
      allureHtml: false,
      screen: { write },
    });
  };

  it('writes the reports that its record gives again, octet for octet', async () => {
    const [out, again] = [join(folder, 'out'), join(folder, 'again')];
    const { summary } = await runInto(out, () => undefined);
    expect(summary).to.include({ planned: 1, recorded: 1, pass: 1 });
    await writeReports(await readRecord(out), again, { only: FINISHED });
    for (const name of FINISHED) expect(readFileSync(join(out, name), 'utf8'), name).to.equal(readFileSync(join(again, name), 'utf8'));
  });

  it('fails when its Allure results cannot be written, with all other reports there', async () => {
    const out = join(folder, 'unwritten');
    const ended = await runInto(out, () => rmSync(join(out, 'allure-results'), { recursive: true, force: true })).catch(String);
    expect(ended).to.match(/1 of the reports could not be written\n {2}allure-results: ENOENT/);
    expect(readdirSync(out)).to.include.members(['record.jsonl', ...FINISHED]);
  });
});
