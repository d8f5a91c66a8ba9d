import { expect } from 'chai';
import { decode } from './decode.js';
import { printTlv, printTree, tree, valueText } from './print.js';
import { octetsOfHex } from './testing.js';
import {
  bits,
  bitText,
  boolean,
  choice,
  define,
  explicit,
  integer,
  nil,
  octets,
  oid,
  open,
  optional,
  sequence,
  sequenceOf,
  type Type,
  utf8,
} from './type.js';

const Either = choice(undefined, { small: integer('80'), large: sequence('A1', { x: octets('80') }) });
const Message = define(
  'Message',
  'test',
  sequence('BF51', {
    id: octets('5A', 1),
    list: optional(sequenceOf('A0', Either)),
    wrapped: optional(explicit('A2', Either)),
    name: optional(utf8('83')),
    tagged: optional(choice('BF2D', { ok: integer('80'), error: integer('81', { failed: 1 }) })),
  }),
);
const print = (text: string): string[] => printTree(decode(Message, octetsOfHex(text))).split('\n');

describe('printed tree', () => {
  it('gives tag, length, name and value of every element', () => {
    expect(print('BF51 1B 5A0109 A008 800105 A1038001AA A203 800106 8301 41 BF2D03 810101')).to.deep.equal([
      'BF51 27  Message',
      '  5A 1  id = 09',
      '  A0 8  list',
      '    80 1  [0]: small = 5',
      '    A1 3  [1]: large',
      '      80 1  x = AA',
      '  A2 3  wrapped',
      '    80 1  small = 6',
      '  83 1  name = "A"',
      '  BF2D 3  tagged',
      '    81 1  error = failed(1)',
    ]);
  });

  it('puts a problem at the element it is about', () => {
    expect(print('BF51 0E 5A020909 A008 800105 A1038101AA')).to.deep.equal([
      'BF51 14  Message',
      '  5A 2  id = 0909   <-- expected 1 octets, found 2',
      '  A0 8  list',
      '    80 1  [0]: small = 5',
      '    A1 3  [1]: large   <-- expected x (80), found end of the structure',
      '      81 1  $unknown = 8101AA',
    ]);
  });

  it('puts what is missing at the structure that lacks it', () => {
    expect(print('BF51 00')).to.deep.equal(['BF51 0  Message   <-- expected id (5A), found end of the structure']);
    expect(print('BF51 06 5A0109 BF2D00')[2]).to.equal('  BF2D 0  tagged   <-- expected one of ok, error, found nothing');
  });

  it('puts what does not belong there at the element itself', () => {
    expect(print('BF51 0A 5A0109 A005 0500 800105')).to.deep.equal([
      'BF51 10  Message',
      '  5A 1  id = 09',
      '  A0 5  list',
      '    05 0  $unknown = 0500   <-- expected CHOICE (80 or A1), found 05',
      '    80 1  [0]: small = 5',
    ]);
    expect(print('BF51 06 5A0109 5A0108')[2]).to.equal(
      '  5A 1  $unknown = 5A0108   <-- expected list, wrapped, name, tagged, found id (5A) again or out of order',
    );
    expect(print('BF51 09 5A0109 BF2D03 8F0100')[3]).to.equal(
      '    8F 1  $unknown = 8F0100   <-- expected one of ok, error, found unknown alternative 8F',
    );
  });

  it('shows the octets of a value that could not be read', () => {
    expect(print('BF51 07 5A0109 8302C328 ')[2]).to.equal('  83 2  name = C328   <-- expected UTF-8 text, found C328');
  });

  it('puts several problems of an element on its line, and notes on none', () => {
    expect(print('BF51 8106 5A8101 09 8F00')).to.deep.equal([
      'BF51 6  Message   <-- expected the shortest length, found 8106; expected the shortest length, found 8101',
      '  5A 1  id = 09',
      '  8F 0  $unknown = 8F00',
    ]);
  });

  it('prints what could not be read at all', () => {
    expect(print('04 00')).to.deep.equal([' 2  Message   <-- expected Message (BF51), found 04 (primitive)']);
    expect(print('BF51 00 00')[0]).to.contain(
      '<-- expected id (5A), found end of the structure; expected the end of the message, found 00',
    );
  });

  it('gives depths, offsets and names, of shared octets all names', () => {
    const lines = tree(decode(Message, octetsOfHex('BF51 08 5A0109 A003 800105')));
    expect(lines.map(l => [l.depth, l.start, l.end, l.name])).to.deep.equal([
      [0, 0, 11, 'Message'],
      [1, 3, 6, 'id'],
      [1, 6, 11, 'list'],
      [2, 8, 11, '[0]: small'],
    ]);
  });

  it('writes values for reading', () => {
    const cases: readonly (readonly [Type, unknown, string])[] = [
      [octets(), Uint8Array.of(0xab), 'AB'],
      [integer(), 5, '5'],
      [integer('02', { ok: 0 }), 0, 'ok(0)'],
      [integer('02', { ok: 0 }), 1, '1'],
      [integer(), 2n ** 64n, '18446744073709551616'],
      [boolean(), true, 'TRUE'],
      [boolean(), false, 'FALSE'],
      [nil(), null, ''],
      [utf8(), 'a"b', '"a\\"b"'],
      [bits('80', { a: 0 }), ['a', 'bit3'], '{a, bit3}'],
      [bitText(), '0101', "'0101'B"],
      [oid(), '1.2.3', '1.2.3'],
      [open(), Uint8Array.of(5, 0), '0500'],
      [integer(), undefined, ''],
    ];
    for (const [type, value, text] of cases) expect(valueText(type, value)).to.equal(text);
  });

  it('prints TLVs of no known type', () => {
    expect(printTlv(octetsOfHex('BF51 05 A003 800105 8400 30')).split('\n')).to.deep.equal([
      'BF51 5',
      '  A0 3',
      '    80 1  05',
      '84 0  ',
      '30   <-- not a TLV',
    ]);
  });
});
