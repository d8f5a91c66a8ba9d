import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { IpaEuiccDataRequest } from '#protocol/iot/data.js';
import { GetEimPackageResponse, ProvideEimPackageResult, ProvideEimPackageResultResponse } from '#protocol/iot/esipa.js';
import type { EuiccConfig } from '../euicc/index.js';
import { ICCID1, ICCID2, octets, resultsOf, signedPackage, testEim, testEuicc } from '../euicc/test-bench.js';
import { createIpa, type IpaConfig } from './index.js';

const eim = testEim();
const euiccConfig: Partial<EuiccConfig> = {
  defaultDpAddress: 'dp.example.com',
  rootDsAddress: 'ds.example.com',
  eims: [{ ...testEim('other') }, { ...eim, associationToken: 9 }],
  profiles: [
    { iccid: ICCID1, state: 'enabled' },
    { iccid: ICCID2, notify: [{ address: 'a.example.com', events: ['enable', 'delete'] }] },
  ],
};
type Request = InputOf<ValueOf<typeof IpaEuiccDataRequest>>;

const setUp = (config: Partial<EuiccConfig> = {}, ipaConfig: Partial<IpaConfig> = {}) => {
  const euicc = testEuicc({ ...euiccConfig, ...config });
  const ipa = createIpa({ euicc, eimId: 'testeim1', ...ipaConfig }, euicc.chip.world);
  const request = async (value: Request) => {
    const message = decode(GetEimPackageResponse, encode(GetEimPackageResponse, { ipaEuiccDataRequest: value }));
    await ipa.take({ type: GetEimPackageResponse, message });
    const { octets: data } = await ipa.compose('ProvideEimPackageResult');
    const answer = decode(ProvideEimPackageResult, data);
    expect(answer.diagnostics).deep.equals([]);
    return answer.value.eimPackageResult.ipaEuiccDataResponse;
  };
  return { euicc, ipa, request };
};
const data = async (value: Request, config: Partial<EuiccConfig> = {}) => (await setUp(config).request(value))?.ipaEuiccData;
const error = async (value: Request, config: Partial<EuiccConfig> = {}) => (await setUp(config).request(value))?.ipaEuiccDataResponseError;

describe('the simulated IPA, asked for data', () => {
  it('gives exactly what is asked for, and echoes the transaction', async () => {
    expect(await data({ tagList: octets('8183'), eimTransactionId: octets('0102') })).deep.equals({
      defaultSmdpAddress: 'dp.example.com',
      rootSmdsAddress: 'ds.example.com',
      eimTransactionId: octets('0102'),
    });
    expect(await data({ tagList: octets('84') })).deep.equals({ associationToken: 9 });
    expect(Object.keys((await data({ tagList: octets('BF20BF22A8A9') })) ?? {})).deep.equals([
      'euiccInfo1',
      'euiccInfo2',
      'ipaCapabilities',
      'deviceInfo',
    ]);
    expect(await data({ tagList: octets('A0A2') })).deep.equals({ notificationsList: [], euiccPackageResultList: [] });
  });
  it('leaves out what there is none of', async () => {
    const { euicc, request } = setUp({ eims: [{ ...eim }] });
    euicc.execute(octets('BF65028000'));
    expect((await request({ tagList: octets('8184') }))?.ipaEuiccData).deep.equals({});
  });
  it('gives the certificates of the CI asked for', async () => {
    const { euicc, request } = setUp({ curve: 'both' });
    const [first, second] = euicc.chip.credentials;
    expect((await request({ tagList: octets('A5A6') }))?.ipaEuiccData).deep.equals({
      eumCertificate: first.eumCertificate,
      euiccCertificate: first.euiccCertificate,
    });
    const other = setUp({ curve: 'both' });
    const asked = await other.request({ tagList: octets('A6'), ...(second && { euiccCiPKIdentifierToBeUsed: second.ciPKId }) });
    expect(asked?.ipaEuiccData).deep.equals({ euiccCertificate: second?.euiccCertificate });
  });
  it('filters notifications and results, and removes only what is acknowledged', async () => {
    const { euicc, ipa, request } = setUp();
    const psmo = [{ enable: { iccid: octets(ICCID2) } }];
    resultsOf(euicc, signedPackage(eim, { counter: 1, token: 9, psmo }));
    resultsOf(euicc, signedPackage(eim, { counter: 2, token: 9, psmo: [{ getRAT: {} }] }));
    const found = (
      await request({
        tagList: octets('A0A2'),
        searchCriteriaNotification: { seqNumber: 2 },
        searchCriteriaEuiccPackageResult: { seqNumber: 3 },
      })
    )?.ipaEuiccData;
    expect(found?.notificationsList?.map(n => n.otherSignedNotification?.tbsOtherNotification.seqNumber)).deep.equals([2]);
    expect(found?.euiccPackageResultList?.map(r => r.euiccPackageResultSigned?.euiccPackageResultDataSigned.seqNumber)).deep.equals([3]);
    const response = encode(ProvideEimPackageResultResponse, { eimAcknowledgements: [2, 3] });
    await ipa.take({ type: ProvideEimPackageResultResponse, message: decode(ProvideEimPackageResultResponse, response) });
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([1]);
    expect(euicc.chip.memory.notifications).deep.equals([]);
  });
  it('passes on signed objects octet for octet', async () => {
    const { euicc, ipa, request } = setUp();
    resultsOf(euicc, signedPackage(eim, { counter: 1, token: 9, psmo: [{ enable: { iccid: octets(ICCID2) } }] }));
    await request({ tagList: octets('A0A2') });
    const sent = hex((await ipa.compose('ProvideEimPackageResult')).octets);
    for (const { octets: stored } of [...euicc.chip.memory.results, ...euicc.chip.memory.notifications])
      expect(sent).to.include(hex(stored));
  });
  it('refuses unknown tags, unknown CIs, and everything in an emergency', async () => {
    for (const tagList of ['815A', 'BF2D', '80', '9F'])
      expect(await error({ tagList: octets(tagList), eimTransactionId: octets('07') }), tagList).deep.equals({
        eimTransactionId: octets('07'),
        ipaEuiccDataErrorCode: 1,
      });
    expect(await error({ tagList: octets('A5'), euiccCiPKIdentifierToBeUsed: octets('01') })).deep.equals({ ipaEuiccDataErrorCode: 5 });
    expect(await error({ tagList: octets('81') }, { profiles: [{ iccid: ICCID1, state: 'enabled', ecall: true }] })).deep.equals({
      ipaEuiccDataErrorCode: 104,
    });
    expect(await error({ tagList: octets('A6') }, { breakdowns: ['getCerts'] })).deep.equals({ ipaEuiccDataErrorCode: 127 });
  });
  it('announces what it is configured for', async () => {
    const { request } = setUp({}, { compact: true, eimCtxParams1: true, protocols: ['ipaRetrieveHttps', 'ipaInjectHttps'] });
    expect((await request({ tagList: octets('A8') }))?.ipaEuiccData?.ipaCapabilities).deep.equals({
      ipaFeatures: ['indirectRspServerCommunication', 'eimDownloadDataHandling', 'eimCtxParams1Generation', 'minimizeEsipaBytes'],
      ipaSupportedProtocols: ['ipaRetrieveHttps', 'ipaInjectHttps'],
    });
  });
});
