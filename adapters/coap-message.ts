/** CoAP messages in octets, read strictly: what RFC 7252 calls a message format error is never repaired. RFC 7252 3 */

export type CoapType = 'CON' | 'NON' | 'ACK' | 'RST';

export interface CoapOption {
  readonly number: number;
  readonly value: Uint8Array;
}

export interface CoapMessage {
  readonly type: CoapType;
  /** Class and detail as RFC 7252 writes them: `0.02` for POST, `2.05` for Content, `0.00` for an empty message. */
  readonly code: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  /** In the order of their numbers. */
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

/** What is no CoAP message. `reset` is the Message ID to reject it with, where the message asks for that; else it is ignored. RFC 7252 4.2, 4.3 */
export interface Malformed {
  readonly malformed: string;
  readonly reset?: number;
}

const TYPES: readonly CoapType[] = ['CON', 'NON', 'ACK', 'RST'];
const VERSION = 1;
const PAYLOAD_MARKER = 0xff;
const LONGEST_TOKEN = 8;
/** Classes that mean something: requests, success, client error, server error. RFC 7252 12.1 */
const CLASSES = new Set([0, 2, 4, 5]);
export const NO_OCTETS = new Uint8Array();

/** `2.05` from the octet 0x45. */
const codeText = (octet: number): string => `${octet >> 5}.${String(octet & 31).padStart(2, '0')}`;
const codeOctet = (code: string): number => {
  const match = /^([0-7])\.([0-2]\d|3[01])$/.exec(code);
  if (!match) throw new TypeError(`expected a CoAP code such as 2.05, got ${code}`);
  return (Number(match[1]) << 5) | Number(match[2]);
};

/** A delta or length of an option: its nibble and the octets that extend it. RFC 7252 3.1 */
const extended = (number: number): { readonly nibble: number; readonly more: readonly number[] } => {
  if (number < 13) return { nibble: number, more: [] };
  if (number < 269) return { nibble: 13, more: [number - 13] };
  return { nibble: 14, more: [(number - 269) >> 8, (number - 269) & 0xff] };
};

const encodeOptions = (options: readonly CoapOption[]): Uint8Array[] => {
  let previous = 0;
  return [...options]
    .sort((a, b) => a.number - b.number)
    .flatMap(({ number, value }) => {
      const delta = extended(number - previous);
      const length = extended(value.length);
      previous = number;
      return [Uint8Array.of((delta.nibble << 4) | length.nibble, ...delta.more, ...length.more), value];
    });
};

/** The octets of a message; options are put in the order of their numbers, those of the same number keep theirs. */
export const encodeMessage = (message: CoapMessage): Uint8Array => {
  const { type, token, messageId, payload } = message;
  if (token.length > LONGEST_TOKEN) throw new TypeError(`expected a token of at most ${LONGEST_TOKEN} octets, got ${token.length}`);
  const first = (VERSION << 6) | (TYPES.indexOf(type) << 4) | token.length;
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(first, codeOctet(message.code), messageId >> 8, messageId & 0xff),
      token,
      ...encodeOptions(message.options),
      ...(payload.length > 0 ? [Uint8Array.of(PAYLOAD_MARKER), payload] : []),
    ]),
  );
};

/** Options and payload from `at` on, or what is wrong with them. */
const decodeRest = (octets: Uint8Array, at: number): { options: CoapOption[]; payload: Uint8Array } | string => {
  const options: CoapOption[] = [];
  let number = 0;
  let next = at;
  const extend = (nibble: number): number | undefined => {
    if (nibble < 13) return nibble;
    const count = nibble - 12;
    if (nibble === 15 || next + count > octets.length) return undefined;
    const value = count === 1 ? (octets[next] ?? 0) + 13 : (((octets[next] ?? 0) << 8) | (octets[next + 1] ?? 0)) + 269;
    next += count;
    return value;
  };
  while (next < octets.length) {
    const first = octets[next++] ?? 0;
    if (first === PAYLOAD_MARKER)
      return next === octets.length ? 'a payload marker without a payload' : { options, payload: octets.slice(next) };
    const delta = extend(first >> 4);
    const length = extend(first & 15);
    if (delta === undefined || length === undefined || next + length > octets.length)
      return `an option that does not end within the message, or with the reserved nibble 15 (octet ${next - 1})`;
    number += delta;
    if (number > 0xffff) return `an option number beyond 65535: ${number}`;
    options.push({ number, value: octets.slice(next, next + length) });
    next += length;
  }
  return { options, payload: NO_OCTETS };
};

