/** Octets of a modem cut into lines. ITU-T V.250 5.7 */

/** What a line cutter is given. */
export interface LineCutterOptions {
  /** Longest line in characters. */
  readonly limit: number;
  readonly onLine: (line: string) => void;
  /** A line went beyond the limit; what it had up to then. The rest of it is dropped. */
  readonly onOverflow: (begin: string) => void;
}

/** Takes octets in any portions; CR, LF or both end a line, and empty lines do not exist. */
export const lineCutter = ({ limit, onLine, onOverflow }: LineCutterOptions): ((octets: Uint8Array) => void) => {
  let held = '';
  let overflowed = false;
  const end = () => {
    const line = held.trim();
    const dropped = overflowed;
    held = '';
    overflowed = false;
    if (line !== '' && !dropped) onLine(line);
  };
  return octets => {
    const [first = '', ...others] = Buffer.from(octets)
      .toString('latin1')
      .split(/[\r\n]/);
    const add = (text: string) => {
      if (overflowed) return;
      held += text;
      if (held.length <= limit) return;
      overflowed = true;
      onOverflow(held.slice(0, limit));
      held = '';
    };
    add(first);
    for (const text of others) {
      end();
      add(text);
    }
  };
};

/** Octets that are no printable ASCII spelled as \xNN, so that any record and report can hold them. */
export const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`);
