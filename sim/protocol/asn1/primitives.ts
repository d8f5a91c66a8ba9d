/** Contents of primitive elements, both ways. ITU-T X.690 8.2-8.19. */
import { isUtf8 } from 'node:buffer';
import type { Compiled } from './compile.js';

/** At most six octets as a number, without sign. */
const unsigned = (octets: Uint8Array, start: number, end: number): number => {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + (octets[at] as number);
  return value;
};

/** Two's complement INTEGER of 1 to 16 octets: a number, or a bigint beyond 2^53; otherwise what was found. */
export const readInteger = (octets: Uint8Array, start: number, end: number): number | bigint | string => {
  const length = end - start;
  if (length === 0) return 'no octets';
  if (length > 16) return `${length} octets`;
  let at = start + ((length - 1) % 6) + 1;
  const first = unsigned(octets, start, at) - ((octets[start] as number) >= 0x80 ? 256 ** (at - start) : 0);
  if (at === end) return first;
  let value = BigInt(first);
  for (; at < end; at += 6) value = (value << 48n) | BigInt(unsigned(octets, at, at + 6));
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
};

/** The shortest two's complement of an integer. */
export const integerOctets = (value: number | bigint): Uint8Array => {
  const octets: number[] = [];
  let rest = BigInt(value);
  do {
    octets.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!((rest === 0n && (octets[0] as number) < 0x80) || (rest === -1n && (octets[0] as number) >= 0x80)));
  return Uint8Array.from(octets);
};

/** More bits than any BIT STRING of the specifications has. */
const MAX_BITS = 256;
/** Every octet as eight binary digits. */
const DIGITS = Array.from({ length: 256 }, (_, octet) => octet.toString(2).padStart(8, '0'));

/** UTF-8 text, or undefined when the octets are none. */
export const readText = (octets: Uint8Array, start: number, end: number): string | undefined => {
  const text = Buffer.from(octets.buffer, octets.byteOffset + start, end - start);
  return isUtf8(text) ? text.toString('utf8') : undefined;
};

/**
 * Names of the bits set (unknown ones as `bit17`), or a text of 0 and 1 for a BIT STRING without names. `problem`: it
 * is none; `form`: what DER does not permit in it.
 */
export const readBits = (
  octets: Uint8Array,
  start: number,
  end: number,
  c: Compiled,
): { readonly value?: readonly string[] | string; readonly problem?: string; readonly form?: string } => {
  if (end === start) return { problem: 'no octets' };
  const named = c.type.names !== undefined;
  const unused = octets[start] as number;
  if (unused > 7 || (end - start === 1 && unused > 0)) return { problem: `${unused} unused bits in ${end - start - 1} octets` };
  const count = (end - start - 1) * 8 - unused;
  if (count > MAX_BITS) return { problem: `${count} bits` };
  const isSet = (bit: number) => (((octets[start + 1 + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1) === 1;
  const padding = unused > 0 && ((octets[end - 1] as number) & ((1 << unused) - 1)) !== 0;
  if (!named) {
    // From whole octets: a text put together from single characters takes 32 times as much memory.
    const digits: (string | undefined)[] = [];
    for (let at = start + 1; at < end; at++) digits.push(DIGITS[octets[at] as number]);
    return { value: digits.join('').slice(0, count), ...(padding ? { form: 'padding bits set' } : {}) };
  }
  const value: string[] = [];
  for (let bit = 0; bit < count; bit++) if (isSet(bit)) value.push(c.bitNames[bit] ?? `bit${bit}`);
  const form = padding ? 'padding bits set' : count > 0 && !isSet(count - 1) ? `trailing zero bits (${count} bits)` : undefined;
  return { value, ...(form ? { form } : {}) };
};

/** Content octets of a BIT STRING from the positions set; trailing zero bits removed. */
export const bitOctets = (positions: readonly number[], length = Math.max(-1, ...positions) + 1): Uint8Array => {
  const octets = new Uint8Array(1 + Math.ceil(length / 8));
  octets[0] = (8 - (length % 8)) % 8;
  for (const bit of positions) octets[1 + (bit >> 3)] = (octets[1 + (bit >> 3)] as number) | (0x80 >> (bit & 7));
  return octets;
};

/** Dotted OBJECT IDENTIFIER, or undefined when malformed or longer than any in use. */
export const readOid = (octets: Uint8Array, start: number, end: number): string | undefined => {
  if (end === start || end - start > 64 || (octets[end - 1] as number) >= 0x80) return undefined;
  const arcs: (number | bigint)[] = [];
  // An arc is a number up to seven groups of seven bits; beyond, seven at a time go into the bigint.
  let high = 0n;
  let low = 0;
  let groups = 0;
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number;
    if (groups === 0 && octet === 0x80) return undefined;
    low = low * 128 + (octet & 0x7f);
    groups++;
    if (octet >= 0x80) {
      if (groups % 7 === 0) {
        high = (high << 49n) | BigInt(low);
        low = 0;
      }
      continue;
    }
    const arc = groups <= 7 ? low : (high << BigInt(7 * (((groups - 1) % 7) + 1))) | BigInt(low);
    if (arcs.length > 0) arcs.push(arc);
    else if (typeof arc === 'bigint') arcs.push(2, arc - 80n);
    else arcs.push(Math.min(2, Math.floor(arc / 40)), arc < 80 ? arc % 40 : arc - 80);
    high = 0n;
    low = 0;
    groups = 0;
  }
  return arcs.join('.');
};

/** Content octets of a dotted OBJECT IDENTIFIER, or undefined when the text is none. */
export const oidOctets = (dotted: string): Uint8Array | undefined => {
  if (!/^[0-2](\.(0|[1-9]\d*))+$/.test(dotted)) return undefined;
  const [top = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (top < 2n && second > 39n) return undefined;
  return Uint8Array.from(
    [top * 40n + second, ...rest].flatMap(arc => {
      const groups = [Number(arc & 0x7fn)];
      for (let more = arc >> 7n; more > 0n; more >>= 7n) groups.unshift(Number(more & 0x7fn) | 0x80);
      return groups;
    }),
  );
};
