/** Conformant variants of an IPA: each behaves differently where the specification leaves a choice. docs/interpretations.md */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Frame } from '../../adapters/adapter.js';
import type { IpaOverride } from '../roles/ipa/index.js';
import { statingOverCoap } from './ipa-coap.js';
import { deciding, type IpaDeviations, requesting, treating } from './ipa-deviation.js';
import { KEEPS_DATA } from './ipa-download.js';
import { COMPACT } from './ipa-relay.js';
import { ipaVersionVariants } from './ipa-versions.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

const withMeta =
  (meta: Readonly<Record<string, string>>) =>
  (frame: Frame): Frame => ({ ...frame, meta: { ...frame.meta, ...meta } });

/** Asks once more after the answer that there is no package. */
const pollsTwice: IpaOverride = correct => {
  let isSecond = false;
  return {
    pollsOn: (answer, code) => {
      const asksOn = correct.pollsOn(answer, code);
      if (asksOn || answer !== 'error' || code !== 1) return asksOn;
      isSecond = !isSecond;
      return isSecond;
    },
  };
};

/** Variants in TLS and HTTP. SGP.32 2.6.3, 6.1 */
const transport: IpaDeviations = {
  speaksTls12Only: deciding('It speaks no TLS above 1.2.', { offer: () => ({ maxVersion: 'TLSv1.2' }) }),
  closesEveryConnection: deciding('It closes the connection after every answer.', { keepsConnection: () => false }),
  chunksRequests: requesting('Its requests come in chunks instead of with their length.', withMeta({ 'transfer-encoding': 'chunked' })),
  addsHeaders: requesting('Its requests carry headers that ESipa does not name.', withMeta({ accept: '*/*', 'x-device': '00101700' })),
  namesItsVersion: requesting('It names vendor and version behind its User-Agent.', withMeta({ 'user-agent': 'gsma-rsp-ipad;vendor/1.2' })),
  sendsUnconfirmedRequests: statingOverCoap('Its requests over CoAP want no confirmation.', { ':type': 'NON' }),
  sendsSmallCoapBlocks: statingOverCoap('It sends blocks of 64 octets, and wants no larger ones.', { ':block-size': '64' }),
  statesOctetStream: statingOverCoap('It states Content-Format 42 over CoAP.', { 'content-format': '42' }),
  triesOnce: deciding('It sends a request that failed again with the next poll only.', { attempts: () => 1 }),
};

/** Variants towards the card. SGP.22 5.7.2, ETSI TS 102 221 */
const card: IpaDeviations = {
  sendsSmallBlocks: { does: 'It cuts commands into blocks of 100 octets.', terminal: { options: { blockSize: 100 } } },
  appendsLe: { does: 'It ends its commands with Le.', terminal: { options: { appendsLe: true } } },
  selectsWithoutOccurrence: treating('It selects the ISD-R with P2 04.', { selectControl: () => 0x04 }),
  namesItsChannel: treating('It opens channel 2 by its number.', { channel: () => 2 }),
  declaresItselfAsLpa: treating('It declares itself as an LPA, as devices for SGP.22 do.', { capability: () => octets('A903830107') }),
  declaresBothRoles: treating('It declares itself as IPA and as LPA.', { capability: () => octets('A906830107840101') }),
  sendsTerminalProfile: treating('It sends TERMINAL PROFILE.', { terminalProfile: () => octets('FFFFFFFF7F') }),
  startsInOtherOrder: deciding('It reads notifications and eIMs before the EID.', {
    startsWith: () => ['notifications', 'configuration', 'eid'],
  }),
  readsMoreAtStart: deciding('It also reads what the eUICC says of itself and its profiles.', {
    startsWith: () => ['eid', 'info', 'configuration', 'profiles', 'notifications'],
  }),
  readsCertificatesAtStart: deciding('It also reads the certificates of the eUICC.', {
    startsWith: () => ['eid', 'configuration', 'certificates', 'notifications'],
  }),
  asksByEvent: deciding('It asks the card for the notifications of every event.', { asksForNotifications: () => 'everyEvent' }),
  resetsCardBeforePolls: deciding('It resets the card before every poll.', { resetsCard: () => true }),
};

