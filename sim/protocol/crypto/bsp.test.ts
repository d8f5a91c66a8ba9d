import { expect } from 'chai';
import { fromHex, hex } from '../asn1/tlv.js';
import { type BspState, ENCRYPTED_CAPACITY, MAC_ONLY_CAPACITY, MAXIMUM_BLOCK, protect, protectAll, startBsp, unprotect } from './bsp.js';
import { hashCc } from './confirmation-code.js';
import { deriveSessionKeys, sharedInfoOctets, x963 } from './kdf.js';

const bytes = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`${text} is not hex`);
// Computed apart from this project, from made-up inputs.
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const INFO = { keyType: 0x88, keyLength: 0x10, hostId: bytes('01020304'), eid: bytes('89049032123451234512345678901235') };
const keys = deriveSessionKeys(SECRET, INFO);
const start = startBsp(keys);

describe('key derivation', () => {
  it('gives the session keys of known inputs', () => {
    expect(hex(sharedInfoOctets(INFO))).to.equal('881004010203041089049032123451234512345678901235');
    expect(hex(keys.initialMacChainingValue)).to.equal('61CDFB2937C93369083926C3FC0CC158');
    expect(hex(keys.encryption)).to.equal('C39AE3F16DF3FA9D3B513D24A33C8E43');
    expect(hex(keys.mac)).to.equal('82A6276AA144F83899AFF81454B52218');
  });

  it('gives as many octets as asked for, each length a prefix of the next', () => {
    const long = x963(SECRET, INFO.eid, 100);
    expect(long).to.have.length(100);
    for (const length of [1, 31, 32, 33, 64, 65]) expect(x963(SECRET, INFO.eid, length)).to.deep.equal(long.subarray(0, length));
  });

  it('depends on every input', () => {
    const others = [{ keyType: 0x80 }, { keyLength: 0x20 }, { hostId: bytes('01020305') }, { eid: new Uint8Array(16) }];
    for (const other of others) expect(deriveSessionKeys(SECRET, { ...INFO, ...other }).mac).to.not.deep.equal(keys.mac);
  });

  it('hashes a confirmation code with the transaction id', () => {
    const transactionId = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    expect(hex(hashCc('12345', transactionId))).to.equal('68D1E1405E6E7F5F864E2D4F7B860F14FDC00798F94414D5CD86B4A6EBE91D10');
    expect(hashCc('12346', transactionId)).to.not.deep.equal(hashCc('12345', transactionId));
  });
});

describe('block protection', () => {
  const known = [
    ['BF2400', 0x87, 'encrypted', '8718A536E649AF7ABFE78F59226890BD137E612C047DF3FE4CDF', '612C047DF3FE4CDFCC05B19F03F7132D'],
    [
      'BF25145A0A981099090010325476989102535092025031',
      0x88,
      'macOnly',
      '881FBF25145A0A9810990900103254769891025350920250312B92231435482978',
      '2B92231435482978D8E2FBD7DB613842',
    ],
    ['A003800100', 0x86, 'encrypted', '8618210EC8C76705E685E164F8D5CA37A53D20A29F85F98143A5', '20A29F85F98143A5EE0368F1C30121DC'],
  ] as const;

  it('protects and opens a run of blocks with the counter and chaining values of known answers', () => {
    let sender = start;
    let receiver = start;
    for (const [plain, tag, protection, octets, chaining] of known) {
      const block = protect(sender, tag, bytes(plain), protection);
      expect(hex(block.octets)).to.equal(octets);
      expect(hex(block.next.macChainingValue)).to.equal(chaining);
      const opened = unprotect(receiver, block.octets, protection);
      if (!opened.ok) return expect.fail(opened.message);
      expect(hex(opened.plain)).to.equal(plain);
      expect(opened.next).to.deep.equal(block.next);
      sender = block.next;
      receiver = opened.next;
    }
    expect(sender.counter).to.equal(4);
  });

  it('reports a security error for every changed bit, for another state and for another tag', () => {
    const { octets, next } = protect(start, 0x87, bytes('BF2400'), 'encrypted');
    for (let bit = 16; bit < octets.length * 8; bit++) {
      const changed = octets.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
      expect(unprotect(start, changed, 'encrypted')).to.deep.include({ ok: false, problem: 'security' });
    }
    expect(unprotect(next, octets, 'encrypted')).to.deep.include({ ok: false, problem: 'security' });
    expect(unprotect(start, Uint8Array.of(0x86, ...octets.subarray(1)), 'encrypted')).to.deep.include({ ok: false, problem: 'security' });
    expect(unprotect(next, octets, 'macOnly', { ignoresMac: true }).ok).to.equal(true);
  });

  it('does not notice a wrong counter in a block without encryption, because the MAC does not cover it', () => {
    const { octets } = protect(start, 0x88, bytes('BF2500'), 'macOnly');
    const ahead: BspState = { ...start, counter: 9 };
    expect(unprotect(ahead, octets, 'macOnly').ok).to.equal(true);
  });

  it('reports a structure error for lengths that cannot be and for wrong padding', () => {
    const { octets } = protect(start, 0x87, bytes('BF2400'), 'encrypted');
    const wrongPadding = protect(start, 0x87, new Uint8Array(16), 'macOnly').octets;
    const wrong: readonly Uint8Array[] = [
      new Uint8Array(),
      octets.subarray(0, octets.length - 1),
      Uint8Array.of(...octets, 0),
      bytes('870700000000000000'),
      bytes('870800000000000000'),
      bytes('87090000000000000000FF'),
      bytes('87080000000000000000'),
      wrongPadding,
    ];
    for (const block of wrong)
      expect(unprotect(start, block, 'encrypted'), hex(block)).to.deep.include({ ok: false, problem: 'structure' });
  });

  it('fills blocks up to exactly 1020 octets and no further', () => {
    const capacities = [
      [0x86, 'encrypted', ENCRYPTED_CAPACITY],
      [0x88, 'macOnly', MAC_ONLY_CAPACITY],
    ] as const;
    for (const [tag, protection, capacity] of capacities) {
      expect(protect(start, tag, new Uint8Array(capacity), protection).octets).to.have.length(MAXIMUM_BLOCK);
      const larger = protect(start, tag, new Uint8Array(capacity + 1), protection).octets;
      expect(larger.length).to.be.greaterThan(MAXIMUM_BLOCK);
      expect(unprotect(start, larger, protection)).to.deep.include({ ok: false, problem: 'structure' });
      expect(unprotect(start, larger, protection, { maximum: larger.length }).ok).to.equal(true);
    }
  });

  it('cuts long content into full blocks and a rest, and makes one block of nothing', () => {
    const content = Uint8Array.from({ length: 2 * ENCRYPTED_CAPACITY + 5 }, (_, i) => i % 251);
    const { blocks, next } = protectAll(start, 0x86, content, 'encrypted');
    expect(blocks.map(block => block.length)).to.deep.equal([1020, 1020, 26]);
    expect(next.counter).to.equal(4);
    expect(protectAll(start, 0x86, new Uint8Array(), 'encrypted').blocks).to.have.length(1);
  });
});
