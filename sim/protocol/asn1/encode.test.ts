import { expect } from 'chai';
import { decode } from './decode.js';
import { EncodeError, encode, encodeUntyped } from './encode.js';
import { octetsOfHex } from './testing.js';
import { concat, hex, tlv } from './tlv.js';
import {
  bits,
  bitText,
  boolean,
  choice,
  define,
  der,
  explicit,
  integer,
  nil,
  octets,
  oid,
  open,
  optional,
  raw,
  sequence,
  sequenceOf,
  since,
  type Type,
  until,
  utf8,
  versions,
  withDefault,
} from './type.js';

const text = (type: Type, value: unknown): string => hex(encodeUntyped(type, value));
const refusal = (type: Type, value: unknown): string => {
  try {
    encodeUntyped(type, value);
  } catch (error) {
    if (error instanceof EncodeError) return error.message;
    throw error;
  }
  return 'nothing refused';
};

const Either = choice(undefined, { small: integer('80'), large: sequence('A1', { x: octets('80') }) });
const Message = define('Message', 'test', sequence('BF51', { id: octets('5A'), items: optional(sequenceOf('A0', Either)) }));

describe('encoding', () => {
  it('writes members in the order of the type, whatever the order of the value', () => {
    expect(text(Message, { items: [{ small: 5 }, { large: { x: Uint8Array.of(1) } }], id: Uint8Array.of(9) })).to.equal(
      'BF510D5A0109A008800105A103800101',
    );
  });

  it('leaves undefined members and DEFAULT values out', () => {
    const Flags = sequence('30', { on: withDefault(boolean('80'), false), n: optional(integer('81')) });
    expect(text(Flags, { on: false, n: undefined })).to.equal('3000');
    expect(text(Flags, { on: true, n: 1 })).to.equal('30068001FF810101');
  });

  it('writes the shortest length of content of every size', () => {
    for (const [size, header] of [
      [0x7f, '047F'],
      [0x80, '048180'],
      [0xff, '0481FF'],
      [0x100, '04820100'],
      [0xffff, '0482FFFF'],
      [0x10000, '0483010000'],
      [0x1000000, '048401000000'],
    ] as const) {
      const encoded = encode(octets(), new Uint8Array(size));
      expect(hex(encoded.subarray(0, header.length / 2))).to.equal(header);
      expect(encoded).to.have.length(size + header.length / 2);
    }
  });

  it('writes identifiers of one to four octets', () => {
    for (const tag of ['80', 'BF51', 'BF8151', 'BF818151']) expect(text(octets(tag), new Uint8Array())).to.equal(`${tag}00`);
  });

  it('writes the shortest integers on both sides of every limit', () => {
    for (const [value, content] of [
      [0, '00'],
      [-0, '00'],
      [127, '7F'],
      [128, '0080'],
      [-128, '80'],
      [-129, 'FF7F'],
      [32767, '7FFF'],
      [32768, '008000'],
      [-32768, '8000'],
      [-32769, 'FF7FFF'],
      [2 ** 31 - 1, '7FFFFFFF'],
      [2 ** 31, '0080000000'],
      [-(2 ** 31), '80000000'],
      [-(2 ** 31) - 1, 'FF7FFFFFFF'],
      [2 ** 53 - 1, '1FFFFFFFFFFFFF'],
      [2n ** 53n, '20000000000000'],
      [-(2 ** 53) + 1, 'E0000000000001'],
      [-(2n ** 53n), 'E0000000000000'],
      [2n ** 63n - 1n, '7FFFFFFFFFFFFFFF'],
      [2n ** 63n, '008000000000000000'],
      [-(2n ** 63n), '8000000000000000'],
      [-(2n ** 63n) - 1n, 'FF7FFFFFFFFFFFFFFF'],
    ] as const) {
      const encoded = encodeUntyped(integer(), value);
      expect(hex(encoded.subarray(2)), String(value)).to.equal(content);
      const back = decode(integer(), encoded);
      expect(back.diagnostics).to.deep.equal([]);
      expect(back.value === value, String(value)).to.equal(true);
    }
  });

  it('writes text, ASCII or not', () => {
    expect(text(utf8(), '')).to.equal('0C00');
    expect(text(utf8(), 'eim.A')).to.equal('0C0565696D2E41');
    expect(text(utf8(), 'Aü€😀')).to.equal('0C0A41C3BCE282ACF09F9880');
    expect(text(utf8(), 'x'.repeat(3000))).to.equal(`0C820BB8${'78'.repeat(3000)}`);
  });

  it('writes the other primitive values', () => {
    expect(text(boolean(), true)).to.equal('0101FF');
    expect(text(boolean(), false)).to.equal('010100');
    expect(text(nil('82'), null)).to.equal('8200');
    expect(text(oid(), '1.2.840.10045.3.1.7')).to.equal('06082A8648CE3D030107');
  });

  // ITU-T X.690 11.2.2.
  it('removes the trailing zero bits of named bits', () => {
    const Named = bits('80', { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6 });
    for (const [names, content] of [
      [[], '00'],
      [['a'], '0780'],
      [['b'], '0640'],
      [['a', 'd'], '0490'],
      [['f'], '0204'],
      [['a', 'f', 'g'], '0186'],
      [['g', 'a', 'f', 'a'], '0186'],
      [['bit9'], '060040'],
    ] as const)
      expect(text(Named, names)).to.equal(`800${content.length / 2}${content}`);
    expect(text(bitText(), '1000')).to.equal('03020480');
    expect(text(bitText(), '')).to.equal('030100');
  });

  it('puts a certificate under the tag of its field, and its length stays as it was', () => {
    expect(text(der('A5'), octetsOfHex('30 03 020101'))).to.equal('A503020101');
    expect(text(der('BF51'), octetsOfHex('30 8103 020101'))).to.equal('BF518103020101');
  });

  it('adds unknown elements after all others', () => {
    expect(text(Message, { id: Uint8Array.of(9), $unknown: [octetsOfHex('8301AA'), octetsOfHex('8400')] })).to.equal(
      'BF51085A01098301AA8400',
    );
    expect(text(Either, { $unknown: [octetsOfHex('8301AA')] })).to.equal('8301AA');
  });

  it('writes more than any first guess of the size', () => {
    const blocks = Array.from({ length: 300 }, (_, n) => new Uint8Array(999).fill(n));
    const encoded = encode(sequenceOf('A3', octets('86')), blocks);
    expect(hex(encoded)).to.equal(hex(tlv(0xa3, concat(...blocks.map(b => tlv(0x86, b))))));
  });

  it('writes the layout of the version asked for', () => {
    const Versioned = sequence('30', {
      old: until('1.0', optional(octets('80'))),
      n: versions({ '1.0': integer('84') }, '1.1', integer('82')),
    });
    expect(hex(encodeUntyped(Versioned, { old: Uint8Array.of(1), n: 7 }, { spec: '1.0' }))).to.equal('3006800101840107');
    expect(hex(encodeUntyped(Versioned, { n: 7 }, { spec: '1.2' }))).to.equal('3003820107');
    expect(() => encodeUntyped(Versioned, { old: Uint8Array.of(1), n: 7 }, { spec: '1.2' })).to.throw(
      EncodeError,
      'expected one of n, got "old"',
    );
  });

  it('leaves out the members of a SEQUENCE that a later version adds, and no others', () => {
    const Growing = sequence('30', { a: integer('80'), b: since('1.1', integer('81')), c: since('1.3', optional(integer('82'))) });
    const value = { a: 1, b: 2, c: 3 };
    expect(hex(encodeUntyped(Growing, value, { spec: '1.0' }))).to.equal('3003800101');
    expect(hex(encodeUntyped(Growing, value, { spec: '1.1' }))).to.equal('3006800101810102');
    expect(hex(encodeUntyped(Growing, value, { spec: '1.3' }))).to.equal('3009800101810102820103');
    expect(() => encodeUntyped(Growing, { ...value, d: 1 }, { spec: '1.0' })).to.throw(EncodeError, 'expected one of a, got "d"');
    const Either = choice('BF50', { a: integer('80'), b: since('1.1', integer('81')) });
    expect(() => encodeUntyped(Either, { b: 1 }, { spec: '1.0' })).to.throw(EncodeError, 'exactly one of a');
  });
});

