import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import * as es10b from '#protocol/iot/es10b.js';
import { IpaeActivationRequest, IpaeActivationResponse } from '#protocol/iot/info.js';
import type { EuiccConfig, ProfileConfig } from './config.js';
import type { Euicc } from './index.js';
import { call, ICCID1, ICCID2, ICCID3, octets, signedPackage, testEim, testEuicc, testWorld } from './test-bench.js';

const eim = testEim();
const notify = [{ address: 'a.example.com', events: ['enable', 'disable', 'delete'] as const }];
const one: ProfileConfig = { iccid: ICCID1, state: 'enabled', notify };
const two: ProfileConfig = { iccid: ICCID2, notify, fallbackAllowed: true, fallbackAttribute: true };
const ecall: ProfileConfig = { iccid: ICCID3, ecall: true, notify };
const profiles = [one, two, ecall];

const enabled = (euicc: Euicc) => euicc.chip.memory.profiles.filter(p => p.state === 'enabled').map(p => hex(p.iccid));
const events = (euicc: Euicc) => euicc.chip.memory.notifications.map(n => n.event);
const enableTwo = signedPackage(eim, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID2), rollbackFlag: null } }] });
const withFlag = (tag: string, refresh = true) => octets(`${tag}038001${refresh ? 'FF' : '00'}`);
/** An eUICC that waits for the REFRESH of an enable. */
const waiting = (config: Partial<EuiccConfig> = {}) => {
  const euicc = testEuicc({ profiles, ...config });
  const { octets: result } = euicc.execute(enableTwo, 'afterRefresh');
  return { euicc, result };
};

describe('a change of profiles that needs a REFRESH', () => {
  it('leaves the profiles as they are, with the result stored and no notification, until the device has carried it out', () => {
    const { euicc, result } = waiting();
    expect(euicc.refreshPending).equals(true);
    expect(euicc.state).to.include({ refreshPending: true });
    expect([enabled(euicc), events(euicc)]).deep.equals([[ICCID1], []]);
    expect(euicc.chip.memory.results.map(r => r.octets)).deep.equals([result]);
    euicc.settle('commit');
    expect(euicc.refreshPending).equals(false);
    expect([enabled(euicc), events(euicc)]).deep.equals([[ICCID2], ['enable', 'disable']]);
  });
  it('takes effect by a reset and by a loss of power as well', () => {
    for (const restart of ['reset', 'powerLoss'] as const) {
      const { euicc } = waiting();
      euicc[restart]();
      expect(enabled(euicc)).deep.equals([ICCID2]);
    }
  });
  it('does not happen when the device reports a failure', () => {
    const { euicc } = waiting();
    euicc.settle('abandon');
    euicc.reset();
    expect([enabled(euicc), events(euicc)]).deep.equals([[ICCID1], []]);
    expect(hex(euicc.execute(withFlag('BF58')).octets)).equals('BF5803020101');
  });
  it('takes effect at once where nobody carries out a REFRESH', () => {
    const euicc = testEuicc({ profiles });
    euicc.execute(enableTwo);
    expect([euicc.refreshPending, enabled(euicc)]).deep.equals([false, [ICCID2]]);
  });

  const functions: readonly (readonly [name: string, tag: string, before: readonly string[], after: string])[] = [
    ['ExecuteFallbackMechanism', 'BF5D', [], ICCID2],
    ['ReturnFromFallback', 'BF5E', ['BF5D'], ICCID1],
    ['EnableEmergencyProfile', 'BF5B', [], ICCID3],
    ['DisableEmergencyProfile', 'BF5C', ['BF5B'], ICCID1],
  ];
  for (const [name, tag, before, after] of functions)
    it(`waits after ${name} with refreshFlag, and not without`, () => {
      for (const refresh of [true, false]) {
        const euicc = testEuicc({ profiles });
        for (const earlier of before) euicc.execute(withFlag(earlier));
        const former = enabled(euicc);
        expect(hex(euicc.execute(withFlag(tag, refresh), 'afterRefresh').octets).slice(-2)).equals('00');
        expect([euicc.refreshPending, enabled(euicc)]).deep.equals([refresh, refresh ? former : [after]]);
        euicc.settle('commit');
        expect(enabled(euicc)).deep.equals([after]);
      }
    });
  it('is asked for when a memory reset deletes the enabled profile', () => {
    const euicc = testEuicc({ profiles: [two] });
    euicc.execute(octets('BF640482020780'), 'afterRefresh');
    expect(euicc.refreshPending).equals(false);
    const other = testEuicc({ profiles: [one] });
    other.execute(octets('BF640482020780'), 'afterRefresh');
    expect([other.refreshPending, other.chip.memory.profiles]).deep.equals([true, []]);
  });
  it('keeps every other change out: catBusy, and undefinedError for a delete', () => {
    const codes: readonly (readonly [command: Uint8Array, code: string])[] = [
      [withFlag('BF58'), 'BF5803020105'],
      [withFlag('BF5B'), 'BF5B03800105'],
      [octets('BF640482020780'), 'BF6403800105'],
    ];
    for (const [command, code] of codes) expect(hex(waiting().euicc.execute(command, 'afterRefresh').octets)).equals(code);
    const { euicc } = waiting();
    const list = [{ delete: { iccid: octets(ICCID3) } }];
    expect(hex(euicc.execute(signedPackage(eim, { counter: 2, psmo: list }), 'afterRefresh').octets)).to.include('85017F5F3740');
    euicc.settle('commit');
    expect(euicc.chip.memory.profiles).to.have.length(3);
  });
  it('a profile that is disabled and deleted by one package stays until then', () => {
    const euicc = testEuicc({ profiles });
    const iccid = octets(ICCID1);
    const psmo = [{ disable: { iccid } }, { delete: { iccid } }, { delete: { iccid } }];
    const { octets: result } = euicc.execute(signedPackage(eim, { counter: 1, psmo }), 'afterRefresh');
    expect(hex(result)).to.include('840100850100850101');
    expect(enabled(euicc)).deep.equals([ICCID1]);
    euicc.settle('commit');
    expect(euicc.chip.memory.profiles.map(p => hex(p.iccid))).deep.equals([ICCID2, ICCID3]);
    expect(events(euicc)).deep.equals(['disable', 'delete']);
  });
});