/** Variants in ESipa. SGP.32 3.3.1, 5.14 */
const esipa: IpaDeviations = {
  pollsTwice: { does: 'It asks once more when there is no package.', override: pollsTwice },
  notifiesSeparately: { does: 'It sends notifications on their own, not with results.', config: { pendingWithResult: false } },
  notifiesInstallation: {
    does: 'It reports an installation by HandleNotification, not as the result of the trigger.',
    config: { installationResultBy: 'notification' },
  },
  compactsMessages: {
    does: 'It uses compact forms once the eIM was told that it does, and of what they leave out.',
    ...COMPACT,
  },
  omitsEidInNotifications: deciding('Its compact notifications do not name the EID.', { namesEidInNotifications: () => false }),
  providesLater: deciding('It takes packages that the eIM brings, and provides their results later.', { defersResult: () => true }),
  namesItsNetwork: { does: 'It names the network that it is registered in.', config: { rPlmn: '62F210' } },
};

/** Variants in downloads. SGP.32 3.2.3, SGP.22 3.1.3 */
const downloads: IpaDeviations = {
  sendsEmptyMatchingId: deciding('It sends an empty matchingId where there is none.', { matchingIdOf: stated => stated ?? '' }),
  cancelsEveryRefusal: deciding('It also cancels a session that an SM-DP+ has refused to go on with.', { cancelsRefused: () => true }),
  cancelsNoRefusal: deciding('It does not cancel a session that the server has refused to go on with.', { cancelsRefused: () => false }),
  cancelsRefusedOffers: deciding('It cancels a session whose offer the card refused, and does not ask for the package.', {
    tellsRefusal: of => of !== 'offer',
  }),
  leavesChallengeToEuicc: deciding('It leaves it to the eUICC to compare the challenge that the server signed.', {
    acceptsServer: problem => problem === 'challenge',
  }),
  reportsTriggersAsDownloads: deciding('It reports a trigger that it cannot use as a download that failed.', {
    reportsTriggerAs: () => 'download',
  }),
  reportsNoRelayedFailure: deciding('It does not tell the eIM of a failed download that went through the eIM.', {
    reportsRelayedFailure: () => false,
  }),
  keepsDownloadData: {
    does: 'It has not announced that it leaves download data to the eIM, and needs them with every trigger.',
    config: { features: KEEPS_DATA },
    declares: { options: { O_I_DOWNLOAD_DATA: false } },
  },
};

/** Variants by name. */
export const ipaVariants: IpaDeviations = {
  ...transport,
  ...card,
  ...esipa,
  ...downloads,
  ...ipaVersionVariants,
};

/** Variants that one IPA can have at the same time. */
export const ipaVariantGroups: readonly (readonly string[])[] = [
  [
    'speaksTls12Only',
    'sendsSmallCoapBlocks',
    'chunksRequests',
    'addsHeaders',
    'sendsSmallBlocks',
    'startsInOtherOrder',
    'pollsTwice',
    'sendsEmptyMatchingId',
  ],
  [
    'closesEveryConnection',
    'sendsUnconfirmedRequests',
    'namesItsVersion',
    'appendsLe',
    'selectsWithoutOccurrence',
    'readsMoreAtStart',
    'notifiesSeparately',
    'providesLater',
    'cancelsEveryRefusal',
    'cancelsRefusedOffers',
    'leavesChallengeToEuicc',
  ],
  [
    'triesOnce',
    'statesOctetStream',
    'namesItsChannel',
    'declaresBothRoles',
    'readsCertificatesAtStart',
    'asksByEvent',
    'notifiesInstallation',
    'cancelsNoRefusal',
    'reportsTriggersAsDownloads',
    'reportsNoRelayedFailure',
    'keepsDownloadData',
  ],
  [
    'compactsMessages',
    'omitsEidInNotifications',
    'declaresItselfAsLpa',
    'sendsTerminalProfile',
    'namesItsNetwork',
    'resetsCardBeforePolls',
  ],
  ['speaksV10'],
  ['speaksV11'],
  ['speaksV13'],
];
