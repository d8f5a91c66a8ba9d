import { expect } from 'chai';
import { children, hex, readTlv, type Tlv } from '../asn1/tlv.js';
import { makeTestProfile } from './test-profile.js';

const iccid = Uint8Array.of(0x98, 0, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14);
const make = (size: number): Uint8Array =>
  makeTestProfile({ iccid, name: 'GSMA test', size }) ?? expect.fail(`no profile of ${size} octets`);
const elements = (upp: Uint8Array): readonly Tlv[] => {
  const list: Tlv[] = [];
  for (let at = 0; at < upp.length; at = list.at(-1)?.end ?? upp.length) {
    list.push(readTlv(upp, at) ?? expect.fail(`no TLV at ${at}`));
  }
  return list;
};

describe('test profile', () => {
  it('has exactly the size asked for, also where a length field grows', () => {
    for (const size of [...Array.from({ length: 300 }, (_, i) => 100 + i), 1007, 1008, 65_500, 65_600, 65_601, 65_602]) {
      expect(make(size)).to.have.length(size);
    }
  });

  it('is a header with the ICCID, elements, and an end, each whole', () => {
    const upp = make(3000);
    expect(elements(upp).map(element => element.tag)).to.deep.equal([0xa0, 0xbf1f, 0xaa]);
    const header = children(upp, elements(upp)[0]).map(field => hex(upp.subarray(field.start, field.end)));
    expect(header).to.include(`830A${hex(iccid)}`);
  });

  it('is the same every time and another one for another ICCID', () => {
    expect(make(500)).to.deep.equal(make(500));
    expect(makeTestProfile({ iccid: iccid.map(octet => octet ^ 1), name: 'GSMA test', size: 500 })).to.not.deep.equal(make(500));
  });

  it('is refused below its smallest size', () => {
    expect(makeTestProfile({ iccid, name: 'GSMA test', size: 50 })).to.equal(undefined);
  });
});
