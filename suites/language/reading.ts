/** Scalars read by type: the ASN.1 type of a field, not YAML, decides what a text means. */
import { fromHex, readTlv } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { kept, layout, layouts, word } from './layout.js';
import { didYouMean } from './spelling.js';

export type Reading = { readonly value: unknown } | { readonly problem: string; readonly hint?: string };

const listed = (names: Iterable<string>, most = 12): string => {
  const all = [...names];
  return all.length > most ? `${all.slice(0, most).join(', ')}, …` : all.join(', ');
};
const problem = (message: string, hint?: string): Reading => ({ problem: message, ...(hint ? { hint } : {}) });
const aOrAn = (noun: string): string => `${/^[AEIO]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** Names of numbers or bits in a version; of all versions while none is chosen. */
export const namesOf = kept(
  (type: Type, spec?: Spec): ReadonlyMap<string, number> => new Map(layouts(type, spec).flatMap(one => [...(one.names ?? [])])),
);

const notAValue = (text: string, type: Type, names: ReadonlyMap<string, number>): Reading =>
  problem(
    `"${text}" is not a value of this ${word(type)}${names.size > 0 ? `; known: ${listed(names.keys())}` : ''}`,
    didYouMean(text, names.keys()),
  );

const readInteger = (text: string, type: Type, spec?: Spec): Reading => {
  const names = namesOf(type, spec);
  const named = names.get(text);
  if (named !== undefined) return { value: named };
  if (!/^-?\d+$/.test(text)) return notAValue(text, type, names);
  const exact = BigInt(text);
  return { value: exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact };
};

const swapNibbles = (digits: string): string => digits.padEnd(20, 'F').replace(/(.)(.)/g, '$2$1');
/** An ICCID may be written as printed on the card (89…), a version with points; both stand otherwise on the wire. */
const spelling = (text: string, type: Type): string => {
  if (type.name === 'Iccid' && /^89\d{16,18}$/.test(text)) return swapNibbles(text);
  if (type.name === 'VersionType' && /^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(text))
    return text
      .split('.')
      .map(part => Number(part).toString(16).padStart(2, '0'))
      .join('');
  return text;
};

const readOctets = (text: string, type: Type): Reading => {
  const octets = fromHex(spelling(text, type));
  return octets ? { value: octets } : problem(`"${text}" is not a value of this OCTET STRING; expected hex digits in pairs`);
};

const readComplete = (text: string, kind: string): Reading => {
  const octets = fromHex(text);
  const outer = octets && readTlv(octets);
  return octets && outer?.end === octets.length
    ? { value: octets }
    : problem(`"${text}" is not a value of this ${kind}; expected one complete TLV in hex`);
};

/** Reads a literal text as a value of a type; without a type it stays text. */
export const readScalar = (text: string, type: Type | undefined, spec?: Spec): Reading => {
  if (type === undefined) return { value: text };
  const one = layout(type, spec);
  switch (one.kind) {
    case 'integer':
      return readInteger(text, type, spec);
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { value: text === 'true' }
        : problem(`"${text}" is not a value of this BOOLEAN; known: true, false`);
    case 'null':
      return text === 'present'
        ? { value: null }
        : problem(`"${text}" is not a value of this NULL; known: present`, 'left out is written $absent');
    case 'octets':
      return readOctets(text, one);
    case 'utf8':
      return { value: text };
    case 'oid':
      return /^[0-2](\.\d+)+$/.test(text)
        ? { value: text }
        : problem(`"${text}" is not a value of this OBJECT IDENTIFIER; expected dotted numbers`);
    case 'der':
      return readComplete(text, 'DER object');
    case 'open':
      return readComplete(text, 'open type');
    case 'bits':
      if (one.names === undefined)
        return /^[01]*$/.test(text) ? { value: text } : problem(`"${text}" is not a value of this BIT STRING; expected a text of 0 and 1`);
      return problem(`expected a list of bit names for this BIT STRING, got "${text}"`, `write [${text}]`);
    case 'choice':
      return problem(
        `expected an alternative of this CHOICE, got "${text}"`,
        `alternatives: ${listed((one.fields ?? []).map(f => f.name))}`,
      );
    default:
      return problem(`expected ${aOrAn(word(type))}, got "${text}"`);
  }
};

/** Reads the name of one bit; positions without a name are written `bit17`. */
export const readBit = (text: string, type: Type, spec?: Spec): Reading => {
  const names = namesOf(type, spec);
  return names.has(text) || /^bit\d{1,3}$/.test(text) ? { value: text } : notAValue(text, type, names);
};

/** What a literal of wrong size would need: undefined when the size fits or none is given. */
export const sizeProblem = (value: unknown, type: Type, spec?: Spec): string | undefined => {
  const size = layout(type, spec).size;
  const length = value instanceof Uint8Array || typeof value === 'string' ? value.length : undefined;
  if (!size || length === undefined || (length >= size[0] && length <= size[1])) return undefined;
  const unit = value instanceof Uint8Array ? 'octets' : 'characters';
  return `expected ${size[0] === size[1] ? size[0] : `${size[0]}..${size[1]}`} ${unit}, got ${length}`;
};
