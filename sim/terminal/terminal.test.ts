import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { LinkError } from '../../adapters/adapter.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { EID1, octets, signedPackage, testEim } from '../roles/euicc/test-bench.js';
import { afterOpening, GET_EID, scriptedCard, testTerminal, testUicc } from '../uicc/test-bench.js';
import { openTerminal } from './index.js';

const EID = `BF3E125A10${EID1}`;
const sent = (dialogue: readonly string[]) => dialogue.filter(line => line.startsWith('>')).map(line => line.slice(2));
const codeOf = async (act: Promise<unknown>) =>
  act.then(
    () => 'none',
    error => (error instanceof LinkError ? error.code : String(error)),
  );
const OPENING = ['80AA000005A903840101', '0070000001', '01A4040010A0000005591010FFFFFFFF8900000100'];

describe('terminal', () => {
  it('declares itself, opens a channel and selects the ISD-R before the first command', async () => {
    const { terminal, dialogue } = testTerminal();
    expect([terminal.channel, terminal.fci, terminal.euiccConfiguration]).deep.equals([undefined, undefined, undefined]);
    const { sw, octets: eid } = await terminal.execute(GET_EID);
    expect([sw, hex(eid)]).deep.equals(['9000', EID]);
    expect(sent(dialogue)).deep.equals([...OPENING, '01C0000027', '81E2910006BF3E035C015A', '01C0000015']);
    expect([terminal.channel, terminal.euiccConfiguration]).deep.equals([1, ['enabledProfile']]);
  });

  it('sends TERMINAL PROFILE and another TERMINAL CAPABILITY where it has them', async () => {
    const overrides = [() => ({ terminalProfile: () => octets('FFFFFF'), capability: () => octets('A903830107') })];
    const { terminal, dialogue } = testTerminal({ terminal: { overrides } });
    expect(await terminal.start()).to.include({ ok: true, channel: 1 });
    expect(sent(dialogue).slice(0, 2)).deep.equals(['80AA000005A903830107', '8010000003FFFFFF']);
  });

  it('sends commands in blocks of every size and gets the same answers, in parts of every size', async () => {
    const command = signedPackage(testEim(), { counter: 1, psmo: [{ listProfileInfo: {} }] });
    const { octets: expected } = testUicc().euicc.execute(command);
    for (let blockSize = 1; blockSize <= 255; blockSize++) {
      const overrides = [() => ({ responseBlock: () => blockSize })];
      const { terminal, dialogue } = testTerminal({ options: { overrides }, terminal: { blockSize } });
      const { sw, octets: result } = await terminal.execute(command);
      // Signatures differ in their random part, which has the same length.
      expect([sw, result.length], String(blockSize)).deep.equals(['9000', expected.length]);
      const blocks = sent(dialogue).filter(apdu => apdu.startsWith('81E2'));
      expect(blocks.map(apdu => apdu.slice(10)).join('')).equals(hex(command));
      expect(blocks.map(apdu => Number.parseInt(apdu.slice(6, 8), 16))).deep.equals(blocks.map((_, n) => n));
      expect(blocks.map(apdu => apdu.slice(4, 6))).deep.equals(blocks.map((_, n) => (n === blocks.length - 1 ? '91' : '11')));
    }
  });

  it('makes blocks larger where 256 do not hold a command, and sends none that is longer than all of them', async () => {
    const { card, commands } = scriptedCard(afterOpening(() => '9000'));
    const terminal = openTerminal(card, { blockSize: 1 });
    await terminal.execute(new Uint8Array(257));
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(129);
    expect(await codeOf(terminal.execute(new Uint8Array(0x100 * 0xff + 1)))).equals('tooLarge');
    expect((await terminal.execute(new Uint8Array(0x100 * 0xff))).sw).equals('9000');
  });

  it('adds Le where it is told to, and takes data that come at once', async () => {
    const overrides = [() => ({ answersDirectly: () => true })];
    const { terminal, dialogue } = testTerminal({ options: { overrides }, terminal: { appendsLe: true } });
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
    expect(sent(dialogue)).deep.equals([...OPENING.slice(0, 2), `${OPENING[2]}00`, '81E2910006BF3E035C015A00']);
  });

  it('carries out calls one after the other', async () => {
    const { terminal, dialogue } = testTerminal({ terminal: { blockSize: 4 } });
    const answers = await Promise.all([
      terminal.execute(GET_EID),
      terminal.execute(octets('BF2E00')),
      terminal.transmit(octets('80F2000C00')),
    ]);
    expect(answers.map(answer => ('sw' in answer ? answer.sw : hex(answer)))).deep.equals(['9000', '9000', '9000']);
    const order = ['81E2110004BF3E035C', '81E2910102015A', '01C0000015', '81E2910003BF2E00', '01C0000015', '80F2000C00'];
    expect(sent(dialogue).slice(4)).deep.equals(order);
  });

  it('closes its channel and opens another when it is asked again', async () => {
    const { terminal, events } = testTerminal();
    await terminal.execute(GET_EID);
    await terminal.close();
    await terminal.close();
    expect(terminal.channel).equals(undefined);
    await terminal.execute(GET_EID);
    expect(events.filter(event => event.kind.startsWith('channel')).map(event => event.kind)).deep.equals([
      'channelOpened',
      'channelClosed',
      'channelOpened',
    ]);
  });
});

