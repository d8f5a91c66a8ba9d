/** Conformant variants of an eUICC: each behaves differently where the specification leaves a choice. docs/interpretations.md */

import { ISDR_AID } from '#protocol/apdu/aid.js';
import { PROFILE_STATE_CHANGE } from '#protocol/apdu/proactive.js';
import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import type { EuiccOverride } from '../roles/euicc/index.js';
import { contained, contentAt, edit, retagged } from './edits.js';
import { answering, deciding, type EuiccDeviation, type EuiccDeviations, sending, without } from './euicc-deviation.js';
import { each } from './euicc-edits.js';
import { euiccVersionVariants } from './euicc-versions.js';

const COMMAND_ERROR = 7;
const UNKNOWN_OR_DAMAGED = 2;
const FIRST_SEQ_NUMBER = 1000;
const SECOND_RANGE = 0x100;
const LARGEST_PACKAGE = 0x4000;
/** What SGP.22 lists without a tag list. SGP.22 5.7.15 */
const SGP22_TAGS: readonly string[] = ['5A', '4F', '9F70', '90', '91', '92', '93', '94', '95'];
const UNKNOWN_ELEMENT = tlv(0x9f7f, Uint8Array.of(1));
const withUnknownElement = contained(content => concat(content, UNKNOWN_ELEMENT));

/** Objects that end with an element of a later version, before they are signed. */
const speaksLaterVersion: EuiccOverride = correct => ({
  writesSigned: (name, octets) => {
    const right = correct.writesSigned(name, octets);
    return name === 'euiccPackageResultDataSigned' || name === 'euiccPackageErrorDataSigned' ? edit(right, '', withUnknownElement) : right;
  },
  outgoing: (type, octets, request) => {
    const right = correct.outgoing(type, octets, request);
    return type === 'EUICCInfo2' || type === 'EuiccConfiguredAddressesResponse' ? edit(right, '', withUnknownElement) : right;
  },
});

/** Variants in what an eUICC is and has. */
const features: EuiccDeviations = {
  brainpoolOnly: {
    does: 'It has a chain on brainpoolP256r1 only.',
    config: { curve: 'brainpoolP256r1' },
    declares: { options: { O_E_NIST: false, O_E_BRP: true } },
  },
  nistOnly: {
    does: 'It has a chain on P-256 only.',
    config: { curve: 'P-256' },
    declares: { options: { O_E_NIST: true, O_E_BRP: false } },
  },
  hasNoAssociationTokens: {
    does: 'It gives no association tokens.',
    override: () => ({ allocatesToken: () => undefined }),
    declares: { options: { O_E_ASSOC_TOKEN: false } },
  },
  hasNoFallback: {
    does: 'It has no fallback mechanism.',
    config: { supports: { fallback: false } },
    declares: { options: { O_E_FALLBACK: false } },
  },
  hasNoEmergencyProfile: {
    does: 'It knows no emergency profile.',
    config: { supports: { ecall: false } },
    declares: { options: { O_E_ECALL: false } },
  },
  hasNoEimReset: {
    does: 'Its memory reset leaves the eIMs.',
    config: { supports: { eimReset: false } },
    declares: { options: { O_E_EIM_RESET: false } },
  },
  hasNoEnablingReset: {
    does: 'Its memory reset leaves the configuration of immediate enabling.',
    config: { supports: { enablingReset: false } },
    declares: { options: { O_E_IEC_RESET: false } },
  },
  hasIpae: { does: 'It has an IPA of its own.', config: { supports: { ipae: true } }, declares: { options: { O_E_IPAE: true } } },
  renewsOneTimeKey: {
    ...without('It never uses a one-time key again.', 'reuseOneTimeKey'),
    declares: { options: { O_E_REUSE_OTPK: false } },
  },
};

/** Variants in what is on the card when it is delivered. */
const deliveries: EuiccDeviations = {
  hasProvisioningProfile: {
    does: 'A provisioning profile came with it.',
    config: { profiles: [{ iccid: '981032547698103254F6', class: 'provisioning' }] },
  },
  hasPreloadedTestProfile: {
    does: 'A test profile was loaded before it was delivered.',
    config: { profiles: [{ iccid: '981032547698103254F7', class: 'test', preLoaded: true }] },
  },
};

