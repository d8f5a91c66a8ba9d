/** Changes to the octets of a message that keep every length around them right, down to the form in which it was written. */
import { children, concat, lengthOctets, readTlv, type Tlv, tagOctets } from '#protocol/asn1/tlv.js';

/** A length in at least that many octets behind the first one; 0 is the shortest form there is. */
const lengthWith = (length: number, count: number): Uint8Array => {
  const shortest = lengthOctets(length);
  const least = shortest.length - 1;
  if (count <= least) return shortest;
  const octets = new Uint8Array(count + 1);
  octets[0] = 0x80 | count;
  for (let i = count, rest = length; i > 0; i--, rest = Math.floor(rest / 256)) octets[i] = rest % 256;
  return octets;
};

const lengthField = (t: Tlv): number => t.content - t.start - tagOctets(t.tag).length;
/** A length that was longer than needed on purpose stays so when the content changes. */
const rewritten = (t: Tlv, length: number): Uint8Array => {
  const size = lengthField(t);
  const onPurpose = size > lengthOctets(t.end - t.content).length;
  return lengthWith(length, onPurpose ? size - 1 : 0);
};

const withContent = (t: Tlv, content: Uint8Array): Uint8Array => concat(tagOctets(t.tag), rewritten(t, content.length), content);

/** The TLVs around a range, outermost first. */
const around = (octets: Uint8Array, start: number, end: number): readonly Tlv[] => {
  const found: Tlv[] = [];
  for (let t = readTlv(octets); t && t.content <= start && end <= t.end; ) {
    found.push(t);
    t = t.constructed ? children(octets, t).find(c => c.content <= start && end <= c.end) : undefined;
  }
  return found;
};

/** Puts octets in place of a complete element and corrects the lengths of all elements around it. */
export const replaceElement = (octets: Uint8Array, start: number, end: number, replacement: Uint8Array): Uint8Array => {
  let made = replacement;
  let from = start;
  let to = end;
  for (const t of around(octets, start, end).toReversed()) {
    made = withContent(t, concat(octets.subarray(t.content, from), made, octets.subarray(to, t.end)));
    from = t.start;
    to = t.end;
  }
  return concat(octets.subarray(0, from), made, octets.subarray(to));
};

/** Gives an element another content. */
export const replaceContent = (octets: Uint8Array, t: Tlv, content: Uint8Array): Uint8Array =>
  replaceElement(octets, t.start, t.end, withContent(t, content));

/** Writes the length of an element with one octet more than DER allows. */
export const lengthenLength = (octets: Uint8Array, t: Tlv): Uint8Array => {
  const content = octets.subarray(t.content, t.end);
  return replaceElement(octets, t.start, t.end, concat(tagOctets(t.tag), lengthWith(content.length, lengthField(t)), content));
};

/** Flips one bit; bit 0 is the most significant bit of the first octet, as ASN.1 counts. */
export const flipBit = (octets: Uint8Array, bit: number): Uint8Array =>
  octets.map((octet, i) => (i === bit >> 3 ? octet ^ (0x80 >> (bit & 7)) : octet));
