import { expect } from 'chai';
import { allureLabels, describeSequence, describeUnrun } from './allure.js';
import { expectGolden } from './fixtures/golden.js';
import { goldenRecord } from './fixtures/record.js';

const described = goldenRecord.sequences.map(describeSequence);
const one = (fullName: string) => {
  const found = described.find(description => description.fullName === fullName);
  if (!found) throw new Error(`the fixture has ${fullName}`);
  return found;
};
const failing = one('eim.enable.11[https]#1');

describe('Allure description', () => {
  it('is the golden one', () => {
    const unrun = goldenRecord.plan.filter(({ state }) => state !== 'run').map(entry => describeUnrun(entry, 0));
    const made = (_: string, value: unknown) => (typeof value === 'function' ? value() : value);
    expectGolden('allure.txt', `${JSON.stringify([...described, ...unrun], made, 2)}\n`);
  });

  it('gives each verdict its status and a message that begins with its category', () => {
    const of = (fullName: string) => [one(fullName).status, one(fullName).message?.split(':')[0]];
    expect(of('eim.enable.01[https]')).to.deep.equal(['passed', undefined]);
    expect(of('eim.enable.11[https]#1')).to.deep.equal(['failed', 'Violated requirement']);
    expect(of('eim.hostile.01[https]#1')).to.deep.equal(['broken', 'Inconclusive']);
    expect(of('ipa.poll.02[https]')).to.deep.equal(['broken', 'Harness error']);
    const unrun = goldenRecord.plan.slice(-2).map(entry => describeUnrun(entry, 0));
    expect(unrun.map(({ status, message }) => [status, message])).to.deep.equal([
      ['skipped', 'Not applicable: O_E_INDIRECT is no (when: O_E_INDIRECT)'],
      ['broken', 'Cannot run: no binding for operator action queueDisable (acme eim.ixit.yaml:41)'],
    ]);
  });

  it('keeps the identity of a case across titles, and of a sequence across rows', () => {
    expect([failing.testCaseId, failing.historyId]).to.deep.equal(['eim.enable.11', 'eim.enable.11[https]#1']);
    expect(new Set(described.map(({ historyId }) => historyId)).size).to.equal(described.length);
  });

  it('labels role, area and requirements', () => {
    expect(allureLabels({ id: 'eim.enable.11', iut: 'eim', over: 'https', covers: ['SGP32-3.3.1-11'] })).to.deep.equal([
      { name: 'epic', value: 'eIM' },
      { name: 'feature', value: 'enable' },
      { name: 'story', value: 'SGP32-3.3.1-11' },
      { name: 'tag', value: 'https' },
    ]);
  });

  it('has a step per YAML step, with a child per check that says what came', () => {
    expect(failing.steps.map(({ name }) => name)).to.deep.equal([
      'b1  before: call: PROC_PACKAGE_FETCHED',
      '1  ipa → iut  ProvideEimPackageResult',
      '2  iut → ipa  ProvideEimPackageResultResponse',
      'a1  after: operator: reset',
    ]);
    expect(failing.steps[2]?.steps.at(-1)).to.include({ name: 'eimAcknowledgements is absent — got [1]', status: 'failed' });
    expect(one('eim.enable.01[https]').steps[2]?.steps[0]?.name).to.equal('counterValue is 1..65535 — got 7');
  });

  it('attaches each message to its step in one text, and diagram, YAML and output of the IUT to the case', () => {
    const [file, ...more] = failing.steps[1]?.files ?? [];
    expect(more).to.deep.equal([]);
    expect(file?.name).to.equal('1 ProvideEimPackageResult.txt');
    expect(file?.content().match(/^== .* ==$/gm)).to.deep.equal(['== octets ==', '== transport ==', '== signatures ==']);
    expect(one('eim.package.03[coaps]').files.map(({ name }) => name)).to.deep.equal([
      'sequence.svg',
      'test-cases/eim/package/03-over-coap.yaml',
      'iut-output.txt',
    ]);
  });

  it('gathers what leads to a test as long as all of it passes, with its messages in one text', () => {
    const [sequence] = goldenRecord.sequences;
    const [, first] = sequence?.steps ?? [];
    if (!sequence || !first) throw new Error('the fixture has a sequence');
    const before = [
      { ...first, no: 'b1', phase: 'before' as const, verdict: 'pass' as const },
      { ...first, no: 'b2', phase: 'before' as const, verdict: 'pass' as const },
    ];
    const gathered = describeSequence({
      ...sequence,
      exchanges: sequence.exchanges.filter(({ no }) => no === first.exchange),
      steps: before,
    }).steps[0];
    expect(gathered?.name).to.equal('before, 2 steps');
    expect(gathered?.steps.map(({ files }) => files.length)).to.deep.equal([0, 0]);
    expect(gathered?.files.map(({ name }) => name)).to.deep.equal(['messages of before.txt']);
    const skipped = before.map((step, index) => (index === 0 ? { ...step, verdict: 'skipped' as const, reason: 'left so' } : step));
    expect(describeSequence({ ...sequence, steps: skipped }).steps[0]?.name).to.match(/^before, \d steps$/);
    const broken = before.map((step, index) => (index === 1 ? { ...step, verdict: 'inconclusive' as const, reason: 'late' } : step));
    expect(describeSequence({ ...sequence, steps: broken }).steps[0]?.name).to.match(/^b1 {2}before: /);
  });

  it('has the octets of a field that is too long to be shown beside its name', () => {
    const [first] = goldenRecord.sequences;
    const [sent] = first?.exchanges ?? [];
    const [root] = sent?.tree ?? [];
    if (!first || !sent || !root) throw new Error('the fixture has a decoded message');
    const long = { ...sent, edits: [], octets: 'AB'.repeat(3000), tree: [{ ...root, start: 0, end: 3000 }] };
    const texts = describeSequence({ ...first, exchanges: [long] }).steps.flatMap(step => step.files.map(file => file.content()));
    expect(texts.join('')).to.contain('0BB0  AB AB AB AB AB AB AB AB\n');
  });

  it('shows messages that no step of the script names, in their place', () => {
    const [first] = goldenRecord.sequences;
    if (!first) throw new Error('the fixture has sequences');
    const steps = describeSequence({
      ...first,
      steps: first.steps.map((step, index) => (index === 1 ? { ...step, exchange: 99 } : step)),
    }).steps;
    expect(steps.map(({ name }) => name.slice(0, 1))).to.deep.equal(['1', '2', '–', '3']);
    expect(steps.map(({ name }) => name)).to.include('–  S_IPA → eIM (IUT)  GetEimPackageRequest (outside the script)');
  });
});
