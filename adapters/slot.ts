/** What all readers with our card in them share. */
import { type EmulatedCard, LinkError } from './adapter.js';
import { errorText } from './tls.js';

/** What the IUT did to the power of our card. */
export type PowerEvent = 'on' | 'reset' | 'off';

/**
 * `lost`: the IUT's side went away; `malformed`: it sent what the link does not know;
 * `card`: our card failed, and what follows from that is no deed of the IUT.
 */
export interface SlotProblem {
  readonly kind: 'lost' | 'malformed' | 'card';
  readonly message: string;
  readonly cause?: unknown;
}

/** What every slot tells beside its interface. */
export interface SlotReports {
  readonly onPower?: (event: PowerEvent) => void;
  readonly onProblem?: (problem: SlotProblem) => void;
}

/** No precise diagnosis: the answer when our card fails. ISO 7816-4 5.6 */
const NO_DIAGNOSIS = Uint8Array.of(0x6f, 0x00);
const LONGEST_ATR = 33;
const LONGEST_ANSWER = 0xffff;

/** The card, watched: what it must not do becomes a reported problem and the answer 6F00, so that the link goes on. */
export const watched = (card: EmulatedCard, onProblem: SlotReports['onProblem'] = () => {}): EmulatedCard => {
  const failed = (message: string, cause?: unknown) => onProblem({ kind: 'card', message, ...(cause === undefined ? {} : { cause }) });
  return {
    powerOn: () => {
      try {
        const atr = card.powerOn();
        if (atr.length > 0 && atr.length <= LONGEST_ATR) return atr;
        throw new LinkError('protocol', `the ATR of our card has ${atr.length} octets, expected 1 to ${LONGEST_ATR}`);
      } catch (cause) {
        failed(`our card failed when it was powered: ${errorText(cause)}`, cause);
        return new Uint8Array();
      }
    },
    powerOff: () => {
      try {
        card.powerOff();
      } catch (cause) {
        failed(`our card failed when it lost its power: ${errorText(cause)}`, cause);
      }
    },
    transmit: async apdu => {
      try {
        const answer = await card.transmit(apdu);
        if (answer.length >= 2 && answer.length <= LONGEST_ANSWER) return answer;
        failed(`our card answered ${answer.length} octets, expected 2 to ${LONGEST_ANSWER}; answered 6F00 in its place`);
      } catch (cause) {
        failed(`our card failed, answered 6F00: ${errorText(cause)}`, cause);
      }
      return NO_DIAGNOSIS;
    },
  };
};
