/** Seeded defects of an eUICC in RSP sessions: authentication, preparation, cancellation. SGP.22 5.7.5, 5.7.13, 5.7.14 */
import { concat } from '#protocol/asn1/tlv.js';
import type { SignedObject } from '../roles/euicc/decision-names.js';
import { contained, edit, removed, spoilt } from './edits.js';
import {
  answering,
  deciding,
  type EuiccDeviation,
  type EuiccDeviations,
  overlooking,
  sending,
  signing,
  without,
} from './euicc-deviation.js';
import { octets, rearranged } from './euicc-edits.js';

const AUTHENTICATE = 'authenticateServer';
const PREPARE = 'prepareDownload';
const SIGNED1 = 'euiccSigned1';
const SIGNED2 = 'euiccSigned2';
const CANCELLED = 'euiccCancelSessionSigned';
const INVALID_CERTIFICATE = 1;
const UNDEFINED_ERROR = 127;

const spoiling = (does: string, object: SignedObject): EuiccDeviation =>
  deciding(does, { writesSignature: (name, signature) => (name === object ? spoilt(signature) : signature) });
const otherDigit = contained(content => content.map((octet, i) => (i === content.length - 1 ? octet ^ 0x01 : octet)));

/** Role policies of SGP.22 v3 have an arc more than those of v2, one for each CA between. */
const isOfV2 = (oid: string): boolean => /^2\.23\.146\.1\.2\.1\.\d+$/.test(oid);

/** AuthenticateResponseOk with its last two members exchanged. */
const exchanged = rearranged(members => [...members.slice(0, 2), ...members.slice(2).reverse()]);

