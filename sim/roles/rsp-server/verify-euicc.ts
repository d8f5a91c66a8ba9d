/** Verification of an eUICC by an RSP server: certificates, signature, challenge. SGP.22 5.6.3, 5.8.2 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { concat, fromHex, hex, readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { type PublicKey, verify } from '#protocol/crypto/ecdsa.js';
import type { AuthenticateClientRequest } from '#protocol/rsp/es9plus.js';
import type { EUICCInfo2 } from '#protocol/rsp/info.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { attribute } from '#protocol/x509/name.js';
import { verifyChain } from '#protocol/x509/verify.js';
import type { ServerDecisions } from './decisions.js';
import type { OpenedSession } from './initiate-authentication.js';

/** An eUICC that has proved who it is. */
export interface VerifiedEuicc {
  /** 16 octets, from the serialNumber of its certificate. */
  readonly eid: Uint8Array;
  readonly key: PublicKey;
  readonly euiccInfo2: ValueOf<typeof EUICCInfo2>;
  /** Empty when the eUICC sent none. */
  readonly matchingId: string;
  /** `5F37 40 …`, which smdpSignature2 covers. */
  readonly euiccSignature1: Uint8Array;
}

/** A status code as subject/reason, and what was found. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** Outcome of the verification of certificates. */
export type Authentic = { readonly eid: Uint8Array; readonly key: PublicKey } | Refused;

/** Whether certificates of an eUICC lead to a CI, and whose they are. */
export const verifyCertificates = (
  euicc: Uint8Array,
  eum: Uint8Array,
  ci: Uint8Array,
  at: Date,
  { acceptsCertificate, blamesCertificate }: Pick<ServerDecisions, 'acceptsCertificate' | 'blamesCertificate'>,
): Authentic => {
  const judge = (owner: 'eum' | 'euicc', leaf: Uint8Array, intermediates: readonly Uint8Array[]): Refused | undefined => {
    const result = verifyChain({ leaf, intermediates, anchors: [ci], at, role: owner });
    const [fault, message] = result.ok ? [undefined, 'the certificate was refused'] : [result.code, result.message];
    return acceptsCertificate(owner, fault) ? undefined : { code: blamesCertificate(owner, fault ?? 'format'), message };
  };
  const refused = judge('eum', eum, []) ?? judge('euicc', euicc, [eum]);
  if (refused) return refused;
  const leaf = parseCertificate(euicc);
  const eid = isProblem(leaf) ? undefined : fromHex(attribute(leaf.subject, 'serialNumber') ?? '');
  if (isProblem(leaf) || !leaf.publicKey || eid?.length !== 16) {
    return { code: '8.1.3/6.1', message: 'expected a key and an EID in the eUICC certificate' };
  }
  return { eid, key: leaf.publicKey };
};

/** Whether a 5F37 TLV is a signature over complete TLVs; a missing part is no signature. */
export const verifies = (key: PublicKey, signature: Uint8Array | undefined, ...parts: readonly (Uint8Array | undefined)[]): boolean => {
  const outer = signature && readTlv(signature);
  if (!signature || !outer || parts.includes(undefined)) return false;
  return verify(key, concat(...parts.filter(part => part !== undefined)), tlvContent(signature, outer));
};

const OK = 'authenticateServerResponse.authenticateResponseOk';
const wrongSignature = (message: string): Refused => ({ code: '8.1/6.1', message });

/** The server that an eUICC proves itself to. */
export interface VerifyingServer {
  readonly address: string;
  readonly decisions: ServerDecisions;
  now(): Date;
}

/** The checks on AuthenticateClient that need no order or event; TransactionID first, then certificates, then what is signed. */
export const verifyEuicc = (
  message: Decoded<ValueOf<typeof AuthenticateClientRequest>>,
  session: OpenedSession,
  { address, decisions, now }: VerifyingServer,
): VerifiedEuicc | Refused => {
  const { authenticateResponseOk: ok, authenticateResponseError: error } = message.value.authenticateServerResponse;
  const unknownTransaction = (found: Uint8Array): Refused => ({
    code: '8.10.1/3.9',
    message: `expected transactionId ${hex(session.transactionId)} from the eUICC, got ${hex(found)}`,
  });
  if (!ok) {
    if (error && !decisions.acceptsTransactionId(session.transactionId, error.transactionId))
      return unknownTransaction(error.transactionId);
    return { code: '8.1/4.2', message: `the eUICC refused the server: authenticateErrorCode ${error?.authenticateErrorCode}` };
  }
  const { euiccSigned1: signed } = ok;
  if (!decisions.acceptsTransactionId(session.transactionId, signed.transactionId)) return unknownTransaction(signed.transactionId);
  const authentic = verifyCertificates(ok.euiccCertificate, ok.eumCertificate, session.euiccIssuer.certificate, now(), decisions);
  if ('code' in authentic) return authentic;
  const euiccSignature1 = fieldOctets(message, `${OK}.euiccSignature1`);
  const valid = verifies(authentic.key, euiccSignature1, fieldOctets(message, `${OK}.euiccSigned1`));
  if (!euiccSignature1 || !decisions.acceptsSignature('euiccSignature1', valid)) {
    return wrongSignature('euiccSignature1 does not verify over euiccSigned1');
  }
  if (!decisions.acceptsServerChallenge(session.serverChallenge, signed.serverChallenge)) {
    return wrongSignature(`expected serverChallenge ${hex(session.serverChallenge)}, got ${hex(signed.serverChallenge)}`);
  }
  if (!decisions.acceptsServerAddress(address, signed.serverAddress))
    return wrongSignature(`expected serverAddress ${address}, got ${signed.serverAddress}`);
  const matchingId = signed.ctxParams1.ctxParamsForCommonAuthentication?.matchingId ?? '';
  return { ...authentic, euiccInfo2: signed.euiccInfo2, matchingId, euiccSignature1 };
};
