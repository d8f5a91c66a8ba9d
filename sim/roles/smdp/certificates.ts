/** Which certificates of the PKI an SM-DP+ uses. SGP.22 4.5.2.1 */
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import { ComposeError } from '../../role.js';
import type { SmdpConfig } from './config.js';

/** Names of the certificates for authentication and package binding, and the OID they stand for. */
export interface CertificateNames {
  readonly auth: string;
  readonly pb: string;
  /** OID in the certificate for authentication; empty when it has none. */
  readonly oid: string;
}

// SGP.26 has several SM-DP+; the first has no number.
const NUMBERS = ['', '2', '4', '8'];

const oidOf = (pki: Pki, name: string): string | undefined => {
  const der = pki.certificate(name) ?? pki.certificate(`${name}_BRP`);
  const parsed = der && parseCertificate(der);
  return parsed && !isProblem(parsed) ? parsed.registeredIds?.[0] : undefined;
};

/** The names that the configuration states, else those of the SM-DP+ with its OID, else those of the first SM-DP+. */
export const certificateNames = ({ certificates, oid }: SmdpConfig, pki: Pki): CertificateNames => {
  const number = oid === undefined ? '' : NUMBERS.find(n => oidOf(pki, `CERT_S_SM_DPauth${n}`) === oid);
  if (number === undefined && !(certificates?.auth && certificates.pb)) {
    throw new ComposeError(`oid: expected that of an SM-DP+ in ${pki.name}, got ${oid}; or name certificates.auth and certificates.pb`);
  }
  const names = { auth: certificates?.auth ?? `CERT_S_SM_DPauth${number}`, pb: certificates?.pb ?? `CERT_S_SM_DPpb${number}` };
  for (const name of [names.auth, names.pb]) {
    if (!pki.certificate(name) && !pki.certificate(`${name}_BRP`))
      throw new ComposeError(`certificates: expected a name in ${pki.name}, got ${name}`);
  }
  return { ...names, oid: oidOf(pki, names.auth) ?? '' };
};
