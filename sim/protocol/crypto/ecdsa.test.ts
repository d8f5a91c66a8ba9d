import { createHash, createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { fromHex, hex } from '../asn1/tlv.js';
import {
  agree,
  derToRaw,
  generateKey,
  keyFromSeed,
  type PublicKey,
  pem,
  privateKeyFromScalar,
  privateKeyPem,
  publicKeyFromSpki,
  rawToDer,
  sign,
  signDeterministically,
  subjectPublicKeyInfo,
  verify,
  verifyIndependently,
} from './ecdsa.js';
import { CURVE_NAMES, readPrivateKey } from './key.js';

const bytes = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`${text} is not hex`);
const data = new TextEncoder().encode('what is signed');
const ORDERS = {
  'P-256': 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551',
  brainpoolP256r1: 'A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7',
} as const;
const flip = (octets: Uint8Array, at: number): Uint8Array => octets.map((octet, i) => (i === at ? octet ^ 1 : octet));

describe('ECDSA', () => {
  it('signs deterministically as RFC 6979 A.2.5 shows for P-256, SHA-256 and "sample"', () => {
    const key = privateKeyFromScalar('P-256', bytes('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721'));
    expect(hex(key.point)).to.equal(
      '0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299',
    );
    expect(hex(signDeterministically(key, new TextEncoder().encode('sample')))).to.equal(
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    );
  });

  it('signs an eUICC package with its association token as a second implementation computed', () => {
    const key = privateKeyFromScalar(
      'P-256',
      Uint8Array.from({ length: 32 }, (_, i) => i + 1),
    );
    const signed = bytes('302A800F65696D2E6578616D706C652E636F6D5A1089049032123451234512345678901235810101A102AB00840100');
    const signature =
      'F807E0E76A4E91912A4C3392035DAF1B2C06F95B98DD190EC3A4E3B1175C47A6480C676882BD9F2AE3E57617B4B81FC0AC2D1EC3D53B86D7EE65E1B2D6B84072';
    expect(createHash('sha256').update(signed).digest('hex').toUpperCase()).to.equal(
      '2E079AE9EF8E5DE1D241AA13DC1298CD21D1D63943063AB074F9666CB6424AC9',
    );
    expect(hex(key.point)).to.equal(
      '04515C3D6EB9E396B904D3FECA7F54FDCD0CC1E997BF375DCA515AD0A6C3B4035F4536BE3A50F318FBF9A5475902A221502BEF0D57E08C53B2CC0A56F17D9F9354',
    );
    expect(hex(signDeterministically(key, signed))).to.equal(signature);
    expect(verify(key, signed, signDeterministically(key, signed))).to.equal(true);
  });

  for (const curve of CURVE_NAMES) {
    describe(curve, () => {
      const key = keyFromSeed(curve, 'ecdsa test');
      const signature = sign(key, data);

      it('is verified by both implementations, whichever signed', () => {
        for (const made of [signature, signDeterministically(key, data)]) {
          expect(made).to.have.length(64);
          expect([verify(key, data, made), verifyIndependently(key, data, made)]).to.deep.equal([true, true]);
        }
      });

      it('is refused by both implementations after any change', () => {
        const other = keyFromSeed(curve, 'another key');
        const otherCurve = keyFromSeed(curve === 'P-256' ? 'brainpoolP256r1' : 'P-256', 'ecdsa test');
        const offCurve: PublicKey = { curve, point: flip(key.point, 64) };
        const zero = new Uint8Array(32);
        const order = bytes(ORDERS[curve]);
        const wrong: readonly (readonly [string, PublicKey, Uint8Array, Uint8Array])[] = [
          ['bit in r', key, data, flip(signature, 0)],
          ['bit in s', key, data, flip(signature, 63)],
          ['bit in the data', key, flip(data, 3), signature],
          ['63 octets', key, data, signature.subarray(0, 63)],
          ['65 octets', key, data, Uint8Array.of(...signature, 0)],
          ['nothing', key, data, new Uint8Array()],
          ['DER form', key, data, rawToDer(signature) ?? new Uint8Array()],
          ['r = 0', key, data, Uint8Array.of(...zero, ...signature.subarray(32))],
          ['s = 0', key, data, Uint8Array.of(...signature.subarray(0, 32), ...zero)],
          ['r = n', key, data, Uint8Array.of(...order, ...signature.subarray(32))],
          ['s = n', key, data, Uint8Array.of(...signature.subarray(0, 32), ...order)],
          ['all FF', key, data, new Uint8Array(64).fill(0xff)],
          ['another key', other, data, signature],
          ['another curve', { curve: otherCurve.curve, point: key.point }, data, signature],
          ['point off the curve', offCurve, data, signature],
          ['point at infinity', { curve, point: Uint8Array.of(0) }, data, signature],
          ['compressed point', { curve, point: Uint8Array.of(2, ...key.point.subarray(1, 33)) }, data, signature],
          ['hybrid point', { curve, point: Uint8Array.of(6 + ((key.point[64] ?? 0) & 1), ...key.point.subarray(1)) }, data, signature],
        ];
        for (const [what, by, over, octets] of wrong) {
          expect([verify(by, over, octets), verifyIndependently(by, over, octets)], what).to.deep.equal([false, false]);
        }
      });

      it('does not take what it has verified for an answer to another question', () => {
        const changing = Uint8Array.from(data);
        expect(verify(key, changing, signature)).to.equal(true);
        expect(verify(key, changing, signature)).to.equal(true);
        changing[0] = (changing[0] ?? 0) ^ 1;
        expect(verify(key, changing, signature)).to.equal(false);
        expect(verify(generateKey(curve), data, signature)).to.equal(false);
        expect(verify(key, data, signature)).to.equal(true);
      });

      it('accepts both s and n − s, for there is no low-s rule', () => {
        const order = BigInt(`0x${ORDERS[curve]}`);
        const s = BigInt(`0x${hex(signature.subarray(32))}`);
        const mirrored = Uint8Array.of(...signature.subarray(0, 32), ...bytes((order - s).toString(16).padStart(64, '0')));
        expect([verify(key, data, mirrored), verifyIndependently(key, data, mirrored)]).to.deep.equal([true, true]);
      });

      it('agrees on the same secret from both sides and refuses a point that is not on the curve', () => {
        const [a, b] = [generateKey(curve), generateKey(curve)];
        const secret = agree(a, b.point);
        expect(secret).to.have.length(32);
        expect(agree(b, a.point)).to.deep.equal(secret);
        expect(agree(a, flip(b.point, 64))).to.equal(undefined);
        expect(agree(a, b.point.subarray(0, 64))).to.equal(undefined);
        expect(agree(a, new Uint8Array(65))).to.equal(undefined);
      });

      it('writes keys that OpenSSL and this project read back', () => {
        expect(publicKeyFromSpki(subjectPublicKeyInfo(key))).to.deep.equal({ curve, point: key.point });
        expect(publicKeyFromSpki(subjectPublicKeyInfo(key).subarray(0, 80))).to.equal(undefined);
        expect(hex(new Uint8Array(createPrivateKey(privateKeyPem(key)).export({ format: 'der', type: 'pkcs8' })))).to.contain(
          hex(key.scalar),
        );
        expect(readPrivateKey(new TextEncoder().encode(privateKeyPem(key)))).to.deep.equal(key);
        const sec1 = createPrivateKey(privateKeyPem(key)).export({ format: 'der', type: 'sec1' });
        expect(readPrivateKey(new Uint8Array(sec1))).to.deep.equal(key);
        expect(readPrivateKey(data)).to.equal(undefined);
      });

      it('derives the same key from the same seed and random octets, and another from others', () => {
        expect(keyFromSeed(curve, 'ecdsa test')).to.deep.equal(key);
        expect(keyFromSeed(curve, 'ecdsa test 2').scalar).to.not.deep.equal(key.scalar);
        expect(generateKey(curve, count => new Uint8Array(count).fill(7))).to.deep.equal(
          generateKey(curve, count => new Uint8Array(count).fill(7)),
        );
        expect(generateKey(curve).scalar).to.not.deep.equal(generateKey(curve).scalar);
      });

      it('refuses a scalar that is no private key', () => {
        for (const scalar of [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31).fill(1)]) {
          expect(() => privateKeyFromScalar(curve, scalar)).to.throw(RangeError, 'private key of 32 octets');
        }
      });
    });
  }
});

