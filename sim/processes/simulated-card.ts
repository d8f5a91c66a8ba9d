/** The simulated eUICC in this very process, as a card in a reader of ours: for runs that need no wire. */
import { type Card, LinkError } from '../../adapters/adapter.js';
import { cardMaker } from './card-maker.js';
import { readCardArguments } from './card-options.js';

/** A card that can be exchanged for a new one. */
export interface SimulatedCard extends Card {
  /** A card in its delivery state takes the place of this one. */
  replace(): void;
}

/** Puts a card in its delivery state under power; takes the options of a card that `sgp32 sim modem` takes. Throws OptionError. */
export const openSimulatedCard = (startArguments: readonly string[]): SimulatedCard => {
  const make = cardMaker(readCardArguments(startArguments));
  let { uicc } = make({});
  uicc.powerOn();
  let isClosed = false;
  const open = (): void => {
    if (isClosed) throw new LinkError('closed', 'the simulated card is no longer there');
  };
  return {
    address: 'simulated eUICC',
    transmit: async apdu => {
      open();
      return uicc.transmit(apdu);
    },
    reset: async () => {
      open();
      uicc.powerOff();
      return uicc.powerOn();
    },
    replace: () => {
      uicc.powerOff();
      ({ uicc } = make({}));
      uicc.powerOn();
    },
    close: async () => {
      isClosed = true;
      uicc.powerOff();
    },
  };
};
