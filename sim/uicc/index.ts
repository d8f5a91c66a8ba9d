/** A simulated UICC: what stands between complete ES10 commands and the APDUs of a terminal, on the side of the card. ETSI TS 102 221, SGP.22 5.7.2 */

import { writeResponse } from '#protocol/apdu/command.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { EmulatedCard } from '../../adapters/adapter.js';
import { answer } from './commands.js';
import { decisionsWith, type UiccOverride } from './decisions.js';
import { fileSystemOf } from './files.js';
import type { Es10Port } from './port.js';
import { type Card, openChannel, type UiccEvent } from './state.js';

export type { UiccDecisions, UiccOverride } from './decisions.js';
export type { Subscription } from './files.js';
export { ISDR_AID } from './isdr.js';
export type { Es10Answer, Es10Port } from './port.js';
export type { UiccEvent } from './state.js';

/** One exchange with the card. */
export interface Exchange {
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

/** A simulated UICC; observers see everything in its order. */
export interface UiccOptions {
  readonly port: Es10Port;
  /** Answer to reset; must offer T=0. */
  readonly atr?: Uint8Array;
  readonly overrides?: readonly UiccOverride[];
  readonly onApdu?: (exchange: Exchange) => void;
  readonly onReset?: (atr: Uint8Array) => void;
  readonly onEvent?: (event: UiccEvent) => void;
}

/** A card to be put into a reader of the IUT, or into ours. */
export interface Uicc extends EmulatedCard {
  readonly atr: Uint8Array;
}

/** T=0 and T=15; supports logical channels; as a card with an eUICC in it answers. ISO 7816-3 8.2, ETSI TS 102 221 6.3 */
export const DEFAULT_ATR = fromHex('3B9F96801FC78031A073BE21136743200718000001A5') ?? new Uint8Array();

/** One time under power: nothing of it reaches the next. */
interface Session {
  readonly card: Card;
  /** Commands are carried out one after the other, whoever sends them. */
  last: Promise<unknown>;
  /** Resolves when the power goes. */
  readonly isOver: Promise<'over'>;
  end(): void;
}

/** Makes a card without power. */
export const createUicc = (options: UiccOptions): Uicc => {
  const { port, atr = DEFAULT_ATR, onApdu, onReset, onEvent } = options;
  const decide = decisionsWith(options.overrides ?? []);
  let session: Session | undefined;

  const end = (): void => {
    const ended = session;
    session = undefined;
    // A change that waited for REFRESH is committed by a reset.
    if (ended?.card.refresh) port.settled?.(true);
    if (ended?.card.refresh) onEvent?.({ kind: 'refresh', phase: 'committed' });
    ended?.end();
  };

  const start = (): Session => {
    port.restarted?.();
    const card: Card = {
      port,
      decide,
      tell: event => onEvent?.(event),
      channels: new Map(),
      files: fileSystemOf(port.subscription()),
      isDeclared: false,
      refresh: undefined,
    };
    openChannel(card, 0);
    let stop = (_: 'over'): void => {};
    const isOver = new Promise<'over'>(resolve => {
      stop = resolve;
    });
    return { card, last: Promise.resolve(), isOver, end: () => stop('over') };
  };

  const carryOut = async (running: Session, apdu: Uint8Array): Promise<Uint8Array> => {
    try {
      const response = await Promise.race([running.last.then(() => answer(running.card, apdu)), running.isOver]);
      return response === 'over' ? NO_ANSWER : response;
    } catch (error) {
      onEvent?.({ kind: 'fault', error });
      return NO_ANSWER;
    }
  };

  return {
    atr,
    powerOn: () => {
      end();
      session = start();
      onReset?.(atr);
      return atr;
    },
    powerOff: end,
    transmit: async apdu => {
      const running = session;
      const command = Uint8Array.from(apdu);
      const result = running ? carryOut(running, command) : Promise.resolve(NO_ANSWER);
      if (running) running.last = result;
      const response = await result;
      onApdu?.({ command, response });
      return response;
    },
  };
};

/** A card without power says nothing, and a fault of ours is none of the terminal's: no precise diagnosis. ETSI TS 102 221 10.2.1.4 */
const NO_ANSWER = writeResponse('6F00');
