/** Certificates and keys of a simulated eUICC, one set per curve. SGP.22 2.6.7 */
import { equal, hex } from '#protocol/asn1/tlv.js';
import { CURVE_NAMES, type Curve, type PrivateKey } from '#protocol/crypto/key.js';
import { type Certificate, isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { attribute } from '#protocol/x509/name.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import { ComposeError } from '../../role.js';
import type { EuiccConfig } from './config.js';

/** What the eUICC signs with under one CI. */
export interface Credential {
  readonly curve: Curve;
  /** Key identifier of the CI: euiccCiPKId. */
  readonly ciPKId: Uint8Array;
  readonly ciCertificate: Certificate;
  readonly eumCertificate: Uint8Array;
  readonly euiccCertificate: Uint8Array;
  readonly key: PrivateKey;
}

// A PKI hands out the same octets for a name each time; every sequence makes eUICCs anew and would parse them again.
const known = new WeakMap<Uint8Array, Certificate | undefined>();
const parsed = (pki: Pki, name: string): Certificate | undefined => {
  const der = pki.certificate(name);
  if (!der) return undefined;
  if (!known.has(der)) {
    const certificate = parseCertificate(der);
    known.set(der, isProblem(certificate) ? undefined : certificate);
  }
  return known.get(der);
};

/** Good eUICC certificates only: the names of wrong ones go on after the number. */
const EUICC_NAME = /^CERT_EUICC\d*(_BRP)?$/;

const nameFor = (eid: Uint8Array, curve: Curve, pki: Pki): string => {
  const found = pki
    .names()
    .filter(name => EUICC_NAME.test(name) && name.endsWith('_BRP') === (curve === 'brainpoolP256r1'))
    .find(name => {
      const certificate = parsed(pki, name);
      return certificate && attribute(certificate.subject, 'serialNumber') === hex(eid);
    });
  if (!found)
    throw new ComposeError(`the PKI ${pki.name} has no eUICC certificate on ${curve} for EID ${hex(eid)}; name one with "certificate"`);
  return found;
};

const credential = (eid: Uint8Array, curve: Curve, pki: Pki, given: string | undefined): Credential => {
  const name = given ?? nameFor(eid, curve, pki);
  const [euicc, eum] = pki.chain(name);
  const key = pki.privateKey(name);
  const certificate = parsed(pki, name);
  const ciCertificate = parsed(pki, curve === 'brainpoolP256r1' ? 'CERT_CI_BRP' : 'CERT_CI');
  if (!euicc || !eum || !key || !certificate) throw new ComposeError(`the PKI ${pki.name} lacks chain or private key of ${name}`);
  if (certificate.keyName !== curve) throw new ComposeError(`expected ${name} on ${curve}, got ${certificate.keyName}`);
  if (!ciCertificate?.subjectKeyId) throw new ComposeError(`the PKI ${pki.name} lacks a CI certificate with key identifier for ${curve}`);
  return { curve, ciPKId: ciCertificate.subjectKeyId, ciCertificate, eumCertificate: eum, euiccCertificate: euicc, key };
};

/** The credentials by preference, i.e. in the order of euiccCiPKIdListForSigning. */
export const credentialsOf = (config: EuiccConfig, eid: Uint8Array, pki: Pki): readonly Credential[] => {
  const curves = config.curve === 'both' ? CURVE_NAMES : [config.curve ?? 'P-256'];
  return curves.map((curve, n) => credential(eid, curve, pki, n === 0 ? config.certificate : undefined));
};

/** The credential of a CI key identifier. */
export const credentialFor = (credentials: readonly Credential[], ciPKId: Uint8Array): Credential | undefined =>
  credentials.find(c => equal(c.ciPKId, ciPKId));
