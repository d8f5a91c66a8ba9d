/** Tag-length-value octets without types: reading with bounds, and building. ITU-T X.690 8.1. */

/** A TLV in place: offsets into the octets it was read from. */
export interface Tlv {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  readonly constructed: boolean;
}

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0').toUpperCase());
/** Longer ones are faster in one native call. */
const SHORT = 64;

export const hex = (octets: Uint8Array): string => {
  if (octets.length > SHORT) return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex').toUpperCase();
  let text = '';
  for (const octet of octets) text += OCTETS[octet];
  return text;
};
/** Reads hex text (white space ignored); undefined when it is not hex. */
export const fromHex = (text: string): Uint8Array | undefined => {
  const compact = text.replace(/\s+/g, '');
  return compact.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(compact) ? new Uint8Array(Buffer.from(compact, 'hex')) : undefined;
};
export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  let at = 0;
  for (const part of parts) at += part.length;
  const all = new Uint8Array(at);
  at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

export const tagHex = (tag: number): string => {
  const text = tag.toString(16).toUpperCase();
  return text.length % 2 === 0 ? text : `0${text}`;
};
export const tagOctets = (tag: number): Uint8Array => {
  if (tag < 0x100) return Uint8Array.of(tag);
  if (tag < 0x10000) return Uint8Array.of(tag >> 8, tag & 0xff);
  if (tag < 0x1000000) return Uint8Array.of(tag >> 16, (tag >> 8) & 0xff, tag & 0xff);
  return Uint8Array.of(tag >>> 24, (tag >> 16) & 0xff, (tag >> 8) & 0xff, tag & 0xff);
};
export const isConstructed = (tag: number): boolean => {
  let first = tag;
  while (first > 0xff) first = Math.floor(first / 256);
  return (first & 0x20) !== 0;
};

export const lengthOctets = (length: number): Uint8Array => {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  if (length < 0x10000) return Uint8Array.of(0x82, length >> 8, length & 0xff);
  if (length < 0x1000000) return Uint8Array.of(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Uint8Array.of(0x84, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
};
/** Builds one TLV with a DER length; `tag` is the identifier octets as a number, e.g. 0x5F37. */
export const tlv = (tag: number, ...contents: readonly Uint8Array[]): Uint8Array => {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return concat(tagOctets(tag), lengthOctets(length), ...contents);
};

/** Tag and length of a TLV whose content may lie elsewhere; `content` is the offset after the length. */
export interface Header {
  readonly tag: number;
  readonly content: number;
  readonly length: number;
  readonly constructed: boolean;
}

/** Reads a definite length and a tag of at most four octets; undefined when the octets before `end` do not hold both. */
export const readHeader = (octets: Uint8Array, start = 0, end = octets.length): Header | undefined => {
  let at = start;
  if (at >= end) return undefined;
  const first = octets[at++] as number;
  let tag = first;
  if ((first & 0x1f) === 0x1f) {
    let more = true;
    for (let n = 0; more; n++) {
      if (at >= end || n === 3) return undefined;
      const octet = octets[at++] as number;
      tag = tag * 256 + octet;
      more = octet >= 0x80;
    }
  }
  if (at >= end) return undefined;
  let length = octets[at++] as number;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || at + count > end) return undefined;
    length = 0;
    for (let n = 0; n < count; n++) length = length * 256 + (octets[at++] as number);
  }
  return { tag, content: at, length, constructed: (first & 0x20) !== 0 };
};

/**
 * Reads the TLV that starts at an offset. Returns undefined when the octets before `end` do not hold one complete
 * TLV of definite length with a tag of at most four octets. Never reads out of bounds, never throws.
 */
export const readTlv = (octets: Uint8Array, start = 0, end = octets.length): Tlv | undefined => {
  const header = readHeader(octets, start, end);
  if (!header || header.length > end - header.content) return undefined;
  const { tag, content, length, constructed } = header;
  return { tag, start, content, end: content + length, constructed };
};

/** The TLVs of a constructed value, in order; stops at the first octets that are none. */
export const children = (octets: Uint8Array, parent: Tlv | undefined = readTlv(octets)): Tlv[] => {
  const list: Tlv[] = [];
  if (!parent) return list;
  for (let at = parent.content; at < parent.end; ) {
    const child = readTlv(octets, at, parent.end);
    if (!child) break;
    list.push(child);
    at = child.end;
  }
  return list;
};
export const tlvOctets = (octets: Uint8Array, t: Tlv): Uint8Array => octets.subarray(t.start, t.end);
export const tlvContent = (octets: Uint8Array, t: Tlv): Uint8Array => octets.subarray(t.content, t.end);
