import { oneLine } from './markup.js';
import type { Check, Exchange, SequenceRecord, TreeLine } from './record.js';

/** Octets `start` to `end` (exclusive) of a message. */
export type Range = readonly [start: number, end: number];

/** One line of a decoded message beside its octets: a field's own octets are its header if it has inner fields, else all of it. */
export interface DumpLine {
  readonly start: number;
  /** Exclusive; of a field with inner ones, the end of those. */
  readonly end: number;
  /** As pairs of digits with a space between them: `BF 50 05`. */
  readonly octets: string;
  readonly depth: number;
  readonly name: string;
  readonly value: string;
  /** What the decoder found wrong here. */
  readonly problem: string | undefined;
  /** Failed checks that looked here. */
  readonly failed: readonly Check[];
  /** Whether the octets of the line were too many to show. */
  readonly cut: boolean;
}

/** Number of octets in a hex string. */
export const lengthOf = (hex: string): number => hex.length >> 1;

/** Octets of a hex string as pairs: `bf5005` → `BF 50 05`. In one go over the codes: a run lays out megabytes of them. */
export function spaced(hex: string): string {
  const digits = Buffer.from(hex.toUpperCase(), 'latin1');
  const pairs = Buffer.alloc(lengthOf(hex) * 3, ' ');
  for (let from = 0, to = 0; to < pairs.length; from += 2, to += 3) {
    pairs[to] = digits[from] ?? 0;
    pairs[to + 1] = digits[from + 1] ?? 0;
  }
  return pairs.toString('latin1', 0, Math.max(0, pairs.length - 1));
}

/** Number of octets in a text of pairs. */
const countOf = (pairs: string): number => Math.ceil(pairs.length / 3);

/** Octets `start` to `end` (exclusive) of a text of pairs. */
const range = (pairs: string, start: number, end: number): string => pairs.slice(3 * start, Math.max(3 * start, 3 * end - 1));

/** Failed checks of a sequence by the number of the exchange that they looked at. */
export type FailedChecks = ReadonlyMap<number, readonly Check[]>;

/** Gathers the failed checks of a sequence. */
export function failedChecks(sequence: SequenceRecord): FailedChecks {
  const failed = new Map<number, Check[]>();
  for (const step of sequence.steps) {
    for (const check of step.checks) {
      const number = check.exchange ?? step.exchange;
      if (check.ok || number === undefined) continue;
      const known = failed.get(number);
      if (known) known.push(check);
      else failed.set(number, [check]);
    }
  }
  return failed;
}

/** Octets of one line that are shown; a page with megabytes of hex helps nobody, and the record has them all. */
const SHOWN = 2048;

/** A line for the octets `start` to `ownEnd` of a message; no spread, for a run has a hundred thousand of them. */
function lineOf(pairs: string, { start, end, depth, name, value, problem }: Omit<TreeLine, 'tag' | 'length'>, ownEnd: number): DumpLine {
  const rest = ownEnd - start - SHOWN;
  const cut = rest > 0;
  return {
    start,
    end,
    octets: range(pairs, start, cut ? start + SHOWN : ownEnd),
    depth,
    name,
    value: cut ? `${value.slice(0, 2 * SHOWN)}… ${rest} more octets, complete in the record` : value,
    problem,
    failed: [],
    cut,
  };
}

const undecoded = (pairs: string, start: number, end: number): DumpLine =>
  lineOf(pairs, { start, end, depth: 0, name: '', value: 'not decoded' }, end);

function lay(exchange: Exchange): readonly DumpLine[] {
  const octets = spaced(exchange.octets);
  const length = lengthOf(exchange.octets);
  const lines: DumpLine[] = [];
  let shown = 0;
  exchange.tree.forEach((field, index) => {
    const next = exchange.tree[index + 1];
    const hasInner = next !== undefined && next.depth > field.depth;
    const ownEnd = hasInner ? next.start : field.end;
    if (field.start > shown) lines.push(undecoded(octets, shown, field.start));
    lines.push(lineOf(octets, field, ownEnd));
    shown = Math.max(shown, ownEnd);
  });
  if (shown < length) lines.push(undecoded(octets, shown, length));
  return lines;
}

/** Lays a message out as lines of octets and fields, each failed check at the innermost field that holds its octets. */
export function dump(exchange: Exchange, failed: readonly Check[] = []): readonly DumpLine[] {
  const lines = lay(exchange);
  if (failed.length === 0) return lines;
  const at = failed.map(check => {
    if (!check.octets) return -1;
    const [start, end] = check.octets;
    const holding = lines.filter(line => line.start <= start && end <= line.end);
    const innermost = holding.reduce<DumpLine | undefined>(
      (best, line) => (best === undefined || line.end - line.start <= best.end - best.start ? line : best),
      undefined,
    );
    return innermost ? lines.indexOf(innermost) : -1;
  });
  return lines.map((line, index) => ({ ...line, failed: failed.filter((_, number) => at[number] === index) }));
}

