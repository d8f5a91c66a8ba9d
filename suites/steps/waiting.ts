/** How long a step waits. */
import type { Wait } from '../language/ast.js';
import { readDuration } from '../language/duration.js';
import { evaluateScalar } from '../language/evaluate.js';
import { unreadNode } from '../language/values.js';
import type { Context } from '../runtime/context.js';
import { HarnessError } from '../verdict.js';

/** Seconds of a `within`; `otherwise` when the step does not say. */
export const waitSeconds = (context: Context, wait: Wait | undefined, otherwise: number): number => {
  if (wait === undefined) return otherwise;
  if (typeof wait === 'number') return wait;
  const { value } = evaluateScalar(wait, context.scope);
  const node = unreadNode(value);
  const text = node?.kind === 'scalar' ? node.text : value;
  const seconds = typeof text === 'number' ? text : typeof text === 'string' ? readDuration(text) : undefined;
  if (seconds === undefined) throw new HarnessError(`${wait.text} is no duration`);
  return seconds;
};

/** Seconds in which something has to come: a time that a case or the supplier states is that of the product alone, and the weather comes on top. */
export const reachSeconds = (context: Context, wait: Wait | undefined, otherwise: number): number =>
  waitSeconds(context, wait, otherwise) + (wait === undefined ? 0 : context.stage.weather.exchangeSeconds);
