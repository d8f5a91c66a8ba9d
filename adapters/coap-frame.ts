/**
 * CoAP requests and responses as frames. The meta of a frame holds
 * - `:method` (GET, POST, PUT, DELETE, FETCH, PATCH, IPATCH, or a code such as 0.31) and `:path` of a request, `:code` (2.05) of a response;
 * - options by their lower-case names of RFC 7252 (`content-format`, `accept`, `etag`, `uri-host` …) or as `option-<number>`: text, a decimal number,
 *   else hex; what occurs several times is joined by a comma. Uri-Path and Uri-Query are in `:path`, Block1 and Block2 are not shown;
 * - what was seen: `:type` (CON, NON, ACK), `:blocks` and `:block-size` of the body, `:sent-blocks` and `:sent-block-size` of the request before a
 *   reply, `:repeated` transmissions of it; `:token`, `:message-id` and `:copies` of a request;
 * - what is wished of a frame that we send: `:type`, `:block-size`, `:separate`, and the faults to commit, see RequestWishes and ResponseWishes.
 */
import type { Frame } from './adapter.js';
import type { BlockFaults } from './coap-blocks.js';
import type { RequestManner } from './coap-endpoint.js';
import type { CoapContent, ResponseManner } from './coap-incoming.js';
import { type CoapOption, MALFORMATIONS, type Malformation } from './coap-message.js';
import { BLOCK_SIZES, BLOCK1, BLOCK2, namedOption, optionName, optionText, URI_PATH, URI_QUERY } from './coap-options.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'PATCH', 'IPATCH'];
/** `0.02` for POST; a code as it is. RFC 7252 12.1.1, RFC 8132 6 */
const methodCode = (method: string): string => {
  const index = METHODS.indexOf(method.toUpperCase());
  return index < 0 ? method : `0.0${index + 1}`;
};
/** POST for `0.02`; the code itself where it is no method. */
export const methodName = (code: string): string => METHODS[Number(code.slice(2)) - 1] ?? code;

/** How a request is sent, with the faults to commit: `:skip-block`, `:twice`, `:malformed`, `:unacknowledged`. */
export interface RequestWishes {
  readonly manner: RequestManner;
  readonly blockSize?: number;
  readonly skipBlock?: number;
}
/** How a response is sent, with the faults: `:twice :malformed :wrong-token :wrong-message-id :lose :lose-block :skip-block :etag :wrong-block-number`. */
export interface ResponseWishes {
  readonly manner: ResponseManner;
  readonly blocks: BlockFaults;
}

const reader = (meta: Frame['meta']) => {
  const refuse = (key: string, expected: string) => new TypeError(`expected ${expected} for ${key}, got "${meta[key]}"`);
  const number = (key: string): number | undefined => {
    if (meta[key] === undefined) return undefined;
    if (!/^\d{1,7}$/.test(meta[key])) throw refuse(key, 'a number');
    return Number(meta[key]);
  };
  const choice = <T extends string>(key: string, allowed: readonly T[]): T | undefined => {
    if (meta[key] === undefined) return undefined;
    const found = allowed.find(one => one === meta[key]);
    if (found === undefined) throw refuse(key, `one of ${allowed.join(', ')}`);
    return found;
  };
  return {
    number,
    choice,
    flag: (key: string): boolean => choice(key, ['true', 'false']) === 'true',
    blockSize: (): number | undefined => {
      const size = number(':block-size');
      if (size !== undefined && !BLOCK_SIZES.includes(size)) throw refuse(':block-size', `one of ${BLOCK_SIZES.join(', ')}`);
      return size;
    },
    malformed: (): Malformation | undefined =>
      choice(
        ':malformed',
        Object.keys(MALFORMATIONS).filter((name): name is Malformation => name in MALFORMATIONS),
      ),
  };
};

const known = (meta: Frame['meta'], keys: readonly string[]): void => {
  for (const key of Object.keys(meta))
    if (key.startsWith(':') && !keys.includes(key)) throw new TypeError(`expected one of ${keys.join(', ')}, got ${key}`);
};

/** Leaves out what was not asked for, as exactOptionalPropertyTypes wants it. */
const given = <T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== false)) as Partial<T>;

