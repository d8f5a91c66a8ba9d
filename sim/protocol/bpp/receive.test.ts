import { expect } from 'chai';
import { children, concat, fromHex, hex, tlv, tlvOctets } from '../asn1/tlv.js';
import { protectAll, startBsp } from '../crypto/bsp.js';
import { keyFromSeed, sign } from '../crypto/ecdsa.js';
import { BPP_COMMANDS, ERROR_REASONS } from '../rsp/installation-codes.js';
import { type Binding, bindProfile, composeReplaceSessionKeys, sessionKeys } from './bind.js';
import { composeInitialiseSecureChannel, readInitialiseSecureChannel } from './initialise-secure-channel.js';
import { type Expectation, openProfile, receiveProfile } from './receive.js';
import { splitSegments } from './segments.js';
import { makeTestProfile } from './test-profile.js';

const bytes = (text: string): Uint8Array => fromHex(text) ?? expect.fail(`${text} is not hex`);
const dpPbKey = keyFromSeed('P-256', 'DPpb');
const euiccOtKey = keyFromSeed('P-256', 'one-time eUICC');
const iccid = bytes('98001032547698103214');
const upp = makeTestProfile({ iccid, name: 'test', size: 2500 }) ?? expect.fail('no profile');
const binding: Binding = {
  smdpOtKey: keyFromSeed('P-256', 'one-time SM-DP+'),
  euiccOtpk: euiccOtKey.point,
  dpPbKey,
  hostId: bytes('01020304'),
  eid: bytes('89049032123451234512345678901235'),
  transactionId: new Uint8Array(16).fill(5),
  metadata: tlv(0xbf25, tlv(0x5a, iccid), tlv(0x91, bytes('4F70'))),
  upp,
};
const ppk = {
  initialMacChainingValue: new Uint8Array(16).fill(1),
  encryption: new Uint8Array(16).fill(2),
  mac: new Uint8Array(16).fill(3),
};
const expected: Expectation = { euiccOtKey, dpPbKey, transactionId: binding.transactionId, eid: binding.eid };
const bind = (change: Partial<Binding> = {}): Uint8Array => bindProfile({ ...binding, ...change }) ?? expect.fail('not bound');
const sizes = (bpp: Uint8Array): readonly number[] => (splitSegments(bpp) ?? []).map(segment => segment.length);

/** A package with the parts given, correctly protected by the session keys. */
const assemble = (parts: {
  readonly initialise?: Uint8Array;
  readonly configuration?: Uint8Array;
  readonly metadata?: Uint8Array;
  readonly replace?: Uint8Array;
}): Uint8Array => {
  const keys = sessionKeys(binding.smdpOtKey, euiccOtKey.point, binding.hostId, binding.eid) ?? expect.fail('no keys');
  const configure = protectAll(startBsp(keys), 0x87, parts.configuration ?? bytes('BF2400'), 'encrypted');
  const metadata = protectAll(configure.next, 0x88, parts.metadata ?? binding.metadata, 'macOnly');
  const replace = parts.replace && protectAll(metadata.next, 0x87, parts.replace, 'encrypted');
  const elements = protectAll(replace?.next ?? metadata.next, 0x86, upp, 'encrypted');
  return tlv(
    0xbf36,
    parts.initialise ?? composeInitialiseSecureChannel({ ...binding, smdpOtpk: binding.smdpOtKey.point }),
    tlv(0xa0, ...configure.blocks),
    tlv(0xa1, ...metadata.blocks),
    replace ? tlv(0xa2, ...replace.blocks) : concat(),
    tlv(0xa3, ...elements.blocks),
  );
};
/** InitialiseSecureChannel with one field exchanged and signed again. */
const channel = (change: (fields: string) => string): Uint8Array => {
  const request = composeInitialiseSecureChannel({ ...binding, smdpOtpk: binding.smdpOtKey.point });
  const read = readInitialiseSecureChannel(request) ?? expect.fail('unreadable');
  const fields = bytes(change(hex(read.signedPart)));
  return tlv(0xbf23, fields, tlv(0x5f37, sign(dpPbKey, concat(fields, tlv(0x5f49, euiccOtKey.point)))));
};