/** Defects of AuthenticateServer. */
export const euiccAuthenticationDefects: EuiccDeviations = {
  ignoresServerCertificate: overlooking('It does not verify the certificate of a server.', AUTHENTICATE, 'certificate'),
  ignoresServerRole: overlooking('It takes any certificate of its CI for that of a server.', AUTHENTICATE, 'role'),
  ignoresServerSignature: overlooking('It does not verify the signature of a server.', AUTHENTICATE, 'signature'),
  ignoresServerCiPKId: overlooking('It takes any CI key identifier for one of its own.', AUTHENTICATE, 'ciPKId'),
  ignoresChallenge: overlooking('It does not compare the challenge that a server signed.', AUTHENTICATE, 'challenge'),
  needsNoChallenge: overlooking('It authenticates a server without having given a challenge.', AUTHENTICATE, 'session'),
  takesChallengeTwice: without('It takes a challenge a second time.', 'forgetChallenge'),
  goesOnAfterChallenge: without('It goes on with a session after it gave a new challenge.', 'renewSession'),
  knowsRolesOfV2Only: deciding('It knows the roles of servers by the OIDs of SGP.22 v2 alone.', {
    knowsPolicies: oids => oids.every(isOfV2),
  }),
  takesNoSmds: deciding('It takes no SM-DS for a server.', { serverRoles: () => ['dp-auth'] }),
  answersInvalidCertificateToRole: answering('It calls a certificate of another role invalid.', AUTHENTICATE, INVALID_CERTIFICATE, 'role'),
  answersInvalidCertificateToCurve: answering(
    'It calls a certificate on another curve invalid.',
    AUTHENTICATE,
    INVALID_CERTIFICATE,
    'curve',
  ),
  answersOidToInvalidCertificate: answering(
    'It takes a wrong signature in a certificate for a wrong role.',
    AUTHENTICATE,
    5,
    'certificate',
  ),
  spoilsSignature1: spoiling('The last bit of euiccSignature1 is wrong.', SIGNED1),
  altersServerChallenge: signing('It signs another challenge than the server sent.', SIGNED1, '84', otherDigit),
  altersServerAddress: signing(
    'It signs another address than the server sent.',
    SIGNED1,
    '83',
    contained(() => octets('61')),
  ),
  altersTransactionId: signing('It signs another transactionId than the server sent.', SIGNED1, '80', otherDigit),
  dropsMatchingId: signing('It leaves the matchingId out of what it signs.', SIGNED1, 'A0 80', removed),
  signsInfoWithoutIot: signing('The EUICCInfo2 that it signs has no iotSpecificInfo.', SIGNED1, 'BF22 B4', removed),
  sendsEumCertificateFirst: sending('It sends the certificate of the EUM in place of its own.', 'AuthenticateServerResponse', message =>
    edit(message, 'A0', exchanged),
  ),
};
/** Defects of PrepareDownload. */
export const euiccPreparationDefects: EuiccDeviations = {
  ignoresSmdpSignature2: overlooking('It does not verify smdpSignature2.', PREPARE, 'signature'),
  ignoresTransactionIdOfDownload: overlooking('It does not compare the transactionId of a download.', PREPARE, 'transactionId'),
  ignoresOidOfPb: overlooking('It takes the package binding certificate of any SM-DP+.', PREPARE, 'oid'),
  ignoresRoleOfPb: overlooking('It takes any certificate of the SM-DP+ for package binding.', PREPARE, 'role'),
  ignoresIssuerOfPb: overlooking('It takes a package binding certificate of any CI.', PREPARE, 'issuer'),
  ignoresCertificateOfPb: overlooking('It does not verify the package binding certificate.', PREPARE, 'certificate'),
  answersSignatureToWrongPb: answering(
    'It takes the package binding certificate of another SM-DP+ for a wrong signature.',
    PREPARE,
    2,
    'oid',
  ),
  answersInvalidCertificateToPbCurve: answering(
    'It calls a package binding certificate on another curve invalid.',
    PREPARE,
    INVALID_CERTIFICATE,
    'curve',
  ),
  spoilsSignature2: spoiling('The last bit of euiccSignature2 is wrong.', SIGNED2),
  signsDownloadAlone: {
    does: 'It signs euiccSigned2 without smdpSignature2 behind it.',
    override: correct => ({ covers: (name, object, behind) => (name === SIGNED2 ? object : correct.covers(name, object, behind)) }),
  },
  compressesOneTimeKey: signing(
    'It sends its one-time key as a compressed point.',
    SIGNED2,
    '5F49',
    contained(point => concat(Uint8Array.of(0x02 + ((point[64] ?? 0) & 1)), point.subarray(1, 33))),
  ),
  dropsHashCc: signing('It leaves the hash of the confirmation code out of what it signs.', SIGNED2, '04', removed),
  keepsOneOneTimeKey: without('It has one one-time key for every download.', 'renewOneTimeKey'),
  forgetsOneTimeKey: without('It has a new one-time key for a download that is repeated.', 'reuseOneTimeKey'),
  answersOtherCodeToNoSession: answering('It answers undefinedError to a download without a session.', PREPARE, UNDEFINED_ERROR, 'session'),
  altersPreparedTransactionId: signing('It signs another transactionId in euiccSigned2.', SIGNED2, '80', otherDigit),
};

/** Defects of CancelSession. */
export const euiccCancellationDefects: EuiccDeviations = {
  signsOtherReason: signing('It cancels with undefinedReason whatever the reason.', CANCELLED, '82', () => octets('82017F')),
  signsOtherServer: signing('It cancels in the name of another SM-DP+.', CANCELLED, '81', () => octets('8103883763')),
  spoilsCancelSignature: spoiling('The last bit of the signature of a cancellation is wrong.', CANCELLED),
  cancelsAnySession: overlooking('It cancels its session whatever the transactionId.', 'cancelSession', 'transactionId'),
  answersOtherCodeToWrongCancellation: answering(
    'It answers undefinedError to the cancellation of a session that is none.',
    'cancelSession',
    UNDEFINED_ERROR,
    'session',
    'transactionId',
  ),
  keepsCancelledSession: without('It goes on with a session that was cancelled.', 'endSession'),
};
