/** Reading identifiers and lengths one after the other, in DER and BER, with a diagnostic for whatever is wrong. ITU-T X.690 8.1. */
import type { DecodeDiagnostic, Severity } from './element.js';
import { hex } from './tlv.js';

/** More of one severity would only fill the memory. */
const MAX_DIAGNOSTICS = 100;
/** More than any message of the specifications has; a megabyte of empty elements must not become a gigabyte of objects. */
const MAX_ELEMENTS = 10_000;

/** One pass over a message: what was complained about so far, where we are, and the header read last. */
export interface Reader {
  readonly octets: Uint8Array;
  // What the octets are a view of: asking them for it costs more than reading an element.
  readonly buffer: ArrayBufferLike;
  readonly base: number;
  readonly diagnostics: DecodeDiagnostic[];
  readonly reported: Record<Severity, number>;
  /** Field names from the message to the structure being read. */
  readonly path: string[];
  elements: number;
  /** All octets as Latin-1, made when the first text is read: ASCII texts are slices of it. */
  latin1: string | undefined;
  // The header read last; kept here so that reading one allocates nothing.
  tag: number;
  content: number;
  /** End of the content, and of the element: they differ by the end-of-contents octets of an indefinite length. */
  end: number;
  next: number;
}

export const readerOf = (octets: Uint8Array): Reader => ({
  octets,
  buffer: octets.buffer,
  base: octets.byteOffset,
  diagnostics: [],
  reported: { error: 0, der: 0, note: 0 },
  path: [],
  elements: 0,
  latin1: undefined,
  tag: 0,
  content: 0,
  end: 0,
  next: 0,
});

/** Adds a diagnostic at the path of the reader; `offset` is that of the octet it is about. */
export const report = (r: Reader, severity: Severity, code: string, offset: number, expected: string, found: string): void => {
  if (++r.reported[severity] <= MAX_DIAGNOSTICS) r.diagnostics.push({ severity, code, path: r.path.join('.'), offset, expected, found });
};
/** Octets for a diagnostic: at most 16, then their number. */
export const snippet = (r: Reader, start: number, end: number): string => {
  if (end === start) return 'nothing';
  return end - start > 16 ? `${hex(r.octets.subarray(start, start + 16))}… (${end - start} octets)` : hex(r.octets.subarray(start, end));
};
/** Octets in place; no copy. */
export const view = (r: Reader, start: number, end: number): Uint8Array => new Uint8Array(r.buffer, r.base + start, end - start);

/** The message has too many elements and is read no further: what has not been seen is not missing. */
export const gaveUp = (r: Reader): boolean => r.elements > MAX_ELEMENTS;

/** Reads identifier and length at an offset into the reader; false when there is no element to go on with. */
export const header = (r: Reader, start: number, limit: number): boolean => {
  const { octets } = r;
  if (++r.elements > MAX_ELEMENTS) {
    if (r.elements === MAX_ELEMENTS + 1) report(r, 'error', 'elements', start, `at most ${MAX_ELEMENTS} elements`, 'more');
    return false;
  }
  let at = start;
  const first = octets[at++] as number;
  let tag = first;
  if ((first & 0x1f) === 0x1f) {
    let octet = 0x80;
    for (let n = 0; octet >= 0x80; n++) {
      if (at >= limit || n === 3) {
        report(r, 'error', 'tag', start, 'identifier octets', at >= limit ? 'end of data' : 'a tag of more than four octets');
        return false;
      }
      octet = octets[at++] as number;
      if (n === 0 && (octet === 0x80 || octet < 0x1f))
        report(r, 'der', 'tagForm', start, 'the shortest identifier', hex(octets.subarray(start, at)));
      tag = tag * 256 + octet;
    }
  }
  if (at >= limit) {
    report(r, 'error', 'length', at, 'a length octet', 'end of data');
    return false;
  }
  let length = octets[at++] as number;
  r.tag = tag;
  if (length >= 0x80) {
    if (length === 0x80) return indefinite(r, at, limit, (first & 0x20) !== 0);
    const count = length & 0x7f;
    if (at + count > limit) {
      report(r, 'error', 'length', at - 1, `${count} length octets`, `${limit - at}`);
      return false;
    }
    const lengthStart = at;
    length = 0;
    for (let n = 0; n < count; n++) length = length * 256 + (octets[at++] as number);
    if (length < 0x80 || octets[lengthStart] === 0)
      report(r, 'der', 'lengthForm', lengthStart - 1, 'the shortest length', snippet(r, lengthStart - 1, at));
  }
  r.content = at;
  r.end = at + length;
  if (r.end > limit) {
    report(r, 'error', 'truncated', at, `${length} octets of content`, `${limit - at}`);
    r.end = limit;
  }
  r.next = r.end;
  return true;
};

const indefinite = (r: Reader, content: number, limit: number, constructed: boolean): boolean => {
  r.content = content;
  r.end = limit;
  r.next = limit;
  if (!constructed) {
    report(r, 'error', 'length', content - 1, 'a definite length of a primitive element', '80');
    return true;
  }
  report(r, 'der', 'indefiniteLength', content - 1, 'a definite length', '80');
  const end = endOfContents(r.octets, content, limit);
  if (end < 0) report(r, 'error', 'truncated', content, 'end-of-contents octets 00 00', 'end of data');
  else {
    r.end = end;
    r.next = end + 2;
  }
  return true;
};

/** Offset of the 00 00 that ends an indefinite length; -1 when there is none. Iterative: nesting costs no stack. */
const endOfContents = (octets: Uint8Array, from: number, limit: number): number => {
  let depth = 1;
  for (let at = from; at + 1 < limit; ) {
    if (octets[at] === 0 && octets[at + 1] === 0) {
      if (--depth === 0) return at;
      at += 2;
      continue;
    }
    if (((octets[at++] as number) & 0x1f) === 0x1f) while (at < limit && (octets[at++] as number) >= 0x80);
    if (at >= limit) return -1;
    let length = octets[at++] as number;
    if (length === 0x80) {
      depth++;
      continue;
    }
    if (length > 0x80) {
      const count = length & 0x7f;
      if (count > 4) return -1;
      length = 0;
      for (let n = 0; n < count && at < limit; n++) length = length * 256 + (octets[at++] as number);
    }
    at += length;
  }
  return -1;
};
