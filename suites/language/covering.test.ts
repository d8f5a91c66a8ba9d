import { expect } from 'chai';
import type { Step } from './ast.js';
import { covering } from './covering.js';

const at = { file: '', line: 1, column: 1, offset: 0 } as unknown as Step['at'];
const wait = (covers: readonly string[] = []): Step => ({ verb: 'wait', seconds: 1, covers, at, text: '' }) as Step;
const all = (steps: readonly Step[]): readonly unknown[] =>
  steps.map(step => ('steps' in step ? [step.covers, all(step.steps)] : step.covers));

describe('what a call says', () => {
  it('stand for the steps that name none, also inside of groups', () => {
    const steps: Step[] = [wait(), wait(['B']), { verb: 'unordered', steps: [wait(), wait(['C'])], covers: [], at, text: '' } as Step];
    expect(all(covering(steps, { covers: ['A'] }))).to.deep.equal([['A'], ['B'], [['A'], [['A'], ['C']]]]);
  });

  it('come with what a failure of the call means', () => {
    const steps: Step[] = [wait(['B']), { ...wait(), else: 'fail' }];
    const given = covering(steps, { covers: [], else: 'inconclusive' });
    expect(given.map(step => [step.covers, step.else])).to.deep.equal([
      [['B'], 'inconclusive'],
      [[], 'fail'],
    ]);
  });

  it('change nothing when there are none', () => {
    const steps = [wait()];
    expect(covering(steps, { covers: [] })).to.equal(steps);
  });
});
