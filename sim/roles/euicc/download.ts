/** Profile download on the card: PrepareDownload and CancelSession. SGP.22 5.7.5, 5.7.14; SGP.32 5.14.2, 5.14.8 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, equal, tlv } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { receiveProfile } from '#protocol/bpp/receive.js';
import { sign, verify } from '#protocol/crypto/ecdsa.js';
import { type Curve, type PrivateKey, type PublicKey, privateKeyFromScalar } from '#protocol/crypto/key.js';
import { type CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { type CancelSessionRequest, EUICCSigned2, EuiccCancelSessionSigned, type PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { certificateError, verifyServer } from './authentication.js';
import { objection } from './installation.js';
import { endSession, type OpenSession, openSession } from './session.js';
import { breaksDown, type Chip } from './state.js';

/** DownloadErrorCode. SGP.22 5.7.5 */
const ERRORS = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidTransactionId: 5,
  undefinedError: 127,
} as const;

/** How many one-time keys there is room for; an older one gives way. */
const KEPT_KEYS = 4;

/** A one-time key from the world's random source; the first bit cleared, every scalar lies below both orders. */
const oneTimeKey = (chip: Chip, curve: Curve): PrivateKey => {
  const scalar = Uint8Array.from(chip.world.random(32));
  scalar[0] = (scalar[0] as number) & 0x7f;
  return privateKeyFromScalar(curve, scalar);
};

const sameId = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => (a && b ? equal(a, b) : a === b);

type Request = Decoded<ValueOf<typeof PrepareDownloadRequest>>;

const check = (chip: Chip, open: OpenSession | undefined, request: Request): keyof typeof ERRORS | { readonly dpPbKey: PublicKey } => {
  const { smdpCertificate, smdpSigned2, smdpSignature2 } = request.value;
  if (!open) return 'noSessionContext';
  const curves = chip.credentials.map(c => c.curve);
  const server = verifyServer(chip, smdpCertificate, ['dp-pb'], curves);
  if (typeof server === 'string') return certificateError(server) === 'unsupportedCurve' ? 'unsupportedCurve' : 'invalidCertificate';
  // CERT.DPpb must belong to the SM-DP+ that was authenticated, and come from the same CI. SGP.22 5.7.5
  const isOfSession = server.registeredIds?.includes(open.oid) && sameId(server.authorityKeyId, open.session.serverCiPKId);
  if (!server.publicKey || !isOfSession) return 'invalidCertificate';
  const covered = concat(fieldOctets(request, 'smdpSigned2') ?? new Uint8Array(), open.euiccSignature1);
  if (!verify(server.publicKey, covered, smdpSignature2)) return 'invalidSignature';
  if (!equal(smdpSigned2.transactionId, open.transactionId)) return 'invalidTransactionId';
  return breaksDown(chip, 'prepareDownload') ? 'undefinedError' : { dpPbKey: server.publicKey };
};

/** ES10b.PrepareDownload; returns the complete BF21. */
export const prepareDownload = (chip: Chip, request: Request): Uint8Array => {
  const { spec } = chip.world;
  const { transactionId, bppEuiccOtpk } = request.value.smdpSigned2;
  const open = openSession(chip);
  const checked = check(chip, open, request);
  if (typeof checked === 'string' || !open) {
    const downloadErrorCode = ERRORS[typeof checked === 'string' ? checked : 'noSessionContext'];
    return encode(PrepareDownloadResponse, { downloadResponseError: { transactionId, downloadErrorCode } }, { spec });
  }
  const { session, credential, oid } = open;
  const kept = chip.memory.otKeys.find(k => k.oid === oid && bppEuiccOtpk !== undefined && equal(k.key.point, bppEuiccOtpk));
  const otKey = kept?.key ?? oneTimeKey(chip, credential.curve);
  if (!kept) chip.memory.otKeys = [...chip.memory.otKeys.slice(1 - KEPT_KEYS), { oid, key: otKey }];
  const euiccSigned2 = encode(EUICCSigned2, { transactionId, euiccOtpk: otKey.point, hashCc: request.value.hashCc }, { spec });
  const smdpSignature2 = tlv(0x5f37, request.value.smdpSignature2);
  session.otKey = otKey;
  session.smdpSignature2 = smdpSignature2;
  session.receiver = receiveProfile({
    euiccOtKey: otKey,
    dpPbKey: checked.dpPbKey,
    transactionId,
    eid: chip.eid,
    refuse: (command, octets) => objection(chip, session, command, octets),
  });
  const euiccSignature2 = sign(credential.key, concat(euiccSigned2, smdpSignature2));
  return encode(PrepareDownloadResponse, { downloadResponseOk: { euiccSigned2: raw(euiccSigned2), euiccSignature2 } }, { spec });
};

/** ES10b.CancelSession: signs the reason and forgets the session. SGP.22 5.7.14 */
export const cancelSession = (
  chip: Chip,
  request: ValueOf<typeof CancelSessionRequest>,
): InputOf<ValueOf<typeof CancelSessionResponse>> => {
  const open = openSession(chip);
  if (!open || !equal(open.transactionId, request.transactionId)) return { cancelSessionResponseError: 5 };
  if (breaksDown(chip, 'cancelSession')) return { cancelSessionResponseError: ERRORS.undefinedError };
  const { transactionId, reason } = request;
  const signed = encode(EuiccCancelSessionSigned, { transactionId, smdpOid: open.oid, reason });
  endSession(chip, open.session, false);
  return {
    cancelSessionResponseOk: { euiccCancelSessionSigned: raw(signed), euiccCancelSessionSignature: sign(open.credential.key, signed) },
  };
};
