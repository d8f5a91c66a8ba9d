/** JSON members ⇄ fields of a DER message, octet for octet: signed objects are never taken apart. SGP.22 6.5.2 */
import type { Decoded, Element } from '#protocol/asn1/element.js';
import { octetsOf, retagged } from '#protocol/asn1/element.js';
import { hex, readTlv, tagHex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import type { TransportCheck } from './binding.js';
import type { JsonMember } from './rsp-functions.js';

/** A JSON object as it was parsed. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object of a body, or why it is none. Never throws. */
export const parseObject = (body: Uint8Array): { readonly object: JsonObject } | { readonly problem: string } => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    return isObject(parsed)
      ? { object: parsed }
      : { problem: Array.isArray(parsed) ? 'a list' : `${parsed === null ? 'null' : typeof parsed}` };
  } catch (cause) {
    return { problem: body.length === 0 ? 'no body' : `${cause instanceof Error ? cause.message : cause}` };
  }
};
/** Whether a parsed JSON value is an object. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Own member of an object; names like `constructor` are no members. */
export const member = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

/** Fields read from JSON members, ready to encode; `readable` when none is missing or without octets. */
export interface ReadMembers {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly checks: readonly TransportCheck[];
  readonly readable: boolean;
  /** Names of the members that keep the message from being put together. */
  readonly missing: readonly string[];
  readonly malformed: readonly string[];
}

interface Read {
  /** Input for the encoder; undefined when there is nothing to encode. */
  readonly value?: unknown;
  readonly ok: boolean;
  readonly expected: string;
}

/** A JSON value in a few words. */
export const found = (value: unknown): string => {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** The octets of base64 text as in RFC 4648 section 4; undefined when it is none. */
export const fromBase64 = (value: unknown): Uint8Array | undefined => {
  if (typeof value !== 'string') return undefined;
  const octets = Buffer.from(value, 'base64');
  // Buffer skips what it does not understand; only base64 as in RFC 4648 section 4 comes back as the same text.
  return octets.toString('base64') === value ? new Uint8Array(octets) : undefined;
};

const readHex = (value: unknown): Read => {
  const expected = 'upper-case hex of 1 to 16 octets';
  if (typeof value !== 'string' || !/^(?:[0-9A-Fa-f]{2}){1,16}$/.test(value)) return { ok: false, expected };
  return { value: new Uint8Array(Buffer.from(value, 'hex')), ok: value === value.toUpperCase(), expected };
};

const readDer = (value: unknown, tags: readonly number[]): Read => {
  const expected = `base64 of one TLV with tag ${tags.map(tagHex).join(' or ')}`;
  const octets = fromBase64(value);
  const outer = octets && readTlv(octets);
  if (!octets || outer?.end !== octets.length || !tags.includes(outer.tag)) return { ok: false, expected };
  return { value: raw(octets), ok: true, expected };
};

const readEvents = (value: unknown): Read => {
  const expected = 'a list of objects with the texts eventId and rspServerAddress';
  if (!Array.isArray(value)) return { ok: false, expected };
  const entries = value.flatMap((entry: unknown) => {
    const [eventId, rspServerAddress] = isObject(entry) ? [member(entry, 'eventId'), member(entry, 'rspServerAddress')] : [];
    return typeof eventId === 'string' && typeof rspServerAddress === 'string' ? [{ eventId, rspServerAddress }] : [];
  });
  return entries.length === value.length ? { value: entries, ok: true, expected } : { ok: false, expected };
};

const readForm = (rule: JsonMember, value: unknown): Read => {
  switch (rule.form) {
    case 'hex':
      return readHex(value);
    case 'raw64': {
      const octets = fromBase64(value);
      return { ...(octets && { value: octets }), ok: octets !== undefined, expected: 'base64 of the value without tag and length' };
    }
    case 'der64':
      return readDer(value, rule.tags ?? []);
    case 'text':
      return typeof value === 'string' ? { value, ok: true, expected: 'text' } : { ok: false, expected: 'text' };
    case 'events':
      return readEvents(value);
  }
};

/** Reads the members of a function; each one is checked for presence and form. */
export const readMembers = (json: JsonObject, rules: readonly JsonMember[]): ReadMembers => {
  const fields: Record<string, unknown> = {};
  const checks: TransportCheck[] = [];
  const missing: string[] = [];
  const malformed: string[] = [];
  for (const rule of rules) {
    const given = member(json, rule.name) ?? (rule.alias === undefined ? undefined : member(json, rule.alias));
    const isPresent = given !== undefined;
    checks.push({
      what: `JSON member ${rule.name}`,
      expected: 'present',
      actual: isPresent ? 'present' : 'absent',
      ok: isPresent,
      requirement: 'SGP22-6.5.2-01',
    });
    if (!isPresent) {
      missing.push(rule.name);
      continue;
    }
    const { value, ok, expected } = readForm(rule, given);
    checks.push({ what: `form of ${rule.name}`, expected, actual: ok ? expected : found(given), ok, requirement: 'SGP22-6.5.2-02' });
    if (value === undefined) malformed.push(rule.name);
    else fields[rule.field] = value;
  }
  return { fields, checks, missing, malformed, readable: missing.length + malformed.length === 0 };
};

const contentOf = (message: Decoded, element: Element): Uint8Array => message.octets.subarray(element.content, element.end);
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** The TLV that a member carries: without the EXPLICIT tag of the field, and under the tag it has outside of the message. */
const standingAlone = (message: Decoded, element: Element, rule: JsonMember): Uint8Array => {
  if (rule.wrapped) return contentOf(message, element);
  const [tag = element.tag] = rule.tags ?? [];
  return rule.tags?.includes(element.tag) ? octetsOf(message, element) : retagged(message, element, tag);
};

const writeForm = (message: Decoded, element: Element, rule: JsonMember): unknown => {
  switch (rule.form) {
    case 'hex':
      return hex(contentOf(message, element));
    case 'raw64':
      return base64(contentOf(message, element));
    case 'der64':
      return base64(standingAlone(message, element, rule));
    case 'text':
      return Buffer.from(contentOf(message, element)).toString('utf8');
    case 'events':
      return element.children.map(entry =>
        Object.fromEntries(entry.children.map(c => [c.name, Buffer.from(contentOf(message, c)).toString('utf8')])),
      );
  }
};

/** The JSON members of a structure; a field that is not there gives no member. */
export const writeMembers = (message: Decoded, container: Element, rules: readonly JsonMember[]): Record<string, unknown> =>
  Object.fromEntries(
    rules.flatMap(rule => {
      const element = container.children.find(c => c.name === rule.field);
      return element ? [[rule.name, writeForm(message, element, rule)]] : [];
    }),
  );
