import { oneLine } from './markup.js';
import type { Check, Exchange, SequenceRecord } from './record.js';

/** Octets `start` to `end` (exclusive) of a message. */
export type Range = readonly [start: number, end: number];

/** One line of a decoded message beside its octets: a field's own octets are its header if it has inner fields, else all of it. */
export interface DumpLine {
  readonly start: number;
  readonly octets: readonly string[];
  readonly depth: number;
  readonly name: string;
  readonly value: string;
  /** What the decoder found wrong here. */
  readonly problem?: string;
  /** Failed checks that looked here. */
  readonly failed: readonly Check[];
  /** Set where the octets of the line were too many to show. */
  readonly cut?: boolean;
}

/** Octets of a hex string as pairs: `BF5005` → `BF`, `50`, `05`. */
export const octetsOf = (hex: string): readonly string[] => hex.toUpperCase().match(/../g) ?? [];

/** Failed checks of a sequence that looked at one of its exchanges. */
export function failedChecks(sequence: SequenceRecord, exchange: Exchange): readonly Check[] {
  return sequence.steps.flatMap(step => step.checks.filter(check => !check.ok && (check.exchange ?? step.exchange) === exchange.no));
}

/** Octets of one line that are shown; a page with megabytes of hex helps nobody, and the record has them all. */
const SHOWN = 2048;

/** The octets of a line as far as they are shown, and what its text says of the rest. */
function shownOctets(hex: string, start: number, end: number, text: string): Pick<DumpLine, 'octets' | 'value' | 'cut'> {
  const rest = end - start - SHOWN;
  const octets = octetsOf(hex.slice(2 * start, 2 * Math.min(end, start + SHOWN)));
  return rest > 0
    ? { octets, value: `${text.slice(0, 2 * SHOWN)}… ${rest} more octets, complete in the record`, cut: true }
    : { octets, value: text };
}

function undecoded(hex: string, start: number, end: number): DumpLine {
  return { start, ...shownOctets(hex, start, end, 'not decoded'), depth: 0, name: '', failed: [] };
}

function lay(exchange: Exchange): readonly (DumpLine & { readonly end: number })[] {
  const { octets } = exchange;
  const length = octets.length / 2;
  const lines: (DumpLine & { readonly end: number })[] = [];
  let shown = 0;
  exchange.tree.forEach((field, index) => {
    const next = exchange.tree[index + 1];
    const hasInner = next !== undefined && next.depth > field.depth;
    const ownEnd = hasInner ? next.start : field.end;
    if (field.start > shown) lines.push({ ...undecoded(octets, shown, field.start), end: field.start });
    const { start, end, depth, name, value, problem } = field;
    lines.push({
      start,
      end,
      depth,
      name,
      ...shownOctets(octets, start, ownEnd, value),
      ...(problem !== undefined && { problem }),
      failed: [],
    });
    shown = Math.max(shown, ownEnd);
  });
  if (shown < length) lines.push({ ...undecoded(octets, shown, length), end: length });
  return lines;
}

/** Lays a message out as lines of octets and fields, each failed check at the innermost field that holds its octets. */
export function dump(exchange: Exchange, failed: readonly Check[] = []): readonly DumpLine[] {
  const lines = lay(exchange);
  const at = failed.map(check => {
    if (!check.octets) return -1;
    const [start, end] = check.octets;
    const holding = lines.filter(line => line.start <= start && end <= line.end);
    const innermost = holding.reduce<(typeof lines)[number] | undefined>(
      (best, line) => (best === undefined || line.end - line.start <= best.end - best.start ? line : best),
      undefined,
    );
    return innermost ? lines.indexOf(innermost) : -1;
  });
  return lines.map(({ end: _end, ...line }, index) => ({ ...line, failed: failed.filter((_, number) => at[number] === index) }));
}

/** Failed checks that no line of a dump shows, because they name no octets (a missing field, a message that did not come). */
export function unplaced(lines: readonly DumpLine[], failed: readonly Check[]): readonly Check[] {
  return failed.filter(check => !lines.some(line => line.failed.includes(check)));
}

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

const fold = (text: string, width: number): readonly string[] => text.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [];

const rowsOf = (octets: readonly string[], perRow: number): readonly string[] =>
  Array.from({ length: Math.ceil(octets.length / perRow) }, (_, row) => octets.slice(row * perRow, (row + 1) * perRow).join(' '));

/** What is wrong in a line: its failed checks, and what the decoder found. */
export const notesOf = ({ failed, problem }: DumpLine): readonly string[] => [
  ...failed.map(complaint),
  ...(problem === undefined ? [] : [`! ${oneLine(problem)}`]),
];

/** Position of an octet as dumps show it: at least four hex digits. */
export const positionAt = (position: number): string => position.toString(16).toUpperCase().padStart(4, '0');

/** Decoded tree beside annotated octets, as text; long octet strings fold to eight octets a line. */
export function dumpText(exchange: Exchange, failed: readonly Check[] = []): string {
  const lines = dump(exchange, failed);
  const width = Math.max(24, ...lines.map(line => line.depth * 2 + Math.min(line.octets.length, 8) * 3 + 1));
  const text = lines.flatMap(line => {
    const indent = ' '.repeat(line.depth * 2);
    const octets = rowsOf(line.octets, 8);
    const named = oneLine([line.name, line.value].filter(part => part !== '').join(' '));
    const values = fold(named, 64);
    const rows = Array.from({ length: Math.max(octets.length, values.length, 1) }, (_, row) => {
      const position = octets[row] === undefined ? '    ' : positionAt(line.start + row * 8);
      return `${position}  ${(indent + (octets[row] ?? '')).padEnd(width)}${indent}${row > 0 ? '  ' : ''}${values[row] ?? ''}`.trimEnd();
    });
    const notes = notesOf(line);
    if (notes.length > 0) rows[0] = `${rows[0] ?? ''}   ${notes.join('; ')}`;
    return rows;
  });
  const rest = unplaced(lines, failed).map(check => `      ${oneLine(check.what)}  ${complaint(check)}`);
  return `${[...text, ...rest].join('\n')}\n`;
}

/** Octets of one message that a hex dump shows: more than any message of the specifications has. */
const HEX_SHOWN = 128 * 1024;

/** Plain hex dump, sixteen octets a line; of an edited message also what a correct counterpart would have sent, and where they differ. */
export function hexText(exchange: Exchange): string {
  const plain = (hex: string) => {
    const rows = rowsOf(octetsOf(hex.slice(0, 2 * HEX_SHOWN)), 16).map((row, index) => `${positionAt(index * 16)}  ${row}`);
    return hex.length > 2 * HEX_SHOWN ? [...rows, `… ${hex.length / 2 - HEX_SHOWN} more octets, complete in the record`] : rows;
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
