import { type KeyUsage, PURPOSES, ROLE_POLICIES } from './oids.js';

/** One certificate of the test PKI, without its curve; names of others are canonical ones without `_BRP`. */
export interface Definition {
  /** `CN=Test CI, O=RSPTEST`. */
  readonly subject: string;
  /** Name of the issuing certificate; its own name for a root. */
  readonly issuer: string;
  /** Name whose key it certifies; its own unless stated. */
  readonly key?: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly keyUsage: readonly KeyUsage[];
  readonly purposes?: readonly string[];
  readonly policy?: readonly [oid: string, critical: boolean] | undefined;
  /** A CA; the number limits the CAs below it. */
  readonly authority?: true | number;
  readonly hosts?: readonly string[];
  readonly registeredId?: string;
  /** Permitted directoryName subtree. */
  readonly permitted?: string;
  /** Whether it names the places of the revocation lists. */
  readonly crl?: true;
  /** Whether it leaves out its own key identifier, as the eIM signing certificate of SGP.26 does. */
  readonly noKeyId?: true;
  /** Whether its signature is spoilt. */
  readonly spoilt?: true;
  /** Bits of another curve of the same family on which its key is instead: P-384, or P-192 and brainpoolP192r1. */
  readonly foreignCurve?: 384 | 192;
}

const GOOD = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2055-01-01T00:00:00Z' } as const;
const EXPIRED = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2021-01-01T00:00:00Z' } as const;
const NOT_YET_VALID = { notBefore: '2054-01-01T00:00:00Z', notAfter: '2055-01-01T00:00:00Z' } as const;
const EUM_NAME = 'O=RSP Test EUM';
const OTHER_NAME = 'other.example.com';
const BOTH = [PURPOSES.serverAuth, PURPOSES.clientAuth];

const ci = (commonName: string, self: string): Definition => ({
  ...GOOD,
  subject: `CN=${commonName}, OU=TESTCERT, O=RSPTEST, C=IT`,
  issuer: self,
  authority: true,
  policy: [ROLE_POLICIES.ci[0], true],
  keyUsage: ['keyCertSign', 'cRLSign'],
  registeredId: '2.999.1',
  crl: true,
});
const eum: Definition = {
  ...GOOD,
  subject: `C=ES, ${EUM_NAME}, CN=EUM Test`,
  issuer: 'CI',
  keyUsage: ['keyCertSign'],
  policy: [ROLE_POLICIES.eum[0], true],
  registeredId: '2.999.5',
  authority: 0,
  crl: true,
  permitted: `${EUM_NAME}, serialNumber=89049032`,
};
const euicc = (eid: string): Definition => ({
  notBefore: GOOD.notBefore,
  notAfter: '9999-12-31T23:59:59Z',
  subject: `C=ES, ${EUM_NAME}, serialNumber=${eid}, CN=Test eUICC`,
  issuer: 'EUM',
  keyUsage: ['digitalSignature'],
  policy: [ROLE_POLICIES.euicc[0], true],
});
const server = (subject: string, role: 'dp-auth' | 'dp-pb' | 'ds-auth', registeredId: string): Definition => ({
  ...GOOD,
  subject,
  issuer: 'CI',
  registeredId,
  keyUsage: ['digitalSignature'],
  policy: [ROLE_POLICIES[role][0], true],
  crl: true,
});
const tls = (prefix: string, host: string, registeredId: string, role?: 'dp-tls' | 'ds-tls'): Definition => ({
  ...GOOD,
  subject: `${prefix}, CN=${host}`,
  issuer: 'CI',
  keyUsage: ['digitalSignature'],
  purposes: BOTH,
  ...(role && { policy: [ROLE_POLICIES[role][0], false] as const, crl: true }),
  // The simulated servers run on the loopback interface.
  hosts: [host, 'localhost'],
  registeredId,
});
const eimSigning = (commonName: string): Definition => ({
  ...GOOD,
  subject: `C=DE, CN=${commonName}`,
  issuer: 'CI',
  keyUsage: ['digitalSignature'],
  noKeyId: true,
});

const [EID1, EID2, EID3] = ['89049032123451234512345678901235', '89049032123451234512345678901332', '89049032123451234512345678901429'];
// The identification number of another EUM, check digits correct.
const OTHER_EID = '89033023123451234512345678901244';

