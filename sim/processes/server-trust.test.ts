import { expect } from 'chai';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { ipaDefects } from '../defects/ipa.js';
import { combinedIpa } from '../defects/ipa-deviation.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import { eimTrust, rspServerJudge, type TrustOptions } from './server-trust.js';

const pki = testPki();
const der = (name: string): Uint8Array => pki.certificate(name) ?? new Uint8Array();
const spki = (name: string): Uint8Array => {
  const parsed = parseCertificate(der(name));
  return isProblem(parsed) ? new Uint8Array() : parsed.spki;
};
const strict: TrustOptions = { anchors: [der('CERT_CI')], now: () => new Date(), accepts: () => false };
const WRONG = ['BAD_SIGNATURE', 'EXPIRED', 'UNKNOWN_CI', 'NOT_YET_VALID', 'CURVE', 'CLIENT_ONLY', 'NO_EKU', 'KEY_USAGE'];

type Data = Parameters<typeof eimTrust>[0];
const refused = (data: Data, name: string, options: TrustOptions = strict, misnamed?: string): string =>
  eimTrust(data, options).judge(pki.chain(name), misnamed) ?? 'accepted';
const refusedServer = (name: string, options: TrustOptions = strict, misnamed?: string): string =>
  rspServerJudge('ES9+', options)(pki.chain(name), misnamed) ?? 'accepted';

describe('trust in an eIM', () => {
  it('is in its key, without any CA', () => {
    const data = { trustedEimPkTls: spki('CERT_EIM_TLS') };
    expect(refused(data, 'CERT_EIM_TLS', { ...strict, anchors: [] })).equals('accepted');
    expect(refused(data, 'CERT_EIM_TLS2')).to.match(/does not have the key/);
  });
  it('is in the key of a CA that signed what it shows', () => {
    const judge = eimTrust({ trustedEimPkTls: spki('CERT_CI') }, strict).judge;
    expect(judge([der('CERT_EIM_TLS2'), der('CERT_CI')], undefined)).equals(undefined);
    expect(judge([der('CERT_EIM_TLS2')], undefined), 'a CA that it does not show').to.match(/key/);
    expect(judge([der('CERT_EIM_TLS_BAD_SIGNATURE'), der('CERT_CI')], undefined)).to.match(/key/);
  });
  it('is in its certificate, or in that of its CA', () => {
    expect(refused({ trustedCertificateTls: der('CERT_EIM_TLS') }, 'CERT_EIM_TLS')).equals('accepted');
    expect(refused({ trustedCertificateTls: der('CERT_EIM_TLS') }, 'CERT_EIM_TLS2')).not.equals('accepted');
    expect(refused({ trustedCertificateTls: der('CERT_CI') }, 'CERT_EIM_TLS2')).equals('accepted');
  });
  it('is in the CIs when the eUICC has neither', () => {
    expect(refused(undefined, 'CERT_EIM_TLS')).equals('accepted');
    expect(refused(undefined, 'CERT_EIM_TLS', { ...strict, anchors: [] })).not.equals('accepted');
  });
  it('ends with a certificate that is not valid, not for servers, or bears another name', () => {
    for (const suffix of WRONG) expect(refused(undefined, `CERT_EIM_TLS_${suffix}`), suffix).not.equals('accepted');
    for (const suffix of ['EXPIRED', 'NOT_YET_VALID', 'CURVE', 'CLIENT_ONLY', 'NO_EKU', 'KEY_USAGE'])
      expect(refused({ trustedEimPkTls: spki(`CERT_EIM_TLS_${suffix}`) }, `CERT_EIM_TLS_${suffix}`), `key, ${suffix}`).not.equals(
        'accepted',
      );
    expect(refused(undefined, 'CERT_EIM_TLS', strict, 'another name')).equals('another name');
    expect(refused(undefined, 'no such certificate')).to.match(/cannot be read/);
    expect(eimTrust(undefined, strict).judge([Uint8Array.of(0x30, 0)], undefined)).to.match(/cannot be read/);
  });
});

describe('trust in an RSP server', () => {
  it('is in the CIs, for the role of its interface', () => {
    expect(refusedServer('CERT_S_SM_DP_TLS')).equals('accepted');
    expect(refusedServer('CERT_S_SM_DS_TLS'), 'an event may name an SM-DS').equals('accepted');
    expect(rspServerJudge('ES11', strict)(pki.chain('CERT_S_SM_DP_TLS'), undefined)).to.match(/policy/);
    for (const suffix of [...WRONG, 'POLICY']) expect(refusedServer(`CERT_S_SM_DP_TLS_${suffix}`), suffix).not.equals('accepted');
  });
});

describe('defects in trust', () => {
  const optionsOf = (name: string, server: 'eim' | 'rsp'): TrustOptions => {
    const deviation = ipaDefects[name];
    if (!deviation) throw new Error(`no ${name}`);
    const world = { spec: '1.2' as const, pki, now: () => new Date(), random: () => new Uint8Array() };
    const decide = decisionsWith(combinedIpa([deviation]).overrides, world);
    return { ...strict, accepts: fault => decide.trusts(server, fault) };
  };
  const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
    trustsUnknownCas: ['UNKNOWN_CI'],
    ignoresCertificateSignatures: ['BAD_SIGNATURE'],
    ignoresValidity: ['EXPIRED', 'NOT_YET_VALID'],
    ignoresUsage: ['CLIENT_ONLY', 'NO_EKU', 'KEY_USAGE'],
    acceptsForeignKeys: ['CURVE'],
  };
  it('each let one kind of certificate of an eIM pass', () => {
    for (const [name, suffixes] of Object.entries(ACCEPTED))
      expect(
        WRONG.filter(suffix => refused(undefined, `CERT_EIM_TLS_${suffix}`, optionsOf(name, 'eim')) === 'accepted'),
        name,
      ).to.have.members([...suffixes]);
    expect(refused({ trustedEimPkTls: spki('CERT_EIM_TLS') }, 'CERT_EIM_TLS2', optionsOf('trustsOtherKeys', 'eim'))).equals('accepted');
    for (const name of ['ignoresNames', 'omitsServerName'])
      expect(refused(undefined, 'CERT_EIM_TLS', optionsOf(name, 'eim'), 'another name'), name).equals('accepted');
  });
  it('each let one kind of certificate of an RSP server pass', () => {
    const passing = (name: string) => WRONG.filter(s => refusedServer(`CERT_S_SM_DP_TLS_${s}`, optionsOf(name, 'rsp')) === 'accepted');
    expect(passing('trustsAnyServer')).to.have.members(['UNKNOWN_CI', 'BAD_SIGNATURE']);
    expect(passing('ignoresValidityOfServers')).to.have.members(['EXPIRED', 'NOT_YET_VALID']);
    expect(passing('ignoresUsageOfServers')).to.have.members(['CLIENT_ONLY', 'NO_EKU', 'KEY_USAGE']);
    expect(passing('acceptsForeignKeysOfServers')).to.have.members(['CURVE']);
    expect(refusedServer('CERT_S_SM_DP_TLS', optionsOf('ignoresNamesOfServers', 'rsp'), 'another name')).equals('accepted');
  });
});
