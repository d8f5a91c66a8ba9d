import { expect } from 'chai';
import { decode } from './decode.js';
import { find } from './element.js';
import { encodeUntyped } from './encode.js';
import { complaints, octetsOfHex } from './testing.js';
import { hex } from './tlv.js';
import {
  boolean,
  choice,
  define,
  explicit,
  integer,
  octets,
  open,
  optional,
  sequence,
  sequenceOf,
  since,
  type Type,
  withDefault,
} from './type.js';

const Abc = sequence('30', { a: octets('80'), b: optional(octets('81')), c: octets('82') });
const Either = choice(undefined, { small: integer('80'), large: sequence('A1', { x: octets('80') }) });
const Wrapped = sequence('30', { e: explicit('A0', Either), t: optional(choice('BF2D', { ok: octets('80'), error: integer('81') })) });
const List = define('List', 'test', sequenceOf('30', Either));

describe('decoding structures', () => {
  it('reads members in order, and leaves absent ones out', () => {
    const { value, ok, diagnostics } = decode(Abc, octetsOfHex('30 06 80 01 AA 82 01 CC'));
    expect(value).to.deep.equal({ a: Uint8Array.of(0xaa), c: Uint8Array.of(0xcc) });
    expect(value).not.to.have.property('b');
    expect({ ok, diagnostics }).to.deep.equal({ ok: true, diagnostics: [] });
  });

  it('reports a missing member where it should stand', () => {
    expect(complaints(Abc, '30 06 81 01 BB 82 01 CC')).to.deep.equal(['error missing a @2: expected a (80), found 81']);
    expect(complaints(Abc, '30 03 80 01 AA')).to.deep.equal(['error missing c @5: expected c (82), found end of the structure']);
    expect(complaints(sequence('30', { e: Either, f: open() }), '30 00')).to.deep.equal([
      'error missing e @2: expected e (80 or A1), found end of the structure',
      'error missing f @2: expected f (any tag), found end of the structure',
    ]);
  });

  it('reports members out of order or twice', () => {
    expect(complaints(Abc, '30 09 80 01 AA 82 01 CC 81 01 BB')).to.deep.equal([
      'error order . @8: expected no further element, found b (81) again or out of order',
    ]);
    expect(complaints(Abc, '30 09 80 01 AA 80 01 AB 82 01 CC')).to.deep.equal([
      'error order . @5: expected b, c, found a (80) again or out of order',
    ]);
  });

  it('keeps unknown elements at the end as extensions, and encodes them again', () => {
    const text = '30 0D 80 01 AA 82 01 CC 83 01 DD 9F 26 01 EE';
    expect(complaints(Abc, text)).to.deep.equal([
      'note extension . @8: expected no further element, found unknown element 83',
      'note extension . @11: expected no further element, found unknown element 9F26',
    ]);
    const { value, ok, root } = decode(Abc, octetsOfHex(text));
    expect(ok).to.equal(true);
    expect(value.$unknown?.map(hex)).to.deep.equal(['8301DD', '9F2601EE']);
    expect(root.children.map(c => c.name)).to.deep.equal(['a', 'c', '$unknown', '$unknown']);
    expect(hex(encodeUntyped(Abc, value))).to.equal(text.replaceAll(' ', ''));
  });

  it('reports an unknown element before a known one', () => {
    expect(complaints(Abc, '30 0B 80 01 AA 83 00 84 01 DD 82 01 CC')).to.deep.equal([
      'error unexpected . @5: expected b, c, found 83',
      'error unexpected . @7: expected b, c, found 84',
    ]);
  });

  it('names at most four of the members it expects', () => {
    const Long = sequence('30', Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name, n) => [name, optional(octets(`8${n}`))])));
    expect(complaints(Long, '30 04 8F 00 80 00')).to.deep.equal(['error unexpected . @2: expected a, b, c, d …, found 8F']);
  });

  it('reports a DEFAULT that stands on the wire', () => {
    const Flags = sequence('30', { on: withDefault(boolean('80'), false), n: withDefault(integer('81'), 2) });
    expect(complaints(Flags, '30 06 80 01 00 81 01 02')).to.deep.equal([
      'der defaultEncoded on @2: expected a DEFAULT value left out, found false',
      'der defaultEncoded n @5: expected a DEFAULT value left out, found 2',
    ]);
    expect(complaints(Flags, '30 06 80 01 FF 81 01 03')).to.deep.equal([]);
    expect(decode(Flags, octetsOfHex('30 00')).value).to.deep.equal({});
  });

  it('chooses an alternative by its tag', () => {
    expect(decode(Either, octetsOfHex('80 01 05')).value).to.deep.equal({ small: 5 });
    expect(decode(Either, octetsOfHex('A1 02 80 00')).value).to.deep.equal({ large: { x: new Uint8Array() } });
  });

  it('reports an unknown alternative, and keeps it', () => {
    expect(complaints(Wrapped, '30 0A A0 03 80 01 05 BF2D 02 8200')).to.deep.equal([
      'error alternative t @10: expected one of ok, error, found unknown alternative 82',
    ]);
    expect(decode(Wrapped, octetsOfHex('30 0A A0 03 80 01 05 BF2D 02 8200')).value.t).to.deep.equal({ $unknown: [Uint8Array.of(0x82, 0)] });
  });

  it('reports a CHOICE without an alternative, or with two', () => {
    expect(complaints(Wrapped, '30 08 A0 03 80 01 05 BF2D 00')).to.deep.equal([
      'error missing t @10: expected one of ok, error, found nothing',
    ]);
    expect(complaints(Wrapped, '30 0D A0 03 80 01 05 BF2D 05 80 00 81 01 07')).to.deep.equal([
      'error unexpected t @12: expected exactly one alternative, found 810107',
    ]);
  });

  it('reports an EXPLICIT tag that holds nothing, something else, or too much', () => {
    expect(complaints(Wrapped, '30 02 A0 00')).to.deep.equal(['error missing e @4: expected CHOICE (80 or A1), found nothing']);
    expect(complaints(Wrapped, '30 04 A0 02 05 00')).to.deep.equal(['error unexpected e @4: expected CHOICE (80 or A1), found 05']);
    expect(complaints(Wrapped, '30 07 A0 05 80 01 05 05 00')).to.deep.equal([
      'error unexpected e @7: expected the end of the EXPLICIT tag, found 0500',
    ]);
  });

  it('reports an item of a list that is none, and numbers the others as their values', () => {
    const text = '30 08 80 01 05 05 00 80 01 07';
    expect(complaints(List, text)).to.deep.equal(['error unexpected . @5: expected CHOICE (80 or A1), found 05']);
    const { value, root } = decode(List, octetsOfHex(text));
    expect(value).to.deep.equal([{ small: 5 }, { small: 7 }]);
    expect(root.children.map(c => c.name)).to.deep.equal(['0', '$unknown', '1']);
  });

  it('reports octets after the message', () => {
    expect(complaints(List, '30 00 05 00')).to.deep.equal(['error trailing . @2: expected the end of the message, found 0500']);
  });

  it('reports another message, and no message', () => {
    expect(complaints(List, '04 00')).to.deep.equal(['error unexpected . @0: expected List (30), found 04 (primitive)']);
    expect(complaints(Abc, 'BF51 00')).to.deep.equal(['error unexpected . @0: expected SEQUENCE (30), found BF51']);
    expect(complaints(List, '')).to.deep.equal(['error missing . @0: expected List (30), found no octets']);
    expect(decode(List, new Uint8Array()).value).to.deep.equal([]);
    expect(decode(Abc, octetsOfHex('9F')).value).to.deep.equal({});
    expect(decode(integer(), octetsOfHex('9F')).value).to.equal(undefined);
  });

  it('reports nesting that no message has', () => {
    const deep = Array.from({ length: 45 }).reduce<Type>(inner => sequence('30', { in: optional(inner) }), octets('80'));
    const text = Array.from({ length: 45 }).reduce<string>(inner => `30${(inner.length / 2).toString(16).padStart(2, '0')}${inner}`, '');
    const path = Array.from({ length: 41 }, () => 'in').join('.');
    expect(complaints(deep, text)).to.deep.equal([`error depth ${path} @82: expected at most 40 levels, found deeper nesting`]);
  });

  it('knows the members of the version asked for', () => {
    const Versioned = sequence('30', { a: octets('80'), b: since('1.2', optional(octets('81'))) });
    expect(complaints(Versioned, '30 04 80 00 81 00', '1.2')).to.deep.equal([]);
    expect(complaints(Versioned, '30 04 80 00 81 00', '1.1')).to.deep.equal([
      'note extension . @4: expected no further element, found unknown element 81',
    ]);
  });

  it('gives diagnostics paths under which find has the element', () => {
    const Deep = sequence('30', {
      list: sequenceOf('A0', sequence('30', { e: explicit('A0', Either), t: choice('A1', { n: integer('80') }) })),
    });
    const good = decode(Deep, octetsOfHex('30 1B A0 19 30 0A A0 03 80 01 05 A1 03 80 01 06 30 0B A0 04 A1 02 80 00 A1 03 80 01 07'));
    expect(good.diagnostics).to.deep.equal([]);
    for (const path of ['list.0.e.small', 'list.0.t', 'list.1.e.large.x', 'list.1.t.n'])
      expect(find(good.root, path), path).to.have.property('element');
    const faulty = decode(Deep, octetsOfHex('30 14 A0 12 30 10 A0 07 A1 05 80 00 81 01 00 A1 05 80 00 81 01 00'));
    for (const d of faulty.diagnostics) expect(find(faulty.root, d.path), d.path).to.have.property('element');
    expect(faulty.diagnostics.map(d => `${d.code} ${d.path} ${d.offset}`)).to.deep.equal([
      'extension list.0.e.large 12',
      'integer list.0.t.n 19',
      'unexpected list.0.t 19',
    ]);
  });
});
