/** Conformant variants of an eIM: each behaves differently where the specification leaves a choice. docs/interpretations.md */

import { concat, tlv } from '#protocol/asn1/tlv.js';
import { ESIPA_PATH } from '../bindings/esipa-functions.js';
import { isJsonPath } from '../bindings/esipa-json-frame.js';
import type { EimVariant } from './deviation.js';
import { contained, contentAt, edit } from './edits.js';
import { eimVersionVariants } from './eim-versions.js';
import { answering, refusal, startsWith, statusOf, withMeta } from './frames.js';

const UNDEFINED_ERROR = 127;
const UNKNOWN_ELEMENT = tlv(0x9f7f, Uint8Array.of(1));
const withUnknownElement = contained(content => concat(content, UNKNOWN_ELEMENT));

/** Variants in TLS and HTTP. SGP.32 2.6.3, 6.1 */
const transport: Readonly<Record<string, EimVariant>> = {
  speaksTls12Only: { does: 'It speaks no TLS above 1.2.', tls: { offer: { maxVersion: 'TLSv1.2' } } },
  choosesCbcSuite: {
    does: 'In TLS 1.2 it has the CBC suite C023 only.',
    tls: { offer: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } },
  },
  presentsBrainpoolCertificate: {
    does: 'Its TLS certificate is on brainpoolP256r1.',
    tls: { certificate: 'CERT_EIM_TLS_BRP' },
    registersKeyOf: 'CERT_EIM_TLS_BRP',
  },
  closesEveryConnection: {
    does: 'It closes the connection after every answer.',
    override: answering(answer => withMeta(answer, { connection: 'close' })),
  },
  announcesKeepAlive: {
    does: 'It says how long it keeps connections.',
    override: answering(answer => withMeta(answer, { connection: 'keep-alive', 'keep-alive': 'timeout=5, max=100' })),
  },
  chunkedBodies: {
    does: 'Its bodies come in chunks instead of with their length.',
    override: answering(answer => (answer.body.length > 0 ? withMeta(answer, { 'transfer-encoding': 'chunked' }) : answer)),
  },
  extraHeaders: {
    does: 'Its answers carry headers that ESipa does not name.',
    override: answering(answer =>
      withMeta(answer, {
        server: 'eim/7.3',
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=31536000',
        'x-request-id': '1',
      }),
    ),
  },
  writesMediaTypeInCapitals: {
    does: 'It writes the media type in capitals and with a parameter.',
    override: answering((answer, request) => {
      const type = isJsonPath(request) ? 'Application/JSON; Charset="utf-8"' : 'Application/X-GSMA-RSP-ASN1; charset=binary';
      return answer.body.length > 0 ? withMeta(answer, { 'content-type': type }) : answer;
    }),
  },
  answersNotificationsWith200: {
    does: 'It answers HandleNotification with status 200 and an empty body.',
    override: answering(answer => (answer.meta[':status'] === '204' ? withMeta(answer, { ':status': '200' }) : answer)),
  },
  transfersToOtherPath: {
    does: 'It brings packages in ASN.1 to a path of its own.',
    override: () => ({
      transferFrame: frame => (frame.meta[':path'] === ESIPA_PATH ? withMeta(frame, { ':path': '/gsma/rsp2/injection' }) : frame),
    }),
  },
  refusesEverythingWith400: {
    does: 'Whatever it refuses by HTTP it refuses with status 400.',
    override: answering(answer => (statusOf(answer) > 400 ? withMeta(answer, { ':status': '400' }) : answer)),
  },
  refusesByClosing: {
    does: 'Instead of refusing a request it closes the connection.',
    override: answering(answer => (statusOf(answer) >= 400 ? { fault: 'cut' } : answer)),
  },
  servesAnyMediaType: {
    does: 'It tells the binding by the path and overlooks media type and octets behind the message.',
    override: correct => ({
      servesRequest: failed => correct.servesRequest(failed.filter(id => !['SGP32-6.1-13', 'SGP32-6.1-16', 'SGP32-6.4-12'].includes(id))),
    }),
  },
  answersSlowly: { does: 'It takes its time for every answer.', pause: { seconds: 0.03 } },
};

