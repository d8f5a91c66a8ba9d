import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { elements } from '#protocol/asn1/element.js';
import { fromHex, hex, readTlv } from '#protocol/asn1/tlv.js';
import {
  choice,
  define,
  explicit,
  integer,
  octets,
  optional,
  type Spec,
  sequence,
  sequenceOf,
  type Type,
  utf8,
} from '#protocol/asn1/type.js';
import { typeNamed } from '#protocol/registry.js';
import { CaseError } from './diagnostics.js';
import { applyEdits, resolveEdits } from './edit.js';
import { makeScope, type ScopeParts } from './scope.js';
import { type Node, parseYaml } from './source.js';
import { MissingValue } from './values.js';

const Operation = choice(undefined, { enable: sequence('A3', { iccid: octets('5A', 2) }), list: sequence('AB', {}) });
const Message = define(
  'Message',
  'test',
  sequence('30', {
    counter: integer('80', { first: 1 }),
    id: optional(octets('81')),
    name: optional(utf8('82')),
    choice: optional(explicit('A3', choice(undefined, { a: octets('84'), b: integer('85') }))),
    operations: sequenceOf('A6', Operation),
    signature: octets('5F37'),
  }),
);
const OCTETS = '301480010182027878A606A3045A0298925F3702ABCD';

const bytes = (text: string) => fromHex(text) ?? new Uint8Array();
const node = (text: string): Node => {
  const { root, diagnostics } = parseYaml('t.yaml', text);
  if (!root || diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  return root;
};
const edit = (text: string, parts: ScopeParts = {}, type: Type = Message, start = OCTETS, spec: Spec = '1.2') =>
  applyEdits(type, bytes(start), resolveEdits(node(text), type, makeScope(parts), spec), spec);
const edited = (text: string, start = OCTETS): string => hex(edit(text, {}, Message, start).octets);
const problem = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CaseError || error instanceof MissingValue) return error.message;
    throw error;
  }
  return 'no problem';
};

