import { type Markup, markup } from '../markup.js';
import { count, duration, iutsOf, type Outcome, outcomes, roleName, words } from '../names.js';
import type { IutInfo, RunRecord, Summary } from '../record.js';
import { account, summarise } from '../summary.js';
import type { Trace } from '../traceability.js';
import { bar } from './parts.js';

type Fact = readonly [name: string, value: string | Markup | undefined];

const utc = (iso: string): string => `${iso.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC`;

const linesOf = (byName: Readonly<Record<string, string>>): string =>
  Object.entries(byName)
    .map(([name, text]) => `${name}: ${text}`)
    .join('; ');

/** One implementation and how it was reached. */
function iutFacts(iut: IutInfo, digests: RunRecord['run']['digests']): readonly Fact[] {
  const digest = digests[iut.ixit];
  const declared = Object.entries(iut.options);
  return [
    ['IUT', markup`<strong>${iut.name} ${iut.version}</strong> (${roleName(iut.role)})`],
    ['Supplier', iut.supplier],
    ['IXIT', digest === undefined ? iut.ixit : markup`${iut.ixit}<br><span class="mono soft">${digest}</span>`],
    [
      'Links',
      Object.entries(iut.links)
        .map(([name, address]) => `${name} ${address}`)
        .join(', '),
    ],
    ...(iut.weather === undefined ? [] : [['Weather', linesOf(iut.weather)] satisfies Fact]),
    ['Options', `${declared.filter(([, value]) => value).length} of ${declared.length} declared yes (section 6)`],
    ...Object.entries(iut.observed).map(([name, value]): Fact => [name, value]),
  ];
}

/** With several implementations each has a line of its own; what was tried of one says nothing about another. */
function severalFacts(record: RunRecord): readonly Fact[] {
  const { byIut } = summarise(record);
  return iutsOf(record).map((iut): Fact => {
    const { planned = 0, pass = 0 } = byIut[iut.role] ?? {};
    return [
      roleName(iut.role),
      markup`<strong>${iut.name} ${iut.version}</strong>, ${iut.supplier}: ${pass} of ${count(planned, 'sequence')} passed<br><span class="soft">${iut.ixit}</span>`,
    ];
  });
}

function facts(record: RunRecord): readonly Fact[] {
  const { run, finished, seconds } = record;
  const { harness } = run;
  const iuts = iutsOf(record);
  const [only] = iuts;
  return [
    ...(only && iuts.length === 1 ? iutFacts(only, run.digests) : severalFacts(record)),
    ['Specifications', run.specifications.join(' · ')],
    ['Test PKI', run.pki],
    [
      'Harness',
      `sgp32-conformance ${harness.version}${harness.commit === undefined ? '' : ` (${harness.commit})`}, Node ${harness.node}, OpenSSL ${harness.openssl}`,
    ],
    ['Laboratory', run.lab],
    ['Operator', run.operatorName],
    ['Started', utc(run.started)],
    ['Finished', finished === undefined ? 'did not come to its end' : `${utc(finished)} (${duration(seconds)})`],
    ['Seed', markup`<code>${run.seed}</code>`],
  ];
}

function verdictOf(summary: Summary, violated: number): readonly [Outcome, string] {
  const incomplete = summary.planned !== summary.recorded ? ' (run incomplete)' : '';
  if (summary.fail > 0)
    return [
      'fail',
      `NOT CONFORMANT — ${violated > 0 ? count(violated, 'violated requirement') : count(summary.fail, 'failed sequence')}${incomplete}`,
    ];
  if (incomplete !== '')
    return ['notRecorded', `NO RESULT — the run is incomplete: ${summary.recorded} of ${summary.planned} sequences recorded`];
  if (summary.error > 0) return ['error', `NO RESULT — ${count(summary.error, 'sequence')} ended in an error of the harness`];
  const open = summary.inconclusive + summary.cannotRun;
  if (open > 0) return ['inconclusive', `INCONCLUSIVE — no violation seen, ${count(open, 'sequence')} without a verdict`];
  if (summary.pass === 0) return ['inconclusive', 'INCONCLUSIVE — no sequence ran'];
  return ['pass', `CONFORMANT — ${summary.pass} of ${count(summary.planned, 'applicable sequence')} passed`];
}

function resultBlock(record: RunRecord, traces: readonly Trace[]): Markup {
  const summary = summarise(record);
  const violated = traces.filter(({ state }) => state === 'violated').length;
  const findings = record.sequences.reduce((sum, { findings: found }) => sum + found.length, 0);
  const [outcome, text] = verdictOf(summary, violated);
  const all = account(record);
  const of = (wanted: Outcome) => all.filter(accounted => accounted.outcome === wanted).length;
  const counts = Object.fromEntries(outcomes.map(wanted => [wanted, of(wanted)])) as Record<Outcome, number>;
  const parts = outcomes
    .filter(wanted => wanted !== 'notApplicable' && (wanted !== 'notRecorded' || counts[wanted] > 0))
    .map(wanted => `${counts[wanted]} ${words[wanted]}`);
  const applicable = summary.planned + summary.cannotRun;
  const equal = summary.planned === summary.recorded;
  return markup`<div class="result v-${outcome}"><strong>${text}</strong>
<p>${applicable} applicable · ${parts.join(' · ')}; ${summary.notApplicable} not applicable; findings ${findings}.
${equal ? 'Complete' : 'INCOMPLETE'}: planned ${summary.planned} ${equal ? '=' : '≠'} recorded ${summary.recorded}.</p>${bar(counts, true)}</div>
`;
}

/** A chapter of the summary: its anchor, its title, how many things it lists, and its content. */
export interface Chapter {
  readonly anchor: string;
  readonly title: string;
  readonly size: number | undefined;
  readonly content: Markup;
}

/** Title page: what was tested, by whom, with what, and the one line that says whether it conforms. */
export function titlePage(record: RunRecord, traces: readonly Trace[], chapters: readonly Chapter[]): Markup {
  const items = facts(record)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(
      ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
    );
  const contents = chapters.map(
    ({ anchor, title, size }, index) => markup`<li><a href="#${anchor}">${index + 1} ${title}</a> <span class="soft">${size}</span></li>
`,
  );
  return markup`<header><div class="head"><h1>SGP.32 conformance report</h1><span class="mono soft">run ${record.run.id}</span></div>
${resultBlock(record, traces)}<dl class="facts">
${items}</dl>
<nav aria-label="Contents"><ol>
${contents}</ol></nav></header>
`;
}
