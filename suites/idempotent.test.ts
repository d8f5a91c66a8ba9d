import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SequenceRecord } from '../reports/record.js';
import { execute } from './execute.js';
import { planFor, prepareIxit, prepareSelection } from './prepare.js';
import { type Lab, openLab } from './runtime/lab.js';
import { cardInMemory } from './testing-card.js';

describe('an idempotent procedure', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-'));
    writeFileSync(join(folder, 'card.ixit.yaml'), cardInMemory());
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const runTwice = async (between: (lab: Lab) => void): Promise<readonly SequenceRecord[]> => {
    const catalogue = prepareSelection(undefined, ['euicc.association.01']);
    const ixit = prepareIxit(join(folder, 'card.ixit.yaml'), catalogue);
    const lab = await openLab(ixit, { catalogue });
    try {
      const [planned] = planFor(ixit, catalogue, 'seed', ['euicc.association.01']);
      if (!planned) throw new Error('the case is not planned');
      const first = await execute(planned, lab);
      between(lab);
      return [first, await execute(planned, lab)];
    } finally {
      await lab.close();
    }
  };
  const inPreamble = ({ steps }: SequenceRecord) => steps.filter(({ phase, no }) => phase === 'before' && /^1/.test(no));

  it('is not called again while nothing was sent or done since it passed, and the record says so', async () => {
    const [first, second] = await runTwice(() => undefined);
    expect(first?.verdict).to.equal('pass');
    expect(second?.verdict).to.equal('pass');
    expect(first && inPreamble(first).length).to.be.above(4);
    expect(second && inPreamble(second).map(({ text, verdict, reason }) => ({ text, verdict, reason }))).to.deep.include({
      text: 'call: clearCard',
      verdict: 'skipped',
      reason: 'euicc.association.01 has left the IUT so, and nothing was sent or done since',
    });
  });

  it('is called again when anything was', async () => {
    const [first, second] = await runTwice(lab => lab.condition.touched());
    const texts = (record: SequenceRecord | undefined) => record?.steps.filter(({ phase }) => phase === 'before').map(({ text }) => text);
    expect(second?.steps.some(({ verdict }) => verdict === 'skipped')).to.equal(false);
    expect(texts(second)).to.deep.equal(texts(first));
  });
});
