import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { children, concat, fromHex, hex } from '../asn1/tlv.js';
import { startBsp, unprotect } from '../crypto/bsp.js';
import { agree, type Curve, privateKeyFromScalar, verify, verifyIndependently } from '../crypto/ecdsa.js';
import { type BspKeys, deriveSessionKeys, sharedInfoOctets, x963 } from '../crypto/kdf.js';
import { isProblem, parseCertificate } from '../x509/certificate.js';
import { bindProfile, composeReplaceSessionKeys } from './bind.js';
import { openProfile, receiveProfile } from './receive.js';
import { splitSegments } from './segments.js';

interface Recording {
  readonly curve: Curve;
  readonly eid: string;
  readonly hostId: string;
  readonly transactionId: string;
  readonly euiccOtSk: string;
  readonly euiccOtPk: string;
  readonly smdpOtSk: string;
  readonly smdpOtPk: string;
  readonly sharedSecret: string;
  readonly sharedInfo: string;
  readonly keyData: string;
  readonly dpAuthPublicKey: string;
  readonly dpPbPublicKey: string;
  readonly metadata: string;
  readonly uppLength: number;
  readonly uppSha256: string;
  readonly blockCapacity: number;
  readonly maximumBlock: number;
  readonly ppk?: { readonly initialMacChainingValue: string; readonly encryption: string; readonly mac: string };
  readonly blocks: readonly { readonly tag: string; readonly counter: number; readonly macChainingValue: string; readonly mac: string }[];
  readonly signatures: readonly {
    readonly name: string;
    readonly signer: 'dpAuth' | 'dpPb' | 'euicc';
    readonly signed: string;
    readonly signature: string;
  }[];
  readonly boundProfilePackage: string;
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../sim/protocol/fixtures/${name}`, import.meta.url), 'utf8'));
const bytes = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`${text} is not hex`);
const { certificates } = fixture('sgp26-certificates.json') as { readonly certificates: Readonly<Record<string, string>> };

const setUp = (file: string) => {
  const recording = fixture(file) as Recording;
  const euiccOtKey = privateKeyFromScalar(recording.curve, bytes(recording.euiccOtSk));
  const smdpOtKey = privateKeyFromScalar(recording.curve, bytes(recording.smdpOtSk));
  const dpPbKey = { curve: recording.curve, point: bytes(recording.dpPbPublicKey) };
  const { ppk: texts } = recording;
  const ppk: BspKeys | undefined = texts && {
    initialMacChainingValue: bytes(texts.initialMacChainingValue),
    encryption: bytes(texts.encryption),
    mac: bytes(texts.mac),
  };
  const expected = {
    euiccOtKey,
    dpPbKey,
    transactionId: bytes(recording.transactionId),
    eid: bytes(recording.eid),
    maximumBlock: recording.maximumBlock,
  };
  return { recording, euiccOtKey, smdpOtKey, ppk, expected, bpp: bytes(recording.boundProfilePackage) };
};

for (const file of ['bpp-nist.json', 'bpp-brainpool.json']) {
  describe(`recorded profile download ${file}`, () => {
    const { recording, euiccOtKey, smdpOtKey, ppk, expected, bpp } = setUp(file);
    const euicc = parseCertificate(bytes(certificates[`CERT_EUICC_ECDSA_${recording.curve === 'P-256' ? 'NIST' : 'BRP'}`] ?? ''));

    it('has the key agreement and key derivation of both sides', () => {
      expect(hex(euiccOtKey.point)).to.equal(recording.euiccOtPk);
      expect(hex(smdpOtKey.point)).to.equal(recording.smdpOtPk);
      expect(hex(agree(euiccOtKey, smdpOtKey.point) ?? concat())).to.equal(recording.sharedSecret);
      expect(hex(agree(smdpOtKey, euiccOtKey.point) ?? concat())).to.equal(recording.sharedSecret);
      const info = { keyType: 0x88, keyLength: 0x10, hostId: bytes(recording.hostId), eid: bytes(recording.eid) };
      expect(hex(sharedInfoOctets(info))).to.equal(recording.sharedInfo);
      expect(hex(x963(bytes(recording.sharedSecret), sharedInfoOctets(info), 48))).to.equal(recording.keyData);
      const keys = deriveSessionKeys(bytes(recording.sharedSecret), info);
      expect(hex(concat(keys.initialMacChainingValue, keys.encryption, keys.mac))).to.equal(recording.keyData);
    });

    it('has signatures that verify over what they sign, and over nothing less', () => {
      if (isProblem(euicc) || !euicc.publicKey) return expect.fail('no eUICC certificate');
      const keys = {
        dpAuth: { curve: recording.curve, point: bytes(recording.dpAuthPublicKey) },
        dpPb: expected.dpPbKey,
        euicc: euicc.publicKey,
      };
      expect(recording.signatures).to.have.length(9);
      for (const { name, signer, signed, signature } of recording.signatures) {
        const [data, octets] = [bytes(signed), bytes(signature)];
        expect(verify(keys[signer], data, octets), name).to.equal(true);
        expect(verifyIndependently(keys[signer], data, octets), name).to.equal(true);
        expect(verify(keys[signer], data.subarray(0, data.length - 1), octets), `${name} without its last octet`).to.equal(false);
        expect(verify(keys[signer === 'euicc' ? 'dpPb' : 'euicc'], data, octets), `${name} with another key`).to.equal(false);
      }
    });

    it('has the counter, chaining value and MAC of every block', () => {
      const blocks = (splitSegments(bpp) ?? []).slice(1).flatMap(segment => {
        const first = segment[0] ?? 0;
        if (first < 0xa0) return [segment];
        const [inner] = children(segment);
        return inner ? [segment.subarray(inner.start, inner.end)] : [];
      });
      expect(blocks).to.have.length(recording.blocks.length);
      const info = { keyType: 0x88, keyLength: 0x10, hostId: bytes(recording.hostId), eid: bytes(recording.eid) };
      let state = startBsp(deriveSessionKeys(bytes(recording.sharedSecret), info));
      for (const [index, block] of blocks.entries()) {
        const wanted = recording.blocks[index];
        if (wanted?.tag === '86' && recording.blocks[index - 1]?.tag !== '86' && ppk) state = startBsp(ppk);
        expect([state.counter, hex(state.macChainingValue)], `block ${index}`).to.deep.equal([wanted?.counter, wanted?.macChainingValue]);
        const opened = unprotect(state, block, wanted?.tag === '88' ? 'macOnly' : 'encrypted', { maximum: recording.maximumBlock });
        if (!opened.ok) return expect.fail(opened.message);
        expect(hex(opened.next.macChainingValue)).to.equal(wanted?.mac);
        state = opened.next;
      }
    });

    it('opens to the metadata and the profile elements that were protected', () => {
      const opened = openProfile(bpp, expected);
      if (!opened.ok) return expect.fail(`${opened.command}: ${opened.message}`);
      expect(hex(opened.configuration)).to.equal('BF2400');
      expect(hex(opened.metadata)).to.equal(recording.metadata);
      expect(opened.upp).to.have.length(recording.uppLength);
      expect(createHash('sha256').update(opened.upp).digest('hex').toUpperCase()).to.equal(recording.uppSha256);
      expect(opened.ppk).to.deep.equal(ppk);
    });

    it('is bound again to the same octets, apart from the random signature', () => {
      const opened = openProfile(bpp, expected);
      if (!opened.ok) return expect.fail(`${opened.command}: ${opened.message}`);
      const signature = recording.signatures.find(({ name }) => name === 'smdpSign')?.signature ?? '';
      const again = bindProfile({
        smdpOtKey,
        euiccOtpk: euiccOtKey.point,
        // Its private half is not known, so the recorded signature is put in.
        dpPbKey: smdpOtKey,
        signature: bytes(signature),
        hostId: bytes(recording.hostId),
        eid: bytes(recording.eid),
        transactionId: expected.transactionId,
        metadata: opened.metadata,
        upp: opened.upp,
        blockCapacity: recording.blockCapacity,
        ...(ppk && { ppk }),
      });
      expect(hex(again ?? concat())).to.equal(recording.boundProfilePackage);
    });

    it('has blocks above 1020 octets, which an eUICC may refuse', () => {
      const { maximumBlock: _, ...strict } = expected;
      expect(openProfile(bpp, strict)).to.deep.include({ ok: false, command: 'loadProfileElements', reason: 'scp03tStructureError' });
    });

    it('is received segment by segment, and no segment but the last gives an answer', () => {
      const segments = splitSegments(bpp) ?? [];
      const receiver = receiveProfile(expected);
      expect(hex(concat(...segments))).to.equal(recording.boundProfilePackage);
      expect(
        segments
          .slice(0, -1)
          .map(receiver.feed)
          .every(answer => answer === undefined),
      ).to.equal(true);
      expect(receiver.feed(segments.at(-1) ?? concat())?.ok).to.equal(true);
    });
  });
}

describe('ReplaceSessionKeys', () => {
  it('is composed as recorded', () => {
    const keys = {
      initialMacChainingValue: new Uint8Array(16).fill(0x22),
      encryption: new Uint8Array(16),
      mac: new Uint8Array(16).fill(0x11),
    };
    const recorded = `BF26368010${'22'.repeat(16)}8110${'00'.repeat(16)}8210${'11'.repeat(16)}`;
    expect(hex(composeReplaceSessionKeys(keys))).to.equal(recorded);
  });
});
