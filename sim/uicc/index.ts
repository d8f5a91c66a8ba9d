/** A simulated UICC: what stands between complete ES10 commands and the APDUs of a terminal, on the side of the card. ETSI TS 102 221, SGP.22 5.7.2 */
import { type ApduExchange, writeResponse } from '#protocol/apdu/command.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { EmulatedCard } from '../../adapters/adapter.js';
import { answer } from './commands.js';
import { decisionsWith, type UiccOverride } from './decisions.js';
import { fileSystemOf } from './files.js';
import type { Es10Port } from './port.js';
import { commit } from './refresh.js';
import { type Card, openChannel, type UiccEvent } from './state.js';

export type { UiccDecisions, UiccOverride } from './decisions.js';
export type { Subscription } from './files.js';
export type { Es10Answer, Es10Port } from './port.js';
export type { UiccEvent } from './state.js';

/** A simulated UICC; observers see everything in its order. */
export interface UiccOptions {
  readonly port: Es10Port;
  /** Answer to reset; must offer T=0. */
  readonly atr?: Uint8Array;
  readonly overrides?: readonly UiccOverride[];
  readonly onApdu?: (exchange: ApduExchange) => void;
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
  /** What ends the wait for each answer that is still to come. */
  readonly waiting: Set<() => void>;
}

/** Makes a card without power. */
export const createUicc = (options: UiccOptions): Uicc => {
  const { port, atr = DEFAULT_ATR, onApdu, onReset, onEvent } = options;
  const decide = decisionsWith(options.overrides ?? []);
  let session: Session | undefined;

  const end = (): void => {
    if (!session) return;
    const { card, waiting } = session;
    card.hasPower = false;
    if (card.refresh) commit(card);
    session = undefined;
    for (const giveUp of waiting) giveUp();
  };

  const start = (): Session => {
    port.restarted?.();
    const card: Card = {
      port,
      decide,
      tell: event => {
        if (session?.card === card) onEvent?.(event);
      },
      channels: new Map(),
      files: fileSystemOf(port.subscription()),
      isDeclared: false,
      refresh: undefined,
      hasPower: true,
    };
    openChannel(card, 0);
    return { card, last: Promise.resolve(), waiting: new Set() };
  };

  const carryOut = async ({ card }: Session, command: Uint8Array): Promise<Uint8Array> => {
    try {
      return card.hasPower ? await answer(card, command) : NO_ANSWER;
    } catch (error) {
      card.tell({ kind: 'fault', error });
      return NO_ANSWER;
    }
  };

  /** The answer in its turn, or none as soon as the power goes. */
  const answerOf = (running: Session, command: Uint8Array): Promise<Uint8Array> =>
    new Promise(resolve => {
      const giveUp = (): void => resolve(NO_ANSWER);
      running.waiting.add(giveUp);
      running.last = running.last.then(async () => {
        resolve(await carryOut(running, command));
        running.waiting.delete(giveUp);
      });
    });

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
      const command = new Uint8Array(apdu);
      const response = session ? await answerOf(session, command) : NO_ANSWER;
      onApdu?.({ command, response });
      return response;
    },
  };
};

/** A card without power says nothing, and a fault of ours is none of the terminal's: no precise diagnosis. ETSI TS 102 221 10.2.1.4 */
const NO_ANSWER = writeResponse('6F00');