describe('terminal with an unusual card', () => {
  it('takes a channel by its number, else the basic one, where the card assigns none', async () => {
    for (const [refused, channel] of [
      [['0070000001'], 1],
      [['0070000001', '0070000100'], 0],
    ] as const) {
      const { card, commands } = scriptedCard(apdu => ((refused as readonly string[]).includes(apdu) ? '6A81' : '9000'));
      const terminal = openTerminal(card);
      expect(await terminal.execute(GET_EID)).to.include({ sw: '9000' });
      expect(terminal.channel).equals(channel);
      expect(commands.at(-1)).equals(`8${channel}E2910006BF3E035C015A`);
    }
  });
  it('uses further channels with their own class octets', async () => {
    const { card, commands } = scriptedCard(apdu =>
      apdu === '0070000001' ? '139000' : apdu.startsWith('CFE2') ? '6102' : apdu.startsWith('4FC0') ? 'BF009000' : '9000',
    );
    expect(hex((await openTerminal(card).execute(GET_EID)).octets)).equals('BF00');
    expect(commands.slice(2)).deep.equals(['4FA4040010A0000005591010FFFFFFFF8900000100', 'CFE2910006BF3E035C015A', '4FC0000002']);
  });
  it('says with which status word the ISD-R is not to be had, and leaves no channel open', async () => {
    const { card, commands } = scriptedCard(apdu => (apdu === '0070000001' ? '019000' : apdu.startsWith('01A4') ? '6A82' : '9000'));
    const terminal = openTerminal(card);
    expect(await terminal.start()).deep.equals({ ok: false, step: 'select', sw: '6A82' });
    expect(await terminal.execute(GET_EID)).deep.equals({ sw: '6A82', octets: new Uint8Array() });
    expect(commands.at(-1)).equals('0070800100');
    expect(terminal.channel).equals(undefined);
  });
  it('needs no FCI, and finds template E1 in A5 as well', async () => {
    const without = testTerminal({ options: { overrides: [() => ({ returnsFci: () => false })] } });
    expect(hex((await without.terminal.execute(GET_EID)).octets)).equals(EID);
    expect(without.terminal.euiccConfiguration).equals(undefined);
    const configurationOf = async (fci: string) => {
      const { card } = scriptedCard(apdu => (apdu.startsWith('01A4') ? `${fci}9000` : apdu === '0070000001' ? '019000' : '9000'));
      const terminal = openTerminal(card);
      await terminal.start();
      return terminal.euiccConfiguration;
    };
    expect(await configurationOf('6F08A506E104800206C0')).deep.equals(['ipaeSupported', 'enabledProfile']);
    for (const fci of ['6F03E1018000', '6F00', '62068404E1028000', 'FF']) expect(await configurationOf(fci), fci).equals(undefined);
  });
  it('repeats a command with the length that the card names, once', async () => {
    const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.endsWith('00') ? '6C02' : apdu.endsWith('02') ? '6C03' : '6103')));
    expect(await openTerminal(card, { appendsLe: true }).execute(GET_EID)).deep.equals({ sw: '6C03', octets: new Uint8Array() });
    expect(commands.slice(-2)).deep.equals(['81E2910006BF3E035C015A00', '81E2910006BF3E035C015A02']);
  });
  it('gives up on a card that always has more: at a bound, or when nothing comes', async () => {
    const endless = scriptedCard(afterOpening(apdu => (apdu.startsWith('01C0') ? `${'AB'.repeat(256)}6100` : '6100')));
    expect(await codeOf(openTerminal(endless.card, { responseLimit: 1000 }).execute(GET_EID))).equals('tooLarge');
    expect(endless.commands.filter(apdu => apdu.startsWith('01C0'))).to.have.length(4);
    const drop = scriptedCard(afterOpening(() => 'AB6101'));
    expect(await codeOf(openTerminal(drop.card).execute(GET_EID))).equals('tooLarge');
    expect(drop.commands.length).to.be.within(4096, 4200);
    const empty = scriptedCard(afterOpening(() => '6105'));
    expect(await openTerminal(empty.card).execute(GET_EID)).deep.equals({ sw: '6105', octets: new Uint8Array() });
    expect(empty.commands.filter(apdu => apdu.startsWith('01C0'))).to.have.length(1);
  });
  it('passes status words on, and stops at the first block that is refused', async () => {
    const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.startsWith('81E21101') ? '6A80' : '9000')));
    expect(await openTerminal(card, { blockSize: 2 }).execute(GET_EID)).deep.equals({ sw: '6A80', octets: new Uint8Array() });
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(2);
  });
  it('opens a channel again that somebody closed, and sends the command again', async () => {
    const { terminal, uicc, dialogue } = testTerminal();
    await terminal.execute(GET_EID);
    uicc.powerOn();
    dialogue.length = 0;
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
    expect(sent(dialogue)).deep.equals([
      '81E2910006BF3E035C015A',
      '0070800100',
      ...OPENING,
      '01C0000027',
      '81E2910006BF3E035C015A',
      '01C0000015',
    ]);
    const { card, commands } = scriptedCard(afterOpening(() => '6D00'));
    expect((await openTerminal(card).execute(GET_EID)).sw).equals('6D00');
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(2);
  });
});

