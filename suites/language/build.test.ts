import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import {
  bits,
  bitText,
  boolean,
  choice,
  define,
  der,
  integer,
  nil,
  octets,
  oid,
  open,
  optional,
  rawOctets,
  sequence,
  sequenceOf,
  since,
  type Type,
  utf8,
  versions,
} from '#protocol/asn1/type.js';
import { buildValue, overlay } from './build.js';
import { CaseError } from './diagnostics.js';
import { makeScope, type Scope, type ScopeParts } from './scope.js';
import { type MapNode, type Node, parseYaml } from './source.js';
import { ABSENT, MissingValue } from './values.js';

const Operation = choice(undefined, {
  enable: sequence('A3', { iccid: octets('5A', 10), rollbackFlag: optional(nil()) }),
  list: sequence('AB', {}),
});
const Message = define(
  'Message',
  'test',
  sequence('30', {
    code: integer('80', { ok: 0, failed: 1 }),
    id: octets('81', 1, 16),
    flag: optional(boolean('82')),
    caps: optional(bits('83', { a: 0, b: 1 })),
    name: optional(utf8('84')),
    owner: optional(oid('86')),
    token: optional(bitText('87')),
    certificate: optional(der('A5')),
    extension: optional(open()),
    operations: optional(sequenceOf('A6', Operation)),
  }),
);
const BASE = { code: 0, id: Uint8Array.of(1, 2), name: 'x', operations: [{ enable: { iccid: Uint8Array.of(9), rollbackFlag: null } }] };

const node = (text: string): Node => {
  const { root, diagnostics } = parseYaml('t.yaml', text);
  if (!root || diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  return root;
};
const row = (text: string) => node(text) as MapNode;
const lay = (
  text: string,
  parts: ScopeParts = {},
  type: Type | undefined = Message,
  base: unknown = BASE,
  scope: Scope = makeScope(parts),
) => overlay(base, node(text), type, scope, '1.2');
const problem = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CaseError || error instanceof MissingValue) return error.message;
    throw error;
  }
  return 'no problem';
};

