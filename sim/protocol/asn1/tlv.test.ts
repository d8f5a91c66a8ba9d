import { expect } from 'chai';
import { octetsOfHex } from './testing.js';
import {
  children,
  concat,
  equal,
  fromHex,
  hex,
  isConstructed,
  lengthOctets,
  readHeader,
  readTlv,
  tagHex,
  tagOctets,
  tlv,
  tlvContent,
  tlvOctets,
} from './tlv.js';

describe('TLV', () => {
  it('reads hex with blanks, and nothing else', () => {
    expect(fromHex(' 80 01\n aA ')).to.deep.equal(Uint8Array.of(0x80, 1, 0xaa));
    expect(fromHex('')).to.deep.equal(new Uint8Array());
    for (const text of ['8', '80 0', 'G0', '0x80', '-1']) expect(fromHex(text), text).to.equal(undefined);
    expect(hex(Uint8Array.of(0xff, 0x80, 1, 0xaa).subarray(1))).to.equal('8001AA');
  });

  it('writes tags and tells constructed ones', () => {
    expect([0x05, 0x80, 0xbf51, 0xbf8151, 0xbf818151].map(tagHex)).to.deep.equal(['05', '80', 'BF51', 'BF8151', 'BF818151']);
    expect([0x05, 0x5f37, 0xbf8151, 0xbf818151].map(tag => hex(tagOctets(tag)))).to.deep.equal(['05', '5F37', 'BF8151', 'BF818151']);
    expect([0x30, 0xa0, 0xbf51, 0xbf818151].map(isConstructed)).to.deep.equal([true, true, true, true]);
    expect([0x04, 0x80, 0x5f37, 0x9f8120].map(isConstructed)).to.deep.equal([false, false, false, false]);
  });

  it('writes the shortest length', () => {
    const lengths = [0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x1000000, 0xffffffff];
    expect(lengths.map(n => hex(lengthOctets(n)))).to.deep.equal([
      '00',
      '7F',
      '8180',
      '81FF',
      '820100',
      '82FFFF',
      '83010000',
      '83FFFFFF',
      '8401000000',
      '84FFFFFFFF',
    ]);
    expect(hex(tlv(0xbf51, Uint8Array.of(1), Uint8Array.of(2)))).to.equal('BF51020102');
  });

  it('reads a TLV in place', () => {
    const octets = octetsOfHex('FF BF51 8103 800105 FF');
    const t = readTlv(octets, 1);
    expect(t).to.deep.equal({ tag: 0xbf51, start: 1, content: 5, end: 8, constructed: true });
    expect(t && hex(tlvOctets(octets, t))).to.equal('BF518103800105');
    expect(t && hex(tlvContent(octets, t))).to.equal('800105');
    expect(children(octets, t)).to.deep.equal([{ tag: 0x80, start: 5, content: 7, end: 8, constructed: false }]);
  });

  it('reads no TLV that is not complete', () => {
    for (const text of ['', '9F', '9F81', '9F818283 0400', '80', '8082', '808200', '8002AA', '8085 0000000001AA', '3080 0000', '80FF'])
      expect(readTlv(octetsOfHex(text)), text).to.equal(undefined);
    expect(readTlv(octetsOfHex('800105'), 0, 2)).to.equal(undefined);
    expect(readTlv(octetsOfHex('8000'), 2)).to.equal(undefined);
  });

  it('reads a header whose content lies elsewhere', () => {
    expect(readHeader(octetsOfHex('BF36 8275F4'))).to.deep.equal({ tag: 0xbf36, content: 5, length: 0x75f4, constructed: true });
    expect(readHeader(octetsOfHex('BF36 8275'))).to.equal(undefined);
  });

  it('lists children up to the first octets that are none', () => {
    expect(children(octetsOfHex('30 07 8000 8100 8205 00')).map(c => c.tag)).to.deep.equal([0x80, 0x81]);
    expect(children(octetsOfHex('80'))).to.deep.equal([]);
  });

  it('compares octets by value', () => {
    expect(equal(Uint8Array.of(1, 2), concat(Uint8Array.of(1), Uint8Array.of(2)))).to.equal(true);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).to.equal(false);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1))).to.equal(false);
  });
});
