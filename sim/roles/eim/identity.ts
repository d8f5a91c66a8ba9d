/** Which keys are those of an eUICC: certificate chains up to a trusted CI, and the EID in them. SGP.22 4.5.2 */
import { equal } from '#protocol/asn1/tlv.js';
import { type PublicKey, verify } from '#protocol/crypto/ecdsa.js';
import { type Certificate, isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { attribute } from '#protocol/x509/name.js';
import { verifyChain } from '#protocol/x509/verify.js';
import type { EimContext } from './context.js';
import type { EuiccIdentity, EuiccRecord } from './state.js';

/** A certificate pair that is no identity of an eUICC, and why. */
export interface IdentityFault {
  readonly fault: string;
}

/** EID in the subject of an eUICC certificate, 32 digits. SGP.22 4.5.2.1.0.3 */
export const eidOfCertificate = (certificate: Uint8Array): string | undefined => {
  const parsed = parseCertificate(certificate);
  return isProblem(parsed) ? undefined : attribute(parsed.subject, 'serialNumber');
};

const faultOf = (eim: EimContext, leaf: Certificate, eum: Uint8Array, eid: string): string | undefined => {
  const chain = verifyChain({ leaf, intermediates: [eum], anchors: eim.config.anchors, at: eim.world.now(), role: 'euicc' });
  if (!chain.ok) return chain.message;
  const found = attribute(leaf.subject, 'serialNumber') ?? 'none';
  return eim.decisions.acceptsEid(eid, found) ? undefined : `expected the EID ${eid} in the eUICC certificate, got ${found}`;
};

/** Takes a certificate pair as identity of an eUICC when its chain verifies and its EID is the one given. */
export const identityOf = (
  eim: EimContext,
  pair: { readonly euiccCertificate: Uint8Array; readonly eumCertificate: Uint8Array },
  eid: string,
): EuiccIdentity | IdentityFault => {
  const leaf = parseCertificate(pair.euiccCertificate);
  if (isProblem(leaf)) return { fault: leaf.problem };
  const fault = faultOf(eim, leaf, pair.eumCertificate, eid);
  if (!eim.decisions.acceptsEuiccCertificate(fault)) return { fault: fault ?? 'refused' };
  if (!leaf.publicKey) return { fault: `a key on ${leaf.keyName}` };
  // Copies: the octets of the message they came in are not kept.
  return {
    euiccCertificate: Uint8Array.from(pair.euiccCertificate),
    eumCertificate: Uint8Array.from(pair.eumCertificate),
    publicKey: { curve: leaf.publicKey.curve, point: Uint8Array.from(leaf.publicKey.point) },
  };
};

/** Remembers an identity once. */
export const learnIdentity = (record: EuiccRecord, identity: EuiccIdentity): void => {
  if (!record.identities.some(known => equal(known.euiccCertificate, identity.euiccCertificate))) record.identities.push(identity);
};

/** The identity whose key made a signature, if any. */
export const signerAmong = (identities: readonly EuiccIdentity[], data: Uint8Array, signature: Uint8Array): EuiccIdentity | undefined =>
  identities.find(identity => verify(identity.publicKey, data, signature));

/** OIDs in the subjectAltName of a server certificate, dotted. SGP.22 4.5.2.1 */
export const oidsOfCertificate = (certificate: Uint8Array): readonly string[] => {
  const parsed = parseCertificate(certificate);
  return isProblem(parsed) ? [] : (parsed.registeredIds ?? []);
};

/** The key in a certificate of a server; undefined when there is none on a known curve. */
export const keyOfCertificate = (certificate: Uint8Array): PublicKey | undefined => {
  const parsed = parseCertificate(certificate);
  return isProblem(parsed) ? undefined : parsed.publicKey;
};
