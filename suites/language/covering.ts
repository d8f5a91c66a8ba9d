/** What a call says of the steps of its procedure: it stands for those that say nothing themselves. */
import type { Step, StepBase } from './ast.js';

type Said = Pick<StepBase, 'covers' | 'else'>;

/** The steps with requirements and meaning of the call that runs them; steps of groups and of further calls too. */
export const covering = (steps: readonly Step[], given: Said): readonly Step[] =>
  given.covers.length === 0 && given.else === undefined ? steps : steps.map(step => coveringOne(step, given));

const coveringOne = (step: Step, given: Said): Step => {
  const meaning = step.else ?? given.else;
  const said = { covers: step.covers.length > 0 ? step.covers : given.covers, ...(meaning === undefined ? {} : { else: meaning }) };
  return step.verb === 'repeat' || step.verb === 'unordered'
    ? { ...step, ...said, steps: covering(step.steps, said) }
    : { ...step, ...said };
};