describe('editing messages', () => {
  it('starts from a message without faults', () => {
    expect(decode(Message, bytes(OCTETS), { spec: '1.2' }).diagnostics).to.deep.equal([]);
  });

  it('sets a field by its type and corrects the lengths around it', () => {
    expect(edited('[{set: counter, to: 300}]')).to.equal('3015' + '8002012C' + '82027878A606A3045A0298925F3702ABCD');
    expect(edited('[{set: counter, to: first}]')).to.equal(OCTETS);
    expect(edited('[{set: ..iccid, to: 01}]')).to.equal('3013' + '800101' + '82027878' + 'A605A3035A0101' + '5F3702ABCD');
    expect(edit('[{set: ..iccid, to: 01}]').descriptions).to.deep.equal(['operations.0.enable.iccid set to 01']);
  });

  it('puts an absent field in at its place', () => {
    expect(edited('[{set: id, to: FF}]')).to.equal('3017800101' + '8101FF' + '82027878A606A3045A0298925F3702ABCD');
    expect(edited('[{set: choice.b, to: 5}]', edited('[{set: choice, to: {a: 01}}]'))).to.equal(
      '301980010182027878' + 'A303850105' + 'A606A3045A0298925F3702ABCD',
    );
    expect(edited('[{set: name, to: $absent}]')).to.equal(edited('[{drop: name}]'));
  });

  it('puts a field in before unknown extensions', () => {
    const extended = edited('[{drop: signature}, {insert: 9F0100, into: .}]');
    expect(edited('[{set: signature, to: AA}]', extended)).to.match(/5F3701AA9F0100$/);
  });

  it('exchanges the alternative of a CHOICE', () => {
    expect(edited('[{set: operations.0.list, to: {}}]')).to.equal('301080010182027878A602AB005F3702ABCD');
    expect(edited('[{set: operations.1, to: {list: {}}}]')).to.equal('301680010182027878A608A3045A029892AB005F3702ABCD');
  });

  it('leaves a field out, repeats it, exchanges its tag', () => {
    expect(edited('[{drop: ..signature}]')).to.equal('300F80010182027878A606A3045A029892');
    expect(edited('[{duplicate: counter}]')).to.equal('301780010180010182027878A606A3045A0298925F3702ABCD');
    expect(edited('[{retag: signature, tag: 5F38}]')).to.match(/5F3802ABCD$/);
    expect(edited('[{retag: signature, tag: 04}]')).to.equal('301380010182027878A606A3045A0298920402ABCD');
  });

  it('flips a bit counted from the most significant one of the content', () => {
    expect(edited('[{flip: signature, bit: 0}]')).to.match(/5F37022BCD$/);
    expect(edited('[{flip: signature, bit: 15}]')).to.match(/5F3702ABCC$/);
    expect(edited('[{flip: ., bit: 2}]')).to.match(/^10/);
  });

  it('shortens and lengthens content with correct lengths, and the message without', () => {
    expect(edited('[{truncate: signature, bytes: 1}]')).to.equal('301380010182027878A606A3045A0298925F3701AB');
    expect(edited('[{append: signature, bytes: 00 01}]')).to.equal('301680010182027878A606A3045A0298925F3704ABCD0001');
    expect(edited('[{truncate: ., bytes: 1}]')).to.equal(OCTETS.slice(0, -2));
    expect(edited('[{append: ., bytes: 00}]')).to.equal(`${OCTETS}00`);
  });

  it('writes a length longer than needed, and keeps it so when the content changes later', () => {
    expect(edited('[{longLength: signature}]')).to.match(/^3015.*5F378102ABCD$/);
    expect(edited('[{longLength: signature}, {append: signature, bytes: 00}]')).to.match(/5F378103ABCD00$/);
    expect(edited('[{longLength: .}, {append: signature, bytes: 00}]')).to.match(/^308115/);
    expect(edited('[{longLength: signature}, {longLength: signature}]')).to.match(/5F37820002ABCD$/);
  });

  it('puts an unknown element at the end of a structure', () => {
    expect(edited('[{insert: 9F7F0100}]')).to.match(/^3018.*5F3702ABCD9F7F0100$/);
    expect(edited('[{insert: 9F7F0100, into: operations.0.enable}]')).to.contain('A60AA3085A0298929F7F0100');
  });

  it('edits the content inside an EXPLICIT tag, and the tag itself where the element is meant', () => {
    const start = edited('[{set: choice, to: {a: 0102}}]');
    expect(edited('[{flip: choice, bit: 7}]', start)).to.contain('A30484020002');
    expect(edited('[{retag: choice, tag: A9}]', start)).to.contain('A90484020102');
  });

  it('applies edits in their order, and says what it did', () => {
    const { octets: made, descriptions } = edit(
      '[{drop: name}, {flip: signature, bit: 7}, {truncate: signature, bytes: 1}, {append: signature, bytes: 00}, {retag: signature, tag: 5F38}, {duplicate: counter}, {longLength: operations}, {insert: 9F0100, into: operations}, {append: ., bytes: 00}, {truncate: ., bytes: 1}, {flip: ., bit: 3}]',
    );
    expect(descriptions).to.deep.equal([
      'name left out',
      'bit 7 of signature flipped',
      'signature shortened by 1 octets',
      '00 added at the end of signature',
      'tag 5F37 of signature replaced by 5F38',
      'counter stands twice',
      'length of operations written with one octet too many',
      '9F0100 added at the end of operations',
      '00 behind the message',
      'message cut off by 1 octets',
      'bit 3 of the message flipped',
    ]);
    expect(hex(made)).to.equal('2017800101800101A68109A3045A0298929F01005F3802AA00');
  });

  it('takes the list or its values from a table row, and nothing from a cell that is not there', () => {
    const row = node('{name: r, corrupt: [{flip: signature, bit: $row.bit}], bit: 7, field: ..iccid}');
    if (row.kind !== 'map') throw new Error('a map');
    expect(hex(edit('$row.corrupt', { row }).octets)).to.match(/5F3702AACD$/);
    expect(edit('$row.mutate', { row })).to.deep.equal({ octets: bytes(OCTETS), descriptions: [] });
    expect(hex(edit('[{drop: $row.field}]', { row }).octets)).to.contain('A602A300');
  });

  it('says what it cannot do', () => {
    const twice = edited('[{set: operations.1, to: {enable: {iccid: 0102}}}]');
    expect(problem(() => edited('[{drop: ..iccid}]', twice))).to.equal(
      't.yaml:1:9: "iccid" stands more than once in this message: operations.0.enable.iccid, operations.1.enable.iccid - give the whole path',
    );
    expect(problem(() => edited('[{drop: id}]'))).to.equal(
      't.yaml:1:9: no field "id" in this message; there: counter, name, operations, signature',
    );
    expect(problem(() => edited('[{drop: ..countr}]'))).to.equal('t.yaml:1:9: no field "..countr" in Message');
    expect(problem(() => edited('[{drop: operations.0.list}]'))).to.equal(
      't.yaml:1:9: no field "operations.0.list" in this message; there: enable',
    );
    expect(problem(() => edited('[{set: choice.a, to: 00}]'))).to.match(/^t\.yaml:1:8: no field "choice" in this message/);
    expect(problem(() => edited('[{set: operations.2, to: {list: {}}}]'))).to.equal('t.yaml:1:8: there is no item 2 in this list of 1');
    expect(problem(() => edited('[{set: ., to: 0}]'))).to.equal('t.yaml:1:8: "set" needs a field; "." is the whole message');
    expect(problem(() => edited('[{drop: .}]'))).to.equal('t.yaml:1:9: the whole message cannot be left out');
    expect(problem(() => edited('[{flip: signature, bit: 16}]'))).to.equal('t.yaml:1:9: there is no bit 16 in 2 octets');
    expect(problem(() => edited('[{truncate: signature, bytes: 3}]'))).to.equal('t.yaml:1:13: cannot cut 3 octets off 2');
    expect(problem(() => edited('[{truncate: ., bytes: 22}]'))).to.equal('t.yaml:1:13: cannot cut 22 octets off 22');
    expect(problem(() => edited('[{insert: 9F0100, into: signature}]'))).to.equal(
      't.yaml:1:25: "signature" is no structure: nothing can be put into this OCTET STRING',
    );
    expect(problem(() => edited('[{flip: signature, bit: x}]'))).to.equal('t.yaml:1:25: expected a whole number, got x');
    expect(problem(() => edited('[{append: signature, bytes: xyz}]'))).to.equal('t.yaml:1:29: expected octets in hex, got xyz');
    expect(problem(() => edited('[{retag: signature, tag: 0102030405}]'))).to.equal(
      't.yaml:1:26: expected at most 4 identifier octets, got 5',
    );
    expect(problem(() => edited('[{drop: [a]}]'))).to.equal('t.yaml:1:9: expected one value, got a list or a map');
    expect(problem(() => edited('[{drop: $n}]'))).to.match(/has no value/);
  });

  it('says what is wrong in the way an edit is written', () => {
    expect(problem(() => edited('[{filp: signature, bit: 1}]'))).to.equal(
      't.yaml:1:3: no edit in this map - did you mean "flip"?; edits: set, drop, flip, truncate, append, retag, duplicate, longLength, insert',
    );
    expect(problem(() => edited('[{flip: signature, bits: 1}]'))).to.equal(
      't.yaml:1:20: unknown key "bits" - did you mean "bit"?\nt.yaml:1:3: "flip" needs "bit": bit 0 is the most significant bit of the first content octet',
    );
    expect(problem(() => edited('[{drop: signature, to: 1}]'))).to.equal('t.yaml:1:20: unknown key "to" - "drop" takes nothing else');
    expect(problem(() => edited('{drop: signature}'))).to.equal(
      't.yaml:1:1: expected a list of edits - e.g. [{ set: euiccPackageSigned.counterValue, to: 0 }]',
    );
    expect(problem(() => edited('[drop]'))).to.equal('t.yaml:1:2: expected an edit - e.g. { set: euiccPackageSigned.counterValue, to: 0 }');
  });
});

