import { createHash } from 'node:crypto';

/** The hashed confirmation code of one RSP session: SHA-256( SHA-256(code) ‖ transactionId ), 32 octets. SGP.22 5.7.5 */
export const hashCc = (confirmationCode: string, transactionId: Uint8Array): Uint8Array => {
  const code = createHash('sha256').update(confirmationCode, 'utf8').digest();
  return new Uint8Array(createHash('sha256').update(code).update(transactionId).digest());
};
