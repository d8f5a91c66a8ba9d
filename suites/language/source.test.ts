import { expect } from 'chai';
import { CaseError, didYouMean, formatDiagnostics, type Node, NULL_MESSAGE, nearest, parseYaml } from './source.js';

const plain = (node: Node | undefined): unknown => {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.text;
  return node.kind === 'list' ? node.items.map(plain) : Object.fromEntries(node.entries.map(e => [e.key, plain(e.value)]));
};
const problems = (text: string) =>
  parseYaml('a.yaml', text).diagnostics.map(d => `${d.at.line}:${d.at.column} ${d.code}: ${d.message}${d.hint ? ` - ${d.hint}` : ''}`);

describe('source', () => {
  it('keeps the source text of scalars that YAML would turn into numbers', () => {
    const { root, diagnostics } = parseYaml('a.yaml', 'eid: 89049032123451234512345678901235\nn: 0010\ne: 1e5\nq: "x # y"\nyes: yes\n');
    expect(plain(root)).to.deep.equal({ eid: '89049032123451234512345678901235', n: '0010', e: '1e5', q: 'x # y', yes: 'yes' });
    expect(diagnostics).to.deep.equal([]);
  });

  it('knows the place of every part and whether a scalar is quoted', () => {
    const { root } = parseYaml('a.yaml', 'a:\n  - { b: "x" }\n');
    expect(root).to.deep.equal({
      kind: 'map',
      at: { file: 'a.yaml', line: 1, column: 1 },
      entries: [
        {
          key: 'a',
          at: { file: 'a.yaml', line: 1, column: 1 },
          value: {
            kind: 'list',
            at: { file: 'a.yaml', line: 2, column: 3 },
            items: [
              {
                kind: 'map',
                at: { file: 'a.yaml', line: 2, column: 5 },
                entries: [
                  {
                    key: 'b',
                    at: { file: 'a.yaml', line: 2, column: 7 },
                    value: { kind: 'scalar', text: 'x', quoted: true, at: { file: 'a.yaml', line: 2, column: 10 } },
                  },
                ],
              },
            ],
          },
        },
      ],
    });
  });

  it('reads an expression with "if", "else" and "as" as one scalar in flow style', () => {
    expect(plain(parseYaml('a.yaml', 'a: { b: $bytes(1..16) if O_A else $absent as t, c: $not(1) }\n').root)).to.deep.equal({
      a: { b: '$bytes(1..16) if O_A else $absent as t', c: '$not(1)' },
    });
  });

  it('refuses null and points at the comment that swallowed the value', () => {
    expect(problems('with: { eidValue: #EID1\n  }\n')).to.deep.equal([`1:19 null-value: ${NULL_MESSAGE}`]);
    expect(problems('a:\nb: ~\nc: null\nd: {e, f: g}\n')).to.deep.equal([
      `1:1 null-value: ${NULL_MESSAGE}`,
      `2:4 null-value: ${NULL_MESSAGE}`,
      `3:4 null-value: ${NULL_MESSAGE}`,
      `4:5 null-value: ${NULL_MESSAGE}`,
    ]);
    expect(problems('- a\n-\n')).to.deep.equal([`2:2 null-value: ${NULL_MESSAGE}`]);
    expect(NULL_MESSAGE).to.equal('null is never a value here (YAML reads " #NAME" as a comment; constants are written $NAME)');
  });

  it('says that a comma ended a text in flow style', () => {
    expect(problems('a: { text: keep it, or not }\n')).to.deep.equal([
      `1:21 null-value: ${NULL_MESSAGE} - a comma ends a text inside { } and [ ]: put the text in quotes`,
    ]);
  });

  it('takes a quoted null, an empty quoted text and an empty map as values', () => {
    expect(problems('a: "null"\nb: ""\nc: {}\nd: []\n')).to.deep.equal([]);
  });

  it('refuses anchors, aliases and tags', () => {
    expect(problems('x: &a 1\ny: *a\nz: !bytes 3\n')).to.deep.equal([
      '1:7 yaml-anchor: anchors (&name) are not part of the language - write a procedure',
      '2:4 yaml-alias: aliases (*name) are not part of the language - write the value again, or name it with "set"',
      '3:11 yaml-tag: tags (!bytes) are not part of the language - the ASN.1 type decides what a value means',
    ]);
  });

  it('refuses a key that stands twice, a key that is no text, a second document', () => {
    expect(problems('a: 1\nb: 2\na: 3\n')).to.deep.equal(['3:1 duplicate-key: key "a" stands twice; first in line 1']);
    expect(problems('? [a]\n: b\n')).to.deep.equal(['1:3 yaml-key: a key is a plain text here, not a list or a map']);
    expect(problems('a: b\n---\nc: d\n')).to.deep.equal(['2:1 yaml-syntax: one file holds one document; "---" begins a second one']);
  });

  it('reports YAML mistakes with their place and reads on', () => {
    const { root, diagnostics } = parseYaml('a.yaml', 'a: b: c\nd: e\n');
    expect(diagnostics.map(d => `${d.at.line}:${d.at.column} ${d.code}`)).to.deep.equal(['1:4 yaml-syntax']);
    expect(root?.kind).to.equal('map');
    expect(problems('a: [x, {y: z}\n')[0]).to.match(/^\d+:\d+ yaml-syntax: YAML: /);
  });

  it('ends with a message when brackets are nested without end', () => {
    expect(problems(`a:\n  ${'['.repeat(50_000)}`)).to.deep.equal(['2:103 yaml-syntax: more than 100 brackets are open here']);
  });

  it('has no root for an empty file', () => {
    expect(parseYaml('a.yaml', '# nothing\n')).to.deep.equal({ diagnostics: [] });
  });

  it('prints a diagnostic with its line and a mark, sorted by place and without repetition', () => {
    const text = 'id: x\n  - ipa.expcet: Y\n';
    const first = {
      code: 'no-verb',
      at: { file: 'b.yaml', line: 2, column: 5 },
      message: 'no verb in this step',
      hint: 'did you mean "ipa.expect"?',
    };
    const second = { code: 'x', at: { file: 'b.yaml', line: 1, column: 1 }, until: 3, message: 'expected y, got x' };
    const elsewhere = { code: 'x', at: { file: 'a.yaml', line: 7, column: 1 }, message: 'no text is known of this file' };
    expect(formatDiagnostics([first, first, second, elsewhere], new Map([['b.yaml', text]]))).to.equal(
      [
        'a.yaml:7:1: no text is known of this file',
        'b.yaml:1:1: expected y, got x',
        '    1 | id: x',
        '      | ^^',
        'b.yaml:2:5: no verb in this step - did you mean "ipa.expect"?',
        '    2 |   - ipa.expcet: Y',
        '      |     ^',
      ].join('\n'),
    );
    expect(formatDiagnostics([first], new Map([['b.yaml', text]]), true)).to.contain('\u001b[');
  });

  it('keeps the mark below its column behind tabs', () => {
    const at = { file: 'b.yaml', line: 1, column: 3 };
    expect(formatDiagnostics([{ code: 'x', at, message: 'm' }], new Map([['b.yaml', '\tab']]))).to.equal(
      'b.yaml:1:3: m\n    1 | \tab\n      | \t ^',
    );
  });

  it('suggests the nearest name, regardless of case, and none when all are far', () => {
    expect(didYouMean('GetEimPackageRequst', ['GetEimPackageRequest', 'GetEimPackageResponse'])).to.equal(
      'did you mean "GetEimPackageRequest"?',
    );
    expect(nearest('okay', ['undefinedError', 'ok'])).to.equal('ok');
    expect(nearest('expcet', ['send', 'expect'])).to.equal('expect');
    expect(nearest('EIDVALUE', ['eidValue', 'eimId'])).to.equal('eidValue');
    expect(didYouMean('zzz', ['abc'])).to.equal(undefined);
  });

  it('carries all diagnostics in one error', () => {
    const at = { file: 'a.yaml', line: 1, column: 2 };
    const error = new CaseError([
      { code: 'one', at, message: 'first' },
      { code: 'two', at, message: 'second', hint: 'do it' },
    ]);
    expect(error.code).to.equal('one');
    expect(error.message).to.equal('a.yaml:1:2: first\na.yaml:1:2: second - do it');
  });
});
