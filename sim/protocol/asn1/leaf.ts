/** Values of elements without members: primitive contents, and objects kept whole. ITU-T X.690 8.2-8.19. */
import type { Compiled } from './compile.js';
import { readBits, readInteger, readOid, readText } from './primitives.js';
import { type Reader, report, snippet, view } from './reader.js';

/** The value of the element whose header is in the reader, with diagnostics for what is wrong in it. */
export const leafValue = (r: Reader, c: Compiled, start: number): unknown => {
  const { content, end, octets } = r;
  switch (c.kind) {
    case 'octets':
      if (c.type.size) checkSize(r, c.type.size, end - content, 'octets');
      return view(r, content, end);
    case 'integer': {
      const value = readInteger(octets, content, end);
      if (typeof value === 'string') {
        report(r, 'error', 'integer', content, 'an INTEGER of 1 to 16 octets', value);
        return undefined;
      }
      if (end - content > 1 && redundant(octets[content] as number, octets[content + 1] as number))
        report(r, 'der', 'integerForm', content, 'the shortest INTEGER', snippet(r, content, end));
      return value;
    }
    case 'utf8':
      return text(r, c);
    case 'null':
      if (end !== content) report(r, 'error', 'null', content, 'no content', snippet(r, content, end));
      return null;
    case 'boolean': {
      if (end - content !== 1) {
        report(r, 'error', 'boolean', content, 'one octet', `${end - content}`);
        return undefined;
      }
      const octet = octets[content];
      if (octet !== 0 && octet !== 0xff) report(r, 'der', 'booleanForm', content, '00 or FF', snippet(r, content, end));
      return octet !== 0;
    }
    case 'bits': {
      const { value, problem, form } = readBits(octets, content, end, c);
      if (problem) report(r, 'error', 'bits', content, 'a BIT STRING', problem);
      else if (form) report(r, 'der', 'bitsForm', content, 'unused and trailing bits zero and removed', form);
      return value;
    }
    case 'oid': {
      const value = readOid(octets, content, end);
      if (value === undefined) report(r, 'error', 'oid', content, 'an OBJECT IDENTIFIER', snippet(r, content, end));
      return value;
    }
    case 'der':
      // X.509 objects lose their tag 30 under an implicit tag; readers of certificates want it back.
      return r.tag === 0x30 ? view(r, start, r.next) : withSequenceTag(r, start);
    default:
      return view(r, start, r.next);
  }
};

const redundant = (first: number, second: number): boolean => (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);

const checkSize = (r: Reader, size: readonly [number, number], found: number, unit: string): void => {
  const min = size[0];
  const max = size[1];
  if (found < min || found > max) report(r, 'error', 'size', r.content, `${min === max ? min : `${min}..${max}`} ${unit}`, `${found}`);
};

const text = (r: Reader, c: Compiled): string | undefined => {
  const { octets, content, end } = r;
  let all = 0;
  for (let at = content; at < end; at++) all |= octets[at] as number;
  if (all < 0x80) {
    r.latin1 ??= Buffer.from(r.buffer, r.base, octets.length).toString('latin1');
    if (c.type.size) checkSize(r, c.type.size, end - content, 'characters');
    return r.latin1.slice(content, end);
  }
  const value = readText(octets, content, end);
  if (value === undefined) report(r, 'error', 'utf8', content, 'UTF-8 text', snippet(r, content, end));
  else if (c.type.size) checkSize(r, c.type.size, characters(r), 'characters');
  return value;
};
/** Code points of UTF-8: all octets but those that continue one. */
const characters = ({ octets, content, end }: Reader): number => {
  let count = 0;
  for (let at = content; at < end; at++) if (((octets[at] as number) & 0xc0) !== 0x80) count++;
  return count;
};

const withSequenceTag = (r: Reader, start: number): Uint8Array => {
  const tagLength = r.tag > 0xffffff ? 4 : r.tag > 0xffff ? 3 : r.tag > 0xff ? 2 : 1;
  const copy = new Uint8Array(r.next - start - tagLength + 1);
  copy[0] = 0x30;
  copy.set(r.octets.subarray(start + tagLength, r.next), 1);
  return copy;
};
