import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat, equal, lengthOctets, readTlv, tagOctets, tlvContent } from '../asn1/tlv.js';
import { cmac } from './cmac.js';
import type { BspKeys } from './kdf.js';

/** Largest protected TLV: tag, length, data and MAC together, in octets. SGP.22 2.5.3 */
export const MAXIMUM_BLOCK = 1020;
/** Most plain octets that fit into one encrypted block of the maximum size: padding needs one, MAC and header twelve. */
export const ENCRYPTED_CAPACITY = 1007;
/** Most plain octets that fit into one block that carries only a MAC. */
export const MAC_ONLY_CAPACITY = 1008;

const MAC_LENGTH = 8;

/** Where a session of the block protection protocol stands: the state before its next block. SGP.22 2.6.4 */
export interface BspState {
  readonly keys: BspKeys;
  /** Number of the next block, from 1; blocks that are not encrypted count too. */
  readonly counter: number;
  /** The full 16-octet MAC of the previous block. */
  readonly macChainingValue: Uint8Array;
}

/** Tags 86 and 87 are encrypted and protected by a MAC, tag 88 has the MAC only. */
export type Protection = 'encrypted' | 'macOnly';

/** Outcome of opening one block; `structure` and `security` are the SCP03t errors of the ErrorReason. SGP.22 2.5.3 */
export type Unprotected =
  | { readonly ok: true; readonly plain: Uint8Array; readonly next: BspState }
  | { readonly ok: false; readonly problem: 'structure' | 'security'; readonly message: string };

/** The state before the first block under these keys. */
export const startBsp = (keys: BspKeys): BspState => ({ keys, counter: 1, macChainingValue: keys.initialMacChainingValue });

const initialVector = (state: BspState): Buffer => {
  const block = Buffer.alloc(16);
  block.writeUInt32BE(state.counter, 12);
  return createCipheriv('aes-128-ecb', state.keys.encryption, null).setAutoPadding(false).update(block);
};

const pad = (plain: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(plain.length + 16 - (plain.length % 16));
  padded.set(plain);
  padded[plain.length] = 0x80;
  return padded;
};
const unpad = (padded: Uint8Array): Uint8Array | undefined => {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  return end >= 0 && padded.length - end <= 16 && padded[end] === 0x80 ? padded.subarray(0, end) : undefined;
};

const fullMac = (state: BspState, header: Uint8Array, data: Uint8Array): Uint8Array =>
  cmac(concat(state.macChainingValue, header, data), state.keys.mac);

/** Protects one block and moves on; the caller keeps to the capacity of a block. SGP.22 2.6.4.2 to 2.6.4.4 */
export const protect = (
  state: BspState,
  tag: number,
  plain: Uint8Array,
  protection: Protection,
): { readonly octets: Uint8Array; readonly next: BspState } => {
  const data =
    protection === 'macOnly'
      ? plain
      : createCipheriv('aes-128-cbc', state.keys.encryption, initialVector(state)).setAutoPadding(false).update(pad(plain));
  const header = concat(tagOctets(tag), lengthOctets(data.length + MAC_LENGTH));
  const mac = fullMac(state, header, data);
  const octets = concat(header, data, mac.subarray(0, MAC_LENGTH));
  return { octets, next: { keys: state.keys, counter: state.counter + 1, macChainingValue: mac } };
};

/** Verifies and opens one complete block; `maximum` is the largest size accepted, in octets. SGP.22 2.6.4 */
export const unprotect = (
  state: BspState,
  block: Uint8Array,
  protection: Protection,
  {
    maximum = MAXIMUM_BLOCK,
    ignoresMac = false,
  }: { readonly maximum?: number | undefined; readonly ignoresMac?: boolean | undefined } = {},
): Unprotected => {
  const structure = (message: string): Unprotected => ({ ok: false, problem: 'structure', message });
  const outer = readTlv(block);
  if (!outer || outer.end !== block.length) return structure('expected one complete TLV');
  if (block.length > maximum) return structure(`expected at most ${maximum} octets, got ${block.length}`);
  const content = tlvContent(block, outer);
  if (content.length < MAC_LENGTH) return structure(`expected a MAC of ${MAC_LENGTH} octets, got ${content.length} octets in all`);
  const data = content.subarray(0, content.length - MAC_LENGTH);
  if (protection === 'encrypted' && (data.length === 0 || data.length % 16 !== 0)) {
    return structure(`expected whole AES blocks of 16 octets, got ${data.length} octets`);
  }
  const mac = fullMac(state, block.subarray(0, outer.content), data);
  if (!ignoresMac && !equal(mac.subarray(0, MAC_LENGTH), content.subarray(data.length))) {
    return { ok: false, problem: 'security', message: `MAC of block ${state.counter} differs` };
  }
  const next = { keys: state.keys, counter: state.counter + 1, macChainingValue: mac };
  if (protection === 'macOnly') return { ok: true, plain: data, next };
  const padded = createDecipheriv('aes-128-cbc', state.keys.encryption, initialVector(state)).setAutoPadding(false).update(data);
  const plain = unpad(new Uint8Array(padded));
  return plain ? { ok: true, plain, next } : structure('expected padding 80 00…');
};

/** Protects content of any length as a run of blocks with the same tag; `capacity` is the number of plain octets per block. */
export const protectAll = (
  state: BspState,
  tag: number,
  plain: Uint8Array,
  protection: Protection,
  capacity: number = protection === 'encrypted' ? ENCRYPTED_CAPACITY : MAC_ONLY_CAPACITY,
): { readonly blocks: readonly Uint8Array[]; readonly next: BspState } => {
  const blocks: Uint8Array[] = [];
  let next = state;
  for (let at = 0; at < plain.length || blocks.length === 0; at += capacity) {
    const block = protect(next, tag, plain.subarray(at, at + capacity), protection);
    blocks.push(block.octets);
    next = block.next;
  }
  return { blocks, next };
};
