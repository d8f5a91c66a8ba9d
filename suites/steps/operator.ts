/** `operator: action`: someone or something operates the IUT. */

import { OperatorError } from '../../adapters/adapter.js';
import type { OperatorStep } from '../language/ast.js';
import { buildValue } from '../language/build.js';
import { matchValue } from '../language/match.js';
import { ABSENT, isObject } from '../language/values.js';
import { type Context, type Outcome, stepCheck } from '../runtime/context.js';
import { waitFor } from '../runtime/signal.js';
import { matchChecks } from './matching.js';
import { waitSeconds } from './waiting.js';

/** Seconds in which the end of a process becomes known to us. */
const NOTICE = 1;

/** An act that finds nobody tells more of the IUT than of the act, when the IUT's process has ended; otherwise the act failed. */
const endOf = async (context: Context, error: unknown): Promise<{ readonly ended: string }> => {
  const isUnreached = error instanceof OperatorError && error.code === 'unreachable';
  const ended = isUnreached ? await waitFor(context.iutEnded, context.news, NOTICE, context.stage.over) : undefined;
  if (ended === undefined) throw error;
  return { ended };
};

export const operate = async (context: Context, step: OperatorStep): Promise<Outcome> => {
  const built = step.with ? buildValue(step.with, undefined, context.scope) : {};
  const parameters = isObject(built) ? Object.fromEntries(Object.entries(built).filter(([, v]) => v !== ABSENT)) : {};
  const seconds = waitSeconds(context, step.within, Number.POSITIVE_INFINITY);
  const limit = Number.isFinite(seconds) ? AbortSignal.any([context.stage.over, AbortSignal.timeout(seconds * 1000)]) : context.stage.over;
  const performed = await context.operator(step.action, parameters, limit).catch((error: unknown) => endOf(context, error));
  if ('ended' in performed) {
    const what = `${step.action}: the IUT goes on running`;
    return { checks: [stepCheck(context, step, { what, expected: 'it runs', actual: performed.ended, ok: false })] };
  }
  const { values, act } = performed;
  if (context.ends(step.action))
    for (const { inbox } of context.parties.values()) for (const arrival of inbox) if (!arrival.taken) arrival.isPast = true;
  const checks = step.match ? matchChecks(context, step, matchValue(step.match, undefined, values, context.scope, context.spec)) : [];
  return { checks, operator: act };
};
