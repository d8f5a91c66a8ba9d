/** JSON members ⇄ elements of an ESipa message, octet for octet: signed objects are never taken apart. SGP.32 6.4 */
import { integerOctets, readInteger } from '#protocol/asn1/primitives.js';
import {
  concat,
  fromHex,
  hex,
  readTlv,
  type Tlv,
  tagHex,
  tlv,
  children as tlvChildren,
  tlvContent,
  tlvOctets,
} from '#protocol/asn1/tlv.js';
import type { TransportCheck } from './binding.js';
import type { EsipaMember, EsipaMembers, EsipaOutcome } from './esipa-json-functions.js';
import { found, fromBase64, isObject, type JsonObject, member } from './rsp-json.js';

/** Ids of the requirements that members are checked against: those of requests, or those of responses. */
export interface MemberRequirements {
  readonly present: string;
  readonly form: string;
  readonly oneOf: string;
}

/** Elements put together from members. */
export interface ReadElements {
  readonly octets: Uint8Array;
  readonly checks: readonly TransportCheck[];
  /** How many members there were. */
  readonly count: number;
  /** Names of members that carry no octets at all: the message cannot be put together. */
  readonly malformed: readonly string[];
}

interface Form {
  /** The element, undefined when there is none to make. */
  readonly octets?: Uint8Array | undefined;
  readonly ok: boolean;
  readonly expected: string;
}

const inHex = (value: unknown): Uint8Array | undefined => (typeof value === 'string' && !/\s/.test(value) ? fromHex(value) : undefined);

/** The content of the element that a member of a primitive form stands for. */
const contentOf = ({ form }: EsipaMember, value: unknown): Form => {
  switch (form) {
    case 'hex': {
      const ok = typeof value === 'string' && /^(?:[0-9A-F]{2}){1,16}$/.test(value);
      return { octets: inHex(value), ok, expected: 'upper-case hex of 1 to 16 octets' };
    }
    case 'digits':
      return { octets: inHex(value), ok: typeof value === 'string' && /^\d{32}$/.test(value), expected: '32 decimal digits' };
    case 'text':
      return {
        octets: typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'utf8')) : undefined,
        ok: typeof value === 'string',
        expected: 'text',
      };
    case 'integer': {
      const ok = Number.isSafeInteger(value);
      return { octets: ok ? integerOctets(Number(value)) : undefined, ok, expected: 'an integer' };
    }
    case 'flag':
      return { octets: value === true ? Uint8Array.of() : undefined, ok: value === true, expected: 'true, or no member' };
    default: {
      const octets = fromBase64(value);
      return { octets, ok: octets !== undefined, expected: 'base64 of the value without tag and length' };
    }
  }
};

/** The element of a member whose TLV it carries. */
const elementOf = ({ tag, tags = [], wrapped }: EsipaMember, value: unknown): Form => {
  const expected = `base64 of one TLV with tag ${tags.map(tagHex).join(' or ')}`;
  const octets = fromBase64(value);
  const outer = octets && readTlv(octets);
  if (!octets || outer?.end !== octets.length || !tags.includes(outer.tag)) return { ok: false, expected };
  const inMessage = tag === undefined ? octets : tlv(tag, wrapped ? octets : tlvContent(octets, outer));
  return { octets: inMessage, ok: true, expected };
};

const readForm = (rule: EsipaMember, value: unknown, requirements: MemberRequirements): Form & { readonly within?: ReadElements } => {
  if (rule.form === 'der64') return elementOf(rule, value);
  const { tag = 0 } = rule;
  if (rule.form === 'object') {
    const within = isObject(value) ? readElements(value, { members: rule.members ?? [] }, requirements) : undefined;
    const octets = within?.malformed.length === 0 ? tlv(tag, within.octets) : undefined;
    return { octets, ok: within !== undefined, expected: 'an object', ...(within && { within }) };
  }
  const { octets, ...form } = contentOf(rule, value);
  return { ...form, octets: octets && tlv(tag, octets) };
};

/** Puts the elements together that members stand for, in the order of the message; one that is missing is missing there as well. */
export const readElements = (
  json: JsonObject,
  { members, oneOf, empty }: EsipaMembers & Pick<EsipaOutcome, 'empty'>,
  requirements: MemberRequirements,
): ReadElements => {
  const elements: Uint8Array[] = [];
  const checks: TransportCheck[] = [];
  const malformed: string[] = [];
  const given = members.filter(rule => member(json, rule.name) !== undefined);
  const rule = (what: string, expected: string, actual: string, ok: boolean, requirement: string) =>
    checks.push({ what, expected, actual, ok, requirement });
  if (oneOf) {
    const names = given.map(({ name }) => name).join(', ');
    const ok = given.length === 1 || (given.length === 0 && empty !== undefined);
    rule('JSON members', `one of ${members.map(({ name }) => name).join(', ')}`, names || 'none', ok, requirements.oneOf);
  }
  for (const one of members) {
    const isPresent = given.includes(one);
    if (!oneOf && !one.optional)
      rule(`JSON member ${one.name}`, 'present', isPresent ? 'present' : 'absent', isPresent, requirements.present);
    if (!isPresent) continue;
    const value = member(json, one.name);
    const { octets, ok, expected, within } = readForm(one, value, requirements);
    rule(`form of ${one.name}`, expected, ok ? expected : found(value), ok, requirements.form);
    checks.push(...(within?.checks ?? []));
    if (octets) elements.push(octets);
    else if (one.form !== 'flag') malformed.push(one.name);
  }
  return { octets: concat(...elements), checks, count: given.length, malformed };
};

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

const writeForm = (octets: Uint8Array, element: Tlv, rule: EsipaMember): unknown => {
  const content = tlvContent(octets, element);
  switch (rule.form) {
    case 'hex':
    case 'digits':
      return hex(content);
    case 'text':
      return Buffer.from(content).toString('utf8');
    case 'integer': {
      const value = readInteger(octets, element.content, element.end);
      // JSON has no integer for what is none in ASN.1; the octets go on as hex.
      return typeof value === 'number' ? value : hex(content);
    }
    case 'flag':
      return true;
    case 'raw64':
      return base64(content);
    case 'object':
      return writeElements(octets, tlvChildren(octets, element), rule.members ?? []);
    case 'der64': {
      const [tag = element.tag] = rule.tags ?? [];
      if (rule.wrapped) return base64(content);
      return base64(rule.tags?.includes(element.tag) ? tlvOctets(octets, element) : tlv(tag, content));
    }
  }
};

/** The members of elements; an element that is not there gives no member, one that no member stands for none either. */
export const writeElements = (octets: Uint8Array, elements: readonly Tlv[], members: readonly EsipaMember[]): JsonObject => {
  const left = [...elements];
  return Object.fromEntries(
    members.flatMap(rule => {
      const tags = rule.tag === undefined ? (rule.tags ?? []) : [rule.tag];
      const at = left.findIndex(({ tag }) => tags.includes(tag));
      const [element] = at < 0 ? [] : left.splice(at, 1);
      return element ? [[rule.name, writeForm(octets, element, rule)]] : [];
    }),
  );
};
