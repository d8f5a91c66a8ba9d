import { expect } from 'chai';
import { readDuration } from './duration.js';
import { bind, fork, lookup, makeScope } from './scope.js';
import { parseYaml } from './source.js';
import { ABSENT, MissingValue, unreadNode } from './values.js';

describe('scopes', () => {
  it('keeps what a fork binds out of the scope it came from', () => {
    const scope = makeScope({ bound: [['a', 1]] });
    const inner = fork(scope);
    bind(inner, 'b', 2);
    expect([...inner.bound.keys()]).to.deep.equal(['a', 'b']);
    expect([...scope.bound.keys()]).to.deep.equal(['a']);
    expect([...fork(scope, [['x', 0]]).bound.keys()]).to.deep.equal(['x']);
  });

  it('finds constants, cells, bound names and actor state, a bound name before an actor', () => {
    const row = parseYaml('t.yaml', '{name: r, n: 5}').root;
    if (row?.kind !== 'map') throw new Error('a map');
    const actor = (name: string) => (name === 'ipa' ? { link: { blocks: 3 }, list: ['x'], received: { Hello: { id: 1 } } } : undefined);
    const scope = makeScope({ constants: new Map([['EID1', '89']]), row, actor, bound: [['order', { state: 'new' }]] });
    expect(lookup(scope, ['EID1'])).to.equal('89');
    expect(unreadNode(lookup(scope, ['row', 'n']))).to.deep.include({ kind: 'scalar', text: '5' });
    expect(lookup(scope, ['row', 'none'])).to.equal(ABSENT);
    expect(lookup(scope, ['order', 'state'])).to.equal('new');
    expect(lookup(scope, ['ipa', 'link', 'blocks'])).to.equal(3);
    expect(lookup(scope, ['ipa', 'list', '0'])).to.equal('x');
    expect(lookup(scope, ['ipa', 'list', '1'])).to.equal(ABSENT);
    expect(lookup(scope, ['ipa', 'received', 'Hello', 'id'])).to.equal(1);
    expect(lookup(scope, ['ipa', 'received', 'Hello', 'other'])).to.equal(ABSENT);
  });

  it('throws for what does not exist in this run, and says what does', () => {
    const scope = makeScope({ actor: name => (name === 'ipa' ? { link: {} } : undefined), bound: [['a', 1]] });
    expect(() => lookup(scope, ['X'])).to.throw(MissingValue, 'X has no value in this run');
    expect(() => lookup(scope, ['b'])).to.throw(MissingValue, '"b" has no value in this run; bound so far: a');
    expect(() => lookup(scope, ['ipa', 'lnk'])).to.throw(MissingValue, 'ipa has no "lnk"; it has link');
    expect(() => lookup(scope, ['ipa', 'sent', 'Hello'])).to.throw(MissingValue, 'ipa has sent no Hello');
  });

  it('never finds what every object inherits', () => {
    const scope = makeScope({ bound: [['a', { b: 1 }]] });
    expect(lookup(scope, ['a', 'constructor'])).to.equal(ABSENT);
    expect(lookup(scope, ['a', '__proto__', 'toString'])).to.equal(ABSENT);
  });
});

describe('durations', () => {
  it('are read as seconds', () => {
    expect(['300ms', '10s', '1.5s', '2m', '1h'].map(readDuration)).to.deep.equal([0.3, 10, 1.5, 120, 3600]);
  });
  it('need a unit', () => {
    expect(['5', '5 s', 's', '-1s', '1d', ''].map(readDuration)).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
