/** DER encoder driven by the type language. Writes from the end to the start, so that no length is computed twice. */
import { type Compiled, type CompiledField, compile, typeWord } from './compile.js';
import { bitOctets, integerOctets, oidOctets } from './primitives.js';
import { readTlv } from './tlv.js';
import { DEFAULT_SPEC, type InputOf, rawOctets, type Spec, type Type } from './type.js';

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

interface Writer {
  octets: Buffer;
  /** First octet written so far; everything after it is done. */
  at: number;
  readonly path: string[];
}

const room = (w: Writer, count: number): void => {
  if (w.at >= count) return;
  const used = w.octets.length - w.at;
  const larger = Buffer.allocUnsafe(Math.max(w.octets.length * 2, used + count + 256));
  w.octets.copy(larger, larger.length - used, w.at);
  w.at = larger.length - used;
  w.octets = larger;
};
const put = (w: Writer, octets: Uint8Array): void => {
  room(w, octets.length);
  w.at -= octets.length;
  w.octets.set(octets, w.at);
};
const putHeader = (w: Writer, tag: number, length: number): void => {
  room(w, 10);
  if (length < 0x80) w.octets[--w.at] = length;
  else {
    let count = 0;
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256), count++) w.octets[--w.at] = rest % 256;
    w.octets[--w.at] = 0x80 | count;
  }
  for (let rest = tag; ; rest = Math.floor(rest / 256)) {
    w.octets[--w.at] = rest % 256;
    if (rest < 256) break;
  }
};
/** Octets written since a mark. */
const since = (w: Writer, mark: number): number => w.octets.length - w.at - mark;
const written = (w: Writer): number => w.octets.length - w.at;

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
      write(w, c.element as Compiled, value);
      return putHeader(w, c.tag, since(w, mark));
    case 'choice':
      writeAlternative(w, c, value);
      if (c.tag !== -1) putHeader(w, c.tag, since(w, mark));
      return;
    case 'sequence':
      writeMembers(w, c, value);
      return putHeader(w, c.tag, since(w, mark));
    case 'sequenceOf': {
      if (!Array.isArray(value)) return fail(w, `a list of ${typeWord((c.element as Compiled).type)}`, value);
      for (let n = value.length - 1; n >= 0; n--) {
        w.path.push(String(n));
        write(w, c.element as Compiled, value[n]);
        w.path.pop();
      }
      return putHeader(w, c.tag, since(w, mark));
    }
    case 'open':
      return put(w, value instanceof Uint8Array && readTlv(value)?.end === value.length ? value : fail(w, 'one complete TLV', value));
    case 'der': {
      const inner = value instanceof Uint8Array ? readTlv(value) : undefined;
      if (!inner || !(value instanceof Uint8Array) || inner.end !== value.length || inner.tag !== 0x30)
        return fail(w, 'a complete DER SEQUENCE (30 …)', value);
      put(w, value.subarray(inner.content));
      return putHeader(w, c.tag, value.length - inner.content);
    }
    default:
      put(w, content(w, c, value));
      return putHeader(w, c.tag, since(w, mark));
  }
};

/** Octets as received: only an implicit tag is exchanged, the length and content octets stay as they are. */
const relay = (w: Writer, c: Compiled, octets: Uint8Array): void => {
  const outer = readTlv(octets);
  if (!outer || outer.end !== octets.length) return fail(w, 'one complete TLV', octets);
  if (c.kind === 'explicit' && outer.tag !== c.tag) {
    put(w, octets);
    return putHeader(w, c.tag, octets.length);
  }
  if (c.tag === -1 || outer.tag === c.tag) return put(w, octets);
  put(w, octets.subarray(outer.content));
  putHeader(w, c.tag, octets.length - outer.content);
};

const writeMembers = (w: Writer, c: Compiled, value: unknown): void => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(w, `the members of ${typeWord(c.type)}`, value);
  const given = value as Readonly<Record<string, unknown>>;
  for (const name in given)
    if (given[name] !== undefined && name !== '$unknown' && !c.fields.some(f => f.name === name))
      fail(w, `one of ${c.fields.map(f => f.name).join(', ')}`, name);
  const extra = given.$unknown;
  if (Array.isArray(extra)) for (let n = extra.length - 1; n >= 0; n--) put(w, extra[n] as Uint8Array);
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

const writeAlternative = (w: Writer, c: Compiled, value: unknown): void => {
  const given =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value).filter(([, v]) => v !== undefined) : [];
  const [chosen] = given;
  const alternatives = () => `exactly one of ${c.fields.map(f => f.name).join(', ')}`;
  if (!chosen || given.length !== 1) return fail(w, alternatives(), given.length > 1 ? given.map(([k]) => k).join(' and ') : value);
  if (chosen[0] === '$unknown' && Array.isArray(chosen[1])) return put(w, chosen[1][0] as Uint8Array);
  const field = c.fields.find(f => f.name === chosen[0]);
  if (!field) return fail(w, alternatives(), chosen[0]);
  w.path.push(field.name);
  write(w, field.compiled, chosen[1]);
  w.path.pop();
};

const NO_OCTETS = new Uint8Array();
const content = (w: Writer, c: Compiled, value: unknown): Uint8Array => {
  switch (c.kind) {
    case 'octets':
      return value instanceof Uint8Array ? value : fail(w, 'octets', value);
    case 'integer':
      return typeof value === 'bigint' || Number.isSafeInteger(value)
        ? integerOctets(value as number | bigint)
        : fail(w, 'an integer', value);
    case 'utf8':
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : fail(w, 'text', value);
    case 'null':
      return value === null ? NO_OCTETS : fail(w, 'null', value);
    case 'boolean':
      return typeof value === 'boolean' ? Uint8Array.of(value ? 0xff : 0) : fail(w, 'true or false', value);
    case 'oid':
      return (typeof value === 'string' ? oidOctets(value) : undefined) ?? fail(w, 'a dotted OBJECT IDENTIFIER', value);
    default:
      return bitsContent(w, c, value);
  }
};

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
  const w: Writer = { octets: Buffer.allocUnsafe(1024), at: 1024, path: [] };
  write(w, compile(type, options.spec ?? DEFAULT_SPEC), value);
  return new Uint8Array(w.octets.subarray(w.at));
};
