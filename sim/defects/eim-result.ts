/** Seeded defects of an eIM in taking results: which it believes, what follows from them, what it answers. SGP.32 3.3.1, 5.14.6 */
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviations } from './deviation.js';

/** A result for an eUICC that is not known ends what was handed out last. */
const closesOrderOnUnknownEid: EimOverride = correct => {
  let latest: ReturnType<typeof correct.choosesPackage>;
  return {
    choosesPackage: (waiting, outstanding) => {
      latest = correct.choosesPackage(waiting, outstanding);
      return latest;
    },
    answersUnknownEid: () => {
      if (latest) {
        latest.phase = 'closed';
        latest.order.state = 'failed';
      }
      return correct.answersUnknownEid();
    },
  };
};

/** Defects of results. */
export const eimResultDefects: EimDeviations = {
  acknowledgesNothing: { does: 'It acknowledges no result.', override: () => ({ acknowledges: () => [] }) },
  acknowledgesResultOnly: {
    does: 'Of a result with notifications it acknowledges the result alone.',
    override: () => ({ acknowledges: numbers => numbers.slice(0, 1) }),
  },
  ignoresResultInNotification: {
    does: 'A result that HandleNotification brings is thanked for and forgotten.',
    override: () => ({ takesResultByNotification: () => false }),
  },
  takesResultForAnyEid: {
    does: 'It takes a result whatever EID it was given for.',
    override: () => ({ ownerOfResult: (eid, known) => (known.includes(eid) ? eid : (known[0] ?? eid)) }),
  },
  closesOrderOnUnknownEid: {
    does: 'A result for an eUICC that it does not know ends the order of another one.',
    override: closesOrderOnUnknownEid,
  },
  countsEveryResultAsSuccess: {
    does: 'It takes every code of an operation for success.',
    override: () => ({ isSuccess: () => true }),
  },
  ignoresResultSignature: {
    does: 'It takes results whose signature does not verify.',
    override: () => ({ acceptsResultSignature: () => true }),
  },
};
