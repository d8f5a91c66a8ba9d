/** The card of the reference IPA and when it is another one. SGP.32 3.8 */
import type { Spec } from '#protocol/asn1/type.js';
import { GetEuiccDataRequest, GetEuiccDataResponse } from '#protocol/rsp/info.js';
import { type Card, type Duration, LinkError } from '../../adapters/adapter.js';
import { ComposeError } from '../role.js';
import { ask } from '../roles/ipa/card.js';
import { openTerminal, type Terminal, type TerminalOptions } from '../terminal/index.js';

/** A card that can be used, or why there is none. */
export type CardState =
  /** `isNew`: it was reset, or another one is there, since it was looked at last. */
  { readonly isNew: boolean } | { readonly problem: string };

/** What keeps a card from doing what it is asked: no fault of this program. */
export const isSetback = (cause: unknown): cause is Error => cause instanceof LinkError || cause instanceof ComposeError;

/** The card with the device around it. */
export interface DeviceCard {
  readonly terminal: Terminal;
  /** Looks whether the card is there, still open, and the same; starts it if need be. Never rejects. */
  check(): Promise<CardState>;
  /** What was opened up to now was opened on purpose: after a REFRESH the card is still the same. */
  settle(): void;
  /** Resets the card; the next check finds it new. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Puts a device around a card. */
export const openDeviceCard = (card: Card, spec: Spec, timeout: Duration, options: TerminalOptions = {}): DeviceCard => {
  const closing = new AbortController();
  const signal = (): AbortSignal => AbortSignal.any([closing.signal, AbortSignal.timeout(timeout.seconds * 1000)]);
  const terminal = openTerminal(card, { signal, ...options });
  /** A card that was put in or reset meanwhile has no open channel, and the terminal opens one anew. */
  let seen: number | undefined;
  /** Whether the card still answers on its channel, or on one that was opened for the question. */
  const answers = async (): Promise<boolean> => {
    try {
      await ask(terminal, spec, GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) }, GetEuiccDataResponse);
      return true;
    } catch (cause) {
      if (isSetback(cause)) return false;
      throw cause;
    }
  };
  const start = async (): Promise<void> => {
    const opening = await terminal.restart();
    if (!opening.ok) throw new ComposeError(`the card refused the selection of the ISD-R with ${opening.sw}`);
  };
  const check = async (): Promise<CardState> => {
    try {
      const before = seen;
      const isThere = before !== undefined && (await answers());
      if (!isThere) await start();
      seen = terminal.openings;
      return { isNew: seen !== before };
    } catch (cause) {
      seen = undefined;
      if (isSetback(cause)) return { problem: cause.message };
      throw cause;
    }
  };
  return {
    terminal,
    check,
    settle: () => {
      if (seen !== undefined) seen = terminal.openings;
    },
    reset: async () => {
      seen = undefined;
      await terminal.restart();
    },
    close: () => {
      closing.abort(new LinkError('closed', 'the IPA is shut down'));
      return card.close();
    },
  };
};
