import { readOid } from '../asn1/primitives.js';
import { children, hex, readTlv, type Tlv, tagHex } from '../asn1/tlv.js';

/** Thrown while reading a certificate and caught by the function that reads the whole; never leaves this folder. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly code = 'malformed';
}

/** The TLVs of a constructed value, all of them: octets that belong to none are refused. */
export const members = (octets: Uint8Array, parent: Tlv, what: string): readonly Tlv[] => {
  const list = children(octets, parent);
  if ((list.at(-1)?.end ?? parent.content) !== parent.end) throw new Malformed(`${what}: octets that form no TLV`);
  return list;
};

/** The TLV, if it has the tag. */
export const need = (found: Tlv | undefined, tag: number, what: string): Tlv => {
  if (found?.tag !== tag) throw new Malformed(`${what}: expected tag ${tagHex(tag)}, got ${found ? tagHex(found.tag) : 'nothing'}`);
  return found;
};

/** The one TLV that an octet range consists of. */
export const only = (octets: Uint8Array, start: number, end: number, tag: number, what: string): Tlv => {
  const found = need(readTlv(octets, start, end), tag, what);
  if (found.end !== end) throw new Malformed(`${what}: ${end - found.end} octets after the TLV`);
  return found;
};

/** An OBJECT IDENTIFIER in dotted form. */
export const oidText = (octets: Uint8Array, found: Tlv | undefined, tag: number, what: string): string => {
  const { content, end } = need(found, tag, what);
  const text = readOid(octets, content, end);
  if (text === undefined) throw new Malformed(`${what}: ${hex(octets.subarray(content, end))} is no OBJECT IDENTIFIER`);
  return text;
};

/** The octets of a BIT STRING whose bits are whole octets. */
export const wholeBits = (octets: Uint8Array, found: Tlv | undefined, what: string): Uint8Array => {
  const { content, end } = need(found, 0x03, what);
  if (octets[content] !== 0 || end === content) throw new Malformed(`${what}: expected a BIT STRING without unused bits`);
  return octets.subarray(content + 1, end);
};

const TIMES: ReadonlyMap<number, RegExp> = new Map([
  [0x17, /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/],
  [0x18, /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/],
]);

/** A UTCTime or GeneralizedTime in the form RFC 5280 4.1.2.5 allows. */
export const time = (octets: Uint8Array, found: Tlv | undefined, what: string): Date => {
  const text = found ? Buffer.from(octets.subarray(found.content, found.end)).toString('latin1') : '';
  const parts = TIMES.get(found?.tag ?? 0)?.exec(text);
  if (!parts) throw new Malformed(`${what}: expected a UTCTime or GeneralizedTime that ends in seconds and Z, got ${JSON.stringify(text)}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const date = new Date(0);
  // Two digits below 50 are years of this century.
  date.setUTCFullYear(found?.tag === 0x18 ? year : year + (year < 50 ? 2000 : 1900), month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  if (same.join() !== [month, day, hour, minute, second].join()) throw new Malformed(`${what}: ${text} is no date`);
  return date;
};

const isMinimalLength = (octets: Uint8Array, found: Tlv): boolean => {
  const length = found.end - found.content;
  const octetsOfLength = length < 0x80 ? 1 : 1 + Math.ceil(Math.log2(length + 1) / 8);
  const high = (octets[found.start] as number) & 0x1f;
  // Certificates have no tags above 30, so that the identifier is one octet.
  return high === 0x1f || found.content - found.start === 1 + octetsOfLength;
};

// A certificate nests about ten deep; the limit keeps hostile input from exhausting the stack.
const DEEPEST = 32;

/** What in a TLV and all below it is BER but not DER: lengths, INTEGER, BOOLEAN. X.690 10.1, 8.3.2, 11.1 */
export const derFaults = (octets: Uint8Array, found: Tlv, path = '', depth = 0): readonly string[] => {
  const faults: string[] = [];
  if (depth > DEEPEST) return [`${path}: nested deeper than ${DEEPEST}`];
  const here = `${path}${tagHex(found.tag)}`;
  const first = octets[found.content] ?? 0;
  const second = octets[found.content + 1] ?? 0;
  const length = found.end - found.content;
  if (!isMinimalLength(octets, found)) faults.push(`${here}: length not in its shortest form`);
  if (found.tag === 0x02 && length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    faults.push(`${here}: INTEGER not in its shortest form`);
  }
  if (found.tag === 0x01 && (length !== 1 || (first !== 0 && first !== 0xff))) faults.push(`${here}: BOOLEAN other than 00 or FF`);
  if (found.constructed) for (const child of children(octets, found)) faults.push(...derFaults(octets, child, `${here}.`, depth + 1));
  return faults;
};