describe('bound profile package', () => {
  it('opens to what was bound, on both curves, with and without profile protection keys', () => {
    for (const curve of ['P-256', 'brainpoolP256r1'] as const) {
      const keys = { smdpOtKey: keyFromSeed(curve, 'a'), dpPbKey: keyFromSeed(curve, 'b'), euicc: keyFromSeed(curve, 'c') };
      for (const protection of [{}, { ppk }]) {
        const bpp = bind({ smdpOtKey: keys.smdpOtKey, dpPbKey: keys.dpPbKey, euiccOtpk: keys.euicc.point, ...protection });
        const opened = openProfile(bpp, { ...expected, dpPbKey: keys.dpPbKey, euiccOtKey: keys.euicc });
        expect(opened).to.deep.equal({ ok: true, configuration: bytes('BF2400'), metadata: binding.metadata, upp, ...protection });
      }
    }
  });

  it('carries proprietary data and metadata that need several blocks', () => {
    const metadata = tlv(0xbf25, tlv(0x5a, iccid), tlv(0x94, new Uint8Array(1500)));
    const dpProprietaryData = tlv(0xb8, tlv(0x06, bytes('883701')));
    const bpp = bind({ metadata, dpProprietaryData });
    expect(openProfile(bpp, expected)).to.deep.include({ ok: true, metadata, configuration: tlv(0xbf24, dpProprietaryData) });
    expect(splitSegments(bpp)?.filter(segment => segment[0] === 0x88)).to.have.length(2);
  });

  it('is not bound to a one-time key that is no point of the curve', () => {
    expect(bindProfile({ ...binding, euiccOtpk: new Uint8Array(65).fill(4) })).to.equal(undefined);
  });

  it('is cut where LoadBoundProfilePackage wants it', () => {
    const bpp = bind({ ppk });
    const segments = splitSegments(bpp) ?? [];
    expect(hex(concat(...segments))).to.equal(hex(bpp));
    expect(segments.map(segment => hex(segment.subarray(0, 2)))).to.deep.equal([
      'BF36', // with the whole of BF23
      'A01A', // with its 87
      'A11D', // alone
      '881B',
      'A24A', // with its 87
      'A382', // alone
      '8682',
      '8682',
      '8682',
    ]);
    expect(sizes(bpp).slice(1)).to.deep.equal([28, 2, 29, 76, 4, 1020, 1020, 508]);
  });

  it('is not cut when its structure is another', () => {
    const bpp = bind();
    const [initialise, ...groups] = children(bpp).map(child => tlvOctets(bpp, child));
    if (!initialise) return expect.fail('empty');
    const wrong = [
      bpp.subarray(1),
      bpp.subarray(0, bpp.length - 1),
      concat(bpp, Uint8Array.of(0)),
      tlv(0xbf35, initialise, ...groups),
      tlv(0xbf36, ...groups),
      tlv(0xbf36, initialise, ...groups.slice(1)),
      tlv(0xbf36, initialise, ...groups.slice().reverse()),
      tlv(0xbf36, initialise, ...groups, tlv(0xa4)),
      tlv(0xbf36, initialise, ...groups, Uint8Array.of(0xa3)),
      tlv(0xbf36, initialise, ...groups.slice(0, 2), tlv(0xa3)),
      tlv(0xbf36, initialise, ...groups.slice(0, 2), tlv(0xa3, tlv(0x87, new Uint8Array(24)))),
      tlv(0xbf36, initialise, ...groups.slice(0, 2), tlv(0xa3, Uint8Array.of(0x86, 5, 0))),
    ];
    for (const [index, octets] of wrong.entries()) {
      expect(splitSegments(octets), `${index}`).to.equal(undefined);
      expect(openProfile(octets, expected), `${index}`).to.deep.include({ ok: false, reason: 'incorrectInputValues' });
    }
  });
});

