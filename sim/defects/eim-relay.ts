/** Seeded defects of an eIM in downloads that it relays, and as TLS and HTTP client of RSP servers. SGP.32 3.2.3.2, 5.14; SGP.22 2.6.6 */
import { createHash } from 'node:crypto';
import { concat, fromHex, tlv } from '#protocol/asn1/tlv.js';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviation, EimDeviations } from './deviation.js';
import { type Change, contained, contentAt, edit, removed, spoilt } from './edits.js';
import { answering, refusal, startsWith } from './frames.js';

const UNDEFINED_ERROR = 127;
const MATCHING_ID = '0C';

const deciding = (does: string, decisions: ReturnType<EimOverride>): EimDeviation => ({ does, override: () => decisions });

/** Relays one field otherwise than it came. */
const relaying = (does: string, field: string, change: Change): EimDeviation => ({
  does,
  override: () => ({ relays: (name, octets) => (name === field ? change(octets) : octets) }),
});

/** Sends messages of one type otherwise. */
const sending = (does: string, type: string, change: Change): EimDeviation => ({
  does,
  override: () => ({ outgoing: (name, octets) => (name === type ? change(octets) : octets) }),
});

/** What a server said in the first session goes into every other one. */
const cachesServerProof: EimOverride = () => {
  const cache = new Map<string, Uint8Array>();
  return {
    relays: (field, octets) => {
      if (!field.startsWith('server')) return octets;
      const kept = cache.get(field) ?? octets;
      cache.set(field, kept);
      return kept;
    },
  };
};

const reusesHashCc: EimOverride = () => {
  let first: Uint8Array | undefined;
  return {
    writesHashCc: hash => {
      first ??= hash;
      return first;
    },
  };
};

/** Any ICCID, or the code alone, without the TransactionID that goes in with it. */
const HASH_OF_NOTHING = new Uint8Array(createHash('sha256').digest());
const EMPTY_TRIGGER = tlv(0xbf54);

/** Defects in what it checks of a download. SGP.32 5.14.1 to 5.14.3 */
export const eimDownloadDefects: EimDeviations = {
  acceptsUnknownEimTransactionId: deciding('It takes an eimTransactionId that it never gave out for one of its downloads.', {
    acceptsEimTransactionId: () => true,
  }),
  acceptsUnknownSession: deciding('It takes a transactionId of no session for its latest one.', { acceptsSession: () => true }),
  ignoresAddressOfIpa: deciding('It does not compare the address that the IPA gives with that of the download.', {
    checksIpaAddress: () => true,
  }),
  ignoresAddressOfServer: deciding('It does not compare the address that a server signs with the one called.', {
    checksServerAddress: () => true,
  }),
  ignoresOidOfServer: deciding('It does not compare the OID of a server with the one ordered.', { checksOid: () => true }),
  ignoresMetadataMismatch: deciding('It delivers packages whose metadata are not those offered.', { acceptsMetadata: () => true }),
  ignoresPolicyRules: deciding('It passes on Profiles whatever their policy rules.', { acceptsPolicyRules: () => true }),
  refusesEveryPolicyRule: deciding('It refuses every Profile that it has to judge.', { acceptsPolicyRules: () => false }),
  sendsEmptyTriggers: deciding('It leaves the download data out of every trigger.', { sendsEmptyTrigger: () => true }),
  neverHoldsDownloadData: deciding('It sends the activation code although it was told to keep it.', { sendsEmptyTrigger: () => false }),
  cachesServerProof: { does: 'It answers every session with the server proof of its first one.', override: cachesServerProof },
  refusesEveryOid: deciding('It refuses every server when an OID was ordered.', { checksOid: expected => expected === undefined }),
  refusesCompactForms: deciding('It does not use what was rebuilt from a compact form.', { acceptsRebuilt: () => false }),
  losesTriggerResults: deciding('It finds the trigger of no result.', { acceptsTransactionId: () => false }),
  countsInstallationAsFailure: deciding('It takes every installation for failed.', { settlesDownload: () => false }),
  countsFailureAsInstallation: deciding('It takes every installation result for a success.', { settlesDownload: () => true }),
  answersServerErrorsUndefined: deciding('It answers undefinedError whatever error a server reports.', {
    mapsStatus: () => UNDEFINED_ERROR,
  }),
  confusesCodeErrors: deciding(
    'It reports exhausted attempts at a Confirmation Code like a wrong one, and a wrong one like a missing one.',
    {
      mapsStatus: (step, code) => (step === 'GetBoundProfilePackage' && (code === 3 || code === 4) ? code - 1 : code),
    },
  ),
  refusesByHttpWhenServerFails: {
    does: 'When a server fails it answers InitiateAuthentication with HTTP status 500.',
    override: answering(answer =>
      startsWith(answer, 'BF39') && contentAt(answer.body, '81')?.[0] === UNDEFINED_ERROR ? refusal(500) : answer,
    ),
  },
};

/** The answer of the session before goes into the next one. */
const answersWithPreviousOffer: EimOverride = () => {
  let previous: Uint8Array | undefined;
  return {
    outgoing: (type, octets) => {
      if (type !== 'AuthenticateClientResponseEsipa') return octets;
      const answer = previous ?? octets;
      previous = octets;
      return answer;
    },
  };
};

