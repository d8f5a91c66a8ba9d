/** A reader in memory: an emulated card as the device side sees it, without a wire between them. */
import { type Card, type EmulatedCard, LinkError } from './adapter.js';

/** Puts a card into a reader of its own and gives it power. */
export const memoryReader = (emulated: EmulatedCard): Card => {
  let isOpen = true;
  const whileOpen = (signal: AbortSignal): void => {
    if (!isOpen) throw new LinkError('closed', 'the reader is closed');
    if (signal.aborted) throw new LinkError('timeout', 'the call was given up before it reached the card');
  };
  emulated.powerOn();
  return {
    address: 'memory',
    transmit: async (apdu, { signal }) => {
      whileOpen(signal);
      let giveUp = (): void => {};
      const given = new Promise<never>((_, reject) => {
        giveUp = () => reject(new LinkError('timeout', 'the card did not answer in time'));
      });
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        return await Promise.race([emulated.transmit(apdu), given]);
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
    reset: async ({ signal }) => {
      whileOpen(signal);
      emulated.powerOff();
      return emulated.powerOn();
    },
    close: async () => {
      isOpen = false;
      emulated.powerOff();
    },
  };
};
