import { complaint, type DumpLine, differences, dump, lengthOf, notesOf, positionAt, unplaced } from '../dump.js';
import { excerpt, type Failing, place, positionText, saying } from '../failure.js';
import { type Markup, markup, oneLine } from '../markup.js';
import { addressOf, anchorOf, marks, type Outcome, outcomes, words } from '../names.js';
import type { Check, Exchange, SequenceRecord } from '../record.js';
import type { Accounted } from '../summary.js';

/** A verdict with its sign, its word and its colour. */
export const badge = (outcome: Outcome): Markup => markup`<span class="v v-${outcome}">${marks[outcome]} ${words[outcome]}</span>`;

/** Whether a sequence has a page of its own: passing ones without findings have none, their messages are in the Allure report. */
export const hasPage = (sequence: SequenceRecord | undefined): boolean =>
  sequence !== undefined && (sequence.verdict !== 'pass' || sequence.findings.length > 0);

/** Where a case is to be found in the summary: its page, or its line in the list of cases. */
export const caseAnchor = ({ entry, sequence }: Accounted): string =>
  hasPage(sequence) ? anchorOf(entry.key) : anchorOf(entry.key).replace('case-', 'row-');

/** Link to a case with the sign of its outcome. */
export const caseLink = (accounted: Accounted): Markup =>
  markup`<a class="t" href="#${caseAnchor(accounted)}"><span class="v v-${accounted.outcome}">${marks[accounted.outcome]}</span> ${oneLine(accounted.entry.key)}</a>`;

/** Bar of outcomes; the numbers stand beside it in the table, the bar itself is decoration. */
export function bar(counts: Readonly<Record<Outcome, number>>, wide = false): Markup {
  const parts = outcomes
    .filter(outcome => counts[outcome] > 0)
    .map(outcome => markup`<i class="v-${outcome}" style="flex:${counts[outcome]}" title="${counts[outcome]} ${words[outcome]}"></i>`);
  return markup`<div class="bar${wide ? ' wide' : ''}" aria-hidden="true">${parts}</div>`;
}

/** A table with a heading row; empty when there are no rows, so that the caller says what that means. */
export function table(heads: readonly (readonly [text: string, css?: string])[], rows: readonly Markup[], otherwise: string): Markup {
  if (rows.length === 0) return markup`<p class="soft">${otherwise}</p>`;
  const head = heads.map(([text, css]) => markup`<th${css !== undefined && markup` class="${css}"`}>${text}</th>`);
  return markup`<table><thead><tr>${head}</tr></thead><tbody>
${rows}</tbody></table>
`;
}

/** Address and title of a sequence. */
export const heading = (of: Pick<SequenceRecord, 'key' | 'row' | 'title'>): Markup =>
  markup`<code>${oneLine(addressOf(of))}</code> ${oneLine(of.title)}`;

/** A failing step: where it stands, what was expected and what came, in the words of its check. */
export function failingStep(found: Failing, sequence: SequenceRecord): Markup {
  const { step, check, exchange } = found;
  const at = check?.at ?? step.at;
  const where = check ? place(check, exchange) : '';
  const lines = excerpt(sequence, at, saying(found));
  const compared = check
    ? markup`<dt>expected</dt><dd>${check.expected}</dd><dt>got</dt><dd class="got">${check.actual}</dd>`
    : markup`<dt>happened</dt><dd class="got">${step.reason ?? sequence.reason}</dd>`;
  return markup`<dl class="compare"><dt>step</dt><dd>${step.no}  ${step.text}</dd>${check && markup`<dt>check</dt><dd>${check.what}</dd>`}${compared}
${where !== '' && markup`<dt>where</dt><dd class="mono">${where}</dd>`}<dt>file</dt><dd class="mono">${positionText(at)}</dd></dl>
<pre class="excerpt">${lines.length > 1 ? markup`${lines[0] ?? ''}\n<b>${lines.slice(1).join('\n')}</b>` : (lines[0] ?? '').trim()}</pre>
`;
}

function hexCell(line: DumpLine, marked: ReadonlySet<number>): Markup {
  const indent = ' '.repeat(line.depth * 2);
  const octets = line.octets === '' ? [] : line.octets.split(' ');
  const parts = octets.map((octet, index) => {
    const fresh = index % 8 === 0;
    const before = fresh ? `${index > 0 ? '\n' : ''}${indent}` : ' ';
    return marked.has(line.start + index) ? markup`${before}<mark>${octet}</mark>` : markup`${before}${octet}`;
  });
  return markup`${parts}`;
}

function dumpRow(line: DumpLine, marked: ReadonlySet<number>): Markup {
  const shall = line.failed.some(check => check.level === 'shall');
  const css = shall ? 'bad' : line.failed.length > 0 || line.problem !== undefined ? 'weak' : '';
  const why = notesOf(line);
  const named = [line.name, line.value].filter(part => part !== '').map(oneLine);
  return markup`<tr class="${css}"><td>${positionAt(line.start)}</td><td class="hex">${hexCell(line, marked)}</td><td style="padding-left:${line.depth * 16 + 12}px">${named.join(' ')}${why.length > 0 && markup` <span class="why">${why.join('; ')}</span>`}</td></tr>
`;
}

/** A message as decoded tree beside its octets: failed checks stand at their field, octets changed by an edit are marked. */
export function dumpTable(exchange: Exchange, failed: readonly Check[]): Markup {
  const lines = dump(exchange, failed);
  const marked = new Set<number>();
  if (exchange.intended !== undefined) {
    for (const [start, end] of differences(exchange.intended, exchange.octets)) for (let at = start; at < end; at++) marked.add(at);
  }
  const rest = unplaced(lines, failed).map(
    check =>
      markup`<tr class="${check.level === 'shall' ? 'bad' : 'weak'}"><td></td><td></td><td>${oneLine(check.what)} <span class="why">${complaint(check)}</span></td></tr>
`,
  );
  return markup`<table class="dump"><tbody>
${lines.map(line => dumpRow(line, marked))}${rest}</tbody></table>
${marked.size > 0 && markup`<p class="soft">${marked.size} of ${lengthOf(exchange.octets)} octets differ from what a correct counterpart would have sent (<mark>marked</mark>).</p>`}`;
}
