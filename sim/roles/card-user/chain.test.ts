import { expect } from 'chai';
import { PKI } from '../euicc/test-bench.js';
import { chainFacts } from './chain.js';

const certificate = (name: string): Uint8Array => PKI.certificate(name) ?? new Uint8Array();
const EID = '89049032123451234512345678901235';
const pair = (euicc: string, eum: string) => ({ euiccCertificate: certificate(euicc), eumCertificate: certificate(eum) });

describe('facts of the certificates that a card tells', () => {
  it('verify up to the CI of the PKI, on either curve', () => {
    for (const [suffix, curve] of [
      ['', 'P-256'],
      ['_BRP', 'brainpoolP256r1'],
    ] as const) {
      const facts = chainFacts(pair(`CERT_EUICC${suffix}`, `CERT_EUM${suffix}`), PKI);
      expect(facts).to.include({ eid: EID, curve }).and.not.have.property('fault');
      expect(facts.ciPKId).to.have.length(20);
    }
  });

  it('say what is wrong with a chain', () => {
    const fault = (given: Parameters<typeof chainFacts>[0]) => chainFacts(given, PKI).fault;
    expect(fault(pair('CERT_EUICC', 'CERT_EUM_BRP'))).to.match(/leads from|verify|one curve/);
    expect(fault(pair('CERT_EUICC', 'CERT_EUICC'))).to.be.a('string');
    expect(fault(pair('CERT_EUM', 'CERT_CI'))).to.match(/policy|keyUsage/);
    const spoilt = Uint8Array.from(certificate('CERT_EUICC'));
    spoilt[spoilt.length - 1] = (spoilt[spoilt.length - 1] ?? 0) ^ 1;
    expect(fault({ euiccCertificate: spoilt, eumCertificate: certificate('CERT_EUM') })).to.match(/verify/);
    expect(fault({ euiccCertificate: Uint8Array.of(0x30, 0), eumCertificate: certificate('CERT_EUM') })).to.match(/of the eUICC/);
    expect(fault({ euiccCertificate: certificate('CERT_EUICC'), eumCertificate: Uint8Array.of(0x30, 0) })).to.match(/of the EUM/);
  });

  it('verify up to the EUM where the PKI does not have its CI', () => {
    const foreign = { ...PKI, certificate: () => undefined };
    expect(chainFacts(pair('CERT_EUICC', 'CERT_EUM'), foreign)).to.not.have.property('fault');
    expect(chainFacts(pair('CERT_EUICC', 'CERT_EUM_BRP'), foreign).fault).to.be.a('string');
  });
});
