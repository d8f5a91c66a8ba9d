import { failedChecks, lengthOf } from './dump.js';
import { failing } from './failure.js';
import { type Markup, markup, oneLine, verbatim } from './markup.js';
import { isIut, marks, offset, partyName } from './names.js';
import type { Exchange, OperatorAct, SequenceRecord, Verdict } from './record.js';

type Row =
  | { readonly at: number; readonly exchange: Exchange; readonly sign: '' | '✗' | '(!)' }
  | { readonly at: number; readonly act: OperatorAct }
  | { readonly at: number; readonly end: string };

const rowHeight = 46;
const headHeight = 44;
const gutter = 84;
// Average advance of the 12 px font; SVG without a script cannot measure text.
const advance = 7.4;

const ink = '#1b1f24';
const red = '#b3261e';
const amber = '#8a5300';
const faint = '#8b949e';

// Captions stay readable where they cross a lifeline.
const halo = verbatim('stroke="#ffffff" stroke-width="4" paint-order="stroke"');

const styles = verbatim('font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"');

function rowsOf(sequence: SequenceRecord): readonly Row[] {
  const checks = failedChecks(sequence);
  const exchanges = sequence.exchanges.map((exchange): Row => {
    const failed = checks.get(exchange.no) ?? [];
    const sign = failed.some(check => check.level === 'shall') ? '✗' : failed.length > 0 ? '(!)' : '';
    return { at: exchange.at, exchange, sign };
  });
  const acts = sequence.steps.flatMap((step): Row[] => (step.operator ? [{ at: step.started, act: step.operator }] : []));
  const rows = [...exchanges, ...acts].sort((a, b) => a.at - b.at);
  const last = failing(sequence);
  // What stopped the sequence without a message to point at: silence, a crash, a failed preamble.
  if (sequence.verdict !== 'pass' && last?.check === undefined) return [...rows, { at: sequence.seconds, end: sequence.reason }];
  return rows;
}

/** The operator's lifeline is only drawn when someone operates the IUT; the IUT stands rightmost. */
function partiesOf(sequence: SequenceRecord, rows: readonly Row[]): readonly string[] {
  const named = rows.flatMap(row => ('exchange' in row ? [row.exchange.from, row.exchange.to] : 'act' in row ? ['operator'] : []));
  const others = [...new Set(named.filter(party => !isIut(party, sequence)))];
  return [...others, sequence.iut];
}

const caption = (row: Row): string => {
  if ('exchange' in row) return `${row.exchange.no}  ${row.exchange.message}`;
  return 'act' in row ? row.act.action : row.end;
};

function captionMarkup(row: Extract<Row, { exchange: Exchange }>): Markup {
  const edited = row.exchange.edits.length > 0 || row.exchange.intended !== undefined;
  const sign = row.sign !== '' && markup`<tspan fill="${row.sign === '✗' ? red : amber}" font-weight="700"> ${row.sign}</tspan>`;
  return markup`${caption(row)}${edited && markup`<tspan fill="${amber}" font-weight="700"> ✎</tspan>`}${sign}`;
}

function arrow(row: Extract<Row, { exchange: Exchange }>, y: number, from: number, to: number): Markup {
  const colour = row.sign === '✗' ? red : ink;
  const tip = to > from ? to - 9 : to + 9;
  const edits = row.exchange.edits.length > 0 && markup`<title>${row.exchange.edits.join('\n')}</title>`;
  return markup`<g>${edits}<text x="${(from + to) / 2}" y="${y - 7}" text-anchor="middle" fill="${ink}" ${halo}>${captionMarkup(row)}</text>
<line x1="${from}" y1="${y}" x2="${tip}" y2="${y}" stroke="${colour}" stroke-width="1.5"/><path d="M${to} ${y}L${tip} ${y - 4}L${tip} ${y + 4}Z" fill="${colour}"/>
<text x="${(from + to) / 2}" y="${y + 14}" text-anchor="middle" font-size="10" fill="${faint}" ${halo}>${row.exchange.interface} · ${lengthOf(row.exchange.octets)} octets</text></g>
`;
}

