/** Whether the TLS trust that an eIM registers in eUICCs covers the certificate chain that it presents. SGP.32 2.11.1.1.1 */
import { decode } from '#protocol/asn1/decode.js';
import { equal, fromHex, hex } from '#protocol/asn1/tlv.js';
import { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { type Certificate, isProblem, parseCertificate, verifySignature } from '#protocol/x509/certificate.js';
import { unreadNode } from './values.js';

const octetsOf = (given: unknown): Uint8Array | undefined => {
  const node = unreadNode(given);
  const plain = node?.kind === 'scalar' ? node.text : given;
  return typeof plain === 'string' ? fromHex(plain) : plain instanceof Uint8Array ? plain : undefined;
};

const certificatesIn = (chain: unknown): readonly Certificate[] =>
  (Array.isArray(chain) ? chain : []).flatMap((der: unknown) => {
    const parsed = der instanceof Uint8Array ? parseCertificate(der) : undefined;
    return parsed && !isProblem(parsed) ? [parsed] : [];
  });

const isIssuedBy = (certificates: readonly Certificate[], anchor: Certificate): boolean => {
  const key = anchor.publicKey;
  return key !== undefined && certificates.some(one => verifySignature(one, key));
};

/**
 * Why an IPA with this EimConfigurationData (octets or hex) would refuse a chain (DER, leaf first), as what was expected of
 * it; undefined when it would accept it, or when the data leave the trust to other means.
 */
export const trustProblem = (chain: unknown, eimConfigurationData: unknown): string | undefined => {
  const octets = octetsOf(eimConfigurationData);
  const message = octets && decode(EimConfigurationData, octets);
  if (!message?.ok) return 'a chain for an EimConfigurationData that can be decoded';
  const registered = message.value.trustedPublicKeyDataTls;
  if (!registered) return undefined;
  const certificates = certificatesIn(chain);
  const anchor = registered.trustedCertificateTls && parseCertificate(registered.trustedCertificateTls);
  if (anchor && isProblem(anchor)) return `a chain for a trustedCertificateTls that can be read (${anchor.problem})`;
  const key = anchor?.spki ?? registered.trustedEimPkTls;
  if (!key) return 'a chain for a trustedPublicKeyDataTls with a key or a certificate';
  if (certificates.some(one => equal(one.spki, key)) || (anchor && isIssuedBy(certificates, anchor))) return undefined;
  return `a chain with the registered key ${hex(key)}`;
};