describe('a rollback that needs a REFRESH', () => {
  const rolling = () => {
    const euicc = testEuicc({ profiles });
    euicc.execute(enableTwo);
    const message = decode(es10b.ProfileRollbackResponse, euicc.execute(withFlag('BF58'), 'afterRefresh').octets);
    expect(message.value.cmdResult).equals(0);
    return euicc;
  };
  it('enables the former profile with it', () => {
    const euicc = rolling();
    expect([enabled(euicc), events(euicc)]).deep.equals([[ICCID2], []]);
    euicc.reset();
    expect(enabled(euicc)).deep.equals([ICCID1]);
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([4]);
  });
  it('leaves everything as it was, and possible, when the device reports a failure', () => {
    const euicc = rolling();
    euicc.settle('abandon');
    expect([enabled(euicc), events(euicc)]).deep.equals([[ICCID2], ['enable', 'disable']]);
    expect(euicc.chip.memory.results.map(r => r.seqNumber)).deep.equals([1]);
    expect(hex(euicc.execute(withFlag('BF58')).octets).slice(0, 14)).to.include('020100');
    expect(enabled(euicc)).deep.equals([ICCID1]);
  });
  it('does not end an emergency', () => {
    const euicc = testEuicc({ profiles });
    euicc.execute(enableTwo);
    euicc.execute(withFlag('BF5B', false));
    expect(hex(euicc.execute(withFlag('BF58')).octets)).equals('BF5803020101');
    expect(enabled(euicc)).deep.equals([ICCID3]);
  });
});

describe('a restart of the eUICC', () => {
  it('keeps results, notifications, counters, the grant of a rollback and an emergency', () => {
    for (const restart of ['reset', 'powerLoss'] as const) {
      const euicc = testEuicc({ profiles });
      euicc.execute(enableTwo);
      const { results, notifications } = euicc.chip.memory;
      euicc[restart]();
      expect(euicc.chip.memory).to.include({ results, notifications, seqNumber: 3 });
      expect(euicc.chip.memory.eims[0]?.counterValue).equals(1);
      expect(euicc.state).to.include({ rollbackGranted: true });
      euicc.execute(withFlag('BF5B', false));
      euicc[restart]();
      expect(euicc.state).to.include({ emergency: true });
      euicc.execute(withFlag('BF5C'));
      expect(enabled(euicc)).deep.equals([ICCID2]);
    }
  });
  it('forgets the challenge', () => {
    const euicc = testEuicc();
    euicc.execute(octets('BF2E00'));
    euicc.reset();
    expect(euicc.state).to.include({ challenge: undefined });
  });
});

describe('the IPA inside the eUICC', () => {
  const activate = (euicc: Euicc, ...ipaeOption: string[]) =>
    call(euicc, IpaeActivationRequest, { ipaeOption }, IpaeActivationResponse).ipaeActivationResult;
  const ipae = { supports: { ipae: true } };
  it('is activated where there is one, and only when asked for', () => {
    expect(activate(testEuicc(), 'activateIpae')).equals(1);
    expect(activate(testEuicc(ipae))).equals(1);
    expect(activate(testEuicc(ipae), 'activateIpae')).equals(0);
  });
  it('leaves information but no function to the device, until a reset', () => {
    const euicc = testEuicc(ipae);
    activate(euicc, 'activateIpae');
    const sw = (command: string) => euicc.execute(octets(command)).sw;
    expect([sw('BF2E00'), sw('BF5500'), sw('BF5100')]).deep.equals(['6985', '6985', '6985']);
    expect(hex(euicc.execute(octets('BF2200')).octets)).to.include('900101B4');
    euicc.reset();
    expect(hex(euicc.execute(octets('BF2200')).octets)).to.include('900100B4');
    expect(sw('BF5500')).equals('9000');
  });
  it('shows in the template E1 of the ISD-R, as an enabled profile does', () => {
    const bits = (config: Partial<EuiccConfig>) => hex(testEuicc(config).isdrTemplates);
    expect(bits({})).equals('E0058203020500E103800100');
    expect(bits({ profiles: [one] })).equals('E0058203020500E10480020640');
    expect(bits({ ...ipae, profiles: [one] })).equals('E0058203020500E104800206C0');
    expect(bits(ipae)).equals('E0058203020500E10480020780');
    expect(hex(testEuicc({}, testWorld('1.0')).isdrTemplates)).equals('E0058203020500');
  });
});
