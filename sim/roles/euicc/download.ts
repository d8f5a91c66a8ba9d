/** Profile download on the card: PrepareDownload and CancelSession. SGP.22 5.7.5, 5.7.14; SGP.32 5.14.2, 5.14.8 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, equal, tlv } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { receiveProfile } from '#protocol/bpp/receive.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { type Curve, type PrivateKey, type PublicKey, privateKeyFromScalar } from '#protocol/crypto/key.js';
import { type CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { type CancelSessionRequest, EUICCSigned2, EuiccCancelSessionSigned, type PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { checkServer } from './authentication.js';
import { objection } from './installation.js';
import { refusal } from './judgement.js';
import { endSession, type OpenSession, openSession } from './session.js';
import { signObject } from './signing.js';
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

const check = (chip: Chip, open: OpenSession | undefined, request: Request): number | { readonly dpPbKey: PublicKey } => {
  const { smdpCertificate, smdpSigned2, smdpSignature2 } = request.value;
  const curves = chip.credentials.map(c => c.curve);
  const { server, checks } = checkServer(chip, smdpCertificate, ['dp-pb'], curves, ERRORS.invalidCertificate);
  const covered = concat(fieldOctets(request, 'smdpSigned2') ?? new Uint8Array(), open?.euiccSignature1 ?? new Uint8Array());
  const isGenuine = server?.publicKey && verify(server.publicKey, covered, smdpSignature2);
  const code = refusal(chip, 'prepareDownload', [
    ['session', ERRORS.noSessionContext, open === undefined],
    ...checks,
    // CERT.DPpb must belong to the SM-DP+ that was authenticated, and come from the same CI. SGP.22 5.7.5
    ['oid', ERRORS.invalidCertificate, open !== undefined && server?.registeredIds?.includes(open.oid) !== true],
    ['issuer', ERRORS.invalidCertificate, open !== undefined && !sameId(server?.authorityKeyId, open.session.serverCiPKId)],
    ['signature', ERRORS.invalidSignature, !isGenuine],
    ['transactionId', ERRORS.invalidTransactionId, open !== undefined && !equal(smdpSigned2.transactionId, open.transactionId)],
    ['breakdown', ERRORS.undefinedError, breaksDown(chip, 'prepareDownload')],
  ]);
  return code === undefined && server?.publicKey ? { dpPbKey: server.publicKey } : (code ?? ERRORS.undefinedError);
};

/** The key that the SM-DP+ names for a repeated download, or a new one. SGP.22 5.7.5 */
const oneTimeKeyFor = (chip: Chip, { oid, credential }: OpenSession, named: Uint8Array | undefined): PrivateKey => {
  const { memory, decisions } = chip;
  const kept = memory.otKeys.find(k => k.oid === oid && named !== undefined && equal(k.key.point, named));
  const former = memory.otKeys.findLast(k => k.key.curve === credential.curve);
  if (former && !decisions.performs('renewOneTimeKey')) return former.key;
  if (kept && chip.config.supports?.otpkReuse !== false && decisions.performs('reuseOneTimeKey')) return kept.key;
  const key = oneTimeKey(chip, credential.curve);
  memory.otKeys = [...memory.otKeys.slice(1 - KEPT_KEYS), { oid, key }];
  return key;
};

/** ES10b.PrepareDownload; returns the complete BF21. */
export const prepareDownload = (chip: Chip, request: Request): Uint8Array => {
  const { spec } = chip.world;
  const { transactionId, bppEuiccOtpk } = request.value.smdpSigned2;
  const open = openSession(chip);
  const checked = check(chip, open, request);
  if (typeof checked === 'number' || !open) {
    const downloadErrorCode = typeof checked === 'number' ? checked : ERRORS.noSessionContext;
    return encode(PrepareDownloadResponse, { downloadResponseError: { transactionId, downloadErrorCode } }, { spec });
  }
  const { session, credential } = open;
  const otKey = oneTimeKeyFor(chip, open, bppEuiccOtpk);
  const euiccSigned2 = encode(EUICCSigned2, { transactionId, euiccOtpk: otKey.point, hashCc: request.value.hashCc }, { spec });
  const smdpSignature2 = tlv(0x5f37, request.value.smdpSignature2);
  session.otKey = otKey;
  session.smdpSignature2 = smdpSignature2;
  session.receive = () =>
    receiveProfile({
      euiccOtKey: otKey,
      dpPbKey: checked.dpPbKey,
      transactionId,
      eid: chip.eid,
      refuse: (command, octets) => objection(chip, session, command, octets),
      anyOrder: !chip.decisions.hinders('loadBoundProfilePackage', 'commandOrder'),
      overlooks: reason => !chip.decisions.hinders('loadBoundProfilePackage', reason),
    });
  session.receiver = session.receive();
  const { object, signature: euiccSignature2 } = signObject(chip, 'euiccSigned2', credential, euiccSigned2, smdpSignature2);
  return encode(PrepareDownloadResponse, { downloadResponseOk: { euiccSigned2: raw(object), euiccSignature2 } }, { spec });
};

/** ES10b.CancelSession: signs the reason and forgets the session. SGP.22 5.7.14 */
export const cancelSession = (
  chip: Chip,
  request: ValueOf<typeof CancelSessionRequest>,
): InputOf<ValueOf<typeof CancelSessionResponse>> => {
  const { transactionId, reason } = request;
  const open = openSession(chip);
  const code = refusal(chip, 'cancelSession', [
    ['session', ERRORS.invalidTransactionId, open === undefined],
    ['transactionId', ERRORS.invalidTransactionId, open !== undefined && !equal(open.transactionId, transactionId)],
    ['breakdown', ERRORS.undefinedError, breaksDown(chip, 'cancelSession')],
  ]);
  if (code !== undefined || !open) return { cancelSessionResponseError: code ?? ERRORS.undefinedError };
  const data = encode(EuiccCancelSessionSigned, { transactionId, smdpOid: open.oid, reason });
  const { object, signature } = signObject(chip, 'euiccCancelSessionSigned', open.credential, data);
  if (chip.decisions.performs('endSession')) endSession(chip, open.session, false);
  return { cancelSessionResponseOk: { euiccCancelSessionSigned: raw(object), euiccCancelSessionSignature: signature } };
};
