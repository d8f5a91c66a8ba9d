import { expect } from 'chai';
import { PROFILE_STATE_CHANGE } from '#protocol/apdu/proactive.js';
import { hex } from '#protocol/asn1/tlv.js';
import { LinkError } from '../../adapters/adapter.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { enabledProfile } from '../roles/euicc/state.js';
import { EID1, ICCID1, ICCID2, octets, testEuicc, testWorld } from '../roles/euicc/test-bench.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc, type UiccDecisions } from '../uicc/index.js';
import { afterOpening, enableSecond, GET_EID, scriptedCard, testTerminal, testUicc } from '../uicc/test-bench.js';
import { openTerminal, type TerminalOptions } from './index.js';

const EID = `BF3E125A10${EID1}`;
const OPENING = ['> 80AA000005A903840101', '< 9000', '> 0070000001', '< 019000', '> 01A4040010A0000005591010FFFFFFFF8900000100', '< 6127'];
const FCI = ['> 01C0000027', '< 6F258410A0000005591010FFFFFFFF8900000100A5049F6501FFE0058203020500E104800206409000'];
const GET = ['> 81E2910006BF3E035C015A', '< 6115', '> 01C0000015', `< ${EID}9000`];
const made = (decisions: Partial<UiccDecisions> = {}, terminal: TerminalOptions = {}) =>
  testTerminal({ options: { overrides: [() => decisions] }, terminal });
const enabled = ({ euicc }: Pick<ReturnType<typeof made>, 'euicc'>) => hex(enabledProfile(euicc.chip)?.iccid ?? new Uint8Array());

describe('terminal after a change of profiles', () => {
  it('fetches and answers REFRESH, resets the card and opens it again', async () => {
    const device = made();
    const { sw, octets: result } = await device.terminal.execute(enableSecond());
    expect([sw, hex(result.subarray(0, 2))]).deep.equals(['9000', 'BF51']);
    expect(enabled(device)).equals(ICCID2);
    await device.terminal.execute(GET_EID);
    const from = device.dialogue.findIndex(line => line.endsWith('910B'));
    expect(device.dialogue.slice(from + 1)).deep.equals([
      ...['> 801200000B', '< D0098103010104820281829000'],
      ...['> 801400000C810301010482028281830100', '< 9000', 'reset'],
      ...[...OPENING, ...FCI, ...GET],
    ]);
  });
  it('resets a card that says nothing of it but refuses the next command', async () => {
    const device = made({ announcesRefresh: () => 'silent' });
    await device.terminal.execute(enableSecond());
    expect(enabled(device)).equals(ICCID1);
    const from = device.dialogue.length;
    expect(hex((await device.terminal.execute(GET_EID)).octets)).equals(EID);
    expect(device.dialogue.slice(from)).deep.equals(['> 81E2910006BF3E035C015A', '< 6985', 'reset', ...OPENING, ...FCI, ...GET]);
    expect(enabled(device)).equals(ICCID2);
  });
  it('knows the memory reset of v1.0 as well, and EnableUsingDD', async () => {
    const euicc = testEuicc({ profiles: [{ iccid: ICCID1, state: 'enabled' }] }, testWorld('1.0'));
    const uicc = createUicc({ port: portOf(euicc), overrides: [() => ({ announcesRefresh: () => 'silent' })] });
    const terminal = openTerminal(memoryReader(uicc));
    for (const command of ['BF340482020780', 'BF5A00']) {
      await terminal.execute(octets(command));
      expect(hex((await terminal.execute(GET_EID)).octets), command).equals(EID);
    }
    expect(euicc.chip.memory.profiles).deep.equals([]);
  });
  it('stays on its channel when REFRESH only tells of another profile', async () => {
    const device = made({ refreshQualifier: () => PROFILE_STATE_CHANGE });
    await device.terminal.execute(enableSecond());
    expect([enabled(device), device.dialogue.includes('reset')]).deep.equals([ICCID2, false]);
    const from = device.dialogue.length;
    await device.terminal.execute(GET_EID);
    expect(device.dialogue.slice(from)).deep.equals(GET);
  });
  it('does so with blocks and parts of every size', async () => {
    for (const announcesRefresh of ['proactive', 'silent'] as const)
      for (const size of [1, 2, 7, 16, 60, 100, 127, 128, 200, 250, 254, 255]) {
        const device = made({ announcesRefresh: () => announcesRefresh, responseBlock: () => size }, { blockSize: size });
        const { octets: result } = await device.terminal.execute(enableSecond());
        expect(hex((await device.terminal.execute(GET_EID)).octets)).equals(EID);
        expect(enabled(device), `${announcesRefresh}, ${size}`).equals(ICCID2);
        const list = await device.terminal.execute(octets('BF2B04A0028200'));
        expect(hex(list.octets)).to.include(hex(result));
      }
  });
  it('opens its channel again after a change at once that closed it', async () => {
    const profiles = [
      { iccid: ICCID1, state: 'enabled' as const },
      { iccid: ICCID2, ecall: true },
    ];
    const { terminal, dialogue } = testTerminal({
      config: { profiles },
      options: { overrides: [() => ({ closesOwnChannel: () => true })] },
    });
    expect(hex((await terminal.execute(octets('BF5B03800100'))).octets)).equals('BF5B03800100');
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
    expect(dialogue).to.include.members(['< 6881']).and.not.include('reset');
  });
  it('does not reset the card for a refusal that no change of profiles explains, nor twice', async () => {
    const { terminal, dialogue } = made();
    await terminal.execute(GET_EID);
    expect(await terminal.execute(octets('BF3600'))).to.include({ sw: '6985' });
    expect(dialogue).not.include('reset');
    const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.startsWith('81E2910003BF51') ? '9000' : '6985')));
    const other = openTerminal(card);
    await other.execute(octets('BF5100'));
    expect(await other.execute(GET_EID)).to.include({ sw: '6985' });
    expect(commands.filter(apdu => apdu === 'reset')).to.have.length(1);
    expect(await other.execute(GET_EID)).to.include({ sw: '6985' });
    expect(commands.filter(apdu => apdu === 'reset')).to.have.length(1);
  });
  it('resets a card that refuses a later command only with its last block', async () => {
    const { card, commands } = scriptedCard(
      afterOpening(apdu => (apdu.startsWith('81E29101') && !commands.includes('reset') ? '6985' : '9000')),
    );
    const terminal = openTerminal(card, { blockSize: 4 });
    await terminal.execute(octets('BF5100'));
    expect(await terminal.execute(GET_EID)).to.include({ sw: '9000' });
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(5);
  });
  it('never sends a command again that was carried out and whose answer was refused', async () => {
    for (const refused of ['6985', '6E00', '6881']) {
      const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.startsWith('01C0') ? refused : '6110')));
      const terminal = openTerminal(card);
      for (const counter of [1, 2])
        expect(await terminal.execute(octets(`BF5101${hex(Uint8Array.of(counter))}`))).to.include({ sw: refused });
      expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(2);
      expect(commands).not.include('reset');
    }
  });
  it('answers a REFRESH that was left over before it started', async () => {
    const { uicc } = testUicc();
    const impatient = openTerminal(memoryReader(uicc), { overrides: [() => ({ answersProactive: () => false })] });
    await impatient.execute(enableSecond());
    const dialogue: string[] = [];
    const reader = memoryReader({ ...uicc, powerOn: () => uicc.atr });
    const terminal = openTerminal(
      { ...reader, reset: async () => uicc.powerOn() },
      { onApdu: ({ command }) => dialogue.push(hex(command)), onReset: () => dialogue.push('reset') },
    );
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
    expect(dialogue.filter(line => line.startsWith('801') || line === 'reset')).deep.equals([
      '801200000B',
      '801400000C810301010482028281830100',
      'reset',
    ]);
  });
  it('keeps the result when the wire fails behind it, and resets the card first when it is asked again', async () => {
    const { uicc, euicc } = testUicc();
    const reader = memoryReader(uicc);
    for (const ins of [0x12, 0x14, undefined]) {
      uicc.powerOn();
      let fails = true;
      const terminal = openTerminal({
        ...reader,
        transmit: async (apdu, options) => {
          if (fails && apdu[1] === ins) throw new LinkError('cut', 'pulled out');
          return reader.transmit(apdu, options);
        },
        reset: async options => {
          if (fails) throw new LinkError('cut', 'pulled out');
          return reader.reset(options);
        },
      });
      const enable = ins === 0x12 ? enableSecond() : octets('BF64 04 82020780');
      const { sw, octets: result } = await terminal.execute(enable);
      expect([sw, result.length > 0]).deep.equals(['9000', true]);
      fails = false;
      expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
      expect(euicc.refreshPending).equals(false);
    }
  });
});

