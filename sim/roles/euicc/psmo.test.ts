import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { Psmo } from '#protocol/iot/package.js';
import type { EuiccConfig, ProfileConfig } from './config.js';
import type { Euicc } from './index.js';
import { ICCID1, ICCID2, ICCID3, octets, resultsOf, signedPackage, testEim, testEuicc } from './test-bench.js';

type Operation = InputOf<ValueOf<typeof Psmo>>;

const eim = testEim();
const [one, two, three] = [{ iccid: octets(ICCID1) }, { iccid: octets(ICCID2) }, { iccid: octets(ICCID3) }];
const rollback = { ...two, rollbackFlag: null };
const enabled: ProfileConfig = { iccid: ICCID1, state: 'enabled' };
const disabled: ProfileConfig = { iccid: ICCID2 };
const pair = [enabled, disabled];

/** Runs packages on one eUICC, counters 1, 2, …; the results of the last one. */
const run = (euicc: Euicc, ...packages: readonly (readonly Operation[])[]) =>
  packages.map((psmo, n) => resultsOf(euicc, signedPackage(eim, { counter: n + 1, psmo }))).at(-1);
const states = (euicc: Euicc) =>
  euicc.chip.memory.profiles.map(p => `${hex(p.iccid).slice(14, 16)}${p.state === 'enabled' ? '+' : '-'}`).join(' ');
const events = (euicc: Euicc) => euicc.chip.memory.notifications.map(n => `${n.seqNumber} ${n.event} ${n.address}`);

