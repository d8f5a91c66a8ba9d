/** `weather` of a link: the network conditions that a run puts around it. */
import type { Conditions } from '../adapters/weather.js';
import { createReader, kindOf, type Reader } from './ixit-reader.js';
import type { Ixit, Link } from './ixit-schema.js';
import { DURATION_FORM, readDuration } from './language/duration.js';
import { type Diagnostic, type Entry, type Node, parseYaml } from './language/source.js';

/** What carries a link: CoAP goes in datagrams, HTTP over streams. */
export type Carrier = 'datagrams' | 'streams';
export const carrierOf = (wire: string): Carrier => (wire.startsWith('coaps') ? 'datagrams' : 'streams');

const WORDS = {
  datagrams: ['loss', 'delay', 'duplicate', 'reorder', 'patience'],
  streams: ['delay', 'rate', 'cut', 'cutAfter'],
} as const satisfies Readonly<Record<Carrier, readonly (keyof Conditions)[]>>;
const ALL: readonly (keyof Conditions)[] = [...new Set([...WORDS.datagrams, ...WORDS.streams])];

const UNITS: Readonly<Record<string, number>> = { 'bit/s': 1 / 8, 'kbit/s': 125, 'Mbit/s': 125_000, 'B/s': 1, 'kB/s': 1000 };
const SHARE_FORM = 'a share from 0% to 100%';
const RATE_FORM = `a rate such as 20kbit/s (${Object.keys(UNITS).join(', ')})`;

const shareIn = (text: string): number | undefined => {
  const [, amount] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  return amount !== undefined && Number(amount) <= 100 ? Number(amount) / 100 : undefined;
};
const rateIn = (text: string): number | undefined => {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+\/s)$/.exec(text) ?? [];
  const rate = amount === undefined ? undefined : Number(amount) * (UNITS[unit] ?? Number.NaN);
  return rate !== undefined && rate >= 1 ? rate : undefined;
};
/** `a..b`, or one value for both. */
const rangeIn = (text: string, read: (one: string) => number | undefined): { min: number; max: number } | undefined => {
  const [first = '', last = first] = text.split('..');
  const [min, max] = [read(first), read(last)];
  return text.split('..').length < 3 && min !== undefined && max !== undefined && min <= max ? { min, max } : undefined;
};

interface Form {
  /** What is expected, for messages. */
  readonly form: string;
  read(text: string): Partial<Conditions> | undefined;
}

const share = (name: 'loss' | 'duplicate' | 'reorder' | 'cut'): Form => ({
  form: SHARE_FORM,
  read: text => {
    const found = shareIn(text);
    return found === undefined ? undefined : { [name]: found };
  },
});
const FORMS: Readonly<Record<keyof Conditions, Form>> = {
  loss: share('loss'),
  duplicate: share('duplicate'),
  reorder: share('reorder'),
  cut: share('cut'),
  delay: {
    form: `${DURATION_FORM}, or a range such as 200ms..800ms`,
    read: text => {
      const range = rangeIn(text, readDuration);
      return range && { delay: { min: { seconds: range.min }, max: { seconds: range.max } } };
    },
  },
  patience: {
    form: DURATION_FORM,
    read: text => {
      const seconds = readDuration(text);
      return seconds === undefined ? undefined : { patience: { seconds } };
    },
  },
  rate: {
    form: RATE_FORM,
    read: text => {
      const rate = rateIn(text);
      return rate === undefined ? undefined : { rate };
    },
  },
  cutAfter: {
    form: 'a number of octets from 1, or a range such as 1..4096',
    read: text => {
      const range = rangeIn(text, one => (/^[1-9]\d{0,8}$/.test(one) ? Number(one) : undefined));
      return range && { cutAfter: range };
    },
  },
};

/** What the author of a value that cannot be used may have meant. */
const hintFor = (name: keyof Conditions, text: string): string | undefined => {
  if (/^(\d+(?:\.\d+)?)$/.test(text) && FORMS[name].form === SHARE_FORM)
    return `did you mean ${Number(text) < 1 ? Number(text) * 100 : text}%?`;
  if (name === 'delay' || name === 'patience') {
    if (/^\d+(-|\.\.)?\d*$/.test(text)) return 'with the unit: ms, s, m or h';
    const [first = '', last = ''] = text.split('..');
    if (readDuration(first) !== undefined && readDuration(last) !== undefined) return `did you mean ${last}..${first}?`;
    if (/^\d+..?s?-\d+m?s$/.test(text)) return `did you mean ${text.replace('-', '..')}?`;
  }
  if (name === 'rate' && /bps$/i.test(text)) return `did you mean ${text.replace(/bps$/i, 'bit/s')}?`;
  return undefined;
};

