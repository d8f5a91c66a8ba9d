/**
 * Card access over the standard streams of a program: one JSON object per line, asked on its output and answered on its input.
 * The form is that of lpac's "stdio" back end, so a program written for that works as it is; docs/card-links.md describes it.
 */
import { z } from 'zod';

/** Octets of a line at most; the hex of an extended APDU needs half of it. */
export const LINE_LIMIT = 256 * 1024;

const octets = z
  .string()
  .regex(/^([0-9a-fA-F]{2})*$/, 'expected pairs of hex digits')
  .nullish()
  .transform((text): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'hex')));

const envelope = z.object({ type: z.literal('apdu') });
const request = z.object({
  payload: z.object({ func: z.enum(['connect', 'disconnect', 'logic_channel_open', 'logic_channel_close', 'transmit']), param: octets }),
});
const answer = z.object({ payload: z.object({ ecode: z.int(), data: octets }) });

export type ApduRequest = z.output<typeof request>['payload'];
/** `ecode` is negative when it failed, the number of the channel that was opened, else 0. */
export type ApduAnswer = z.output<typeof answer>['payload'];

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

/** Undefined when the line does not belong to the dialogue. */
const read = <T>(line: string, schema: z.ZodType<{ payload: T }>): Read<T> | undefined => {
  if (!line.trimStart().startsWith('{')) return undefined;
  const value = parse(line);
  if (value === undefined) return looksLikeDialogue(line) ? { unreadable: 'expected a JSON object in one line' } : undefined;
  if (!envelope.safeParse(value).success) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return { said: result.data.payload };
  return { unreadable: result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
};
const print = (payload: Readonly<Record<string, string | number | null>>): string => `${JSON.stringify({ type: 'apdu', payload })}\n`;
const hex = (data: Uint8Array): string | null => (data.length === 0 ? null : Buffer.from(data).toString('hex').toUpperCase());

/** What a program asks in a line of its output. */
export const readRequest = (line: string): Read<ApduRequest> | undefined => read(line, request);
/** What a program is told in a line of its input. */
export const readAnswer = (line: string): Read<ApduAnswer> | undefined => read(line, answer);
export const printRequest = ({ func, param }: ApduRequest): string => print({ func, param: hex(param) });
export const printAnswer = ({ ecode, data }: ApduAnswer): string => print({ ecode, data: hex(data) });