describe('terminal and other proactive commands', () => {
  /** A card that announces these, one after the other, with the answer to the first ES10 command. */
  const announcing = (list: readonly string[]) => {
    const left = [...list];
    const ending = () => (left[0] === undefined ? '9000' : `91${hex(Uint8Array.of(left[0].length / 2))}`);
    return scriptedCard(afterOpening(apdu => (apdu.startsWith('8012') ? `${left.shift() ?? ''}9000` : ending())));
  };
  const command = (type: string, qualifier = '00') => `D009810301${type}${qualifier}82028182`;

  it('performs those that ask for nothing, and says of others that they are beyond it', async () => {
    const { card, commands } = announcing([command('05'), command('21', '80'), command('01', '00')]);
    expect(await openTerminal(card).execute(GET_EID)).deep.equals({ sw: '9000', octets: new Uint8Array() });
    expect(commands.filter(apdu => apdu.startsWith('8014'))).deep.equals([
      '801400000C810301050082028281830100',
      '801400000C810301218082028281830130',
      '801400000C810301010082028281830100',
    ]);
    expect(commands).not.include('reset');
  });
  it('lets be what it cannot read, and a card that never ends', async () => {
    for (const octetsOfCommand of ['D0', 'D102810182', 'D0028103', 'D08109810301210082028182', 'D003810201']) {
      const { card, commands } = announcing([octetsOfCommand]);
      expect((await openTerminal(card).execute(GET_EID)).sw).equals('9000');
      expect(commands.filter(apdu => apdu.startsWith('8014')).length, octetsOfCommand).equals(octetsOfCommand.startsWith('D081') ? 1 : 0);
    }
    const { card, commands } = announcing(Array.from({ length: 100 }, () => command('02')));
    expect((await openTerminal(card).execute(GET_EID)).sw).equals('9000');
    expect(commands.filter(apdu => apdu.startsWith('8014'))).to.have.length(20);
  });
});
