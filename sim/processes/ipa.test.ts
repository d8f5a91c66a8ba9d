import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import type { EuiccConfig } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, testEuicc } from '../roles/euicc/test-bench.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc } from '../uicc/index.js';
import { type RunningEim, readEimOptions, startEim } from './eim.js';
import { type RunningIpa, readIpaOptions, startIpa } from './ipa.js';

const pki = testPki();
const certificate = (name: string) => hex(pki.certificate(name) ?? new Uint8Array());

describe('reference IPA process', () => {
  let eim: RunningEim;
  const open: { close(): Promise<void> }[] = [];
  const control = async (base: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${base}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const order = (body: unknown) => control(eim.control, 'POST', `/euiccs/${EID1}/orders`, body).then(answer => answer.body.order);
  const stateOf = (id: string) => control(eim.control, 'GET', `/orders/${id}`).then(answer => answer.body.state);

  const start = async (config: Partial<EuiccConfig> = {}, given: Readonly<Record<string, string>> = {}) => {
    const signing = pki.privateKey('SK_S_EIMsign');
    if (!signing) throw new Error('no key');
    const euicc = testEuicc({
      profiles: [{ iccid: ICCID1, state: 'enabled' }, { iccid: ICCID2 }],
      eims: [
        {
          eimId: 'testeim1',
          publicKey: subjectPublicKeyInfo(signing),
          fqdn: 'eim.example.com',
          supportedProtocol: ['eimRetrieveHttps'],
          trustedCertificateTls: certificate('CERT_EIM_TLS'),
        },
      ],
      ...config,
    });
    const uicc = createUicc({ port: portOf(euicc) });
    const problems: string[] = [];
    const resolve = `eim.example.com=${new URL(eim.esipa).host}`;
    const ipa: RunningIpa = await startIpa(readIpaOptions({ resolve, ...given }), {
      card: memoryReader(uicc),
      report: problem => problems.push(problem),
    });
    open.push(ipa);
    return { ipa, euicc, uicc, problems };
  };

  beforeEach(async () => {
    eim = await startEim(readEimOptions({ seed: '1' }));
    open.push(eim);
    await control(eim.control, 'POST', '/euiccs', {
      eid: EID1,
      euiccCertificate: certificate('CERT_EUICC'),
      eumCertificate: certificate('CERT_EUM'),
    });
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  it('carries out the packages of its eIM, through TLS, APDUs and REFRESH', async () => {
    const enable = await order({ operations: [{ enable: { iccid: ICCID2 } }] });
    const list = await order({ operations: [{ listProfileInfo: {} }] });
    const { ipa, euicc, problems } = await start();
    const { status, body } = await control(ipa.control, 'POST', '/poll');
    expect(problems).deep.equals([]);
    expect(status).equals(200);
    expect(body.conversations).deep.equals([
      {
        eimId: 'testeim1',
        requests: [
          'GetEimPackageRequest',
          'ProvideEimPackageResult',
          'GetEimPackageRequest',
          'ProvideEimPackageResult',
          'GetEimPackageRequest',
        ],
        problems: [],
      },
    ]);
    expect([await stateOf(enable), await stateOf(list)]).deep.equals(['succeeded', 'succeeded']);
    expect(euicc.chip.memory.results).deep.equals([]);
  });
});
