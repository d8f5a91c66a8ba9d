/** Values of test cases as an IUT's own interface takes them: texts, numbers, and certificates in the forms that products ask for. */
import { hex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/key.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Lookup } from './template.js';
import { valueAt } from './template.js';

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/**
 * What may stand behind the name of octets: `.hex`, `.base64`; of a certificate also `.pem`, `.der` (hex), `.publicKey` (the uncompressed point, hex),
 * `.spki` (SubjectPublicKeyInfo, hex) and `.curve`.
 */
const formOf = (octets: Uint8Array, form: string): string | undefined => {
  if (form === 'hex') return hex(octets);
  if (form === 'base64') return base64(octets);
  const certificate = parseCertificate(octets);
  if (isProblem(certificate)) return undefined;
  const forms: Readonly<Record<string, string | undefined>> = {
    pem: pem('CERTIFICATE', octets),
    der: hex(octets),
    publicKey: certificate.publicKey && hex(certificate.publicKey.point),
    spki: hex(certificate.spki),
    curve: certificate.keyName,
  };
  return forms[form];
};

/** A value for JSON: octets become upper-case hex, integers beyond the safe range text; symbols (absent) leave nothing. */
export const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'symbol') return undefined;
  if (Array.isArray(value)) return value.map(plain).filter(item => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, plain(member)])
      .filter(([, member]) => member !== undefined),
  );
};

/** Looks up the parameters of an act. */
export const parameterLookup =
  (parameters: Readonly<Record<string, unknown>>): Lookup =>
  path => {
    const [name = '', ...rest] = path.split('.');
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value instanceof Uint8Array && rest.length > 0) return formOf(value, rest.join('.'));
    return plain(valueAt(value, rest.join('.')));
  };
