/** How a case wants the card to behave at the level of APDUs: `card: { refresh: silent, response: 64, … }` of an eUICC. */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { es10Function, es10FunctionNamed, startsProfile } from '../../sim/bindings/es10.js';
import type { UiccOverride } from '../../sim/uicc/index.js';
import { isObject } from '../language/values.js';
import { HarnessError } from '../verdict.js';
import { seconds } from './config.js';

type Reader = (value: unknown, spec: Spec) => ReturnType<UiccOverride>;

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
  /** `pending`: commands of ES10 are still served while a REFRESH waits to be fetched. */
  serves: value => {
    if (value !== 'pending') throw new HarnessError(`card.serves: expected pending, got ${String(value)}`);
    return { servesEs10: state => state !== 'silent' };
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
  /** Status word that refuses the second block of a command, once. */
  refuseBlock: value => {
    const sw = status('refuseBlock', value);
    let isDone = false;
    return {
      refusesBlock: ({ number: block }) => {
        if (isDone || block !== 1) return undefined;
        isDone = true;
        return sw;
      },
    };
  },
  /** An ES10 request that is carried out, and answered 9000 without data. */
  withholds: (value, spec) => {
    const name = typeof value === 'string' ? value : '';
    if (!es10FunctionNamed(name))
      throw new HarnessError(`card.withholds: expected an ES10 request, e.g. EuiccPackageRequest, got ${String(value)}`);
    const isMeant = (command: Uint8Array) => es10Function(command, spec)?.request.name === name;
    return { writesAnswer: (command, answer) => (isMeant(command) ? { ...answer, octets: new Uint8Array() } : answer) };
  },
  /** `{ number: 3, sw: 6A80 }`: the segment of a bound profile package that is refused without an installation result. */
  refuseSegment: value => {
    if (!isObject(value)) throw new HarnessError(`card.refuseSegment: expected number and sw, got ${String(value)}`);
    const refused = number('refuseSegment.number', value.number);
    const sw = status('refuseSegment.sw', value.sw);
    let count = 0;
    return {
      writesAnswer: (command, answer) => {
        count = startsProfile(command) ? 1 : count > 0 ? count + 1 : 0;
        return count === refused ? { ...answer, sw, octets: new Uint8Array() } : answer;
      },
    };
  },
};

/** Words that are no judgement of the card. */
const OTHER_WORDS: readonly string[] = ['answers', 'pause'];
/** Words that a case may use. */
export const CARD_WORDS: readonly string[] = [...Object.keys(READERS), ...OTHER_WORDS];

/** `pause: 20ms`: seconds that the card takes for every APDU. */
export const pauseOf = ({ pause }: Readonly<Record<string, unknown>>): number => {
  if (pause === undefined) return 0;
  const taken = typeof pause === 'string' ? seconds(pause) : undefined;
  if (taken === undefined) throw new HarnessError(`card.pause: expected a duration, e.g. 20ms, got ${String(pause)}`);
  return taken;
};

/** `answers: { ProfileRollbackRequest: BF5803020101 }`: ES10 requests that are answered so and not carried out; by name of the request. */
export const fixedAnswers = ({ answers }: Readonly<Record<string, unknown>>): ReadonlyMap<string, Uint8Array> => {
  if (answers === undefined) return new Map();
  if (!isObject(answers)) throw new HarnessError('card.answers: expected a map of ES10 requests to octets');
  return new Map(
    Object.entries(answers).map(([name, value]) => {
      const octets = typeof value === 'string' ? fromHex(value) : undefined;
      if (!es10FunctionNamed(name))
        throw new HarnessError(`card.answers: expected an ES10 request, e.g. ProfileRollbackRequest, got ${name}`);
      if (!octets) throw new HarnessError(`card.answers.${name}: expected octets in hex, got ${String(value)}`);
      return [name, octets] as const;
    }),
  );
};

/** What a case says as judgements of the card; throws HarnessError for a word or value that there is not. */
export const cardOverride =
  (behaviour: Readonly<Record<string, unknown>>, spec: Spec): UiccOverride =>
  () =>
    Object.assign(
      {},
      ...Object.entries(behaviour).map(([word, value]) => {
        if (OTHER_WORDS.includes(word)) return {};
        const read = READERS[word];
        if (!read) throw new HarnessError(`card: expected one of ${CARD_WORDS.join(', ')}, got ${word}`);
        return read(value, spec);
      }),
    );
