import { createECDH, createHash } from 'node:crypto';
import { concat, fromHex } from '../asn1/tlv.js';
import { signDeterministically } from '../crypto/ecdsa.js';
import {
  type Curve,
  ecPrivateKeyInfo,
  ecPublicKeyInfo,
  keyFromSeed,
  type PrivateKey,
  pem,
  privateKeyPem,
  subjectPublicKeyInfo,
} from '../crypto/key.js';
import {
  altNames,
  authority,
  authorityKeyId,
  crlPoints,
  extendedKeyUsage,
  keyUsage,
  mintCertificate,
  permittedName,
  policy,
  subjectKeyId,
} from './mint.js';
import { attributesOf } from './name.js';
import { canonicalName, type Pki } from './pki.js';
import { DEFINITIONS, type Definition } from './test-pki-definitions.js';

export type { Pki } from './pki.js';

// Changing the seed changes every key and certificate: users would have to provision their IUTs anew.
const SEED = 'sgp32-conformance public test PKI 1';
const CRLS = ['http://ci.test.example.com/CRL-1.crl', 'http://ci.test.example.com/CRL-2.crl'];
/** Curves that an RSP session knows nothing of: name at OpenSSL, OBJECT IDENTIFIER. */
const FOREIGN_CURVES = {
  384: ['secp384r1', '06052B81040022'],
  192: ['prime192v1', '06082A8648CE3D030101'],
  '192_BRP': ['brainpoolP192r1', '06092B2403030208010103'],
} as const;

interface Entry {
  readonly definition: Definition;
  readonly curve: Curve;
  /** `_BRP` or nothing, for the names of issuer and key. */
  readonly suffix: string;
}

const lookUp = (name: string): Entry | undefined => {
  const suffix = name.endsWith('_BRP') ? '_BRP' : '';
  const definition = DEFINITIONS.get(name.slice(0, name.length - suffix.length));
  return definition && { definition, suffix, curve: suffix ? 'brainpoolP256r1' : 'P-256' };
};

