import { expect } from 'chai';
import { PROFILE_STATE_CHANGE } from '#protocol/apdu/proactive.js';
import { hex } from '#protocol/asn1/tlv.js';
import { ICCID1, ICCID2, octets, signedPackage, testEim } from '../roles/euicc/test-bench.js';
import type { Execute } from './euicc-port.js';
import type { Uicc, UiccOverride } from './index.js';
import { CAPABILITY, converse, enableSecond, SELECT_ISDR, send, testIsdr } from './test-bench.js';

const DONE = '8103010104 82028281 830100';
const FAILED = '8103010104 82028281 830120';
const respond = (data: string): string => {
  const content = data.replaceAll(' ', '');
  return `80140000${hex(Uint8Array.of(content.length / 2))}${content}`;
};

/** Sends one ES10 command on a channel; the last part of the answer, with its status word. */
const es10 = async (uicc: Uicc, command: Uint8Array, channel = 1): Promise<string> => {
  let last = '';
  for (let at = 0; at < command.length; at += 255) {
    const block = command.subarray(at, at + 255);
    const header = Uint8Array.of(0x80 | channel, 0xe2, at + 255 < command.length ? 0x11 : 0x91, at / 255, block.length);
    last = await send(uicc, hex(header) + hex(block));
  }
  while (last.slice(-4).startsWith('61')) last = await send(uicc, `0${channel}C00000${last.slice(-2)}`);
  return last;
};
const iccid = async (uicc: Uicc): Promise<string> => {
  expect(await send(uicc, '00A4000C023F00')).to.match(/^(9000|910B)$/);
  expect(await send(uicc, '00A4000C022FE2')).to.match(/^(9000|910B|6A82)$/);
  return send(uicc, '00B000000A');
};
const phases = (events: Awaited<ReturnType<typeof testIsdr>>['events']) => events.flatMap(e => (e.kind === 'refresh' ? [e.phase] : []));
const withOverride = (override: UiccOverride, execute?: Execute) =>
  testIsdr({ options: { overrides: [override] }, ...(execute && { execute }) });

describe('REFRESH after a change of profiles', () => {
  it('is announced with the last part of the result, fetched, and answered', async () => {
    const { uicc, euicc, events } = await testIsdr();
    expect(await es10(uicc, enableSecond())).to.match(/^(..)*910B$/);
    await converse(uicc, [
      ['8012000000', '6C0B'],
      ['801200000B', 'D009 8103010104 82028182 9000'],
      [respond(DONE), '9000'],
    ]);
    expect(hex(euicc.chip.memory.profiles.find(p => p.state === 'enabled')?.iccid ?? new Uint8Array())).equals(ICCID2);
    expect(phases(events)).deep.equals(['pending', 'fetched', 'committed']);
  });
  it('is announced with every answer until it is fetched, but never in the middle of a command', async () => {
    const { uicc } = await withOverride(() => ({ servesEs10: () => true }));
    await es10(uicc, enableSecond());
    await converse(uicc, [
      ['80F2000C00', '910B'],
      ['00A4000C023F00', '910B'],
      ['81E2110001BF', '9000'],
      ['81E29101053E035C015A', '6115'],
      ['01C0000005', 'BF3E125A10 6110'],
      ['8012000000', '6C0B'],
      ['80F2000C00', '910B'],
    ]);
  });
  it('shows the files of the new profile once it was carried out, and those of the old one before', async () => {
    const { uicc } = await testIsdr();
    expect(await iccid(uicc)).equals(`${ICCID1}9000`);
    await es10(uicc, enableSecond());
    expect(await iccid(uicc)).equals(`${ICCID1}910B`);
    await send(uicc, '801200000B');
    expect(await iccid(uicc)).equals(`${ICCID1}9000`);
    await send(uicc, respond(DONE));
    expect(await iccid(uicc)).equals(`${ICCID2}9000`);
  });
  it('with qualifier 04 closes the channels, and serves a new one', async () => {
    const { uicc } = await testIsdr();
    await es10(uicc, enableSecond());
    await converse(uicc, [
      ['81E2910006BF3E035C015A', '6985'],
      ['801200000B', 'D009 8103010104 82028182 9000'],
      ['81E2910006BF3E035C015A', '6985'],
      [respond(DONE), '9000'],
      ['81E2910006BF3E035C015A', '6881'],
      ['0070000001', '019000'],
      [SELECT_ISDR, '6127'],
      ['81E2910006BF3E035C015A', '6115'],
    ]);
  });
  it('with qualifier 09 leaves the channel of the ISD-R open', async () => {
    const { uicc } = await withOverride(() => ({ refreshQualifier: () => PROFILE_STATE_CHANGE }));
    await es10(uicc, enableSecond());
    await converse(uicc, [
      ['801200000B', 'D009 8103010109 82028182 9000'],
      [respond(DONE.replace('0104', '0109')), '9000'],
      ['81E2910006BF3E035C015A', '6115'],
    ]);
    expect(await iccid(uicc)).equals(`${ICCID2}9000`);
  });
  it('that the terminal could not carry out leaves the profile as it was', async () => {
    const { uicc, events } = await testIsdr();
    await es10(uicc, enableSecond());
    await converse(uicc, [
      ['801200000B', 'D009 8103010104 82028182 9000'],
      ['8014000003810301', '6A80'],
      ['80140000058103010104', '6A80'],
      [respond(FAILED), '9000'],
      [respond(DONE), '6985'],
      ['81E2910006BF3E035C015A', '6115'],
    ]);
    uicc.powerOn();
    expect(await iccid(uicc)).equals(`${ICCID1}9000`);
    expect(phases(events)).deep.equals(['pending', 'fetched', 'refused']);
  });
  it('takes effect by a reset as well, at any point', async () => {
    for (const before of [[], ['801200000B']]) {
      const { uicc, events } = await testIsdr();
      await es10(uicc, enableSecond());
      for (const command of before) await send(uicc, command);
      uicc.powerOn();
      expect(await iccid(uicc)).equals(`${ICCID2}9000`);
      expect(phases(events).at(-1)).equals('committed');
      await converse(uicc, [['801200000B', '6985']]);
    }
  });
  it('takes effect when the reset comes before the end of the command', async () => {
    let finish = (): void => {};
    let begin = (): void => {};
    const begun = new Promise<void>(resolve => {
      begin = resolve;
    });
    const { uicc, euicc } = await testIsdr({
      execute: async command => {
        const answer = euicc.execute(command, 'afterRefresh');
        begin();
        await new Promise<void>(resolve => {
          finish = resolve;
        });
        return answer;
      },
    });
    const answer = es10(uicc, enableSecond());
    await begun;
    uicc.powerOff();
    expect(await answer).equals('6F00');
    finish();
    uicc.powerOn();
    expect(await iccid(uicc)).equals(`${ICCID2}9000`);
    expect(euicc.refreshPending).equals(false);
  });
  it('cannot be fetched or answered without need', async () => {
    const { uicc } = await testIsdr();
    await converse(uicc, [
      ['801200000B', '6985'],
      [respond(DONE), '6985'],
      ['811200000B', '6E00'],
      ['801000000101', '9000'],
      ['8010000000', '6700'],
    ]);
  });
});

