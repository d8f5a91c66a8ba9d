/** Verification of an eUICC by an RSP server: certificates, signature, challenge. SGP.22 5.6.3, 5.8.2 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { concat, equal, fromHex, hex, readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { type PublicKey, verify } from '#protocol/crypto/ecdsa.js';
import type { AuthenticateClientRequest } from '#protocol/rsp/es9plus.js';
import type { EUICCInfo2 } from '#protocol/rsp/info.js';
import { attribute } from '#protocol/x509/name.js';
import { type ChainFault, verifyChain } from '#protocol/x509/verify.js';
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

const invalidOr = (subject: string, fault: ChainFault): string => `${subject}/${fault === 'expired' ? '6.3' : '6.1'}`;

/** Whether certificates of an eUICC lead to a CI, and whose they are. */
export const verifyCertificates = (euicc: Uint8Array, eum: Uint8Array, ci: Uint8Array, at: Date): Authentic => {
  const above = verifyChain({ leaf: eum, intermediates: [], anchors: [ci], at, role: 'eum' });
  if (!above.ok) {
    return { code: above.code === 'unknownIssuer' ? '8.11.1/3.9' : invalidOr('8.1.2', above.code), message: above.message };
  }
  const own = verifyChain({ leaf: euicc, intermediates: [eum], anchors: [ci], at, role: 'euicc' });
  if (!own.ok) return { code: invalidOr('8.1.3', own.code), message: own.message };
  const [leaf] = own.chain;
  const eid = fromHex((leaf && attribute(leaf.subject, 'serialNumber')) ?? '');
  if (!leaf?.publicKey || eid?.length !== 16) return { code: '8.1.3/6.1', message: 'expected a key and an EID in the eUICC certificate' };
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

/** The checks on AuthenticateClient that need no order or event; TransactionID first, then certificates, then what is signed. */
export const verifyEuicc = (
  message: Decoded<ValueOf<typeof AuthenticateClientRequest>>,
  session: OpenedSession,
  address: string,
  at: Date,
): VerifiedEuicc | Refused => {
  const { authenticateResponseOk: ok, authenticateResponseError: error } = message.value.authenticateServerResponse;
  const unknownTransaction = (found: Uint8Array): Refused => ({
    code: '8.10.1/3.9',
    message: `expected transactionId ${hex(session.transactionId)} from the eUICC, got ${hex(found)}`,
  });
  if (!ok) {
    if (error && !equal(error.transactionId, session.transactionId)) return unknownTransaction(error.transactionId);
    return { code: '8.1/4.2', message: `the eUICC refused the server: authenticateErrorCode ${error?.authenticateErrorCode}` };
  }
  const { euiccSigned1: signed } = ok;
  if (!equal(signed.transactionId, session.transactionId)) return unknownTransaction(signed.transactionId);
  const authentic = verifyCertificates(ok.euiccCertificate, ok.eumCertificate, session.euiccIssuer.certificate, at);
  if ('code' in authentic) return authentic;
  const euiccSignature1 = fieldOctets(message, `${OK}.euiccSignature1`);
  if (!euiccSignature1 || !verifies(authentic.key, euiccSignature1, fieldOctets(message, `${OK}.euiccSigned1`))) {
    return wrongSignature('euiccSignature1 does not verify over euiccSigned1');
  }
  if (!equal(signed.serverChallenge, session.serverChallenge)) {
    return wrongSignature(`expected serverChallenge ${hex(session.serverChallenge)}, got ${hex(signed.serverChallenge)}`);
  }
  if (signed.serverAddress !== address) return wrongSignature(`expected serverAddress ${address}, got ${signed.serverAddress}`);
  const matchingId = signed.ctxParams1.ctxParamsForCommonAuthentication?.matchingId ?? '';
  return { ...authentic, euiccInfo2: signed.euiccInfo2, matchingId, euiccSignature1 };
};
