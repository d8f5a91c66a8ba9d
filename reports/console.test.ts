import { expect } from 'chai';
import { liveConsole, wantsColour } from './console.js';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';
import { summarise } from './summary.js';

function follow(isTTY: boolean, environment: Readonly<Record<string, string>>, columns = 80): readonly string[] {
  const written: string[] = [];
  const progress = liveConsole({
    screen: { isTTY, columns, write: text => written.push(text) },
    environment,
    planned: 6,
    requirements: goldenRecord.requirements,
    resultsDir: 'sgp32-results/run',
  });
  for (const sequence of goldenRecord.sequences) {
    const entry = goldenRecord.plan.find(({ key }) => key === sequence.key);
    if (entry) progress.started(entry);
    progress.finished(sequence);
  }
  progress.summary(summarise(goldenRecord), ['sgp32-results/run/summary.html']);
  return written;
}

const controlSign = '\u001b';

describe('console', () => {
  it('prints plain lines where there is no terminal', () => {
    const text = follow(false, {}).join('');
    expectGolden('console.txt', text);
    expect(text).not.to.contain(controlSign);
    expect(text).not.to.contain('\r');
  });

  it('keeps one updating line on a terminal, and takes it back before it prints', () => {
    const written = follow(true, { NO_COLOR: '1' });
    const clear = `\r${controlSign}[2K`;
    let drawn = false;
    for (const part of written) {
      if (drawn) expect(part.startsWith(clear), JSON.stringify(part)).to.equal(true);
      drawn = part.startsWith(clear) && part.length > clear.length;
    }
    expect(written.join('')).to.contain('3/6  ✓ 2  ✗ 1  eim.package.03[coaps]');
    expect(written.join('').replaceAll(clear, '')).not.to.contain(controlSign);
  });

  it('never fills a line of the terminal, which would wrap', () => {
    const lines = follow(true, { NO_COLOR: '1' }, 40).filter(part => part.startsWith('\r'));
    expect(Math.max(...lines.map(part => part.slice(5).length))).to.be.below(40);
  });

  it('prints a note without disturbing the line', () => {
    const written: string[] = [];
    const screen = { isTTY: true, columns: 80, write: (text: string) => written.push(text) };
    const progress = liveConsole({ screen, environment: { NO_COLOR: '1' }, planned: 1, requirements: [], resultsDir: 'results' });
    const [entry] = goldenRecord.plan;
    if (entry) progress.started(entry);
    progress.note('put back: eIMs\nx');
    expect(written.slice(1, 3).join('')).to.equal(`\r${controlSign}[2Kput back: eIMs␊x\n`);
  });

  it('does not update a line in CI, terminal or not', () => {
    expect(follow(true, { CI: 'true' }).join('')).not.to.contain('\r');
  });

  it('tells once what keeps every sequence from running', () => {
    const written: string[] = [];
    const screen = { write: (text: string) => written.push(text) };
    const { finished } = liveConsole({ screen, environment: {}, planned: 4, requirements: [], resultsDir: 'results' });
    const [first, second] = goldenRecord.sequences;
    if (!first || !second) throw new Error('the fixture has sequences');
    const unrun = (sequence: typeof first, reason: string) => ({ ...sequence, verdict: 'inconclusive', reason, steps: [] }) as const;
    finished(unrun(first, 'nothing listens there'));
    finished(unrun(second, 'nothing listens there'));
    finished(unrun(first, 'the certificate is wrong'));
    finished({ ...unrun(second, 'the certificate is wrong'), steps: second.steps });
    expect(written.map(text => text.split('\n').length > 2)).to.deep.equal([true, false, true, true]);
    expect(written[1]).to.contain('for the same reason');
  });

  it('lets no text of the IUT steer the terminal', () => {
    expect(follow(false, {}).join('')).to.contain('␀␛[31m␊second line');
  });

  it('asks NO_COLOR and FORCE_COLOR before the terminal', () => {
    const [screen, pipe] = [{ isTTY: true, write: () => true }, { write: () => true }];
    expect(wantsColour({}, screen)).to.equal(true);
    expect(wantsColour({}, pipe)).to.equal(false);
    expect(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, screen)).to.equal(false);
    expect(wantsColour({ FORCE_COLOR: '1' }, pipe)).to.equal(true);
    expect(wantsColour({ FORCE_COLOR: '0' }, screen)).to.equal(false);
    expect(wantsColour({ TERM: 'dumb' }, screen)).to.equal(false);
  });
});
