import { failedChecks } from '../dump.js';
import { failing } from '../failure.js';
import { type Markup, markup } from '../markup.js';
import { anchorOf, count, inOrder, type Outcome, offset, outcomes, partyName, words } from '../names.js';
import type { RunRecord, SequenceRecord } from '../record.js';
import { type Accounted, account } from '../summary.js';
import { type SectionResult, type Trace, violates } from '../traceability.js';
import { badge, bar, caseLink, dumpTable, failingStep, heading, table } from './parts.js';

/** Chapter 1: outcomes by section of the specification. */
export function sectionsChapter(record: RunRecord, sections: readonly SectionResult[]): Markup {
  const columns = outcomes.filter(outcome => outcome !== 'notRecorded' || account(record).some(accounted => accounted.outcome === outcome));
  const rows = sections.map(({ section, counts, cases }) => {
    const numbers = columns.map(
      outcome => markup`<td class="n">${counts[outcome] > 0 ? markup`<span class="v v-${outcome}">${counts[outcome]}</span>` : ''}</td>`,
    );
    const noteworthy = cases
      .filter(({ outcome }) => outcome !== 'pass' && outcome !== 'notApplicable')
      .map(one => markup`${caseLink(one)}<br>`);
    return markup`<tr><td class="t">${section}</td><td>${bar(counts)}</td>${numbers}<td>${noteworthy}</td></tr>
`;
  });
  const heads = columns.map(outcome => [words[outcome], 'n'] as const);
  return markup`<p class="soft">A sequence counts once in every section it covers.</p>
${table([['section'], [''], ...heads, ['look at']], rows, 'No sequence was planned.')}`;
}

/** A failing case as chapters 2 and 3 tell it: the step, what was expected, what came, and the message it came in. */
export function decisiveStep(sequence: SequenceRecord): Markup {
  const found = failing(sequence);
  const link = markup`<p><a href="#${anchorOf(sequence.key)}">Sequence diagram, all messages and steps</a></p>`;
  if (!found) return markup`<p>${sequence.reason}</p>${link}`;
  const { exchange } = found;
  const message =
    exchange &&
    markup`<h4>${exchange.no}  ${exchange.message}, ${partyName(exchange.from, sequence)} → ${partyName(exchange.to, sequence)}, ${offset(exchange.at)}</h4>
${dumpTable(exchange, failedChecks(sequence).get(exchange.no) ?? [])}`;
  return markup`${failingStep(found, sequence)}${message}${link}
`;
}

const violation = (sequence: SequenceRecord): Markup =>
  markup`<div class="violation"><p>${badge(sequence.verdict)} by ${heading(sequence)}</p>
${decisiveStep(sequence)}</div>
`;

/** Chapter 2: every violated requirement, with the sequences that show it. */
export function violationsChapter(record: RunRecord, traces: readonly Trace[]): Markup {
  const violated = traces.filter(({ state }) => state === 'violated');
  const named = new Set<SequenceRecord>();
  const parts = violated.map(({ requirement, section, cases }, index) => {
    const sequences = cases.flatMap(({ sequence }) => (sequence && violates(sequence, requirement.id) ? [sequence] : []));
    for (const sequence of sequences) named.add(sequence);
    return markup`<section><h3 id="violated-${requirement.id}">2.${index + 1}  ${requirement.id} <span class="level">${requirement.level.toUpperCase()}</span> <span class="soft">${section}</span></h3>
<p>${requirement.text}</p>
${sequences.map(violation)}</section>
`;
  });
  const unnamed = record.sequences.filter(sequence => sequence.verdict === 'fail' && !named.has(sequence));
  const rest =
    unnamed.length > 0 &&
    markup`<h3>2.${violated.length + 1}  Failed without a requirement id</h3>
${unnamed.map(violation)}`;
  if (violated.length + unnamed.length === 0) return markup`<p class="soft">None.</p>`;
  return markup`${parts}${rest}`;
}

const open: readonly Outcome[] = ['inconclusive', 'error', 'cannotRun', 'notRecorded'];

/** Sequences of chapter 3: those without a verdict on the IUT. */
export const undecided = (record: RunRecord): readonly Accounted[] => account(record).filter(({ outcome }) => open.includes(outcome));

/** Chapter 3: what is inconclusive, went wrong in the harness, cannot run, or was not recorded. */
export function undecidedChapter(record: RunRecord): Markup {
  const parts = open.flatMap(outcome => {
    const cases = undecided(record).filter(accounted => accounted.outcome === outcome);
    if (cases.length === 0) return [];
    const blocks = cases.map(({ entry, sequence }) =>
      sequence
        ? markup`<div class="violation"><p>${badge(outcome)} ${heading(sequence)}</p><p>${sequence.reason}</p>
${decisiveStep(sequence)}</div>
`
        : markup`<div class="violation"><p>${badge(outcome)} ${heading(entry)}</p><p>${entry.reason === '' ? 'Planned, but the run did not come to it.' : entry.reason}</p></div>
`,
    );
    return [
      markup`<h3>${words[outcome]} — ${count(cases.length, 'sequence')}</h3>
${blocks}`,
    ];
  });
  return parts.length > 0 ? markup`${parts}` : markup`<p class="soft">None.</p>`;
}

/** Chapter 4: deviations from recommendations; they do not touch the verdict. */
export function findingsChapter(record: RunRecord): Markup {
  const rows = record.sequences
    .flatMap(sequence => sequence.findings.map(finding => ({ sequence, finding })))
    .sort((a, b) => inOrder(a.sequence.key, b.sequence.key))
    .map(
      ({
        sequence,
        finding,
      }) => markup`<tr><td class="t"><a href="#${anchorOf(sequence.key)}">${sequence.key}</a></td><td>${finding}</td></tr>
`,
    );
  return table([['sequence'], ['finding']], rows, 'None.');
}
