import { expect } from 'chai';
import { OperatorError } from '../adapters/adapter.js';
import type { Check, StepRecord } from '../reports/record.js';
import { MissingValue, NoAutoValue } from './language/values.js';
import { checkText, HarnessError, Inconclusive, judge, meaningOfError, toError, verdictOfCheck, worst } from './verdict.js';

const check = (ok: boolean, level: Check['level'] = 'shall', covers = ['SGP32-1-01']): Check => ({
  what: 'counterValue',
  path: 'a.counterValue',
  expected: '7',
  actual: ok ? '7' : '8',
  ok,
  level,
  covers,
});
const step = (
  verdict: StepRecord['verdict'],
  phase: StepRecord['phase'] = 'steps',
  checks: readonly Check[] = [],
  reason?: string,
): StepRecord => ({
  no: '1',
  phase,
  at: { file: 'x.yaml', line: 1, column: 1 },
  text: 'ipa.expect: X',
  verdict,
  checks,
  started: 0,
  seconds: 0,
  ...(reason ? { reason } : {}),
});

describe('verdicts', () => {
  it('let the worst win', () => {
    expect(worst([])).to.equal('pass');
    expect(worst(['pass', 'inconclusive', 'pass'])).to.equal('inconclusive');
    expect(worst(['fail', 'inconclusive'])).to.equal('fail');
    expect(worst(['fail', 'error'])).to.equal('error');
  });

  it('take a failed SHALL in the body as fail, elsewhere as inconclusive, a SHOULD as a finding', () => {
    expect(verdictOfCheck(check(true), 'steps', 'fail')).to.equal('pass');
    expect(verdictOfCheck(check(false), 'steps', 'fail')).to.equal('fail');
    expect(verdictOfCheck(check(false), 'before', 'fail')).to.equal('inconclusive');
    expect(verdictOfCheck(check(false), 'steps', 'inconclusive')).to.equal('inconclusive');
    expect(verdictOfCheck(check(false, 'should'), 'steps', 'fail')).to.equal('pass');
  });

  it('name the step, the reason and the requirements violated', () => {
    const judged = judge([step('pass'), { ...step('fail', 'steps', [check(false)], 'counterValue: expected 7, got 8'), no: '2' }]);
    expect(judged).to.deep.equal({
      verdict: 'fail',
      reason: 'step 2: counterValue: expected 7, got 8',
      findings: [],
      violated: ['SGP32-1-01'],
    });
  });

  it('count a failed check without a requirement of its own against those of the case', () => {
    const unnamed = { ...check(false), covers: [] };
    expect(judge([step('fail', 'steps', [unnamed, check(false)])], ['SGP32-2-02']).violated).to.deep.equal(['SGP32-2-02', 'SGP32-1-01']);
  });

  it('are not changed by the clean-up, which becomes a finding', () => {
    const judged = judge([step('pass'), step('inconclusive', 'after', [], 'forgetEuicc was refused')]);
    expect(judged.verdict).to.equal('pass');
    expect(judged.findings).to.deep.equal(['clean-up failed, the IUT is left in an unknown state: forgetEuicc was refused']);
  });

  it('list a failed SHOULD as a finding', () => {
    expect(judge([step('pass', 'steps', [check(false, 'should')])]).findings).to.deep.equal(['a.counterValue: expected 7, got 8']);
  });

  it('never blame the IUT for what the operator or the harness did', () => {
    expect(meaningOfError(new OperatorError('timeout', 'no answer'))).to.deep.equal({ verdict: 'inconclusive', reason: 'no answer' });
    expect(meaningOfError(new Inconclusive('no reader'))).to.deep.equal({ verdict: 'inconclusive', reason: 'no reader' });
    expect(meaningOfError(new NoAutoValue('nothing here'))).to.deep.equal({ verdict: 'inconclusive', reason: 'nothing here' });
    expect(meaningOfError(new MissingValue('no order'))).to.deep.equal({ verdict: 'error', reason: 'no order' });
    expect(meaningOfError(new HarnessError('no actor x'))).to.deep.equal({ verdict: 'error', reason: 'no actor x' });
    expect(meaningOfError(new TypeError('boom')).reason).to.match(/^boom \(at /);
    expect(meaningOfError('text').verdict).to.equal('error');
  });

  it('reach mocha under names that Allure tells apart', () => {
    expect(toError({ verdict: 'pass', reason: '' })).to.equal(undefined);
    expect(toError({ verdict: 'fail', reason: 'r' })?.name).to.equal('AssertionError');
    expect(toError({ verdict: 'inconclusive', reason: 'r' })?.name).to.equal('Inconclusive');
    expect(toError({ verdict: 'error', reason: 'r' })?.name).to.equal('HarnessError');
  });

  it('say path, expected and got', () => {
    expect(checkText(check(false))).to.equal('a.counterValue: expected 7, got 8');
    expect(checkText({ ...check(false), what: 'is DER' })).to.equal('a.counterValue: is DER: expected 7, got 8');
  });
});
