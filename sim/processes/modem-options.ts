/** The options of `sgp32 sim modem`, as data: the command line prints them, the process reads them. */
import { type ModemQuirks, QUIRKS, readQuirks } from '../modem/index.js';
import type { CardMaker } from './card-maker.js';
import { CARD_OPTIONS, makerFrom } from './card-options.js';
import { asIs, list, OptionError, option, optionReader } from './process-options.js';

const quirks = (text: string): ModemQuirks => {
  const pairs = list(text).map(item => {
    const at = item.indexOf('=');
    if (at < 1) throw new OptionError(`--quirks: expected name=value, got ${item}`);
    return [item.slice(0, at), item.slice(at + 1)] as const;
  });
  const read = readQuirks(new Map(pairs));
  if (typeof read === 'string') throw new OptionError(`--quirks: ${read}`);
  return read;
};
const port = (text: string): string => {
  if (!/^(auto|pty|.+:\d{1,5})$/.test(text)) throw new OptionError(`--port: expected auto, pty or host:port, got ${text}`);
  return text;
};

/** Every option of the emulated modem. */
export const MODEM_OPTIONS = {
  port: option(
    'port',
    'where AT commands arrive: pty, host:port of TCP, or auto: pty where there are pseudo terminals, else TCP',
    'auto',
    port,
  ),
  control: option('control', 'host:port of the control API over plain HTTP', '127.0.0.1:0', asIs),
  quirks: option('quirks', `name=value, separated by commas, of ${Object.keys(QUIRKS).join(', ')}`, '', quirks),
  ...CARD_OPTIONS,
} as const;

/** What the options of a process mean. */
export interface ModemProcessOptions {
  readonly port: string;
  readonly control: string;
  readonly quirks: ModemQuirks;
  readonly maker: CardMaker;
}

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readModemOptions = (given: Readonly<Record<string, string>>): ModemProcessOptions => {
  const value = optionReader(MODEM_OPTIONS, given);
  return {
    port: value(MODEM_OPTIONS.port),
    control: value(MODEM_OPTIONS.control),
    quirks: value(MODEM_OPTIONS.quirks),
    maker: makerFrom(value),
  };
};
