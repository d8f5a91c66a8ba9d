import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex } from '#protocol/asn1/tlv.js';
import { commonVersions, signsIn, signsInEuiccInfo2 } from './version-signs.js';

const told = (sender: 'eim' | 'ipa', text: string): string => {
  const signs = signsIn(fromHex(text) ?? new Uint8Array(), sender);
  return signs.map(({ seen, versions }) => `${seen}: ${versions.join(' ')}`).join('; ');
};
const EID = '5A1089049032999999999999999999999991';
const LATER = '1.1 1.2 1.3';

describe('signs of a version', () => {
  it('are taken from what an eIM answers', () => {
    expect(told('eim', 'BF5000')).to.equal('an empty BF50: 1.0');
    expect(told('eim', 'BF50023000')).to.equal(`emptyResponse in BF50: ${LATER}`);
    expect(told('eim', 'BF500302017F')).to.equal(`an error in BF50: ${LATER}`);
    expect(told('eim', 'BF4F03020102')).to.equal(`error 2 in BF4F: ${LATER}`);
    expect(told('eim', 'BF4F0BBF52085C0181A203800101')).to.equal(`a request for data of v1.1 in BF4F: ${LATER}`);
  });

  it('are taken from what an IPA sends', () => {
    expect(told('ipa', `BF4F17${EID}810332F405`)).to.equal('rPLMN under 81: 1.0');
    expect(told('ipa', `BF4F17${EID}820332F405`)).to.equal(`rPLMN under 82: ${LATER}`);
    expect(told('ipa', `BF4F15${EID}810101`)).to.equal(`stateChangeCause in BF4F: ${LATER}`);
    expect(told('ipa', `BF5015${EID}BF5100`)).to.equal(`BF50 with eidValue: ${LATER}`);
    expect(told('ipa', 'BF50083006BF5100BF2B00')).to.equal('notifications under BF2B in BF50: 1.0');
    expect(told('ipa', 'BF50073005BF5100A000')).to.equal(`notifications under A0 in BF50: ${LATER}`);
    expect(told('ipa', 'BF5003020101')).to.equal('a bare error in BF50: 1.0 1.1');
    expect(told('ipa', 'BF5005A003020101')).to.equal(`an error under A0 in BF50: ${LATER}`);
    expect(told('ipa', 'BF5006BF5203810101')).to.equal('an error under 81 in BF52: 1.0');
    expect(told('ipa', 'BF5008BF5205A103020101')).to.equal(`an error under A1 in BF52: ${LATER}`);
    expect(told('ipa', 'BF5009BF5206A00480026162')).to.equal('the default SM-DP+ address under 80 in BF52: 1.0');
    expect(told('ipa', 'BF5009BF5206A00481026162')).to.equal(`data of v1.1 in BF52: ${LATER}`);
    expect(told('ipa', 'BF5008BF5205A003BF2B00')).to.equal('notifications under BF2B in BF52: 1.0');
    expect(told('ipa', 'BF3D05A103BF5100')).to.equal('a result under A1 in BF3D: 1.0');
    expect(told('ipa', 'BF3D06BF5003BF5100')).to.equal(`a result under BF50 in BF3D: ${LATER}`);
    expect(told('ipa', 'BF4E03BF6000')).to.equal('an answer with correlation id in BF4E: 1.3');
    expect(told('ipa', 'BF39058203010203')).to.equal(`eimTransactionId in BF39: ${LATER}`);
  });

  it('are none in what every version has', () => {
    for (const text of ['BF5000FF', 'BF5001FF', 'BF4F03020101', 'BF4F0302017F', 'BF5005BF5302800105', 'BF4F04BF51013000', 'BF3900', ''])
      expect(told('eim', text), text).to.equal('');
    for (const text of [
      `BF4F12${EID}`,
      `BF4F14${EID}8000`,
      'BF5003BF5100',
      'BF500CBF5209A007BF20048002AAAA',
      'BF3D04A002BF37',
      'BF4E020500',
    ])
      expect(told('ipa', text), text).to.equal('');
  });

  it('leave the versions that all of them allow, and none when they contradict each other', () => {
    const of = (...texts: readonly string[]) => texts.flatMap(text => signsIn(fromHex(text) ?? new Uint8Array(), 'ipa'));
    expect(commonVersions([])).to.deep.equal(['1.0', '1.1', '1.2', '1.3']);
    expect(commonVersions(of(`BF5015${EID}BF5100`, 'BF5003020101'))).to.deep.equal(['1.1']);
    expect(commonVersions(of(`BF5015${EID}BF5100`, 'BF3D05A103BF5100'))).to.deep.equal([]);
  });

  it('are the versions that an eUICC lists', () => {
    const of = (text: string) =>
      signsInEuiccInfo2(fromHex(text) ?? new Uint8Array()).map(({ seen, versions }) => [seen, versions.join(' ')]);
    expect(of('BF220BB409A0070403010001FF00'.slice(0, -4))).to.deep.equal([]);
    expect(of('BF2209B407A0050403010001')).to.deep.equal([['iotVersion 1.0.1 in EUICCInfo2', '1.0']]);
    expect(of('BF220EB40CA00A0403010200040301030A')).to.deep.equal([['iotVersion 1.2.0, 1.3.10 in EUICCInfo2', '1.2 1.3']]);
    // Nothing that this harness knows, nothing at all, something else.
    for (const text of [
      'BF2209B407A0050403020000',
      'BF2209B407A0050403010402',
      'BF2204B402A000',
      'BF2202B400',
      'BF2200',
      'BF2209B407A00504020100',
      '',
    ])
      expect(of(text), text).to.deep.equal([]);
    expect(of('BF2209B407A0050403010001FF')).to.deep.equal([]);
  });

  it('are looked for in anything without harm', () => {
    const tag = fc.constantFrom('BF22', 'BF2209B407A005', 'BF50', 'BF4F', 'BF4E', 'BF3D', 'BF39', 'BF5003', 'BF4F81', '');
    fc.assert(
      fc.property(tag, fc.uint8Array({ maxLength: 40 }), fc.constantFrom('eim' as const, 'ipa' as const), (start, rest, sender) => {
        const octets = Buffer.concat([Buffer.from(start, 'hex'), rest]);
        expect(signsInEuiccInfo2(octets).every(({ versions }) => versions.length > 0)).to.equal(true);
        expect(signsIn(octets, sender).every(({ versions }) => versions.length > 0)).to.equal(true);
      }),
    );
  });
});
