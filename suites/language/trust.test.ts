import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { trustProblem } from './trust.js';

const pki = testPki();
const certificate = (name: string) => pki.certificate(name) ?? new Uint8Array();
const keyOf = (name: string): Uint8Array => {
  const key = pki.publicKey(name);
  if (!key) throw new Error(name);
  return subjectPublicKeyInfo(key);
};
const registering = (anchor: { trustedEimPkTls: Uint8Array } | { trustedCertificateTls: Uint8Array } | undefined) =>
  encode(EimConfigurationData, { eimId: 'testeim1', ...(anchor ? { trustedPublicKeyDataTls: anchor } : {}) });
const leaf = [certificate('CERT_EIM_TLS')];

describe('trust that an eIM registers', () => {
  it('covers a chain with the registered key, in the leaf or above it', () => {
    expect(trustProblem(leaf, registering({ trustedEimPkTls: keyOf('CERT_EIM_TLS') }))).to.equal(undefined);
    expect(trustProblem(pki.chain('CERT_EIM_TLS'), registering({ trustedEimPkTls: keyOf('CERT_CI') }))).to.equal(undefined);
  });
  it('covers a leaf that is registered itself, and one that the registered CA issued', () => {
    expect(trustProblem(leaf, registering({ trustedCertificateTls: certificate('CERT_EIM_TLS') }))).to.equal(undefined);
    expect(trustProblem(leaf, registering({ trustedCertificateTls: certificate('CERT_CI') }))).to.equal(undefined);
  });
  it('covers anything when trust is left to other means', () => {
    expect(trustProblem(leaf, registering(undefined))).to.equal(undefined);
  });
  it('does not cover another key, another CA or a forged signature', () => {
    expect(trustProblem(leaf, registering({ trustedEimPkTls: keyOf('CERT_S_SM_DP_TLS') }))).to.match(
      /^a chain with the registered key 3059/,
    );
    expect(trustProblem(leaf, registering({ trustedCertificateTls: certificate('CERT_CI_BRP') }))).to.match(/registered key/);
    expect(
      trustProblem([certificate('CERT_EIM_TLS_BAD_SIGNATURE')], registering({ trustedCertificateTls: certificate('CERT_CI') })),
    ).to.match(/registered key/);
    expect(trustProblem([], registering({ trustedEimPkTls: keyOf('CERT_EIM_TLS') }))).to.match(/registered key/);
  });
  it('says when the data or the certificate in it cannot be read', () => {
    expect(trustProblem(leaf, '3000')).to.match(/can be decoded/);
    expect(trustProblem(leaf, undefined)).to.match(/can be decoded/);
  });
});
