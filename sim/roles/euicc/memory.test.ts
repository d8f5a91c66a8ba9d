import { expect } from 'chai';
import { ComposeError } from '../../role.js';
import type { EuiccConfig } from './config.js';
import { EID1, ICCID1, ICCID2, octets, testEim, testEuicc } from './test-bench.js';

const { eimId, publicKey } = testEim();

describe('the configuration of a simulated eUICC', () => {
  it('takes octets as octets or as hex', () => {
    const euicc = testEuicc({ eid: octets(EID1), profiles: [{ iccid: octets(ICCID1) }, { iccid: ICCID2 }] });
    expect(euicc.state).to.deep.include({ eid: octets(EID1), seqNumber: 0 });
    expect(euicc.chip.memory.profiles.map(p => p.iccid)).deep.equals([octets(ICCID1), octets(ICCID2)]);
  });
  it('goes on with association tokens after the highest one given', () => {
    const eims = [
      { eimId, publicKey, associationToken: 7 },
      { eimId: 'b', publicKey, associationToken: 3 },
    ];
    expect(testEuicc({ eims }).chip.memory.nextAssociationToken).equals(8);
    expect(testEuicc({ eims, nextAssociationToken: 100 }).chip.memory.nextAssociationToken).equals(100);
  });

  it('keeps notifications from before, numbered in their order', () => {
    const notifications = [
      { event: 'enable' as const, iccid: ICCID1, address: 'a.example.com' },
      { event: 'delete' as const, iccid: ICCID2, address: 'b.example.com' },
    ];
    const { state } = testEuicc({ notifications, firstSeqNumber: 7 });
    expect(state.notifications).to.deep.equal(
      [
        { seqNumber: 7, operation: 'enable', address: 'a.example.com', iccid: octets(ICCID1) },
        { seqNumber: 8, operation: 'delete', address: 'b.example.com', iccid: octets(ICCID2) },
      ].map((expected, n) => ({ ...expected, octets: (state.notifications as { octets: Uint8Array }[])[n]?.octets })),
    );
    expect(state.seqNumber).to.equal(8);
  });

  // What a case file says arrives without types: the words below stand for any text.
  const untyped = (config: Readonly<Record<string, unknown>>) => config as Partial<EuiccConfig>;
  const wrong: readonly (readonly [what: string, config: Partial<EuiccConfig>, message: string])[] = [
    ['an EID that is too short', { eid: '8904' }, 'eid: expected 16 octets, got 2 (8904)'],
    ['an ICCID that is no hex', { profiles: [{ iccid: 'xyz' }] }, 'profiles.0.iccid: expected hex octets, got "xyz"'],
    [
      'a notification of no event',
      untyped({ notifications: [{ event: 'update', iccid: ICCID1, address: 'a.example.com' }] }),
      'notifications.0.event: expected install, enable, disable, delete, got "update"',
    ],
    ['the same ICCID twice', { profiles: [{ iccid: ICCID1 }, { iccid: ICCID1 }] }, 'its ICCID is given twice'],
    [
      'two enabled profiles',
      {
        profiles: [
          { iccid: ICCID1, state: 'enabled' },
          { iccid: ICCID2, state: 'enabled' },
        ],
      },
      'expected at most one profile with state: enabled, got 2',
    ],
    [
      'two carriers of the Fallback Attribute',
      {
        profiles: [
          { iccid: ICCID1, fallbackAttribute: true },
          { iccid: ICCID2, fallbackAttribute: true },
        ],
      },
      'at most one profile with fallbackAttribute',
    ],
    [
      'an unknown state',
      untyped({ profiles: [{ iccid: ICCID1, state: 'active' }] }),
      'profiles.0.state: expected enabled, disabled, got "active"',
    ],
    [
      'an unknown class',
      untyped({ profiles: [{ iccid: ICCID1, class: 'main' }] }),
      'profiles.0.class: expected test, provisioning, operational',
    ],
    ['an unknown rule', untyped({ profiles: [{ iccid: ICCID1, ppr: ['ppr9'] }] }), 'profiles.0.ppr: expected ppr1, ppr2, got "ppr9"'],
    ['rules that are no list', untyped({ profiles: [{ iccid: ICCID1, ppr: 'ppr1' }] }), 'profiles.0.ppr: expected a list of ppr1, ppr2'],
    [
      'an unknown event',
      untyped({ profiles: [{ iccid: ICCID1, notify: [{ address: 'a', events: ['load'] }] }] }),
      'profiles.0.notify.events: expected install',
    ],
    ['an unknown curve', untyped({ curve: 'P-384' }), 'expected CERT_EUICC on P-384, got P-256'],
    ['an eIM without key', { eims: [{ eimId }] }, 'eIM testeim1: expected its signing key'],
    [
      'an unknown transport of an eIM',
      { eims: [{ eimId, publicKey, supportedProtocol: ['smoke'] }] },
      'testeim1.supportedProtocol: expected eimRetrieveHttps',
    ],
    ['a certificate that the PKI does not have', { certificate: 'CERT_EUICC99' }, 'lacks chain or private key of CERT_EUICC99'],
  ];
  for (const [what, config, message] of wrong)
    it(`refuses ${what}`, () => {
      expect(() => testEuicc(config)).to.throw(ComposeError, message);
    });
});
