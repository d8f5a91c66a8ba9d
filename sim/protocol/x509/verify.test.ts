import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { concat, fromHex } from '../asn1/tlv.js';
import { keyFromSeed, type PrivateKey, subjectPublicKeyInfo } from '../crypto/ecdsa.js';
import { isProblem, parseCertificate } from './certificate.js';
import {
  authority,
  authorityKeyId,
  type CertificateRecipe,
  extension,
  keyUsage,
  mintCertificate,
  permittedEins,
  permittedName,
  policy,
  subjectKeyId,
} from './mint.js';
import { attributesOf, nameText } from './name.js';
import { testPki } from './test-pki.js';
import { type ChainRequest, type ChainResult, type Role, verifyChain } from './verify.js';

const pki = testPki();
const der = (name: string): Uint8Array => pki.certificate(name) ?? expect.fail(`${name} is not in the PKI`);
const at = new Date('2026-11-20T00:00:00Z');
const verifyNamed = (name: string, role?: Role, more: Partial<ChainRequest> = {}): ChainResult =>
  verifyChain({
    leaf: der(name),
    intermediates: pki.chain(name).slice(1, -1),
    anchors: [der(name.endsWith('_BRP') ? 'CERT_CI_BRP' : 'CERT_CI')],
    at,
    ...(role && { role }),
    ...more,
  });
const outcome = (result: ChainResult): string => (result.ok ? 'ok' : result.code);

const fixture = new URL('../../../../sim/protocol/fixtures/sgp26-certificates.json', import.meta.url);
const recorded = (JSON.parse(readFileSync(fixture, 'utf8')) as { readonly certificates: Readonly<Record<string, string>> }).certificates;
const sgp26 = (name: string): Uint8Array => fromHex(recorded[name] ?? '') ?? concat();

const keys = { ci: keyFromSeed('P-256', 'ci'), eum: keyFromSeed('P-256', 'eum'), leaf: keyFromSeed('P-256', 'leaf') };
const NAMES = { ci: 'CN=CI', eum: 'O=Maker, CN=EUM', leaf: 'O=Maker, serialNumber=89049032123451234512345678901235' };
const make = (
  subject: string,
  issuer: string,
  key: PrivateKey,
  issuerKey: PrivateKey,
  extensions: readonly Uint8Array[],
  more: Partial<CertificateRecipe> = {},
) =>
  mintCertificate({
    subject: attributesOf(subject),
    issuer: attributesOf(issuer),
    spki: subjectPublicKeyInfo(key),
    issuerKey,
    serial: 1n,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    extensions,
    ...more,
  });
const ci = make(NAMES.ci, NAMES.ci, keys.ci, keys.ci, [authority(), keyUsage('keyCertSign')]);
const eumExtensions = [authority(0), keyUsage('keyCertSign'), policy('2.23.146.1.2.1.2')];
const v2Constraint = permittedName(attributesOf('O=Maker, serialNumber=89049032'));
const eum = (...more: readonly Uint8Array[]) => make(NAMES.eum, NAMES.ci, keys.eum, keys.ci, [...eumExtensions, ...more]);
const euiccExtensions = [keyUsage('digitalSignature'), policy('2.23.146.1.2.1.1')];
const euicc = make(NAMES.leaf, NAMES.eum, keys.leaf, keys.eum, euiccExtensions);
const verifyEuicc = (intermediate: Uint8Array, leaf = euicc): ChainResult =>
  verifyChain({ leaf, intermediates: [intermediate], anchors: [ci], role: 'euicc' });

