import { createHash } from 'node:crypto';
import { concat, tlv } from '../asn1/tlv.js';

/** What distinguishes one made-up profile from another. */
export interface TestProfile {
  /** 10 octets as on the card, digits swapped within each octet or not: it is copied as it is. */
  readonly iccid: Uint8Array;
  /** Profile type shown in the header. */
  readonly name: string;
  /** Octets of the whole unprotected profile package, at least 100. */
  readonly size: number;
}

// The same octets on every machine; they only have to be hard to compress and to confuse with one another.
const filler = (seed: Uint8Array, length: number): Uint8Array =>
  length === 0 ? new Uint8Array() : createHash('shake256', { outputLength: length }).update(seed).digest();

const identification = (number: number, length: number): Uint8Array => {
  const octets = new Uint8Array(length);
  octets[length - 1] = number;
  octets[0] = length === 1 ? number : 1;
  return tlv(0x81, octets);
};

const header = (profile: TestProfile): Uint8Array =>
  tlv(
    0xa0,
    tlv(0x80, Uint8Array.of(2)),
    tlv(0x81, Uint8Array.of(1)),
    tlv(0x82, new TextEncoder().encode(profile.name)),
    tlv(0x83, profile.iccid),
    tlv(0xa5, tlv(0x81)),
    tlv(0xa6, tlv(0x06, Uint8Array.of(0x67, 0x81, 0x0f, 0x01, 0x02, 0x01))),
  );
const end = tlv(0xaa, tlv(0xa0, tlv(0x80), tlv(0x81, Uint8Array.of(2))));
const nonStandard = (content: Uint8Array, idLength: number): Uint8Array =>
  tlv(0xbf1f, tlv(0xa0, identification(1, idLength)), tlv(0x81, Uint8Array.of(0x88, 0x37)), tlv(0x82, content));

/** A non-standard element of exactly `size` octets, if its length fields allow that. */
const elementOf = (seed: Uint8Array, size: number): Uint8Array | undefined => {
  // Where the length field of the content grows one size is skipped; a longer identification fills the gap.
  for (let idLength = 1; idLength <= 4; idLength++) {
    const fixed = nonStandard(new Uint8Array(), idLength).length;
    for (let length = Math.max(0, size - fixed); length >= 0 && length >= size - fixed - 8; length--) {
      const element = nonStandard(filler(seed, length), idLength);
      if (element.length === size) return element;
    }
  }
  return undefined;
};

/**
 * Profile elements in the shape of the TCA interoperable profile package: a header, one or two non-standard elements
 * with arbitrary content, an end. Deterministic, exactly `size` octets; undefined when the size is too small.
 */
export const makeTestProfile = (profile: TestProfile): Uint8Array | undefined => {
  const first = header(profile);
  const room = profile.size - first.length - end.length;
  const single = elementOf(profile.iccid, room);
  if (single) return concat(first, single, end);
  // Where the length field of the element itself grows, only a second element fills the gap.
  const small = nonStandard(new Uint8Array(), 1);
  const large = elementOf(profile.iccid, room - small.length);
  return large && concat(first, small, large, end);
};
