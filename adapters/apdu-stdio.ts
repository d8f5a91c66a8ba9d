/**
 * Card access over the standard streams of a program: one JSON object per line, asked on its output and answered on its input.
 * The form is that of lpac's "stdio" back end, so a program written for that works as it is; docs/card-links.md describes it.
 */

/** Octets of a line at most; the hex of an extended APDU needs half of it. */
export const LINE_LIMIT = 256 * 1024;

const FUNCTIONS = ['connect', 'disconnect', 'logic_channel_open', 'logic_channel_close', 'transmit'] as const;

export interface ApduRequest {
  readonly func: (typeof FUNCTIONS)[number];
  readonly param: Uint8Array;
}
export interface ApduAnswer {
  /** Negative when it failed, the number of the channel that was opened, else 0. */
  readonly ecode: number;
  readonly data: Uint8Array;
}

/** A line of the dialogue, or why it cannot be read. */
export type Read<T> = { readonly said: T } | { readonly unreadable: string };

/** The text was begun as a line of the dialogue, whatever came of it. */
export const looksLikeDialogue = (text: string): boolean => /^\s*\{\s*"type"\s*:\s*"apdu"/.test(text);

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});

const octetsIn = (value: unknown): Uint8Array | undefined => {
  if (value === undefined || value === null) return new Uint8Array();
  return typeof value === 'string' && /^([0-9a-fA-F]{2})*$/.test(value) ? new Uint8Array(Buffer.from(value, 'hex')) : undefined;
};
const requestIn = (payload: Fields): Read<ApduRequest> => {
  const func = FUNCTIONS.find(one => one === payload.func);
  const param = octetsIn(payload.param);
  if (func === undefined) return { unreadable: `payload.func: expected one of ${FUNCTIONS.join(', ')}` };
  return param ? { said: { func, param } } : { unreadable: 'payload.param: expected pairs of hex digits' };
};
const answerIn = ({ ecode, data }: Fields): Read<ApduAnswer> => {
  const octets = octetsIn(data);
  if (typeof ecode !== 'number' || !Number.isSafeInteger(ecode)) return { unreadable: 'payload.ecode: expected a whole number' };
  return octets ? { said: { ecode, data: octets } } : { unreadable: 'payload.data: expected pairs of hex digits' };
};

/** Undefined when the line does not belong to the dialogue. */
const read = <T>(line: string, from: (payload: Fields) => Read<T>): Read<T> | undefined => {
  if (!line.trimStart().startsWith('{')) return undefined;
  const value = parse(line);
  if (value === undefined) return looksLikeDialogue(line) ? { unreadable: 'expected a JSON object in one line' } : undefined;
  const { type, payload } = fieldsOf(value);
  if (type !== 'apdu') return undefined;
  return typeof payload === 'object' && payload !== null ? from(fieldsOf(payload)) : { unreadable: 'payload: expected an object' };
};
const print = (payload: Readonly<Record<string, string | number | null>>): string => `${JSON.stringify({ type: 'apdu', payload })}\n`;
const hex = (data: Uint8Array): string | null => (data.length === 0 ? null : Buffer.from(data).toString('hex').toUpperCase());

/** What a program asks in a line of its output. */
export const readRequest = (line: string): Read<ApduRequest> | undefined => read(line, requestIn);
/** What a program is told in a line of its input. */
export const readAnswer = (line: string): Read<ApduAnswer> | undefined => read(line, answerIn);
export const printRequest = ({ func, param }: ApduRequest): string => print({ func, param: hex(param) });
export const printAnswer = ({ ecode, data }: ApduAnswer): string => print({ ecode, data: hex(data) });
