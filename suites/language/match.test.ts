import { expect } from 'chai';
import {
  bits,
  boolean,
  choice,
  define,
  integer,
  nil,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  type Type,
  utf8,
  versions,
} from '#protocol/asn1/type.js';
import { CaseError } from './diagnostics.js';
import { matchValue } from './match.js';
import { makeScope, type Scope, type ScopeParts } from './scope.js';
import { type Node, parseYaml } from './source.js';
import { ABSENT, unread } from './values.js';

const Operation = choice(undefined, {
  enable: sequence('A3', { iccid: octets('5A', 10), rollbackFlag: optional(nil()) }),
  list: sequence('AB', {}),
});
const Inner = sequence('30', {
  counter: integer('80'),
  code: optional(integer('81', { ok: 0, failed: 1 })),
  id: optional(octets('82', 1, 16)),
  name: optional(utf8('83')),
  caps: optional(bits('84', { a: 0, b: 1, c: 2 })),
  flag: optional(boolean('85')),
  operations: sequenceOf('A6', Operation),
});
const Message = define('Message', 'test', choice('BF01', { good: Inner, bad: integer('80', { unknown: 1, undefinedError: 127 }) }));
const ICCID = Uint8Array.of(0x98, 0x92);
const VALUE = {
  good: { counter: 7, id: Uint8Array.of(1, 2), name: 'eIM 1', caps: ['b', 'a'], operations: [{ enable: { iccid: ICCID } }, { list: {} }] },
};

const node = (text: string): Node => {
  const { root, diagnostics } = parseYaml('t.yaml', text);
  if (!root || diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  return root;
};
const run = (
  text: string,
  value: unknown = VALUE,
  parts: ScopeParts = {},
  type: Type | undefined = Message,
  scope: Scope = makeScope(parts),
) => matchValue(node(text), type, value, scope, '1.2');
const failures = (...given: Parameters<typeof run>) =>
  run(...given)
    .comparisons.filter(c => !c.ok)
    .map(c => `${c.at.line}:${c.at.column} ${c.path || '.'}: expected ${c.expected}, got ${c.actual}`);
const problem = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CaseError) return error.message;
    throw error;
  }
  return 'no problem';
};

