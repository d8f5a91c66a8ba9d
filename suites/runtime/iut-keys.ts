/** The keys that the IUT signs with: those its IXIT file names, and those that its certificates bring along. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Decoded, firstElement, octetsOf } from '#protocol/asn1/element.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import { type PublicKey, pem, publicKeyFromSpki } from '#protocol/crypto/ecdsa.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import type { Ixit } from '../ixit-schema.js';
import { type CardFacts, cardKeySource } from './card-under-test.js';
import type { KeySource, NamedKey } from './keyring.js';

/** PEM texts of a file, or of the certificate of that name in the PKI. */
export const readTrust = (path: string, pki: Pki): string => {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const name = basename(path);
  return [name, `${name}_BRP`]
    .flatMap(n => pki.certificate(n) ?? [])
    .map(der => pem('CERTIFICATE', der))
    .join('');
};

/** Every key in a PEM text, or of a certificate in the PKI, by which the IUT's signatures are verified. */
export const trustedKeys = (ixit: Ixit, pki: Pki): NamedKey[] => {
  const path = ixit.trust.eim;
  if (!path) return [];
  const id = basename(path);
  return [...readTrust(path, pki).matchAll(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([^-]*)-----END/g)].flatMap(([, label, base64]) => {
    const der = new Uint8Array(Buffer.from(base64 ?? '', 'base64'));
    const key = label === 'CERTIFICATE' ? keyOfCertificate(der) : publicKeyFromSpki(der);
    return key ? [{ id: `${id}${key.curve === 'P-256' ? '' : ` ${key.curve}`}`, key }] : [];
  });
};
const keyOfCertificate = (der: Uint8Array): PublicKey | undefined => {
  const parsed = parseCertificate(der);
  return isProblem(parsed) ? undefined : parsed.publicKey;
};
/** A public key given as SubjectPublicKeyInfo or certificate, octets or hex. */
export const publicKeyFrom = (given: unknown): PublicKey | undefined => {
  const octets = typeof given === 'string' ? fromHex(given) : given;
  return octets instanceof Uint8Array ? (publicKeyFromSpki(octets) ?? keyOfCertificate(octets)) : undefined;
};

/** Field in which an RSP server shows the certificate of a key of its own. SGP.22 5.6.1, 5.6.3 */
const SERVER_CERTIFICATES: Readonly<Record<string, string>> = { serverAuth: 'serverCertificate', dpPb: 'smdpCertificate' };

/** Keys of the eIM under test stand in the IXIT file; an SM-DP+ under test sends its certificates with its messages. */
export const iutKeySource = (ixit: Ixit, named: readonly NamedKey[], card: CardFacts | undefined): KeySource => {
  if (card) return cardKeySource(card);
  if (ixit.iut === 'eim') return { keys: signer => (signer === 'eim' ? named : []), context: () => ({}) };
  if (ixit.iut !== 'smdp') return { keys: () => [], context: () => ({}) };
  const shown = new Map<string, NamedKey>();
  return {
    keys: (signer, message) => {
      const field = SERVER_CERTIFICATES[signer];
      const key = field && keyOfCertificate(certificateIn(message, field) ?? new Uint8Array());
      // The bound profile package is signed with the key whose certificate came one message earlier.
      if (key) shown.set(signer, { id: `${field} of the SM-DP+`, key });
      const known = shown.get(signer);
      return known ? [known] : [];
    },
    context: () => ({}),
  };
};

const certificateIn = (message: Decoded, field: string): Uint8Array | undefined => {
  const found = firstElement(message.root, ({ name }) => name === field);
  return found && octetsOf(message, found);
};
