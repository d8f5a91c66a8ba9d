/** The final result of an AT command, and the hex that an answer carries. 3GPP TS 27.007 9.2, ITU-T V.250 5.7.1 */

/** How an AT command ended. */
export type AtResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly kind: 'ERROR' | '+CME ERROR' | '+CMS ERROR';
      /** As the modem wrote it, or told by its text; absent for a plain ERROR and for a text that is not known. */
      readonly code?: number;
      /** The line of the modem, with the meaning of its number. */
      readonly text: string;
    };

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0, 'phone failure'],
  [3, 'operation not allowed'],
  [4, 'operation not supported'],
  [5, 'PH-SIM PIN required'],
  [10, 'SIM not inserted'],
  [11, 'SIM PIN required'],
  [12, 'SIM PUK required'],
  [13, 'SIM failure'],
  [14, 'SIM busy'],
  [15, 'SIM wrong'],
  [20, 'memory full'],
  [21, 'invalid index'],
  [22, 'not found'],
  [30, 'no network service'],
  [50, 'incorrect parameters'],
  [51, 'command implemented but currently disabled'],
  [100, 'unknown'],
]);

/** Number and meaning of the errors of the mobile equipment that concern a card. */
export const CME_ERRORS: Iterable<readonly [number, string]> = MEANINGS;

/** The card is at work for the modem itself; the same command may succeed a little later. */
export const SIM_BUSY = 14;

const codeOf = (text: string): number | undefined => {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  for (const [code, meaning] of MEANINGS) if (meaning.toLowerCase() === text.toLowerCase()) return code;
  return undefined;
};

/** Reads a line as a final result; undefined for any other line. */
export const finalResult = (line: string): AtResult | undefined => {
  if (/^OK$/i.test(line)) return { ok: true };
  if (/^ERROR$/i.test(line)) return { ok: false, kind: 'ERROR', text: 'ERROR' };
  const found = /^\+(CM[ES]) ERROR\s*:\s*"?(.*?)"?$/i.exec(line);
  if (!found?.[1]) return undefined;
  const kind = found[1].toUpperCase() === 'CME' ? '+CME ERROR' : '+CMS ERROR';
  const said = found[2] ?? '';
  const code = kind === '+CME ERROR' ? codeOf(said) : /^\d{1,5}$/.test(said) ? Number(said) : undefined;
  const meaning = kind === '+CME ERROR' && code !== undefined && /^\d/.test(said) ? MEANINGS.get(code) : undefined;
  return { ok: false, kind, text: `${kind}: ${said}${meaning ? ` (${meaning})` : ''}`, ...(code === undefined ? {} : { code }) };
};

/** The answer to AT+CSIM and AT+CGLA, or why it cannot be used. */
export type HexAnswer = { readonly octets: Uint8Array } | { readonly problem: string };

/** Reads the answer that begins on the first of these lines; undefined when none begins there. */
const hexAnswerAt = ([first = '', ...following]: readonly string[], prefix: string): HexAnswer | undefined => {
  if (!first.toUpperCase().startsWith(`${prefix}:`)) return undefined;
  const head = /^\s*(\d{1,6})\s*,\s*(.*)$/.exec(first.slice(prefix.length + 1));
  if (!head) return undefined;
  const length = Number(head[1]);
  const digitsOf = (text: string) => text.replace(/[\s"]/g, '');
  let digits = digitsOf(head[2] ?? '');
  for (const line of following) {
    if (digits.length >= length) break;
    if (/^"?[0-9A-Fa-f]+"?$/.test(line)) digits += digitsOf(line);
  }
  return digits.length === length && length % 2 === 0 && /^[0-9A-Fa-f]*$/.test(digits)
    ? { octets: new Uint8Array(Buffer.from(digits, 'hex')) }
    : { problem: `expected ${length} characters of hex after ${prefix}, got ${digits.length} ("${digits.slice(0, 40)}")` };
};

/**
 * Finds `+CSIM: <length>,"<hex>"` among the lines of an answer. Hex may go on over several lines, in either case; what fits neither is
 * unsolicited, even when it begins with the same prefix. The last complete one counts.
 * 3GPP TS 27.007 8.17, 8.43
 */
export const hexAnswer = (lines: readonly string[], prefix: string): HexAnswer => {
  const found = lines.flatMap((_, at) => hexAnswerAt(lines.slice(at), prefix) ?? []);
  return (
    found.findLast(answer => 'octets' in answer) ??
    found.at(-1) ?? {
      problem: `expected a line ${prefix}: <length>,"<hex>", got ${lines.length === 0 ? 'none' : `"${lines.join('" "').slice(0, 200)}"`}`,
    }
  );
};

/** Finds the session id that AT+CCHO gives: `+CCHO: <id>`, or a bare `<id>` of older firmware. 3GPP TS 27.007 8.45 */
export const sessionAnswer = (lines: readonly string[]): number | undefined => {
  const ids = (form: RegExp) => lines.flatMap(line => form.exec(line)?.[1] ?? []);
  const found = ids(/^\+CCHO:\s*"?(\d{1,9})"?$/i).at(-1) ?? ids(/^"?(\d{1,9})"?$/).at(-1);
  return found === undefined ? undefined : Number(found);
};
