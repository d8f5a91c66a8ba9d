/** `check: $value`: compares a value or the state of an actor; with `within`, again after whatever happens, until it holds. */
import type { CheckStep } from '../language/ast.js';
import { evaluateScalar } from '../language/evaluate.js';
import { type MatchResult, matchValue } from '../language/match.js';
import { fork } from '../language/scope.js';
import { MissingValue } from '../language/values.js';
import type { Context, Outcome } from '../runtime/context.js';
import { waitFor } from '../runtime/signal.js';
import { matchChecks } from './matching.js';
import { waitSeconds } from './waiting.js';

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
  await waitFor(holds, context.news, waitSeconds(context, step.within, 0), context.stage.over);
  return { checks: matchChecks(context, step, compare()) };
};
