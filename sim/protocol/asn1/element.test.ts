import { expect } from 'chai';
import { decode } from './decode.js';
import { elements, fieldOctets, find, firstElement, octetsOf, retagged } from './element.js';
import { octetsOfHex } from './testing.js';
import { hex } from './tlv.js';
import { choice, explicit, integer, octets, optional, sequence, sequenceOf } from './type.js';

const Either = choice(undefined, { small: integer('80'), large: sequence('A1', { x: octets('80') }) });
const Message = sequence('30', {
  id: octets('5A'),
  list: optional(sequenceOf('A0', Either)),
  wrapped: optional(explicit('A2', Either)),
  tagged: optional(choice('BF2D', { ok: sequence('A0', { y: integer('80') }), error: integer('81') })),
});
const message = decode(Message, octetsOfHex('30 1C 5A0109 A008 800105 A103 8001AA A203 800106 BF2D05 A003 800107 8F00'));
const at = (path: string): string => {
  const found = find(message.root, path);
  return 'element' in found ? `${found.path} ${hex(octetsOf(message, found.element))}` : `${found.problem}: ${found.candidates.join(', ')}`;
};

describe('finding elements', () => {
  it('reads the message it looks into', () => {
    expect(message.diagnostics.map(d => d.code)).to.deep.equal(['extension']);
  });

  it('finds the message itself', () => {
    expect(find(message.root, '.')).to.deep.equal({ element: message.root, path: '' });
    expect(find(message.root, '')).to.deep.equal({ element: message.root, path: '' });
  });

  it('steps through members, lists, alternatives and EXPLICIT tags', () => {
    expect(at('id')).to.equal('id 5A0109');
    expect(at('list.0')).to.equal('list.0 800105');
    expect(at('list.0.small')).to.equal('list.0.small 800105');
    expect(at('list.1.large.x')).to.equal('list.1.large.x 8001AA');
    expect(at('wrapped')).to.equal('wrapped A203800106');
    expect(at('wrapped.small')).to.equal('wrapped.small 800106');
    expect(at('tagged.ok.y')).to.equal('tagged.ok.y 800107');
    expect(at('$unknown')).to.equal('$unknown 8F00');
  });

  it('finds the only field of a name anywhere', () => {
    expect(at('..y')).to.equal('tagged.ok.y 800107');
    expect(at('..large.x')).to.equal('list.1.large.x 8001AA');
  });

  it('says which fields there are when there is none of the name', () => {
    expect(at('idd')).to.equal('none: id, list, wrapped, tagged, $unknown');
    expect(at('list.2')).to.equal('none: 0, 1');
    expect(at('..large.z')).to.equal('none: x');
    expect(at('..z')).to.equal('none: id, list, 0, small, 1, large, x, wrapped, tagged, ok, y, $unknown');
  });

  it('lists the places when there are several of the name', () => {
    expect(at('..small')).to.equal('ambiguous: list.0.small, wrapped.small');
  });

  it('finds the first element of a kind, parents first, and none where there is none', () => {
    expect(firstElement(message.root, ({ name }) => name === 'small')?.start).to.equal(elements(message.root)[4]?.element.start);
    expect(firstElement(message.root, ({ name }) => name === 'z')).to.equal(undefined);
  });

  it('lists all elements, parents first', () => {
    expect([...elements(message.root)].map(e => e.path)).to.deep.equal([
      '',
      'id',
      'list',
      'list.0',
      'list.0.small',
      'list.1',
      'list.1.large',
      'list.1.large.x',
      'wrapped',
      'wrapped.small',
      'tagged',
      'tagged.ok',
      'tagged.ok.y',
      '$unknown',
    ]);
  });

  it('gives the octets of a field as they arrived, or under another tag', () => {
    expect(hex(fieldOctets(message, 'tagged.ok') ?? new Uint8Array())).to.equal('A003800107');
    expect(fieldOctets(message, 'tagged.error')).to.equal(undefined);
    const ok = find(message.root, 'tagged.ok');
    if (!('element' in ok)) return expect.fail('tagged.ok is not there');
    expect(hex(retagged(message, ok.element, 0x30))).to.equal('3003800107');
    expect(hex(retagged(message, ok.element, 0xa0))).to.equal('A003800107');
  });
});
