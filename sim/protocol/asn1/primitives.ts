/** Contents of primitive elements, both ways. ITU-T X.690 8.2-8.19. */
import type { Compiled } from './compile.js';

/** Two's complement INTEGER of 1 to 16 octets: a number, or a bigint beyond 2^53; otherwise what was found. */
export const readInteger = (octets: Uint8Array, start: number, end: number): number | bigint | string => {
  const length = end - start;
  if (length === 0) return 'no octets';
  if (length > 16) return `${length} octets`;
  const first = octets[start] as number;
  if (length <= 6) {
    let value = first >= 0x80 ? first - 0x100 : first;
    for (let at = start + 1; at < end; at++) value = value * 256 + (octets[at] as number);
    return value;
  }
  let value = BigInt(first >= 0x80 ? first - 0x100 : first);
  for (let at = start + 1; at < end; at++) value = (value << 8n) | BigInt(octets[at] as number);
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

/** More bits than any BIT STRING of the specifications names. */
const MAX_BITS = 1000;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** UTF-8 text, or undefined when the octets are none. */
export const readText = (octets: Uint8Array, start: number, end: number): string | undefined => {
  try {
    return strict.decode(octets.subarray(start, end));
  } catch {
    return undefined;
  }
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
    let text = '';
    for (let bit = 0; bit < count; bit++) text += isSet(bit) ? '1' : '0';
    return { value: text, ...(padding ? { form: 'padding bits set' } : {}) };
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
  let arc = 0n;
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number;
    if (arc === 0n && octet === 0x80) return undefined;
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const top = arc < 80n ? arc / 40n : 2n;
      arcs.push(top, arc - top * 40n);
    } else arcs.push(arc);
    arc = 0n;
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
