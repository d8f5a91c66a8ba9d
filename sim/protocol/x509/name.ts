import { oidOctets } from '../asn1/primitives.js';
import { type Tlv, tlv, tlvContent, tlvOctets } from '../asn1/tlv.js';
import { ATTRIBUTES } from './oids.js';
import { Malformed, members, need, oidText } from './reader.js';

/** One attribute of a name, e.g. `{ type: 'CN', value: 'Test CI' }`; a type without short name is a dotted identifier. */
export interface Attribute {
  readonly type: string;
  readonly value: string;
}

/** A distinguished name as received: complete octets, and the attributes in their order. RFC 5280 4.1.2.4 */
export interface DistinguishedName {
  readonly octets: Uint8Array;
  readonly attributes: readonly Attribute[];
}

const SHORT_NAMES = new Map(Object.entries(ATTRIBUTES).map(([name, oid]) => [oid, name]));
// X.520 prescribes PrintableString for these; the rest is UTF8String as in the SGP.26 certificates.
const PRINTABLE = new Set(['C', 'serialNumber']);
const STRING_TAGS = new Set([0x0c, 0x13, 0x14, 0x16, 0x1e]);

const text = (octets: Uint8Array, value: Tlv): string => {
  const content = Buffer.from(tlvContent(octets, value));
  if (value.tag === 0x1e) return content.length % 2 === 0 ? content.swap16().toString('utf16le') : content.toString('latin1');
  return content.toString(value.tag === 0x0c ? 'utf8' : 'latin1');
};

/** Reads a Name that starts at a SEQUENCE; throws Malformed. */
export const readName = (octets: Uint8Array, found: Tlv | undefined, what: string): DistinguishedName => {
  const name = need(found, 0x30, what);
  const attributes = members(octets, name, what).flatMap(set =>
    members(octets, need(set, 0x31, what), what).map(pair => {
      const [type, value, more] = members(octets, need(pair, 0x30, what), what);
      const oid = oidText(octets, type, 0x06, what);
      if (!value || more || !STRING_TAGS.has(value.tag)) throw new Malformed(`${what}: expected one string for attribute ${oid}`);
      return { type: SHORT_NAMES.get(oid) ?? oid, value: text(octets, value) };
    }),
  );
  return { octets: tlvOctets(octets, name), attributes };
};

/** Encodes a Name with one attribute per RDN; throws a RangeError for an attribute that has neither short name nor identifier. */
export const nameOctets = (attributes: readonly Attribute[]): Uint8Array =>
  tlv(
    0x30,
    ...attributes.map(({ type, value }) => {
      const oid = oidOctets(ATTRIBUTES[type] ?? type);
      if (!oid) throw new RangeError(`expected ${Object.keys(ATTRIBUTES).join(', ')} or a dotted identifier, got ${type}`);
      const string = tlv(PRINTABLE.has(type) ? 0x13 : 0x0c, new TextEncoder().encode(value));
      return tlv(0x31, tlv(0x30, tlv(0x06, oid), string));
    }),
  );

/** The first value of an attribute. */
export const attribute = (name: DistinguishedName, type: string): string | undefined =>
  name.attributes.find(candidate => candidate.type === type)?.value;

/** A name for a message: `CN=Test CI, O=RSPTEST`. */
export const nameText = (name: DistinguishedName): string => name.attributes.map(({ type, value }) => `${type}=${value}`).join(', ');

/** The attributes of a text such as `C=ES, O=RSP Test EUM`; values cannot hold a comma followed by a blank. */
export const attributesOf = (text: string): readonly Attribute[] =>
  text.split(', ').map(pair => {
    const [type = '', ...value] = pair.split('=');
    return { type, value: value.join('=') };
  });
