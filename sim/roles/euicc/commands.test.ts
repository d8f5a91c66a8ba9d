import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import * as es10b from '#protocol/iot/es10b.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import * as info from '#protocol/rsp/info.js';
import * as notifications from '#protocol/rsp/notification.js';
import { OtherSignedNotification } from '#protocol/rsp/notification.js';
import { signaturesIn, signedOctets } from '#protocol/signatures.js';
import { verifyChain } from '#protocol/x509/verify.js';
import { COMMANDS } from './commands.js';
import type { EuiccConfig, ProfileConfig } from './config.js';
import type { Euicc } from './index.js';
import { call, EID1, ICCID1, ICCID2, octets, resultsOf, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';

const eim = testEim();
const all: ProfileConfig['notify'] = [{ address: 'a.example.com', events: ['enable', 'disable', 'delete'] }];
const profiles: readonly ProfileConfig[] = [
  { iccid: ICCID1, state: 'enabled', notify: all },
  { iccid: ICCID2, notify: all },
];
const sw = (euicc: Euicc, command: string) => euicc.execute(octets(command)).sw;

describe('ES10 information commands', () => {
  it('give the EID, and nothing for another tag list', () => {
    expect(hex(testEuicc().execute(octets('BF3E035C015A')).octets)).equals(`BF3E125A10${EID1}`);
    expect(sw(testEuicc(), 'BF3E035C014F')).equals('6A80');
  });
  it('list the CI keys by preference in EUICCInfo1 and 2', () => {
    const euicc = testEuicc({ curve: 'both' });
    const ids = euicc.chip.credentials.map(c => c.ciPKId);
    const one = call(euicc, info.GetEuiccInfo1Request, {}, info.EUICCInfo1);
    const two = call(euicc, info.GetEuiccInfo2Request, {}, EUICCInfo2);
    expect(one).deep.equals({ svn: octets('020500'), euiccCiPKIdListForVerification: ids, euiccCiPKIdListForSigning: ids });
    expect(two).to.deep.include({ euiccCiPKIdListForSigning: ids, ipaMode: 0 });
    expect(two.iotSpecificInfo).deep.equals({ iotVersion: [octets('010200')], ecallSupported: null, fallbackSupported: null });
    const poor = testEuicc({ supports: { ecall: false, fallback: false } }, testWorld('1.3'));
    expect(call(poor, info.GetEuiccInfo2Request, {}, EUICCInfo2).iotSpecificInfo).deep.equals({ iotVersion: [octets('010300')] });
  });
  it('give a chain that verifies, for the CI asked for', () => {
    const euicc = testEuicc({ curve: 'both' });
    const [first, second] = euicc.chip.credentials;
    for (const euiccCiPKId of [undefined, second?.ciPKId]) {
      const { certs } = call(euicc, es10b.GetCertsRequest, { euiccCiPKId }, es10b.GetCertsResponse);
      const ci = (euiccCiPKId ? second : first)?.ciCertificate;
      if (!certs || !ci) throw new Error('expected certificates');
      expect(verifyChain({ leaf: certs.euiccCertificate, intermediates: [certs.eumCertificate], anchors: [ci], role: 'euicc' }).ok).equals(
        true,
      );
    }
    expect(call(euicc, es10b.GetCertsRequest, { euiccCiPKId: octets('01') }, es10b.GetCertsResponse)).deep.equals({ getCertsError: 1 });
    expect(call(testEuicc({ breakdowns: ['getCerts'] }), es10b.GetCertsRequest, {}, es10b.GetCertsResponse)).deep.equals({
      getCertsError: 127,
    });
  });
  it('give and set the server addresses', () => {
    const euicc = testEuicc({ defaultDpAddress: 'a.example.com', rootDsAddress: 'ds.example.com' });
    const addresses = () => call(euicc, info.EuiccConfiguredAddressesRequest, {}, info.EuiccConfiguredAddressesResponse);
    expect(addresses()).deep.equals({ defaultDpAddress: 'a.example.com', rootDsAddress: 'ds.example.com' });
    expect(hex(euicc.execute(octets('BF65038001 62')).octets)).equals('BF6503800100');
    expect(addresses().defaultDpAddress).equals('b');
    euicc.execute(octets('BF65028000'));
    expect(addresses()).deep.equals({ rootDsAddress: 'ds.example.com' });
  });
  it('give the RAT and the connection parameters of the enabled profile', () => {
    expect(hex(testEuicc().execute(octets('BF4300')).octets)).equals('BF4302A000');
    const parameters = (config: Partial<EuiccConfig>) =>
      call(testEuicc(config), es10b.GetConnectivityParametersRequest, {}, es10b.GetConnectivityParametersResponse);
    expect(parameters({ profiles, httpParams: '3501' })).deep.equals({ connectivityParameters: { httpParams: octets('3501') } });
    expect(parameters({ httpParams: '3501' })).deep.equals({ connectivityParametersError: 1 });
    expect(parameters({ profiles })).deep.equals({ connectivityParametersError: 1 });
  });
  it('answer what they do not know, or cannot read, by status word', () => {
    expect(sw(testEuicc(), 'BF7000')).equals('6A88');
    expect(sw(testEuicc(), '')).equals('6A88');
    expect(sw(testEuicc(), 'BF3000')).equals('6A80');
    expect(sw(testEuicc(), 'BF2E0081')).equals('6A80');
    expect(hex(testEuicc().execute(octets('BF420480020780')).octets)).equals('BF4203800101');
  });
  it('there is one command per tag', () => {
    expect(new Set(COMMANDS.map(c => c.request.tag)).size).equals(COMMANDS.length);
  });
});

describe('notifications of the eUICC', () => {
  const retrieve = (euicc: Euicc, searchCriteria?: ValueOf<typeof RetrieveNotificationsListRequest>['searchCriteria']) =>
    call(euicc, RetrieveNotificationsListRequest, { searchCriteria }, RetrieveNotificationsListResponse);
  const numbers = (list: ReturnType<typeof retrieve>) =>
    list.notificationList?.map(n => n.otherSignedNotification?.tbsOtherNotification.seqNumber);
  const filled = () => {
    const euicc = testEuicc({ profiles });
    resultsOf(euicc, signedPackage(eim, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID2) } }] }));
    resultsOf(euicc, signedPackage(eim, { counter: 2, psmo: [{ delete: { iccid: octets(ICCID1) } }] }));
    return euicc;
  };

  it('are signed, carry the chain, and take their numbers from one sequence with the results', () => {
    const euicc = filled();
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([1, 4]);
    expect(euicc.chip.memory.notifications.map(n => n.seqNumber)).deep.equals([2, 3, 5]);
    for (const { octets: data } of euicc.chip.memory.notifications) {
      const message = decode(OtherSignedNotification, data);
      const site = signaturesIn(message)[0];
      const covered = site && signedOctets(message, site, {});
      expect(message.diagnostics).deep.equals([]);
      expect(
        site &&
          covered &&
          'octets' in covered &&
          verify(euicc.chip.credentials[0].key, covered.octets, data.subarray(site.signature.content, site.signature.end)),
      ).equals(true);
      expect(message.value.euiccCertificate).deep.equals(euicc.chip.credentials[0].euiccCertificate);
    }
  });
  it('are retrieved by number, by event, or all; results by their own criterion or number', () => {
    const euicc = filled();
    expect(numbers(retrieve(euicc))).deep.equals([2, 3, 5]);
    expect(numbers(retrieve(euicc, { seqNumber: 3 }))).deep.equals([3]);
    expect(numbers(retrieve(euicc, { profileManagementOperation: ['notificationEnable', 'notificationDelete'] }))).deep.equals([2, 5]);
    expect(retrieve(euicc, { seqNumber: 4 }).euiccPackageResultList).to.have.length(1);
    expect(retrieve(euicc, { euiccPackageResults: null }).euiccPackageResultList).to.have.length(2);
    expect(hex(euicc.execute(octets('BF2B05A003800163')).octets)).equals('BF2B02A000');
    expect(hex(testEuicc({ breakdowns: ['retrieveNotificationsList'] }).execute(octets('BF2B00')).octets)).equals('BF2B0381017F');
  });
  it('are listed with their metadata', () => {
    const list = (euicc: Euicc, bits?: string[]) =>
      call(euicc, notifications.ListNotificationRequest, { profileManagementOperation: bits }, notifications.ListNotificationResponse);
    expect(list(filled()).notificationMetadataList).to.have.length(3);
    expect(list(filled(), ['notificationDisable']).notificationMetadataList).deep.equals([
      { seqNumber: 3, profileManagementOperation: ['notificationDisable'], notificationAddress: 'a.example.com', iccid: octets(ICCID1) },
    ]);
    expect(list(testEuicc({ breakdowns: ['listNotification'] }))).deep.equals({ listNotificationsResultError: 127 });
  });
  it('are removed one by one, results likewise, and numbers never come back', () => {
    const euicc = filled();
    const remove = (seq: string) => hex(euicc.execute(octets(`BF30038001${seq}`)).octets).slice(-2);
    expect(['05', '04', '05', '63'].map(remove)).deep.equals(['00', '00', '01', '01']);
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([1]);
    resultsOf(euicc, signedPackage(eim, { counter: 3, psmo: [{ getRAT: {} }] }));
    expect(euicc.state).to.deep.include({ seqNumber: 6 });
    expect(hex(testEuicc({ breakdowns: ['removeNotificationFromList'] }).execute(octets('BF3003800101')).octets)).equals('BF300380017F');
  });
});