describe('relaying octets as received', () => {
  it('keeps every octet, also those that are not DER', () => {
    for (const received of ['BF51 03 5A0109', 'BF51 8103 5A0109', 'BF51 80 5A0109 0000', 'BF51 00'])
      expect(text(Message, raw(octetsOfHex(received)))).to.equal(received.replaceAll(' ', ''));
    expect(text(sequenceOf('30', Message), [raw(octetsOfHex('BF51 8103 5A0109'))])).to.equal('3007BF5181035A0109');
  });

  it('exchanges only an implicit tag', () => {
    const Carrier = sequence('30', { result: { ...Message, tag: 0xa1 }, at: optional(octets('80')) });
    expect(text(Carrier, { result: raw(octetsOfHex('BF51 8103 5A0109')) })).to.equal('3006A181035A0109');
    expect(text(Carrier, { result: raw(octetsOfHex('BF51 80 5A0109 0000')) })).to.equal('3007A1805A01090000');
    expect(text(Carrier, { result: raw(octetsOfHex('A1 03 5A0109')), at: raw(octetsOfHex('04 02 AABB')) })).to.equal(
      '3009A1035A01098002AABB',
    );
  });

  it('puts an EXPLICIT tag around, unless it is there already', () => {
    const Carrier = sequence('30', { e: explicit('A0', Either), m: optional(explicit('A2', Message)) });
    expect(text(Carrier, { e: raw(octetsOfHex('800105')) })).to.equal('3005A003800105');
    expect(text(Carrier, { e: raw(octetsOfHex('A003800105')) })).to.equal('3005A003800105');
    expect(text(Carrier, { e: { small: 5 }, m: raw(octetsOfHex('30035A0109')) })).to.equal('300DA003800105A206BF51035A0109');
  });

  it('takes an alternative as it is', () => {
    expect(text(sequenceOf('30', Either), [raw(octetsOfHex('830105')), { small: raw(octetsOfHex('020105')) }])).to.equal(
      '3006830105800105',
    );
  });

  it('refuses octets that are not exactly one TLV', () => {
    for (const octetsText of ['', '80', '8002AA', '8001AABB', '3080', '3080800100', '808000 00'])
      expect(refusal(Message, { id: raw(octetsOfHex(octetsText)) }), octetsText).to.match(/^id: expected one complete TLV, got \d octets$/);
  });
});

