/** Definitions of headers and words: files are checked against them, editors and the reference are told what they say. */
import type { Node } from './source.js';

/** JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A node that is not what it has to be. */
export interface Misfit {
  readonly node: Node;
  readonly expected: string;
}

/** What a value has to be. All scalars are texts here, as they stand in the file. */
export interface Value {
  /** What it is for. */
  readonly says: string;
  readonly optional: boolean;
  /** The same for editors, to which YAML shows numbers and booleans. */
  readonly editor: JsonSchema;
  readonly misfits: (node: Node) => readonly Misfit[];
}
/** The values of a map by key; other keys do not belong there. */
export type Definition = Readonly<Record<string, Value>>;

type Check = Value['misfits'];
const fits =
  (expected: string, isRight: (node: Node) => boolean): Check =>
  node =>
    isRight(node) ? [] : [{ node, expected }];
const isScalar = (node: Node): boolean => node.kind === 'scalar';
const reads = (expected: string, holds: (text: string) => boolean): Check =>
  fits(expected, node => node.kind === 'scalar' && holds(node.text));
const value = (says: string, editor: JsonSchema, misfits: Check): Value => ({ says, optional: false, editor, misfits });

/** One that may be left out. */
export const optional = (one: Value): Value => ({ ...one, optional: true });

/** Any text. */
export const text = (says: string): Value => value(says, { type: ['string', 'number', 'boolean'] }, fits('a text', isScalar));
/** A text of a form. */
export const word = (says: string, pattern: RegExp, form: string): Value =>
  value(
    says,
    { type: 'string', pattern: pattern.source },
    reads(form, found => pattern.test(found)),
  );
/** A text that somebody else reads. */
export const readable = (says: string, form: string, canRead: (text: string) => boolean): Value =>
  value(says, { type: 'string' }, reads(form, canRead));
/** Yes or no. */
export const flag = (says: string): Value =>
  value(
    says,
    { type: 'boolean' },
    reads('true or false', found => /^(true|false)$/.test(found)),
  );
/** One of a few words. */
export const oneOf = (values: readonly string[], says: string): Value => {
  const listed = [values.slice(0, -1).join(', '), values.at(-1)].filter(Boolean).join(' or ');
  return value(
    says,
    { type: 'string', enum: values },
    reads(listed, found => values.includes(found)),
  );
};

/** A list, with a check of each item. */
export const list = (says: string, expected: string, item: JsonSchema, check: Check = () => []): Value =>
  value(says, { type: 'array', items: item }, node => (node.kind === 'list' ? node.items.flatMap(check) : [{ node, expected }]));
/** A list of texts. */
export const names = (says: string): Value => list(says, 'a list', { type: 'string' }, fits('a name', isScalar));
/** A map whose keys are free, with a text for each. */
export const texts = (says: string, expected: string, each: string): Value => {
  const editor = { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'string' } };
  const check = fits(each, isScalar);
  return value(says, editor, node => (node.kind === 'map' ? node.entries.flatMap(one => check(one.value)) : [{ node, expected }]));
};
/** What is read by another definition, which editors find in the schema by its name; here at most its kind counts. */
export const content = (says: string, name = 'content', check: Check = () => []): Value => value(says, { $ref: `#/$defs/${name}` }, check);
/** A check of its kind alone. */
export const isA = (kind: Node['kind'], expected: string): Check => fits(expected, node => node.kind === kind);

/** A definition as JSON Schema. */
export const definitionSchema = (definition: Definition): JsonSchema => {
  const required = Object.entries(definition).flatMap(([key, one]) => (one.optional ? [] : [key]));
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(definition).map(([key, { editor, says }]) => [key, { ...editor, description: says }])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
};
