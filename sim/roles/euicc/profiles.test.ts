import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { ProfileInfoListResponse } from '#protocol/iot/profile.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import type { ProfileConfig } from './config.js';
import { call, ICCID1, ICCID2, octets, testEuicc, testWorld } from './test-bench.js';

const [one, two] = [{ iccid: octets(ICCID1) }, { iccid: octets(ICCID2) }];
const enabled: ProfileConfig = { iccid: ICCID1, state: 'enabled' };
const disabled: ProfileConfig = { iccid: ICCID2 };

describe('GetProfilesInfo', () => {
  const euicc = testEuicc({
    profiles: [
      {
        ...enabled,
        name: 'One',
        serviceProvider: 'Op',
        nickname: 'N',
        ppr: ['ppr2'],
        ecall: true,
        owner: { mccMnc: '62F210', gid1: '01' },
      },
      {
        ...disabled,
        class: 'test',
        fallbackAllowed: true,
        fallbackAttribute: true,
        notify: [{ address: 'a', events: ['install', 'delete'] }],
      },
    ],
  });
  const list = (value: InputOf<ValueOf<typeof ProfileInfoListRequest>>) =>
    call(euicc, ProfileInfoListRequest, value, ProfileInfoListResponse).profileInfoListOk;

  it('lists the default members of SGP.32, and leaves out a Fallback Attribute that is FALSE', () => {
    expect(list({})).deep.equals([
      {
        iccid: octets(ICCID1),
        isdpAid: octets('A0000005591010FFFFFFFF8900001000'),
        profileState: 1,
        serviceProviderName: 'Op',
        profileName: 'One',
        profileClass: 2,
        ecallIndication: true,
      },
      {
        iccid: octets(ICCID2),
        isdpAid: octets('A0000005591010FFFFFFFF8900001100'),
        profileState: 0,
        serviceProviderName: 'Test operator',
        profileName: 'Test profile 2',
        profileClass: 0,
        fallbackAttribute: true,
        fallbackAllowed: true,
      },
    ]);
  });
  it('lists only the tags asked for, also those of two octets', () => {
    expect(list({ tagList: octets('90999F7B') })).deep.equals([
      { profileNickname: 'N', profilePolicyRules: ['ppr2'], ecallIndication: true },
      {},
    ]);
    expect(list({ tagList: octets('B6B7') })).deep.equals([
      { profileOwner: { mccMnc: octets('62F210'), gid1: octets('01') } },
      {
        notificationConfigurationInfo: [
          { profileManagementOperation: ['notificationInstall', 'notificationDelete'], notificationAddress: 'a' },
        ],
      },
    ]);
  });
  it('finds by ICCID, AID and class', () => {
    const tagList = octets('5A');
    expect(list({ searchCriteria: one, tagList })).deep.equals([one]);
    expect(list({ searchCriteria: { isdpAid: octets('A0000005591010FFFFFFFF8900001100') }, tagList })).deep.equals([two]);
    expect(list({ searchCriteria: { profileClass: 0 }, tagList })).deep.equals([two]);
  });
  it('answers what it cannot read with incorrectInputValues', () => {
    expect(hex(euicc.execute(octets('BF2D06A0045A020102')).octets)).equals('BF2D03810101');
    expect(euicc.execute(octets('BF2D06A0045A0201')).sw).equals('6A80');
  });
  it('has no IoT members in version 1.0', () => {
    const old = testEuicc({ profiles: [{ ...enabled, ecall: true }] }, testWorld('1.0'));
    const { octets: data } = old.execute(octets('BF2D00'));
    expect(hex(data)).not.to.include('9F7B');
    expect(decode(ProfileInfoListResponse, data, { spec: '1.0' }).ok).equals(true);
  });
});
