/** What the tests of the emulated modem share: the modem, a port to it, and the adapter of the harness at the other end. */
import { duplexPair } from 'node:stream';
import type { AtLine } from '../../adapters/at-dialogue.js';
import { type Modem, type ModemOptions, modemOptions, openModem } from '../../adapters/modem.js';
import type { ModemPort } from '../../adapters/modem-port.js';
import { openPseudoTerminal } from '../../adapters/pseudo-terminal.js';
import type { GivenCard } from '../uicc/test-bench.js';
import { testUicc } from '../uicc/test-bench.js';
import { createModemEmulator, type ModemEmulator, type ModemQuirks, readQuirks } from './index.js';

/** Both ends of a port in memory. */
export const memoryPorts = (): { readonly ours: ModemPort; readonly theirs: ModemPort } => {
  const [a, b] = duplexPair();
  const close = async () => {
    a.destroy();
    b.destroy();
  };
  return { ours: { stream: a, close }, theirs: { stream: b, close } };
};

/** Quirks as `name=value` separated by spaces. */
export const quirksOf = (text: string): ModemQuirks => {
  const quirks = readQuirks(
    new Map(
      text
        .split(' ')
        .filter(pair => pair !== '')
        .map(pair => pair.split('=') as [string, string]),
    ),
  );
  if (typeof quirks === 'string') throw new Error(quirks);
  return quirks;
};

/** Settings under which nothing waits for long, and nothing for ever. */
export const QUICK: Partial<ModemOptions> = {
  quiet: { seconds: 0.002 },
  busyPause: { seconds: 0.001 },
  readyPause: { seconds: 0.005 },
  settle: { seconds: 0 },
  returnTimeout: { seconds: 0 },
  timeout: { seconds: 5 },
  commandTimeout: { seconds: 5 },
  resetTimeout: { seconds: 5 },
};

/** A modem under test conditions. */
export interface Lab {
  readonly modem: Modem;
  readonly emulator: ModemEmulator;
  /** Every line of both directions; `>` and `<`. */
  readonly dialogue: string[];
  readonly card: ReturnType<typeof testUicc>;
  /** Path or address of the port. */
  readonly path: string;
  close(): Promise<void>;
}

/** Opens a modem with the quirks over memory or a real pseudo terminal. */
export const openLab = async (
  given: GivenCard & {
    readonly quirks?: string;
    readonly options?: GivenCard['options'];
    readonly settings?: Partial<ModemOptions>;
    readonly over?: 'memory' | 'pty';
  },
): Promise<Lab> => {
  const { quirks = '', settings, over = 'memory' } = given;
  const dialogue: string[] = [];
  const onLine = ({ direction, text }: AtLine) => dialogue.push(`${direction === 'sent' ? '>' : '<'} ${text}`);
  const card = testUicc(given);
  const emulator = await createModemEmulator(card.uicc, quirksOf(quirks));
  const { signal } = new AbortController();
  const terminal = over === 'pty' ? await openPseudoTerminal() : undefined;
  const memory = terminal ? undefined : memoryPorts();
  const served = emulator.attach(terminal ?? (memory as NonNullable<typeof memory>).theirs);
  const options = modemOptions({ ...QUICK, ...settings, port: terminal?.path ?? 'memory' });
  const modem = await openModem(options, { signal, onLine, ...(memory ? { openPort: async () => memory.ours } : {}) });
  return {
    modem,
    emulator,
    dialogue,
    card,
    path: options.port,
    close: async () => {
      await modem.close();
      emulator.vanish();
      await served;
    },
  };
};
