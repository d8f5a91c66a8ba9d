/** `wait: 5s`: time that has to pass for a reason that the note states, e.g. a validity that ends. */
import { setTimeout as pass } from 'node:timers/promises';
import type { WaitStep } from '../language/ast.js';
import type { Context, Outcome } from '../runtime/context.js';

export const wait = async (context: Context, step: WaitStep): Promise<Outcome> => {
  await pass(step.seconds * 1000, undefined, { signal: context.stage.over });
  return { checks: [] };
};
