// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates of IXIT files, not of TypeScript.
import { expect } from 'chai';
import { type Diagnostic, formatDiagnostics, parseYaml } from './language/source.js';
import { mismatch, patternText, readPattern } from './pattern.js';
import { resolveTemplate, resolveTree, valueAt } from './template.js';

const node = (text: string) => {
  const { root } = parseYaml('p.yaml', text);
  if (root === undefined) throw new Error('no YAML');
  return root;
};
const patternOf = (text: string) => {
  const found: Diagnostic[] = [];
  const pattern = readPattern(node(text), one => found.push(one));
  return { pattern, problems: formatDiagnostics(found, new Map([['p.yaml', text]])) };
};
const compare = (text: string, value: unknown) => {
  const { pattern, problems } = patternOf(text);
  expect(problems).to.equal('');
  const wrong = mismatch(pattern, path => valueAt(value, path));
  return wrong && `${wrong.path}: expected ${wrong.expected}, got ${wrong.actual}`;
};

describe('pattern', () => {
  const order = { status: 'done', code: 7, ok: true, outcome: [{ enableResult: 'ok' }], tags: ['a', 'b'] };

  for (const text of [
    '{ status: done }',
    '{ status: done, outcome.0.enableResult: ok }',
    '{ code: 7, ok: true }',
    '{ status: { $oneOf: [new, done] } }',
    '{ status: $any, missing: $absent }',
    '{ status: { $not: failed } }',
    '{ tags: { $contains: b } }',
    '{ tags: [a, b] }',
    '{ outcome: [{ enableResult: ok }] }',
    '{}',
  ])
    it(`finds ${text} in an answer`, () => {
      expect(compare(text, order)).to.equal(undefined);
    });
  for (const [text, message] of [
    ['{ status: new }', 'status: expected new, got done'],
    ['{ status: { $oneOf: [new, work] } }', 'status: expected one of new, work, got done'],
    ['{ outcome.0.enableResult: no }', 'outcome.0.enableResult: expected no, got ok'],
    ['{ outcome: [{ enableResult: no }] }', 'outcome.0.enableResult: expected no, got ok'],
    ['{ missing: $any }', 'missing: expected anything, got nothing'],
    ['{ status: $absent }', 'status: expected nothing, got done'],
    ['{ status: { $not: done } }', 'status: expected not done, got done'],
    ['{ tags: { $contains: c } }', 'tags: expected a list that contains c, got ["a","b"]'],
    ['{ tags: [a] }', 'tags: expected [a], got ["a","b"]'],
    ['{ code: { x: 1 } }', 'code: expected {x: 1}, got 7'],
    ['{ ok: "1" }', 'ok: expected 1, got true'],
  ] as const)
    it(`tells why ${text} is not in an answer`, () => {
      expect(compare(text, order)).to.equal(message);
    });
  it('takes a text that begins with $$ literally', () => {
    expect(compare('{ a: $$any }', { a: '$any' })).to.equal(undefined);
  });
  it('shows itself in words', () => {
    expect(patternText(patternOf('{ a: [x, $any] }').pattern)).to.equal('{a: [x, anything]}');
  });
  it('reports a matcher that does not exist', () => {
    expect(patternOf('{ a: $anny }').problems).to.contain(
      'p.yaml:1:6: unknown matcher "$anny"; known: $any, $absent - did you mean "$any"?',
    );
    expect(patternOf('{ a: { $oneof: [x] } }').problems).to.contain(
      'unknown matcher "$oneof"; known: $oneOf, $not, $contains - did you mean "$oneOf"?',
    );
    expect(patternOf('{ a: { $oneOf: x } }').problems).to.contain('expected a list of alternatives behind $oneOf, got a scalar');
    expect(patternOf('{ b: 1, $not: 2 }').problems).to.contain('unknown matcher "$not"');
  });
});

describe('template', () => {
  const lookup = (path: string): unknown => valueAt({ eid: '890490', n: 3, yes: false, list: ['a'], inner: { port: 80 } }, path);

  it('fills texts in', () => {
    expect(resolveTemplate('POST http://x:${inner.port}/${eid}?n=${n}', lookup)).to.equal('POST http://x:80/890490?n=3');
  });
  it('leaves nothing for what is absent, and an escaped name as it is', () => {
    expect(resolveTemplate('a${gone}b$${eid}', lookup)).to.equal('ab${eid}');
  });
  it('makes JSON from YAML: types stay, absent members are left out, long digit strings stay text', () => {
    const tree = node(
      '{ a: "${n}", b: "${yes}", c: "${list}", d: "${gone}", e: 1, f: false, g: "1", h: 89049032123451234512345678901235, i: "x-${n}", j: [1, "${gone}"], k: "" }',
    );
    expect(resolveTree(tree, lookup)).to.deep.equal({
      a: 3,
      b: false,
      c: ['a'],
      e: 1,
      f: false,
      g: '1',
      h: '89049032123451234512345678901235',
      i: 'x-3',
      j: [1],
      k: '',
    });
  });
});