describe('a change of profiles without REFRESH', () => {
  it('that is not announced blocks ES10 until the card is reset', async () => {
    const { uicc, events } = await withOverride(() => ({ announcesRefresh: () => 'silent' }));
    expect(await es10(uicc, enableSecond())).to.match(/9000$/);
    await converse(uicc, [
      ['81E2910006BF3E035C015A', '6985'],
      ['80F2000C00', '9000'],
      ['801200000B', '6985'],
    ]);
    uicc.powerOn();
    await converse(uicc, [
      [CAPABILITY, '9000'],
      ['0070000001', '019000'],
      [SELECT_ISDR, '6127'],
      ['81E2910006BF3E035C015A', '6115'],
    ]);
    expect(await iccid(uicc)).equals(`${ICCID2}9000`);
    expect(phases(events)).deep.equals(['silent', 'committed']);
  });
  it('that the device asked for takes place at once, and closes channels of the profile before', async () => {
    const profiles = [
      { iccid: ICCID1, state: 'enabled' as const },
      { iccid: ICCID2, ecall: true },
    ];
    for (const closesOwnChannel of [false, true]) {
      const { uicc } = await testIsdr({
        config: { profiles },
        options: { overrides: [() => ({ closesOwnChannel: () => closesOwnChannel })] },
      });
      await converse(uicc, [
        ['0070000001', '029000'],
        ['02A4040C07A0000000871002', '9000'],
      ]);
      expect(await es10(uicc, octets('BF5B03800100'))).equals('BF5B038001009000');
      await converse(uicc, [
        ['02A4000C023F00', '6881'],
        ['81E2910006BF3E035C015A', closesOwnChannel ? '6881' : '6115'],
      ]);
      expect(await iccid(uicc)).equals(`${ICCID2}9000`);
    }
  });
  it('that a script answers in place of the eUICC is announced all the same', async () => {
    const nothing = { sw: '9000', octets: new Uint8Array() };
    const made = await testIsdr({
      execute: command => {
        made.euicc.execute(command);
        return nothing;
      },
    });
    expect(await es10(made.uicc, enableSecond())).equals('910B');
  });
  it('leaves a UICC without subscription when the enabled profile was disabled', async () => {
    const { uicc } = await testIsdr();
    const disable = signedPackage(testEim(), { counter: 1, psmo: [{ disable: { iccid: octets(ICCID1) } }] });
    expect(await es10(uicc, disable)).to.match(/910B$/);
    uicc.powerOn();
    await converse(uicc, [
      ['00A4000C022FE2', '6A82'],
      ['00A4040C07A0000000871002', '6A82'],
      ['00A4040C10A0000005591010FFFFFFFF8900000100', '9000'],
    ]);
  });
});
