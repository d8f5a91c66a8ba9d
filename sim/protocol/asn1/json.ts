/** The JSON form of values: OCTET STRING as uppercase hex, named BIT STRING as a list of names, NULL as null, INTEGER as number. */
import { type Compiled, compile, isOther, typeWord } from './compile.js';
import { fromHex, hex } from './tlv.js';
import { DEFAULT_SPEC, type Spec, type Type } from './type.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON does not have the form of the type; the message names path, expected and found. */
export class JsonFormError extends Error {
  override readonly name = 'JsonFormError';
  readonly code = 'jsonForm';
  readonly path: string;
  constructor(path: string, expected: string, found: string) {
    super(`${path || 'value'}: expected ${expected}, got ${found}`);
    this.path = path;
  }
}

/** A decoded value as JSON. Works on partial values too: what could not be read is left out. */
export const toJson = (type: Type, value: unknown, spec: Spec = DEFAULT_SPEC): Json => valueToJson(compile(type, spec), value);

const unknownToJson = (value: unknown): Record<string, Json> =>
  typeof value === 'object' && value !== null && '$unknown' in value && Array.isArray(value.$unknown)
    ? { $unknown: value.$unknown.map(u => (u instanceof Uint8Array ? hex(u) : null)) }
    : {};

const valueToJson = (c: Compiled, value: unknown): Json => {
  if (c.kind === 'explicit' && !isOther(c, value)) {
    const inner = valueToJson(c.element as Compiled, value);
    return c.type.usual === undefined ? inner : { [c.type.usual]: inner };
  }
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value))
    return c.element ? value.map(v => valueToJson(c.element as Compiled, v)) : value.map(name => bitLabel(c, String(name)));
  if (typeof value === 'object' && value !== null) {
    const given = value as Readonly<Record<string, unknown>>;
    const [only] = c.fields;
    if (only?.implied && given.$unknown === undefined) return valueToJson(only.compiled, given[only.name]);
    const known = c.fields
      .filter(f => f === c.named.get(f.name) && given[f.name] !== undefined && f.name !== c.type.whenEmpty)
      .map(f => [f.label, valueToJson(f.compiled, given[f.name])] as const);
    return { ...Object.fromEntries(known), ...unknownToJson(value) };
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};

/** The first of the names of a bit, which is the one in the text of the version. */
const bitLabel = ({ type: { names = new Map<string, number>() } }: Compiled, name: string): string => {
  const bit = names.get(name);
  for (const [label, number] of names) if (number === bit) return label;
  return name;
};

/** A value from its JSON form, ready for `encode`. Throws JsonFormError. */
export const fromJson = (type: Type, json: unknown, spec: Spec = DEFAULT_SPEC): unknown => jsonToValue(compile(type, spec), json, []);

const word = (json: unknown): string => (json === undefined ? 'nothing' : (JSON.stringify(json) ?? typeof json).slice(0, 60));
const fail = (path: readonly string[], expected: string, json: unknown): never => {
  throw new JsonFormError(path.join('.'), expected, word(json));
};
const hexOctets = (json: unknown, path: readonly string[]): Uint8Array =>
  (typeof json === 'string' ? fromHex(json) : undefined) ?? fail(path, 'hex octets', json);

/** As the decoder gives it: a bigint only where a number is not exact. */
const smallest = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

const jsonToValue = (c: Compiled, json: unknown, path: readonly string[]): unknown => {
  switch (c.kind) {
    case 'explicit':
      return usualToValue(c, json, path);
    case 'octets':
    case 'der':
    case 'open':
      return hexOctets(json, path);
    case 'integer':
      if (typeof json === 'string')
        return c.type.names?.get(json) ?? (/^-?\d{1,39}$/.test(json) ? smallest(BigInt(json)) : fail(path, 'an integer', json));
      return Number.isSafeInteger(json) ? json : fail(path, 'an integer', json);
    case 'boolean':
      return typeof json === 'boolean' ? json : fail(path, 'true or false', json);
    case 'null':
      return json === null ? null : fail(path, 'null', json);
    case 'utf8':
    case 'oid':
      return typeof json === 'string' ? json : fail(path, 'text', json);
    case 'bits':
      if (c.type.names) return Array.isArray(json) ? json : fail(path, 'a list of bit names', json);
      return typeof json === 'string' ? json : fail(path, 'a text of 0 and 1', json);
    case 'sequenceOf':
      return Array.isArray(json)
        ? json.map((item, n) => jsonToValue(c.element as Compiled, item, [...path, String(n)]))
        : fail(path, 'a list', json);
    default:
      return objectToValue(c, json, path);
  }
};

const usualToValue = (c: Compiled, json: unknown, path: readonly string[]): unknown => {
  const { usual } = c.type;
  if (isOther(c, json)) return objectToValue(c, json, path);
  const isNamed = usual !== undefined && typeof json === 'object' && json !== null && usual in json;
  const inner: unknown = isNamed ? Object.entries(json).find(([name]) => name === usual)?.[1] : json;
  return jsonToValue(c.element as Compiled, inner, path);
};

const objectToValue = (c: Compiled, json: unknown, path: readonly string[]): unknown => {
  const [only] = c.fields;
  if (only?.implied && !(typeof json === 'object' && json !== null && only.name in json))
    return { [only.name]: jsonToValue(only.compiled, json, path) };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return fail(path, `an object with the members of ${typeWord(c.type)}`, json);
  if (c.type.whenEmpty !== undefined && Object.keys(json).length === 0) return { [c.type.whenEmpty]: {} };
  return Object.fromEntries(
    Object.entries(json).map(([name, member]: [string, unknown]) => {
      const inner = [...path, name];
      if (name === '$unknown')
        return [name, Array.isArray(member) ? member.map(m => hexOctets(m, inner)) : fail(inner, 'a list of hex TLVs', member)];
      const field = c.fields.find(f => f.label === name || f.name === name);
      return field
        ? [field.name, jsonToValue(field.compiled, member, inner)]
        : fail(path, `one of ${c.fields.map(f => f.label).join(', ')}`, name);
    }),
  );
};