/** Shows the counter that an association began with, where the association is one of AddInitialEim. SGP.32 5.9.18 */
const showsInitialCounter: EuiccOverride = correct => {
  const began = new Map<string, Uint8Array>();
  const nameOf = (eim: Uint8Array) => hex(contentAt(eim, '80') ?? new Uint8Array());
  const note = (eim: Uint8Array): Uint8Array => {
    const counter = contentAt(eim, '83');
    if (counter) began.set(nameOf(eim), counter);
    return eim;
  };
  const initial = (eim: Uint8Array): Uint8Array =>
    edit(
      eim,
      '83',
      contained(counter => began.get(nameOf(eim)) ?? counter),
    );
  return {
    outgoing: (type, octets, request) => {
      const right = correct.outgoing(type, octets, request);
      if (type === 'AddInitialEimResponse' && contentAt(right, 'A0')) edit(request, 'A0', each(note));
      return type === 'GetEimConfigurationDataResponse' ? edit(right, 'A0', each(initial)) : right;
    },
  };
};

/** Variants in packages and their results. */
const packages: EuiccDeviations = {
  refusesUnreadablePackages: without('It refuses a package that it cannot read by status word.', 'answerUnreadable'),
  answersCommandErrorToExistingEim: answering('It refuses to add an eIM that it has with commandError.', 'addEim', COMMAND_ERROR, 'exists'),
  terminatesBehindFailure: deciding('It writes processingTerminated behind an operation that failed.', {
    terminatesFailure: () => UNKNOWN_OR_DAMAGED,
  }),
  speaksLaterVersion: { does: 'Its objects end with an element of a later version.', override: speaksLaterVersion },
  answersNoResultsAsNotifications: sending(
    'Where it has no results it answers with an empty list of notifications.',
    'RetrieveNotificationsListResponse',
    message => (contentAt(message, 'A2')?.length === 0 ? edit(message, 'A2', retagged(0xa0)) : message),
  ),
  showsInitialCounter: { does: 'It shows the counter that an association began with.', override: showsInitialCounter },
  listsLikeSgp22: deciding('Without a tag list it lists what SGP.22 names.', { listsTags: asked => asked ?? SGP22_TAGS }),
};

/** Variants in profiles, notifications and sessions. */
const states: EuiccDeviations = {
  numbersFromThousand: { does: 'Its first seqNumber is 1000.', config: { firstSeqNumber: FIRST_SEQ_NUMBER } },
  notifiesDisableFirst: deciding('It tells first that a profile was disabled, then that another was enabled.', {
    ordersEvents: events => [...events].reverse(),
  }),
  endsEmergencySilently: deciding('It does not tell that an emergency is over.', { notifiesEmergency: () => false }),
  numbersIsdpsHigher: deciding('It takes AIDs of ISD-Ps from another range.', { numbersIsdp: next => next + SECOND_RANGE }),
  startsTokensHigher: { does: 'Its first association token has two octets.', config: { nextAssociationToken: 200 } },
  looksForEnabledProfileFirst: {
    does: 'Falling back without an enabled profile is an error of the command even where there is no Fallback Profile.',
    override: correct => ({
      ordersChecks: (of, checks) => {
        const right = correct.ordersChecks(of, checks);
        return of === 'executeFallbackMechanism' ? ['emergency', 'support', 'found', ...right] : right;
      },
    }),
  },
  forgetsInterruptedInstallation: without('An installation that a reset cuts off has no result.', 'noteInterruption'),
  refusesUnknownBy6D00: deciding('It refuses what it does not know with status word 6D00.', {
    refuses: why => (why === 'unknownFunction' ? '6D00' : why === 'notNow' ? '6985' : '6A80'),
  }),
};

