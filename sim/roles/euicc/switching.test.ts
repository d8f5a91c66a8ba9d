import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { Extensible, Type, ValueOf } from '#protocol/asn1/type.js';
import * as es10b from '#protocol/iot/es10b.js';
import type { EuiccConfig, ProfileConfig } from './config.js';
import type { Euicc } from './index.js';
import { call, ICCID1, ICCID2, ICCID3, load, octets, resultsOf, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';

const eim = testEim();
const notify = [{ address: 'a.example.com', events: ['enable', 'disable'] as const }];
const one: ProfileConfig = { iccid: ICCID1, state: 'enabled', notify };
const two: ProfileConfig = { iccid: ICCID2, notify };
const fallback: ProfileConfig = { ...two, fallbackAllowed: true, fallbackAttribute: true };
const ecall: ProfileConfig = { iccid: ICCID3, ecall: true, notify };
const refreshFlag = true;

const enabled = (euicc: Euicc) => euicc.state.enabledProfile;
const events = (euicc: Euicc) => euicc.chip.memory.notifications.map(n => n.event);
const code =
  <A extends object>(request: Type<{ refreshFlag: boolean } & Extensible>, response: Type<A>, refresh = refreshFlag) =>
  (euicc: Euicc) =>
    Object.values(decode(response, euicc.execute(encode(request, { refreshFlag: refresh })).octets).value)[0];

const execute = code(es10b.ExecuteFallbackMechanismRequest, es10b.ExecuteFallbackMechanismResponse);
const comeBack = code(es10b.ReturnFromFallbackRequest, es10b.ReturnFromFallbackResponse);
const emergency = code(es10b.EnableEmergencyProfileRequest, es10b.EnableEmergencyProfileResponse);
const calm = code(es10b.DisableEmergencyProfileRequest, es10b.DisableEmergencyProfileResponse);
const rollBack = (euicc: Euicc) => call(euicc, es10b.ProfileRollbackRequest, { refreshFlag }, es10b.ProfileRollbackResponse);
const enableWithRollback = (euicc: Euicc, counter = 1) =>
  resultsOf(euicc, signedPackage(eim, { counter, trid: 'AA', psmo: [{ enable: { iccid: octets(ICCID2), rollbackFlag: null } }] }));

const cases = (function_: (euicc: Euicc) => unknown, list: readonly (readonly [Partial<EuiccConfig>, number])[]) => {
  for (const [config, expected] of list) expect(function_(testEuicc(config)), JSON.stringify(config)).equals(expected);
};

describe('ProfileRollback', () => {
  it('enables the former profile and answers with a new result of the same package', () => {
    const euicc = testEuicc({ profiles: [one, two] });
    enableWithRollback(euicc);
    expect(events(euicc)).deep.equals(['enable', 'disable']);
    const message = decode(es10b.ProfileRollbackResponse, euicc.execute(octets('BF58038001FF')).octets);
    const result = message.value.eUICCPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned;
    expect(message.value.cmdResult).equals(0);
    expect(result).deep.equals({
      eimId: 'testeim1',
      counterValue: 1,
      eimTransactionId: octets('AA'),
      seqNumber: 4,
      euiccResult: [{ enableResult: 0 }, { rollbackResult: 0 }],
    });
    expect(enabled(euicc)).deep.equals(octets(ICCID1));
    expect(events(euicc)).deep.equals([]);
    expect(euicc.chip.memory.results.map(r => r.octets)).deep.equals(
      [fieldOctets(message, 'eUICCPackageResult')?.slice()].map(o => o && new Uint8Array(o)),
    );
    expect(rollBack(euicc)).deep.equals({ cmdResult: 1 });
  });
  it('is not granted by an enable without rollbackFlag, nor after a change by other means', () => {
    const plain = testEuicc({ profiles: [one, two] });
    resultsOf(plain, signedPackage(eim, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID2) } }] }));
    expect(rollBack(plain).cmdResult).equals(1);
    const later: readonly ((euicc: Euicc) => unknown)[] = [
      euicc => resultsOf(euicc, signedPackage(eim, { counter: 2, psmo: [{ getRAT: {} }] })),
      euicc => emergency(euicc),
      euicc => euicc.execute(octets('BF640482020780')),
    ];
    for (const change of later) {
      const euicc = testEuicc({ profiles: [one, two, ecall] });
      enableWithRollback(euicc);
      change(euicc);
      expect(rollBack(euicc).cmdResult).equals(1);
    }
  });
  it('stays granted after a package that failed', () => {
    const euicc = testEuicc({ profiles: [one, two] });
    enableWithRollback(euicc);
    resultsOf(euicc, signedPackage(eim, { counter: 2, psmo: [{ delete: { iccid: octets(ICCID3) } }] }));
    expect(rollBack(euicc).cmdResult).equals(0);
  });
  it('answers catBusy, and undefinedError with a result that says so', () => {
    const busy = testEuicc({ profiles: [one, two] });
    enableWithRollback(busy);
    Object.assign(busy.chip.config, { catBusy: true });
    expect(rollBack(busy)).deep.equals({ cmdResult: 5 });
    const broken = testEuicc({ profiles: [one, two], breakdowns: ['profileRollback'] });
    enableWithRollback(broken);
    const { cmdResult, eUICCPackageResult } = rollBack(broken);
    expect(cmdResult).equals(127);
    expect(eUICCPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned.euiccResult).deep.equals([
      { enableResult: 0 },
      { rollbackResult: 127 },
    ]);
    expect(enabled(broken)).deep.equals(octets(ICCID2));
  });
});

