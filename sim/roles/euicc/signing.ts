/** How the eUICC signs its objects. SGP.32 2.11.2.1, SGP.22 2.6.2 */
import { concat, readTlv, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import type { Credential } from './credentials.js';
import type { SignedObject } from './decision-names.js';
import type { Chip } from './state.js';

/** Of a tag that no version has defined. */
const FUTURE_ELEMENT = Uint8Array.of(0x9f, 0x7f, 0x01, 0x00);
const extended = (octets: Uint8Array): Uint8Array => {
  const whole = readTlv(octets);
  return whole ? tlv(whole.tag, tlvContent(octets, whole), FUTURE_ELEMENT) : octets;
};

/** Signs an object together with what belongs behind it; the object may go out otherwise than it came. */
export const signObject = (
  { decisions, config }: Chip,
  name: SignedObject,
  { key }: Credential,
  octets: Uint8Array,
  ...behind: readonly Uint8Array[]
): { readonly object: Uint8Array; readonly signature: Uint8Array } => {
  const object = decisions.writesSigned(name, config.futureElements?.includes(name) ? extended(octets) : octets);
  const signature = sign(decisions.signingKey(name, key), decisions.covers(name, object, concat(...behind)));
  return { object, signature: decisions.writesSignature(name, signature) };
};