const onCard = (does: string, decisions: ReturnType<NonNullable<EuiccDeviation['card']>>): EuiccDeviation => ({
  does,
  card: () => decisions,
});

/** Variants in APDUs. ETSI TS 102 221, SGP.22 5.7.2 */
const card: EuiccDeviations = {
  answersInSmallBlocks: onCard('It hands its answers out 100 octets at a time.', { responseBlock: () => 100 }),
  answersAtOnce: onCard('Its answers come without GET RESPONSE where there is an Le.', { answersDirectly: () => true }),
  takesShorterCommands: onCard('It refuses a command that is larger than any package by status word.', {
    longestCommand: () => LARGEST_PACKAGE,
  }),
  toleratesLongerLe: onCard('It returns what it has where more is asked for.', { refusesLongerLe: () => false }),
  refreshesSilently: onCard('It waits for a reset after a change of profiles, without announcing it.', {
    announcesRefresh: () => 'silent',
  }),
  refreshesByStateChange: onCard('It asks for REFRESH with eUICC Profile State Change.', { refreshQualifier: () => PROFILE_STATE_CHANGE }),
  servesDuringRefresh: onCard('It serves ES10 commands while a REFRESH is pending.', { servesEs10: () => true }),
  needsNoDeclaration: onCard('It serves devices that do not declare an IPAd.', { needsCapability: () => false }),
  hasOneChannel: onCard('It has one logical channel beside the basic one.', { channels: () => 1 }),
  returnsNoFci: onCard('It does not hand out the FCI of the ISD-R.', { returnsFci: () => false }),
  putsTemplatesIntoA5: onCard('The templates of its ISD-R stand inside the proprietary data.', {
    writesFci: templates => tlv(0x6f, tlv(0x84, ISDR_AID), tlv(0xa5, templates)),
  }),
};

/** Variants by name. */
export const euiccVariants: EuiccDeviations = { ...features, ...deliveries, ...packages, ...states, ...card, ...euiccVersionVariants };

/**
 * Variants that one eUICC can have at the same time. The self-test runs the catalogue once per group; what fails there is
 * tried with each variant of the group alone.
 */
export const euiccVariantGroups: readonly (readonly string[])[] = [
  [
    'brainpoolOnly',
    'hasProvisioningProfile',
    'numbersFromThousand',
    'terminatesBehindFailure',
    'answersNoResultsAsNotifications',
    'notifiesDisableFirst',
    'answersInSmallBlocks',
    'refreshesSilently',
  ],
  [
    'nistOnly',
    'hasPreloadedTestProfile',
    'hasNoAssociationTokens',
    'refusesUnreadablePackages',
    'listsLikeSgp22',
    'showsInitialCounter',
    'answersAtOnce',
    'hasOneChannel',
    'hasIpae',
  ],
  [
    'hasNoFallback',
    'hasNoEmergencyProfile',
    'hasNoEimReset',
    'hasNoEnablingReset',
    'answersCommandErrorToExistingEim',
    'numbersIsdpsHigher',
    'startsTokensHigher',
    'forgetsInterruptedInstallation',
    'refreshesByStateChange',
    'takesShorterCommands',
    'toleratesLongerLe',
    'returnsNoFci',
  ],
  [
    'renewsOneTimeKey',
    'speaksLaterVersion',
    'endsEmergencySilently',
    'looksForEnabledProfileFirst',
    'refusesUnknownBy6D00',
    'servesDuringRefresh',
    'needsNoDeclaration',
    'putsTemplatesIntoA5',
  ],
  [
    'speaksV10',
    'refusesUnreadablePackages',
    'terminatesBehindFailure',
    'answersNoResultsAsNotifications',
    'notifiesDisableFirst',
    'answersInSmallBlocks',
    'refreshesSilently',
  ],
  ['speaksV11', 'hasNoAssociationTokens', 'listsLikeSgp22', 'hasIpae', 'refreshesSilently'],
  ['speaksV13', 'hasNoFallback', 'hasNoEmergencyProfile', 'hasNoEimReset', 'hasNoEnablingReset', 'refreshesByStateChange'],
];
