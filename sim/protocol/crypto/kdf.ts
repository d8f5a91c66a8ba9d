import { createHash } from 'node:crypto';
import { concat } from '../asn1/tlv.js';

/** Keys of the block protection: 16 octets each. SGP.22 2.6.4.1 */
export interface BspKeys {
  readonly initialMacChainingValue: Uint8Array;
  readonly encryption: Uint8Array;
  readonly mac: Uint8Array;
}

/** What both sides put into the derivation besides the shared secret. SGP.22 Annex G */
export interface SharedInfo {
  /** 0x88: AES. */
  readonly keyType: number;
  /** Octets of one key: 16. */
  readonly keyLength: number;
  /** 1 to 16 octets, from tag 84 of the control reference template. */
  readonly hostId: Uint8Array;
  /** 16 octets. */
  readonly eid: Uint8Array;
}

/** Key derivation function with SHA-256. ANSI X9.63, BSI TR-03111 4.3.3 */
export const x963 = (secret: Uint8Array, sharedInfo: Uint8Array, length: number): Uint8Array => {
  const derived = new Uint8Array(Math.ceil(length / 32) * 32);
  for (let block = 0; block * 32 < length; block++) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, block + 1);
    derived.set(createHash('sha256').update(secret).update(counter).update(sharedInfo).digest(), block * 32);
  }
  return derived.subarray(0, length);
};

const lengthValue = (value: Uint8Array): Uint8Array => concat(Uint8Array.of(value.length), value);

/** Octets of the shared information: key type, key length, LV of the host id, LV of the EID. SGP.22 Annex G */
export const sharedInfoOctets = (info: SharedInfo): Uint8Array =>
  concat(Uint8Array.of(info.keyType, info.keyLength), lengthValue(info.hostId), lengthValue(info.eid));

/** Session keys of a bound profile package from the x coordinate of the key agreement. SGP.22 2.6.4.1, Annex G */
export const deriveSessionKeys = (sharedSecret: Uint8Array, info: SharedInfo): BspKeys => {
  const data = x963(sharedSecret, sharedInfoOctets(info), 48);
  return { initialMacChainingValue: data.slice(0, 16), encryption: data.slice(16, 32), mac: data.slice(32, 48) };
};
