/** Seeded defects of an IPA in downloads, through the eIM and from the server itself. SGP.32 3.2.3, 3.9.2; SGP.22 3.0.1, 3.1.3 */
import type { IpaOverride } from '../roles/ipa/index.js';
import { removed } from './edits.js';
import { deciding, editing, type IpaDeviations } from './ipa-deviation.js';

const LOAD_BPP_EXECUTION_ERROR = 5;
const UNDEFINED_REASON = 127;
const UNDEFINED_ERROR = 127;

/** Features without eimDownloadDataHandling. SGP.32 4.1 */
export const KEEPS_DATA: readonly string[] = ['directRspServerCommunication', 'indirectRspServerCommunication'];

/** Counts anew for every card. */
const takesOneDownload: IpaOverride = correct => {
  let isFirst = true;
  return {
    startsWith: () => {
      isFirst = true;
      return correct.startsWith();
    },
    source: (...given) => {
      const source = isFirst ? correct.source(...given) : undefined;
      isFirst = false;
      return source;
    },
  };
};

/** Defects before the session. */
export const ipaTriggerDefects: IpaDeviations = {
  refusesPrefixedCodes: {
    does: 'It takes no activation code with LPA: before it.',
    override: correct => ({
      readsActivationCode: text => (text.startsWith('LPA:') ? undefined : correct.readsActivationCode(text)),
    }),
  },
  acceptsOtherFormats: {
    does: 'It takes activation codes of any format for format 1.',
    override: correct => ({ readsActivationCode: text => correct.readsActivationCode(text.replace(/^(LPA:)?\d\$/, '$11$$')) }),
  },
  acceptsCodesWithoutToken: {
    does: 'It takes activation codes that end after the address.',
    override: correct => ({ readsActivationCode: text => correct.readsActivationCode(text) ?? correct.readsActivationCode(`${text}$`) }),
  },
  reportsMissingDataUndefined: deciding('It reports an undefined error where a trigger lacks what it needs.', {
    answersUnusable: problem => (problem === 'unknownPackage' ? 2 : UNDEFINED_ERROR),
  }),
  asksForEmptyAddress: deciding('It asks for the address that is empty where it knows none.', { asksFor: address => address ?? '' }),
  omitsTransactionIdOfTrigger: editing(
    'It opens a session without the eimTransactionId of the trigger.',
    'InitiateAuthenticationRequestEsipa',
    '82',
    removed,
  ),
  alwaysGoesThroughEim: deciding('It goes through an eIM that does not relay downloads.', { goesDirectly: async () => false }),
  alwaysGoesDirectly: deciding('It goes to the server itself although its eIM relays downloads.', { goesDirectly: async () => true }),
  takesOneDownload: { does: 'It takes no other download after the first one.', override: takesOneDownload },
  takesEmptyTriggers: {
    does: 'It asks its eIM for a server after an empty trigger, although it has not announced that it leaves this to the eIM.',
    config: { features: KEEPS_DATA },
    declares: { options: { O_I_DOWNLOAD_DATA: false } },
    override: correct => ({
      source: (trigger, addresses, readCode) => correct.source(trigger, { ...addresses, eimHoldsData: true }, readCode),
    }),
  },
  usesRootSmds: {
    does: 'It asks the root SM-DS, whichever it is told to ask.',
    override: correct => ({
      source: (trigger, addresses, readCode) => {
        const source = correct.source(trigger, addresses, readCode);
        return source?.isSmds ? { ...source, smdpAddress: addresses.rootDsAddress } : source;
      },
    }),
  },
  usesDefaultServerForSmds: {
    does: 'It asks the default SM-DP+ where it is told to ask an SM-DS.',
    override: correct => ({
      source: (trigger, addresses, readCode) => {
        const source = correct.source(trigger, addresses, readCode);
        return source?.isSmds ? { smdpAddress: addresses.defaultDpAddress, matchingId: undefined } : source;
      },
    }),
  },
};

