/** Seeded defects of an eIM in taking results and data: what it believes, what follows from it, what it answers. SGP.32 3.3.1, 5.14.6 */
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviation, EimDeviations } from './deviation.js';

const UNDEFINED_ERROR = 127;

/** Ends the order of the package handed out last, as failed, at an occasion that proves nothing. */
const ending =
  (occasion: (end: () => void, correct: Parameters<EimOverride>[0]) => ReturnType<EimOverride>): EimOverride =>
  correct => {
    let latest: ReturnType<typeof correct.choosesPackage>;
    const end = () => {
      if (!latest) return;
      latest.phase = 'closed';
      latest.order.state = 'failed';
    };
    return {
      ...occasion(end, correct),
      choosesPackage: (waiting, outstanding) => {
        latest = correct.choosesPackage(waiting, outstanding);
        return latest;
      },
    };
  };

const deciding = (does: string, decisions: ReturnType<EimOverride>): EimDeviation => ({ does, override: () => decisions });

/** Defects in whom and what it believes. */
export const eimBeliefDefects: EimDeviations = {
  ignoresResultSignature: deciding('It takes results whose signature does not verify.', { acceptsResultSignature: () => true }),
  ignoresErrorSignature: deciding('It takes signed errors whose signature does not verify.', { acceptsErrorSignature: () => true }),
  verifiesWithoutToken: deciding('It verifies results as if there were no association token.', { tokenForVerifying: () => undefined }),
  acceptsAnyCounter: deciding('It takes a result whatever counter it names.', { acceptsCounter: () => true }),
  acceptsAnyTransactionId: deciding('It takes a result whatever eimTransactionId it names.', { acceptsTransactionId: () => true }),
  matchesOldestPackage: deciding('It applies a result to the package that waits longest, whatever the result names.', {
    acceptsCounter: () => true,
    acceptsTransactionId: () => true,
  }),
  acceptsRepeatedResult: deciding('It applies a result as often as it comes.', { acceptsSeqNumber: () => true }),
  ignoresEidOfResult: deciding('It assigns results by their content, whatever EID they were given for.', {
    judgesEid: () => 'valid',
    eidOfResult: (given, implied) => implied() ?? given,
  }),
  acceptsCertificateOfOtherEid: deciding('It takes certificates for the EID they come under, whatever EID stands in them.', {
    acceptsEid: () => true,
  }),
  trustsUnsignedError: deciding('It takes euiccPackageErrorUnsigned for a proof that the package was executed.', {
    trustsUnsignedError: () => true,
  }),
  failsOrderOnUnknownEid: {
    does: 'A result for an eUICC that it does not know ends the order of another one.',
    override: ending((end, correct) => ({
      answersUnknownEid: () => {
        end();
        return correct.answersUnknownEid();
      },
    })),
  },
  failsOrderOnBadSignature: {
    does: 'A result with a wrong signature ends the order, and the genuine one comes too late.',
    override: ending(end => ({
      acceptsResultSignature: valid => {
        if (!valid) end();
        return valid;
      },
    })),
  },
};

/** Defects in what follows from a result. */
export const eimEffectDefects: EimDeviations = {
  countsEveryResultAsSuccess: deciding('It takes every code for success.', { isSuccess: () => true }),
  mistakesLastEimForFailure: deciding('It takes lastEimDeleted for a failure.', { isSuccess: (_operation, result) => result === 'ok' }),
  overlooksUnexecuted: deciding('It shows operations without a result as executed.', { noticesUnexecuted: () => false }),
  ignoresRollback: deciding('It leaves its view as it was before a rollback.', { appliesRollback: () => false }),
  neverUpdatesView: deciding('Results do not change its view of the eUICC.', { appliesView: () => false }),
  ignoresListOfProfiles: {
    does: 'It does not read lists of Profiles into its view.',
    override: correct => ({ appliesView: operation => operation !== 'listProfileInfo' && correct.appliesView(operation) }),
  },
  forgetsAssociationToken: deciding('It forgets the association token that the eUICC returned for a new eIM.', {
    remembersToken: () => undefined,
  }),
  remembersOtherToken: deciding('It remembers another association token than the eUICC returned.', { remembersToken: token => token + 1 }),
  keepsFormerKey: deciding('It goes on signing with the former key after an update of its own.', { switchesOwnKey: () => false }),
  switchesKeyAtOnce: deciding('It signs with its new key although the eUICC refused it.', {
    switchesOwnKey: () => true,
    isSuccess: () => true,
  }),
};

/** Defects in the answers to results and data. */
export const eimAnswerDefects: EimDeviations = {
  acknowledgesNothing: deciding('It acknowledges no result.', { acknowledges: () => [] }),
  acknowledgesResultOnly: deciding('Of a result with notifications it acknowledges the result alone.', {
    acknowledges: numbers => numbers.slice(0, 1),
  }),
  acknowledgesOneMore: deciding('It also acknowledges the number that would come next.', {
    acknowledges: numbers => [...numbers, Math.max(0, ...numbers) + 1],
  }),
  acknowledgesOneLess: deciding('It acknowledges the number in front of that of the result.', {
    acknowledges: numbers => numbers.map(number => number - 1),
  }),
  acknowledgesFormerOnes: deciding('It also acknowledges the number in front of the first one.', {
    acknowledges: numbers => (numbers.length > 0 ? [Math.min(...numbers) - 1, ...numbers] : []),
  }),
  answersMissingEidAsUndefined: deciding('It answers undefinedError when the EID is missing.', {
    answersMissingEid: () => UNDEFINED_ERROR,
  }),
  answersUnknownEidAsUndefined: deciding('It answers undefinedError for an eUICC that it does not know.', {
    answersUnknownEid: () => UNDEFINED_ERROR,
  }),
  ignoresResultInNotification: deciding('A result that HandleNotification brings is thanked for and forgotten.', {
    takesResultByNotification: () => false,
  }),
  asksForHalfTags: deciding('The list of tags in its data requests ends in the middle of a tag.', {
    dataTags: () => Uint8Array.of(0xbf, 0x20, 0xbf),
  }),
  asksForOtherData: deciding('It asks for the default SM-DP+ address, whatever data were ordered.', {
    dataTags: () => Uint8Array.of(0x81),
  }),
  refusesServiceUntilData: {
    does: 'It answers undefinedError as long as a data request has no answer.',
    override: correct => {
      let isWaiting = false;
      return {
        choosesPackage: (waiting, outstanding) => {
          isWaiting = outstanding.some(p => p.kind === 'dataRequest');
          return isWaiting ? undefined : correct.choosesPackage(waiting, outstanding);
        },
        answersEmptyQueue: () => (isWaiting ? UNDEFINED_ERROR : correct.answersEmptyQueue()),
      };
    },
  },
};
