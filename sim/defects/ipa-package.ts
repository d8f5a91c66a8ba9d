/** Seeded defects of an IPA in polling, packages, results and notifications. SGP.32 3.1.1.1, 3.3.1, 3.7, 5.14.5, 5.14.6 */
import { tlv } from '#protocol/asn1/tlv.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import type { IpaOverride } from '../roles/ipa/index.js';
import { contentAt, edit } from './edits.js';
import { deciding, type IpaDeviations, reencoded, sending } from './ipa-deviation.js';

const NO_PACKAGE = 1;
const UNDEFINED_ERROR = 127;
/** What repeats itself for ever is a defect as well, and a nuisance besides. */
const OFTEN = 4;

const swapped = (eid: Uint8Array): Uint8Array => eid.map(octet => ((octet & 0x0f) << 4) | (octet >> 4));

/** Polls on a few times after errors of one kind. */
const pollsOnAfter =
  (isMeant: (code: number | undefined) => boolean): IpaOverride =>
  correct => {
    let left = OFTEN;
    return {
      pollsOn: (answer, code) => {
        if (answer !== 'error' || !isMeant(code)) left = OFTEN;
        return answer === 'error' && isMeant(code) ? left-- > 0 : correct.pollsOn(answer, code);
      },
    };
  };

/** Defects in polling. */
export const ipaPollDefects: IpaDeviations = {
  swapsEid: deciding('It polls with the digits of the EID swapped.', { pollsAs: swapped }),
  stopsAfterOnePackage: deciding('After the result of a package it does not ask for another.', { pollsOn: () => false }),
  pollsOnWithoutPackage: {
    does: 'It goes on asking when there is no package.',
    override: pollsOnAfter(code => code === NO_PACKAGE),
  },
  pollsOnAfterRefusal: {
    does: 'It goes on asking an eIM that refuses it.',
    override: pollsOnAfter(code => code !== NO_PACKAGE),
  },
  ignoresUnknownPackages: deciding('It says nothing of a package that it does not know.', {
    answersUnusable: problem => (problem === 'unknownPackage' ? undefined : 1),
    pollsOn: () => false,
  }),
  answersUnknownPackagesUndefined: deciding('It reports every package that it cannot handle as an undefined error.', {
    answersUnusable: () => UNDEFINED_ERROR,
  }),
  keepsStateChanges: deciding('It tells no eIM of state changes.', { announces: () => ({ notify: false, cause: undefined }) }),
  announcesWithoutCause: deciding('It tells of a state change without its cause.', {
    announces: cause => ({ notify: cause !== undefined, cause: undefined }),
  }),
  announcesForEver: deciding('It tells of a state change with every poll.', { forgetsCause: () => false }),
  announcesUndefinedCauses: deciding('It tells of every state change as of one that it does not know.', {
    numberOf: () => UNDEFINED_ERROR,
  }),
  dropsTransactionIds: deciding('It drops the eimTransactionId of what it was sent.', { echoes: () => undefined }),
  inventsTransactionIds: deciding('It invents an eimTransactionId where none was sent.', { echoes: id => id ?? Uint8Array.of(1) }),
};

/** In place of an error of the eUICC, signed or not, undefinedError of the IPA. */
const ownError = (octets: Uint8Array): Uint8Array => {
  const isError = contentAt(octets, 'BF51 A1') ?? contentAt(octets, 'BF51 A2');
  return isError ? edit(octets, 'BF51', () => tlv(0xa0, tlv(0x02, Uint8Array.of(UNDEFINED_ERROR)))) : octets;
};

/** Defects in packages and results. */
export const ipaResultDefects: IpaDeviations = {
  reencodesPackages: deciding('It takes packages apart and puts them together again.', { loads: reencoded(EuiccPackageRequest) }),
  reencodesResults: deciding('It takes results apart and puts them together again.', { forwards: reencoded(EuiccPackageResult) }),
  reportsErrorsAsItsOwn: sending('It reports an error of its own where the eUICC refused a package.', 'ProvideEimPackageResult', ownError),
  sendsEmptyList: deciding('It sends a result with a list of no notifications.', { sendsEmptyList: () => true }),
  providesForOtherEid: deciding('It provides results for another EID.', { providesAs: swapped }),
  omitsEidInResults: deciding('It provides results without the EID.', { providesAs: () => undefined }),
  removesNothing: deciding('It removes nothing from the card that the eIM acknowledged.', { removes: () => [] }),
  removesWhatItSent: deciding('It removes all that it sent, acknowledged or not.', {
    removes: ({ acknowledged, error, sent }) => (error === undefined ? [...new Set([...acknowledged, ...sent])] : acknowledged),
  }),
  removesAfterRefusal: deciding('It removes results that the eIM refused.', {
    removes: ({ acknowledged, error, sent }) => (error === undefined ? acknowledged : sent),
  }),
  removesOneMore: deciding('It also removes the number after the last one that was acknowledged.', {
    removes: ({ acknowledged }) => (acknowledged.length > 0 ? [...acknowledged, Math.max(...acknowledged) + 1] : []),
  }),
  stopsAtUnknownNumber: deciding('It removes nothing after a number that the card does not know.', { removesOn: result => result === 0 }),
  keepsMissingResults: deciding('It takes the status word for success and reports nothing when the card returns no result.', {
    looksForMissingResult: () => false,
    answersUnusable: problem => (problem === 'undefinedError' ? undefined : problem === 'unknownPackage' ? 2 : 1),
  }),
  neverRollsBack: deciding('It never returns to the former profile.', { rollsBack: () => false }),
  alwaysRollsBack: deciding('It returns to the former profile without leave.', {
    rollsBack: ({ hasEnabled, attempts }) => hasEnabled && attempts === 0,
  }),
  rollsBackAgain: deciding('It asks for a rollback again and again.', {
    rollsBack: ({ isAllowed, hasEnabled, attempts }) => isAllowed && hasEnabled && attempts < OFTEN,
  }),
  rollsBackWithoutChange: deciding('It asks for a rollback although no profile was enabled.', {
    rollsBack: ({ isAllowed, attempts }) => isAllowed && attempts === 0,
  }),
};

/** Defects with notifications. */
export const ipaNotificationDefects: IpaDeviations = {
  reversesNotifications: {
    does: 'It delivers the youngest notification first.',
    override: correct => ({ orders: pending => correct.orders(pending).toReversed() }),
  },
  removesUntaken: deciding('It removes a notification that was not taken.', { keepsUntaken: () => false }),
  abandonsUntaken: deciding('It never delivers a notification again that was not taken.', {
    retriesUntaken: () => false,
    attempts: () => 1,
  }),
  goesOnAfterUntaken: deciding('It sends later notifications to a receiver that did not take an earlier one.', {
    waitsForUntaken: () => false,
  }),
  notifiesOneServer: deciding('It sends every notification to the server of the latest download.', {
    notificationAddress: (own, server) => server ?? own,
  }),
};
