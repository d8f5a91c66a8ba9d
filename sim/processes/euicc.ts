/** The simulated eUICC as a process: a card in the virtual reader of PC/SC, with a control API. docs/modem.md */
import type { EmulatedCard } from '../../adapters/adapter.js';
import { openVpcd } from '../../adapters/vpcd.js';
import { type CardHolder, openCardControl } from './card-control.js';
import { type CardMaker, cardMaker } from './card-maker.js';
import { CARD_OPTIONS, makerFrom } from './card-options.js';
import { type ProcessSurroundings, runUntilSignal } from './process.js';
import { asIs, OptionError, option, optionReader } from './process-options.js';

const reader = (text: string): { readonly host: string; readonly port: number } => {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (!host || !port) throw new OptionError(`--reader: expected host:port, got ${text}`);
  return { host, port: Number(port) };
};

/** Every option of the simulated eUICC. */
export const EUICC_OPTIONS = {
  reader: option(
    'reader',
    'host:port of the virtual reader of PC/SC (vsmartcard-vpcd) that the card is put into',
    '127.0.0.1:35963',
    reader,
  ),
  control: option('control', 'host:port of the control API over plain HTTP', '127.0.0.1:0', asIs),
  ...CARD_OPTIONS,
} as const;

/** What the options of a process mean. */
export interface EuiccProcessOptions {
  readonly reader: { readonly host: string; readonly port: number };
  readonly control: string;
  readonly maker: CardMaker;
}

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readEuiccOptions = (given: Readonly<Record<string, string>>): EuiccProcessOptions => {
  const value = optionReader(EUICC_OPTIONS, given);
  return { reader: value(EUICC_OPTIONS.reader), control: value(EUICC_OPTIONS.control), maker: makerFrom(value) };
};

/** A simulated eUICC in a reader. */
export interface RunningEuicc {
  /** Where the reader is. */
  readonly reader: string;
  /** URL of the control API. */
  readonly control: string;
  close(): Promise<void>;
}

/** Puts a simulated eUICC into the reader; resolves when it is there. Rejects with LinkError. */
export const startEuicc = async (
  options: EuiccProcessOptions,
  { report = () => undefined }: ProcessSurroundings = {},
): Promise<RunningEuicc> => {
  const makeCard = cardMaker(options.maker);
  const card = makeCard({});
  const slot = await openVpcd({ ...options.reader, onProblem: ({ message }) => report(`reader: ${message}`) });
  let present: EmulatedCard = card.uicc;
  const holder: CardHolder = {
    insert: async next => {
      present = next;
      await slot.insert(next);
    },
    powerCycle: async () => {
      await slot.remove();
      await slot.insert(present);
    },
  };
  try {
    await slot.insert(present);
    const control = await openCardControl({ holder, makeCard, card, listen: options.control, report });
    return {
      reader: slot.address,
      control: `http://${control.address}`,
      close: async () => {
        await Promise.all([slot.close(), control.close()]);
      },
    };
  } catch (cause) {
    await slot.close();
    throw cause;
  }
};

/** Runs a simulated eUICC until SIGTERM or SIGINT. */
export const runEuicc = (options: EuiccProcessOptions): Promise<void> =>
  runUntilSignal(
    surroundings => startEuicc(options, surroundings),
    ({ reader: at, control }) => ({ reader: at, control }),
  );