describe('terminal on a wire that fails', () => {
  it('passes the failure on, and starts anew with the next command', async () => {
    const { uicc } = testUicc();
    const reader = memoryReader(uicc);
    let fails = true;
    const terminal = openTerminal({
      ...reader,
      transmit: async (apdu, options) => {
        if (apdu[1] === 0xe2 && fails) throw new LinkError('cut', 'pulled out');
        return reader.transmit(apdu, options);
      },
    });
    expect(await codeOf(terminal.execute(GET_EID))).equals('cut');
    expect(terminal.channel).equals(undefined);
    fails = false;
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(EID);
  });
  it('says protocol for an answer without status word', async () => {
    for (const answer of ['', '90']) {
      const { card } = scriptedCard(afterOpening(() => answer));
      expect(await codeOf(openTerminal(card).execute(GET_EID))).equals('protocol');
    }
  });
  it('passes each APDU the signal of its caller', async () => {
    const caller = new AbortController();
    const reader = memoryReader(testUicc().uicc);
    const terminal = openTerminal(reader, { signal: () => caller.signal });
    await terminal.execute(GET_EID);
    caller.abort();
    expect(await codeOf(terminal.execute(GET_EID))).equals('timeout');
    await reader.close();
    expect(await codeOf(terminal.restart())).equals('closed');
  });
});
