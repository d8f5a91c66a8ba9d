import { expect } from 'chai';
import type { EmulatedCard } from './adapter.js';
import { LinkError } from './adapter.js';
import { memoryReader } from './memory-reader.js';

const { signal } = new AbortController();
const codeOf = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'none',
    error => (error instanceof LinkError ? error.code : 'other'),
  );

/** A card that echoes, and counts how often it got power. */
const echo = (transmit: EmulatedCard['transmit'] = async apdu => apdu) => {
  const log: string[] = [];
  const card: EmulatedCard = {
    powerOn: () => {
      log.push('on');
      return Uint8Array.of(0x3b, 0);
    },
    powerOff: () => log.push('off'),
    transmit,
  };
  return { card, log };
};

describe('reader in memory', () => {
  it('gives power, passes octets on, and takes the power away for a reset', async () => {
    const { card, log } = echo();
    const reader = memoryReader(card);
    expect(await reader.transmit(Uint8Array.of(1, 2), { signal })).deep.equals(Uint8Array.of(1, 2));
    expect(await reader.reset({ signal })).deep.equals(Uint8Array.of(0x3b, 0));
    expect(log).deep.equals(['on', 'off', 'on']);
  });

  it('says closed after it was closed', async () => {
    const { card } = echo();
    const reader = memoryReader(card);
    await reader.close();
    expect(await codeOf(reader.transmit(Uint8Array.of(1), { signal }))).equals('closed');
    expect(await codeOf(reader.reset({ signal }))).equals('closed');
  });

  it('says timeout when the caller gives up on a card that does not answer', async () => {
    const { card } = echo(() => new Promise(() => {}));
    const caller = new AbortController();
    const answer = codeOf(memoryReader(card).transmit(Uint8Array.of(1), caller));
    caller.abort();
    expect(await answer).equals('timeout');
    expect(await codeOf(memoryReader(card).transmit(Uint8Array.of(1), caller))).equals('timeout');
  });
});
