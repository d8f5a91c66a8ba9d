import { expect } from 'chai';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { splitAnyhow, splitSegments } from '#protocol/bpp/segments.js';
import { correctDecisions } from '../terminal/decisions.js';
import { chooseSegments, withSegments } from './es10-segments.js';

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const RIGHT = octets('BF360FBF2300A0028700A1028800A3028600');
const NUMBERED = ['00', '01', '02', '03'].map(octets);

describe('segments of a bound profile package', () => {
  it('go to the card in the order in which a script names them', () => {
    const chosen = (wanted: string) => chooseSegments(NUMBERED, wanted).map(hex).join(' ');
    expect(chosen('0,1,0,1..')).to.equal('00 01 00 01 02 03');
    expect(chosen('2..')).to.equal('02 03');
    expect(chosen('3, 0')).to.equal('03 00');
  });

  it('are refused when there are none of this number, or no number stands there', () => {
    expect(() => chooseSegments(NUMBERED, '0,4')).to.throw(TypeError, 'expected 0 to 3, got 4');
    expect(() => chooseSegments(NUMBERED, '4..')).to.throw(TypeError, 'expected 0 to 3, got 4');
    for (const wrong of ['', '-1', '1...', 'all', '0,,1'])
      expect(() => chooseSegments(NUMBERED, wrong), wrong).to.throw(TypeError, 'expected numbers');
  });

  it('are all of them where a script says nothing, and those of the moment where it does', () => {
    let wanted: string | undefined;
    const { cuts } = { ...correctDecisions, ...withSegments(() => wanted)(correctDecisions) };
    expect(cuts(RIGHT)?.map(hex)).to.deep.equal((splitSegments(RIGHT) ?? []).map(hex));
    wanted = '1,1';
    expect(cuts(RIGHT)?.map(hex)).to.deep.equal(['A0028700', 'A0028700']);
    expect(cuts(octets('3000'))).to.equal(undefined);
  });

  it('of a wrong package are cut at the same places, whatever stands there', () => {
    const cut = (bpp: string) => splitAnyhow(octets(bpp))?.map(hex).join(' ');
    expect(cut(hex(RIGHT))).to.equal((splitSegments(RIGHT) ?? []).map(hex).join(' '));
    expect(cut('BF360BBF2300A1028800A0028700')).to.equal('BF360BBF2300 A102 8800 A0028700');
    expect(cut('BF3607A4028700A3028600'.replace('07', '08'))).to.equal('BF3608A4028700 A302 8600');
    expect(cut('BF3609BF2300A402870086FF'.replace('86FF', '8600'))).to.equal('BF3609BF2300 A4028700 8600');
    expect(cut('BF3605BF2300A3FF')).to.equal(undefined);
    expect(cut('BF3600')).to.equal(undefined);
    expect(cut('3000')).to.equal(undefined);
  });
});
