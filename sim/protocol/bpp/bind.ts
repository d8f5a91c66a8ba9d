import { tlv } from '../asn1/tlv.js';
import { protectAll, startBsp } from '../crypto/bsp.js';
import { agree } from '../crypto/ecdsa.js';
import { type BspKeys, deriveSessionKeys } from '../crypto/kdf.js';
import type { PrivateKey } from '../crypto/key.js';
import { composeInitialiseSecureChannel } from './initialise-secure-channel.js';

/** Everything an SM-DP+ needs to bind a protected profile to one eUICC. SGP.22 2.5.4, 3.1.3 */
export interface Binding {
  /** The SM-DP+ one-time key pair, otSK.DP.ECKA. */
  readonly smdpOtKey: PrivateKey;
  /** The eUICC one-time public key from PrepareDownloadResponse, 65 octets. */
  readonly euiccOtpk: Uint8Array;
  /** The key of CERT.DPpb. */
  readonly dpPbKey: PrivateKey;
  /** 1 to 16 octets. */
  readonly hostId: Uint8Array;
  /** 16 octets. */
  readonly eid: Uint8Array;
  readonly transactionId: Uint8Array;
  /** Complete StoreMetadataRequest, BF25. */
  readonly metadata: Uint8Array;
  /** The profile elements one after the other: the unprotected profile package. */
  readonly upp: Uint8Array;
  /** Random profile protection keys; with them the package carries ReplaceSessionKeys. SGP.22 2.5.3 */
  readonly ppk?: BspKeys;
  /** Complete TLV B8 for ConfigureISDPRequest. SGP.22 5.5.2 */
  readonly dpProprietaryData?: Uint8Array;
  /** Replaces smdpSign. */
  readonly signature?: Uint8Array;
  /** Plain octets in each 86 block; the largest that keeps to 1020 octets unless stated. */
  readonly blockCapacity?: number;
  /** Plain octets of the metadata in each 88 block, likewise. */
  readonly metadataCapacity?: number;
  /** Its commands behind the channel where they shall not be the right ones in the right order. */
  readonly commands?: readonly ProtectedCommand[];
}

/** Commands behind the channel of a package, in their order. SGP.22 2.5.5 */
export const PROTECTED_COMMANDS = ['configureISDP', 'storeMetadata', 'replaceSessionKeys', 'loadProfileElements'] as const;
/** One of PROTECTED_COMMANDS. */
export type ProtectedCommand = (typeof PROTECTED_COMMANDS)[number];

/** Content of ReplaceSessionKeysRequest, BF26. SGP.22 5.5.4 */
export const composeReplaceSessionKeys = (ppk: BspKeys): Uint8Array =>
  tlv(0xbf26, tlv(0x80, ppk.initialMacChainingValue), tlv(0x81, ppk.encryption), tlv(0x82, ppk.mac));

/** The session keys both sides derive; undefined when the peer's one-time key is not a point of the curve. SGP.22 2.6.4.1, Annex G */
export const sessionKeys = (own: PrivateKey, peer: Uint8Array, hostId: Uint8Array, eid: Uint8Array): BspKeys | undefined => {
  const secret = agree(own, peer);
  return secret && deriveSessionKeys(secret, { keyType: 0x88, keyLength: 0x10, hostId, eid });
};

const commandsOf = ({ ppk }: Binding): readonly ProtectedCommand[] =>
  ppk ? PROTECTED_COMMANDS : PROTECTED_COMMANDS.filter(command => command !== 'replaceSessionKeys');

interface Part {
  readonly group: number;
  readonly block: number;
  readonly plain: Uint8Array;
  readonly capacity?: number | undefined;
}
const protectedPart = (command: ProtectedCommand, binding: Binding): Part => {
  switch (command) {
    case 'configureISDP':
      return { group: 0xa0, block: 0x87, plain: tlv(0xbf24, binding.dpProprietaryData ?? new Uint8Array()) };
    case 'storeMetadata':
      return { group: 0xa1, block: 0x88, plain: binding.metadata, capacity: binding.metadataCapacity };
    case 'replaceSessionKeys':
      return { group: 0xa2, block: 0x87, plain: binding.ppk ? composeReplaceSessionKeys(binding.ppk) : tlv(0xbf26) };
    case 'loadProfileElements':
      return { group: 0xa3, block: 0x86, plain: binding.upp, capacity: binding.blockCapacity };
  }
};

/** Builds the BoundProfilePackage (BF36) for one eUICC; undefined when the eUICC's one-time key is not a point of the curve. SGP.22 2.5.4 */
export const bindProfile = (binding: Binding): Uint8Array | undefined => {
  const keys = sessionKeys(binding.smdpOtKey, binding.euiccOtpk, binding.hostId, binding.eid);
  if (!keys) return undefined;
  const initialise = composeInitialiseSecureChannel({ ...binding, smdpOtpk: binding.smdpOtKey.point });
  let state = startBsp(keys);
  const groups = (binding.commands ?? commandsOf(binding)).map(command => {
    const { group, block, plain, capacity } = protectedPart(command, binding);
    const { blocks, next } = protectAll(state, block, plain, block === 0x88 ? 'macOnly' : 'encrypted', capacity);
    // New keys start their own count of blocks; without them the count goes on.
    state = command === 'replaceSessionKeys' && binding.ppk ? startBsp(binding.ppk) : next;
    return tlv(group, ...blocks);
  });
  return tlv(0xbf36, initialise, ...groups);
};
