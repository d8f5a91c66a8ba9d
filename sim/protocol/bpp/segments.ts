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

/** A group cut where its rule says: the header alone or with the first block, then block by block. */
const cutGroup = (bpp: Uint8Array, group: Tlv, headerAlone: boolean, blocks: readonly Tlv[]): readonly Uint8Array[] => [
  ...(headerAlone ? [bpp.subarray(group.start, group.content)] : []),
  ...blocks.map((block, index) => bpp.subarray(index === 0 && !headerAlone ? group.start : block.start, block.end)),
];

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
    segments.push(...cutGroup(bpp, group, rule.headerAlone, blocks));
  }
  return segments;
};

/**
 * Cuts a wrong BoundProfilePackage at the same places, whatever stands in it and in whatever order: what has no rule goes
 * whole. Undefined when it is not a BF36 with whole elements in it.
 */
export const splitAnyhow = (bpp: Uint8Array): readonly Uint8Array[] | undefined => {
  const outer = readTlv(bpp);
  if (outer?.tag !== 0xbf36 || outer.end !== bpp.length) return undefined;
  const [first, ...groups] = wholeChildren(bpp, outer) ?? [];
  if (!first) return undefined;
  const cut = groups.flatMap(group => {
    const rule = GROUPS.get(group.tag);
    const blocks = rule ? wholeChildren(bpp, group) : undefined;
    return rule && blocks ? cutGroup(bpp, group, rule.headerAlone, blocks) : [bpp.subarray(group.start, group.end)];
  });
  return [bpp.subarray(0, first.end), ...cut];
};
