/** The control API of the emulated modem: a hand at its card, as JSON over plain HTTP. docs/modem.md */
import type { ModemEmulator } from '../modem/index.js';
import { type Control, openControl, type Route } from './control.js';
import { type CardConfig, cardConfig, type ModemCard, plain } from './modem-card.js';
import { OptionError } from './process-options.js';

/** What the API acts on. */
export interface ModemControlOptions {
  readonly emulator: ModemEmulator;
  readonly makeCard: (given: CardConfig) => ModemCard;
  /** The card that is in the modem at first. */
  readonly card: ModemCard;
  readonly listen: string;
  readonly report: (problem: string) => void;
}

/** Opens the control API of a modem. */
export const openModemControl = ({ emulator, makeCard, card, listen, report }: ModemControlOptions): Promise<Control> => {
  let current = card;
  const state = () => ({ status: 200, body: plain(current.euicc.state) });
  const routes: readonly Route[] = [
    ['GET', /^\/card$/, state],
    [
      'PUT',
      /^\/card$/,
      async ({ body }) => {
        const next = makeCard(cardConfig(body));
        await emulator.insert(next.uicc);
        current = next;
        return state();
      },
    ],
    [
      'POST',
      /^\/card\/power-cycle$/,
      async () => {
        await emulator.powerCycle();
        return { status: 204 };
      },
    ],
  ];
  return openControl({ routes, isMistake: cause => cause instanceof OptionError, listen, report });
};