/** Failed checks that no line of a dump shows, because they name no octets (a missing field, a message that did not come). */
export function unplaced(lines: readonly DumpLine[], failed: readonly Check[]): readonly Check[] {
  return failed.filter(check => !lines.some(line => line.failed.includes(check)));
}

const octetsOf = (hex: string): readonly string[] => hex.toUpperCase().match(/../g) ?? [];

/** Where two octet strings differ: octet by octet if equally long, else what lies between common start and common end. */
export function differences(intended: string, actual: string): readonly Range[] {
  const [a, b] = [octetsOf(intended), octetsOf(actual)];
  if (a.length !== b.length) {
    let start = 0;
    while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
    let end = 0;
    while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
    return [[start, b.length - end]];
  }
  const ranges: [number, number][] = [];
  b.forEach((octet, index) => {
    const open = ranges.at(-1);
    if (octet === a[index]) return;
    if (open && open[1] === index) open[1] = index + 1;
    else ranges.push([index, index + 1]);
  });
  return ranges;
}

/** Sentence of a failed check: `✗ expected: absent, got 1`. */
export const complaint = (check: Check): string =>
  oneLine(`${check.level === 'shall' ? '✗' : '(should)'} expected: ${check.expected}, got ${check.actual}`);

const FOLDED = /.{1,64}/gu;
const fold = (text: string): readonly string[] => (text.length <= 64 ? [text] : (text.match(FOLDED) ?? []));

const rowsOf = (pairs: string, perRow: number): readonly string[] =>
  Array.from({ length: Math.ceil(countOf(pairs) / perRow) }, (_, row) => range(pairs, row * perRow, (row + 1) * perRow));

/** What is wrong in a line: its failed checks, and what the decoder found. */
export const notesOf = ({ failed, problem }: DumpLine): readonly string[] => [
  ...failed.map(complaint),
  ...(problem === undefined ? [] : [`! ${oneLine(problem)}`]),
];

const pairsOfDigits = Array.from({ length: 256 }, (_, octet) => octet.toString(16).toUpperCase().padStart(2, '0'));

/** Position of an octet as dumps show it: at least four hex digits. */
export const positionAt = (position: number): string =>
  position < 0x10000 ? `${pairsOfDigits[position >> 8]}${pairsOfDigits[position & 0xff]}` : position.toString(16).toUpperCase();

/** Decoded tree beside annotated octets, as text; long octet strings fold to eight octets a line. */
export function dumpText(lines: readonly DumpLine[], failed: readonly Check[] = []): string {
  const width = lines.reduce((most, { depth, octets }) => Math.max(most, depth * 2 + Math.min(countOf(octets), 8) * 3 + 1), 24);
  let text = '';
  for (const line of lines) {
    const indent = ' '.repeat(line.depth * 2);
    const count = countOf(line.octets);
    const values = fold(oneLine(line.value === '' ? line.name : line.name === '' ? line.value : `${line.name} ${line.value}`));
    const notes = notesOf(line);
    for (let row = 0; row * 8 < count || row < values.length; row++) {
      const position = row * 8 < count ? positionAt(line.start + row * 8) : '    ';
      const octets = indent + range(line.octets, row * 8, row * 8 + 8);
      const value = values[row] ?? '';
      const whole = value === '' ? `${position}  ${octets}` : `${position}  ${octets.padEnd(width)}${indent}${row > 0 ? '  ' : ''}${value}`;
      text += `${whole.trimEnd()}${row === 0 && notes.length > 0 ? `   ${notes.join('; ')}` : ''}\n`;
    }
  }
  const rest = unplaced(lines, failed).map(check => `      ${oneLine(check.what)}  ${complaint(check)}\n`);
  return text + rest.join('') || '\n';
}

/** Octets of one message that a hex dump shows: more than any message of the specifications has. */
const HEX_SHOWN = 128 * 1024;

/** Plain hex dump, sixteen octets a line; of an edited message also what a correct counterpart would have sent, and where they differ. */
export function hexText(exchange: Exchange): string {
  const plain = (hex: string) => {
    const rows = rowsOf(spaced(hex.slice(0, 2 * HEX_SHOWN)), 16).map((row, index) => `${positionAt(index * 16)}  ${row}`);
    return hex.length > 2 * HEX_SHOWN ? [...rows, `… ${lengthOf(hex) - HEX_SHOWN} more octets, complete in the record`] : rows;
  };
  if (exchange.intended === undefined) return `${plain(exchange.octets).join('\n')}\n`;
  const where = differences(exchange.intended, exchange.octets).map(([start, end]) =>
    end - start > 1 ? `${start}..${end - 1}` : String(start),
  );
  return [
    'sent',
    ...plain(exchange.octets),
    '',
    'intended (what a correct counterpart would have sent)',
    ...plain(exchange.intended),
    '',
    `differs at octets ${where.join(', ') || 'none'} of what was sent`,
    ...exchange.edits.map(edit => `edit: ${oneLine(edit)}`),
    '',
  ].join('\n');
}
