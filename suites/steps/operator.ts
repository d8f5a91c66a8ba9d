/** `operator: action`: someone or something operates the IUT. */
import type { OperatorStep } from '../language/ast.js';
import { buildValue } from '../language/build.js';
import { matchValue } from '../language/match.js';
import { ABSENT, isObject } from '../language/values.js';
import type { Context, Outcome } from '../runtime/context.js';
import { matchChecks } from './matching.js';
import { waitSeconds } from './waiting.js';

export const operate = async (context: Context, step: OperatorStep): Promise<Outcome> => {
  const built = step.with ? buildValue(step.with, undefined, context.scope) : {};
  const parameters = isObject(built) ? Object.fromEntries(Object.entries(built).filter(([, v]) => v !== ABSENT)) : {};
  const seconds = waitSeconds(context, step.within, Number.POSITIVE_INFINITY);
  const limit = Number.isFinite(seconds) ? AbortSignal.any([context.stage.over, AbortSignal.timeout(seconds * 1000)]) : context.stage.over;
  const { values, act } = await context.operator(step.action, parameters, limit);
  if (context.ends(step.action))
    for (const { inbox } of context.parties.values()) for (const arrival of inbox) if (!arrival.taken) arrival.isPast = true;
  const checks = step.match ? matchChecks(context, step, matchValue(step.match, undefined, values, context.scope, context.spec)) : [];
  return { checks, operator: act };
};
