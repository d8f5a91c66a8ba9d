import { children, readTlv, type Tlv } from '../asn1/tlv.js';

/** Groups of protected blocks in a BoundProfilePackage, and whether the first block travels with the group's header. SGP.22 2.5.5, 5.7.6 */
const GROUPS: ReadonlyMap<number, { readonly block: number; readonly headerAlone: boolean }> = new Map([
  [0xa0, { block: 0x87, headerAlone: false }],
  [0xa1, { block: 0x88, headerAlone: true }],
  [0xa2, { block: 0x87, headerAlone: false }],
  [0xa3, { block: 0x86, headerAlone: true }],
]);

const wholeChildren = (octets: Uint8Array, parent: Tlv): readonly Tlv[] | undefined => {
  const list = children(octets, parent);
  return (list.at(-1)?.end ?? parent.content) === parent.end ? list : undefined;
};

/**
 * Cuts a BoundProfilePackage where LoadBoundProfilePackage wants a new chain of STORE DATA; the segments together are
 * the package. Undefined when it is not a BF36 with BF23, A0, A1, perhaps A2, and A3 that hold blocks of their tag. SGP.22 5.7.6
 */
export const splitSegments = (bpp: Uint8Array): readonly Uint8Array[] | undefined => {
  const outer = readTlv(bpp);
  if (outer?.tag !== 0xbf36 || outer.end !== bpp.length) return undefined;
  const [initialise, ...groups] = wholeChildren(bpp, outer) ?? [];
  if (initialise?.tag !== 0xbf23) return undefined;
  const order = groups.map(group => group.tag.toString(16)).join(' ');
  if (order !== 'a0 a1 a3' && order !== 'a0 a1 a2 a3') return undefined;
  const segments = [bpp.subarray(0, initialise.end)];
  for (const group of groups) {
    const rule = GROUPS.get(group.tag);
    const blocks = wholeChildren(bpp, group);
    if (!rule || !blocks || blocks.length === 0 || blocks.some(block => block.tag !== rule.block)) return undefined;
    if (rule.headerAlone) segments.push(bpp.subarray(group.start, group.content));
    for (const [index, block] of blocks.entries()) {
      const start = index === 0 && !rule.headerAlone ? group.start : block.start;
      segments.push(bpp.subarray(start, block.end));
    }
  }
  return segments;
};
