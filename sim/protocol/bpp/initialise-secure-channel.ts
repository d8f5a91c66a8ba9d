import { children, concat, readTlv, tlv, tlvContent, tlvOctets } from '../asn1/tlv.js';
import { sign } from '../crypto/ecdsa.js';
import type { PrivateKey } from '../crypto/key.js';

/** The fields of InitialiseSecureChannelRequest as they stand in the octets. SGP.22 5.5.1 */
export interface InitialiseSecureChannel {
  /** Content of tag 82; 01 is installBoundProfilePackage. */
  readonly remoteOpId: Uint8Array;
  readonly transactionId: Uint8Array;
  /** 0x88 in tag 80 of the control reference template: AES. */
  readonly keyType: Uint8Array;
  /** 0x10 in tag 81: octets of a key. */
  readonly keyLength: Uint8Array;
  readonly hostId: Uint8Array;
  readonly smdpOtpk: Uint8Array;
  readonly smdpSign: Uint8Array;
  /** The complete TLVs before the signature, to which the eUICC adds its own one-time key. */
  readonly signedPart: Uint8Array;
}

/** The octets that smdpSign covers: the request's objects, then the eUICC's one-time key. SGP.22 5.5.1 */
export const signedOctets = (signedPart: Uint8Array, euiccOtpk: Uint8Array): Uint8Array => concat(signedPart, tlv(0x5f49, euiccOtpk));

/** Builds tag BF23, signed by the profile binding key; `signature` replaces the signature, for reproductions and wrong ones. */
export const composeInitialiseSecureChannel = (input: {
  readonly transactionId: Uint8Array;
  readonly hostId: Uint8Array;
  readonly smdpOtpk: Uint8Array;
  readonly euiccOtpk: Uint8Array;
  readonly dpPbKey: PrivateKey;
  readonly signature?: Uint8Array;
}): Uint8Array => {
  const template = tlv(0xa6, tlv(0x80, Uint8Array.of(0x88)), tlv(0x81, Uint8Array.of(0x10)), tlv(0x84, input.hostId));
  const signedPart = concat(tlv(0x82, Uint8Array.of(1)), tlv(0x80, input.transactionId), template, tlv(0x5f49, input.smdpOtpk));
  const signature = input.signature ?? sign(input.dpPbKey, signedOctets(signedPart, input.euiccOtpk));
  return tlv(0xbf23, signedPart, tlv(0x5f37, signature));
};

/** Reads tag BF23; undefined when a field is missing, misplaced or surplus. */
export const readInitialiseSecureChannel = (octets: Uint8Array): InitialiseSecureChannel | undefined => {
  const outer = readTlv(octets);
  if (outer?.tag !== 0xbf23) return undefined;
  const fields = children(octets, outer);
  const [operation, transaction, template, point, signature] = fields;
  if (!operation || !transaction || !template || !point || !signature || signature.end !== outer.end) return undefined;
  if (fields.map(field => field.tag).join() !== [0x82, 0x80, 0xa6, 0x5f49, 0x5f37].join()) return undefined;
  const [keyType, keyLength, hostId] = children(octets, template);
  if (keyType?.tag !== 0x80 || keyLength?.tag !== 0x81 || hostId?.tag !== 0x84 || hostId.end !== template.end) return undefined;
  return {
    remoteOpId: tlvContent(octets, operation),
    transactionId: tlvContent(octets, transaction),
    keyType: tlvContent(octets, keyType),
    keyLength: tlvContent(octets, keyLength),
    hostId: tlvContent(octets, hostId),
    smdpOtpk: tlvContent(octets, point),
    smdpSign: tlvContent(octets, signature),
    signedPart: concat(...fields.slice(0, 4).map(field => tlvOctets(octets, field))),
  };
};