const digest = (algorithm: 'sha1' | 'sha256', ...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const serialOf = (name: string): bigint => BigInt(`0x${Buffer.from(digest('sha256', SEED, name).subarray(0, 8)).toString('hex')}`) >> 1n;

interface ForeignKey {
  readonly spki: Uint8Array;
  readonly point: Uint8Array;
  readonly pkcs8: Uint8Array;
}
const foreignCurveOf = ({ definition, suffix }: Entry) => {
  const { foreignCurve } = definition;
  if (foreignCurve === undefined) return undefined;
  return FOREIGN_CURVES[foreignCurve === 192 && suffix ? '192_BRP' : foreignCurve];
};
// Below the order of P-384 unless the first 24 octets are all FF, and below those of the others by their first bit.
const foreignKey = ([curve, oid]: readonly [string, string], name: string): ForeignKey => {
  const octets = concat(digest('sha256', SEED, name, '1'), digest('sha256', SEED, name, '2'));
  const scalar = curve === 'secp384r1' ? octets.slice(0, 48) : octets.slice(0, 24).map((octet, n) => (n === 0 ? octet & 0x7f : octet));
  const pair = createECDH(curve);
  pair.setPrivateKey(scalar);
  const point = new Uint8Array(pair.getPublicKey());
  const identifier = fromHex(oid) ?? new Uint8Array();
  return { spki: ecPublicKeyInfo(identifier, point), point, pkcs8: ecPrivateKeyInfo(identifier, scalar, point) };
};

// RFC 5280 4.2.1.2, method 1.
const keyIdOf = (point: Uint8Array): Uint8Array => digest('sha1', point);

const extensionsOf = (definition: Definition, point: Uint8Array, issuerPoint: Uint8Array, isRoot: boolean): readonly Uint8Array[] => [
  ...(isRoot ? [] : [authorityKeyId(keyIdOf(issuerPoint))]),
  ...(definition.noKeyId ? [] : [subjectKeyId(keyIdOf(point))]),
  keyUsage(...definition.keyUsage),
  ...(definition.purposes?.length ? [extendedKeyUsage(...definition.purposes)] : []),
  ...(definition.policy ? [policy(...definition.policy)] : []),
  ...(definition.hosts || definition.registeredId ? [altNames(definition.hosts ?? [], definition.registeredId)] : []),
  ...(definition.authority === undefined ? [] : [authority(definition.authority === true ? undefined : definition.authority)]),
  ...(definition.crl ? [crlPoints(...CRLS)] : []),
  ...(definition.permitted ? [permittedName(attributesOf(definition.permitted))] : []),
];

const spoil = (signature: Uint8Array): Uint8Array => signature.map((octet, i) => (i === signature.length - 1 ? octet ^ 1 : octet));

/**
 * The public test PKI in the shape of SGP.26: derived from a fixed seed, the same on every machine, every private key
 * known to everyone. Certificates and keys are made when first asked for and kept by the returned object.
 */
export const testPki = (): Pki => {
  const certificates = new Map<string, Uint8Array>();
  const keys = new Map<string, PrivateKey>();

  const keyName = ({ definition, suffix }: Entry, name: string): string => (definition.key ? `${definition.key}${suffix}` : name);
  const keyOf = (entry: Entry, name: string): PrivateKey => {
    const owner = keyName(entry, name);
    const key = keys.get(owner) ?? keyFromSeed(entry.curve, `${SEED} ${owner}`);
    keys.set(owner, key);
    return key;
  };
  const issuerOf = ({ definition, suffix }: Entry): { readonly name: string; readonly entry: Entry } | undefined => {
    const name = `${definition.issuer}${suffix}`;
    const entry = lookUp(name);
    return entry && { name, entry };
  };

  const mint = (entry: Entry, name: string): Uint8Array | undefined => {
    const { definition } = entry;
    const issuer = issuerOf(entry);
    if (!issuer) return undefined;
    const issuerKey = keyOf(issuer.entry, issuer.name);
    const foreignCurve = foreignCurveOf(entry);
    const own = foreignCurve ? foreignKey(foreignCurve, keyName(entry, name)) : keyOf(entry, name);
    return mintCertificate({
      subject: attributesOf(definition.subject),
      issuer: attributesOf(issuer.entry.definition.subject),
      issuerKey,
      spki: 'spki' in own ? own.spki : subjectPublicKeyInfo(own),
      serial: serialOf(name),
      notBefore: new Date(definition.notBefore),
      notAfter: new Date(definition.notAfter),
      extensions: extensionsOf(definition, own.point, issuerKey.point, issuer.name === name),
      ...(definition.spoilt && { sign: (tbs: Uint8Array) => spoil(signDeterministically(issuerKey, tbs)) }),
    });
  };
  const certificateOf = (name: string): Uint8Array | undefined => {
    const entry = lookUp(name);
    const certificate = certificates.get(name) ?? (entry && mint(entry, name));
    if (certificate) certificates.set(name, certificate);
    return certificate;
  };
  const usableKey = (name: string): PrivateKey | undefined => {
    const canonical = canonicalName(name);
    const entry = lookUp(canonical);
    return entry && !entry.definition.foreignCurve ? keyOf(entry, canonical) : undefined;
  };

  return {
    name: `built-in test PKI (${SEED})`,
    certificate: name => certificateOf(canonicalName(name)),
    privateKey: usableKey,
    publicKey: usableKey,
    privateKeyPem: name => {
      const canonical = canonicalName(name);
      const entry = lookUp(canonical);
      const foreignCurve = entry && foreignCurveOf(entry);
      if (foreignCurve) return pem('PRIVATE KEY', foreignKey(foreignCurve, keyName(entry, canonical)).pkcs8);
      return entry && privateKeyPem(keyOf(entry, canonical));
    },
    names: () => ['', '_BRP'].flatMap(suffix => [...DEFINITIONS.keys()].map(name => `CERT_${name}${suffix}`)),
    chain: name => {
      const chain: Uint8Array[] = [];
      for (let at: string | undefined = canonicalName(name); at !== undefined; ) {
        const certificate = certificateOf(at);
        if (certificate) chain.push(certificate);
        const entry = lookUp(at);
        const issuer: string | undefined = entry && issuerOf(entry)?.name;
        at = issuer === at ? undefined : issuer;
      }
      return chain;
    },
  };
};
