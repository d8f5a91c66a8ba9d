/** CoAP options by number, name and form, and the Block option. RFC 7252 5.10, RFC 7959 2, RFC 9175 */
import type { CoapOption } from './coap-message.js';

type Form = 'opaque' | 'string' | 'uint' | 'empty';

interface OptionKind {
  readonly name: string;
  readonly number: number;
  readonly form: Form;
  readonly lengths: readonly [number, number];
  readonly repeatable?: true;
}

/** Options that are understood; any other is opaque. RFC 7252 table 4, RFC 7959 table 1, RFC 9175 */
const KINDS: readonly OptionKind[] = [
  { name: 'if-match', number: 1, form: 'opaque', lengths: [0, 8], repeatable: true },
  { name: 'uri-host', number: 3, form: 'string', lengths: [1, 255] },
  { name: 'etag', number: 4, form: 'opaque', lengths: [1, 8], repeatable: true },
  { name: 'if-none-match', number: 5, form: 'empty', lengths: [0, 0] },
  { name: 'observe', number: 6, form: 'uint', lengths: [0, 3] },
  { name: 'uri-port', number: 7, form: 'uint', lengths: [0, 2] },
  { name: 'location-path', number: 8, form: 'string', lengths: [0, 255], repeatable: true },
  { name: 'uri-path', number: 11, form: 'string', lengths: [0, 255], repeatable: true },
  { name: 'content-format', number: 12, form: 'uint', lengths: [0, 2] },
  { name: 'max-age', number: 14, form: 'uint', lengths: [0, 4] },
  { name: 'uri-query', number: 15, form: 'string', lengths: [0, 255], repeatable: true },
  { name: 'accept', number: 17, form: 'uint', lengths: [0, 2] },
  { name: 'location-query', number: 20, form: 'string', lengths: [0, 255], repeatable: true },
  { name: 'block2', number: 23, form: 'uint', lengths: [0, 3] },
  { name: 'block1', number: 27, form: 'uint', lengths: [0, 3] },
  { name: 'size2', number: 28, form: 'uint', lengths: [0, 4] },
  { name: 'proxy-uri', number: 35, form: 'string', lengths: [1, 1034] },
  { name: 'proxy-scheme', number: 39, form: 'string', lengths: [1, 255] },
  { name: 'size1', number: 60, form: 'uint', lengths: [0, 4] },
  { name: 'echo', number: 252, form: 'opaque', lengths: [1, 40] },
  { name: 'request-tag', number: 292, form: 'opaque', lengths: [0, 8], repeatable: true },
];
const byNumber = new Map(KINDS.map(kind => [kind.number, kind]));
const byName = new Map(KINDS.map(kind => [kind.name, kind]));

export const BLOCK1 = 27;
export const BLOCK2 = 23;
export const ETAG = 4;
export const SIZE1 = 60;
export const SIZE2 = 28;
export const CONTENT_FORMAT = 12;
export const REQUEST_TAG = 292;
export const URI_PATH = 11;
export const URI_QUERY = 15;
export const PROXY: readonly number[] = [35, 39];

const hexText = (octets: Uint8Array): string => Buffer.from(octets).toString('hex').toUpperCase();

/** An unsigned number as an option holds it: big-endian, without leading zero octets. RFC 7252 3.2 */
export const uintOctets = (number: number): Uint8Array => {
  const octets: number[] = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.from(octets);
};
/** The number in an option; leading zero octets are read over. */
export const uintOf = (octets: Uint8Array): number => octets.reduce((sum, octet) => sum * 256 + octet, 0);

/** The first option of a number. */
export const optionOf = (options: readonly CoapOption[], number: number): Uint8Array | undefined =>
  options.find(option => option.number === number)?.value;

/** The name of an option in a frame's meta: of RFC 7252 in lower case, or `option-<number>`. */
export const optionName = (number: number): string => byNumber.get(number)?.name ?? `option-${number}`;

/** The value of an option as a frame's meta tells it: text, a decimal number, else hex. */
export const optionText = ({ number, value }: CoapOption): string => {
  const form = byNumber.get(number)?.form;
  if (form === 'string') return Buffer.from(value).toString('utf8');
  return form === 'uint' ? String(uintOf(value)) : hexText(value);
};

const octetsOf = (form: Form | undefined, name: string, text: string): Uint8Array => {
  if (form === 'string') return new Uint8Array(Buffer.from(text, 'utf8'));
  if (form === 'uint' && /^\d{1,10}$/.test(text)) return uintOctets(Number(text));
  // A number is expected but hex may be wanted on purpose, e.g. leading zeros: 0x0032.
  const digits = text.replace(/^0x/i, '');
  if (/^([0-9a-f]{2})*$/i.test(digits) && (form !== 'uint' || digits !== text)) return new Uint8Array(Buffer.from(digits, 'hex'));
  throw new TypeError(`expected ${form === 'uint' ? 'a number or 0x and hex digits' : 'hex digits'} for the option ${name}, got "${text}"`);
};

/** The option that a key of a frame's meta stands for; the inverse of optionName and optionText. */
export const namedOption = (name: string, text: string): CoapOption => {
  const kind = byName.get(name);
  const number = kind?.number ?? Number(/^option-(\d{1,5})$/.exec(name)?.[1] ?? Number.NaN);
  if (!(number <= 0xffff)) throw new TypeError(`expected the name of a CoAP option or option-<number>, got "${name}"`);
  return { number, value: octetsOf(kind?.form, name, text) };
};

/** Odd numbers are critical. RFC 7252 5.4.6 */
const isCritical = (number: number): boolean => (number & 1) === 1;

/** Options that a receiver must refuse the message for: critical and unknown, of a wrong length, or repeated where that is not allowed. RFC 7252 5.4 */
export const unacceptable = (options: readonly CoapOption[]): readonly CoapOption[] => {
  const seen = new Set<number>();
  return options.filter(option => {
    const kind = byNumber.get(option.number);
    const isRepeated = seen.has(option.number);
    seen.add(option.number);
    const isUnderstood =
      kind !== undefined &&
      option.value.length >= kind.lengths[0] &&
      option.value.length <= kind.lengths[1] &&
      (!isRepeated || kind.repeatable === true);
    return !isUnderstood && isCritical(option.number);
  });
};

/** Value of a Block1 or Block2 option. RFC 7959 2.2 */
export interface Block {
  readonly num: number;
  readonly more: boolean;
  /** Octets of a full block: 16 to 1024. */
  readonly size: number;
}

/** Sizes that a block can have. RFC 7959 2.2 */
export const BLOCK_SIZES: readonly number[] = [16, 32, 64, 128, 256, 512, 1024];
/** Highest number of a block. */
export const LAST_BLOCK = 0xfffff;

/** The option of a block. */
export const blockOption = (number: typeof BLOCK1 | typeof BLOCK2, { num, more, size }: Block): CoapOption => ({
  number,
  value: uintOctets(num * 16 + (more ? 8 : 0) + Math.log2(size) - 4),
});

/** The block that an option tells of; `reserved` for the size exponent 7, which only reliable transports may use. RFC 7959 2.2, RFC 8323 6 */
export const blockOf = (options: readonly CoapOption[], number: typeof BLOCK1 | typeof BLOCK2): Block | 'reserved' | undefined => {
  const value = optionOf(options, number);
  if (value === undefined) return undefined;
  const all = uintOf(value);
  const exponent = all & 7;
  if (exponent === 7) return 'reserved';
  return { num: Math.floor(all / 16), more: (all & 8) !== 0, size: 2 ** (exponent + 4) };
};
