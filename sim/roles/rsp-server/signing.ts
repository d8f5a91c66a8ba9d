/** How messages of an RSP server are signed anew after a test case has changed them. */
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { SigningContext } from '#protocol/signatures.js';

/** The keys of the latest session, and what its signatures cover besides the message they stand in. */
export interface ServerSigning {
  /** Key for authentication or package binding; undefined before a session needs it. */
  keyFor(signer: 'serverAuth' | 'dpPb'): PrivateKey | undefined;
  context(): SigningContext;
}
