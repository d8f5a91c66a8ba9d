import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { concat, fromHex, hex } from '../asn1/tlv.js';
import { pem, privateKeyPem, sign, subjectPublicKeyInfo, verify } from '../crypto/ecdsa.js';
import { folderPki } from './folder-pki.js';
import { testPki } from './test-pki.js';

const pki = testPki();
const certificate = (name: string): Uint8Array => pki.certificate(name) ?? expect.fail(`no ${name}`);

describe('PKI from files', () => {
  const fixture = new URL('../../../../sim/protocol/fixtures/sgp26-certificates.json', import.meta.url);
  const recorded = (JSON.parse(readFileSync(fixture, 'utf8')) as { readonly certificates: Readonly<Record<string, string>> }).certificates;
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const key = pki.privateKey('SK_EUICC') ?? expect.fail('no key');
  const files = new Map<string, Uint8Array>([
    ...Object.entries(recorded).map(([name, content]) => [`Valid Test Cases/${name}.der`, fromHex(content) ?? concat()] as const),
    ['Valid Test Cases/SK_EUICC_ECDSA_NIST.pem', text(privateKeyPem(key))],
    ['keys/SK_S_SM_DP_TLS_CURVE.pem', text(pki.privateKeyPem('SK_S_SM_DP_TLS_CURVE') ?? '')],
    ['keys/PK_S_EIMsign2.der', subjectPublicKeyInfo(key)],
    ['keys/PK_S_EIMsign3.pem', text(pem('PUBLIC KEY', subjectPublicKeyInfo(key)))],
    ['CERT_S_SM_DSauth_SIG_NIST.pem', text(`some text before\n${pem('CERTIFICATE', certificate('CERT_S_SM_DSauth'))}`)],
    ['CERT_broken.der', text('no certificate')],
    ['SK_broken.pem', text('no key')],
    ['PK_broken.der', text('no key')],
    ['readme.txt', text('left alone')],
  ]);
  const folder = folderPki(files);

  it('finds certificates and keys under the names of any release', () => {
    expect(hex(folder.certificate('CERT_EUM') ?? concat())).to.equal(recorded.CERT_EUM_ECDSA_NIST);
    expect(hex(folder.certificate('CERT_S_SM_DP_TLS_BRP') ?? concat())).to.equal(recorded.CERT_S_SM_DP_VARO_TLS_BRP);
    expect(folder.certificate('CERT_S_SM_DSauth')).to.deep.equal(certificate('CERT_S_SM_DSauth'));
    expect(folder.names()).to.include('CERT_EUICC_BRP').and.to.have.length(14);
    expect(folder.name).to.equal('SGP.26 files');
  });

  it('gives private keys that sign, and public keys from certificates and key files', () => {
    const found = folder.privateKey('SK_EUICC') ?? expect.fail('no key');
    expect(verify(key, concat(), sign(found, concat()))).to.equal(true);
    expect(folder.privateKey('SK_EUM')).to.equal(undefined);
    expect(folder.publicKey('PK_EUM')?.curve).to.equal('P-256');
    expect(folder.publicKey('PK_S_EIMsign2')?.point).to.deep.equal(key.point);
    expect(folder.publicKey('PK_S_EIMsign3')?.point).to.deep.equal(key.point);
    expect(folder.privateKeyPem('SK_S_SM_DP_TLS_CURVE')).to.contain('PRIVATE KEY');
    expect(folder.privateKey('SK_S_SM_DP_TLS_CURVE')).to.equal(undefined);
  });

  it('chains by names and key identifiers', () => {
    const chain = folder.chain('CERT_EUICC_BRP').map(hex);
    expect(chain).to.deep.equal([recorded.CERT_EUICC_ECDSA_BRP, recorded.CERT_EUM_ECDSA_BRP, recorded.CERT_CI_ECDSA_BRP]);
    expect(folder.chain('CERT_NONE')).to.deep.equal([]);
  });

  it('tells which files cannot be used', () => {
    expect(folder.problems).to.deep.equal([
      'CERT_broken.der: expected a certificate, Certificate: expected tag 30, got nothing',
      'PK_broken.der: expected a SubjectPublicKeyInfo on P-256 or brainpoolP256r1',
      'SK_broken.pem: expected a private key, PKCS#8 or SEC 1, PEM or DER',
    ]);
  });
});
