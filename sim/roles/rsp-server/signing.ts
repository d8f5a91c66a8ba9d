/** How messages of an RSP server are signed, and signed anew after a test case has changed them. */
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { type PrivateKey, sign } from '#protocol/crypto/ecdsa.js';
import type { SigningContext } from '#protocol/signatures.js';
import type { ServerDecisions, ServerSigned } from './decisions.js';

/** The keys of the latest session, and what its signatures cover besides the message they stand in. */
export interface ServerSigning {
  /** Key for authentication or package binding; undefined before a session needs it. */
  keyFor(signer: 'serverAuth' | 'dpPb'): PrivateKey | undefined;
  context(): SigningContext;
}

/** The object as it goes out, and its signature `5F37 …` over it and what else is covered. */
export const signedBy = (
  decisions: ServerDecisions,
  name: ServerSigned,
  octets: Uint8Array,
  key: PrivateKey,
  ...covered: readonly Uint8Array[]
): { readonly signed: Uint8Array; readonly signature: Uint8Array } => {
  const signed = decisions.writesSigned(name, octets);
  const signature = sign(decisions.signingKey(name, key), concat(signed, ...covered));
  return { signed, signature: tlv(0x5f37, decisions.writesSignature(name, signature)) };
};
