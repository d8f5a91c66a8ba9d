import { children, equal, readTlv, type Tlv, tlvContent, tlvOctets } from '../asn1/tlv.js';
import { derToRaw, verify } from '../crypto/ecdsa.js';
import { type PublicKey, publicKeyFromSpki } from '../crypto/key.js';
import { type Extension, isKnownExtension, type KnownExtensions, readExtensions } from './extensions.js';
import { type DistinguishedName, readName } from './name.js';
import { ECDSA_WITH_SHA256, FOREIGN_KEYS } from './oids.js';
import { derFaults, Malformed, members, need, oidText, only, time, wholeBits } from './reader.js';

/** An X.509 certificate as received: octets where signatures or comparisons need them, values for the rest. RFC 5280 4.1 */
export interface Certificate extends KnownExtensions {
  readonly der: Uint8Array;
  /** The signed part, a complete TLV. */
  readonly tbs: Uint8Array;
  /** Content of the serialNumber INTEGER. */
  readonly serial: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, complete. */
  readonly spki: Uint8Array;
  /** Undefined unless the key lies on one of the two curves. */
  readonly publicKey: PublicKey | undefined;
  /** `P-256`, `brainpoolP256r1`, or the name or dotted identifier of what the key is instead. */
  readonly keyName: string;
  /** Dotted identifier of the signature algorithm. */
  readonly signatureAlgorithm: string;
  /** Content of the signature BIT STRING. */
  readonly signature: Uint8Array;
  /** The signature as r and s, 64 octets; undefined when it is no DER ECDSA signature of that size. */
  readonly rawSignature: Uint8Array | undefined;
  readonly extensions: readonly Extension[];
  /** Critical extensions that no check here understands, as dotted identifiers. */
  readonly unknownCritical: readonly string[];
  /** Places where the encoding is BER but not DER. */
  readonly notDer: readonly string[];
}

/** Octets that are no certificate, and why. */
export interface NotACertificate {
  readonly problem: string;
}

const keyName = (spki: Uint8Array): string => {
  const algorithm = children(spki)[0];
  const [type, curve] = algorithm ? members(spki, algorithm, 'algorithm') : [];
  const name = oidText(spki, type, 0x06, 'key algorithm');
  const parameters = curve?.tag === 0x06 ? oidText(spki, curve, 0x06, 'curve') : undefined;
  return FOREIGN_KEYS[parameters ?? name] ?? parameters ?? name;
};

const readExtension = (der: Uint8Array, found: Tlv): Extension & { readonly encodedDefault: boolean } => {
  const fields = members(der, need(found, 0x30, 'Extension'), 'Extension');
  const [identifier, ...rest] = fields;
  const oid = oidText(der, identifier, 0x06, 'extnID');
  const flag = rest[0]?.tag === 0x01 ? rest[0] : undefined;
  const value = need(rest[flag ? 1 : 0], 0x04, `extnValue of ${oid}`);
  if (rest.length > (flag ? 2 : 1)) throw new Malformed(`extension ${oid}: surplus fields`);
  const critical = flag !== undefined && der[flag.content] !== 0;
  return { oid, critical, value: tlvContent(der, value), encodedDefault: flag !== undefined && !critical };
};

const readAlgorithm = (der: Uint8Array, found: Tlv | undefined, what: string): string =>
  oidText(der, members(der, need(found, 0x30, what), what)[0], 0x06, what);