/** Reads one datagram. */
export const decodeMessage = (octets: Uint8Array): CoapMessage | Malformed => {
  if (octets.length < 4) return { malformed: `${octets.length} octets, fewer than a header has` };
  const first = octets[0] ?? 0;
  // A message of an unknown version is ignored whatever it is. RFC 7252 3
  if (first >> 6 !== VERSION) return { malformed: `version ${first >> 6}, expected ${VERSION}` };
  const type = TYPES[(first >> 4) & 3] ?? 'RST';
  const messageId = ((octets[2] ?? 0) << 8) | (octets[3] ?? 0);
  const wrong = (malformed: string): Malformed => ({ malformed, ...(type === 'CON' ? { reset: messageId } : {}) });
  const tokenLength = first & 15;
  if (tokenLength > LONGEST_TOKEN) return wrong(`a token length of ${tokenLength}, at most ${LONGEST_TOKEN} is allowed`);
  const code = octets[1] ?? 0;
  if (code === 0 && octets.length > 4) return wrong(`an empty message with ${octets.length - 4} octets behind its Message ID`);
  if (!CLASSES.has(code >> 5)) return wrong(`the code ${codeText(code)} of a reserved class`);
  if (type === 'ACK' && code !== 0 && code >> 5 === 0) return wrong(`an acknowledgement with the request code ${codeText(code)}`);
  if (type === 'RST' && code !== 0) return wrong(`a reset with the code ${codeText(code)}`);
  if (octets.length < 4 + tokenLength) return wrong(`a token of ${tokenLength} octets that the message is too short for`);
  const rest = decodeRest(octets, 4 + tokenLength);
  if (typeof rest === 'string') return wrong(rest);
  return { type, code: codeText(code), messageId, token: octets.slice(4, 4 + tokenLength), ...rest };
};

/** An empty message: an acknowledgement, a reset, or a confirmable one, which asks for a reset. RFC 7252 4.1, 4.3 */
export const emptyMessage = (type: 'ACK' | 'RST' | 'CON', messageId: number): CoapMessage => ({
  type,
  code: '0.00',
  messageId,
  token: NO_OCTETS,
  options: [],
  payload: NO_OCTETS,
});

/** Message format errors that can be committed on purpose; each takes the octets of a correct message. RFC 7252 3 */
export const MALFORMATIONS = {
  version: octets => Uint8Array.of((octets[0] ?? 0) ^ 0xc0, ...octets.subarray(1)),
  tokenLength: octets => Uint8Array.of(((octets[0] ?? 0) & 0xf0) | 9, ...octets.subarray(1)),
  codeClass: octets => Uint8Array.of(octets[0] ?? 0, 0xe1, ...octets.subarray(2)),
  payloadMarker: octets => {
    const message = decodeMessage(octets);
    const bare = 'malformed' in message ? octets : encodeMessage({ ...message, payload: NO_OCTETS });
    return Uint8Array.of(...bare, PAYLOAD_MARKER);
  },
  optionDelta: octets => Uint8Array.of(...octets.subarray(0, 4 + ((octets[0] ?? 0) & 15)), 0xf0, 0),
  optionLength: octets => Uint8Array.of(...octets.subarray(0, 4 + ((octets[0] ?? 0) & 15)), 0xbc, 0x67),
  truncated: octets => octets.slice(0, 3),
} as const satisfies Record<string, (octets: Uint8Array) => Uint8Array>;
export type Malformation = keyof typeof MALFORMATIONS;
