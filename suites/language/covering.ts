/** Requirements of a call: they stand for those steps of the procedure that name none of their own. */
import type { Step } from './ast.js';

/** The steps with the requirements of the call that runs them; steps of groups and of further calls too. */
export const covering = (steps: readonly Step[], covers: readonly string[]): readonly Step[] =>
  covers.length === 0 ? steps : steps.map(step => coveringOne(step, covers));

const coveringOne = (step: Step, given: readonly string[]): Step => {
  const covers = step.covers.length > 0 ? step.covers : given;
  return step.verb === 'repeat' || step.verb === 'unordered'
    ? { ...step, covers, steps: covering(step.steps, covers) }
    : { ...step, covers };
};