describe('editing known messages (every fifth of the vectors, for speed)', () => {
  interface Known {
    readonly name: string;
    readonly type: Type;
    readonly spec: Spec;
    readonly octets: Uint8Array;
  }
  const known: readonly Known[] = readFileSync(new URL('../../../sim/protocol/fixtures/messages.ndjson', import.meta.url), 'utf8')
    .split('\n')
    .filter((line, i) => line.startsWith('[') && i % 5 === 0)
    .flatMap(line => {
      const [name, typeName, module, version, , octetText]: string[] = JSON.parse(line);
      const type = typeNamed(typeName ?? '', module === 'SGP.22' ? 'SGP.22' : 'SGP.32');
      const spec = (['1.0', '1.1', '1.2', '1.3'] as const).find(s => s === version) ?? '1.2';
      const found = bytes(octetText ?? '');
      return name && type && decode(type, found, { spec }).diagnostics.length === 0 && found.length < 250
        ? [{ name, type, spec, octets: found }]
        : [];
    });
  const at = { file: 't.yaml', line: 1, column: 1 };
  const problems = (type: Type, made: Uint8Array, spec: Spec) => decode(type, made, { spec }).diagnostics.map(d => d.code);
  const BROKEN = ['truncated', 'length', 'tag', 'trailing'];

  const paths = ({ type, octets: whole, spec }: Known): string[] => {
    const all = [...elements(decode(type, whole, { spec }).root)]
      .map(e => e.path)
      .filter(path => path !== '' && !path.includes('$unknown'));
    return [...new Set(all)];
  };

  it('has enough of them', () => {
    expect(known.length).to.be.greaterThan(60);
  });

  it('keeps every length right when any field is left out, doubled, shortened or lengthened', () => {
    for (const one of known)
      for (const path of paths(one)) {
        const element = [...elements(decode(one.type, one.octets, { spec: one.spec }).root)].find(e => e.path === path)?.element;
        if (element?.start === 0 && element.end === one.octets.length) continue;
        const target = { path, at };
        for (const step of [
          { edit: 'duplicate', ...target } as const,
          { edit: 'append', bytes: Uint8Array.of(0x9f, 0x01, 0x00), ...target } as const,
          { edit: 'truncate', bytes: 0, ...target } as const,
          { edit: 'drop', ...target } as const,
        ]) {
          const { octets: made } = applyEdits(one.type, one.octets, [step], one.spec);
          const outer = readTlv(made);
          expect(outer?.end, `${one.name}: ${step.edit} ${path}`).to.equal(made.length);
          if (step.edit === 'drop' || step.edit === 'duplicate')
            expect(
              problems(one.type, made, one.spec).filter(code => BROKEN.includes(code)),
              `${one.name}: ${step.edit} ${path}`,
            ).to.deep.equal([]);
          if (step.edit === 'truncate') expect(hex(made)).to.equal(hex(one.octets));
        }
      }
  });

  it('changes exactly one bit when one is flipped', () => {
    for (const one of known)
      for (const path of paths(one)) {
        const element = [...elements(decode(one.type, one.octets, { spec: one.spec }).root)].find(e => e.path === path)?.element;
        if (!element || element.children.length > 0 || element.content === element.end) continue;
        const { octets: made } = applyEdits(one.type, one.octets, [{ edit: 'flip', bit: 0, path, at }], one.spec);
        const differing = [...made].filter((octet, i) => octet !== one.octets[i]);
        expect(made.length).to.equal(one.octets.length);
        expect(differing, `${one.name}: ${path}`).to.have.length(1);
      }
  });

  it('gives the same octets when a field is set to the value it has, also after it was left out', () => {
    for (const one of known)
      for (const path of paths(one)) {
        const value = path
          .split('.')
          .reduce<unknown>((v, step) => (v as Record<string, unknown>)[step], decode(one.type, one.octets, { spec: one.spec }).value);
        const set = { edit: 'set', path, at, to: () => value } as const;
        expect(hex(applyEdits(one.type, one.octets, [set], one.spec).octets), `${one.name}: set ${path}`).to.equal(hex(one.octets));
      }
  });

  it('makes a longer length the only fault of a message', () => {
    for (const one of known)
      for (const path of paths(one)) {
        const { octets: made } = applyEdits(one.type, one.octets, [{ edit: 'longLength', path, at }], one.spec);
        const codes = new Set(problems(one.type, made, one.spec));
        codes.delete('lengthForm');
        // Objects of other standards are kept as octets: their own form is not looked at here.
        expect([...codes], `${one.name}: ${path}`).to.deep.equal([]);
      }
  });
});