describe('signature forms', () => {
  it('converts between r ‖ s and DER, with leading zeros and high bits', () => {
    const raw = new Uint8Array(64);
    raw[0] = 0x80;
    raw[63] = 1;
    expect(hex(rawToDer(raw) ?? new Uint8Array())).to.equal(`3026022100${'80'.padEnd(64, '0')}020101`);
    expect(derToRaw(rawToDer(raw) ?? new Uint8Array())).to.deep.equal(raw);
  });

  it('refuses what is not DER of two positive numbers of at most 32 octets', () => {
    const wrong = [
      '',
      '3003020101',
      '30060201010201', // truncated
      '3006020101020101FF', // octets after it
      '3007020101020200FF01', // octets inside it
      '300602018102017F', // negative r
      '3006020001020101', // empty r
      '300702020001020101', // r not in its shortest form
      '308106020101020101', // length not in its shortest form
      `302702220100${'00'.repeat(32)}020101`, // 33 octets
      '3106020101020101', // a SET
      '3006040101020101', // not an INTEGER
      '3009020101020101020101', // three numbers
    ];
    for (const text of wrong) expect(derToRaw(bytes(text)), text).to.equal(undefined);
    expect(hex(derToRaw(bytes('3006020101020102')) ?? new Uint8Array())).to.equal(`${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}`);
    expect(rawToDer(new Uint8Array(63))).to.equal(undefined);
    expect(rawToDer(new Uint8Array())).to.equal(undefined);
  });

  it('writes PEM with lines of 64 characters', () => {
    expect(pem('CERTIFICATE', new Uint8Array(49))).to.equal(
      `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\nAA==\n-----END CERTIFICATE-----\n`,
    );
  });
});
