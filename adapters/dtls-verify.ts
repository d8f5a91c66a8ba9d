/** Whether a DTLS server is who it should be; asked within the handshake, so that it learns the reason by an alert. SGP.32 2.6.3, 2.11.1.1.1 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { derOf, type Openssl, type Pointer } from './dtls-openssl.js';
import type { Judge } from './tls-connect.js';

export interface Trust {
  /** What the certificate must bear. */
  readonly serverName: string;
  /** Public keys of the leaf or of the certificate at the top of the chain shown; empty: the certificates of the SSL_CTX are trusted. */
  readonly pins: readonly KeyObject[];
  readonly inspect?: (chain: readonly Uint8Array[]) => string | undefined;
  /** Judges the chain in place of everything here; `misnamed` says that the leaf bears another name. */
  readonly judge?: Judge;
  /** A fault to commit: looks at nothing. */
  readonly anything?: boolean;
}

/** A key from SubjectPublicKeyInfo in DER. Throws for anything else. */
export const pinFrom = (spki: Uint8Array): KeyObject => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });

/** Numbers of X509_V_ERR that have a name in Node.js. */
const NAMES: Readonly<Record<number, string>> = {
  2: 'UNABLE_TO_GET_ISSUER_CERT',
  7: 'CERT_SIGNATURE_FAILURE',
  9: 'CERT_NOT_YET_VALID',
  10: 'CERT_HAS_EXPIRED',
  18: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  19: 'SELF_SIGNED_CERT_IN_CHAIN',
  20: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  21: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  24: 'INVALID_CA',
  26: 'INVALID_PURPOSE',
  79: 'INVALID_CA',
};
/** Makes OpenSSL send unknown_ca, bad_certificate and handshake_failure. */
const NO_ISSUER = 20;
const HOSTNAME_MISMATCH = 62;
const APPLICATION = 50;
/** Keys and hashes of 80 bits of security, as TLS of Node.js wants them. */
const AUTHENTICATION_LEVEL = 1;

export interface Verified {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly problem?: Error;
}

const certificateNames = (leaf: X509Certificate): string => leaf.subjectAltName ?? leaf.subject.replaceAll('\n', ', ');

const bearsName = (leaf: X509Certificate, name: string): boolean => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined;

/** The certificates among those shown that a pin makes trusted: the leaf or the top, never one in between. */
const pinned = (chain: readonly X509Certificate[], pins: readonly KeyObject[]): number[] =>
  [...new Set([0, chain.length - 1])].filter(index => {
    const key = chain[index]?.publicKey;
    return key !== undefined && pins.some(pin => pin.equals(key));
  });

/** Answers OpenSSL from within the verification of a chain. */
export const verifyChain = (openssl: Openssl, store: Pointer, trust: Trust): Verified => {
  const stack = openssl.X509_STORE_CTX_get0_untrusted(store);
  const pointers = Array.from({ length: Math.max(0, openssl.OPENSSL_sk_num(stack)) }, (_, i) => openssl.OPENSSL_sk_value(stack, i));
  const chain = pointers.map(one => derOf(openssl, one));
  const refuse = (number: number, message: string, code?: string): Verified => {
    openssl.X509_STORE_CTX_set_error(store, number);
    return { chain, problem: Object.assign(new Error(message), code === undefined ? {} : { code }) };
  };
  if (trust.anything) return { chain };
  const parsed = chain.map(der => new X509Certificate(der));
  const leaf = parsed[0];
  if (leaf === undefined) return refuse(NO_ISSUER, 'it showed no certificate');
  const misnamed = bearsName(leaf, trust.serverName)
    ? undefined
    : `its certificate bears another name: expected ${trust.serverName}, got ${certificateNames(leaf)}`;
  if (trust.judge) {
    const problem = trust.judge(chain, misnamed);
    return problem === undefined ? { chain } : refuse(APPLICATION, problem);
  }
  const anchors = openssl.OPENSSL_sk_new_null();
  try {
    if (trust.pins.length > 0) {
      const found = pinned(parsed, trust.pins);
      if (found.length === 0) return refuse(NO_ISSUER, 'neither its certificate nor the top of its chain has the trusted public key');
      for (const index of found) openssl.OPENSSL_sk_push(anchors, pointers[index] ?? 0n);
      openssl.X509_STORE_CTX_set0_trusted_stack(store, anchors);
    }
    openssl.X509_VERIFY_PARAM_set_auth_level(openssl.X509_STORE_CTX_get0_param(store), AUTHENTICATION_LEVEL);
    if (openssl.X509_verify_cert(store) <= 0) {
      const number = openssl.X509_STORE_CTX_get_error(store);
      return refuse(number, openssl.X509_verify_cert_error_string(number), NAMES[number]);
    }
  } finally {
    openssl.OPENSSL_sk_free(anchors);
  }
  if (misnamed !== undefined) return refuse(HOSTNAME_MISMATCH, misnamed);
  const problem = trust.inspect?.(chain);
  return problem === undefined ? { chain } : refuse(APPLICATION, problem);
};
