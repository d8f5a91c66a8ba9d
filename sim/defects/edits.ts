/** Edits of encoded messages at a path of tags, the lengths around them corrected; what a faulty encoder would have written. */
import { children, readTlv, type Tlv, tlv, tlvContent, tlvOctets } from '#protocol/asn1/tlv.js';

/** Changes one complete TLV; no octets remove it. */
export type Change = (element: Uint8Array) => Uint8Array;

const NO_OCTETS = new Uint8Array();

const inside = (octets: Uint8Array, t: Tlv, path: readonly number[], change: Change): Uint8Array => {
  const [tag, ...rest] = path;
  if (tag === undefined) return change(tlvOctets(octets, t));
  const members = children(octets, t);
  const found = members.find(member => member.tag === tag);
  if (!found) return tlvOctets(octets, t);
  return tlv(t.tag, ...members.map(m => (m === found ? inside(octets, m, rest, change) : tlvOctets(octets, m))));
};

/**
 * Changes the first TLV at a path of tags below the outermost TLV, e.g. `A0 A3 5A` for the ICCID of an enable in
 * EuiccPackageSigned; the empty path is the whole. Octets without such a TLV stay as they are.
 */
export const edit = (octets: Uint8Array, path: string, change: Change): Uint8Array => {
  const outer = readTlv(octets);
  const tags = path.split(' ').filter(tag => tag !== '');
  return outer
    ? inside(
        octets,
        outer,
        tags.map(tag => Number.parseInt(tag, 16)),
        change,
      )
    : octets;
};

/** The content of the TLV at a path, undefined when there is none. */
export const contentAt = (octets: Uint8Array, path: string): Uint8Array | undefined => {
  let found: Uint8Array | undefined;
  edit(octets, path, element => {
    const t = readTlv(element);
    found = t && tlvContent(element, t);
    return element;
  });
  return found;
};

/** Leaves the TLV out. */
export const removed: Change = () => NO_OCTETS;

/** Gives the TLV another tag. */
export const retagged =
  (tag: number): Change =>
  element => {
    const t = readTlv(element);
    return t ? tlv(tag, tlvContent(element, t)) : element;
  };

/** Gives the TLV another content, made from the one it has. */
export const contained =
  (change: (content: Uint8Array) => Uint8Array): Change =>
  element => {
    const t = readTlv(element);
    return t ? tlv(t.tag, change(tlvContent(element, t))) : element;
  };

/** Turns the last bit of the octets around. */
export const spoilt: Change = octets => octets.map((octet, i) => (i === octets.length - 1 ? octet ^ 1 : octet));
