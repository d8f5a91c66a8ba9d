import { expect } from 'chai';
import { goldenRecord } from './fixtures/record.js';
import type { RunRecord, SequenceRecord, Summary } from './record.js';
import { account, exitCode, summarise } from './summary.js';

const withVerdicts = (...verdicts: readonly SequenceRecord['verdict'][]): RunRecord => {
  const sequences = goldenRecord.sequences
    .slice(0, verdicts.length)
    .map((sequence, index) => ({ ...sequence, verdict: verdicts[index] ?? 'pass' }));
  const keys = new Set(sequences.map(({ key }) => key));
  return { ...goldenRecord, sequences, plan: goldenRecord.plan.filter(({ key }) => keys.has(key)) };
};

describe('summary', () => {
  it('counts planned sequences, recorded ones, and those that do not run', () => {
    const summary = summarise(goldenRecord);
    expect(summary).to.include({ planned: 6, recorded: 6, pass: 2, fail: 2, inconclusive: 1, error: 1, notApplicable: 1, cannotRun: 1 });
    expect(summary.seconds).to.equal(24);
  });

  it('counts per role under test', () => {
    const { byIut } = summarise(goldenRecord);
    expect(byIut.ipa).to.deep.equal({
      planned: 1,
      recorded: 1,
      pass: 0,
      fail: 0,
      inconclusive: 0,
      error: 1,
      notApplicable: 0,
      cannotRun: 0,
    });
    expect(byIut.eim).to.include({ planned: 5, recorded: 5, fail: 2, cannotRun: 1 });
  });

  it('does not let a sequence recorded twice make up for a missing one', () => {
    const [first, second] = goldenRecord.sequences;
    if (!first || !second) throw new Error('the fixture has two sequences');
    const record = { ...withVerdicts('pass', 'pass'), sequences: [first, first] };
    expect(summarise(record)).to.include({ planned: 2, recorded: 1 });
    expect(exitCode(summarise(record))).to.equal(3);
  });

  it('names a planned sequence without a record as not recorded', () => {
    const record = { ...goldenRecord, sequences: goldenRecord.sequences.slice(1) };
    expect(account(record)[0]?.outcome).to.equal('notRecorded');
  });

  it('lists a recorded sequence that nobody planned', () => {
    const record = { ...goldenRecord, plan: goldenRecord.plan.slice(1) };
    expect(account(record).map(({ entry }) => entry.key)).to.include('eim.enable.01[https]');
    expect(exitCode(summarise(record))).to.equal(3);
  });
});

describe('exit code', () => {
  const code = (record: RunRecord, more: Partial<Summary> = {}) => exitCode({ ...summarise(record), ...more });

  it('is 0 only when everything passed', () => expect(code(withVerdicts('pass', 'pass'))).to.equal(0));
  it('is 1 when a sequence failed', () => expect(code(withVerdicts('fail', 'inconclusive'))).to.equal(1));
  it('is 3 when a sequence ended in an error, even beside a fail', () => expect(code(withVerdicts('fail', 'error'))).to.equal(3));
  it('is 3 when a planned sequence is missing', () => expect(code({ ...goldenRecord, sequences: [] })).to.equal(3));
  it('is 4 when something is inconclusive and nothing failed', () => expect(code(withVerdicts('pass', 'inconclusive'))).to.equal(4));
  it('is 4 when something cannot run', () => expect(code(withVerdicts('pass'), { cannotRun: 1 })).to.equal(4));
  it('is 4 when nothing ran at all', () => expect(code({ ...goldenRecord, plan: [], sequences: [] })).to.equal(4));
});
