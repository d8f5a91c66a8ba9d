/** Writing TLVs from the end to the start, so that every length is known when its turn comes. */
import { integerOctets } from './primitives.js';

/** Octets written so far, and the field path for messages. */
export interface Writer {
  octets: Uint8Array;
  /** First octet written so far; everything after it is done. */
  at: number;
  readonly path: string[];
}

const FIRST_SIZE = 1024;
export const writer = (): Writer => ({ octets: Buffer.allocUnsafe(FIRST_SIZE), at: FIRST_SIZE, path: [] });

/** How many octets there are. */
export const written = (w: Writer): number => w.octets.length - w.at;
/** What has been written, as a copy of its own. */
export const result = (w: Writer): Uint8Array => {
  const octets = new Uint8Array(written(w));
  octets.set(w.octets.subarray(w.at));
  return octets;
};

const room = (w: Writer, count: number): void => {
  if (w.at >= count) return;
  const used = written(w);
  const larger = Buffer.allocUnsafe(Math.max(w.octets.length * 4, used + count + FIRST_SIZE));
  larger.set(w.octets.subarray(w.at), larger.length - used);
  w.at = larger.length - used;
  w.octets = larger;
};

export const put = (w: Writer, octets: Uint8Array): void => {
  room(w, octets.length);
  w.at -= octets.length;
  w.octets.set(octets, w.at);
};

export const putOctet = (w: Writer, octet: number): void => {
  room(w, 1);
  w.octets[--w.at] = octet;
};

/** Identifier octets, e.g. 0xBF51. */
export const putTag = (w: Writer, tag: number): void => {
  room(w, 4);
  for (let rest = tag; ; rest = Math.floor(rest / 256)) {
    w.octets[--w.at] = rest % 256;
    if (rest < 256) return;
  }
};

/** Identifier and shortest length before content that is already there. */
export const putHeader = (w: Writer, tag: number, length: number): void => {
  room(w, 10);
  if (length < 0x80) w.octets[--w.at] = length;
  else {
    let count = 0;
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256), count++) w.octets[--w.at] = rest % 256;
    w.octets[--w.at] = 0x80 | count;
  }
  putTag(w, tag);
};

/** Content of an INTEGER; almost all are small. */
export const putInteger = (w: Writer, value: number | bigint): void => {
  if (typeof value === 'bigint' || value !== (value | 0)) return put(w, integerOctets(value));
  let rest = value;
  let octet: number;
  do {
    octet = rest & 0xff;
    putOctet(w, octet);
    rest >>= 8;
  } while (rest !== (octet < 0x80 ? 0 : -1));
};

/** Content of a UTF8String; almost all are short ASCII. */
export const putText = (w: Writer, text: string): void => {
  const { length } = text;
  room(w, length);
  const start = w.at - length;
  for (let n = 0; n < length; n++) {
    const code = text.charCodeAt(n);
    if (code >= 0x80) return put(w, Buffer.from(text, 'utf8'));
    w.octets[start + n] = code;
  }
  w.at = start;
};