describe('certificate chain', () => {
  it('of the SGP.26 set is accepted in its role on both curves', () => {
    for (const suffix of ['NIST', 'BRP']) {
      const anchors = [sgp26(`CERT_CI_ECDSA_${suffix}`)];
      const eumCertificate = sgp26(`CERT_EUM_ECDSA_${suffix}`);
      const roles: readonly (readonly [string, Role])[] = [
        [`CERT_EUM_ECDSA_${suffix}`, 'eum'],
        [`CERT_EUICC_ECDSA_${suffix}`, 'euicc'],
        [`CERT_S_SM_DPauth_ECDSA_${suffix}`, 'dp-auth'],
        [`CERT_S_SM_DPpb_ECDSA_${suffix}`, 'dp-pb'],
        [`CERT_S_SM_DP_VARO_TLS_${suffix}`, 'dp-tls'],
        ...(suffix === 'NIST' ? [['CERT_S_EIMsign_ECDSA_NIST', 'eim-sign'] as const] : []),
      ];
      for (const [name, role] of roles) {
        const result = verifyChain({ leaf: sgp26(name), intermediates: [eumCertificate], anchors, at, role });
        expect(result.ok ? 'ok' : result.message, name).to.equal('ok');
      }
    }
  });

  it('is returned from leaf to anchor', () => {
    const result = verifyNamed('CERT_EUICC', 'euicc');
    if (!result.ok) return expect.fail(result.message);
    expect(result.chain.map(certificate => certificate.der)).to.deep.equal(pki.chain('CERT_EUICC'));
  });

  it('takes parsed certificates as well as octets, and an end entity that is trusted itself', () => {
    const leaf = parseCertificate(der('CERT_EIM_TLS'));
    if (isProblem(leaf)) return expect.fail(leaf.problem);
    expect(outcome(verifyChain({ leaf, intermediates: [], anchors: [leaf], at, role: 'eim-tls' }))).to.equal('ok');
  });

  it('is found among certificates that do not belong to it', () => {
    const result = verifyNamed('CERT_EUICC', 'euicc', {
      intermediates: [der('CERT_S_SM_DPauth'), der('CERT_EUM_BAD_SIGNATURE'), der('CERT_EUM_BRP'), der('CERT_EUM')],
      anchors: [der('CERT_CI_UNKNOWN'), der('CERT_CI_BRP'), der('CERT_CI')],
    });
    expect(outcome(result)).to.equal('ok');
  });

  const wrong: readonly (readonly [string, Role, string])[] = [
    ['CERT_EIM_TLS_UNKNOWN_CI', 'eim-tls', 'unknownIssuer'],
    ['CERT_EIM_TLS_BAD_SIGNATURE', 'eim-tls', 'signature'],
    ['CERT_EIM_TLS_EXPIRED', 'eim-tls', 'expired'],
    ['CERT_EIM_TLS_NOT_YET_VALID', 'eim-tls', 'notYetValid'],
    ['CERT_EIM_TLS_CURVE', 'eim-tls', 'curve'],
    ['CERT_EIM_TLS_CLIENT_ONLY', 'eim-tls', 'keyUsage'],
    ['CERT_EIM_TLS_NO_EKU', 'eim-tls', 'keyUsage'],
    ['CERT_EIM_TLS_KEY_USAGE', 'eim-tls', 'keyUsage'],
    ['CERT_S_SM_DP_TLS_POLICY', 'dp-tls', 'role'],
    ['CERT_S_SM_DP_TLS_CLIENT_ONLY', 'dp-tls', 'keyUsage'],
    ['CERT_S_SM_DS_TLS_CURVE', 'ds-tls', 'curve'],
    ['CERT_S_SM_DS_TLS_POLICY', 'ds-tls', 'role'],
    ['CERT_S_SM_DPauth_POLICY', 'dp-auth', 'role'],
    ['CERT_S_SM_DPauth_EXPIRED', 'dp-auth', 'expired'],
    ['CERT_S_SM_DPpb_POLICY', 'dp-pb', 'role'],
    ['CERT_S_SM_DSauth_POLICY', 'ds-auth', 'role'],
    ['CERT_S_SM_DSauth_BAD_SIGNATURE', 'ds-auth', 'signature'],
    ['CERT_S_SM_DPpb', 'dp-auth', 'role'],
    ['CERT_S_EIMsign', 'dp-auth', 'role'],
    ['CERT_EUM_EXPIRED', 'eum', 'expired'],
    ['CERT_EUM_BAD_SIGNATURE', 'eum', 'signature'],
    ['CERT_EUICC_EXPIRED', 'euicc', 'expired'],
    ['CERT_EUICC_BAD_SIGNATURE', 'euicc', 'signature'],
    ['CERT_EUICC_UNKNOWN_CI', 'euicc', 'unknownIssuer'],
    ['CERT_EUICC_OTHER_EID', 'euicc', 'nameConstraint'],
  ];
  for (const [name, role, code] of wrong) {
    it(`refuses ${name} as ${role}: ${code}`, () => {
      expect(outcome(verifyNamed(name, role))).to.equal(code);
      expect(outcome(verifyNamed(`${name}_BRP`, role))).to.equal(code);
    });
  }

  it('is not checked for its validity without a moment, as an eUICC does', () => {
    const { at: _, ...timeless } = { leaf: der('CERT_S_SM_DPauth_EXPIRED'), intermediates: [], anchors: [der('CERT_CI')], at };
    expect(outcome(verifyChain({ ...timeless, role: 'dp-auth' }))).to.equal('ok');
  });

  it('is valid in the first and the last second of its period and not outside', () => {
    const outcomes = ['2019-12-31T23:59:59Z', '2020-01-01T00:00:00Z', '2055-01-01T00:00:00Z', '2055-01-01T00:00:01Z'].map(moment =>
      outcome(verifyNamed('CERT_S_SM_DPauth', 'dp-auth', { at: new Date(moment) })),
    );
    expect(outcomes).to.deep.equal(['notYetValid', 'ok', 'ok', 'expired']);
  });

  it('is refused when an intermediate is missing, expired, or signed by no one', () => {
    expect(outcome(verifyNamed('CERT_EUICC', 'euicc', { intermediates: [] }))).to.equal('unknownIssuer');
    expect(outcome(verifyNamed('CERT_EUICC', 'euicc', { intermediates: [der('CERT_EUM_EXPIRED')] }))).to.equal('expired');
    expect(outcome(verifyNamed('CERT_EUICC', 'euicc', { intermediates: [der('CERT_EUM_BAD_SIGNATURE')] }))).to.equal('signature');
  });

  it('is refused when the name fits but the key identifier does not', () => {
    const root = make(NAMES.ci, NAMES.ci, keys.ci, keys.ci, [authority(), keyUsage('keyCertSign'), subjectKeyId(Uint8Array.of(1))]);
    const leaf = (id: number) => make('CN=leaf', NAMES.ci, keys.leaf, keys.ci, [authorityKeyId(Uint8Array.of(id))]);
    expect(outcome(verifyChain({ leaf: leaf(1), intermediates: [], anchors: [root] }))).to.equal('ok');
    expect(outcome(verifyChain({ leaf: leaf(2), intermediates: [], anchors: [root] }))).to.equal('unknownIssuer');
  });

  it('is refused for octets that are no certificate, wherever they stand', () => {
    const junk = Uint8Array.of(0x30, 0);
    const good = { leaf: der('CERT_S_SM_DPauth'), intermediates: [], anchors: [der('CERT_CI')] };
    for (const change of [{ leaf: junk }, { intermediates: [junk] }, { anchors: [good.anchors[0] ?? junk, junk] }]) {
      expect(outcome(verifyChain({ ...good, ...change }))).to.equal('format');
    }
  });

  it('is refused for an unknown critical extension and not for an unknown other one', () => {
    const leaf = (critical: boolean) => make('CN=leaf', NAMES.ci, keys.leaf, keys.ci, [extension('1.2.3', critical, Uint8Array.of(5, 0))]);
    expect(outcome(verifyChain({ leaf: leaf(true), intermediates: [], anchors: [ci] }))).to.equal('format');
    expect(outcome(verifyChain({ leaf: leaf(false), intermediates: [], anchors: [ci] }))).to.equal('ok');
  });

  it('is refused below a certificate that is no CA, may not sign certificates, or has too many CAs below it', () => {
    const server = make('CN=leaf', NAMES.eum, keys.leaf, keys.eum, []);
    const above = (...extensions: readonly Uint8Array[]) =>
      outcome(verifyChain({ leaf: server, intermediates: [make(NAMES.eum, NAMES.ci, keys.eum, keys.ci, extensions)], anchors: [ci] }));
    expect(above()).to.equal('keyUsage');
    expect(above(authority(0), keyUsage('cRLSign'))).to.equal('keyUsage');
    expect(above(authority(0))).to.equal('ok');
    const tight = make(NAMES.ci, NAMES.ci, keys.ci, keys.ci, [authority(0)]);
    const middle = make(NAMES.eum, NAMES.ci, keys.eum, keys.ci, [authority()]);
    expect(outcome(verifyChain({ leaf: server, intermediates: [middle], anchors: [tight] }))).to.equal('keyUsage');
  });

  it('is refused when two curves meet in a role, and accepted without a role', () => {
    const brainpool = keyFromSeed('brainpoolP256r1', 'leaf');
    const leaf = make('CN=leaf', NAMES.ci, brainpool, keys.ci, [keyUsage('digitalSignature')]);
    expect(outcome(verifyChain({ leaf, intermediates: [], anchors: [ci], role: 'eim-sign' }))).to.equal('curve');
    expect(outcome(verifyChain({ leaf, intermediates: [], anchors: [ci] }))).to.equal('ok');
  });

  it('is refused when an EUM stands above a server, or anything but an EUM above an eUICC', () => {
    const server = make('O=Maker, serialNumber=89049032, CN=server', NAMES.eum, keys.leaf, keys.eum, [
      keyUsage('digitalSignature'),
      policy('2.23.146.1.2.1.3'),
    ]);
    expect(outcome(verifyChain({ leaf: server, intermediates: [eum(v2Constraint)], anchors: [ci], role: 'dp-auth' }))).to.equal('role');
    const sub = make(NAMES.eum, NAMES.ci, keys.eum, keys.ci, [
      authority(0),
      keyUsage('keyCertSign'),
      policy('2.23.146.1.2.1.0.0'),
      v2Constraint,
    ]);
    expect(outcome(verifyEuicc(sub))).to.equal('role');
    const direct = make(NAMES.leaf, NAMES.ci, keys.leaf, keys.ci, euiccExtensions);
    expect(outcome(verifyChain({ leaf: direct, intermediates: [], anchors: [ci], role: 'euicc' }))).to.equal('role');
  });

  it('is refused for a server without the OID that ties its certificates together', () => {
    const leaf = make('CN=leaf', NAMES.ci, keys.leaf, keys.ci, [keyUsage('digitalSignature'), policy('2.23.146.1.2.1.4')]);
    expect(verifyChain({ leaf, intermediates: [], anchors: [ci], role: 'dp-auth' })).to.deep.include({ ok: false, code: 'role' });
  });
});

