/** The options of a simulated eUICC, whatever it is in, as data. */
import { randomBytes } from 'node:crypto';
import { hex } from '#protocol/asn1/tlv.js';
import { euiccDefects } from '../defects/euicc.js';
import { euiccVariants } from '../defects/euicc-variants.js';
import { type CardMaker, cardOption } from './card-maker.js';
import { asIs, deviations, OptionError, option, optionReader, specOption } from './process-options.js';

/** Every one of them. */
export const CARD_OPTIONS = {
  card: option('card', 'configuration of the eUICC: JSON, or a file with JSON; as delivered when empty', '', cardOption),
  spec: specOption('the eUICC'),
  defect: option('defect', 'seeded defects of the eUICC and its card, separated by commas', '', deviations('defect', euiccDefects)),
  variant: option('variant', 'conformant variants of them, separated by commas', '', deviations('variant', euiccVariants)),
  seed: option('seed', 'repeats all random choices; random when empty', '', asIs),
} as const;

/** What they mean. */
export const makerFrom = (value: ReturnType<typeof optionReader>): CardMaker => ({
  config: value(CARD_OPTIONS.card),
  deviations: [...value(CARD_OPTIONS.variant), ...value(CARD_OPTIONS.defect)],
  spec: value(CARD_OPTIONS.spec),
  seed: value(CARD_OPTIONS.seed) || hex(randomBytes(16)),
});

/** Reads them as they stand on a command line: `--defect`, `name`, … Throws OptionError. */
export const readCardArguments = (words: readonly string[]): CardMaker => {
  const given: Record<string, string> = {};
  for (let at = 0; at < words.length; at += 2) {
    const [name = '', text] = words.slice(at, at + 2);
    if (!name.startsWith('--') || text === undefined) throw new OptionError(`expected --name value, got ${words.join(' ')}`);
    given[name.slice(2)] = text;
  }
  return makerFrom(optionReader(CARD_OPTIONS, given));
};
