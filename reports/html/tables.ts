import { type Markup, markup, oneLine } from '../markup.js';
import { iutsOf, type Outcome } from '../names.js';
import type { RunRecord } from '../record.js';
import { type Accounted, account } from '../summary.js';
import type { State, Trace } from '../traceability.js';
import { badge, caseAnchor, caseLink, table } from './parts.js';

const signs: Readonly<Record<State, readonly [mark: string, as: Outcome]>> = {
  met: ['✓', 'pass'],
  violated: ['✗', 'fail'],
  'not followed': ['(!)', 'inconclusive'],
  'not shown': ['?', 'inconclusive'],
  'not applicable': ['–', 'notApplicable'],
  'no test': ['–', 'notApplicable'],
};

/** Passed sequences of a requirement that stand open: what holds for every message is spoken to by hundreds. */
const LISTED = 10;
const links = (cases: readonly Accounted[]): readonly Markup[] => cases.map(one => markup`${caseLink(one)}<br>`);
/** Sequences of a requirement; of many that passed the list is one click away, and open on paper. */
const caseList = (cases: readonly Accounted[]): Markup => {
  const passed = cases.filter(({ outcome }) => outcome === 'pass');
  if (passed.length <= LISTED) return markup`${links(cases)}`;
  const others = cases.filter(({ outcome }) => outcome !== 'pass');
  return markup`${links(others)}<details><summary>${passed.length} passed</summary>${links(passed)}</details>`;
};

/** Chapter 5: every requirement with its state and the cases that speak to it. */
export function traceabilityChapter(traces: readonly Trace[]): Markup {
  const rows = traces.map(({ requirement, section, state, cases }) => {
    const [mark, as] = signs[state];
    const id = state === 'violated' ? markup`<a href="#violated-${requirement.id}">${requirement.id}</a>` : markup`${requirement.id}`;
    return markup`<tr><td class="t">${id}<br><span class="soft">${section}</span></td><td><span class="level">${requirement.level.toUpperCase()}</span></td><td>${requirement.text}</td><td><span class="v v-${as}">${mark} ${state}</span></td><td>${caseList(cases)}</td></tr>
`;
  });
  const states = Object.keys(signs).map(state => `${traces.filter(trace => trace.state === state).length} ${state}`);
  return markup`<p>${states.join(' · ')}</p>
<p class="soft">met: a passed sequence or a passed check shows it · violated: a failed sequence shows it · not followed: a recommendation (SHOULD) that the IUT disregards ·
not shown: only sequences that are inconclusive, in error, not run, or that ended before · not applicable: excluded by the declared options · no test: no case covers it.</p>
${table([['requirement'], ['level'], ['text'], ['state'], ['cases']], rows, 'There is no requirement catalogue in this record.')}`;
}

/** Chapter 6: the declared options, and for every planned sequence why it runs or does not. */
export function applicabilityChapter(record: RunRecord): Markup {
  const options = iutsOf(record)
    .flatMap(iut => Object.entries(iut.options))
    .map(
      ([name, value]) => markup`<tr><td class="mono">${name}</td><td>${value ? 'yes' : 'no'}</td></tr>
`,
    );
  const entries = account(record)
    .filter(({ entry }) => entry.state !== 'run')
    .map(
      accounted => markup`<tr><td class="t"><a href="#${caseAnchor(accounted)}">${accounted.entry.key}</a></td><td>${oneLine(accounted.entry.title)}</td><td>${badge(accounted.outcome)}</td><td>${accounted.entry.reason}</td></tr>
`,
    );
  return markup`<h3>Options declared by the supplier</h3>
${table([['option'], ['value']], options, 'No options were declared.')}<h3>Sequences that do not run, and why</h3>
${table([['case'], ['title'], ['outcome'], ['reason']], entries, 'Every sequence of the selection runs.')}`;
}

const shellWord = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Chapter 8: everything needed to run the same again. */
export function repeatChapter(record: RunRecord): Markup {
  const { run } = record;
  const { harness } = run;
  const facts: readonly (readonly [string, string])[] = [
    ['seed', run.seed],
    ['harness', `${harness.version}${harness.commit === undefined ? '' : `, commit ${harness.commit}`}`],
    ['Node', harness.node],
    ['OpenSSL', harness.openssl],
    ['test PKI', run.pki],
    ...Object.entries(run.digests),
  ];
  const rows = facts.map(
    ([name, value]) => markup`<tr><td>${name}</td><td class="mono">${value}</td></tr>
`,
  );
  const settings = iutsOf(record)
    .flatMap(iut => Object.entries(iut.settings))
    .map(
      ([name, value]) => markup`<tr><td class="mono">${name}</td><td class="mono">${value}</td></tr>
`,
    );
  return markup`<pre>${run.command.map(shellWord).join(' ')}</pre>
${table([['input'], ['value or digest']], rows, '')}<h3>Settings of the IUT</h3>
${table([['setting'], ['value']], settings, 'The IXIT has none.')}<p class="soft">All reports of this run can be made again from its record.jsonl: <code>sgp32 report ${run.id}</code>.</p>
`;
}
