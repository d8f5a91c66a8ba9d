import { createECDH, createHash, createPrivateKey, type ECDH, randomBytes } from 'node:crypto';
import { children, concat, equal, fromHex, readTlv, tlv, tlvContent } from '../asn1/tlv.js';

/** The two curves of SGP.22 2.6.7.2 that every eUICC and server must know. */
export type Curve = 'P-256' | 'brainpoolP256r1';

/** A point on a curve, uncompressed: 04, X and Y, 65 octets. */
export interface PublicKey {
  readonly curve: Curve;
  readonly point: Uint8Array;
}

/** A key pair; the scalar is 32 octets, big-endian. */
export interface PrivateKey extends PublicKey {
  readonly scalar: Uint8Array;
}

interface Parameters {
  readonly oid: Uint8Array;
  readonly openssl: string;
  readonly order: bigint;
}

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const EC_PUBLIC_KEY = octets('06072A8648CE3D0201');
const CURVES: Readonly<Record<Curve, Parameters>> = {
  'P-256': {
    oid: octets('06082A8648CE3D030107'),
    openssl: 'prime256v1',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  brainpoolP256r1: {
    oid: octets('06092B2403030208010107'),
    openssl: 'brainpoolP256r1',
    order: 0xa9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7n,
  },
};
/** Every curve this project signs with. */
export const CURVE_NAMES: readonly Curve[] = ['P-256', 'brainpoolP256r1'];

/** Order of a curve. */
export const orderOf = (curve: Curve): bigint => CURVES[curve].order;

/** Big-endian octets as a number. */
export const toNumber = (big: Uint8Array): bigint => BigInt(`0x0${Buffer.from(big).toString('hex')}`);
/** A number below 2^256 as 32 octets, big-endian. */
export const toScalar = (value: bigint): Uint8Array => octets(value.toString(16).padStart(64, '0'));

const pairs = new Map<Curve, ECDH>();
/** OpenSSL's key pair for a scalar, good until the next call: making an object for each key costs as much as its point. */
export const keyPair = (curve: Curve, scalar: Uint8Array): ECDH => {
  const pair = pairs.get(curve) ?? createECDH(CURVES[curve].openssl);
  pairs.set(curve, pair);
  pair.setPrivateKey(scalar);
  return pair;
};

/** The key pair of a 32-octet scalar; throws a RangeError when the scalar is not in 1 … n−1. */
export const privateKeyFromScalar = (curve: Curve, scalar: Uint8Array): PrivateKey => {
  const { order } = CURVES[curve];
  const value = toNumber(scalar);
  if (scalar.length !== 32 || value === 0n || value >= order) {
    throw new RangeError(`expected a private key of 32 octets between 1 and the order of ${curve}, got ${scalar.length} octets`);
  }
  return { curve, scalar, point: new Uint8Array(keyPair(curve, scalar).getPublicKey()) };
};

/** The key pair that a text stands for: the same on every machine, for public test keys only. */
export const keyFromSeed = (curve: Curve, seed: string): PrivateKey => {
  // 512 bits reduced to 256 leave no noticeable bias (the method of FIPS 186-5 A.2.1).
  const digest = createHash('sha512').update(`${curve}\n${seed}`).digest();
  return privateKeyFromScalar(curve, toScalar((toNumber(digest) % (CURVES[curve].order - 1n)) + 1n));
};

/** A fresh key pair, for one-time keys; `random` gives as many random octets as asked for. */
export const generateKey = (curve: Curve, random: (count: number) => Uint8Array = randomBytes): PrivateKey =>
  privateKeyFromScalar(curve, toScalar((toNumber(random(64)) % (CURVES[curve].order - 1n)) + 1n));

/** SubjectPublicKeyInfo of any named curve: the curve as a complete OBJECT IDENTIFIER, the point as in SEC 1. RFC 5480 2 */
export const ecPublicKeyInfo = (curveOid: Uint8Array, point: Uint8Array): Uint8Array =>
  tlv(0x30, tlv(0x30, EC_PUBLIC_KEY, curveOid), tlv(0x03, Uint8Array.of(0), point));

/** PKCS#8 PrivateKeyInfo of any named curve. RFC 5208 5, RFC 5915 3 */
export const ecPrivateKeyInfo = (curveOid: Uint8Array, scalar: Uint8Array, point: Uint8Array): Uint8Array => {
  const inner = tlv(0x30, octets('020101'), tlv(0x04, scalar), tlv(0xa1, tlv(0x03, Uint8Array.of(0), point)));
  return tlv(0x30, octets('020100'), tlv(0x30, EC_PUBLIC_KEY, curveOid), tlv(0x04, inner));
};

/** SubjectPublicKeyInfo, DER. RFC 5480 2 */
export const subjectPublicKeyInfo = (key: PublicKey): Uint8Array => ecPublicKeyInfo(CURVES[key.curve].oid, key.point);

/** ECPrivateKey, DER: the form that OpenSSL reads three times as fast as PrivateKeyInfo. RFC 5915 3 */
export const ecPrivateKey = ({ curve, scalar, point }: PrivateKey): Uint8Array =>
  tlv(0x30, octets('020101'), tlv(0x04, scalar), tlv(0xa0, CURVES[curve].oid), tlv(0xa1, tlv(0x03, Uint8Array.of(0), point)));

/** PrivateKeyInfo, DER. RFC 5208 5 */
export const privateKeyInfo = (key: PrivateKey): Uint8Array => ecPrivateKeyInfo(CURVES[key.curve].oid, key.scalar, key.point);

/** The key in a SubjectPublicKeyInfo; undefined for another algorithm or curve, a compressed point, or a malformed structure. */
export const publicKeyFromSpki = (spki: Uint8Array): PublicKey | undefined => {
  const outer = readTlv(spki);
  if (outer?.tag !== 0x30 || outer.end !== spki.length) return undefined;
  const [algorithm, bits, ...more] = children(spki, outer);
  if (algorithm?.tag !== 0x30 || bits?.tag !== 0x03 || more.length > 0 || bits.end !== outer.end) return undefined;
  const parameters = tlvContent(spki, algorithm);
  const curve = CURVE_NAMES.find(name => equal(parameters, concat(EC_PUBLIC_KEY, CURVES[name].oid)));
  const point = spki.subarray(bits.content + 1, bits.end);
  if (curve === undefined || spki[bits.content] !== 0 || point.length !== 65 || point[0] !== 4) return undefined;
  return { curve, point };
};

/** The key in a private key file, PEM or DER, PKCS#8 or SEC 1; undefined when it is none or on another curve. */
export const readPrivateKey = (file: Uint8Array): PrivateKey | undefined => {
  const info = toPrivateKeyInfo(file);
  const [, algorithm, wrapped] = info ? children(info) : [];
  if (!info || !algorithm || !wrapped) return undefined;
  const curve = CURVE_NAMES.find(name => equal(tlvContent(info, algorithm), concat(EC_PUBLIC_KEY, CURVES[name].oid)));
  const inner = tlvContent(info, wrapped);
  const scalar = children(inner)[1];
  if (curve === undefined || scalar?.tag !== 0x04 || scalar.end - scalar.content > 32) return undefined;
  const padded = new Uint8Array(32);
  padded.set(tlvContent(inner, scalar), 32 - (scalar.end - scalar.content));
  return privateKeyFromScalar(curve, padded);
};

const toPrivateKeyInfo = (file: Uint8Array): Uint8Array | undefined => {
  const key = Buffer.from(file);
  const attempts = [
    () => createPrivateKey({ key, format: 'pem' }),
    () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
    () => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  ];
  for (const attempt of attempts) {
    try {
      return new Uint8Array(attempt().export({ format: 'der', type: 'pkcs8' }));
    } catch {
      // Not this form: the next one decides, and after the last the file holds no private key.
    }
  }
  return undefined;
};

/** PEM text of a DER object, e.g. label `CERTIFICATE`. RFC 7468 */
export const pem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

/** The private key as a PKCS#8 PEM file, as TLS servers take it. */
export const privateKeyPem = (key: PrivateKey): string => pem('PRIVATE KEY', privateKeyInfo(key));