/** Defects in what it passes on. SGP.32 3.2.3.2 */
export const eimRelayDefects: EimDeviations = {
  namesOtherServer: sending(
    'It names another address than the one called in InitiateAuthentication.',
    'InitiateAuthenticationRequest',
    octets =>
      edit(
        octets,
        '83',
        contained(() => new TextEncoder().encode('other.example.com')),
      ),
  ),
  spoilsServerSignature: relaying('It spoils the signature of the server.', 'serverSignature1', spoilt),
  repairsServerCertificate: {
    does: 'It replaces the certificate of an SM-DP+ by one that it knows.',
    override: (_correct, { pki }) => ({
      relays: (field, octets) => (field === 'serverCertificate' ? (pki.certificate('CERT_S_SM_DPauth') ?? octets) : octets),
    }),
  },
  repairsBindingCertificate: {
    does: 'It replaces the package binding certificate of an SM-DP+ by one that it knows.',
    override: (_correct, { pki }) => ({
      relays: (field, octets) => (field === 'smdpCertificate' ? (pki.certificate('CERT_S_SM_DPpb') ?? octets) : octets),
    }),
  },
  omitsMatchingId: sending('It keeps the MatchingID from the IPA.', 'InitiateAuthenticationResponseEsipa', octets =>
    edit(edit(octets, `A0 ${MATCHING_ID}`, removed), 'A0 A2', removed),
  ),
  spoilsEuiccProof: relaying("It spoils the eUICC's proof of identity.", 'authenticateServerResponse', spoilt),
  spoilsEuiccAcceptance: relaying("It spoils the eUICC's acceptance of the offer.", 'prepareDownloadResponse', spoilt),
  spoilsCancellation: relaying("It spoils the eUICC's cancellation.", 'cancelSessionResponse', spoilt),
  namesOtherServerInTrigger: sending('The activation code of its triggers names another SM-DP+.', 'GetEimPackageResponse', octets =>
    edit(
      octets,
      'BF54 A0 80',
      contained(() => new TextEncoder().encode('1$other.example.com$')),
    ),
  ),
  answersWithPreviousOffer: {
    does: 'It answers AuthenticateClient with the offer of the session before.',
    override: answersWithPreviousOffer,
  },
  spoilsOfferSignature: relaying('It spoils the signature of an offer.', 'smdpSignature2', spoilt),
  confirmsNoCancellation: sending('It answers every cancellation with undefinedError.', 'CancelSessionResponseEsipa', () =>
    tlv(0xbf41, tlv(0x81, Uint8Array.of(UNDEFINED_ERROR))),
  ),
  spoilsMetadata: relaying('It spoils the metadata of an offer.', 'profileMetaData', spoilt),
  spoilsPackage: relaying('It spoils the last octet of the Bound Profile Package.', 'boundProfilePackage', spoilt),
  omitsHashCc: deciding('It does not hand the hash of a Confirmation Code to the IPA.', { writesHashCc: () => undefined }),
  hashesWithoutTransactionId: deciding('It hashes something else than Confirmation Code and TransactionID.', {
    writesHashCc: () => HASH_OF_NOTHING,
  }),
  reusesHashCc: { does: 'It hands out the hash of its first Confirmation Code for ever.', override: reusesHashCc },
  alwaysSendsHashCc: sending('It sends a hash even where no Confirmation Code is asked for.', 'AuthenticateClientResponseEsipa', octets =>
    edit(
      octets,
      'A0',
      contained(content => (contentAt(octets, 'A0 04') ? content : concat(content, tlv(0x04, HASH_OF_NOTHING)))),
    ),
  ),
  dropsEventTrigger: sending('It does not pass on the event of an SM-DS.', 'AuthenticateClientResponseEsipa', octets =>
    edit(octets, 'A1 BF54', removed),
  ),
  inventsEventTrigger: sending('Without an event it sends a trigger all the same.', 'AuthenticateClientResponseEsipa', octets =>
    edit(
      octets,
      'A1',
      contained(content => (contentAt(octets, 'A1 BF54') === undefined ? concat(content, EMPTY_TRIGGER) : content)),
    ),
  ),
  answersErrorsWithTrigger: sending(
    'Instead of an error of AuthenticateClient it sends a trigger.',
    'AuthenticateClientResponseEsipa',
    octets => edit(octets, '82', () => tlv(0xa1, tlv(0x80, fromHex('00') ?? new Uint8Array()), EMPTY_TRIGGER)),
  ),
};

const without = (name: string, meta: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(meta).filter(([key]) => key !== name));

/** Defects towards RSP servers. SGP.22 2.6.6, 6.2 */
export const eimServerDefects: EimDeviations = {
  trustsUnknownCi: { does: 'It trusts RSP servers of a CI that it does not know.', servers: { trusts: ['CERT_CI_UNKNOWN'] } },
  acceptsAnyServerPurpose: deciding('It takes any trusted certificate for that of an RSP server.', {
    acceptsServerCertificate: () => true,
  }),
  resumesServerSessions: {
    does: 'It resumes TLS 1.2 sessions with RSP servers and so keeps their secrets.',
    servers: { offer: { maxVersion: 'TLSv1.2', resume: true } },
  },
  omitsVersionOnEs9plus: {
    does: 'Its requests to RSP servers lack X-Admin-Protocol.',
    servers: { edit: request => ({ ...request, meta: without('x-admin-protocol', request.meta) }) },
  },
  callsOtherPath: {
    does: 'It calls RSP servers under /gsma/rsp3.',
    servers: {
      edit: request => ({ ...request, meta: { ...request.meta, ':path': request.meta[':path']?.replace('rsp2', 'rsp3') ?? '' } }),
    },
  },
};
