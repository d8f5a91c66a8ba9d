/** The checks of a function, made in its order until one hinders it. */
import type { CheckName, FunctionName } from './decision-names.js';
import type { Chip } from './state.js';
import { codeIn } from './versions.js';

/** A check: its name, the code of the answer when it fails, and whether it does. */
export type Check = readonly [name: CheckName, code: number, fails: boolean];

/** The first check that hinders the function, with its code; undefined: nothing does. */
export const hindrance = (
  { decisions, world: { spec } }: Chip,
  of: FunctionName,
  checks: readonly Check[],
): { readonly check: CheckName; readonly code: number } | undefined => {
  for (const name of decisions.ordersChecks(
    of,
    checks.map(([check]) => check),
  )) {
    const failed = checks.find(([check, , fails]) => check === name && fails);
    if (failed && decisions.hinders(of, name)) return { check: name, code: decisions.answersCode(of, name, codeIn(spec, of, failed[1])) };
  }
  return undefined;
};

/** The code alone. */
export const refusal = (chip: Chip, of: FunctionName, checks: readonly Check[]): number | undefined => hindrance(chip, of, checks)?.code;
