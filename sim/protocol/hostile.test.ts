import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { decode } from './asn1/decode.js';
import { printTlv, printTree } from './asn1/print.js';
import { concat, readHeader, tlv } from './asn1/tlv.js';
import {
  bits,
  bitText,
  boolean,
  choice,
  integer,
  octets,
  oid,
  open,
  optional,
  sequence,
  sequenceOf,
  type Type,
  utf8,
} from './asn1/type.js';
import { EsipaMessageFromIpaToEim } from './iot/esipa.js';
import { PendingNotificationList } from './iot/notification.js';
import { EuiccPackageResultList } from './iot/result.js';
import { BoundProfilePackage } from './rsp/download.js';

const MEGABYTE = 1_000_000;
const repeated = (pattern: readonly number[], times = Math.floor(MEGABYTE / pattern.length)): Uint8Array => {
  const all = new Uint8Array(pattern.length * times);
  for (let at = 0; at < all.length; at += pattern.length) all.set(pattern, at);
  return all;
};
/** SEQUENCEs inside of one another, each with its length. */
const nested = (): Uint8Array => {
  const all = new Uint8Array(MEGABYTE - (MEGABYTE % 6));
  const view = new DataView(all.buffer);
  for (let at = 0; at < all.length; at += 6) {
    view.setUint16(at, 0x3084);
    view.setUint32(at + 2, all.length - at - 6);
  }
  return all;
};

const Anything = sequence('30', {
  a: optional(choice(undefined, { x: utf8('80'), y: sequenceOf('A1', octets('04')) })),
  b: optional(octets('81')),
});
const List = sequenceOf('30', Anything);
const shapes: readonly (readonly [name: string, type: Type, octets: Uint8Array])[] = [
  ['deep nesting', List, nested()],
  ['deep nesting of indefinite length', List, repeated([0x30, 0x80])],
  ['deep nesting of indefinite length with every end', List, concat(repeated([0x30, 0x80], MEGABYTE / 4), repeated([0, 0], MEGABYTE / 4))],
  ['empty items', EuiccPackageResultList, tlv(0x30, repeated([0xbf, 0x51, 0x00]))],
  ['empty items of indefinite length', List, tlv(0x30, repeated([0x30, 0x80, 0, 0]))],
  ['items of another type', PendingNotificationList, tlv(0x30, repeated([0x05, 0x00]))],
  ['empty blocks', BoundProfilePackage, tlv(0xbf36, tlv(0xa3, repeated([0x86, 0x00])))],
  ['the same member again and again', EsipaMessageFromIpaToEim, tlv(0xbf4f, repeated([0x5a, 0x00]))],
  ['unknown members', Anything, tlv(0x30, repeated([0x9f, 0x7f, 0x00]))],
  ['unknown members before a known one', Anything, tlv(0x30, repeated([0x9f, 0x7f, 0x00]), tlv(0x81))],
  ['lengths longer than needed', List, tlv(0x30, repeated([0x30, 0x84, 0, 0, 0, 0]))],
  ['the longest length octets', List, concat(Uint8Array.of(0x30, 0xfe), new Uint8Array(MEGABYTE))],
  ['one long ASCII text', utf8(), tlv(0x0c, repeated([0x41]))],
  ['one long text of other characters', utf8('0C', 1, 128), tlv(0x0c, repeated([0xf0, 0x9f, 0x98, 0x80]))],
  ['one long text that is none', utf8(), tlv(0x0c, repeated([0x41]), Uint8Array.of(0xff))],
  ['many short texts', sequenceOf('30', utf8()), tlv(0x30, repeated([0x0c, 0x02, 0xc3, 0xbc]))],
  ['one long INTEGER', integer(), tlv(0x02, repeated([0x41]))],
  ['many long INTEGERs', sequenceOf('30', integer()), tlv(0x30, repeated([0x02, 0x10, ...new Array<number>(16).fill(0x7f)]))],
  ['one long OBJECT IDENTIFIER', oid(), tlv(0x06, repeated([0x81]), Uint8Array.of(1))],
  ['many long OBJECT IDENTIFIERs', sequenceOf('30', oid()), tlv(0x30, repeated([0x06, 0x40, ...new Array<number>(63).fill(0xff), 0x7f]))],
  ['one long BIT STRING', bits('80', { a: 0 }), tlv(0x80, Uint8Array.of(0), repeated([0xff]))],
  ['many BIT STRINGs', sequenceOf('30', bitText()), tlv(0x30, repeated([0x03, 0x21, 0, ...new Array<number>(32).fill(0xff)]))],
  ['booleans in a wrong form', sequenceOf('30', boolean()), tlv(0x30, repeated([0x01, 0x01, 0x05]))],
  ['one open value', open(), tlv(0xbf20, repeated([0x30, 0x00]))],
];

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const inUse = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** The least work: every TLV seen once, and every octet of the others read once. Needs no stack for the depth. */
const walk = (message: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at < message.length; ) {
    const header = readHeader(message, at);
    const constructed = header?.constructed ?? true;
    const next = header ? header.content + (constructed ? 0 : header.length) : at + 1;
    const end = Math.min(next, message.length);
    for (let n = at; n < end; n++) sum += message[n] ?? 0;
    at = next;
  }
  return sum;
};
const fastest = (times: number, work: () => unknown): number => {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < times; n++) {
    const from = performance.now();
    work();
    best = Math.min(best, performance.now() - from);
  }
  return best;
};

describe('decoding a hostile megabyte', () => {
  for (const [name, type, message] of shapes)
    it(`keeps less than ten times its size, and takes less than a hundred times as long as reading it: ${name}`, () => {
      const before = inUse();
      const decoded = decode(type, message);
      const kept = inUse() - before;
      expect(decoded.octets.length).to.be.within(MEGABYTE * 0.99, MEGABYTE * 1.01);
      expect(kept / message.length).to.be.below(10);
      const ratio = fastest(3, () => decode(type, message)) / fastest(3, () => walk(message));
      expect(ratio).to.be.below(100);
    });

  it('prints at most twenty times its size', () => {
    for (const [name, type, message] of shapes.slice(2, 5))
      expect(printTree(decode(type, message)).length, name).to.be.below(20 * MEGABYTE);
    expect(printTlv(nested()).length).to.be.below(20 * MEGABYTE);
  });
});
