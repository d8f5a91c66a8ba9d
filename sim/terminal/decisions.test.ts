import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { octets } from '../roles/euicc/test-bench.js';
import { afterOpening, enableSecond, GET_EID, scriptedCard, testTerminal } from '../uicc/test-bench.js';
import { openTerminal, type TerminalOverride } from './index.js';

const deviceWith = (override: TerminalOverride, blockSize = 255) => testTerminal({ terminal: { overrides: [override], blockSize } });
const sent = (dialogue: readonly string[]) => dialogue.filter(line => line.startsWith('>')).map(line => line.slice(2));

describe('a terminal that errs', () => {
  it('sends no TERMINAL CAPABILITY', async () => {
    const { terminal, dialogue } = deviceWith(() => ({ capability: () => undefined }));
    expect((await terminal.execute(GET_EID)).sw).equals('6985');
    expect(sent(dialogue)[0]).equals('0070000001');
  });
  it('numbers its blocks wrongly', async () => {
    const { terminal, dialogue } = deviceWith(correct => ({ blockNumber: (index, count) => correct.blockNumber(index, count) * 2 }), 2);
    expect((await terminal.execute(GET_EID)).sw).equals('6A86');
    expect(sent(dialogue).at(-1)).equals('81E2110202035C');
  });
  it('marks no block as the last', async () => {
    const { terminal } = deviceWith(() => ({ blockType: () => 0x11 }));
    expect(await terminal.execute(GET_EID)).deep.equals({ sw: '9000', octets: new Uint8Array() });
  });
  it('sends another command in the middle of one', async () => {
    const { terminal, dialogue, events } = deviceWith(() => ({ interleaves: index => (index === 1 ? octets('BF2E00') : undefined) }), 4);
    expect((await terminal.execute(GET_EID)).sw).equals('6985');
    expect(sent(dialogue).slice(4)).deep.equals(['81E2110004BF3E035C', '81E2910003BF2E00', '01C0000015', '81E2910102015A']);
    expect(events.filter(event => event.kind === 'commandDiscarded')).to.have.length(1);
  });
  it('goes on after a block that was refused', async () => {
    const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.startsWith('81E21100') ? '6A80' : '9000')));
    await openTerminal(card, { overrides: [() => ({ stopsAt: () => false })], blockSize: 2 }).execute(GET_EID);
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).to.have.length(3);
  });
  it('does not fetch its answer to the end', async () => {
    const { terminal } = testTerminal({
      options: { overrides: [() => ({ responseBlock: () => 8 })] },
      terminal: { overrides: [() => ({ fetchesMore: received => received < 8 })] },
    });
    expect(await terminal.execute(GET_EID)).deep.equals({ sw: '6108', octets: octets('BF3E125A10890490') });
  });
  it('leaves REFRESH unanswered, or says that it failed', async () => {
    const silent = deviceWith(() => ({ answersProactive: () => false }));
    await silent.terminal.execute(enableSecond());
    expect(sent(silent.dialogue).at(-1)).to.match(/^01C0/);
    expect(silent.euicc.refreshPending).equals(true);
    const failing = deviceWith(() => ({ generalResult: () => 0x20 }));
    await failing.terminal.execute(enableSecond());
    expect(failing.events.filter(event => event.kind === 'refresh').at(-1)).to.include({ phase: 'refused' });
  });
  it('neither resets the card after REFRESH nor opens the channel again', async () => {
    const { terminal, dialogue } = deviceWith(() => ({ resetsAfterRefresh: () => false, reopensChannel: () => false }));
    await terminal.execute(enableSecond());
    expect((await terminal.execute(GET_EID)).sw).equals('6881');
    expect(dialogue).not.include('reset');
  });
  it('does not reset a card that refuses everything after a change', async () => {
    const { terminal, dialogue } = testTerminal({
      options: { overrides: [() => ({ announcesRefresh: () => 'silent' })] },
      terminal: { overrides: [() => ({ recoversFromRefusal: () => false })] },
    });
    await terminal.execute(enableSecond());
    expect((await terminal.execute(GET_EID)).sw).equals('6985');
    expect(dialogue).not.include('reset');
  });
  it('cuts a bound profile package elsewhere, and sends a segment after the result', async () => {
    const { card, commands } = scriptedCard(afterOpening(apdu => (apdu.startsWith('81E2') ? '6103' : 'BF37009000')));
    const cuts = () => ['BF360101', 'A000', 'A100'].map(octets);
    const overrides = [() => ({ cuts, stopsLoading: (sw: string) => sw !== '9000' })];
    const answer = await openTerminal(card, { overrides }).installProfile(GET_EID);
    expect(hex(answer?.octets ?? new Uint8Array())).equals('BF3700');
    expect(commands.filter(apdu => apdu.startsWith('81E2'))).deep.equals(['81E2910004BF360101', '81E2910002A000', '81E2910002A100']);
  });
});
