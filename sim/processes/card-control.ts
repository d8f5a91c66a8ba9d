/** The control API of a simulated card: a hand at the modem or reader in which it is, as JSON over plain HTTP. docs/modem.md */
import type { EmulatedCard } from '../../adapters/adapter.js';
import { type CardConfig, cardConfig, type MadeCard, plain } from './card-maker.js';
import { type Control, openControl, type Route } from './control.js';
import { OptionError } from './process-options.js';

/** What a card is in. */
export interface CardHolder {
  /** Puts another card in place of the one that is there. */
  insert(card: EmulatedCard): Promise<void>;
  /** Takes the power away from the card and gives it back, as a relay would. */
  powerCycle(): Promise<void>;
}

/** What the API acts on. */
export interface CardControlOptions {
  readonly holder: CardHolder;
  readonly makeCard: (given: CardConfig) => MadeCard;
  /** The card that is in it at first. */
  readonly card: MadeCard;
  readonly listen: string;
  readonly report: (problem: string) => void;
}

/** Opens the control API. */
export const openCardControl = ({ holder, makeCard, card, listen, report }: CardControlOptions): Promise<Control> => {
  let current = card;
  const state = () => ({ status: 200, body: plain(current.euicc.state) });
  const routes: readonly Route[] = [
    ['GET', /^\/card$/, state],
    [
      'PUT',
      /^\/card$/,
      async ({ body }) => {
        const next = makeCard(cardConfig(body));
        await holder.insert(next.uicc);
        current = next;
        return state();
      },
    ],
    [
      'POST',
      /^\/card\/power-cycle$/,
      async () => {
        await holder.powerCycle();
        return { status: 204 };
      },
    ],
  ];
  return openControl({ routes, isMistake: cause => cause instanceof OptionError, listen, report });
};
