import { expect } from 'chai';
import { bitOctets, integerOctets, oidOctets, readInteger, readOid } from './primitives.js';
import { octetsOfHex } from './testing.js';
import { hex } from './tlv.js';

const integerOf = (content: string): unknown => readInteger(octetsOfHex(content), 0, content.length / 2);
const oidOf = (content: string): unknown => readOid(octetsOfHex(content), 0, content.length / 2);

describe('primitive contents', () => {
  it('converts integers on both sides of every limit', () => {
    for (const exponent of [7n, 8n, 15n, 16n, 31n, 32n, 47n, 48n, 53n, 63n, 64n, 126n])
      for (const sign of [1n, -1n])
        for (const off of [-1n, 0n, 1n]) {
          const value = sign * 2n ** exponent + off;
          const content = integerOctets(value);
          const read = readInteger(content, 0, content.length);
          expect(BigInt(read), String(value)).to.equal(value);
          expect(typeof read, String(value)).to.equal(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
          // Shortest: the first nine bits are not all alike. X.690 8.3.2
          expect(content.length === 1 || ![0, 0x1ff].includes((((content[0] ?? 0) << 8) | (content[1] ?? 0)) >> 7), hex(content)).to.equal(
            true,
          );
        }
  });

  it('writes the integers of the specification', () => {
    expect([0, 127, 128, 200, 256, -1, -128, -129, 8388607].map(n => hex(integerOctets(n)))).to.deep.equal([
      '00',
      '7F',
      '0080',
      '00C8',
      '0100',
      'FF',
      '80',
      'FF7F',
      '7FFFFF',
    ]);
  });

  it('says why octets are no integer', () => {
    expect(integerOf('')).to.equal('no octets');
    expect(integerOf('01'.repeat(17))).to.equal('17 octets');
  });

  it('reads only the octets between the offsets', () => {
    expect(readInteger(octetsOfHex('FF 7F FF'), 1, 2)).to.equal(127);
    expect(readOid(octetsOfHex('FF 2A03 FF'), 1, 3)).to.equal('1.2.3');
  });

  it('converts object identifiers', () => {
    for (const [dotted, content] of [
      ['0.0', '00'],
      ['0.39', '27'],
      ['1.39', '4F'],
      ['2.0', '50'],
      ['2.999.10', '88370A'],
      ['2.23.146.1.2.1.0', '67811201020100'],
      ['1.2.840.113549.1.1.11', '2A864886F70D01010B'],
      ['2.48.562949953421311.562949953421312', '8100FFFFFFFFFFFF7F8180808080808000'],
      ['2.562949953421232', '8180808080808000'],
      ['2.25.340282366920938463463374607431768211455', '6983FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F'],
    ] as const) {
      expect(hex(oidOctets(dotted) ?? new Uint8Array()), dotted).to.equal(content);
      expect(oidOf(content), content).to.equal(dotted);
    }
  });

  it('knows texts that are no object identifier', () => {
    for (const dotted of ['', '1', '3.1', '1.40', '0.40', '1..2', '1.2.', '1.-2', '1.02', '1.2.x'])
      expect(oidOctets(dotted), dotted).to.equal(undefined);
  });

  it('sets bits from the left', () => {
    expect([[], [0], [1], [7], [8], [0, 9]].map(positions => hex(bitOctets(positions)))).to.deep.equal([
      '00',
      '0780',
      '0640',
      '0001',
      '070080',
      '068040',
    ]);
    expect(hex(bitOctets([0], 4))).to.equal('0480');
    expect(hex(bitOctets([], 8))).to.equal('0000');
  });
});
