import { diagram } from '../diagram.js';
import { type FailedChecks, failedChecks, hexText, lengthOf } from '../dump.js';
import { failing } from '../failure.js';
import { type Markup, markup, oneLine, verbatim } from '../markup.js';
import { anchorOf, count, duration, isIut, marks, offset, partyName } from '../names.js';
import type { Exchange, RunRecord, SequenceRecord, SignatureCheck, StepRecord } from '../record.js';
import { account } from '../summary.js';
import { badge, caseAnchor, dumpTable, failingStep, hasPage, heading, table } from './parts.js';

/** A long request or answer, cut for reading; the record and the Allure report have all of it. */
const FOLDED = 240;
const folded = (text: string): string => (text.length > FOLDED ? `${text.slice(0, FOLDED)}… (${text.length} characters)` : text);

function stepRow(step: StepRecord): Markup {
  const checks = step.checks.map(check => {
    const sign = check.ok ? 'pass' : check.level === 'shall' ? 'fail' : 'inconclusive';
    return markup`<div><span class="v v-${sign}">${check.ok ? '✓' : check.level === 'shall' ? '✗' : '(!)'}</span> ${check.what} — got ${check.actual}${!check.ok && markup`, expected ${check.expected}`}${check.covers.length > 0 && markup` <span class="soft">${check.covers.join(', ')}</span>`}</div>`;
  });
  const { operator } = step;
  const act =
    operator &&
    markup`<div class="soft">${operator.action}, by ${operator.by}, ${duration(operator.seconds)}: ${folded(operator.request)} → ${folded(operator.answer)}</div>`;
  const sign = step.verdict === 'skipped' ? '–' : marks[step.verdict];
  return markup`<tr><td class="t">${step.no}</td><td>${step.text}${step.note !== undefined && markup`<div class="soft">${step.note}</div>`}${act}${checks}</td><td class="t"><span class="v v-${step.verdict}">${sign} ${step.verdict}</span></td><td class="n">${offset(step.started)}</td><td class="mono t">${step.at.file.split('/').at(-1) ?? ''}:${step.at.line}</td></tr>
`;
}

const signatureWords = {
  valid: ['✓ valid', 'pass'],
  invalid: ['✗ invalid', 'fail'],
  notChecked: ['– not checked', 'notApplicable'],
} as const;

function signatureRow(signature: SignatureCheck, ours: boolean): Markup {
  const [word, as] = signatureWords[signature.verdict];
  // A wrong signature of a simulated counterpart is the stimulus of the case, not a fault.
  const css = ours && as === 'fail' ? 'inconclusive' : as;
  return markup`<tr><td>${signature.field}</td><td class="t">${signature.signedRange}</td><td class="mono">${signature.keyId}</td><td>${signature.curve}</td><td>${signature.signature}</td><td><span class="v v-${css}">${word}</span> ${signature.reason}</td></tr>
`;
}

function message(exchange: Exchange, sequence: SequenceRecord, checks: FailedChecks): Markup {
  const failed = checks.get(exchange.no) ?? [];
  const decisive = failing(sequence)?.exchange === exchange;
  const parties = `${partyName(exchange.from, sequence)} → ${partyName(exchange.to, sequence)}`;
  const transport = Object.entries(exchange.transport).map(([name, value]) => `${name} ${value}`);
  const edits = exchange.edits.length > 0 && markup`<p><span class="v v-inconclusive">✎ edited</span> ${exchange.edits.join('; ')}</p>`;
  const signatures =
    exchange.signatures.length > 0 &&
    table(
      [['signature'], ['signed octets'], ['key'], ['curve'], ['encoding'], ['verdict']],
      exchange.signatures.map(signature => signatureRow(signature, !isIut(exchange.from, sequence))),
      '',
    );
  const intended =
    exchange.intended !== undefined &&
    markup`<details><summary>Octets sent and intended</summary><pre>${hexText(exchange)}</pre></details>`;
  const body = markup`<p class="soft">${[exchange.interface, ...transport].join(' · ')}</p>${edits}${dumpTable(exchange, failed)}${intended}${signatures}`;
  const title = markup`${exchange.no}  ${oneLine(exchange.message)}, ${parties}, ${offset(exchange.at)}, ${count(lengthOf(exchange.octets), 'octet')}`;
  // The message that decided stands open; the others are one click away, and open on paper.
  return decisive || exchange.edits.length > 0
    ? markup`<h4>${title}</h4>${body}`
    : markup`<details><summary>${title}</summary>${body}</details>`;
}

function page(sequence: SequenceRecord): Markup {
  const steps = table([['step'], [''], ['verdict'], ['time', 'n'], ['line']], sequence.steps.map(stepRow), 'No step was executed.');
  const weather = Object.entries(sequence.weather ?? {}).map(
    ([link, what]) => markup`<p class="soft">weather around ${link} — ${what}</p>`,
  );
  const findings = sequence.findings.map(finding => markup`<p><span class="v v-inconclusive">(!) finding</span> ${finding}</p>`);
  const found = failing(sequence);
  const checks = failedChecks(sequence);
  const interpretations = sequence.interpretations ?? [];
  return markup`<article class="case" id="${anchorOf(sequence.key)}"><h3>${heading(sequence)}</h3>
<p>${badge(sequence.verdict)}${sequence.reason !== '' && markup` — ${sequence.reason}`}</p>${findings}${weather}
<p class="soft">${sequence.source} · covers ${sequence.covers.join(', ') || 'no requirement'} · ${duration(sequence.seconds)} from ${sequence.started} · seed <code>${sequence.seed}</code> · <code>${sequence.file}</code>${interpretations.length > 0 && markup` · relies on docs/interpretations.md: ${interpretations.join('; ')}`}</p>
${found && failingStep(found, sequence)}<h4>Sequence</h4><figure>${verbatim(diagram(sequence))}</figure>
<h4>Steps</h4>${steps}<h4>Messages</h4>${sequence.exchanges.length > 0 ? sequence.exchanges.map(exchange => message(exchange, sequence, checks)) : markup`<p class="soft">None.</p>`}
${sequence.iutOutput !== undefined && markup`<h4>Last output of the IUT</h4><pre>${sequence.iutOutput}</pre>`}<details><summary>The case as it ran</summary><pre>${sequence.yaml}</pre></details></article>
`;
}

/** Chapter 7: the list of all cases, then a page for each that did not pass or has a finding. */
export function casesChapter(record: RunRecord): Markup {
  const all = account(record);
  const rows = all.map(accounted => {
    const { entry, outcome, sequence } = accounted;
    const paged = hasPage(sequence);
    const key = paged ? markup`<a href="#${caseAnchor(accounted)}">${entry.key}</a>` : markup`${entry.key}`;
    const row = entry.row && markup`<br><span class="soft">${oneLine(entry.row.name)}</span>`;
    return markup`<tr${!paged && markup` id="${caseAnchor(accounted)}"`}><td>${key}${row}</td><td>${oneLine(entry.title)}<br><span class="soft">${oneLine(entry.source)}</span></td><td>${badge(outcome)}</td><td class="n">${sequence ? duration(sequence.seconds) : ''}</td></tr>
`;
  });
  const pages = record.sequences.filter(hasPage).map(page);
  return markup`${table([['case'], ['title and source'], ['verdict'], ['time', 'n']], rows, 'No sequence was planned.')}
<p class="soft">Cases that passed without a finding have no page here; their messages are in allure-report/index.html and in record.jsonl.</p>
${pages}`;
}
