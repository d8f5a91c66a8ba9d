import { expect } from 'chai';
import { concat, hex, readTlv, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import { rawToDer, sign } from '#protocol/crypto/ecdsa.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import type { EuiccConfig } from './config.js';
import type { Euicc } from './index.js';
import { octets, PKI, testEuicc } from './test-bench.js';
import { authenticateWith, certificate } from './test-server.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const ALGORITHM = octets('300A06082A8648CE3D040302');
const DELTA = octets('300D0603551D1B0101FF0403020101');
const parsed = (name: string) => {
  const found = parseCertificate(certificate(name));
  return isProblem(found) ? expect.fail(found.problem) : found;
};

/** LoadCRL with a list of the test CI. */
const load = (
  euicc: Euicc,
  given: {
    readonly at?: string;
    readonly revokes?: string;
    readonly extensions?: readonly Uint8Array[];
    readonly signer?: string;
    readonly keyId?: Uint8Array;
  } = {},
): string => {
  const key = PKI.privateKey(given.signer ?? 'SK_CI') ?? expect.fail('no key of the CI');
  const { subject, subjectKeyId = octets('') } = parsed('CERT_CI');
  const at = tlv(0x17, text(given.at ?? '260101000000Z'));
  const serial = given.revokes && tlv(0x02, parsed(given.revokes).serial);
  const keyId = concat(octets('0603551D23'), tlv(0x04, tlv(0x30, tlv(0x80, given.keyId ?? subjectKeyId))));
  const tbs = tlv(
    0x30,
    octets('020101'),
    ALGORITHM,
    subject.octets,
    at,
    serial ? tlv(0x30, tlv(0x30, serial, at)) : octets(''),
    tlv(0xa0, tlv(0x30, tlv(0x30, keyId), ...(given.extensions ?? []))),
  );
  const list = tlv(0x30, tbs, ALGORITHM, tlv(0x03, octets('00'), rawToDer(sign(key, tbs)) ?? octets('')));
  const outer = readTlv(list);
  return send(euicc, tlv(0xbf35, tlv(0xa0, outer ? tlvContent(list, outer) : list)));
};
const send = (euicc: Euicc, command: Uint8Array): string => {
  const { sw, octets: answer } = euicc.execute(command);
  return sw === '9000' ? hex(answer) : sw;
};
const knowing = (config: Partial<EuiccConfig> = {}) => testEuicc({ supports: { crl: true }, ...config });
const OK = 'BF3502A000';
const error = (code: string) => `BF350381 01${code}`.replace(' ', '');

describe('LoadCRL', () => {
  it('is no function of an eUICC that does not announce crlSupport', () => {
    expect(load(testEuicc())).equals('6A88');
    expect(hex(testEuicc().execute(octets('BF2200')).octets)).to.include('88020490');
    expect(hex(knowing().execute(octets('BF2200')).octets)).to.include('880204D0');
  });
  it('makes certificates invalid that a list of their CI names, and no other', () => {
    const euicc = knowing();
    expect(authenticateWith(euicc, 'S_SM_DPauth')).equals(undefined);
    expect(load(euicc, { revokes: 'CERT_S_SM_DPauth' })).equals(OK);
    expect(authenticateWith(euicc, 'S_SM_DPauth')).equals(1);
    expect(authenticateWith(euicc, 'S_SM_DPauth2')).equals(undefined);
    euicc.reset();
    expect(authenticateWith(euicc, 'S_SM_DPauth')).equals(1);
  });
  it('takes a fresher list in place of an older one, and not the other way round', () => {
    const euicc = knowing();
    load(euicc, { revokes: 'CERT_S_SM_DPauth' });
    expect(load(euicc, { at: '250101000000Z' })).equals(error('05'));
    expect(load(euicc, { at: '270101000000Z' })).equals(OK);
    expect(authenticateWith(euicc, 'S_SM_DPauth')).equals(undefined);
  });
  it('refuses with the code for each fault', () => {
    expect(send(knowing(), octets('BF3504A0020500'))).equals(error('02'));
    expect(load(knowing(), { keyId: octets('0102') })).equals(error('04'));
    expect(load(knowing(), { signer: 'SK_CI_UNKNOWN' })).equals(error('01'));
    expect(load(knowing(), { extensions: [DELTA] })).equals(error('06'));
    expect(load(knowing({ memoryFull: true }))).equals(error('03'));
    expect(load(knowing({ breakdowns: ['loadCrl'] }))).equals(error('7F'));
  });
});