/** Defects in the session. */
export const ipaSessionDefects: IpaDeviations = {
  goesOnAfterErrors: deciding('It goes on with a download that the eIM or the server has answered with an error.', {
    stopsAfter: () => false,
  }),
  ignoresServerAddress: deciding('It goes on with a server that says it has another address.', { acceptsServer: p => p === 'address' }),
  ignoresServerValidity: deciding('It goes on with a server whose certificate is not valid now.', { acceptsServer: p => p === 'validity' }),
  ignoresServerOid: deciding('It goes on with a server that has not the OID of the activation code.', { acceptsServer: p => p === 'oid' }),
  sendsOwnMatchingId: {
    does: 'It sends a matchingId where there is none.',
    override: correct => ({ matchingIdOf: (stated, via) => correct.matchingIdOf(stated, via) || 'DEFAULT' }),
  },
  keepsServerRefusals: deciding('It tells no server that the card refused it.', { tellsRefusal: of => of !== 'server' }),
  keepsOfferRefusals: deciding('It tells no server that the card refused its offer, and cancels nothing.', {
    tellsRefusal: of => of !== 'offer',
    cancels: reason => (reason === UNDEFINED_REASON ? undefined : reason),
  }),
  ignoresPolicyRules: deciding('It downloads profiles whatever their policy rules are.', { objects: () => undefined }),
  refusesAllowedRules: deciding('It takes no profile with policy rules, allowed or not.', { objects: () => 'pprNotAllowed' }),
  ignoresInstalledProfiles: deciding('It takes a profile with PPR1 beside an operational one.', { countsInstalled: () => false }),
  neverCancels: deciding('It cancels no session.', { cancels: () => undefined }),
  cancelsWithoutReason: deciding('It cancels every session for an undefined reason.', { cancels: () => UNDEFINED_REASON }),
  leavesFailedLoads: deciding('It does not cancel a session whose package it could not load.', {
    cancels: reason => (reason === LOAD_BPP_EXECUTION_ERROR ? undefined : reason),
  }),
  cancelsAfterResult: deciding('It cancels the session although there is an installation result.', { cancelsAfterResult: () => true }),
  dropsHashCc: deciding('It prepares downloads without the hash of the confirmation code.', { confirms: () => undefined }),
  repeatsRefusedCode: deciding('It comes with the confirmation code again that was refused.', { nextCode: () => 0 }),
};

/** Defects after the session. */
export const ipaOutcomeDefects: IpaDeviations = {
  removesResultAtOnce: deciding('It removes the installation result before anybody has it.', { removesResultAtOnce: () => true }),
  neverEnablesImmediately: deciding('It does not enable a profile right after its download.', { enablesImmediately: () => false }),
  reportsNoDirectDownload: deciding('It does not tell the eIM what became of a download from the server itself.', {
    reportsTo: receiver => receiver === 'server',
  }),
  reportsNoFailure: deciding('It tells the eIM of downloads from the server itself only when they succeeded.', {
    reportsTo: (_receiver, hasSucceeded) => hasSucceeded,
  }),
  reportsNothingToServer: deciding('It does not bring the installation result to the server.', {
    reportsTo: receiver => receiver === 'eim',
    looksForNotifications: () => false,
  }),
  ignoresEvents: deciding('It does not follow what an SM-DS tells.', { followsEvent: () => false }),
  dropsEventIds: deciding('It comes without the EventID to the server that an SM-DS named.', { matchingIdOfEvent: () => undefined }),
};

/** Defects of what a device does by itself. */
export const ipaLocalDefects: IpaDeviations = {
  staysActive: deciding('It goes on when the IPA in the eUICC is active.', { retires: () => false }),
  ignoresLossOfConnectivity: deciding('It does not fall back when connectivity is lost.', { falls: what => what !== 'fallback' }),
  neverReturns: deciding('It does not return from the fallback profile.', { falls: what => what !== 'return' }),
};
