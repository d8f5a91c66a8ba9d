import { expect } from 'chai';
import { decode } from './decode.js';
import { complaints, octetsOfHex } from './testing.js';
import { bits, bitText, boolean, der, integer, nil, octets, oid, open, type Type, utf8 } from './type.js';

const value = (type: Type, text: string): unknown => decode(type, octetsOfHex(text)).value;

describe('values of primitive elements', () => {
  it('reports octets of another size', () => {
    expect(complaints(octets('80', 16), '80 02 AABB')).to.deep.equal(['error size . @2: expected 16 octets, found 2']);
    expect(complaints(octets('80', 1, 2), '80 03 AABBCC')).to.deep.equal(['error size . @2: expected 1..2 octets, found 3']);
    expect(complaints(octets('80', 1, 2), '80 02 AABB')).to.deep.equal([]);
  });

  it('gives octets as a view of the message', () => {
    const message = octetsOfHex('80 02 AABB');
    const got = decode(octets('80'), message).value;
    expect(got).to.deep.equal(Uint8Array.of(0xaa, 0xbb));
    expect(got.buffer).to.equal(message.buffer);
  });

  it('reads integers of one to sixteen octets', () => {
    expect(value(integer(), '02 01 80')).to.equal(-128);
    expect(value(integer(), '02 07 1FFFFFFFFFFFFF')).to.equal(Number.MAX_SAFE_INTEGER);
    expect(value(integer(), '02 07 20000000000000')).to.equal(2n ** 53n);
    expect(value(integer(), `02 10 80${'00'.repeat(15)}`)).to.equal(-(2n ** 127n));
    expect(complaints(integer(), '02 00')).to.deep.equal(['error integer . @2: expected an INTEGER of 1 to 16 octets, found no octets']);
    expect(complaints(integer(), `02 11 01${'00'.repeat(16)}`)).to.deep.equal([
      'error integer . @2: expected an INTEGER of 1 to 16 octets, found 17 octets',
    ]);
    expect(value(integer(), '02 00')).to.equal(undefined);
  });

  it('reports an integer that could be shorter', () => {
    expect(complaints(integer(), '02 02 007F')).to.deep.equal(['der integerForm . @2: expected the shortest INTEGER, found 007F']);
    expect(complaints(integer(), '02 02 FF80')).to.deep.equal(['der integerForm . @2: expected the shortest INTEGER, found FF80']);
    expect(complaints(integer(), '02 02 0080')).to.deep.equal([]);
    expect(complaints(integer(), '02 02 FF7F')).to.deep.equal([]);
    expect(value(integer(), '02 02 007F')).to.equal(127);
  });

  it('reads text, ASCII or not', () => {
    expect(value(utf8(), '0C 05 6569 6D2E41')).to.equal('eim.A');
    expect(value(utf8(), '0C 06 C3BC E282AC 41')).to.equal('ü€A');
    expect(value(utf8(), '0C 03 EFBBBF')).to.equal('\uFEFF');
    expect(value(utf8(), '0C 03 EFBFBD')).to.equal('\uFFFD');
    expect(value(utf8(), '0C 00')).to.equal('');
  });

  it('reports text that is not UTF-8', () => {
    for (const content of ['C3', 'C080', 'EDA080', 'F4908080', '41FF'])
      expect(complaints(utf8(), `0C 0${content.length / 2} ${content}`), content).to.deep.equal([
        `error utf8 . @2: expected UTF-8 text, found ${content}`,
      ]);
    expect(value(utf8(), '0C 01 FF')).to.equal(undefined);
  });

  it('counts characters of a text, not octets', () => {
    expect(complaints(utf8('0C', 1, 2), '0C 03 414243')).to.deep.equal(['error size . @2: expected 1..2 characters, found 3']);
    expect(complaints(utf8('0C', 1, 2), '0C 08 F09F98 80F09F9880')).to.deep.equal([]);
    expect(complaints(utf8('0C', 1, 2), '0C 06 C3BCC3BCC3BC')).to.deep.equal(['error size . @2: expected 1..2 characters, found 3']);
    expect(complaints(utf8('0C', 1, 2), '0C 00')).to.deep.equal(['error size . @2: expected 1..2 characters, found 0']);
  });

  it('reports a NULL with content', () => {
    expect(complaints(nil(), '05 01 00')).to.deep.equal(['error null . @2: expected no content, found 00']);
    expect(value(nil(), '05 00')).to.equal(null);
  });

  it('reports a boolean that is not one octet, 00 or FF', () => {
    expect(complaints(boolean(), '01 00')).to.deep.equal(['error boolean . @2: expected one octet, found 0']);
    expect(complaints(boolean(), '01 02 FFFF')).to.deep.equal(['error boolean . @2: expected one octet, found 2']);
    expect(complaints(boolean(), '01 01 01')).to.deep.equal(['der booleanForm . @2: expected 00 or FF, found 01']);
    expect(value(boolean(), '01 01 01')).to.equal(true);
    expect(value(boolean(), '01 01 00')).to.equal(false);
    expect(value(boolean(), '01 02 FFFF')).to.equal(undefined);
  });

  it('names the bits that are set', () => {
    const Named = bits('80', { first: 0, third: 2 });
    expect(value(Named, '80 02 05A0')).to.deep.equal(['first', 'third']);
    expect(value(Named, '80 02 0640')).to.deep.equal(['bit1']);
    expect(value(Named, '80 01 00')).to.deep.equal([]);
    expect(value(bitText(), '03 02 04A0')).to.equal('1010');
  });

  it('reports a BIT STRING that is none', () => {
    const Named = bits('80', { first: 0 });
    const expected = 'error bits . @2: expected a BIT STRING, found';
    expect(complaints(Named, '80 00')).to.deep.equal([`${expected} no octets`]);
    expect(complaints(Named, '80 02 0880')).to.deep.equal([`${expected} 8 unused bits in 1 octets`]);
    expect(complaints(Named, '80 01 01')).to.deep.equal([`${expected} 1 unused bits in 0 octets`]);
    expect(complaints(Named, `80 22 00${'FF'.repeat(33)}`)).to.deep.equal([`${expected} 264 bits`]);
    expect(value(Named, '80 00')).to.equal(undefined);
  });

  it('reports bits that DER does not permit', () => {
    const Named = bits('80', { first: 0 });
    const expected = 'der bitsForm . @2: expected unused and trailing bits zero and removed, found';
    expect(complaints(Named, '80 02 0081')).to.deep.equal([]);
    expect(complaints(Named, '80 02 0781')).to.deep.equal([`${expected} padding bits set`]);
    expect(complaints(Named, '80 02 0680')).to.deep.equal([`${expected} trailing zero bits (2 bits)`]);
    expect(complaints(bitText(), '03 02 0680')).to.deep.equal([]);
    expect(complaints(bitText(), '03 02 0681')).to.deep.equal([`${expected} padding bits set`]);
  });

  it('reads object identifiers', () => {
    expect(value(oid(), '06 08 2A8648CE3D030107')).to.equal('1.2.840.10045.3.1.7');
    expect(value(oid(), '06 03 883703')).to.equal('2.999.3');
  });

  it('reports an object identifier that is none', () => {
    for (const content of ['', '80', '2A80', '2A8001', '88'.repeat(65)]) {
      const length = (content.length / 2).toString(16).padStart(2, '0');
      const found = content.length > 32 ? `${'88'.repeat(16)}… (65 octets)` : content || 'nothing';
      expect(complaints(oid(), `06 ${length} ${content}`), content).to.deep.equal([
        `error oid . @2: expected an OBJECT IDENTIFIER, found ${found}`,
      ]);
    }
  });

  it('gives a certificate back its tag 30', () => {
    expect(value(der('A5'), 'A5 03 020101')).to.deep.equal(octetsOfHex('30 03 020101'));
    expect(value(der('BF8151'), 'BF8151 03 020101')).to.deep.equal(octetsOfHex('30 03 020101'));
    expect(value(der('A5'), 'A5 8103 020101')).to.deep.equal(octetsOfHex('30 8103 020101'));
    expect(value(der(), '30 03 020101')).to.deep.equal(octetsOfHex('30 03 020101'));
  });

  it('keeps an open type whole', () => {
    expect(value(open(), 'BF20 03 820101')).to.deep.equal(octetsOfHex('BF20 03 820101'));
  });
});