/** Variants of packages and their retrieval. SGP.32 2.11.1.1, 3.1.1.1 */
const packages: Readonly<Record<string, EimVariant>> = {
  repeatsUndeliveredPackage: {
    does: 'A package without a result goes out again before any other.',
    override: correct => ({ choosesPackage: (waiting, outstanding) => outstanding[0] ?? correct.choosesPackage(waiting, outstanding) }),
  },
  withholdsPackageUntilResult: {
    does: 'As long as a package has no result it has no package for the eUICC.',
    override: correct => ({
      choosesPackage: (waiting, outstanding) => (outstanding.length > 0 ? undefined : correct.choosesPackage(waiting, outstanding)),
    }),
  },
  handsOutLatestFirst: {
    does: 'The package that was ordered last goes out first.',
    override: correct => ({ choosesPackage: (waiting, outstanding) => correct.choosesPackage(latestOrder(waiting), outstanding) }),
  },
  signsEveryHandOut: {
    does: 'It builds a package anew, with the next counter value, whenever it hands it out again.',
    override: () => ({ repeatsOctets: () => false }),
  },
  splitsEveryOperation: {
    does: 'Every operation gets a package of its own.',
    override: () => ({ splitsOperations: operations => operations.map(operation => [operation]) }),
  },
  skipsCounters: { does: 'Its counter grows by seven.', override: () => ({ nextCounter: previous => previous + 7 }) },
  sharesCounter: { does: 'It has one counter for all eUICCs.', override: () => ({ keepsCounterPerEuicc: () => false }) },
  shortTransactionIds: {
    does: 'Its eimTransactionIds are single octets, counted up.',
    override: () => {
      let latest = 0;
      return {
        newEimTransactionId: () => {
          latest = (latest + 1) % 256;
          return Uint8Array.of(latest);
        },
      };
    },
  },
  trustsViewAfterStateChange: {
    does: 'It does not mark its view of the eUICC as outdated.',
    override: () => ({ marksStale: () => false }),
  },
  speaksLaterVersion: {
    does: 'Its messages end with an element of a later version.',
    override: () => ({
      outgoing: (type, octets) => {
        if (type === 'InitiateAuthenticationResponseEsipa') return edit(octets, 'A0', withUnknownElement);
        return type === 'AuthenticateClientResponseEsipa' ? edit(octets, 'A0', withUnknownElement) : octets;
      },
    }),
  },
};

/** Packages in the reverse order of their orders; those of one order stay in theirs. */
const latestOrder = <P extends { readonly order: object }>(waiting: readonly P[]): readonly P[] => {
  const last = waiting.at(-1)?.order;
  return [...waiting.filter(p => p.order === last), ...waiting.filter(p => p.order !== last)];
};

/** Variants of results and notifications. SGP.32 5.14.6, 5.14.7, 3.7 */
const results: Readonly<Record<string, EimVariant>> = {
  discardsSilently: {
    does: 'It answers results that it discards with emptyResponse.',
    override: () => ({ answersDiscarded: () => undefined }),
  },
  refusesBadResultsByHttp: {
    does: 'It answers results that it discards with HTTP status 400.',
    override: answering(answer =>
      startsWith(answer, 'BF50') && contentAt(answer.body, '02')?.[0] === UNDEFINED_ERROR ? refusal(400) : answer,
    ),
  },
  acknowledgesRepeatedResult: {
    does: 'It acknowledges a result once more when it is delivered once more.',
    override: () => ({ acceptsSeqNumber: (previous, found) => previous === undefined || found >= previous }),
  },
  refusesRepeatedResult: {
    does: 'It answers a result that it has seen before with undefinedError.',
    override: () => ({ answersDiscarded: () => UNDEFINED_ERROR }),
  },
  acknowledgesByEmptyList: {
    does: 'Where there is nothing to acknowledge it sends an empty list.',
    override: () => ({
      outgoing: (type, octets) => (type === 'ProvideEimPackageResultResponse' ? edit(octets, '30', () => tlv(0xbf53)) : octets),
    }),
  },
  acknowledgesInReverseOrder: {
    does: 'It lists what it acknowledges from the last to the first.',
    override: () => ({ acknowledges: numbers => [...numbers].reverse() }),
  },
  forwardsLate: { does: 'It forwards notifications half a second later.', override: () => ({ postpones: () => ({ seconds: 0.5 }) }) },
  forwardsDuplicates: {
    does: 'It forwards a notification as often as it is delivered.',
    override: () => ({ forwardsAgain: () => true }),
  },
  neverMinimizes: { does: 'It leaves nothing out for IPAs that could do without it.', override: () => ({ minimizes: () => false }) },
};

/** Variants by name. */
export const eimVariants: Readonly<Record<string, EimVariant>> = {
  ...transport,
  ...packages,
  ...results,
  ...eimVersionVariants,
};

/**
 * Variants that one eIM can have at the same time. The self-test runs the catalogue once per group; what fails there is
 * tried with each variant of the group alone.
 */
export const eimVariantGroups: readonly (readonly string[])[] = [
  [
    'speaksTls12Only',
    'announcesKeepAlive',
    'chunkedBodies',
    'answersNotificationsWith200',
    'repeatsUndeliveredPackage',
    'skipsCounters',
    'discardsSilently',
    'forwardsDuplicates',
  ],
  [
    'presentsBrainpoolCertificate',
    'closesEveryConnection',
    'extraHeaders',
    'transfersToOtherPath',
    'refusesEverythingWith400',
    'withholdsPackageUntilResult',
    'sharesCounter',
    'refusesRepeatedResult',
    'acknowledgesInReverseOrder',
    'trustsViewAfterStateChange',
  ],
  [
    'choosesCbcSuite',
    'writesMediaTypeInCapitals',
    'refusesByClosing',
    'handsOutLatestFirst',
    'signsEveryHandOut',
    'shortTransactionIds',
    'acknowledgesRepeatedResult',
    'acknowledgesByEmptyList',
    'neverMinimizes',
  ],
  ['servesAnyMediaType', 'splitsEveryOperation', 'refusesBadResultsByHttp', 'speaksLaterVersion', 'forwardsLate', 'answersSlowly'],
  ['speaksV10'],
  ['speaksV11'],
  ['speaksV13'],
];
