import { visible } from './markup.js';
import { type Requirements, requirementsOf, sectionOf, words } from './names.js';
import type { RunRecord } from './record.js';
import { type Accounted, account } from './summary.js';
import { coveredBy, violates } from './traceability.js';

const columns = [
  'run',
  'id',
  'over',
  'row',
  'title',
  'source',
  'verdict',
  'reason',
  'requirement',
  'level',
  'section',
  'started',
  'ms',
  'seed',
  'violated',
] as const;

// A cell that begins like a formula would be run by a spreadsheet; the apostrophe makes it text (OWASP, CSV injection).
const inert = (text: string): string => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text);

function cell(text: string): string {
  // Line ends and tabs are legal in quotes; NUL and other control characters end or spoil the text in many readers.
  const safe = inert(visible(text));
  return /[",\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function rows(accounted: Accounted, run: string, requirements: Requirements): readonly (readonly string[])[] {
  const { entry, outcome, sequence } = accounted;
  const covered = coveredBy(accounted);
  // A sequence that covers nothing keeps one row, so that every sequence is in the table.
  return (covered.length > 0 ? covered : ['']).map(id => [
    run,
    entry.id,
    entry.over,
    entry.row?.name ?? '',
    entry.title,
    entry.source,
    words[outcome],
    sequence?.reason ?? entry.reason,
    id,
    requirements.get(id)?.level ?? '',
    id === '' ? '' : sectionOf(id, requirements),
    sequence?.started ?? '',
    sequence ? String(Math.round(sequence.seconds * 1000)) : '',
    sequence?.seed ?? '',
    violates(sequence, id) ? 'yes' : 'no',
  ]);
}

/** Results as CSV (RFC 4180, UTF-8 with byte order mark for spreadsheets): one row per sequence and requirement, planned ones included. */
export function csv(record: RunRecord): string {
  const requirements = requirementsOf(record);
  const lines = [columns, ...account(record).flatMap(accounted => rows(accounted, record.run.id, requirements))];
  return `\ufeff${lines.map(line => `${line.map(cell).join(',')}\r\n`).join('')}`;
}
