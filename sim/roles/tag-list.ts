/** Tag lists of ProfileInfoListRequest and IpaEuiccDataRequest. SGP.22 5.7.15, SGP.32 2.11.1.2 */
import { hex } from '#protocol/asn1/tlv.js';

/** Tags one after the other, as tagList carries them; undefined when the last one is cut off. */
export const readTagList = (octets: Uint8Array): readonly string[] | undefined => {
  const tags: string[] = [];
  for (let at = 0; at < octets.length; ) {
    let end = at + 1;
    if (((octets[at] as number) & 0x1f) === 0x1f) {
      while (end < octets.length && (octets[end] as number) >= 0x80) end++;
      end++;
    }
    if (end > octets.length) return undefined;
    tags.push(hex(octets.subarray(at, end)));
    at = end;
  }
  return tags;
};
