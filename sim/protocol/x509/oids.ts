/** Object identifiers of certificates: attributes, extensions, key usages and the roles of SGP.22. */

/** Name attributes in their usual short names. RFC 5280 A.1, X.520 */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

/** Certificate extensions. RFC 5280 4.2; permittedEins is SGP.22 v3 4.5.2.1.0.2 */
export const EXTENSIONS = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  permittedEins: '2.23.146.1.2.2.0',
} as const;

/** Bits of keyUsage in order. RFC 5280 4.2.1.3 */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
/** Name of a keyUsage bit. RFC 5280 4.2.1.3 */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** Purposes of extendedKeyUsage. RFC 5280 4.2.1.12 */
export const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

/** ECDSA with SHA-256, the only signature algorithm of SGP.22 certificates. RFC 5758 3.2 */
export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** Certificate policies that name the role: of SGP.22 v2 (Variant O) first, then of v3. SGP.22 4.5.2, SGP.26 */
export const ROLE_POLICIES = {
  ci: ['2.23.146.1.2.1.0'],
  'ci-sub': ['2.23.146.1.2.1.0.0'],
  euicc: ['2.23.146.1.2.1.1', '2.23.146.1.2.1.0.0.0.0.0'],
  eum: ['2.23.146.1.2.1.2', '2.23.146.1.2.1.0.0.0'],
  'eum-sub': ['2.23.146.1.2.1.0.0.0.0'],
  'dp-sub': ['2.23.146.1.2.1.0.0.1'],
  'dp-tls': ['2.23.146.1.2.1.3', '2.23.146.1.2.1.0.0.1.0'],
  'dp-auth': ['2.23.146.1.2.1.4', '2.23.146.1.2.1.0.0.1.1'],
  'dp-pb': ['2.23.146.1.2.1.5', '2.23.146.1.2.1.0.0.1.2'],
  'ds-sub': ['2.23.146.1.2.1.0.0.2'],
  'ds-tls': ['2.23.146.1.2.1.6', '2.23.146.1.2.1.0.0.2.0'],
  'ds-auth': ['2.23.146.1.2.1.7', '2.23.146.1.2.1.0.0.2.1'],
} as const;

/** Names of keys this project does not use, by algorithm and curve identifier. RFC 5480, RFC 5639, ANSSI */
export const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.3.101.112': 'Ed25519',
  '1.2.840.10045.3.1.1': 'P-192',
  '1.3.132.0.33': 'P-224',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
  '1.3.36.3.3.2.8.1.1.3': 'brainpoolP192r1',
  '1.3.36.3.3.2.8.1.1.11': 'brainpoolP384r1',
  '1.3.36.3.3.2.8.1.1.13': 'brainpoolP512r1',
  '1.2.250.1.223.101.256.1': 'FRP256v1',
};
