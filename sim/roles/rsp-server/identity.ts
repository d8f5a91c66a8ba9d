/** Certificates and keys of an RSP server, one identity per CI. SGP.22 2.6.5, 4.5.2 */
import { equal } from '#protocol/asn1/tlv.js';
import type { Curve, PrivateKey } from '#protocol/crypto/ecdsa.js';
import { type Certificate, isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import { ComposeError } from '../../role.js';

/** A certificate of the server with its private key. */
export interface Credential {
  readonly name: string;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly key: PrivateKey;
  /** registeredID of subjectAltName, dotted; empty when the certificate has none. */
  readonly oid: string;
}

/** A CI that the server trusts, and how the server gets at its own certificates under it. */
export interface CertificateIssuer {
  readonly curve: Curve;
  /** DER. */
  readonly certificate: Uint8Array;
  /** subjectKeyIdentifier, by which an eUICC names the CI. */
  readonly keyId: Uint8Array;
  /** The server's certificate with this name under this CI; undefined when the set has none. */
  credential(name: string): Credential | undefined;
}

const CURVES: readonly Curve[] = ['P-256', 'brainpoolP256r1'];
const suffixOf = (curve: Curve): string => (curve === 'brainpoolP256r1' ? '_BRP' : '');

const read = (der: Uint8Array, name: string): Certificate => {
  const parsed = parseCertificate(der);
  if (isProblem(parsed)) throw new ComposeError(`${name}: ${parsed.problem}`);
  return parsed;
};

const credentialOf = (pki: Pki, name: string): Credential | undefined => {
  const certificate = pki.certificate(name);
  if (!certificate) return undefined;
  const key = pki.privateKey(name);
  if (!key) throw new ComposeError(`${name}: expected a private key on P-256 or brainpoolP256r1 beside the certificate in ${pki.name}`);
  return { name, certificate, key, oid: read(certificate, name).registeredIds?.[0] ?? '' };
};

/**
 * The CIs of a PKI, one per curve, in the server's own order of preference; with `only` the other curve is not
 * supported. Nothing is read before it is asked for, and then once.
 */
export const issuers = (pki: Pki, only?: Curve): readonly (() => CertificateIssuer | undefined)[] =>
  CURVES.filter(curve => only === undefined || curve === only).map(curve => {
    let known: { readonly issuer: CertificateIssuer | undefined } | undefined;
    return () => {
      known ??= { issuer: issuerOn(pki, curve) };
      return known.issuer;
    };
  });

const issuerOn = (pki: Pki, curve: Curve): CertificateIssuer | undefined => {
  const name = `CERT_CI${suffixOf(curve)}`;
  const certificate = pki.certificate(name);
  const keyId = certificate && read(certificate, name).subjectKeyId;
  if (!certificate || !keyId) return undefined;
  const credentials = new Map<string, Credential | undefined>();
  return {
    curve,
    certificate,
    keyId,
    credential: wanted => {
      const isBrainpool = wanted.split('_').includes('BRP');
      // A name with _BRP stands for that one certificate; it has no counterpart under the other CI.
      if (isBrainpool && curve !== 'brainpoolP256r1') return undefined;
      const full = isBrainpool ? wanted : `${wanted}${suffixOf(curve)}`;
      if (!credentials.has(full)) credentials.set(full, credentialOf(pki, full));
      return credentials.get(full);
    },
  };
};

/** The CI of the first key identifier in a list that one of the issuers has and that `accepts` takes. */
export const firstIssuer = (
  keyIds: readonly Uint8Array[],
  candidates: readonly (() => CertificateIssuer | undefined)[],
  accepts: (issuer: CertificateIssuer) => boolean = () => true,
): CertificateIssuer | undefined => {
  for (const keyId of keyIds) {
    for (const candidate of candidates) {
      const issuer = candidate();
      if (issuer && equal(issuer.keyId, keyId) && accepts(issuer)) return issuer;
    }
  }
  return undefined;
};