const read = (der: Uint8Array): Certificate => {
  const outer = only(der, 0, der.length, 0x30, 'Certificate');
  const [tbs, algorithm, signatureBits, ...surplus] = members(der, outer, 'Certificate');
  const signed = need(tbs, 0x30, 'TBSCertificate');
  const fields = members(der, signed, 'TBSCertificate');
  const version = fields[0]?.tag === 0xa0 ? members(der, fields[0], 'version')[0] : undefined;
  const [serial, inner, issuer, validity, subject, spki, ...optional] = version ? fields.slice(1) : fields;
  const [notBefore, notAfter] = members(der, need(validity, 0x30, 'validity'), 'validity');
  const list = optional.find(field => field.tag === 0xa3);
  const extensions = list
    ? members(der, only(der, list.content, list.end, 0x30, 'extensions'), 'extensions').map(e => readExtension(der, e))
    : [];
  const keyInfo = tlvOctets(der, need(spki, 0x30, 'subjectPublicKeyInfo'));
  const publicKey = publicKeyFromSpki(keyInfo);
  const signature = wholeBits(der, signatureBits, 'signatureValue');
  const signatureAlgorithm = readAlgorithm(der, algorithm, 'signatureAlgorithm');

  if (surplus.length > 0) throw new Malformed('Certificate: more than three members');
  if (optional.some(field => ![0x81, 0x82, 0xa3].includes(field.tag))) throw new Malformed('TBSCertificate: unknown member');
  if (extensions.length > 0 && (!version || der[version.content] !== 2)) throw new Malformed('version: extensions need v3(2)');
  if (readAlgorithm(der, inner, 'signature') !== signatureAlgorithm) throw new Malformed('signatureAlgorithm differs from the signed one');

  const notDer = [
    ...derFaults(der, outer),
    ...extensions.flatMap(({ value, oid }) => {
      const content = readTlv(value);
      return content ? derFaults(value, content, `${oid}.`) : [];
    }),
    ...extensions.filter(e => e.encodedDefault).map(e => `${e.oid}: critical FALSE is encoded`),
  ];
  return {
    ...readExtensions(extensions),
    der,
    tbs: tlvOctets(der, signed),
    serial: tlvContent(der, need(serial, 0x02, 'serialNumber')),
    issuer: readName(der, issuer, 'issuer'),
    subject: readName(der, subject, 'subject'),
    notBefore: time(der, notBefore, 'notBefore'),
    notAfter: time(der, notAfter, 'notAfter'),
    spki: keyInfo,
    publicKey,
    keyName: publicKey?.curve ?? keyName(keyInfo),
    signatureAlgorithm,
    signature,
    rawSignature: derToRaw(signature),
    extensions: extensions.map(({ oid, critical, value }) => ({ oid, critical, value })),
    unknownCritical: extensions.filter(e => e.critical && !isKnownExtension(e.oid)).map(e => e.oid),
    notDer,
  };
};

// A run meets the same few certificates in every session. By all their octets, and bounded, since peers choose them.
const MOST_KNOWN = 512;
const parsed = new Map<string, Certificate>();
const verified = new Map<string, boolean>();
const remember = <Value>(known: Map<string, Value>, id: string, value: Value): Value => {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(id, value);
  return value;
};
const octetsAsText = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');

/** Reads one DER certificate; whatever the octets are, it answers and never throws. RFC 5280 4.1 */
export const parseCertificate = (der: Uint8Array): Certificate | NotACertificate => {
  const id = octetsAsText(der);
  try {
    // A copy: the octets may be a view of a message that is much larger, or be overwritten by their owner.
    return parsed.get(id) ?? remember(parsed, id, read(der.slice()));
  } catch (cause) {
    if (cause instanceof Malformed) return { problem: cause.message };
    throw cause;
  }
};

/** Whether parsing failed. */
export const isProblem = (parsed: Certificate | NotACertificate): parsed is NotACertificate => 'problem' in parsed;

/** Whether the certificate's signature is ECDSA with SHA-256 of the issuer's key over the octets received. RFC 5280 4.1.1.3 */
export const verifySignature = (certificate: Certificate, issuerKey: PublicKey): boolean => {
  const { der, rawSignature, signatureAlgorithm, tbs } = certificate;
  if (signatureAlgorithm !== ECDSA_WITH_SHA256 || rawSignature === undefined) return false;
  const id = `${issuerKey.curve} ${octetsAsText(issuerKey.point)} ${octetsAsText(der)}`;
  return verified.get(id) ?? remember(verified, id, verify(issuerKey, tbs, rawSignature));
};

/** Whether issuer and subject are the same name, octet for octet. */
export const isSelfIssued = (certificate: Certificate): boolean => equal(certificate.issuer.octets, certificate.subject.octets);
