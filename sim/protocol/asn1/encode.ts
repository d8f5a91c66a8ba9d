/**
 * DER encoder driven by the type language. It demands the form of the type, not its limits: sizes, ranges and code
 * points that a type does not permit are encoded, since a tester must be able to send them. A value may have members that
 * only a later version has: they are left out, so that roles write the same value for every version.
 */
import { type Compiled, type CompiledField, compile, isOther, typeWord } from './compile.js';
import { bitOctets, oidOctets } from './primitives.js';
import { header, readerOf } from './reader.js';
import { tagHex } from './tlv.js';
import { DEFAULT_SPEC, type InputOf, rawOctets, type Spec, type Type } from './type.js';
import { put, putHeader, putInteger, putOctet, putTag, putText, result, type Writer, writer, written } from './writer.js';

/** A value does not fit its type; the message names field path, what was expected and what was found. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  readonly code = 'encode';
  readonly path: string;
  constructor(path: string, expected: string, found: string) {
    super(`${path || 'value'}: expected ${expected}, got ${found}`);
    this.path = path;
  }
}

const word = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : value === null
      ? 'null'
      : value instanceof Uint8Array
        ? `${value.length} octets`
        : Array.isArray(value)
          ? 'a list'
          : typeof value === 'object'
            ? 'an object'
            : typeof value === 'bigint'
              ? String(value)
              : (JSON.stringify(value) ?? typeof value);
const fail = (w: Writer, expected: string, value: unknown): never => {
  throw new EncodeError(w.path.join('.'), expected, word(value));
};

const write = (w: Writer, c: Compiled, value: unknown): void => {
  const asReceived = rawOctets(value);
  if (asReceived) return relay(w, c, asReceived);
  const mark = written(w);
  switch (c.kind) {
    case 'explicit':
      if (isOther(c, value)) writeAlternative(w, c, value);
      else write(w, c.element as Compiled, value);
      return putHeader(w, c.tag, written(w) - mark);
    case 'choice':
      writeAlternative(w, c, value);
      if (c.tag !== -1) putHeader(w, c.tag, written(w) - mark);
      return;
    case 'sequence':
      writeMembers(w, c, value);
      if (c.tag !== -1) putHeader(w, c.tag, written(w) - mark);
      return;
    case 'sequenceOf': {
      if (!Array.isArray(value)) return fail(w, `a list of ${typeWord((c.element as Compiled).type)}`, value);
      for (let n = value.length - 1; n >= 0; n--) {
        w.path.push(String(n));
        write(w, c.element as Compiled, value[n]);
        w.path.pop();
      }
      return putHeader(w, c.tag, written(w) - mark);
    }
    case 'open':
      return put(w, value instanceof Uint8Array && tagOf(value) !== undefined ? value : fail(w, 'one complete TLV', value));
    case 'der':
      if (!(value instanceof Uint8Array) || tagOf(value) !== 0x30) return fail(w, 'a complete DER SEQUENCE (30 …)', value);
      put(w, value.subarray(1));
      return putTag(w, c.tag);
    default:
      writeContent(w, c, value);
      return putHeader(w, c.tag, written(w) - mark);
  }
};

/** Tag of octets that are one complete TLV, of definite or indefinite length; undefined when they are none. */
const tagOf = (octets: Uint8Array): number | undefined => {
  const r = readerOf(octets);
  return octets.length > 0 && header(r, 0, octets.length) && r.reported.error === 0 && r.next === octets.length ? r.tag : undefined;
};

/** Octets as received: where another implicit tag is due, only that is exchanged; length and content stay as they are. */
const relay = (w: Writer, c: Compiled, octets: Uint8Array): void => {
  const tag = tagOf(octets);
  if (tag === undefined) return fail(w, 'one complete TLV', octets);
  if (c.tag === -1 || tag === c.tag) return put(w, octets);
  if (c.kind === 'explicit') {
    const mark = written(w);
    relay(w, c.element as Compiled, octets);
    return putHeader(w, c.tag, written(w) - mark);
  }
  put(w, octets.subarray(tagHex(tag).length / 2));
  putTag(w, c.tag);
};

