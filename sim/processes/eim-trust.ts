/** How an IPA trusts the TLS certificate of an eIM: as trustedPublicKeyDataTls of its configuration data says. SGP.32 2.6.3, 2.11.1.1.1, 4.3 */
import { equal, hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { type Certificate, isProblem, parseCertificate, verifySignature } from '#protocol/x509/certificate.js';
import { type ChainFault, fault } from '#protocol/x509/chain-fault.js';
import { checkRole } from '#protocol/x509/roles.js';
import type { HttpsClientOptions } from '../../adapters/https-client.js';

type TrustedData = ValueOf<typeof EimConfigurationData>['trustedPublicKeyDataTls'];
type Judgement = { readonly code: ChainFault; readonly message: string } | undefined;

/** Whether a fault in the certificate of an eIM keeps the IPA from talking to it. */
export type AcceptsFault = (code: ChainFault) => boolean;

const parsed = (chain: readonly Uint8Array[]): readonly Certificate[] =>
  chain.map(parseCertificate).filter((one): one is Certificate => !isProblem(one));

/** A curve of SGP.22 and a purpose that fits a server: what TLS libraries do not look at. SGP.32 4.3 */
const usageFault = (leaf: Certificate): Judgement =>
  leaf.publicKey
    ? checkRole([leaf], 'eim-tls')
    : fault('curve', `expected a key on P-256 or brainpoolP256r1 in the certificate of the eIM, got ${leaf.keyName}`);

/** The leaf has the key, or a certificate with the key signed it through those in between. */
const leadsTo = (spki: Uint8Array, [last, ...above]: readonly Certificate[]): boolean => {
  if (!last) return false;
  if (equal(last.spki, spki)) return true;
  const issuer = above[0]?.publicKey;
  return issuer !== undefined && verifySignature(last, issuer) && leadsTo(spki, above);
};

const validityFault = ({ notBefore, notAfter }: Certificate, now: Date): Judgement => {
  if (now < notBefore) return fault('notYetValid', `the certificate of the eIM is valid from ${notBefore.toISOString()}`);
  return now > notAfter ? fault('expired', `the certificate of the eIM was valid until ${notAfter.toISOString()}`) : undefined;
};

/** Where a TLS client finds its trust; the key tells whether two eIMs are trusted in the same way. */
export interface EimTrust {
  readonly key: string;
  readonly options: Pick<HttpsClientOptions, 'trust' | 'inspect' | 'pin'>;
}

/** By the key, by the certificate (of the eIM or of its CA), or by the CIs of the device when the eUICC has neither. */
export const eimTrust = (data: TrustedData, anchors: readonly string[], now: () => Date = () => new Date()): EimTrust => {
  const inspect = (chain: readonly Uint8Array[]): string | undefined => {
    const [leaf] = parsed(chain.slice(0, 1));
    return leaf ? usageFault(leaf)?.message : 'its certificate cannot be read';
  };
  const { trustedEimPkTls: spki, trustedCertificateTls: certificate } = data ?? {};
  if (certificate) return { key: hex(certificate), options: { trust: [pem('CERTIFICATE', certificate)], inspect } };
  if (!spki) return { key: '', options: { trust: anchors, inspect } };
  const pin = (shown: readonly Uint8Array[]): string | undefined => {
    const chain = parsed(shown);
    const [leaf] = chain;
    if (!leaf || chain.length < shown.length) return 'its certificate cannot be read';
    if (!leadsTo(spki, chain)) return 'its certificate does not have the key that the eUICC trusts';
    return (validityFault(leaf, now()) ?? usageFault(leaf))?.message;
  };
  return { key: hex(spki), options: { pin } };
};
