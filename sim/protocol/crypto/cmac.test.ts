import { createHash } from 'node:crypto';
import { cmac as nobleCmac } from '@noble/ciphers/aes.js';
import { expect } from 'chai';
import { fromHex, hex } from '../asn1/tlv.js';
import { cmac } from './cmac.js';

const octets = (text: string) => fromHex(text) ?? new Uint8Array();

describe('AES-CMAC', () => {
  // RFC 4493 section 4: key and message of the test vectors, and the MACs of its first 0, 16, 40 and 64 octets.
  const key = octets('2B7E151628AED2A6ABF7158809CF4F3C');
  const message = octets(
    '6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710',
  );
  for (const [length, mac] of [
    [0, 'BB1D6929E95937287FA37D129B756746'],
    [16, '070A16B46B4D4144F79BDD9DD04A287C'],
    [40, 'DFA66747DE9AE63030CA32611497C827'],
    [64, '51F0BEBF7E3B9D92FC49741779363CFE'],
  ] as const)
    it(`is that of RFC 4493 for ${length} octets`, () => {
      expect(hex(cmac(message.subarray(0, length), key))).to.equal(mac);
    });

  it('is that of a second implementation for every length', () => {
    for (let length = 0; length < 70; length++) {
      const data = createHash('sha512').update(String(length)).digest().subarray(0, length);
      const longer = new Uint8Array(length).map((_, n) => data[n % data.length] ?? 0);
      const other = createHash('md5').update(`key ${length}`).digest();
      expect(hex(cmac(longer, other))).to.equal(hex(nobleCmac(longer, other)));
    }
  });

  it('changes with a bit of the message', () => {
    expect(hex(cmac(octets('00'), key))).to.not.equal(hex(cmac(octets('01'), key)));
  });
});