const writeMembers = (w: Writer, c: Compiled, value: unknown): void => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(w, `the members of ${typeWord(c.type)}`, value);
  const given = value as Readonly<Record<string, unknown>>;
  for (const name in given)
    if (!c.named.has(name) && !c.later.has(name) && name !== '$unknown' && given[name] !== undefined)
      fail(w, `one of ${c.fields.map(f => f.name).join(', ')}`, name);
  if (given.$unknown !== undefined) putUnknown(w, given.$unknown);
  for (let f = c.fields.length - 1; f >= 0; f--) {
    const field = c.fields[f] as CompiledField;
    const member = given[field.name];
    w.path.push(field.name);
    if (member === undefined) {
      if (!field.optional) fail(w, typeWord(field.compiled.type), member);
    } else if (field.default === undefined || member !== field.default) write(w, field.compiled, member);
    w.path.pop();
  }
};

/** Elements of no definition, after all others. */
const putUnknown = (w: Writer, extra: unknown): void => {
  const isOctets = (item: unknown): item is Uint8Array => item instanceof Uint8Array;
  const items = Array.isArray(extra) && extra.every(isOctets) ? extra : fail(w, 'a list of octets under $unknown', extra);
  for (const item of items.toReversed()) put(w, item);
};

const writeAlternative = (w: Writer, c: Compiled, value: unknown): void => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(w, alternatives(c), value);
  const given = value as Readonly<Record<string, unknown>>;
  let chosen: string | undefined;
  for (const name in given) {
    if (given[name] === undefined) continue;
    if (chosen !== undefined) return fail(w, alternatives(c), `${chosen} and ${name}`);
    chosen = name;
  }
  if (chosen === undefined) return fail(w, alternatives(c), value);
  if (chosen === c.type.whenEmpty) return;
  if (chosen === '$unknown') return putUnknown(w, given[chosen]);
  const field = c.named.get(chosen);
  if (!field) return fail(w, alternatives(c), chosen);
  w.path.push(chosen);
  write(w, field.compiled, given[chosen]);
  w.path.pop();
};
const alternatives = (c: Compiled): string => `exactly one of ${c.fields.map(f => f.name).join(', ')}`;

const writeContent = (w: Writer, c: Compiled, value: unknown): void => {
  switch (c.kind) {
    case 'octets':
      return put(w, value instanceof Uint8Array ? value : fail(w, 'octets', value));
    case 'integer':
      return putInteger(w, typeof value === 'bigint' || isWhole(value) ? value : fail(w, 'an integer', value));
    case 'utf8':
      return putText(w, typeof value === 'string' && value.isWellFormed() ? value : fail(w, 'text', value));
    case 'null':
      return value === null ? undefined : fail(w, 'null', value);
    case 'boolean':
      return putOctet(w, typeof value !== 'boolean' ? fail(w, 'true or false', value) : value ? 0xff : 0);
    case 'oid':
      return put(w, (typeof value === 'string' ? oidOctets(value) : undefined) ?? fail(w, 'a dotted OBJECT IDENTIFIER', value));
    default:
      return put(w, bitsContent(w, c, value));
  }
};
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

const bitsContent = (w: Writer, c: Compiled, value: unknown): Uint8Array => {
  if (c.type.names === undefined)
    return typeof value === 'string' && /^[01]*$/.test(value)
      ? bitOctets(
          [...value].flatMap((bit, n) => (bit === '1' ? [n] : [])),
          value.length,
        )
      : fail(w, 'a text of 0 and 1', value);
  if (!Array.isArray(value)) return fail(w, 'a list of bit names', value);
  return bitOctets(
    value.map(
      name =>
        c.type.names?.get(String(name)) ??
        (/^bit\d{1,3}$/.test(String(name))
          ? Number(String(name).slice(3))
          : fail(w, `one of ${[...(c.type.names?.keys() ?? [])].join(', ')}`, name)),
    ),
  );
};

export interface EncodeOptions {
  readonly spec?: Spec;
}

/** Encodes one value in DER. Throws EncodeError when the value does not fit the type. */
export const encode = <V>(type: Type<V>, value: InputOf<V>, options: EncodeOptions = {}): Uint8Array => encodeUntyped(type, value, options);

/** As `encode`, for values whose type is only known at run time. */
export const encodeUntyped = (type: Type, value: unknown, options: EncodeOptions = {}): Uint8Array => {
  const w = writer();
  write(w, compile(type, options.spec ?? DEFAULT_SPEC), value);
  return result(w);
};
