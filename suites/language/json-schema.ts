/** The editor schema of case and procedure files, generated from the definitions that files are validated against. */

import type { Type } from '#protocol/asn1/type.js';
import { ACTOR_ROLES, EVENTS } from './ast.js';
import { definitionSchema, type JsonSchema } from './definition.js';
import { EDITS } from './edit-syntax.js';
import { fieldsOf, layout, type TypeSource, word } from './layout.js';
import { namesOf } from './reading.js';
import { CASE, PROCEDURE, VERBS, type VerbDefinition } from './schema.js';

const ACTOR = `^(${ACTOR_ROLES.join('|')})[0-9]?`;
/** A schema that holds where another does. */
const when = (condition: JsonSchema, consequence: JsonSchema): JsonSchema => ({
  if: condition,
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
  then: consequence,
});
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

const named = (names: Iterable<string>): JsonSchema => ({ anyOf: [{ enum: [...names] }, { type: ['string', 'integer'] }] });

const typeSchema = (type: Type, types: TypeSource): JsonSchema => {
  const one = layout(type);
  const known = one.name === '' ? undefined : types.typeNamed(one.name);
  // A tag in place of its own makes a new type of the same fields: the definition by name still tells what stands in it.
  const same = known && isStructure(known) && layout(known).fields === one.fields && layout(known).element === one.element;
  return same ? ref(`type.${one.name}`) : contentSchema(type, types);
};
const contentSchema = (type: Type, types: TypeSource): JsonSchema => {
  const one = layout(type);
  if (one.kind === 'sequence' || one.kind === 'choice') {
    const properties = Object.fromEntries(fieldsOf(type).map(field => [field.name, typeSchema(field.type, types)]));
    return { description: [word(one), one.name, one.section].filter(Boolean).join(' '), properties };
  }
  if (one.kind === 'sequenceOf' && one.element) return { items: typeSchema(one.element, types) };
  const names = namesOf(type);
  if (names.size > 0) return one.kind === 'bits' ? { items: named(names.keys()) } : { description: word(one), ...named(names.keys()) };
  return { description: word(one) };
};
const isStructure = (type: Type): boolean => ['sequence', 'choice', 'sequenceOf'].includes(layout(type).kind);

/** Names of the types that messages can be. */
const structures = (types: TypeSource): readonly string[] =>
  types.typeNames().filter(name => {
    const type = types.typeNamed(name);
    return type !== undefined && isStructure(type);
  });

const verbKey = ({ verb, actor }: VerbDefinition): string => (actor ? `${ACTOR}\\.${verb}$` : `^${verb}$`);

const verbSchema = (definition: VerbDefinition, types: TypeSource): JsonSchema => {
  const { verb, words, says, actor } = definition;
  const base = definitionSchema(words);
  const names = types.typeNames();
  const messages = structures(types);
  const subject: Readonly<Record<string, JsonSchema>> = {
    send: { enum: [...names, 'nothing'] },
    expect: { anyOf: [{ enum: [...names, ...EVENTS] }, { type: 'array', items: { enum: [...names, ...EVENTS] } }] },
    operator: { type: 'string' },
    call: { type: 'string' },
    check: { type: 'string', pattern: '^\\$' },
    set: { type: 'object' },
    unordered: { type: 'array', items: ref('step') },
    repeat: { type: 'integer', minimum: 1 },
    wait: { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$' },
  };
  const key = verbKey(definition);
  const content = verb === 'send' ? 'with' : 'match';
  return {
    ...base,
    description: says,
    patternProperties: { [key]: subject[verb] },
    // Fields of the message are offered once its type is written.
    ...(actor
      ? {
          allOf: messages.map(name =>
            when({ patternProperties: { [key]: { const: name } } }, { properties: { [content]: ref(`type.${name}`) } }),
          ),
        }
      : {}),
  };
};

/** No key of a step is that of the verb. */
const lacks = (definition: VerbDefinition): JsonSchema => ({ propertyNames: { not: { pattern: verbKey(definition) } } });

const stepSchema = (): JsonSchema => ({
  type: 'object',
  minProperties: 1,
  properties: Object.fromEntries(VERBS.filter(one => !one.actor).map(one => [one.verb, { description: one.says }])),
  patternProperties: Object.fromEntries(VERBS.filter(one => one.actor).map(one => [verbKey(one), { description: one.says }])),
  // The verb decides which words belong to a step; without any verb it is none.
  allOf: VERBS.map(one => ({ if: lacks(one), else: ref(one.verb) })),
  anyOf: VERBS.map(one => ({ not: lacks(one) })),
});

const editSchema = (): JsonSchema => ({
  type: 'object',
  allOf: EDITS.map(({ name, words, says }) =>
    when(
      { required: [name] },
      {
        description: says,
        properties: { [name]: {}, ...Object.fromEntries(words.map(one => [one.name, { description: one.says }])) },
        required: words.filter(one => !one.optional).map(one => one.name),
        additionalProperties: false,
      },
    ),
  ),
  properties: Object.fromEntries(EDITS.map(({ name, says }) => [name, { description: says }])),
  anyOf: EDITS.map(({ name }) => ({ required: [name] })),
});

/** The schema for `test-cases/schema.json`. `actorKeys` are the permitted configuration keys by role. */
export const caseSchema = (types: TypeSource, actorKeys: Readonly<Record<string, readonly string[]>> = {}): JsonSchema => {
  const actor = (role: string): JsonSchema => {
    const keys = actorKeys[role];
    return { type: 'object', ...(keys ? { properties: Object.fromEntries(keys.map(key => [key, {}])), additionalProperties: false } : {}) };
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Test case or procedure of the SGP.32 conformance harness',
    description: 'Generated from suites/language/schema.ts and the ASN.1 types; do not edit.',
    ...when({ type: 'object', required: ['procedure'] }, ref('procedure')),
    else: ref('case'),
    $defs: {
      case: definitionSchema(CASE),
      procedure: definitionSchema(PROCEDURE),
      step: stepSchema(),
      ...Object.fromEntries(VERBS.map(one => [one.verb, verbSchema(one, types)])),
      content: {
        description: 'A value, a pattern or an expression that begins with $.',
        type: ['string', 'number', 'boolean', 'object', 'array'],
      },
      edits: {
        anyOf: [
          { type: 'array', items: ref('edit') },
          { type: 'string', pattern: '^\\$row\\.' },
        ],
      },
      edit: editSchema(),
      actors: {
        type: 'object',
        additionalProperties: false,
        patternProperties: Object.fromEntries(ACTOR_ROLES.map(role => [`^${role}[0-9]?$`, actor(role)])),
      },
      table: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: ['string', 'number', 'boolean'] }, when: { type: 'string' } },
        },
      },
      ...Object.fromEntries(
        structures(types).flatMap(name => {
          const type = types.typeNamed(name);
          return type ? [[`type.${name}`, contentSchema(type, types)]] : [];
        }),
      ),
    },
  };
};
