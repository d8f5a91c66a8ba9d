import { expect } from 'chai';
import {
  content,
  definitionSchema,
  flag,
  isA,
  list,
  names,
  oneOf,
  optional,
  readable,
  text,
  texts,
  type Value,
  word,
} from './definition.js';
import { reportInto, validate } from './shape.js';
import { type Diagnostic, parseYaml } from './source.js';

/** What is wrong with a map of one file, by a definition. */
const wrong = (definition: Readonly<Record<string, Value>>, yaml: string): string[] => {
  const { root } = parseYaml('a.yaml', yaml);
  if (root?.kind !== 'map') throw new Error(yaml);
  const found: Diagnostic[] = [];
  validate(definition, root, reportInto(found));
  return found.map(({ code, at, message, hint }) => `${at.line}:${at.column} ${code}: ${message}${hint ? ` - ${hint}` : ''}`);
};

describe('definitions of headers and words', () => {
  const values: Readonly<Record<string, readonly [Value, right: string, wrong: string, ...message: string[]]>> = {
    'a text': [text('T.'), '5', '[a]', '1:4 shape: expected a text, got a list'],
    'a text of a form': [word('W.', /^\d+$/, 'a number'), '12', 'x', '1:4 shape: expected a number, got "x"'],
    'a text that something reads': [
      readable('R.', 'an even length', t => t.length % 2 === 0),
      'ab',
      'abc',
      '1:4 shape: expected an even length, got "abc"',
    ],
    'a flag': [flag('F.'), 'true', 'yes', '1:4 shape: expected true or false, got "yes"'],
    'one of three words': [oneOf(['a', 'b', 'c'], 'O.'), 'b', 'd', '1:4 shape: expected a, b or c, got "d"'],
    'the only word': [oneOf(['a'], 'O.'), 'a', '{}', '1:4 shape: expected a, got a map'],
    'a list of names': [
      names('N.'),
      '[a, b]',
      '[a, [], {}]',
      '1:8 shape: expected a name, got a list',
      '1:12 shape: expected a name, got a map',
    ],
    'a list of anything': [list('L.', 'a list of steps', {}), '[a, {}]', 'a', '1:4 shape: expected a list of steps, got "a"'],
    'a map of texts': [texts('M.', 'a map of links', 'an option'), '{ a: b }', '{ a: [b] }', '1:9 shape: expected an option, got a list'],
    'content of a kind': [
      content('C.', 'c', isA('map', 'a map of actors')),
      '{ a: [b] }',
      'a',
      '1:4 shape: expected a map of actors, got "a"',
    ],
  };
  for (const [what, [value, right, mistaken, ...messages]] of Object.entries(values))
    it(`take ${what}, and tell what they expected in place of something else`, () => {
      expect(wrong({ k: value }, `k: ${right}`)).to.deep.equal([]);
      expect(wrong({ k: value }, `k: ${mistaken}`)).to.deep.equal(messages);
    });

  it('take any content', () => {
    for (const any of ['a', '[a]', '{ a: b }']) expect(wrong({ k: content('C.') }, `k: ${any}`)).to.deep.equal([]);
  });

  it('demand every key that is not optional, and no others', () => {
    const definition = { first: text('What comes first.'), second: optional(text('What may follow.')) };
    expect(wrong(definition, 'first: 1')).to.deep.equal([]);
    expect(wrong(definition, 'secnd: 1')).to.deep.equal([
      '1:1 missing-key: "first" is missing - What comes first.',
      '1:1 unknown-key: unknown key "secnd" - did you mean "second"?',
    ]);
    expect(wrong(definition, 'first: 1\ntoString: 1')).to.deep.equal(['2:1 unknown-key: unknown key "toString" - known: first, second']);
  });

  it('are told to editors', () => {
    expect(definitionSchema({ a: flag('F.'), b: optional(content('C.', 'edits')) })).to.deep.equal({
      type: 'object',
      properties: { a: { type: 'boolean', description: 'F.' }, b: { $ref: '#/$defs/edits', description: 'C.' } },
      required: ['a'],
      additionalProperties: false,
    });
    expect(definitionSchema({ b: optional(flag('F.')) })).to.not.have.property('required');
  });
});
