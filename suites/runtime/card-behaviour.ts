/** How a case wants the card to behave at the level of APDUs: `card: { refresh: silent, response: 64, … }` of an eUICC. */
import type { UiccOverride } from '../../sim/uicc/index.js';
import { HarnessError } from '../verdict.js';

type Reader = (value: unknown) => ReturnType<UiccOverride>;

const number = (what: string, value: unknown): number => {
  const found = Number(value);
  if (!Number.isInteger(found)) throw new HarnessError(`card.${what}: expected a whole number, got ${String(value)}`);
  return found;
};
const status = (what: string, value: unknown): string => {
  if (typeof value === 'string' && /^[0-9A-F]{4}$/i.test(value)) return value.toUpperCase();
  throw new HarnessError(`card.${what}: expected a status word, e.g. 6A80, got ${String(value)}`);
};

const READERS: Readonly<Record<string, Reader>> = {
  /** `proactive` (91xx, FETCH) or `silent` (6985 until reset). */
  refresh: value => {
    if (value !== 'proactive' && value !== 'silent')
      throw new HarnessError(`card.refresh: expected proactive or silent, got ${String(value)}`);
    return { announcesRefresh: () => value };
  },
  /** Most octets of one response, 1 to 256. */
  response: value => {
    const octets = number('response', value);
    return { responseBlock: () => octets };
  },
  /** Logical channels beside the basic one. */
  channels: value => {
    const count = number('channels', value);
    return { channels: () => count };
  },
  /** Status word that refuses the second block of a command. */
  refuseBlock: value => {
    const sw = status('refuseBlock', value);
    return { refusesBlock: block => (block.number === 1 ? sw : undefined) };
  },
};

/** Words that a case may use. */
export const CARD_WORDS: readonly string[] = Object.keys(READERS);

/** What a case says as judgements of the card; throws HarnessError for a word or value that there is not. */
export const cardOverride =
  (behaviour: Readonly<Record<string, unknown>>): UiccOverride =>
  () =>
    Object.assign(
      {},
      ...Object.entries(behaviour).map(([word, value]) => {
        const read = READERS[word];
        if (!read) throw new HarnessError(`card: expected one of ${CARD_WORDS.join(', ')}, got ${word}`);
        return read(value);
      }),
    );