describe('EID limits of an EUM', () => {
  it('hold in the form of v2 and in the form of v3', () => {
    expect(outcome(verifyEuicc(eum(v2Constraint)))).to.equal('ok');
    expect(outcome(verifyEuicc(eum(permittedName(attributesOf('O=Maker')), permittedEins('89033023', '89049032'))))).to.equal('ok');
  });

  it('refuse another manufacturer, another identification number and another form', () => {
    const constraints = [
      permittedName(attributesOf('O=Maker, serialNumber=89033023')),
      permittedName(attributesOf('O=Other, serialNumber=89049032')),
      permittedEins('89033023'),
    ];
    for (const constraint of constraints) expect(outcome(verifyEuicc(eum(constraint)))).to.equal('nameConstraint');
    const dns = extension('2.5.29.30', true, Uint8Array.of(0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, 0x61));
    expect(outcome(verifyEuicc(eum(dns)))).to.equal('nameConstraint');
  });

  it('must exist above an eUICC', () => {
    expect(outcome(verifyEuicc(eum()))).to.equal('nameConstraint');
    expect(outcome(verifyEuicc(eum(permittedName(attributesOf('O=Maker')))))).to.equal('nameConstraint');
  });

  it('need an EID of 32 digits below them', () => {
    for (const subject of [
      'O=Maker, CN=no EID',
      'O=Maker, serialNumber=890490321234',
      'O=Maker, serialNumber=8904903212345123451234567890123X',
    ]) {
      const leaf = make(subject, NAMES.eum, keys.leaf, keys.eum, euiccExtensions);
      expect(outcome(verifyEuicc(eum(v2Constraint), leaf)), subject).to.equal('nameConstraint');
      expect(nameText({ octets: concat(), attributes: attributesOf(subject) })).to.equal(subject);
    }
  });
});
