/** What a card's certificates are worth: the chain that GetCerts tells, as facts that a test case compares. SGP.32 5.9.10, SGP.22 4.5.2 */
import { equal } from '#protocol/asn1/tlv.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { attribute } from '#protocol/x509/name.js';
import type { Pki } from '#protocol/x509/pki.js';
import { verifyChain } from '#protocol/x509/verify.js';

/** The pair of certificates that a card tells for one CI; DER. */
export interface CertificatePair {
  readonly eumCertificate: Uint8Array;
  readonly euiccCertificate: Uint8Array;
}

/** Facts of a pair; members that the certificates do not have are absent. */
export interface ChainFacts {
  /** EID in the certificate of the eUICC. */
  readonly eid?: string;
  /** Curve of its key. */
  readonly curve?: string;
  /** Key identifier of the CI above the EUM. */
  readonly ciPKId?: Uint8Array;
  /** Why the chain does not verify: up to the CI where it is one of the PKI, else up to the EUM. */
  readonly fault?: string;
}

/** CI certificates of the PKI with this key. */
const issuers = (pki: Pki, keyId: Uint8Array | undefined): readonly Uint8Array[] =>
  ['CERT_CI', 'CERT_CI_BRP'].flatMap(name => {
    const der = pki.certificate(name);
    const parsed = der && parseCertificate(der);
    return der && parsed && !isProblem(parsed) && parsed.subjectKeyId && keyId && equal(parsed.subjectKeyId, keyId) ? [der] : [];
  });

/** Reads and verifies a pair. Never throws. */
export const chainFacts = ({ eumCertificate, euiccCertificate }: CertificatePair, pki: Pki): ChainFacts => {
  const leaf = parseCertificate(euiccCertificate);
  if (isProblem(leaf)) return { fault: `certificate of the eUICC: ${leaf.problem}` };
  const eum = parseCertificate(eumCertificate);
  if (isProblem(eum)) return { fault: `certificate of the EUM: ${eum.problem}` };
  const { authorityKeyId } = eum;
  const known = issuers(pki, authorityKeyId);
  const chain = verifyChain({ leaf, intermediates: [eum], anchors: known.length > 0 ? known : [eum], role: 'euicc' });
  const eid = attribute(leaf.subject, 'serialNumber');
  return {
    ...(eid === undefined ? {} : { eid }),
    curve: leaf.keyName,
    ...(authorityKeyId ? { ciPKId: authorityKeyId } : {}),
    ...(chain.ok ? {} : { fault: chain.message }),
  };
};