describe('eUICCMemoryReset', () => {
  const reset = (euicc: Euicc, ...resetOptions: string[]) =>
    call(euicc, es10b.EuiccMemoryResetRequest, { resetOptions }, es10b.EuiccMemoryResetResponse);
  const kinds: readonly ProfileConfig[] = [
    { iccid: ICCID1, state: 'enabled', ppr: ['ppr1', 'ppr2'], notify: all },
    { iccid: ICCID2, class: 'test' },
    { iccid: '98'.repeat(10), class: 'test', preLoaded: true },
    { iccid: '89'.repeat(10), class: 'provisioning' },
  ];
  it('deletes exactly the profiles of the kinds asked for, whatever state and rules, with notifications', () => {
    const left = (option: string) => {
      const euicc = testEuicc({ profiles: kinds });
      expect(reset(euicc, option)).deep.equals({ resetResult: 0 });
      return euicc.chip.memory.profiles.map(p => kinds.findIndex(k => k.iccid === hex(p.iccid)));
    };
    expect(left('deleteOperationalProfiles')).deep.equals([1, 2, 3]);
    expect(left('deleteFieldLoadedTestProfiles')).deep.equals([0, 2, 3]);
    expect(left('deletePreLoadedTestProfiles')).deep.equals([0, 1, 3]);
    expect(left('deleteProvisioningProfiles')).deep.equals([0, 1, 2]);
    const euicc = testEuicc({ profiles: kinds });
    reset(euicc, 'deleteOperationalProfiles');
    expect(euicc.chip.memory.notifications.map(n => n.event)).deep.equals(['delete']);
  });
  it('answers for eIMs and immediate enabling only when they are asked for', () => {
    const euicc = testEuicc({ defaultDpAddress: 'a', immediateEnable: { flag: true, smdpAddress: 'a' } });
    expect(reset(euicc, 'resetDefaultSmdpAddress', 'resetEimConfigData', 'resetImmediateEnableConfig')).deep.equals({
      resetResult: 0,
      resetEimResult: 0,
      resetImmediateEnableConfigResult: 0,
    });
    expect(euicc.chip.memory).to.deep.include({
      eims: [],
      defaultDpAddress: undefined,
      immediateEnable: { flag: false, smdpOid: undefined, smdpAddress: undefined },
    });
    expect(reset(euicc, 'resetDefaultSmdpAddress', 'resetEimConfigData')).deep.equals({ resetResult: 1, resetEimResult: 1 });
    const poor = testEuicc({ supports: { eimReset: false, immediateEnable: false } });
    expect(reset(poor, 'resetEimConfigData', 'resetImmediateEnableConfig')).deep.equals({
      resetResult: 1,
      resetEimResult: 2,
      resetImmediateEnableConfigResult: 1,
    });
    expect(poor.chip.memory.eims).to.have.length(1);
  });
  it('is hindered by a busy, a broken card and the emergency profile', () => {
    const option = 'deleteOperationalProfiles';
    expect(reset(testEuicc({ profiles, catBusy: true }), option)).deep.equals({ resetResult: 5 });
    expect(reset(testEuicc({ profiles, breakdowns: ['euiccMemoryReset'] }), option)).deep.equals({ resetResult: 127 });
    const euicc = testEuicc({ profiles: [{ iccid: ICCID1, state: 'enabled', ecall: true }] });
    expect(reset(euicc, option, 'resetEimConfigData')).deep.equals({ resetResult: 104, resetEimResult: 127 });
    expect(euicc.chip.memory.profiles).to.have.length(1);
  });
});
