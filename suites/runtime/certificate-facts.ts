/** What a test case may read of a certificate that a server presented: `$ipa.link.tls.leaf.dnsNames` and the like. */
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { attribute } from '#protocol/x509/name.js';
import { PURPOSES } from '#protocol/x509/oids.js';

const purposeName = (oid: string): string => Object.entries(PURPOSES).find(([, known]) => known === oid)?.[0] ?? oid;

/** Facts of a DER certificate at a moment; members that it does not have are absent, `problem` tells why it cannot be read. */
export const certificateFacts = (der: Uint8Array, at: Date): Readonly<Record<string, unknown>> => {
  const parsed = parseCertificate(der);
  if (isProblem(parsed)) return { problem: parsed.problem };
  const { keyUsage, extendedKeyUsage, dnsNames, notBefore, notAfter } = parsed;
  const commonName = attribute(parsed.subject, 'CN');
  return {
    ...(commonName === undefined ? {} : { commonName }),
    ...(dnsNames ? { dnsNames } : {}),
    ...(keyUsage ? { keyUsage } : {}),
    ...(extendedKeyUsage ? { extendedKeyUsage: extendedKeyUsage.map(purposeName) } : {}),
    /** `P-256`, `brainpoolP256r1`, or what the key is instead. */
    key: parsed.keyName,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    validity: at < notBefore ? 'not yet valid' : at > notAfter ? 'expired' : 'valid',
  };
};
