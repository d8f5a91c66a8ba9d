import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cardEffects } from './card-effects.js';
import { consentTo, type Questioning } from './consent.js';
import { isForeignCard, planFor, prepareIxit, prepareSelection } from './prepare.js';
import { builtInCases } from './root.js';

describe('a run against the card of somebody else', () => {
  const catalogue = prepareSelection(undefined, ['euicc.package.01']);
  const source = join(builtInCases, 'ixit', 'reference-euicc.ixit.yaml');
  const folder = mkdtempSync(join(tmpdir(), 'sgp32-'));
  after(() => rmSync(folder, { recursive: true }));
  const mine = join(folder, 'mine.ixit.yaml');
  writeFileSync(mine, readFileSync(source, 'utf8'));
  const ixit = prepareIxit(mine, catalogue);

  const asking = async (hasYes: boolean, answer?: string) => {
    const written: string[] = [];
    const at: Questioning = {
      isTerminal: answer !== undefined,
      write: text => void written.push(text),
      ask: async () => answer ?? '',
    };
    return { refusal: await consentTo(planFor(ixit, catalogue, ''), ixit, catalogue, hasYes, at), text: written.join('') };
  };

  it('is told from one against a card that the run brings along', () => {
    expect(isForeignCard(ixit)).to.equal(true);
    expect(isForeignCard(prepareIxit(source, catalogue))).to.equal(false);
  });

  it('says what it changes, and needs a yes', async () => {
    const { refusal, text } = await asking(false);
    expect(refusal).to.equal('the card would be changed as listed above; run again with --yes');
    for (const line of ['deletes all operational profiles', 'removes all eIMs', 'installs test profiles', 'enables and disables profiles'])
      expect(text).to.include(`  - ${line}\n`);
    expect((await asking(true)).refusal).to.equal(undefined);
    expect((await asking(false, 'yes')).refusal).to.equal(undefined);
    expect((await asking(false, 'no')).refusal).to.equal('the card was not to be changed');
  });

  it('leaves out cases that cannot be undone, unless they are asked for', () => {
    const cases = catalogue.cases.map(c => ({ ...c, destructive: true }));
    const [left] = planFor(ixit, { ...catalogue, cases }, '');
    expect(left?.entry).to.include({ state: 'notApplicable', reason: 'what it changes cannot be undone; it runs with --destructive only' });
    expect(planFor(ixit, { ...catalogue, cases }, '', [], true)[0]?.entry.state).to.equal('run');
  });

  it('says nothing of what does not apply to the version', () => {
    const effects = (spec: '1.0' | '1.1') => cardEffects(catalogue.cases, catalogue.procedures, { options: ixit.options, spec });
    expect(effects('1.1')).to.include('clears the default SM-DP+ address');
    expect(effects('1.0')).to.include('removes all eIMs').and.to.not.include('clears the default SM-DP+ address');
  });

  it('needs none when nothing is changed', async () => {
    expect(cardEffects([], catalogue.procedures, ixit)).to.deep.equal([]);
  });
});
