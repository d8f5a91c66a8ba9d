/** Constants of a run: Annex A, settings of the IXIT, and certificates and keys of the PKI by name, made when first used. */
import { hex } from '#protocol/asn1/tlv.js';
import { type PrivateKey, type PublicKey, subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import type { Pki } from '#protocol/x509/test-pki.js';

const names = new WeakMap<Uint8Array, string>();
/** Name in the PKI of a certificate that a case named with `$CERT_…`. */
export const certificateName = (certificate: Uint8Array): string | undefined => names.get(certificate);

const publicKeyOf = (key: PublicKey | undefined) => (key ? hex(subjectPublicKeyInfo(key)) : undefined);

const ofPki = (pki: Pki, name: string): Uint8Array | PrivateKey | string | undefined => {
  if (name.startsWith('CERT_')) {
    const der = pki.certificate(name);
    if (der) names.set(der, name);
    return der;
  }
  if (name.startsWith('SK_')) return pki.privateKey(name);
  return name.startsWith('PK_') ? publicKeyOf(pki.privateKey(`SK_${name.slice(3)}`)) : undefined;
};

/** A map of fixed values in front of the PKI, whose objects are minted when they are asked for. */
export class Constants extends Map<string, unknown> {
  readonly #pki: Pki;
  constructor(pki: Pki, fixed: Iterable<readonly [string, unknown]>) {
    super(fixed);
    this.#pki = pki;
  }
  override has(name: string): boolean {
    return super.has(name) || ofPki(this.#pki, name) !== undefined;
  }
  override get(name: string): unknown {
    if (!super.has(name)) {
      const made = ofPki(this.#pki, name);
      if (made !== undefined) super.set(name, made);
    }
    return super.get(name);
  }
}