function act(row: Extract<Row, { act: OperatorAct }>, y: number, from: number, to: number): Markup {
  const tip = to > from ? to - 9 : to + 9;
  return markup`<g><title>${`${row.act.request}\n${row.act.answer}`}</title><text x="${(from + to) / 2}" y="${y - 7}" text-anchor="middle" fill="${ink}" ${halo}>${caption(row)}</text>
<line x1="${from}" y1="${y}" x2="${tip}" y2="${y}" stroke="${ink}" stroke-width="1.5" stroke-dasharray="5 4"/><path d="M${to} ${y}L${tip} ${y - 4}L${tip} ${y + 4}Z" fill="${ink}"/>
<text x="${(from + to) / 2}" y="${y + 14}" text-anchor="middle" font-size="10" fill="${faint}" ${halo}>by ${row.act.by}</text></g>
`;
}

/** Breaks a reason into lines that fit a width in px; a word longer than a line stays whole up to the edge. */
function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(20, Math.floor(width / advance));
  const lines: string[] = [];
  for (const word of oneLine(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(...(word.match(new RegExp(`.{1,${room}}`, 'gu')) ?? ['']));
  }
  return lines;
}

function end(lines: readonly string[], verdict: Verdict, y: number, width: number): Markup {
  const colour = verdict === 'fail' ? red : amber;
  const text = lines.map((line, index) => markup`<text x="${gutter + 10}" y="${y + 3 + index * 16}" fill="${colour}">${line}</text>`);
  return markup`<rect x="${gutter}" y="${y - 14}" width="${width - gutter - 8}" height="${lines.length * 16 + 10}" rx="3" fill="#fdf6f0" stroke="${colour}"/>${text}
`;
}

/** Sequence diagram of a sequence as SVG: a lifeline per party, ✎ where a message was edited, ✗ where a check failed. */
export function diagram(sequence: SequenceRecord): string {
  const rows = rowsOf(sequence);
  const parties = partiesOf(sequence, rows);
  const longest = Math.max(18, ...rows.map(row => ('end' in row ? 0 : caption(row).length + 6)));
  const spacing = Math.min(460, Math.round(longest * advance + 36));
  const left = gutter + 70;
  const x = (party: string) => left + parties.indexOf(isIut(party, sequence) ? sequence.iut : party) * spacing;
  const width = Math.max(left + (parties.length - 1) * spacing + 90, 720);
  const reason = (row: Row) => ('end' in row ? wrap(`${marks[sequence.verdict]} ${row.end}`, width - gutter - 28) : []);
  const height = headHeight + rows.reduce((sum, row) => sum + rowHeight + Math.max(0, reason(row).length - 1) * 16, 0) + 24;
  const heads = parties.map(party => {
    const iut = isIut(party, sequence);
    const name = partyName(party, sequence);
    const half = (name.length * advance) / 2 + 12;
    return markup`<line x1="${x(party)}" y1="34" x2="${x(party)}" y2="${height - 8}" stroke="${faint}" stroke-dasharray="2 3"/>
<rect x="${x(party) - half}" y="8" width="${half * 2}" height="26" rx="3" fill="${iut ? '#e8eef7' : '#f6f8fa'}" stroke="${iut ? '#1f4e8c' : faint}"/><text x="${x(party)}" y="25" text-anchor="middle" font-weight="600" fill="${ink}">${name}</text>
`;
  });
  const body = rows.map((row, index) => {
    const y = headHeight + index * rowHeight + 32;
    const time = markup`<text x="8" y="${y + 4}" fill="${faint}">${offset(row.at)}</text>`;
    if ('exchange' in row) return markup`${time}${arrow(row, y, x(row.exchange.from), x(row.exchange.to))}`;
    if ('act' in row) return markup`${time}${act(row, y, x('operator'), x(sequence.iut))}`;
    // Always the last row, so its height moves nothing below it.
    return markup`${time}${end(reason(row), sequence.verdict, y, width)}`;
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ${styles}>
<title>Sequence diagram of ${sequence.key}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${heads}${body}</svg>
`.markup;
}
