import { expect } from 'chai';
import { testPki } from '#protocol/x509/test-pki.js';
import { serverCertificateFault } from './server-certificate.js';

const pki = testPki();
const faultOf = (rspInterface: 'ES9+' | 'ES11', name: string) => serverCertificateFault(rspInterface, pki.chain(name))?.code;

describe('certificate of an RSP server', () => {
  it('is accepted for the interface of its role, on both curves', () => {
    for (const name of ['CERT_S_SM_DP_TLS', 'CERT_S_SM_DP_TLS2', 'CERT_S_SM_DP_TLS_BRP'])
      expect(faultOf('ES9+', name), name).equals(undefined);
    expect(faultOf('ES11', 'CERT_S_SM_DS_TLS')).equals(undefined);
  });
  it('is refused when it is of another role', () => {
    expect(faultOf('ES9+', 'CERT_S_SM_DS_TLS')).equals('role');
    expect(faultOf('ES11', 'CERT_S_SM_DP_TLS')).equals('role');
    expect(faultOf('ES9+', 'CERT_S_SM_DP_TLS_POLICY')).equals('role');
  });
  it('is refused for a key or a purpose that no server may have', () => {
    const faults = ['CURVE', 'NO_EKU', 'CLIENT_ONLY', 'KEY_USAGE'].map(suffix => faultOf('ES9+', `CERT_S_SM_DP_TLS_${suffix}`));
    expect(faults).deep.equals(['curve', 'keyUsage', 'keyUsage', 'keyUsage']);
  });
  it('is refused when there is none', () => {
    expect(serverCertificateFault('ES9+', [])?.code).equals('format');
  });
});