describe('matching values', () => {
  it('chooses among alternatives only what the version has', () => {
    const Growing = define(
      'Growing',
      'test',
      choice('BF01', {
        good: sequence('30', { a: integer('80'), b: since('1.1', optional(integer('81'))) }),
        bad: versions({ '1.0': integer('80', { other: 1 }) }, '1.1', integer('80', { other: 1, unknown: 2 })),
        worse: since('1.1', integer('81')),
      }),
    );
    const old = (text: string, value: unknown) =>
      matchValue(node(text), Growing, value, makeScope({ spec: '1.0' }), '1.0')
        .comparisons.filter(c => !c.ok)
        .map(c => `${c.path}: expected ${c.expected}, got ${c.actual}`);
    expect(old('{good: {a: 1, b: $absent}}', { good: { a: 1 } })).to.deep.equal([]);
    expect(old('{good: {a: 1, b: $optional(5)}}', { good: { a: 1 } })).to.deep.equal([]);
    expect(old('{$oneOf: [{bad: unknown}, {worse: $any}, {bad: other}]}', { bad: 1 })).to.deep.equal([]);
    expect(old('{$oneOf: [{bad: unknown}, {worse: $any}]}', { bad: 1 })).to.deep.equal([
      ': expected bad unknown or worse $any, got bad other (1)',
    ]);
    expect(problem(() => old('{bad: unknown}', { bad: 1 }))).to.contain('"unknown" is not a value of this INTEGER; known: other');
    expect(problem(() => old('{good: {a: 1, b: 5}}', { good: { a: 1 } }))).to.contain('no field "b" in this SEQUENCE');
  });

  it('reports every comparison, passed ones too', () => {
    expect(run('good: {counter: 7, code: $absent}').comparisons).to.deep.equal([
      { path: 'good.counter', what: 'counter', at: { file: 't.yaml', line: 1, column: 17 }, ok: true, expected: '7', actual: '7' },
      { path: 'good.code', what: 'code', at: { file: 't.yaml', line: 1, column: 26 }, ok: true, expected: 'absent', actual: 'absent' },
    ]);
  });

  it('is partial for structures and reads scalars by type', () => {
    expect(run('good: {id: 01 02, name: eIM 1, caps: [a, b]}').ok).to.equal(true);
    expect(failures('good: {counter: 8, id: 0103, name: x, caps: [a]}')).to.deep.equal([
      '1:17 good.counter: expected 8, got 7',
      '1:24 good.id: expected 0103, got 0102',
      '1:36 good.name: expected x, got "eIM 1"',
      '1:45 good.caps: expected [a], got [b, a]',
    ]);
  });

  it('names numbers as the specification does', () => {
    expect(failures('good: {code: failed}', { good: { ...VALUE.good, code: 0 } })).to.deep.equal([
      '1:14 good.code: expected failed (1), got ok (0)',
    ]);
    expect(failures('good: {flag: true}', { good: { ...VALUE.good, flag: false } })).to.deep.equal([
      '1:14 good.flag: expected true, got false',
    ]);
  });

  it('demands the alternative of a CHOICE that is named', () => {
    expect(failures('good.counter: 7', { bad: 127 })).to.deep.equal(['1:1 .: expected good.counter, got bad undefinedError (127)']);
    expect(failures('good.operations.0.list: {}')).to.deep.equal(['1:1 good.operations.0: expected list, got enable {iccid: 9892}']);
    expect(run('good.operations.1.list: {}').comparisons.map(c => c.expected)).to.deep.equal(['present']);
    expect(run('bad: $absent').ok).to.equal(true);
    expect(failures('good: $absent')).to.have.length(1);
    expect(failures('bad: 127')).to.deep.equal(['1:6 bad: expected undefinedError (127), got absent']);
  });

  it('takes the name of a field of another version where it is not expected', () => {
    const Grown = versions(
      { '1.0': sequence('30', { x: integer() }) },
      '1.1',
      sequence('30', { x: integer(), id: optional(integer('80')) }),
    );
    const inV10 = (text: string) => matchValue(node(text), Grown, { x: 1 }, makeScope({ spec: '1.0' }), '1.0');
    expect(inV10('{x: 1, id: $absent}').ok).to.equal(true);
    expect(inV10('{id: $text(3) if since 1.1 else $absent}').ok).to.equal(true);
    expect(problem(() => inV10('{id: 7}'))).to.match(/no field "id" in this SEQUENCE; fields: x/);
    expect(problem(() => inV10('{id: $any}'))).to.match(/no field "id"/);
    expect(problem(() => inV10('{idd: $absent}'))).to.match(/no field "idd"/);
  });

  it('treats fields below a missing structure as missing', () => {
    const Outer = sequence('30', { inner: optional(sequence('A0', { x: optional(integer()) })) });
    expect(run('inner.x: $absent', {}, {}, Outer).ok).to.equal(true);
    expect(run('inner: {x: $optional(5)}', {}, {}, Outer).ok).to.equal(true);
    expect(failures('inner.x: 5', {}, {}, Outer)).to.deep.equal(['1:10 inner.x: expected 5, got absent']);
    expect(failures('inner: {}', {}, {}, Outer)).to.deep.equal(['1:8 inner: expected present, got absent']);
  });

  it('is exact in the length of lists', () => {
    expect(run('good.operations: [{enable: {iccid: 9892}}, {list: {}}]').ok).to.equal(true);
    expect(failures('good.operations: [{list: {}}]')).to.deep.equal([
      '1:18 good.operations: expected 1 item, got 2: [enable {iccid: 9892}, list {}]',
    ]);
    expect(failures('good.operations: []')).to.deep.equal([
      '1:18 good.operations: expected 0 items, got 2: [enable {iccid: 9892}, list {}]',
    ]);
    expect(run('good.operations: []', { good: { operations: [] } }).comparisons).to.have.length(1);
    expect(failures('good.operations: [{list: {}}]', { good: { operations: [] } })).to.deep.equal([
      '1:18 good.operations: expected 1 item, got none',
    ]);
  });

  it('binds what stood there, also when it is absent or wrong', () => {
    const scope = makeScope();
    run('good: {counter: $range(9..10) as counter, code: $optional($any) as code}', VALUE, {}, Message, scope);
    expect([...scope.bound]).to.deep.equal([
      ['counter', 7],
      ['code', ABSENT],
    ]);
  });

  it('compares with names, constants, sums and absence carried by a name', () => {
    const parts: ScopeParts = {
      bound: [
        ['n', 6],
        ['gone', ABSENT],
        ['caps', ['a', 'b']],
      ],
      constants: new Map([['ID', '0102']]),
    };
    expect(run('good: {counter: $n + 1, code: $gone, id: $ID, caps: $caps}', VALUE, parts).ok).to.equal(true);
    expect(failures('good: {counter: $n, id: $gone, name: $ID}', VALUE, parts)).to.deep.equal([
      '1:17 good.counter: expected 6, got 7',
      '1:25 good.id: expected absent, got 0102',
      '1:38 good.name: expected 0102, got "eIM 1"',
    ]);
  });

  it('compares whole structures', () => {
    const parts: ScopeParts = {
      bound: [
        ['ops', [{ enable: { iccid: ICCID } }, { list: {} }]],
        ['one', { iccid: Uint8Array.of(1) }],
      ],
    };
    expect(run('good.operations: $ops', VALUE, parts).ok).to.equal(true);
    expect(failures('good.operations.0.enable: $one', VALUE, parts)).to.deep.equal([
      '1:27 good.operations.0.enable: expected {iccid: 01}, got {iccid: 9892}',
    ]);
  });

  it('takes a table cell for what it says, whatever its shape', () => {
    const row = node('{name: r, n: 7, want: {counter: 7}, pick: {$oneOf: [1, 7]}}');
    if (row.kind !== 'map') throw new Error('a map');
    expect(run('good: $row.want', VALUE, { row }).ok).to.equal(true);
    expect(run('good.counter: $row.pick', VALUE, { row }).ok).to.equal(true);
    expect(failures('good.counter: $not($row.n)', VALUE, { row })).to.deep.equal(['1:15 good.counter: expected anything but 7, got 7']);
    expect(failures('good.code: $row.none', { good: { code: 1 } }, { row })).to.deep.equal([
      '1:12 good.code: expected absent, got failed (1)',
    ]);
  });

  it('fails where the expected value was never there', () => {
    const actor = () => ({ sent: {} });
    expect(failures('good.id: $euicc.sent.Hello.id', VALUE, { actor })).to.deep.equal([
      '1:10 good.id: expected $euicc.sent.Hello.id (euicc has sent no Hello), got 0102',
    ]);
  });

  describe('$oneOf, $contains, $each', () => {
    it('takes the first pattern that fits, with its captures only', () => {
      const scope = makeScope();
      expect(run('good: {$oneOf: [{counter: 8, name: $any as x}, {counter: $any as y}]}', VALUE, {}, Message, scope).ok).to.equal(true);
      expect([...scope.bound]).to.deep.equal([['y', 7]]);
      expect(failures('$oneOf: [{bad: undefinedError}, {bad: {$oneOf: [1, 2]}}]')).to.deep.equal([
        '1:1 .: expected bad undefinedError or bad {$oneOf: [1, 2]}, got good {counter: 7, id: 0102, name: "eIM 1", caps: [b, a], operations: [enable {iccid: 9892}, list {}]}'.replace(
          '{$oneOf: [1, 2]}',
          '$oneOf: [1, 2]',
        ),
      ]);
      expect(failures('good.counter: {$oneOf: [1, 2]}')).to.deep.equal(['1:16 good.counter: expected 1 or 2, got 7']);
      // Values, not the names of the script: a reader of the report has only these.
      const named = makeScope({
        bound: [
          ['id', Uint8Array.of(1, 3)],
          ['count', 8],
        ],
      });
      const found = run('good: {$oneOf: [{id: $id, counter: $count + 1}, {id: $none, name: $length(3)}]}', VALUE, {}, Message, named);
      expect(found.comparisons.map(c => c.expected)).to.deep.equal(['{id: 0103, counter: 9} or {id: $none, name: $length(3)}']);
    });

    it('finds a different item for each pattern of $contains, in any order', () => {
      expect(run('good.operations: {$contains: [{list: {}}, {enable: {}}]}').ok).to.equal(true);
      expect(failures('good.operations: {$contains: [{list: {}}, {list: {}}]}')).to.deep.equal([
        '1:19 good.operations: expected a list with list and list, got [enable {iccid: 9892}, list {}]',
      ]);
      expect(run('good.caps: {$contains: [a]}').ok).to.equal(true);
      expect(failures('good.caps: {$contains: [c]}')).to.deep.equal(['1:13 good.caps: expected a list with c, got [b, a]']);
      expect(run('{$contains: [$any, 1]}', [1, 2], {}, sequenceOf('30', integer())).ok).to.equal(true);
    });

    it('demands at least one item for $each', () => {
      const List = sequenceOf('30', integer());
      expect(run('{$each: $range(1..3)}', [1, 3], {}, List).ok).to.equal(true);
      expect(failures('{$each: $range(1..3)}', [1, 4], {}, List)).to.deep.equal(['1:9 1: expected an integer 1..3, got 4']);
      expect(failures('{$each: $range(1..3)}', [], {}, List)).to.deep.equal(['1:2 .: expected at least one item, got none']);
    });
  });

  describe('values without a type (operator acts, links, actor state)', () => {
    const untyped = (text: string, value: unknown, parts: ScopeParts = {}) =>
      matchValue(node(text), undefined, value, makeScope(parts), '1.2')
        .comparisons.filter(c => !c.ok)
        .map(c => `${c.path || '.'}: expected ${c.expected}, got ${c.actual}`);

    it('compares texts with what they read as', () => {
      expect(
        untyped('{a: 7, b: true, c: 0a0b, d: present, e: x}', { a: 7, b: true, c: Uint8Array.of(10, 11), d: null, e: 'x' }),
      ).to.deep.equal([]);
      expect(untyped('{a: 07, b: yes, c: 0a, e: y, f: z}', { a: 7, b: true, c: Uint8Array.of(10, 11), e: 'x', f: {} })).to.deep.equal([
        'a: expected 07, got 7',
        'b: expected yes, got true',
        'c: expected 0a, got 0A0B',
        'e: expected y, got x',
        'f: expected z, got {}',
      ]);
      expect(untyped('{a: $n, b: $n}', { a: '5', b: 6 }, { bound: [['n', 5]] })).to.deep.equal(['b: expected 5, got 6']);
    });

    it('takes a key with points as it stands, or as a path', () => {
      expect(untyped('{content.type: x, a.b: 1, list.0: y}', { 'content.type': 'x', a: { b: 1 }, list: ['y'] })).to.deep.equal([]);
      expect(untyped('{a.c: 1}', { a: { b: 1 } })).to.deep.equal(['a.c: expected 1, got absent']);
      expect(untyped('{a: {b: 1}}', { a: 5 })).to.deep.equal(['a: expected a map, got 5']);
      expect(untyped('[a, b]', 'ab')).to.deep.equal(['.: expected 2 items, got ab']);
    });
  });

  it('finds the only field of a name without a type, and refuses two of them', () => {
    const compare = (text: string, value: unknown) =>
      matchValue(node(text), undefined, value, makeScope()).comparisons.map(
        c => `${c.ok ? 'ok' : 'fails'} ${c.path}: expected ${c.expected}, got ${c.actual}`,
      );
    const value = { a: [{ code: 1 }, { id: Uint8Array.of(1) }], b: { id: 'x', none: null } };
    expect(compare('{..code: 1, ..none: present, ..gone: $absent}', value)).to.deep.equal([
      'ok code: expected 1, got 1',
      'ok none: expected present, got present',
      'ok gone: expected absent, got absent',
    ]);
    expect(compare('{..id: x}', value)).to.deep.equal(['fails id: expected one field "id", got 2: [01, x]']);
  });

  it('says what in a pattern does not fit the type', () => {
    expect(problem(() => run('good.countr: 7'))).to.equal(
      't.yaml:1:1: no field "countr" in this SEQUENCE; fields: counter, code, id, name, caps, flag, operations - did you mean "counter"?',
    );
    expect(problem(() => run('good.code: okay'))).to.equal(
      't.yaml:1:12: "okay" is not a value of this INTEGER; known: ok, failed - did you mean "ok"?',
    );
    expect(problem(() => run('good.counter: $random(4)'))).to.equal(
      't.yaml:1:15: $random makes a value; it says nothing about one - it belongs into "with"',
    );
    expect(problem(() => run('good.counter: {$oneof: [1]}'))).to.equal(
      't.yaml:1:16: unknown key "$oneof"; known: $oneOf, $contains, $each',
    );
    expect(problem(() => run('good.counter: {$oneOf: 1}'))).to.equal('t.yaml:1:24: $oneOf takes a list');
    expect(problem(() => run('good.counter: [1]'))).to.equal('t.yaml:1:15: expected a value for this INTEGER, got a list');
    expect(problem(() => run('good.counter: {a: 1}'))).to.equal('t.yaml:1:15: expected a value for this INTEGER, got a map');
  });

  it('compares with an unread value of the runner by its type', () => {
    expect(run('good.id: $X', VALUE, { constants: new Map([['X', unread(node('"0102"'))]]) }).ok).to.equal(true);
  });
});
