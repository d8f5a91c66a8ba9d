/** What the tests of the emulated modem share: the modem, a port to it, and the adapter of the harness at the other end. */
import { duplexPair } from 'node:stream';
import type { AtLine } from '../../adapters/at-dialogue.js';
import { QUICK } from '../../adapters/fixtures/scripted-modem.js';
import { type Modem, type ModemOptions, modemOptions, openModem } from '../../adapters/modem.js';
import type { ModemPort } from '../../adapters/modem-port.js';
import { openPseudoTerminal } from '../../adapters/pseudo-terminal.js';
import { type GivenCard, testUicc } from '../uicc/test-bench.js';
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
  const pairs = [...text.matchAll(/(\w+)=(\w+)/g)].map(([, name = '', value = '']) => [name, value] as const);
  const quirks = readQuirks(new Map(pairs));
  if (typeof quirks === 'string') throw new Error(quirks);
  return quirks;
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

/** The emulator's end of a wire, and how the harness opens the other one. */
const wires = {
  memory: async () => {
    const { ours, theirs } = memoryPorts();
    return { theirs, path: 'memory', openPort: async () => ours };
  },
  pty: async () => {
    const theirs = await openPseudoTerminal();
    return { theirs, path: theirs.path, openPort: undefined };
  },
};

/** Opens a modem with the quirks over memory or a real pseudo terminal. */
export const openLab = async (
  given: GivenCard & { readonly quirks?: string; readonly settings?: Partial<ModemOptions>; readonly over?: keyof typeof wires },
): Promise<Lab> => {
  const { quirks = '', settings, over = 'memory' } = given;
  const dialogue: string[] = [];
  const onLine = ({ direction, text }: AtLine) => dialogue.push(`${direction === 'sent' ? '>' : '<'} ${text}`);
  const card = testUicc(given);
  const emulator = await createModemEmulator(card.uicc, quirksOf(quirks));
  const { theirs, path, openPort } = await wires[over]();
  const served = emulator.attach(theirs);
  const { signal } = new AbortController();
  const modem = await openModem(modemOptions({ ...QUICK, ...settings, port: path }), { signal, onLine, ...(openPort ? { openPort } : {}) });
  return {
    modem,
    emulator,
    dialogue,
    card,
    path,
    close: async () => {
      await modem.close();
      emulator.vanish();
      await served;
    },
  };
};