describe('fallback', () => {
  it('enables the Fallback Profile, PPR1 or not, and returns to the former one', () => {
    const euicc = testEuicc({ profiles: [{ ...one, ppr: ['ppr1'] }, fallback] });
    expect(execute(euicc)).equals(0);
    expect(enabled(euicc)).deep.equals(octets(ICCID2));
    expect(comeBack(euicc)).equals(0);
    expect(enabled(euicc)).deep.equals(octets(ICCID1));
    expect(events(euicc)).deep.equals(['enable', 'disable', 'enable', 'disable']);
    expect(comeBack(euicc)).equals(6);
  });
  it('answers every other case with its code', () => {
    cases(execute, [
      [{ profiles: [{ ...ecall, state: 'enabled' }, fallback] }, 104],
      [{ profiles: [one, two] }, 6],
      [{ profiles: [fallback] }, 7],
      [{ profiles: [one, fallback], supports: { fallback: false } }, 7],
      [{ profiles: [{ ...fallback, state: 'enabled' }] }, 2],
      [{ profiles: [one, fallback], catBusy: true }, 5],
      [{ profiles: [one, fallback], breakdowns: ['executeFallbackMechanism'] }, 127],
    ]);
  });
  it('the return finds the former profile missing, the card busy or broken', () => {
    const fallen = (config: Partial<EuiccConfig> = {}) => {
      const euicc = testEuicc({ profiles: [one, fallback], ...config });
      execute(euicc);
      return euicc;
    };
    const missing = fallen();
    missing.chip.memory.profiles = missing.chip.memory.profiles.filter(p => p.state === 'enabled');
    expect(comeBack(missing)).equals(7);
    const busy = fallen();
    Object.assign(busy.chip.config, { catBusy: true });
    expect(comeBack(busy)).equals(5);
    expect(comeBack(fallen({ breakdowns: ['returnFromFallback'] }))).equals(127);
  });
  it('ends when a package enables another profile', () => {
    const euicc = testEuicc({ profiles: [one, fallback] });
    execute(euicc);
    resultsOf(euicc, signedPackage(eim, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID1) } }] }));
    expect(comeBack(euicc)).equals(6);
  });
});

describe('emergency profile', () => {
  it('is enabled without notification, blocks packages, and gives way to the former profile with notifications', () => {
    const euicc = testEuicc({ profiles: [one, ecall] });
    expect(emergency(euicc)).equals(0);
    expect(events(euicc)).deep.equals([]);
    const refused = load(euicc, signedPackage(eim, { counter: 1, psmo: [{ getRAT: {} }] }));
    expect(refused.euiccPackageErrorSigned?.euiccPackageErrorDataSigned.euiccPackageErrorCode).equals(104);
    expect(execute(euicc)).equals(104);
    expect(calm(euicc)).equals(0);
    expect(enabled(euicc)).deep.equals(octets(ICCID1));
    expect(events(euicc)).deep.equals(['enable', 'disable']);
  });
  it('answers every other case with its code', () => {
    cases(emergency, [
      [{ profiles: [one] }, 8],
      [{ profiles: [ecall], supports: { ecall: false } }, 8],
      [{ profiles: [{ ...ecall, state: 'enabled' }] }, 2],
      [{ profiles: [ecall], catBusy: true }, 5],
      [{ profiles: [ecall], breakdowns: ['enableEmergencyProfile'] }, 127],
    ]);
    cases(calm, [
      [{ profiles: [one, ecall] }, 2],
      [{ profiles: [{ ...ecall, state: 'enabled' }], catBusy: true }, 5],
      [{ profiles: [{ ...ecall, state: 'enabled' }], breakdowns: ['disableEmergencyProfile'] }, 127],
    ]);
  });
  it('in version 1.3 an eUICC without such a profile says so', () => {
    expect(calm(testEuicc({ profiles: [one] }, testWorld('1.3')))).equals(8);
    expect(calm(testEuicc({ profiles: [one, ecall] }, testWorld('1.3')))).equals(2);
  });
  it('takes back a rollback grant only with refreshFlag', () => {
    for (const [refresh, cmdResult] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const euicc = testEuicc({ profiles: [one, two, ecall] });
      enableWithRollback(euicc);
      code(es10b.EnableEmergencyProfileRequest, es10b.EnableEmergencyProfileResponse, refresh)(euicc);
      code(es10b.DisableEmergencyProfileRequest, es10b.DisableEmergencyProfileResponse, refresh)(euicc);
      expect(rollBack(euicc).cmdResult).equals(cmdResult);
    }
  });
});

describe('ConfigureImmediateProfileEnabling', () => {
  const configure = (
    euicc: Euicc,
    value: ValueOf<typeof es10b.ConfigureImmediateProfileEnablingRequest> = { immediateEnableFlag: null, defaultSmdpAddress: 'a' },
  ) =>
    call(euicc, es10b.ConfigureImmediateProfileEnablingRequest, value, es10b.ConfigureImmediateProfileEnablingResponse)
      .configImmediateEnableResult;
  it('is the IPA’s only while no eIM is associated', () => {
    cases(configure, [
      [{ eims: [] }, 0],
      [{}, 2],
      [{ eims: [], memoryFull: true }, 1],
      [{ eims: [], breakdowns: ['configureImmediateProfileEnabling'] }, 127],
    ]);
    const euicc = testEuicc({ eims: [] });
    configure(euicc);
    expect(euicc.chip.memory.immediateEnable).deep.equals({ flag: true, smdpOid: undefined, smdpAddress: 'a' });
  });
});
