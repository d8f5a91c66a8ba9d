import { expect } from 'chai';
import { testPki } from '#protocol/x509/test-pki.js';
import { certificateFacts } from './certificate-facts.js';

const now = new Date('2026-06-01T00:00:00Z');
const factsOf = (name: string) => certificateFacts(testPki().certificate(name) ?? new Uint8Array(), now);

describe('certificate facts', () => {
  it('tell names, purposes, key and validity of a server certificate', () => {
    const facts = factsOf('CERT_EIM_TLS');
    expect(facts).to.include({ key: 'P-256', validity: 'valid' });
    expect(facts.dnsNames).to.include('eim.example.com');
    expect(facts.keyUsage).to.deep.equal(['digitalSignature']);
    expect(facts.extendedKeyUsage).to.include('serverAuth');
    expect(facts.commonName).to.be.a('string');
  });
  it('tell what is wrong with it', () => {
    expect(factsOf('CERT_S_SM_DP_TLS_EXPIRED').validity).to.equal('expired');
    expect(factsOf('CERT_S_SM_DP_TLS_NOT_YET_VALID').validity).to.equal('not yet valid');
    expect(factsOf('CERT_S_SM_DP_TLS_CURVE').key).to.not.equal('P-256');
    expect(factsOf('CERT_S_SM_DP_TLS_NO_EKU')).to.not.have.property('extendedKeyUsage');
    expect(certificateFacts(new Uint8Array([0x30, 0x00]), now)).to.have.property('problem');
  });
});