describe('building values', () => {
  it('reads each scalar by the type of its field', () => {
    expect(
      lay(
        '{code: failed, id: 00 1A, flag: true, caps: [b, bit7], name: 0010, owner: 2.999.10, token: 0101, certificate: 3000, extension: 8101FF}',
      ),
    ).to.deep.include({
      code: 1,
      id: new Uint8Array([0, 0x1a]),
      flag: true,
      caps: ['b', 'bit7'],
      name: '0010',
      owner: '2.999.10',
      token: '0101',
      certificate: new Uint8Array([0x30, 0]),
      extension: new Uint8Array([0x81, 1, 0xff]),
    });
  });

  it('keeps what the role composed where the script says nothing', () => {
    expect(lay('{code: 1}')).to.deep.equal({ ...BASE, code: 1 });
    expect(BASE.code).to.equal(0);
  });

  it('opens inner structures by dotted keys and list positions', () => {
    expect(lay('operations.0.enable.iccid: 07')).to.deep.include({
      operations: [{ enable: { iccid: new Uint8Array([7]), rollbackFlag: null } }],
    });
    expect(lay('operations.1: {list: {}}')).to.deep.include({ operations: [...BASE.operations, { list: {} }] });
    expect(problem(() => lay('operations.2: {list: {}}'))).to.equal('t.yaml:1:1: there is no item 2 in this list of 1');
  });

  it('lays items of a list over those of the role, and takes its length from the script', () => {
    expect(lay('operations: [{enable: {iccid: 07}}]')).to.deep.include({
      operations: [{ enable: { iccid: new Uint8Array([7]), rollbackFlag: null } }],
    });
    expect(lay('operations: []')).to.deep.include({ operations: [] });
  });

  it('replaces the alternative of a CHOICE when another one is named', () => {
    expect(lay('operations: [{list: {}}]')).to.deep.include({ operations: [{ list: {} }] });
    expect(problem(() => lay('operations: [{list: {}, enable: {iccid: 07}}]'))).to.equal(
      't.yaml:1:14: expected one alternative of this CHOICE, got 2',
    );
  });

  it('leaves a field out for $absent and for a name that carries absent', () => {
    expect(lay('{name: $absent}')).to.not.have.property('name');
    expect(lay('{name: $missing}', { bound: [['missing', ABSENT]] })).to.not.have.property('name');
    expect(lay('operations.0.enable.rollbackFlag: $absent')).to.deep.include({ operations: [{ enable: { iccid: Uint8Array.of(9) } }] });
    expect(lay('operations.0: $absent')).to.deep.include({ operations: [] });
    expect(lay('$absent')).to.equal(ABSENT);
  });

  it('puts constants, bound names, actor state and table cells in by the type of the place', () => {
    const parts: ScopeParts = {
      constants: new Map<string, unknown>([['ID', '0A0B']]),
      bound: [['counter', 7]],
      row: row('{name: r, delta: 2, id: 0C, who: $ID}'),
      actor: name => (name === 'smdp' ? { address: 'dp.example', sent: { Hello: { token: Uint8Array.of(5) } } } : undefined),
    };
    expect(lay('{id: $ID, code: $counter - $row.delta, name: $smdp.address}', parts)).to.deep.include({
      id: new Uint8Array([10, 11]),
      code: 5,
      name: 'dp.example',
    });
    expect(lay('{id: $row.id}', parts)).to.deep.include({ id: new Uint8Array([12]) });
    expect(lay('{id: $row.who}', parts)).to.deep.include({ id: new Uint8Array([10, 11]) });
    expect(lay('{id: $smdp.sent.Hello.token}', parts)).to.deep.include({ id: Uint8Array.of(5) });
    expect(lay('{name: $row.none}', parts)).to.not.have.property('name');
    expect(lay('{name: $smdp.sent.Hello.nothing}', parts)).to.not.have.property('name');
  });

  it('binds what was put there', () => {
    const scope = makeScope({ random: n => new Uint8Array(n).fill(0xab) });
    lay('{id: $random(3) as trid, code: $auto as code, name: $absent as name}', {}, Message, BASE, scope);
    expect(hex(scope.bound.get('trid') as Uint8Array)).to.equal('ABABAB');
    expect(scope.bound.get('code')).to.equal(0);
    expect(scope.bound.get('name')).to.equal(ABSENT);
  });

  it('chooses by an option, and never guesses an unanswered one', () => {
    expect(lay('{name: $text(3) if O_A else $absent}', { options: new Map([['O_A', true]]) })).to.deep.include({ name: 'abc' });
    expect(lay('{name: $text(3) if O_A else $absent}', { options: new Map([['O_A', false]]) })).to.not.have.property('name');
    expect(problem(() => lay('{name: $text(3) if O_A else $absent}'))).to.equal('option O_A is not answered');
  });

  it('leaves out a member that only a later version has where its value says so, and binds it as absent', () => {
    const Growing = define('Growing', 'test', sequence('30', { a: integer('80'), b: since('1.1', optional(integer('81'))) }));
    const lay10 = (text: string, scope: Scope) => overlay({ a: 1 }, node(text), Growing, scope, '1.0');
    const scope = makeScope({ spec: '1.0', bound: [['gone', ABSENT]] });
    expect(lay10('{a: 2, b: $range if since 1.1 else $absent as seen}', scope)).to.deep.equal({ a: 2 });
    expect(scope.bound.get('seen')).to.equal(ABSENT);
    expect(lay10('{b: $gone}', scope)).to.deep.equal({ a: 1 });
    expect(problem(() => lay10('{b: 5}', scope))).to.contain('no field "b" in this SEQUENCE; fields: a');
  });

  it('chooses by the version that a run is for', () => {
    expect(lay('{name: $text(3) if since 1.1 else $absent}', { spec: '1.1' })).to.deep.include({ name: 'abc' });
    expect(lay('{name: $text(3) if since 1.1 else $absent}', { spec: '1.0' })).to.not.have.property('name');
  });

  it('takes the name of a field of another version whose value is absent', () => {
    const Grown = versions(
      { '1.0': sequence('30', {}) },
      '1.1',
      sequence('30', { flag: boolean('80'), of: optional(sequence('A1', { id: integer() })) }),
    );
    const inV10 = (text: string) => buildValue(node(text), Grown, makeScope({ spec: '1.0' }), '1.0');
    expect(inV10("{flag: $'true' if since 1.1 else $absent, of.id: $absent}")).to.deep.equal({});
    expect(buildValue(node("{flag: $'true' if since 1.1 else $absent}"), Grown, makeScope({ spec: '1.1' }), '1.1')).to.deep.equal({
      flag: true,
    });
    expect(problem(() => inV10('{flag: true}'))).to.match(/no field "flag"/);
    expect(problem(() => inV10('{flagg: $absent}'))).to.match(/no field "flagg"/);
  });

  it('relays octets of a whole structure untouched', () => {
    const value = lay('{operations: $octets}', { bound: [['octets', Uint8Array.of(0xa6, 0)]] }) as { operations: unknown };
    expect(hex(rawOctets(value.operations) ?? new Uint8Array())).to.equal('A600');
  });

  it('makes NULL from "present" and from $present', () => {
    expect(lay('operations.0: {enable: {iccid: 07, rollbackFlag: present}}')).to.deep.equal(
      lay('operations.0: {enable: {iccid: 07, rollbackFlag: $present}}'),
    );
  });

  it('writes a text that begins with "$" as $$', () => {
    expect(lay('{name: $$5}')).to.deep.include({ name: '$5' });
    expect(buildValue(node('$$5'), undefined, makeScope())).to.equal('$5');
  });

  it('keeps texts, lists and maps as they are where no type is known, and values of expressions too', () => {
    const scope = makeScope({ bound: [['n', 5]] });
    expect(buildValue(node('{a: 0010, b: [x, {c.d: yes}], n: $n, m: $n + 1, gone: $absent}'), undefined, scope)).to.deep.equal({
      a: '0010',
      b: ['x', { 'c.d': 'yes' }],
      n: 5,
      m: 6,
    });
  });

  it('reads an ICCID as printed and a version with points', () => {
    const Iccid = define('Iccid', 'SGP.22 Annex H', octets('5A', 10));
    const VersionType = define('VersionType', 'SGP.22 Annex H', octets('04', 3));
    expect(hex(buildValue(node('8929901012345678905'), Iccid, makeScope()) as Uint8Array)).to.equal('989209012143658709F5');
    expect(hex(buildValue(node('989209012143658709F5'), Iccid, makeScope()) as Uint8Array)).to.equal('989209012143658709F5');
    expect(hex(buildValue(node('2.5.0'), VersionType, makeScope()) as Uint8Array)).to.equal('020500');
  });

  it('says what does not fit, and where', () => {
    expect(problem(() => lay('{code: okay}'))).to.equal(
      't.yaml:1:8: "okay" is not a value of this INTEGER; known: ok, failed - did you mean "ok"?',
    );
    expect(problem(() => lay('{id: 123}'))).to.equal('t.yaml:1:6: "123" is not a value of this OCTET STRING; expected hex digits in pairs');
    expect(problem(() => lay('{flag: yes}'))).to.equal('t.yaml:1:8: "yes" is not a value of this BOOLEAN; known: true, false');
    expect(problem(() => lay('{caps: [c]}'))).to.equal('t.yaml:1:9: "c" is not a value of this BIT STRING; known: a, b');
    expect(problem(() => lay('{caps: a}'))).to.equal('t.yaml:1:8: expected a list of bit names for this BIT STRING, got "a" - write [a]');
    expect(problem(() => lay('{owner: x}'))).to.equal('t.yaml:1:9: "x" is not a value of this OBJECT IDENTIFIER; expected dotted numbers');
    expect(problem(() => lay('{token: 012}'))).to.equal('t.yaml:1:9: "012" is not a value of this BIT STRING; expected a text of 0 and 1');
    expect(problem(() => lay('{certificate: 30}'))).to.equal(
      't.yaml:1:15: "30" is not a value of this DER object; expected one complete TLV in hex',
    );
    expect(problem(() => lay('{extension: 30}'))).to.equal(
      't.yaml:1:13: "30" is not a value of this open type; expected one complete TLV in hex',
    );
    expect(problem(() => lay('{operations: x}'))).to.equal('t.yaml:1:14: expected a list, got "x"');
    expect(problem(() => lay('{operations: [list]}'))).to.equal(
      't.yaml:1:15: expected an alternative of this CHOICE, got "list" - alternatives: enable, list',
    );
    expect(problem(() => lay('x'))).to.equal('t.yaml:1:1: expected a SEQUENCE, got "x"');
    expect(problem(() => lay('{id: [1]}'))).to.equal('t.yaml:1:6: expected a value for this OCTET STRING, got a list');
    expect(problem(() => lay('{id: {a: b}}'))).to.equal('t.yaml:1:6: expected a value for this OCTET STRING, got a map');
    expect(problem(() => lay('{cod: 1}'))).to.match(
      /^t\.yaml:1:2: no field "cod" in this SEQUENCE; fields: code, id, .* - did you mean "code"\?$/,
    );
    expect(problem(() => lay('{operations.0.enable.rollbackFlag: absent}'))).to.equal(
      't.yaml:1:36: "absent" is not a value of this NULL; known: present - left out is written $absent',
    );
  });

  it('says which value is missing or of the wrong kind', () => {
    expect(problem(() => lay('{id: $range(1..2)}'))).to.equal(
      't.yaml:1:6: $range says what a value must be like; it has none of its own - it belongs into "match"',
    );
    expect(problem(() => lay('{flag: $auto}'))).to.equal('a correct counterpart puts nothing here, so $auto has no value');
    expect(problem(() => lay('{id: $n}', { bound: [['n', 5]] }))).to.equal('t.yaml:1:6: expected a value for this OCTET STRING, got 5');
    expect(problem(() => lay('{code: $n + 1}', { bound: [['n', ABSENT]] }))).to.equal('t.yaml:1:9: expected a number for $n, got absent');
    expect(problem(() => lay('{code: $n + 1}', { bound: [['n', 'x']] }))).to.equal('t.yaml:1:9: expected a number for $n, got "x"');
    const actor = () => ({ address: 'a', sent: { Hello: {} } });
    expect(problem(() => lay('{id: $smdp.sent.Bye}', { actor }))).to.equal('smdp has sent no Bye, only Hello');
    expect(problem(() => lay('{id: $smdp.received.Bye}', { actor }))).to.equal('smdp has received no Bye');
    expect(problem(() => lay('{id: $smdp.port}', { actor }))).to.equal('smdp has no "port"; it has address, sent');
    expect(problem(() => lay('{id: $other}'))).to.equal('"other" has no value in this run; bound so far: nothing');
    expect(problem(() => lay('{id: $IUT_X}'))).to.equal('IUT_X has no value in this run');
    expect(problem(() => lay('{id: $random(4)}'))).to.equal('this scope has no source of random octets');
  });

  it('reads the texts of a structure that a procedure was given as the fields where it is put', () => {
    const given = buildValue(node('[{enable: {iccid: 98000000000000000001}}, {list: {}}]'), undefined, makeScope({}));
    const bound = new Map<string, unknown>([['operations', given]]);
    expect(lay('{operations: $operations}', { bound })).to.deep.include({
      operations: [{ enable: { iccid: Uint8Array.from(Buffer.from('98000000000000000001', 'hex')) } }, { list: {} }],
    });
    const wrong = new Map<string, unknown>([['operations', [{ enable: { iccid: 'zz' } }]]]);
    expect(problem(() => lay('{operations: $operations}', { bound: wrong }))).to.contain('zz');
  });
});
