/**
 * ECDSA with the nonce of RFC 6979, for the test PKI: every start of a process mints certificates, and OpenSSL multiplies
 * points many times faster than script code. Not for secret keys: the arithmetic here takes a time that depends on them.
 */
import { createHash, createHmac } from 'node:crypto';
import { concat } from '../asn1/tlv.js';
import { keyPair, orderOf, type PrivateKey, toNumber, toScalar } from './key.js';

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** Candidates for the nonce k, 32 octets each. RFC 6979 3.2; both curves have orders of 256 bits, so no octet is cut. */
function* nonces(scalar: Uint8Array, digest: Uint8Array): Generator<Uint8Array> {
  let v: Uint8Array = new Uint8Array(32).fill(1);
  let k: Uint8Array = new Uint8Array(32);
  for (const separator of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(separator), scalar, digest);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    yield v;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

const modulo = (value: bigint, order: bigint): bigint => ((value % order) + order) % order;

/** Inverse modulo a prime by the extended Euclidean algorithm. */
const inverse = (value: bigint, order: bigint): bigint => {
  let [a, b, x, y] = [modulo(value, order), order, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  return modulo(x, order);
};

/** Signs like `sign`, but always with the same result for the same key and data. RFC 6979 */
export const signDeterministically = (key: PrivateKey, data: Uint8Array): Uint8Array => {
  const order = orderOf(key.curve);
  const digest = createHash('sha256').update(data).digest();
  const z = toNumber(digest);
  const d = toNumber(key.scalar);
  // bits2octets: the digest is reduced before it goes into the nonce.
  for (const octets of nonces(key.scalar, toScalar(z % order))) {
    const k = toNumber(octets);
    if (k === 0n || k >= order) continue;
    const r = toNumber(keyPair(key.curve, octets).getPublicKey().subarray(1, 33)) % order;
    const s = modulo(inverse(k, order) * (z + r * d), order);
    if (r !== 0n && s !== 0n) return concat(toScalar(r), toScalar(s));
  }
  throw new RangeError('no nonce was found');
};