/** Reads what is wished of a request. Throws TypeError for what it does not know. */
export const requestWishes = ({ meta }: Frame): RequestWishes => {
  known(meta, [':method', ':path', ':type', ':block-size', ':skip-block', ':twice', ':malformed', ':unacknowledged']);
  const { number, choice, flag, blockSize, malformed } = reader(meta);
  const faults = given<RequestManner>({
    type: undefined,
    twice: flag(':twice'),
    malformed: malformed(),
    unacknowledged: flag(':unacknowledged'),
  });
  return {
    manner: { ...faults, type: choice(':type', ['CON', 'NON']) ?? 'CON' },
    ...given<Omit<RequestWishes, 'manner'>>({ blockSize: blockSize(), skipBlock: number(':skip-block') }),
  };
};

const RESPONSE_KEYS = [
  ...[':code', ':type', ':separate', ':block-size', ':twice', ':malformed', ':wrong-token', ':wrong-message-id'],
  ...[':lose', ':lose-block', ':skip-block', ':etag', ':wrong-block-number'],
];
/** Reads what is wished of a response. Throws TypeError for what it does not know. */
export const responseWishes = ({ meta }: Frame): ResponseWishes => {
  known(meta, RESPONSE_KEYS);
  const { number, choice, flag, blockSize, malformed } = reader(meta);
  return {
    manner: given<ResponseManner>({
      type: choice(':type', ['CON', 'NON']),
      separate: flag(':separate') || meta[':type'] !== undefined,
      twice: flag(':twice'),
      malformed: malformed(),
      wrongToken: flag(':wrong-token'),
      wrongMessageId: flag(':wrong-message-id'),
      lose: number(':lose'),
    }),
    blocks: given<BlockFaults>({
      blockSize: blockSize(),
      etag: choice(':etag', ['changing', 'absent']),
      wrongBlockNumber: flag(':wrong-block-number'),
      skipBlock: number(':skip-block'),
      loseBlock: number(':lose-block'),
    }),
  };
};

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'utf8'));

/** Uri-Path and Uri-Query of a path. RFC 7252 6.4 */
export const pathOptions = (path: string): CoapOption[] => {
  const [plain = '', query] = path.split(/\?(.*)/s);
  const segments = plain.replace(/^\//, '').split('/');
  return [
    ...(plain === '/' || plain === '' ? [] : segments).map(one => ({ number: URI_PATH, value: text(decodeURIComponent(one)) })),
    ...(query === undefined ? [] : query.split('&')).map(one => ({ number: URI_QUERY, value: text(decodeURIComponent(one)) })),
  ];
};

const optionsIn = (meta: Frame['meta']): CoapOption[] =>
  Object.entries(meta).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : value.split(',').map(one => namedOption(name.toLowerCase(), one)),
  );

/** The request in a frame. */
export const requestContent = (frame: Frame, more: readonly CoapOption[] = []): CoapContent => ({
  code: methodCode(frame.meta[':method'] ?? 'POST'),
  options: [...more, ...pathOptions(frame.meta[':path'] ?? '/'), ...optionsIn(frame.meta)],
  payload: frame.body,
});

/** The response in a frame; 2.05 where it has no code. */
export const responseContent = (frame: Frame): CoapContent => ({
  code: frame.meta[':code'] ?? '2.05',
  options: optionsIn(frame.meta),
  payload: frame.body,
});

const HIDDEN = new Set([URI_PATH, URI_QUERY, BLOCK1, BLOCK2]);
/** Options as meta tells them. */
export const optionMeta = (options: readonly CoapOption[]): Record<string, string> => {
  const meta: Record<string, string> = {};
  for (const option of options) {
    if (HIDDEN.has(option.number)) continue;
    const name = optionName(option.number);
    meta[name] = meta[name] === undefined ? optionText(option) : `${meta[name]},${optionText(option)}`;
  }
  return meta;
};

/** `:path` from Uri-Path and Uri-Query; a slash within a segment is escaped. RFC 7252 6.5 */
export const pathOf = (options: readonly CoapOption[]): string => {
  const all = (number: number) =>
    options.filter(one => one.number === number).map(({ value }) => encodeURIComponent(Buffer.from(value).toString('utf8')));
  const query = all(URI_QUERY);
  return `/${all(URI_PATH).join('/')}${query.length > 0 ? `?${query.join('&')}` : ''}`;
};
