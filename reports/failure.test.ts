import { expect } from 'chai';
import { failing, failureLines, place, requirementLines } from './failure.js';
import { goldenRecord } from './fixtures/record.js';
import type { SequenceRecord } from './record.js';

const of = (key: string): SequenceRecord => {
  const found = goldenRecord.sequences.find(sequence => sequence.key === key);
  if (!found) throw new Error(`the fixture has ${key}`);
  return found;
};

const failed = of('eim.enable.11[https]#1');

describe('failure', () => {
  it('is the first step with the verdict of the sequence, its failed check and the message that it looked at', () => {
    const found = failing(failed);
    expect(found?.step.no).to.equal('2');
    expect(found?.check?.what).to.equal('eimAcknowledgements is absent');
    expect(found?.exchange?.no).to.equal(2);
  });

  it('is nothing for a sequence that passed, and does not take a finding for a failure', () => {
    expect(failing(of('eim.enable.11[https]#2'))).to.equal(undefined);
  });

  it('shows the line of the case with a caret at the column', () => {
    expect(failureLines(failed)).to.deep.equal([
      '  test-cases/eim/enable/11-wrong-signature.yaml:15:28',
      '   15 |       eimAcknowledgements: $absent',
      '      |                            ^ expected absent, got [1]',
      '  provideEimPackageResultResponse.eimAcknowledgements   octets 3..8 of 9: BF 53 03 80 01 01',
    ]);
  });

  it('shows no source line for a position in another file, such as a procedure', () => {
    const at = { file: 'test-cases/procedures/esipa.yaml', line: 3, column: 3 };
    const steps = failed.steps.map(step => ({ ...step, at, checks: step.checks.map(({ at: _at, ...check }) => check) }));
    expect(failureLines({ ...failed, steps }).slice(0, 2)).to.deep.equal([
      '  test-cases/procedures/esipa.yaml:3:3',
      '      expected absent, got [1]',
    ]);
  });

  it('gives the reason of the sequence when no step has its verdict', () => {
    expect(failureLines({ ...failed, verdict: 'error', reason: 'the harness stopped' })).to.deep.equal(['  the harness stopped']);
  });

  it('shortens octets on screen only, and says how many there are', () => {
    const exchange = of('eim.hostile.01[https]#1').exchanges[0];
    const check = { what: 'x', expected: 'a', actual: 'b', ok: false, level: 'shall', covers: [], octets: [4, 260] } as const;
    expect(place(check, exchange)).to.equal(`octets 4..259 of 260: ${Array(16).fill('41').join(' ')} …`);
  });

  it('names the violated requirements with their sentences', () => {
    expect(requirementLines(failed, goldenRecord.requirements)).to.deep.equal([
      'SGP32-3.3.1-11  An eIM does not acknowledge a result whose signature does not verify.',
    ]);
    expect(requirementLines(failed, [])).to.deep.equal(['SGP32-3.3.1-11']);
  });
});