describe('refusing values', () => {
  it('says where, what was expected and what was found', () => {
    const error = (() => {
      try {
        return encodeUntyped(Message, { id: Uint8Array.of(9), items: [{ small: 5 }, { large: { x: 'AA' } }] });
      } catch (e) {
        return e;
      }
    })();
    expect(error).to.be.instanceOf(EncodeError);
    expect(error).to.include({ code: 'encode', path: 'items.1.large.x', message: 'items.1.large.x: expected octets, got "AA"' });
  });

  const Structure = sequence('30', { a: integer('80'), b: optional(octets('81')) });
  const cases: readonly (readonly [type: Type, value: unknown, message: string])[] = [
    [Structure, {}, 'a: expected INTEGER, got nothing'],
    [Structure, undefined, 'value: expected the members of SEQUENCE, got nothing'],
    [Structure, null, 'value: expected the members of SEQUENCE, got null'],
    [Structure, [], 'value: expected the members of SEQUENCE, got a list'],
    [Structure, { a: 1, c: 2 }, 'value: expected one of a, b, got "c"'],
    [Structure, { a: 1, b: null }, 'b: expected octets, got null'],
    [Structure, { a: 1, $unknown: 'AA' }, 'value: expected a list of octets under $unknown, got "AA"'],
    [Structure, { a: 1, $unknown: ['AA'] }, 'value: expected a list of octets under $unknown, got a list'],
    [Message, { id: Uint8Array.of(1), items: {} }, 'items: expected a list of CHOICE, got an object'],
    [Either, {}, 'value: expected exactly one of small, large, got an object'],
    [Either, 5, 'value: expected exactly one of small, large, got 5'],
    [Either, { tiny: 5 }, 'value: expected exactly one of small, large, got "tiny"'],
    [Either, { small: 5, large: { x: Uint8Array.of(1) } }, 'value: expected exactly one of small, large, got "small and large"'],
    [Either, { $unknown: 'AA' }, 'value: expected a list of octets under $unknown, got "AA"'],
    [integer(), 1.5, 'value: expected an integer, got 1.5'],
    [integer(), 2 ** 53, 'value: expected an integer, got 9007199254740992'],
    [integer(), '5', 'value: expected an integer, got "5"'],
    [utf8(), 5n, 'value: expected text, got 5'],
    [utf8(), '\uD800', 'value: expected text, got "\\ud800"'],
    [boolean(), 1, 'value: expected true or false, got 1'],
    [nil(), true, 'value: expected null, got true'],
    [oid(), '1.40', 'value: expected a dotted OBJECT IDENTIFIER, got "1.40"'],
    [oid(), '1', 'value: expected a dotted OBJECT IDENTIFIER, got "1"'],
    [oid(), '1.02', 'value: expected a dotted OBJECT IDENTIFIER, got "1.02"'],
    [oid(), 7, 'value: expected a dotted OBJECT IDENTIFIER, got 7'],
    [bits('80', { a: 0, b: 1 }), ['c'], 'value: expected one of a, b, got "c"'],
    [bits('80', { a: 0, b: 1 }), 'a', 'value: expected a list of bit names, got "a"'],
    [bitText(), '102', 'value: expected a text of 0 and 1, got "102"'],
    [bitText(), ['a'], 'value: expected a text of 0 and 1, got a list'],
    [der(), octetsOfHex('0400'), 'value: expected a complete DER SEQUENCE (30 …), got 2 octets'],
    [der(), octetsOfHex('3001'), 'value: expected a complete DER SEQUENCE (30 …), got 2 octets'],
    [der(), octetsOfHex('300000'), 'value: expected a complete DER SEQUENCE (30 …), got 3 octets'],
    [der(), 'x', 'value: expected a complete DER SEQUENCE (30 …), got "x"'],
    [open(), octetsOfHex('300000'), 'value: expected one complete TLV, got 3 octets'],
    [open(), undefined, 'value: expected one complete TLV, got nothing'],
    [octets(), Symbol('x'), 'value: expected octets, got symbol'],
  ];
  for (const [type, value, message] of cases)
    it(`refuses ${message.replace(/^value: /, '')}`, () => {
      expect(refusal(type, value)).to.equal(message);
    });
});
