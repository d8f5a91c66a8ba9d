/** `check: $value`: compares a value or the state of an actor; with `within`, again after whatever happens, until it holds. */
import type { CheckStep } from '../language/ast.js';
import { evaluateScalar } from '../language/evaluate.js';
import { type MatchResult, matchValue } from '../language/match.js';
import { fork } from '../language/scope.js';
import { MissingValue } from '../language/values.js';
import type { Context, Outcome } from '../runtime/context.js';
import { waitFor } from '../runtime/signal.js';
import { Inconclusive } from '../verdict.js';
import { matchChecks } from './matching.js';
import { reachSeconds } from './waiting.js';

export const check = async (context: Context, step: CheckStep): Promise<Outcome> => {
  const compare = (scope = context.scope): MatchResult =>
    matchValue(step.match, undefined, evaluateScalar(step.value, scope).value, scope, context.spec);
  // Tried in a fork, so that names are bound by the comparison that counts only.
  const holds = (): true | undefined => {
    try {
      return compare(fork(context.scope)).comparisons.every(c => c.ok) || undefined;
    } catch (error) {
      if (error instanceof MissingValue) return undefined;
      throw error;
    }
  };
  const seconds = reachSeconds(context, step.within, 0);
  const held = await waitFor(holds, context.news, seconds, context.stage.over);
  // A state that is waited for comes about by messages, and these may not have come.
  const excuse = held || step.within === undefined ? undefined : context.stage.weather.excuse(seconds);
  if (excuse) throw new Inconclusive(`${step.text} did not hold within ${Math.round(seconds)} s; ${excuse}`);
  return { checks: matchChecks(context, step, compare()) };
};
