import type { PrivateKey, PublicKey } from '../crypto/key.js';

/**
 * A set of certificates and keys under the names of SGP.26. A name may begin with CERT_, SK_ or PK_ and may carry the
 * suffixes of any release of SGP.26 (`_SIG`, `_ECDSA`, `_VARO`, `_NIST`); `_BRP` chooses brainpoolP256r1.
 */
export interface Pki {
  /** Which set it is, for the report. */
  readonly name: string;
  /** The certificate, DER. */
  certificate(name: string): Uint8Array | undefined;
  /** The key pair, if the set has the private key and it is on one of the two curves. */
  privateKey(name: string): PrivateKey | undefined;
  /** The public key, if it is on one of the two curves. */
  publicKey(name: string): PublicKey | undefined;
  /** The private key as PKCS#8 PEM, whatever its curve: for TLS servers. */
  privateKeyPem(name: string): string | undefined;
  /** Names of all certificates, `CERT_…`. */
  names(): readonly string[];
  /** The certificate and its issuers up to the root, as far as the set has them. */
  chain(name: string): Uint8Array[];
}

const DROPPED = new Set(['SIG', 'ECDSA', 'NIST', 'VARO', 'BRP']);
// The invalid certificates of SGP.26 and what this project calls the same fault.
const SAME: readonly (readonly [RegExp, string])[] = [
  [/^S_EIM_TLS/, 'EIM_TLS'],
  [/^S_SM_(DP|DS)(\d)_TLS/, 'S_SM_$1_TLS$2'],
  [/_INV_SIGN$/, '_BAD_SIGNATURE'],
  [/_INV_CERT_POL$/, '_POLICY'],
  [/_INV_CRITICAL_EXT$/, '_NO_EKU'],
  [/_INV_EXT_KEY_USAGE$/, '_CLIENT_ONLY'],
  [/_INV_KEY_USAGE$/, '_KEY_USAGE'],
  [/_INV_CURVE(_NIST192)?$/, '_CURVE'],
  [/_INV_CURVE_BRP192$/, '_CURVE_BRP'],
];

const canonicalNames = new Map<string, string>();
/** A name of SGP.26 without prefix and without the suffixes that only tell releases apart: `S_SM_DPauth`, `EUM_BRP`. */
export const canonicalName = (name: string): string => {
  // The names of cases and IXIT files, each asked for in every sequence.
  const known = canonicalNames.get(name) ?? canonicalForm(name);
  canonicalNames.set(name, known);
  return known;
};
const canonicalForm = (name: string): string => {
  const tokens = name.replace(/^(CERT|SK|PK)_/, '').split('_');
  const base = SAME.reduce((text, [from, to]) => text.replace(from, to), tokens.filter(token => !DROPPED.has(token)).join('_'));
  return tokens.includes('BRP') ? `${base}_BRP` : base;
};
