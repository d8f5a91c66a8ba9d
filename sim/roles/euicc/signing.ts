/** How the eUICC signs its objects. SGP.32 2.11.2.1, SGP.22 2.6.2 */
import { concat } from '#protocol/asn1/tlv.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import type { Credential } from './credentials.js';
import type { SignedObject } from './decision-names.js';
import type { Chip } from './state.js';

/** Signs an object together with what belongs behind it; the object may go out otherwise than it came. */
export const signObject = (
  { decisions }: Chip,
  name: SignedObject,
  { key }: Credential,
  octets: Uint8Array,
  ...behind: readonly Uint8Array[]
): { readonly object: Uint8Array; readonly signature: Uint8Array } => {
  const object = decisions.writesSigned(name, octets);
  const signature = sign(decisions.signingKey(name, key), decisions.covers(name, object, concat(...behind)));
  return { object, signature: decisions.writesSignature(name, signature) };
};
