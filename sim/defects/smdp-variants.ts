/** Conformant variants of an SM-DP+: each behaves differently where the specification leaves a choice. docs/interpretations.md */
import { answering, statusOf, withMeta } from './frames.js';
import { deciding, type SmdpDeviations } from './smdp-deviation.js';
import { withJson } from './smdp-frames.js';

const hasBody = (answer: { readonly body: Uint8Array }): boolean => answer.body.length > 0;

/** JSON without the members `message`, however deep. */
const withoutMessage = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutMessage);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'message')
      .map(([name, inner]) => [name, withoutMessage(inner)]),
  );
};

/** Variants in TLS, HTTP and JSON. SGP.22 2.6.6, 6.2, 6.5 */
const transport: SmdpDeviations = {
  speaksTls12Only: { does: 'It speaks no TLS above 1.2.', tls: { offer: { maxVersion: 'TLSv1.2' } } },
  choosesCbcSuite: {
    does: 'In TLS 1.2 it has the CBC suite C023 only.',
    tls: { offer: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } },
  },
  presentsBrainpoolCertificate: { does: 'Its TLS certificate is on brainpoolP256r1.', tls: { certificate: 'CERT_S_SM_DP_TLS_BRP' } },
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
    override: answering(answer => (hasBody(answer) ? withMeta(answer, { 'transfer-encoding': 'chunked' }) : answer)),
  },
  extraHeaders: {
    does: 'Its answers carry headers that ES9+ does not name.',
    override: answering(answer =>
      withMeta(answer, { server: 'smdp/7.3', 'cache-control': 'no-store', 'strict-transport-security': 'max-age=1', 'x-request-id': '1' }),
    ),
  },
  writesMediaTypeWithoutCharset: {
    does: 'It writes the media type in capitals and without charset.',
    override: answering(answer => (hasBody(answer) ? withMeta(answer, { 'content-type': 'Application/JSON' }) : answer)),
  },
  extraMembers: {
    does: 'Its JSON objects have members that ES9+ does not name.',
    override: answering(answer =>
      withJson(answer, object => ({ 'x-trace': { span: [1, 2] }, ...object, notices: [], $schema: 'https://rsp.example.com/es9plus' })),
    ),
  },
  indentsJson: { does: 'It writes JSON in lines.', override: answering(answer => withJson(answer, object => object, 2)) },
  reordersMembers: {
    does: 'The members of its JSON objects come from the last to the first.',
    override: answering(answer => withJson(answer, object => Object.fromEntries(Object.entries(object).reverse()))),
  },
  omitsMessageTexts: {
    does: 'Its status codes come without a text.',
    override: answering(answer => withJson(answer, withoutMessage)),
  },
  refusesByClosing: {
    does: 'Instead of refusing a request by HTTP it closes the connection.',
    override: answering(answer => (statusOf(answer) >= 400 ? { fault: 'cut' } : answer)),
  },
  answersSlowly: { does: 'It takes its time for every answer.', pause: { seconds: 0.03 } },
};

const MOST_ATTEMPTS = 2;

/** Variants of sessions, orders and packages. SGP.22 2.5, 3.1, 5.6 */
const functions: SmdpDeviations = {
  shortTransactionIds: deciding('Its TransactionIDs have four octets.', { newTransactionId: random => random(4) }),
  comparesAddressExactly: deciding('It refuses its own address when it is written otherwise.', {
    acceptsAddress: (own, given) => own === given,
  }),
  protectsByRandomKeys: {
    does: 'It protects every Profile by random keys instead of the session keys.',
    override: (_correct, { random }) => ({
      binds: made => ({ ...made, ppk: made.ppk ?? { initialMacChainingValue: random(16), encryption: random(16), mac: random(16) } }),
    }),
  },
  cutsMetadata: deciding('It sends metadata in blocks of 32 octets.', { binds: made => ({ ...made, metadataCapacity: 32 }) }),
  sendsSmallBlocks: deciding('It sends profile elements in blocks of 240 octets.', { binds: made => ({ ...made, blockCapacity: 240 }) }),
  bindsAnew: deciding('It makes a new package for every download.', { keepsBinding: () => false }),
  neverOffersOtpk: deciding('It never offers an eUICC its former one-time key.', { offersOtpk: () => undefined }),
  refusesRebinding: deciding('It binds a Profile to one one-time key and to no other.', {
    acceptsOtpk: (offered, given) => offered === undefined || Buffer.compare(offered, given) === 0,
  }),
  allowsFewAttempts: deciding('It takes two wrong Confirmation Codes and no more.', { endsAttempts: failures => failures > MOST_ATTEMPTS }),
  answersRepetitionsAnew: deciding('It does not remember what it answered to a request.', { repeatsAnswers: () => false }),
  blamesRangeByItsCode: {
    does: 'It has a code of its own for an EID out of the range of its EUM.',
    override: correct => ({
      blamesCertificate: (owner, fault) => (fault === 'nameConstraint' ? '8.1.4/6.1' : correct.blamesCertificate(owner, fault)),
    }),
  },
};

/** Variants by name. */
export const smdpVariants: SmdpDeviations = { ...transport, ...functions };

/**
 * Variants that one SM-DP+ can have at the same time. The self-test runs the catalogue once per group; what fails there is
 * tried with each variant of the group alone.
 */
export const smdpVariantGroups: readonly (readonly string[])[] = [
  [
    'speaksTls12Only',
    'announcesKeepAlive',
    'chunkedBodies',
    'extraMembers',
    'shortTransactionIds',
    'protectsByRandomKeys',
    'neverOffersOtpk',
    'answersRepetitionsAnew',
  ],
  [
    'presentsBrainpoolCertificate',
    'closesEveryConnection',
    'extraHeaders',
    'reordersMembers',
    'cutsMetadata',
    'refusesRebinding',
    'allowsFewAttempts',
  ],
  [
    'choosesCbcSuite',
    'writesMediaTypeWithoutCharset',
    'indentsJson',
    'refusesByClosing',
    'sendsSmallBlocks',
    'bindsAnew',
    'comparesAddressExactly',
  ],
  ['omitsMessageTexts', 'blamesRangeByItsCode', 'answersSlowly'],
];
