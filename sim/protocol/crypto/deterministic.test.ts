import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { hex } from '../asn1/tlv.js';
import { keyFromSeed, signDeterministically, signDeterministicallyWithNoble, verify } from './ecdsa.js';
import { CURVE_NAMES } from './key.js';

describe('deterministic signatures', () => {
  for (const curve of CURVE_NAMES)
    it(`are those of a second implementation on ${curve}`, () => {
      for (let n = 0; n < 40; n++) {
        const key = keyFromSeed(curve, `key ${n}`);
        const data = createHash('sha512').update(`data ${n}`).digest();
        const signature = signDeterministically(key, data);
        expect(hex(signature)).to.equal(hex(signDeterministicallyWithNoble(key, data)));
        expect(verify(key, data, signature)).to.equal(true);
      }
    });

  it('differ for other data and other keys', () => {
    const [a, b] = [keyFromSeed('P-256', 'a'), keyFromSeed('P-256', 'b')];
    const data = new Uint8Array([1]);
    expect(hex(signDeterministically(a, data))).to.not.equal(hex(signDeterministically(b, data)));
    expect(hex(signDeterministically(a, data))).to.not.equal(hex(signDeterministically(a, new Uint8Array([2]))));
  });
});