/** Reads a map of conditions; words that do not fit the carrier are reported as unknown. */
const readConditions = (reader: Reader, node: Node, what: string, known: readonly (keyof Conditions)[]): Conditions => {
  const fields = reader.fields(node, what, known);
  let conditions: Conditions = {};
  for (const name of known) {
    const entry = fields?.get(name);
    const text = reader.text(entry);
    if (entry === undefined || text === undefined) continue;
    const found = FORMS[name].read(text);
    if (found === undefined)
      reader.report(
        'wrong-shape',
        entry.value.at,
        `expected ${FORMS[name].form} for "${name}", got ${kindOf(entry.value)}`,
        hintFor(name, text),
      );
    conditions = { ...conditions, ...found };
  }
  return conditions;
};

/** Reads `weather` of a link. */
export const readWeather = (reader: Reader, entry: Entry | undefined, wire: string): { readonly weather?: Conditions } => {
  if (entry === undefined) return {};
  const carrier = carrierOf(wire);
  return { weather: readConditions(reader, entry.value, `weather of ${carrier} (${wire})`, WORDS[carrier]) };
};

/** Reads `--weather`: the words of datagrams and of streams, braces or not. */
export const readWeatherOption = (text: string): { readonly weather: Conditions; readonly diagnostics: readonly Diagnostic[] } => {
  const file = '--weather';
  const isBare = !text.trimStart().startsWith('{');
  const reader = createReader(file, () => false);
  const parsed = parseYaml(file, isBare ? `{${text}}` : text);
  reader.diagnostics.push(...parsed.diagnostics);
  const weather = parsed.root ? readConditions(reader, parsed.root, 'the weather', ALL) : {};
  const shift = isBare ? 1 : 0;
  const placed = reader.diagnostics.map(one => ({ ...one, at: { ...one.at, column: Math.max(1, one.at.column - shift) } }));
  return { weather, diagnostics: placed };
};

const partFor = (weather: Conditions, carrier: Carrier): Conditions =>
  Object.fromEntries(Object.entries(weather).filter(([name]) => WORDS[carrier].some(word => word === name)));

/** The IUT with this weather around every network link that has none of its own; the same IUT when none takes it. */
export const underWeather = (ixit: Ixit, weather: Conditions): Ixit => {
  const linked = (wire: string, link: Link): Link => {
    if ((link.kind !== 'called' && link.kind !== 'listening') || link.weather !== undefined) return link;
    const part = partFor(weather, carrierOf(wire));
    return Object.keys(part).length > 0 ? { ...link, weather: part } : link;
  };
  const changed = Object.entries(ixit.links).map(([name, wires]) => ({
    name,
    wires: Object.entries(wires).map(([wire, link]) => ({ wire, link, under: linked(wire, link) })),
  }));
  if (changed.every(({ wires }) => wires.every(({ link, under }) => link === under))) return ixit;
  const links = changed.map(({ name, wires }) => [name, Object.fromEntries(wires.map(({ wire, under }) => [wire, under]))] as const);
  return { ...ixit, links: Object.fromEntries(links) };
};

const percent = (part: number): string => `${Number((part * 100).toFixed(2))}%`;
const time = (seconds: number): string => (seconds < 1 ? `${Math.round(seconds * 1000)}ms` : `${seconds}s`);

/** Conditions as they are written in an IXIT file. */
export const weatherText = ({ loss, delay, duplicate, reorder, patience, rate, cut, cutAfter }: Conditions): string =>
  [
    loss === undefined ? '' : `loss: ${percent(loss)}`,
    delay === undefined ? '' : `delay: ${time(delay.min.seconds)}..${time(delay.max.seconds)}`,
    duplicate === undefined ? '' : `duplicate: ${percent(duplicate)}`,
    reorder === undefined ? '' : `reorder: ${percent(reorder)}`,
    patience === undefined ? '' : `patience: ${time(patience.seconds)}`,
    rate === undefined ? '' : `rate: ${Number(((rate * 8) / 1000).toFixed(3))}kbit/s`,
    cut === undefined ? '' : `cut: ${percent(cut)}`,
    cutAfter === undefined ? '' : `cutAfter: ${cutAfter.min}..${cutAfter.max}`,
  ]
    .filter(Boolean)
    .join(', ');