describe('receiving eUICC', () => {
  const refusals: readonly (readonly [string, Uint8Array, string, string])[] = [
    [
      'another remote operation',
      assemble({ initialise: channel(f => f.replace('820101', '820102')) }),
      'initialiseSecureChannel',
      'unsupportedRemoteOperationType',
    ],
    ['another transaction', bind({ transactionId: new Uint8Array(16).fill(6) }), 'initialiseSecureChannel', 'invalidTransactionId'],
    ['a signature by another key', bind({ dpPbKey: keyFromSeed('P-256', 'other') }), 'initialiseSecureChannel', 'invalidSignature'],
    [
      'a signature for another one-time key',
      assemble({ initialise: composeInitialiseSecureChannel({ ...binding, euiccOtpk: dpPbKey.point, smdpOtpk: binding.smdpOtKey.point }) }),
      'initialiseSecureChannel',
      'invalidSignature',
    ],
    [
      'another key type',
      assemble({ initialise: channel(f => f.replace('800188', '800180')) }),
      'initialiseSecureChannel',
      'unsupportedCrtValues',
    ],
    [
      'another key length',
      assemble({ initialise: channel(f => f.replace('810110', '810120')) }),
      'initialiseSecureChannel',
      'unsupportedCrtValues',
    ],
    [
      'an empty host id',
      assemble({ initialise: channel(f => f.replace('A60C', 'A608').replace('840401020304', '8400')) }),
      'initialiseSecureChannel',
      'unsupportedCrtValues',
    ],
    [
      'a point off the curve',
      assemble({ initialise: channel(f => f.slice(0, -2) + (f.endsWith('00') ? '01' : '00')) }),
      'initialiseSecureChannel',
      'incorrectInputValues',
    ],
    ['a missing field', assemble({ initialise: channel(f => f.replace('820101', '')) }), 'initialiseSecureChannel', 'incorrectInputValues'],
    ['another EID in the derivation', bind({ eid: new Uint8Array(16) }), 'configureISDP', 'scp03tSecurityError'],
    ['other content in the first 87', assemble({ configuration: bytes('BF2500') }), 'configureISDP', 'incorrectInputValues'],
    ['two objects in the first 87', assemble({ configuration: bytes('BF2400BF2400') }), 'configureISDP', 'incorrectInputValues'],
    ['other content in the 88', assemble({ metadata: bytes('BF2400') }), 'storeMetadata', 'incorrectInputValues'],
    [
      'short profile protection keys',
      assemble({ replace: composeReplaceSessionKeys({ ...ppk, mac: new Uint8Array(15) }) }),
      'replaceSessionKeys',
      'incorrectInputValues',
    ],
    [
      'replaced keys that are not used',
      assemble({ replace: composeReplaceSessionKeys(ppk) }),
      'loadProfileElements',
      'scp03tSecurityError',
    ],
    ['blocks above 1020 octets', bind({ blockCapacity: 1008 }), 'loadProfileElements', 'scp03tStructureError'],
  ];
  for (const [what, bpp, command, reason] of refusals) {
    it(`refuses ${what}: ${reason}`, () => {
      expect(openProfile(bpp, expected)).to.deep.include({ ok: false, command, reason });
    });
  }

  it('leaves out the checks that it is told to overlook, one by one', () => {
    const overlooks = (reason: string) => (found: string) => found === reason;
    const otherOperation = assemble({ initialise: channel(f => f.replace('820101', '820102')) });
    const otherType = assemble({ initialise: channel(f => f.replace('800188', '800180')) });
    const damaged = bind().map((octet, n, all) => (n === all.length - 1 ? octet ^ 1 : octet));
    const cases: readonly (readonly [reason: string, bpp: Uint8Array])[] = [
      ['unsupportedRemoteOperationType', otherOperation],
      ['invalidTransactionId', bind({ transactionId: bytes('01') })],
      ['invalidSignature', bind({ signature: new Uint8Array(64) })],
      ['unsupportedCrtValues', otherType],
      ['scp03tSecurityError', damaged],
    ];
    for (const [reason, bpp] of cases) {
      expect(openProfile(bpp, { ...expected, overlooks: overlooks(reason) }).ok, reason).to.equal(true);
      expect(openProfile(bpp, { ...expected, overlooks: overlooks('pprNotAllowed') })).to.deep.include({ ok: false, reason });
    }
  });

  it('finds one changed bit in any block, names its command, and stops', () => {
    const segments = splitSegments(bind({ ppk })) ?? [];
    const commands = [
      'configureISDP',
      '',
      'storeMetadata',
      'replaceSessionKeys',
      '',
      'loadProfileElements',
      'loadProfileElements',
      'loadProfileElements',
    ];
    for (const [index, command] of commands.entries()) {
      if (command === '') continue;
      const receiver = receiveProfile(expected);
      const changed = segments.map((segment, i) =>
        i === index + 1 ? segment.map((octet, at) => (at === segment.length - 12 ? octet ^ 1 : octet)) : segment,
      );
      const answers = changed.map(receiver.feed);
      expect(answers.findIndex(answer => answer !== undefined)).to.equal(index + 1);
      expect(answers[index + 1]).to.deep.include({ ok: false, command, reason: 'scp03tSecurityError' });
      expect(answers.at(-1)).to.equal(answers[index + 1]);
    }
  });

  it('finds blocks that are missing, repeated or exchanged', () => {
    const segments = splitSegments(bind()) ?? [];
    const feedAll = (list: readonly (Uint8Array | undefined)[]) => {
      const receiver = receiveProfile(expected);
      return list.map(segment => receiver.feed(segment ?? concat())).find(answer => answer !== undefined);
    };
    const [first, configure, header, metadata, elements, one, two, three] = segments;
    const lists: readonly (readonly [string, readonly (Uint8Array | undefined)[], string, string])[] = [
      ['no BF36', [initialiseOf(first)], 'initialiseSecureChannel', 'incorrectInputValues'],
      ['BF36 without BF23', [first?.subarray(0, 4)], 'initialiseSecureChannel', 'incorrectInputValues'],
      ['A0 missing', [first, header], 'configureISDP', 'incorrectInputValues'],
      ['A1 missing', [first, configure, metadata], 'storeMetadata', 'incorrectInputValues'],
      ['88 missing', [first, configure, header, elements], 'storeMetadata', 'scp03tStructureError'],
      ['an 86 exchanged', [first, configure, header, metadata, elements, two, one], 'loadProfileElements', 'scp03tSecurityError'],
      ['an 86 repeated', [first, configure, header, metadata, elements, one, one], 'loadProfileElements', 'scp03tSecurityError'],
      ['an 86 missing', [first, configure, header, metadata, elements, one, three], 'loadProfileElements', 'scp03tSecurityError'],
      ['a group that is empty', [first, configure, bytes('A100')], 'storeMetadata', 'incorrectInputValues'],
      ['a group longer than the package', [first, configure, bytes('A182FFFF')], 'storeMetadata', 'incorrectInputValues'],
      ['a block longer than its group', [first, configure, bytes('A110'), metadata], 'storeMetadata', 'scp03tStructureError'],
      ['more octets than the package has', [first, new Uint8Array(5000)], 'configureISDP', 'incorrectInputValues'],
    ];
    for (const [what, list, command, reason] of lists) expect(feedAll(list), what).to.deep.include({ ok: false, command, reason });
  });

  it('lets the eUICC object to the metadata, the keys and the profile', () => {
    for (const [command, reason] of [
      ['storeMetadata', 'installFailedDueToIccidAlreadyExistsOnEuicc'],
      ['replaceSessionKeys', 'incorrectInputValues'],
      ['loadProfileElements', 'installFailedDueToPEProcessingError'],
    ] as const) {
      const seen: string[] = [];
      const refuse = (at: string, octets: Uint8Array) => {
        seen.push(`${at} ${hex(octets.subarray(0, 2))}`);
        return at === command ? reason : undefined;
      };
      expect(openProfile(bind({ ppk }), { ...expected, refuse })).to.deep.include({ ok: false, command, reason });
      expect(seen.slice(0, 2)).to.deep.equal(['configureISDP BF24', 'storeMetadata BF25']);
    }
  });

  it('numbers commands and reasons as SGP.22 does', () => {
    expect([
      BPP_COMMANDS.loadProfileElements,
      ERROR_REASONS.scp03tSecurityError,
      ERROR_REASONS.installFailedDueToUnknownError,
    ]).to.deep.equal([5, 8, 127]);
  });
});

const initialiseOf = (first: Uint8Array | undefined): Uint8Array => first?.subarray(4) ?? concat();
