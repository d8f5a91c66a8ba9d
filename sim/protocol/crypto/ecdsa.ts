import { createPrivateKey, createPublicKey, type KeyObject, sign as signWithOpenssl, verify as verifyWithOpenssl } from 'node:crypto';
import { brainpoolP256r1 } from '@noble/curves/misc.js';
import { p256 } from '@noble/curves/nist.js';
import { children, concat, equal, readTlv, tlv, tlvContent } from '../asn1/tlv.js';
import { type Curve, ecPrivateKey, keyPair, type PrivateKey, type PublicKey, subjectPublicKeyInfo } from './key.js';

export { signDeterministically } from './deterministic.js';
export {
  type Curve,
  generateKey,
  keyFromSeed,
  type PrivateKey,
  type PublicKey,
  pem,
  privateKeyFromScalar,
  privateKeyPem,
  publicKeyFromSpki,
  subjectPublicKeyInfo,
} from './key.js';

const NOBLE: Readonly<Record<Curve, typeof p256>> = { 'P-256': p256, brainpoolP256r1 };
// r and s above half the order are as good as those below: SGP.22 knows no low-s rule.
const PLAIN = { prehash: true, lowS: false } as const;

// Reading a key costs OpenSSL more than one signature; a point that is not on its curve is remembered as undefined.
const privateKeys = new WeakMap<PrivateKey, KeyObject>();
// By octets: every certificate that is parsed again brings the same key in a new object. Bounded, since peers choose keys.
const publicKeys = new Map<string, KeyObject | undefined>();
const MOST_KEYS = 512;

const privateObject = (key: PrivateKey): KeyObject => {
  const known = privateKeys.get(key);
  if (known) return known;
  const made = createPrivateKey({ key: Buffer.from(ecPrivateKey(key)), format: 'der', type: 'sec1' });
  privateKeys.set(key, made);
  return made;
};
const publicObject = (key: PublicKey): KeyObject | undefined => {
  const id = `${key.curve}${Buffer.from(key.point.buffer, key.point.byteOffset, key.point.length).toString('latin1')}`;
  if (publicKeys.has(id)) return publicKeys.get(id);
  let made: KeyObject | undefined;
  try {
    made = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo(key)), format: 'der', type: 'spki' });
  } catch {
    made = undefined;
  }
  if (publicKeys.size >= MOST_KEYS) publicKeys.clear();
  publicKeys.set(id, made);
  return made;
};

/** Signs with ECDSA and SHA-256; returns r and s, 32 octets each, as in tag 5F37. SGP.22 2.6.7.2 */
export const sign = (key: PrivateKey, data: Uint8Array): Uint8Array =>
  new Uint8Array(signWithOpenssl('sha256', data, { key: privateObject(key), dsaEncoding: 'ieee-p1363' }));

/** As `signDeterministically`, by the second implementation: what the first one is compared with. */
export const signDeterministicallyWithNoble = (key: PrivateKey, data: Uint8Array): Uint8Array =>
  new Uint8Array(NOBLE[key.curve].sign(data, key.scalar, PLAIN));

interface Verified {
  readonly key: KeyObject;
  readonly data: Uint8Array;
  readonly isValid: boolean;
}
// A counterpart verifies what it takes, and the runner verifies it once more: by signature, with a copy of what was signed.
const verified = new Map<string, Verified>();
const MOST_VERIFIED = 512;

/** Whether the signature is 64 octets r and s of this key over the data; any malformed input is false. */
export const verify = (key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== 64 || key.point.length !== 65 || key.point[0] !== 4) return false;
  const object = publicObject(key);
  if (!object) return false;
  const id = Buffer.from(signature).toString('latin1');
  const known = verified.get(id);
  if (known?.key === object && equal(known.data, data)) return known.isValid;
  const isValid = verifyAnew(object, data, signature);
  if (verified.size >= MOST_VERIFIED) verified.clear();
  verified.set(id, { key: object, data: new Uint8Array(data), isValid });
  return isValid;
};

const verifyAnew = (key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verifyWithOpenssl('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
};

/** The same question answered by a second implementation, so that no verdict against an IUT rests on one library. */
export const verifyIndependently = (key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== 64 || key.point.length !== 65 || key.point[0] !== 4) return false;
  try {
    return NOBLE[key.curve].verify(signature, data, key.point, PLAIN);
  } catch {
    return false;
  }
};

/** Key agreement: the x coordinate of the shared point, 32 octets; undefined when the peer's point is not on the curve. BSI TR-03111 4.3.1 */
export const agree = (key: PrivateKey, point: Uint8Array): Uint8Array | undefined => {
  if (point.length !== 65 || point[0] !== 4) return undefined;
  // One-time keys: reading them as key objects would cost several times what the agreement does.
  const pair = keyPair(key.curve, key.scalar);
  try {
    return new Uint8Array(pair.computeSecret(point));
  } catch {
    return undefined;
  }
};

const minimalInteger = (value: Uint8Array): Uint8Array => {
  const first = value.findIndex(octet => octet !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : value.subarray(first);
  return tlv(0x02, (digits[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), digits) : digits);
};

/** Converts r and s of equal length into the SEQUENCE that X.509 uses; undefined when the length is odd or zero. RFC 3279 2.2.3 */
export const rawToDer = (raw: Uint8Array): Uint8Array | undefined => {
  const half = raw.length / 2;
  if (half === 0 || !Number.isInteger(half)) return undefined;
  return tlv(0x30, minimalInteger(raw.subarray(0, half)), minimalInteger(raw.subarray(half)));
};

/** Converts an X.509 signature into r and s of 32 octets each; undefined unless it is DER with two positive INTEGERs that fit. */
export const derToRaw = (der: Uint8Array): Uint8Array | undefined => {
  const outer = readTlv(der);
  const numbers = children(der, outer);
  if (outer?.tag !== 0x30 || outer.end !== der.length || numbers.length !== 2 || numbers[1]?.end !== outer.end) return undefined;
  const raw = new Uint8Array(64);
  for (const [index, number] of numbers.entries()) {
    const value = tlvContent(der, number);
    const digits = value[0] === 0 ? value.subarray(1) : value;
    if (number.tag !== 0x02 || value.length === 0 || (value[0] as number) >= 0x80 || digits.length > 32) return undefined;
    raw.set(digits, 32 * (index + 1) - digits.length);
  }
  // Only the shortest forms of lengths and numbers convert back to the same octets.
  const again = rawToDer(raw);
  return again && again.length === der.length && again.every((octet, i) => octet === der[i]) ? raw : undefined;
};
