import { expect } from 'chai';
import { decode } from './decode.js';
import { encodeUntyped } from './encode.js';
import { fromJson, type Json, JsonFormError, toJson } from './json.js';
import { octetsOfHex } from './testing.js';
import { hex } from './tlv.js';
import {
  bits,
  bitText,
  boolean,
  choice,
  der,
  explicit,
  integer,
  nil,
  octets,
  oid,
  open,
  optional,
  sequence,
  sequenceOf,
  since,
  type Type,
  utf8,
} from './type.js';

const Either = choice(undefined, { small: integer('80', { one: 1 }), none: nil('81') });
const All = sequence('30', {
  octets: optional(octets('80')),
  text: optional(utf8('81')),
  number: optional(integer('82', { ok: 0, failed: 127 })),
  flag: optional(boolean('83')),
  nothing: optional(nil('84')),
  named: optional(bits('85', { a: 0, b: 1 })),
  plain: optional(bitText('86')),
  oid: optional(oid('87')),
  key: optional(der('A8')),
  list: optional(sequenceOf('A9', Either)),
  wrapped: optional(explicit('AA', Either)),
  any: optional(open()),
});
const json: Json = {
  octets: '00AAFF',
  text: 'ü',
  number: 127,
  flag: true,
  nothing: null,
  named: ['b', 'bit6'],
  plain: '0100',
  oid: '2.999.3',
  key: '3003020101',
  list: [{ small: 1 }, { none: null }],
  wrapped: { small: -1 },
  any: '5F200101',
};
const refusal = (type: Type, value: unknown): string => {
  try {
    fromJson(type, value);
  } catch (error) {
    if (error instanceof JsonFormError) return error.message;
    throw error;
  }
  return 'nothing refused';
};

describe('JSON form', () => {
  it('shows every kind of value, and reads it back', () => {
    const octetsOfAll = encodeUntyped(All, fromJson(All, json));
    const decoded = decode(All, octetsOfAll);
    expect(decoded.diagnostics).to.deep.equal([]);
    expect(toJson(All, decoded.value)).to.deep.equal(json);
    expect(hex(octetsOfAll)).to.equal(
      '3033' +
        '800300AAFF' +
        '8102C3BC' +
        '82017F' +
        '8301FF' +
        '8400' +
        '85020142' +
        '86020440' +
        '8703883703' +
        'A803020101' +
        'A905800101' +
        '8100' +
        'AA038001FF' +
        '5F200101',
    );
  });

  it('writes integers that a number cannot hold as text', () => {
    const value = 2n ** 64n;
    expect(toJson(integer(), value)).to.equal('18446744073709551616');
    expect(fromJson(integer(), '18446744073709551616')).to.equal(value);
    expect(fromJson(integer(), '-5')).to.equal(-5);
  });

  it('takes a named number by its name', () => {
    expect(fromJson(All, { number: 'failed' })).to.deep.equal({ number: 127 });
  });

  it('takes hex in lower case and with blanks', () => {
    expect(fromJson(octets(), 'aa bb')).to.deep.equal(Uint8Array.of(0xaa, 0xbb));
  });

  it('keeps unknown elements and unknown alternatives', () => {
    for (const [type, text, expected] of [
      [sequence('30', { a: integer('80') }), '3006800105' + '8F01AA', { a: 5, $unknown: ['8F01AA'] }],
      [choice('A0', { small: integer('80') }), 'A003' + '8F01AA', { $unknown: ['8F01AA'] }],
    ] as const) {
      const form = toJson(type, decode(type as Type, octetsOfHex(text)).value);
      expect(form).to.deep.equal(expected);
      expect(hex(encodeUntyped(type, fromJson(type, form)))).to.equal(text);
    }
  });

  it('leaves out what could not be read', () => {
    const { value, ok } = decode(All, octetsOfHex('30 07 8102C328 8301FF'));
    expect(ok).to.equal(false);
    expect(toJson(All, value)).to.deep.equal({ flag: true });
    expect(toJson(sequenceOf('30', integer()), decode(sequenceOf('30', integer()), octetsOfHex('30 05 0200 020105')).value)).to.deep.equal([
      null,
      5,
    ]);
    expect(toJson(integer(), undefined)).to.equal(null);
  });

  it('knows the members of the version asked for', () => {
    const Versioned = sequence('30', { a: integer('80'), b: since('1.2', optional(integer('81'))) });
    expect(fromJson(Versioned, { a: 1, b: 2 }, '1.2')).to.deep.equal({ a: 1, b: 2 });
    expect(() => fromJson(Versioned, { a: 1, b: 2 }, '1.1')).to.throw(JsonFormError, 'value: expected one of a, got "b"');
    expect(toJson(Versioned, { a: 1, b: 2 }, '1.1')).to.deep.equal({ a: 1 });
  });

  it('says where, what was expected and what was found', () => {
    const List = sequence('30', { items: sequenceOf('A0', Either) });
    let error: unknown;
    try {
      fromJson(List, { items: [{ small: 1 }, { small: true }] });
    } catch (e) {
      error = e;
    }
    expect(error).to.be.instanceOf(JsonFormError);
    expect(error).to.include({ code: 'jsonForm', path: 'items.1.small', message: 'items.1.small: expected an integer, got true' });
  });

  const cases: readonly (readonly [type: Type, value: unknown, message: string])[] = [
    [octets(), 'ABC', 'value: expected hex octets, got "ABC"'],
    [octets(), 5, 'value: expected hex octets, got 5'],
    [der(), 'xy', 'value: expected hex octets, got "xy"'],
    [open(), null, 'value: expected hex octets, got null'],
    [integer(), '5.0', 'value: expected an integer, got "5.0"'],
    [integer(), '9'.repeat(40), `value: expected an integer, got "${'9'.repeat(40)}"`],
    [integer('02', { ok: 0 }), 'notOk', 'value: expected an integer, got "notOk"'],
    [integer(), 2 ** 60, 'value: expected an integer, got 1152921504606847000'],
    [boolean(), 'true', 'value: expected true or false, got "true"'],
    [nil(), {}, 'value: expected null, got {}'],
    [utf8(), 5, 'value: expected text, got 5'],
    [oid(), 5, 'value: expected text, got 5'],
    [bits('80', { a: 0 }), 'a', 'value: expected a list of bit names, got "a"'],
    [bitText(), ['a'], 'value: expected a text of 0 and 1, got ["a"]'],
    [sequenceOf('30', integer()), {}, 'value: expected a list, got {}'],
    [All, [], 'value: expected an object with the members of SEQUENCE, got []'],
    [All, undefined, 'value: expected an object with the members of SEQUENCE, got nothing'],
    [Either, { tiny: 1 }, 'value: expected one of small, none, got "tiny"'],
    [All, { $unknown: '8F00' }, '$unknown: expected a list of hex TLVs, got "8F00"'],
    [All, { $unknown: ['8'] }, '$unknown: expected hex octets, got "8"'],
    [
      All,
      JSON.parse('{"__proto__":{"text":"x"}}'),
      'value: expected one of octets, text, number, flag, nothing, named, plain, oid, key, list, wrapped, any, got "__proto__"',
    ],
  ];
  for (const [type, value, message] of cases)
    it(`refuses ${JSON.stringify(value)?.slice(0, 30) ?? 'nothing'}: ${message.slice(7, 60)}`, () => {
      expect(refusal(type, value)).to.equal(message);
    });
});
