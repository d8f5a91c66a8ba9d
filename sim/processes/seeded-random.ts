/** Random octets that a seed repeats: SHA-256 in counter mode over seed and label. */
import { createHash } from 'node:crypto';
import { concat } from '#protocol/asn1/tlv.js';
import type { RandomSource } from '../role.js';

/** A source of its own for each label: what one party draws does not shift what another gets. */
export const seededRandom = (seed: string, label: string): RandomSource => {
  let block = 0;
  let rest = new Uint8Array();
  return count => {
    const parts: Uint8Array[] = [rest];
    for (let have = rest.length; have < count; have += 32) {
      const input = JSON.stringify([seed, label, block++]);
      parts.push(createHash('sha256').update(input).digest());
    }
    const octets = concat(...parts);
    rest = octets.slice(count);
    return octets.slice(0, count);
  };
};
