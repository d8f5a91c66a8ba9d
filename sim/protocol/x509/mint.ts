import { bitOctets, integerOctets, oidOctets } from '../asn1/primitives.js';
import { concat, tlv } from '../asn1/tlv.js';
import { rawToDer, signDeterministically } from '../crypto/ecdsa.js';
import type { PrivateKey } from '../crypto/key.js';
import { type Attribute, nameOctets } from './name.js';
import { ECDSA_WITH_SHA256, EXTENSIONS, KEY_USAGES, type KeyUsage } from './oids.js';

/** Everything a certificate says; nothing is checked, so that wrong ones can be made. RFC 5280 4.1 */
export interface CertificateRecipe {
  readonly subject: readonly Attribute[];
  readonly issuer: readonly Attribute[];
  readonly issuerKey: PrivateKey;
  /** SubjectPublicKeyInfo, DER; any algorithm. */
  readonly spki: Uint8Array;
  readonly serial: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Extensions in this order. */
  readonly extensions: readonly Uint8Array[];
  /** Replaces the deterministic signature: gets the signed octets, returns r and s. */
  readonly sign?: (tbs: Uint8Array) => Uint8Array;
}

const oid = (dotted: string): Uint8Array => {
  const octets = oidOctets(dotted);
  if (!octets) throw new RangeError(`expected a dotted OBJECT IDENTIFIER, got ${dotted}`);
  return tlv(0x06, octets);
};

/** An Extension; `value` is the DER of the extension's own type. RFC 5280 4.2 */
export const extension = (identifier: string, critical: boolean, value: Uint8Array): Uint8Array =>
  tlv(0x30, oid(identifier), critical ? tlv(0x01, Uint8Array.of(0xff)) : concat(), tlv(0x04, value));

/** keyUsage, critical. RFC 5280 4.2.1.3 */
export const keyUsage = (...usages: readonly KeyUsage[]): Uint8Array =>
  extension(EXTENSIONS.keyUsage, true, tlv(0x03, bitOctets(usages.map(usage => KEY_USAGES.indexOf(usage)))));

/** extendedKeyUsage, critical, from dotted identifiers. RFC 5280 4.2.1.12 */
export const extendedKeyUsage = (...purposes: readonly string[]): Uint8Array =>
  extension(EXTENSIONS.extendedKeyUsage, true, tlv(0x30, ...purposes.map(oid)));

/** certificatePolicies with one policy. RFC 5280 4.2.1.4 */
export const policy = (identifier: string, critical = true): Uint8Array =>
  extension(EXTENSIONS.certificatePolicies, critical, tlv(0x30, tlv(0x30, oid(identifier))));

/** basicConstraints of a CA, critical. RFC 5280 4.2.1.9 */
export const authority = (pathLength?: number): Uint8Array => {
  const limit = pathLength === undefined ? concat() : tlv(0x02, integerOctets(pathLength));
  return extension(EXTENSIONS.basicConstraints, true, tlv(0x30, tlv(0x01, Uint8Array.of(0xff)), limit));
};

/** subjectKeyIdentifier. RFC 5280 4.2.1.2 */
export const subjectKeyId = (id: Uint8Array): Uint8Array => extension(EXTENSIONS.subjectKeyIdentifier, false, tlv(0x04, id));

/** authorityKeyIdentifier with the key id only. RFC 5280 4.2.1.1 */
export const authorityKeyId = (id: Uint8Array): Uint8Array => extension(EXTENSIONS.authorityKeyIdentifier, false, tlv(0x30, tlv(0x80, id)));

/** subjectAltName with host names and, as registeredID, the OID of the server or manufacturer. RFC 5280 4.2.1.6 */
export const altNames = (hosts: readonly string[], registeredId?: string): Uint8Array => {
  const dns = hosts.map(host => tlv(0x82, new TextEncoder().encode(host)));
  const id = registeredId === undefined ? [] : [tlv(0x88, oidOctets(registeredId) ?? concat())];
  return extension(EXTENSIONS.subjectAltName, false, tlv(0x30, ...dns, ...id));
};

/** nameConstraints that permit one directoryName subtree, critical. RFC 5280 4.2.1.10 */
export const permittedName = (attributes: readonly Attribute[]): Uint8Array =>
  extension(EXTENSIONS.nameConstraints, true, tlv(0x30, tlv(0xa0, tlv(0x30, tlv(0xa4, nameOctets(attributes))))));

/** The v3 list of EUM identification numbers. SGP.22 v3 4.5.2.1.0.2 */
export const permittedEins = (...eins: readonly string[]): Uint8Array =>
  extension(EXTENSIONS.permittedEins, true, tlv(0x30, ...eins.map(ein => tlv(0x13, new TextEncoder().encode(ein)))));

/** cRLDistributionPoints with one URL per point. RFC 5280 4.2.1.13 */
export const crlPoints = (...urls: readonly string[]): Uint8Array => {
  const point = (url: string) => tlv(0x30, tlv(0xa0, tlv(0xa0, tlv(0x86, new TextEncoder().encode(url)))));
  return extension(EXTENSIONS.crlDistributionPoints, false, tlv(0x30, ...urls.map(point)));
};

const moment = (date: Date): Uint8Array => {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  // RFC 5280 4.1.2.5: years before 2050 with two digits.
  const short = date.getUTCFullYear() < 2050;
  return tlv(short ? 0x17 : 0x18, new TextEncoder().encode(short ? digits.slice(2) : digits));
};

/** Makes an X.509 v3 certificate, DER, signed with ECDSA and SHA-256; the same recipe gives the same octets. RFC 5280 4.1 */
export const mintCertificate = (recipe: CertificateRecipe): Uint8Array => {
  const algorithm = tlv(0x30, oid(ECDSA_WITH_SHA256));
  const tbs = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    tlv(0x02, integerOctets(recipe.serial)),
    algorithm,
    nameOctets(recipe.issuer),
    tlv(0x30, moment(recipe.notBefore), moment(recipe.notAfter)),
    nameOctets(recipe.subject),
    recipe.spki,
    recipe.extensions.length > 0 ? tlv(0xa3, tlv(0x30, ...recipe.extensions)) : concat(),
  );
  const raw = recipe.sign ? recipe.sign(tbs) : signDeterministically(recipe.issuerKey, tbs);
  return tlv(0x30, tbs, algorithm, tlv(0x03, Uint8Array.of(0), rawToDer(raw) ?? raw));
};
