/** The emulated modem as a process: AT commands on a pseudo terminal, a simulated eUICC behind them, a control API. docs/modem.md */
import { createModemEmulator } from '../modem/index.js';
import { openCardControl } from './card-control.js';
import { cardMaker } from './card-maker.js';
import type { ModemProcessOptions } from './modem-options.js';
import { openModemWire } from './modem-wire.js';
import { type ProcessSurroundings, runUntilSignal } from './process.js';

export { MODEM_OPTIONS, type ModemProcessOptions, readModemOptions } from './modem-options.js';

/** An emulated modem that can be reached. */
export interface RunningModem {
  /** As `links.es10.modem.port` of an IXIT names it. */
  readonly port: string;
  /** URL of the control API. */
  readonly control: string;
  close(): Promise<void>;
}

/** Starts an emulated modem; resolves when it can be reached. */
export const startModem = async (
  options: ModemProcessOptions,
  { report = () => undefined }: ProcessSurroundings = {},
): Promise<RunningModem> => {
  const makeCard = cardMaker(options.maker);
  const card = makeCard({});
  const emulator = await createModemEmulator(card.uicc, options.quirks);
  const wire = await openModemWire(emulator, options.port, report);
  const control = await openCardControl({ holder: emulator, makeCard, card, listen: options.control, report }).catch(
    async (cause: unknown) => {
      await wire.close();
      throw cause;
    },
  );
  return {
    port: wire.address,
    control: `http://${control.address}`,
    close: async () => {
      await Promise.all([wire.close(), control.close()]);
    },
  };
};

/** Runs an emulated modem until SIGTERM or SIGINT. */
export const runModem = (options: ModemProcessOptions): Promise<void> =>
  runUntilSignal(
    surroundings => startModem(options, surroundings),
    ({ port, control }) => ({ port, control }),
  );
