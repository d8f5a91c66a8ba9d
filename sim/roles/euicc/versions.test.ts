import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { SPECS, type Spec } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { EuiccMemoryResetRequest, EuiccMemoryResetResponse, ImmediateEnableRequest, ImmediateEnableResponse } from '#protocol/iot/es10b.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import { GetEuiccInfo2Request } from '#protocol/rsp/info.js';
import type { EuiccConfig } from './index.js';
import { call, ICCID1, ICCID2, load, octets, resultsOf, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';

const eim = testEim();
const card = (spec: Spec, config: Partial<EuiccConfig> = {}) => testEuicc(config, testWorld(spec));
const pack = (spec: Spec, given: Omit<Parameters<typeof signedPackage>[1], 'spec'>) => signedPackage(eim, { ...given, spec });
/** The versions in which a command is not refused as unknown. */
const known = (command: string): readonly Spec[] => SPECS.filter(spec => card(spec).execute(octets(command)).sw !== '6A88');

describe('an eUICC of another version of SGP.32', () => {
  it('knows the commands of its version only', () => {
    const later = ['1.1', '1.2', '1.3'];
    for (const command of [
      'BF420480020780',
      'BF5B038001FF',
      'BF5C038001FF',
      'BF5D038001FF',
      'BF5E038001FF',
      'BF5F00',
      'BF6503800161',
      'BF640482020780',
    ])
      expect(known(command), command).to.deep.equal(later);
    expect(known('BF340482020780')).to.deep.equal(['1.0']);
    for (const command of ['BF2000', 'BF5500', 'BF5600', 'BF5A00', 'BF5900', 'BF2B00'])
      expect(known(command), command).to.deep.equal(SPECS);
  });

  it('says of itself what its version has', () => {
    const info = (spec: Spec) => {
      const { iotVersion = [], ...rest } = call(card(spec), GetEuiccInfo2Request, {}, EUICCInfo2).iotSpecificInfo ?? {};
      return [iotVersion.map(hex).join(), ...Object.keys(rest)];
    };
    expect(info('1.0')).to.deep.equal(['010001']);
    expect(info('1.1')).to.deep.equal(['010100', 'ecallSupported', 'fallbackSupported']);
    expect(info('1.2')).to.deep.equal(['010200', 'ecallSupported', 'fallbackSupported']);
    expect(info('1.3')).to.deep.equal(['010300', 'ecallSupported', 'fallbackSupported', 'fallbackAllowedUpdateSupported']);
    const templates = (spec: Spec) => [...hex(card(spec).isdrTemplates).matchAll(/E[01]0/g)].map(([t]) => t.slice(0, 2));
    expect(templates('1.0')).to.deep.equal(['E0']);
    expect(templates('1.1')).to.deep.equal(['E0', 'E1']);
  });

  it('answers with no code that came later', () => {
    const profiles = [
      { iccid: ICCID1, state: 'enabled', ppr: ['ppr1'] },
      { iccid: ICCID2, ppr: ['ppr2'] },
    ] as const;
    const operation = (spec: Spec, psmo: NonNullable<Parameters<typeof signedPackage>[1]['psmo']>) =>
      resultsOf(card(spec, { profiles }), pack(spec, { counter: 1, psmo }))[0];
    for (const [spec, code] of [
      ['1.0', 127],
      ['1.1', 3],
    ] as const) {
      expect(operation(spec, [{ enable: { iccid: octets(ICCID2) } }])).to.deep.equal({ enableResult: code });
      expect(operation(spec, [{ disable: { iccid: octets(ICCID1) } }])).to.deep.equal({ disableResult: code });
      expect(operation(spec, [{ delete: { iccid: octets(ICCID2) } }])).to.deep.equal({ deleteResult: code });
    }
    const again = (spec: Spec) => {
      const { eimId, publicKey } = eim;
      const addEim = { eimId, counterValue: 0, eimPublicKeyData: { eimPublicKey: publicKey } };
      return resultsOf(card(spec), pack(spec, { counter: 1, eco: [{ addEim }] }))[0]?.addEimResult;
    };
    expect(again('1.0')).to.deep.equal({ addEimResultCode: 7 });
    expect(again('1.1')).to.deep.equal({ addEimResultCode: 2 });
    const nobody = (spec: Spec) =>
      call(card(spec, { eims: [] }), AddInitialEimRequest, { eimConfigurationDataList: [] }, AddInitialEimResponse).addInitialEimError;
    expect([nobody('1.0'), nobody('1.1')]).to.deep.equal([127, 7]);
  });

  it('has neither emergency profile nor fallback in v1.0, whatever it is configured with', () => {
    const profiles = [{ iccid: ICCID1, state: 'enabled', ecall: true, fallbackAllowed: true, fallbackAttribute: true }] as const;
    const chip = card('1.0', { profiles, eims: [{ ...eim, indirectProfileDownload: true }] });
    expect(chip.chip.memory.profiles[0]).to.include({ ecall: false, fallbackAllowed: false, fallbackAttribute: false });
    const { eimConfigurationDataList } = call(chip, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse);
    expect(eimConfigurationDataList[0]).to.not.have.property('indirectProfileDownload');
  });

  it('assigns type and protocols to an eIM since v1.2', () => {
    const assigned = (spec: Spec) => {
      const [one] = call(card(spec), GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse).eimConfigurationDataList;
      return [one?.eimIdType, one?.eimSupportedProtocol];
    };
    expect(assigned('1.0')).to.deep.equal([undefined, undefined]);
    expect(assigned('1.1')).to.deep.equal([undefined, undefined]);
    expect(assigned('1.2')).to.deep.equal([3, ['eimProprietary']]);
  });

  it('hands out notifications and results together in v1.0', () => {
    for (const spec of SPECS) {
      const chip = card(spec, { profiles: [{ iccid: ICCID1, notify: [{ address: 'a', events: ['enable'] }] }] });
      chip.execute(pack(spec, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID1) } }] }));
      const all = call(chip, RetrieveNotificationsListRequest, {}, RetrieveNotificationsListResponse);
      if (spec !== '1.0') expect(all.notificationList).to.have.length(1);
      else
        expect([
          all.notificationAndEprList?.notificationList.length,
          all.notificationAndEprList?.euiccPackageResultList.length,
        ]).to.deep.equal([1, 1]);
    }
  });

  it('resets and enables immediately by the commands of v1.0', () => {
    const chip = card('1.0', { profiles: [{ iccid: ICCID1 }], immediateEnable: { flag: true, smdpAddress: 'a' } });
    const resetOptions = ['deleteOperationalProfiles', 'resetEimConfigData', 'resetImmediateEnableConfig'];
    expect(call(chip, EuiccMemoryResetRequest, { resetOptions }, EuiccMemoryResetResponse)).to.deep.equal({
      resetResult: 0,
      resetEimResult: 0,
      resetImmediateEnableConfigResult: 0,
    });
    expect(chip.chip.memory).to.deep.include({
      profiles: [],
      eims: [],
      immediateEnable: { flag: false, smdpOid: undefined, smdpAddress: undefined },
    });
    expect(hex(chip.execute(octets('BF5A00')).octets)).to.equal('BF5A03800104');
    expect(call(card('1.1'), ImmediateEnableRequest, { refreshFlag: true }, ImmediateEnableResponse)).to.deep.equal({
      immediateEnableResult: 4,
    });
  });

  it('tells why it could not even read a package in v1.3, and repeats no transaction there in v1.0', () => {
    const unsigned = (spec: Spec) => {
      const command = Uint8Array.from(pack(spec, { counter: 1, trid: 'AA', psmo: [] }));
      // The tag of the EID is none that the structure has.
      const at = hex(command).indexOf('5A10') / 2;
      command[at] = 0x5b;
      return load(card(spec), command).euiccPackageErrorUnsigned;
    };
    expect(unsigned('1.0')).to.not.have.property('eimTransactionId');
    expect(unsigned('1.2')).to.not.have.property('euiccPackageUnsignedErrorCode');
    expect(unsigned('1.3')).to.have.property('euiccPackageUnsignedErrorCode', 127);
  });
});
