import { readFileSync } from 'node:fs';
import { type AsnType, Constructed, fromBER } from 'asn1js';
import { expect } from 'chai';
import { typeNamed } from '../registry.js';
import { decode } from './decode.js';
import { type Element, elements } from './element.js';
import { encodeUntyped } from './encode.js';
import { octetsOfHex } from './testing.js';
import { hex } from './tlv.js';
import { SPECS } from './type.js';

type Row = readonly [name: string, type: string, module: 'SGP.32' | 'SGP.22', version: string, kind: string, hex: string];
const file = new URL('../../../../sim/protocol/fixtures/messages.ndjson', import.meta.url);
const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map((line): Row => JSON.parse(line));
const specOf = (version: string) => SPECS.find(spec => spec === version) ?? (version === '2.7' ? '1.3' : '1.2');

/** A TLV as another library sees it. */
interface Seen {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  readonly parent: Seen | undefined;
}

/** Identifier octets from class (1 universal … 4 private), number and form. */
const identifier = ({ tagClass, tagNumber, isConstructed }: AsnType['idBlock']): number => {
  const first = ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0);
  if (tagNumber < 31) return first | tagNumber;
  const groups = [tagNumber & 0x7f];
  for (let rest = tagNumber >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups.reduce((tag, group) => tag * 256 + group, first | 0x1f);
};

const list = (node: AsnType, start: number, parent?: Seen): readonly Seen[] => {
  const content = start + node.idBlock.blockLength + node.lenBlock.blockLength;
  const seen: Seen = { tag: identifier(node.idBlock), start, content, end: start + node.blockLength, parent };
  const inner: Seen[] = [];
  let at = content;
  if (node.idBlock.isConstructed && node instanceof Constructed)
    for (const child of node.valueBlock.value) {
      inner.push(...list(child, at, seen));
      at += child.blockLength;
    }
  return [seen, ...inner];
};

const place = (t: Pick<Seen, 'tag' | 'start' | 'content' | 'end'>): string => [t.tag.toString(16), t.start, t.content, t.end].join(' ');
const keptWhole = (element: Element): boolean => element.type.kind === 'der' || element.type.kind === 'open';

describe('another ASN.1 library', () => {
  it('sees the same tags and offsets in every known encoding', () => {
    const unlike: string[] = [];
    let compared = 0;
    for (const [name, typeName, module, version, , text] of rows) {
      const octets = octetsOfHex(text);
      const type = typeNamed(typeName, module) ?? expect.fail(typeName);
      const message = decode(type, octets, { spec: specOf(version) });
      const other = fromBER(octets, { parseEmbedded: false });
      expect(other.offset, name).to.equal(octets.length);

      const seen = list(other.result, 0);
      const places = new Set(seen.map(place));
      const ours = [...elements(message.root)].map(e => e.element);
      // All that we name is there …
      for (const element of ours) if (!places.has(place(element))) unlike.push(`${name}: only we see ${element.name} ${place(element)}`);
      // … and all that is there we name, but for what an EXPLICIT tag holds and what is inside of objects kept whole.
      const named = new Set(ours.map(place));
      const whole = ours.filter(keptWhole);
      for (const t of seen) {
        const explicitly = t.parent !== undefined && named.has(place(t.parent)) && t.start === t.parent.content && t.end === t.parent.end;
        const inside = whole.some(w => w.start < t.start && t.end <= w.end);
        if (!named.has(place(t)) && !explicitly && !inside) unlike.push(`${name}: only the other sees ${place(t)}`);
        compared++;
      }
    }
    expect(unlike).to.deep.equal([]);
    expect(compared).to.be.greaterThan(3000);
  });

  it('writes the same octets again as we do', () => {
    for (const [name, typeName, module, version, , text] of rows) {
      const octets = octetsOfHex(text);
      const type = typeNamed(typeName, module) ?? expect.fail(typeName);
      const spec = specOf(version);
      const ours = encodeUntyped(type, decode(type, octets, { spec }).value, { spec });
      const others = new Uint8Array(fromBER(octets, { parseEmbedded: false }).result.toBER());
      expect(hex(ours), name).to.equal(text);
      expect(hex(others), name).to.equal(text);
    }
  });
});
