/** A reader in memory: an emulated card as the device side sees it, without a wire between them. */
import { type Card, type EmulatedCard, LinkError } from './adapter.js';
import { givenUp, until } from './until.js';

/** Puts a card into a reader of its own and gives it power. */
export const memoryReader = (emulated: EmulatedCard): Card => {
  let isOpen = true;
  /** The command that the card is busy with, and those in line behind it. */
  let last: Promise<unknown> = Promise.resolve();
  const check = (signal: AbortSignal, what: string): void => {
    if (!isOpen) throw new LinkError('closed', 'the reader is closed');
    if (signal.aborted) throw givenUp(signal, what);
  };
  emulated.powerOn();
  return {
    address: 'memory',
    transmit: async (apdu, { signal }) => {
      const what = 'the command';
      check(signal, what);
      const answer = last.then(() => {
        check(signal, what);
        return emulated.transmit(apdu);
      });
      last = answer.catch(() => undefined);
      return until(answer, signal, what);
    },
    reset: async ({ signal }) => {
      check(signal, 'the reset');
      // What the card is busy with ends with the power.
      last = Promise.resolve();
      emulated.powerOff();
      return emulated.powerOn();
    },
    close: async () => {
      isOpen = false;
      emulated.powerOff();
    },
  };
};
