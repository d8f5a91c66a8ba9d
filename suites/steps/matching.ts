/** What several steps share: comparisons of `match` as checks of the record, with the place in the message. */
import { type Decoded, find } from '#protocol/asn1/element.js';
import type { Check } from '../../reports/record.js';
import type { MatchResult } from '../language/match.js';
import { type Context, type Placed, stepCheck } from '../runtime/context.js';

export const matchChecks = (context: Context, step: Placed, result: MatchResult, message?: Decoded, more: Partial<Check> = {}): Check[] =>
  result.comparisons.map(c => {
    const found = message && find(message.root, c.path);
    return stepCheck(context, step, {
      what: c.what,
      expected: c.expected,
      actual: c.actual,
      ok: c.ok,
      at: c.at,
      ...(c.path ? { path: c.path } : {}),
      ...(found && 'element' in found ? { octets: [found.element.start, found.element.end] as const } : {}),
      ...more,
    });
  });
