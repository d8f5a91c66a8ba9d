/** The options of `sgp32 sim modem`, as data: the command line prints them, the process reads them. */
import { randomBytes } from 'node:crypto';
import { hex } from '#protocol/asn1/tlv.js';
import { euiccDefects } from '../defects/euicc.js';
import { euiccVariants } from '../defects/euicc-variants.js';
import { type ModemQuirks, QUIRKS, readQuirks } from '../modem/index.js';
import { type CardMaker, cardOption } from './modem-card.js';
import { asIs, deviations, list, OptionError, option, optionReader, specOption } from './process-options.js';

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

/** Options of a simulated eUICC, whatever it is in. */
const CARD_OPTIONS = {
  card: option('card', 'configuration of the eUICC: JSON, or a file with JSON; as delivered when empty', '', cardOption),
  defect: option('defect', 'seeded defects of the eUICC and its card, separated by commas', '', deviations('defect', euiccDefects)),
  variant: option('variant', 'conformant variants of them, separated by commas', '', deviations('variant', euiccVariants)),
  spec: specOption('the eUICC'),
  seed: option('seed', 'repeats all random choices; random when empty', '', asIs),
} as const;

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

type Reads = ReturnType<typeof optionReader>;
const maker = (value: Reads): CardMaker => ({
  config: value(CARD_OPTIONS.card),
  deviations: [...value(CARD_OPTIONS.variant), ...value(CARD_OPTIONS.defect)],
  spec: value(CARD_OPTIONS.spec),
  seed: value(CARD_OPTIONS.seed) || hex(randomBytes(16)),
});

/** Reads the options of a card alone, as they stand on a command line: `--defect`, `name`, … Throws OptionError. */
export const readCardArguments = (words: readonly string[]): CardMaker => {
  const given: Record<string, string> = {};
  for (let at = 0; at < words.length; at += 2) {
    const [name = '', text] = words.slice(at, at + 2);
    if (!name.startsWith('--') || text === undefined) throw new OptionError(`expected --name value, got ${words.join(' ')}`);
    given[name.slice(2)] = text;
  }
  return maker(optionReader(CARD_OPTIONS, given));
};

/** Reads the texts given on a command line by option name; defaults for the rest. Throws OptionError. */
export const readModemOptions = (given: Readonly<Record<string, string>>): ModemProcessOptions => {
  const value = optionReader(MODEM_OPTIONS, given);
  return {
    port: value(MODEM_OPTIONS.port),
    control: value(MODEM_OPTIONS.control),
    quirks: value(MODEM_OPTIONS.quirks),
    maker: maker(value),
  };
};
