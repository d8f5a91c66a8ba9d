/** How checks become a verdict: worst wins, and what failed where says whom it is counted against. */
import { OperatorError } from '../adapters/adapter.js';
import type { Check, Phase, SequenceRecord, StepRecord, Verdict } from '../reports/record.js';
import { NoAutoValue } from './language/values.js';

const ORDER: readonly Verdict[] = ['pass', 'inconclusive', 'fail', 'error'];
export const worst = (verdicts: Iterable<Verdict>): Verdict => {
  let result: Verdict = 'pass';
  for (const v of verdicts) if (ORDER.indexOf(v) > ORDER.indexOf(result)) result = v;
  return result;
};

/** The step could not be carried out, and that proves nothing about the IUT. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive';
  readonly code = 'inconclusive';
}

/** The harness or a simulated counterpart is at fault, or the script itself holds up the IUT. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code = 'harness';
}

/** What a failed check means where it stands: a SHOULD is a finding; outside the test body, or by the author's word, it is inconclusive. */
export const verdictOfCheck = (check: Check, phase: Phase, meaning: 'fail' | 'inconclusive'): Verdict => {
  if (check.ok || check.level === 'should') return 'pass';
  return phase === 'steps' ? meaning : 'inconclusive';
};

export const checkText = (c: Check): string => {
  // The comparison of a field is named after the field: the path says it already.
  const about = c.path?.endsWith(c.what) || c.what === c.expected ? c.path : [c.path, c.what].filter(Boolean).join(': ');
  return `${about ? `${about}: ` : ''}expected ${c.expected}, got ${c.actual}`;
};

export interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly findings: readonly string[];
  readonly violated: readonly string[];
}

/**
 * The verdict of a sequence from its steps; the clean-up never changes it. What fails without naming a requirement of its
 * own counts against those of the case.
 */
export const judge = (steps: readonly StepRecord[], covers: readonly string[] = []): Judged => {
  const judged = steps.filter(s => s.phase !== 'after');
  const verdict = worst(judged.map(s => (s.verdict === 'skipped' ? 'pass' : s.verdict)));
  const decisive = judged.find(s => s.verdict === verdict);
  const failed = judged.flatMap(s => (s.verdict === 'fail' ? s.checks.filter(c => !c.ok && c.level === 'shall') : []));
  const left = steps.find(s => s.phase === 'after' && s.verdict !== 'pass' && s.verdict !== 'skipped');
  return {
    verdict,
    reason: verdict === 'pass' ? '' : `${decisive ? `step ${decisive.no}: ` : ''}${decisive?.reason ?? ''}`,
    findings: [
      ...judged.flatMap(s => s.checks.filter(c => !c.ok && c.level === 'should').map(checkText)),
      ...(left ? [`clean-up failed, the IUT is left in an unknown state: ${left.reason ?? left.text}`] : []),
    ],
    violated: [...new Set(failed.flatMap(c => (c.covers.length > 0 ? c.covers : covers)))],
  };
};

/** How mocha and Allure are told: fail is an assertion, inconclusive and error carry their own names. */
export const toError = (record: Pick<SequenceRecord, 'verdict' | 'reason'>): Error | undefined => {
  if (record.verdict === 'pass') return undefined;
  if (record.verdict === 'inconclusive') return new Inconclusive(record.reason);
  if (record.verdict === 'error') return new HarnessError(record.reason);
  const error = new Error(record.reason);
  error.name = 'AssertionError';
  return error;
};

/** What an exception in a step means: only Inconclusive, acts of the operator and a missing `$auto` are nobody's fault, all else is ours. */
export const meaningOfError = (error: unknown, otherwise: Verdict = 'error'): { readonly verdict: Verdict; readonly reason: string } => {
  const reason = error instanceof Error ? error.message : String(error);
  if ([Inconclusive, OperatorError, NoAutoValue].some(kind => error instanceof kind)) return { verdict: 'inconclusive', reason };
  const isExpected = error instanceof HarnessError || (error instanceof Error && 'code' in error);
  const stack = error instanceof Error && !isExpected ? ` (${error.stack?.split('\n')[1]?.trim() ?? ''})` : '';
  return { verdict: otherwise, reason: `${reason}${stack}` };
};