/** One-way trips of a handshake with a cookie exchange. RFC 6347 4.2 */
const HANDSHAKE = 6;
/** Octets of a profile package, and its blocks. RFC 7959 */
const BODY = 64 * 1024;
const BLOCKS = BODY / 1024;
/** CoAP's first pause at the longest, and how often a message is sent again. RFC 7252 4.8 */
const PAUSE = 3;
const MAX_RETRANSMIT = 4;
/** One exchange in so many may take longer than what is reckoned here. */
const SELDOM = 1000;

const meanDelay = ({ delay }: Conditions): number => (delay ? (delay.min.seconds + delay.max.seconds) / 2 : 0);
/** Share of the transmissions that are lost on their way, or whose acknowledgement is. */
const roundTripLoss = ({ loss = 0 }: Conditions): number => 1 - (1 - loss) ** 2;

/** Seconds that the weather alone may take for one exchange with a large body, a handshake included. */
export const exchangeSeconds = (weather: Conditions, carrier: Carrier): number => {
  const mean = meanDelay(weather);
  if (carrier === 'streams') {
    const { rate } = weather;
    return (HANDSHAKE + 2) * mean + (rate === undefined ? 0 : BODY / rate);
  }
  const trips = HANDSHAKE + 2 * BLOCKS;
  const expected = trips * (weather.loss ?? 0);
  // Each loss costs a pause; three standard deviations more than usual are seldom exceeded.
  const losses = expected + 3 * Math.sqrt(expected);
  return trips * mean + losses * PAUSE;
};

/** Seconds that one message may be on its way before it is seen, the handshake before it included. */
export const lagSeconds = ({ delay, rate, reorder, patience }: Conditions): number =>
  (HANDSHAKE + 1) * ((delay?.max.seconds ?? 0) + (reorder ? (patience?.seconds ?? 0.5) : 0)) + (rate === undefined ? 0 : 4096 / rate);

/** The network links of an IUT that are under weather. */
export const weatherOf = (ixit: Ixit): readonly { readonly name: string; readonly wire: string; readonly weather: Conditions }[] =>
  Object.entries(ixit.links).flatMap(([name, wires]) =>
    Object.entries(wires).flatMap(([wire, link]) => ('weather' in link && link.weather ? [{ name, wire, weather: link.weather }] : [])),
  );

const worstOf = <T>(all: readonly T[], measure: (one: T) => number): T | undefined => all.toSorted((a, b) => measure(b) - measure(a))[0];

type WeatherLink = ReturnType<typeof weatherOf>[number];
const placeOf = (ixit: Ixit, { name, wire, weather }: WeatherLink): string => {
  const { file, line, column } = ixit.links[name]?.[wire]?.at ?? ixit.places.links;
  return `${file}:${line}:${column}: warning: the weather of ${name}.${wire} (${weatherText(weather)})`;
};

/** Weather in which timeouts cannot hold, the worst link of each kind: the run goes on, but what does not come in time proves nothing. */
export const weatherWarnings = (ixit: Ixit): readonly string[] => {
  const links = weatherOf(ixit);
  const needed = ({ wire, weather }: WeatherLink): number => Math.ceil(exchangeSeconds(weather, carrierOf(wire)));
  const givenUp = ({ weather }: WeatherLink): number => roundTripLoss(weather) ** (MAX_RETRANSMIT + 1);
  const slow = worstOf(links, needed);
  const lossy = worstOf(links, givenUp);
  const { seconds } = ixit.timeouts.response;
  return [
    ...(slow && needed(slow) > seconds
      ? [
          `${placeOf(ixit, slow)} may take ${needed(slow)} s for an exchange, and timeouts.response is ${seconds} s: what does not come in time is inconclusive - set it to ${needed(slow)}s`,
        ]
      : []),
    ...(lossy && givenUp(lossy) > 1 / SELDOM
      ? [
          `${placeOf(ixit, lossy)} loses all ${MAX_RETRANSMIT + 1} transmissions of ${percent(givenUp(lossy))} of the messages (RFC 7252 4.8), whatever the timeouts`,
        ]
      : []),
  ];
};