const GOOD_ONES = {
  CI: ci('Test CI', 'CI'),
  CI_UNKNOWN: ci('Unknown CI', 'CI_UNKNOWN'),
  EUM: eum,
  EUICC: euicc(EID1 as string),
  EUICC2: euicc(EID2 as string),
  EUICC3: euicc(EID3 as string),
  S_SM_DPauth: server('O=ACME, CN=TEST SM-DP+', 'dp-auth', '2.999.10'),
  S_SM_DPauth2: server('O=ACME, CN=TEST SM-DP+2', 'dp-auth', '2.999.12'),
  S_SM_DPpb: server('O=ACME, CN=TEST SM-DP+', 'dp-pb', '2.999.10'),
  S_SM_DPpb2: server('O=ACME, CN=TEST SM-DP+2', 'dp-pb', '2.999.12'),
  S_SM_DP_TLS: tls('O=ACME', 'testsmdpplus1.example.com', '2.999.10', 'dp-tls'),
  S_SM_DP_TLS2: tls('O=ACME', 'testsmdpplus2.example.com', '2.999.12', 'dp-tls'),
  S_SM_DSauth: server('O=ACME, CN=TEST SM-DS', 'ds-auth', '2.999.15'),
  S_SM_DS_TLS: tls('O=ACME', 'testrootsmds.example.com', '2.999.15', 'ds-tls'),
  S_EIMsign: eimSigning('testeim1'),
  S_EIMsign2: eimSigning('testeim2'),
  EIM_TLS: tls('C=DE', 'eim.example.com', '2.999.20'),
  EIM_TLS2: tls('C=DE', 'eim2.example.com', '2.999.22'),
  // This project's own: SGP.26 has none for an IPA that listens.
  IPA_TLS: tls('C=DE', 'ipa.example.com', '2.999.30'),
} as const satisfies Record<string, Definition>;

type Change = Partial<Definition>;
// Each wrong certificate differs from the good one in one respect and certifies the same key.
const wrongOnes = (name: keyof typeof GOOD_ONES, changes: Readonly<Record<string, Change>>): [string, Definition][] =>
  Object.entries(changes).map(([suffix, change]) => [`${name}_${suffix}`, { ...GOOD_ONES[name], key: name, ...change }]);

const COMMON = { BAD_SIGNATURE: { spoilt: true }, EXPIRED } as const satisfies Record<string, Change>;
const OF_SERVERS = { ...COMMON, UNKNOWN_CI: { issuer: 'CI_UNKNOWN' } } as const satisfies Record<string, Change>;

const wrongTls = (name: 'S_SM_DP_TLS' | 'S_SM_DS_TLS' | 'EIM_TLS', prefix: string): [string, Definition][] =>
  wrongOnes(name, {
    ...OF_SERVERS,
    NOT_YET_VALID,
    OTHER_NAME: { hosts: [OTHER_NAME], subject: `${prefix}, CN=${OTHER_NAME}` },
    CURVE: { foreignCurve: 384, key: `${name}_CURVE` },
    CLIENT_ONLY: { purposes: [PURPOSES.clientAuth] },
    NO_EKU: { purposes: [] },
    KEY_USAGE: { keyUsage: ['keyAgreement'] },
  });
type AuthRole = 'dp-auth' | 'dp-pb' | 'ds-auth';
const otherPolicy = (role: AuthRole): Change => ({ policy: [ROLE_POLICIES[role][0], true] });
const wrongAuth = (name: 'S_SM_DPauth' | 'S_SM_DPpb' | 'S_SM_DSauth', role: AuthRole, otherRole: AuthRole): [string, Definition][] =>
  wrongOnes(name, {
    ...OF_SERVERS,
    OTHER_OID: { registeredId: '2.999.99' },
    POLICY: otherPolicy(otherRole),
    NO_POLICY: { policy: undefined },
    KEY_USAGE: { keyUsage: ['keyAgreement'] },
    CURVE: { foreignCurve: 192, key: `${name}_CURVE` },
    // Not wrong: the role as SGP.22 v3 writes it.
    V3_ROLE: { policy: [ROLE_POLICIES[role][1], true] },
  });

/** Every certificate of the test PKI by its canonical name without `_BRP`. SGP.26; the eIM's wrong ones are this project's own. */
export const DEFINITIONS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ...Object.entries(GOOD_ONES),
  ...wrongTls('EIM_TLS', 'C=DE'),
  // Wrong only where the other one is trusted by its key.
  ...wrongOnes('EIM_TLS', { OTHER_KEY: { key: 'EIM_TLS_OTHER_KEY' } }),
  ...wrongTls('S_SM_DP_TLS', 'O=ACME'),
  ...wrongOnes('S_SM_DP_TLS', { POLICY: otherPolicy('dp-auth') }),
  ...wrongTls('S_SM_DS_TLS', 'O=ACME'),
  ...wrongOnes('S_SM_DS_TLS', { POLICY: otherPolicy('ds-auth') }),
  ...wrongAuth('S_SM_DPauth', 'dp-auth', 'dp-pb'),
  ...wrongAuth('S_SM_DPpb', 'dp-pb', 'dp-auth'),
  ...wrongAuth('S_SM_DSauth', 'ds-auth', 'dp-auth'),
  // Its own key, so that no certificate below it also verifies with the trusted EUM.
  ...wrongOnes('EUM', { ...COMMON, UNKNOWN_CI: { issuer: 'CI_UNKNOWN', key: 'EUM_UNKNOWN_CI' } }),
  ...wrongOnes('EUICC', { ...COMMON, UNKNOWN_CI: { issuer: 'EUM_UNKNOWN_CI' }, OTHER_EID: { ...euicc(OTHER_EID) } }),
]);
