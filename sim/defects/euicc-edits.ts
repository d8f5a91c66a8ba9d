/** Edits that deviations of an eUICC share, beside those of `edits.ts`. */
import { children, concat, fromHex, readTlv, tlvContent, tlvOctets } from '#protocol/asn1/tlv.js';
import { type Change, contained } from './edits.js';

/** Octets of a hex text that is known to be one. */
export const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

/** The TLVs that stand one behind the other. */
export const elementsOf = (list: Uint8Array): readonly Uint8Array[] =>
  children(list, { tag: 0, start: 0, content: 0, end: list.length, constructed: true }).map(member => tlvOctets(list, member));

/** Changes the list of elements in a TLV. */
export const rearranged = (change: (elements: readonly Uint8Array[]) => readonly Uint8Array[]): Change =>
  contained(list => concat(...change(elementsOf(list))));

/** Changes every element in a TLV. */
export const each = (change: Change): Change => rearranged(elements => elements.map(change));

/** Leaves the tag and length of a TLV out, and only its content there. */
export const unwrapped: Change = element => {
  const t = readTlv(element);
  return t ? tlvContent(element, t) : element;
};
