import { expect } from 'chai';
import { decode } from './decode.js';
import { complaints, octetsOfHex } from './testing.js';
import { concat, tlv } from './tlv.js';
import { integer, octets, open, optional, sequence, sequenceOf } from './type.js';

const Pair = sequence('30', { a: octets('80'), b: optional(octets('9F8101')) });
const Nested = sequence('30', { inner: sequence('A0', { a: octets('80') }), b: octets('81') });

describe('reading identifiers and lengths', () => {
  it('reports an identifier that ends with the data', () => {
    expect(complaints(Pair, '30 05 80 01 AA 9F 81')).to.deep.equal(['error tag . @5: expected identifier octets, found end of data']);
  });

  it('reports an identifier of more than four octets', () => {
    expect(complaints(Pair, '30 0A 80 01 AA 9F 81 82 83 04 01 AA')).to.deep.equal([
      'error tag . @5: expected identifier octets, found a tag of more than four octets',
    ]);
  });

  it('reports an identifier that could be shorter', () => {
    expect(complaints(Pair, '30 06 80 01 AA 9F 1E 00')).to.deep.equal([
      'der tagForm . @5: expected the shortest identifier, found 9F1E',
      'note extension . @5: expected no further element, found unknown element 9F1E',
    ]);
    expect(complaints(Pair, '30 07 80 01 AA 9F 80 1F 00')[0]).to.equal('der tagForm . @5: expected the shortest identifier, found 9F80');
  });

  it('reports a length that is not there', () => {
    expect(complaints(Pair, '30 04 80 01 AA 9F')).to.deep.equal(['error tag . @5: expected identifier octets, found end of data']);
    expect(complaints(Pair, '30 04 80 01 AA 81')).to.deep.equal(['error length . @6: expected a length octet, found end of data']);
  });

  it('reports length octets that are not there', () => {
    expect(complaints(Pair, '30 06 80 01 AA 81 83 01')).to.deep.equal(['error length . @6: expected 3 length octets, found 1']);
  });

  it('reports a length that could be shorter, and reads on', () => {
    expect(complaints(Pair, '30 81 03 80 01 AA')).to.deep.equal(['der lengthForm . @1: expected the shortest length, found 8103']);
    expect(complaints(Pair, '30 06 80 83 00 00 01 AA')).to.deep.equal([
      'der lengthForm . @3: expected the shortest length, found 83000001',
    ]);
    expect(decode(Pair, octetsOfHex('30 06 80 83 00 00 01 AA')).value.a).to.deep.equal(Uint8Array.of(0xaa));
  });

  it('says how much content is missing, and reads what is there', () => {
    expect(complaints(Pair, '30 04 80 05 AA BB')).to.deep.equal(['error truncated . @4: expected 5 octets of content, found 2']);
    expect(decode(Pair, octetsOfHex('30 04 80 05 AA BB')).value.a).to.deep.equal(Uint8Array.of(0xaa, 0xbb));
    expect(complaints(Pair, '30 84 FF FF FF FF 80 01 AA')).to.deep.equal([
      'error truncated . @6: expected 4294967295 octets of content, found 3',
    ]);
  });

  it('reads an indefinite length, and says that it is not DER', () => {
    const text = '30 80 A0 80 80 01 AA 00 00 81 01 BB 00 00';
    expect(complaints(Nested, text)).to.deep.equal([
      'der indefiniteLength . @1: expected a definite length, found 80',
      'der indefiniteLength . @3: expected a definite length, found 80',
    ]);
    const { ok, value, root } = decode(Nested, octetsOfHex(text));
    expect(ok).to.equal(true);
    expect(value).to.deep.equal({ inner: { a: Uint8Array.of(0xaa) }, b: Uint8Array.of(0xbb) });
    expect(root.children.map(c => [c.start, c.content, c.end])).to.deep.equal([
      [2, 4, 9],
      [9, 11, 12],
    ]);
    expect(root.end).to.equal(14);
  });

  it('finds the end of an indefinite length past definite contents that look like it', () => {
    const { ok, value } = decode(Nested, octetsOfHex('30 80 A0 04 80 02 00 00 81 02 00 00 00 00'));
    expect(ok).to.equal(true);
    expect(value.b).to.deep.equal(Uint8Array.of(0, 0));
  });

  it('reports an indefinite length without an end', () => {
    expect(complaints(Pair, '30 80 80 01 AA')).to.deep.equal([
      'der indefiniteLength . @1: expected a definite length, found 80',
      'error truncated . @2: expected end-of-contents octets 00 00, found end of data',
    ]);
  });

  it('reports an indefinite length of a primitive element', () => {
    expect(complaints(Pair, '30 05 80 80 AA 00 00')).to.deep.equal([
      'error length . @3: expected a definite length of a primitive element, found 80',
    ]);
  });

  it('gives up after ten thousand elements, and calls nothing missing that it has not looked for', () => {
    const Blocks = sequence('30', { list: sequenceOf('A0', octets('80')), last: integer('81') });
    const many = tlv(
      0x30,
      tlv(
        0xa0,
        new Uint8Array(2 * 12_000).fill(0x80).map((octet, at) => (at % 2 === 0 ? octet : 0)),
      ),
      tlv(0x81, Uint8Array.of(1)),
    );
    const { diagnostics, value, ok } = decode(Blocks, many);
    expect(ok).to.equal(false);
    expect(diagnostics).to.deep.equal([
      { severity: 'error', code: 'elements', path: 'list', offset: 8 + 2 * 9998, expected: 'at most 10000 elements', found: 'more' },
    ]);
    expect(value.list).to.have.length(9998);
  });

  it('keeps an error although a hundred notes come first', () => {
    const notes = concat(...Array.from({ length: 150 }, () => tlv(0x8f)));
    const List = sequenceOf('30', sequence('30', {}));
    const message = tlv(0x30, tlv(0x30, notes), tlv(0x31));
    const { diagnostics, ok } = decode(List, message);
    expect(ok).to.equal(false);
    expect(diagnostics.filter(d => d.severity === 'note')).to.have.length(100);
    expect(diagnostics.filter(d => d.severity === 'error').map(d => d.code)).to.deep.equal(['unexpected']);
  });

  it('shortens long octets in a diagnostic', () => {
    expect(complaints(open(), `80 00 ${'AB'.repeat(17)}`)).to.deep.equal([
      `error trailing . @2: expected the end of the message, found ${'AB'.repeat(16)}… (17 octets)`,
    ]);
  });

  it('never reads outside of the octets it was given', () => {
    const around = octetsOfHex('FF 30 80 00 00 FF');
    const { root, diagnostics } = decode(Pair, around.subarray(1, 4));
    expect([root.start, root.end]).to.deep.equal([0, 3]);
    expect(diagnostics.map(d => d.code)).to.include('truncated');
  });
});
