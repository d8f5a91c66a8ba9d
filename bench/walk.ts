/** The yardstick: the least that any reader of TLVs with offsets has to do. No types, no values, no checks. */

/** One TLV: offsets into the octets it was read from. */
export interface Node {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  readonly children: readonly Node[];
}

const NONE: readonly Node[] = [];

/** All TLVs between two offsets, nested by the constructed bit. Trusts its input. */
export const walk = (octets: Uint8Array, from = 0, to = octets.length): Node[] => {
  const nodes: Node[] = [];
  for (let at = from; at < to; ) {
    const start = at;
    const first = octets[at++] as number;
    let tag = first;
    if ((first & 0x1f) === 0x1f) for (let octet = 0x80; octet >= 0x80; tag = tag * 256 + octet) octet = octets[at++] as number;
    let length = octets[at++] as number;
    if (length >= 0x80) {
      let octetsLeft = length & 0x7f;
      for (length = 0; octetsLeft > 0; octetsLeft--) length = length * 256 + (octets[at++] as number);
    }
    nodes.push({ tag, start, content: at, end: at + length, children: first & 0x20 ? walk(octets, at, at + length) : NONE });
    at += length;
  }
  return nodes;
};

/** How many TLVs there are. */
export const count = (nodes: readonly Node[]): number => nodes.reduce((sum, node) => sum + 1 + count(node.children), 0);
