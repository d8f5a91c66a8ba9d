import { concat, tlv } from '../asn1/tlv.js';
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
}

/** Content of ReplaceSessionKeysRequest, BF26. SGP.22 5.5.4 */
export const composeReplaceSessionKeys = (ppk: BspKeys): Uint8Array =>
  tlv(0xbf26, tlv(0x80, ppk.initialMacChainingValue), tlv(0x81, ppk.encryption), tlv(0x82, ppk.mac));

/** The session keys both sides derive; undefined when the peer's one-time key is not a point of the curve. SGP.22 2.6.4.1, Annex G */
export const sessionKeys = (own: PrivateKey, peer: Uint8Array, hostId: Uint8Array, eid: Uint8Array): BspKeys | undefined => {
  const secret = agree(own, peer);
  return secret && deriveSessionKeys(secret, { keyType: 0x88, keyLength: 0x10, hostId, eid });
};

/** Builds the BoundProfilePackage (BF36) for one eUICC; undefined when the eUICC's one-time key is not a point of the curve. SGP.22 2.5.4 */
export const bindProfile = (binding: Binding): Uint8Array | undefined => {
  const keys = sessionKeys(binding.smdpOtKey, binding.euiccOtpk, binding.hostId, binding.eid);
  if (!keys) return undefined;
  const initialise = composeInitialiseSecureChannel({ ...binding, smdpOtpk: binding.smdpOtKey.point });
  const configure = protectAll(startBsp(keys), 0x87, tlv(0xbf24, binding.dpProprietaryData ?? new Uint8Array()), 'encrypted');
  const metadata = protectAll(configure.next, 0x88, binding.metadata, 'macOnly', binding.metadataCapacity);
  const replace = binding.ppk && protectAll(metadata.next, 0x87, composeReplaceSessionKeys(binding.ppk), 'encrypted');
  // New keys start their own count of blocks; without them the count goes on.
  const state = binding.ppk ? startBsp(binding.ppk) : metadata.next;
  const elements = protectAll(state, 0x86, binding.upp, 'encrypted', binding.blockCapacity);
  return tlv(
    0xbf36,
    initialise,
    tlv(0xa0, ...configure.blocks),
    tlv(0xa1, ...metadata.blocks),
    replace ? tlv(0xa2, ...replace.blocks) : concat(),
    tlv(0xa3, ...elements.blocks),
  );
};