describe('PSMO', () => {
  interface Case {
    readonly what: string;
    readonly config?: Partial<EuiccConfig>;
    readonly packages: readonly (readonly Operation[])[];
    readonly results: unknown;
  }
  const cases: readonly Case[] = [
    { what: 'enable ok', packages: [[{ enable: two }]], results: [{ enableResult: 0 }] },
    { what: 'enable of a profile that is not there', packages: [[{ enable: three }]], results: [{ enableResult: 1 }] },
    { what: 'enable of the enabled profile', packages: [[{ enable: one }]], results: [{ enableResult: 2 }] },
    {
      what: 'enable although the enabled profile has PPR1',
      config: { profiles: [{ ...enabled, ppr: ['ppr1'] }, disabled] },
      packages: [[{ enable: two }]],
      results: [{ enableResult: 3 }],
    },
    {
      what: 'enable during a proactive session',
      config: { profiles: pair, catBusy: true },
      packages: [[{ enable: two }]],
      results: [{ enableResult: 5 }],
    },
    {
      what: 'enable with rollback and no profile to return to',
      config: { profiles: [disabled] },
      packages: [[{ enable: rollback }]],
      results: [{ enableResult: 20 }],
    },
    {
      what: 'a second enable',
      config: { profiles: [...pair, { iccid: ICCID3 }] },
      packages: [[{ enable: two }, { enable: three }]],
      results: [{ enableResult: 0 }, { enableResult: 127 }],
    },
    { what: 'disable ok', packages: [[{ disable: one }]], results: [{ disableResult: 0 }] },
    { what: 'disable of a profile that is not there', packages: [[{ disable: three }]], results: [{ disableResult: 1 }] },
    { what: 'disable of a disabled profile', packages: [[{ disable: two }]], results: [{ disableResult: 2 }] },
    {
      what: 'disable of a profile with PPR1',
      config: { profiles: [{ ...enabled, ppr: ['ppr1'] }] },
      packages: [[{ disable: one }]],
      results: [{ disableResult: 3 }],
    },
    {
      what: 'disable during a proactive session',
      config: { profiles: pair, catBusy: true },
      packages: [[{ disable: one }]],
      results: [{ disableResult: 5 }],
    },
    {
      what: 'disable after an enable',
      packages: [[{ enable: two }, { disable: one }]],
      results: [{ enableResult: 0 }, { disableResult: 127 }],
    },
    {
      what: 'swap by disable and enable',
      packages: [[{ disable: one }, { enable: rollback }]],
      results: [{ disableResult: 0 }, { enableResult: 0 }],
    },
    { what: 'delete ok', packages: [[{ delete: two }]], results: [{ deleteResult: 0 }] },
    { what: 'delete of a profile that is not there', packages: [[{ delete: three }]], results: [{ deleteResult: 1 }] },
    { what: 'delete of the enabled profile', packages: [[{ delete: one }]], results: [{ deleteResult: 2 }] },
    {
      what: 'delete of the profile to be enabled',
      packages: [[{ enable: two }, { delete: two }]],
      results: [{ enableResult: 0 }, { deleteResult: 2 }],
    },
    {
      what: 'delete of the profile just disabled',
      packages: [[{ disable: one }, { delete: one }]],
      results: [{ disableResult: 0 }, { deleteResult: 0 }],
    },
    {
      what: 'delete of a profile with PPR2',
      config: { profiles: [{ ...disabled, ppr: ['ppr2'] }] },
      packages: [[{ delete: two }]],
      results: [{ deleteResult: 3 }],
    },
    {
      what: 'delete of the profile to roll back to, in the same package',
      packages: [[{ enable: rollback }, { delete: one }]],
      results: [{ enableResult: 0 }, { deleteResult: 20 }],
    },
    {
      what: 'delete of the profile to roll back to, in the next package',
      packages: [[{ enable: rollback }], [{ delete: one }]],
      results: [{ deleteResult: 20 }],
    },
    {
      what: 'delete of it once a package succeeded in between',
      packages: [[{ enable: rollback }], [{ getRAT: {} }], [{ delete: one }]],
      results: [{ deleteResult: 0 }],
    },
    {
      what: 'listProfileInfo after a change',
      packages: [[{ delete: two }, { listProfileInfo: {} }]],
      results: [{ deleteResult: 0 }, { listProfileInfoResult: { profileInfoListError: 11 } }],
    },
    {
      what: 'listProfileInfo with a tag list that is cut off',
      packages: [[{ listProfileInfo: { tagList: octets('5A9F') } }]],
      results: [{ listProfileInfoResult: { profileInfoListError: 1 } }],
    },
    {
      what: 'enable with rollback to a profile that the same package deletes',
      packages: [[{ disable: one }, { delete: one }, { enable: rollback }]],
      results: [{ disableResult: 0 }, { deleteResult: 0 }, { enableResult: 20 }],
    },
    {
      what: 'listProfileInfo without a match',
      packages: [[{ listProfileInfo: { searchCriteria: three } }]],
      results: [{ listProfileInfoResult: { profileInfoListOk: [] } }],
    },
    { what: 'getRAT without rules', packages: [[{ getRAT: {} }]], results: [{ getRATResult: [] }] },
    {
      what: 'configureImmediateEnable ok',
      packages: [[{ configureImmediateEnable: { immediateEnableFlag: null } }]],
      results: [{ configureImmediateEnableResult: 0 }],
    },
    {
      what: 'configureImmediateEnable without memory',
      config: { memoryFull: true },
      packages: [[{ configureImmediateEnable: {} }]],
      results: [{ configureImmediateEnableResult: 1 }],
    },
    {
      what: 'configureImmediateEnable with an empty address',
      packages: [[{ configureImmediateEnable: { defaultSmdpAddress: '' } }]],
      results: [{ configureImmediateEnableResult: 7 }],
    },
    {
      what: 'setFallbackAttribute ok',
      config: { profiles: [{ ...disabled, fallbackAllowed: true }] },
      packages: [[{ setFallbackAttribute: two }]],
      results: [{ setFallbackAttributeResult: 0 }],
    },
    {
      what: 'setFallbackAttribute on the profile that has it',
      config: { profiles: [{ ...disabled, state: 'enabled', fallbackAttribute: true }] },
      packages: [[{ setFallbackAttribute: two }]],
      results: [{ setFallbackAttributeResult: 0 }],
    },
    {
      what: 'setFallbackAttribute on no profile',
      packages: [[{ setFallbackAttribute: three }]],
      results: [{ setFallbackAttributeResult: 1 }],
    },
    {
      what: 'setFallbackAttribute on a profile whose owner does not allow it',
      packages: [[{ setFallbackAttribute: two }]],
      results: [{ setFallbackAttributeResult: 2 }],
    },
    {
      what: 'setFallbackAttribute on an emergency profile',
      config: { profiles: [{ ...disabled, fallbackAllowed: true, ecall: true }] },
      packages: [[{ setFallbackAttribute: two }]],
      results: [{ setFallbackAttributeResult: 2 }],
    },
    {
      what: 'setFallbackAttribute while the carrier is enabled',
      config: {
        profiles: [
          { ...enabled, fallbackAttribute: true },
          { ...disabled, fallbackAllowed: true },
        ],
      },
      packages: [[{ setFallbackAttribute: two }]],
      results: [{ setFallbackAttributeResult: 3 }],
    },
    {
      what: 'unsetFallbackAttribute ok',
      config: { profiles: [{ ...disabled, fallbackAttribute: true }] },
      packages: [[{ unsetFallbackAttribute: {} }]],
      results: [{ unsetFallbackAttributeResult: 0 }],
    },
    {
      what: 'unsetFallbackAttribute without a carrier',
      packages: [[{ unsetFallbackAttribute: {} }]],
      results: [{ unsetFallbackAttributeResult: 2 }],
    },
    {
      what: 'unsetFallbackAttribute of an enabled carrier',
      config: { profiles: [{ ...enabled, fallbackAttribute: true }] },
      packages: [[{ unsetFallbackAttribute: {} }]],
      results: [{ unsetFallbackAttributeResult: 3 }],
    },
    {
      what: 'unsetFallbackAttribute without fallback support',
      config: { supports: { fallback: false } },
      packages: [[{ unsetFallbackAttribute: {} }]],
      results: [{ unsetFallbackAttributeResult: 7 }],
    },
    {
      what: 'setDefaultDpAddress ok',
      packages: [[{ setDefaultDpAddress: { defaultDpAddress: 'a.example.com' } }]],
      results: [{ setDefaultDpAddressResult: { setDefaultDpAddressResult: 0 } }],
    },
  ];
  for (const { what, config, packages, results } of cases)
    it(`answers ${what} with ${JSON.stringify(results)}`, () => {
      expect(run(testEuicc({ profiles: pair, ...config }), ...packages)).deep.equals(results);
    });

  it('answers a breakdown inside the eUICC with undefinedError, whatever the operation', () => {
    const operations: readonly (readonly [string, Operation, string])[] = [
      ['enable', { enable: two }, '83017F'],
      ['disable', { disable: one }, '84017F'],
      ['delete', { delete: two }, '85017F'],
      ['listProfileInfo', { listProfileInfo: {} }, 'BF2D0381017F'],
      ['configureImmediateEnable', { configureImmediateEnable: {} }, '87017F'],
      ['setFallbackAttribute', { setFallbackAttribute: two }, '8D017F'],
      ['unsetFallbackAttribute', { unsetFallbackAttribute: {} }, '8E017F'],
      ['setDefaultDpAddress', { setDefaultDpAddress: { defaultDpAddress: 'a' } }, 'BF650380017F'],
    ];
    const untouched = states(testEuicc({ profiles: pair }));
    for (const [name, operation, encoded] of operations) {
      const euicc = testEuicc({ profiles: pair, breakdowns: [name] });
      const bf51 = hex(euicc.execute(signedPackage(eim, { counter: 1, psmo: [operation, { getRAT: {} }] })).octets);
      expect(bf51, name).to.include(`${encoded}5F3740`);
      expect(states(euicc), name).equals(untouched);
    }
  });

  it('switches at the end of the package, and tells of it after the result', () => {
    const notify = [
      { address: 'a.example.com', events: ['enable', 'disable', 'delete'] as const },
      { address: 'b.example.com', events: ['disable'] as const },
    ];
    const euicc = testEuicc({
      profiles: [
        { ...enabled, notify },
        { ...disabled, notify },
        { iccid: ICCID3, notify },
      ],
    });
    run(euicc, [{ delete: three }, { enable: two }]);
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([1]);
    expect(events(euicc)).deep.equals([
      '2 enable a.example.com',
      '3 disable a.example.com',
      '4 disable b.example.com',
      '5 delete a.example.com',
    ]);
    expect(euicc.state).to.deep.include({ enabledProfile: octets(ICCID2) });
  });
  it('tells of the disable of a profile that the same package deletes, before it tells of the deletion', () => {
    const euicc = testEuicc({ profiles: [{ ...enabled, notify: [{ address: 'a.example.com', events: ['disable', 'delete'] }] }] });
    expect(run(euicc, [{ disable: one }, { delete: one }])).deep.equals([{ disableResult: 0 }, { deleteResult: 0 }]);
    expect(events(euicc)).deep.equals(['2 disable a.example.com', '3 delete a.example.com']);
    expect(states(euicc)).equals('');
  });
  it('changes nothing and notifies nobody when the enable fails', () => {
    const notify = [{ address: 'a.example.com', events: ['enable', 'disable'] as const }];
    const euicc = testEuicc({
      profiles: [
        { ...enabled, ppr: ['ppr1'], notify },
        { ...disabled, notify },
      ],
    });
    run(euicc, [{ enable: two }]);
    expect(euicc.state).to.deep.include({ enabledProfile: octets(ICCID1), notifications: [] });
  });
  it('still performs the switch that an earlier operation prepared', () => {
    const euicc = testEuicc({ profiles: pair });
    run(euicc, [{ enable: two }, { delete: three }]);
    expect(euicc.state).to.deep.include({ enabledProfile: octets(ICCID2) });
  });
  it('deletes a carrier of the Fallback Attribute with its attribute, but not the profile to return to', () => {
    const carrier = { ...disabled, fallbackAttribute: true };
    expect(run(testEuicc({ profiles: [carrier] }), [{ delete: two }, { unsetFallbackAttribute: {} }])).deep.equals([
      { deleteResult: 0 },
      { unsetFallbackAttributeResult: 2 },
    ]);
    const euicc = testEuicc({ profiles: [enabled, carrier] });
    expect(hex(euicc.execute(octets('BF5D03800100')).octets)).equals('BF5D03800100');
    expect(run(euicc, [{ delete: one }])).deep.equals([{ deleteResult: 21 }]);
  });
  it('moves the Fallback Attribute: one profile carries it', () => {
    const euicc = testEuicc({
      profiles: [
        { ...enabled, fallbackAllowed: true },
        { ...disabled, fallbackAttribute: true },
      ],
    });
    run(euicc, [{ setFallbackAttribute: one }]);
    expect(euicc.chip.memory.profiles.map(p => p.fallbackAttribute)).deep.equals([true, false]);
  });
  it('an empty default SM-DP+ address removes the address', () => {
    const euicc = testEuicc({ defaultDpAddress: 'a.example.com' });
    run(euicc, [{ setDefaultDpAddress: { defaultDpAddress: '' } }]);
    expect(euicc.state).to.deep.include({ defaultDpAddress: undefined });
  });
  it('immediate enabling keeps OID and address when only the flag is cleared', () => {
    const euicc = testEuicc();
    run(
      euicc,
      [{ configureImmediateEnable: { immediateEnableFlag: null, defaultSmdpOid: '2.999.10', defaultSmdpAddress: 'a.example.com' } }],
      [{ configureImmediateEnable: {} }],
    );
    expect(euicc.chip.memory.immediateEnable).deep.equals({ flag: false, smdpOid: '2.999.10', smdpAddress: 'a.example.com' });
  });
  it('lists the rules of the RAT', () => {
    const euicc = testEuicc({ rat: [{ ppr: ['ppr1'], operators: [{ mccMnc: 'EEEEEE' }], consentRequired: true }] });
    expect(run(euicc, [{ getRAT: {} }])).deep.equals([
      { getRATResult: [{ pprIds: ['ppr1'], allowedOperators: [{ mccMnc: octets('EEEEEE') }], pprFlags: ['consentRequired'] }] },
    ]);
  });
});
