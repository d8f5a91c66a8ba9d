/** AES-CMAC of NIST SP 800-38B (RFC 4493), on OpenSSL's AES: the MAC of bound profile packages. */
import { createCipheriv } from 'node:crypto';

const BLOCK = 16;
const ZERO = new Uint8Array(BLOCK);
/** The constant that stands for the field polynomial of 128-bit blocks. */
const RB = 0x87;

const encrypt = (key: Uint8Array, data: Uint8Array): Buffer => {
  const cipher = createCipheriv('aes-128-cbc', key, ZERO).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
};

/** A block shifted left by one bit, reduced in the field. */
const doubled = (block: Uint8Array): Uint8Array => {
  const out = block.map((octet, n) => ((octet << 1) & 0xff) | ((block[n + 1] ?? 0) >> 7));
  if ((block[0] as number) >= 0x80) out[BLOCK - 1] = (out[BLOCK - 1] as number) ^ RB;
  return out;
};

/** The full 16 octets of the MAC; the key has 16 octets. */
export const cmac = (message: Uint8Array, key: Uint8Array): Uint8Array => {
  const complete = message.length > 0 && message.length % BLOCK === 0;
  const first = doubled(encrypt(key, ZERO));
  const last = complete ? first : doubled(first);
  const padded = new Uint8Array(Math.max(BLOCK, Math.ceil(message.length / BLOCK) * BLOCK));
  padded.set(message);
  if (!complete) padded[message.length] = 0x80;
  const tail = padded.length - BLOCK;
  for (let n = 0; n < BLOCK; n++) padded[tail + n] = (padded[tail + n] as number) ^ (last[n] as number);
  return new Uint8Array(encrypt(key, padded).subarray(tail));
};
