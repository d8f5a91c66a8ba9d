import { failing, failureLines, requirementLines, saying } from './failure.js';
import { type Markup, markup, oneLine } from './markup.js';
import { addressOf, inOrder, iutsOf, requirementsOf, sectionOf } from './names.js';
import type { RunRecord } from './record.js';
import { type Accounted, account } from './summary.js';
import { coveredBy, grouped } from './traceability.js';

// A test case stands in one suite only: the first section that its sequence covers.
function suites(record: RunRecord): readonly (readonly [section: string, cases: readonly Accounted[]])[] {
  const known = requirementsOf(record);
  const sections = account(record).map(accounted => {
    const [first] = coveredBy(accounted);
    return [first === undefined ? 'no section' : sectionOf(first, known), accounted] as const;
  });
  return [...grouped(sections)].sort(([a], [b]) => inOrder(a, b));
}

function result({ entry, outcome, sequence }: Accounted, record: RunRecord): Markup {
  const attributes = (message: string) => markup`type="${outcome}" message="${oneLine(message)}"`;
  if (outcome === 'pass') return markup``;
  if (outcome === 'notApplicable') return markup`<skipped message="${oneLine(entry.reason)}"/>`;
  if (outcome === 'notRecorded') return markup`<error ${attributes('planned, but not recorded: the run did not come to its end')}/>`;
  if (!sequence) return markup`<error ${attributes(entry.reason)}/>`;
  const found = failing(sequence);
  const message = found?.check ? `${found.check.what}: ${saying(found)}` : sequence.reason;
  const text = [...requirementLines(sequence, record.requirements), ...failureLines(sequence)].join('\n');
  return outcome === 'fail'
    ? markup`<failure ${attributes(message)}>${text}</failure>`
    : markup`<error ${attributes(message)}>${text}</error>`;
}

function testCase(accounted: Accounted, record: RunRecord): Markup {
  const { entry, sequence } = accounted;
  const findings = sequence?.findings.map(finding => `finding: ${finding}`) ?? [];
  const output = [...findings, ...(sequence?.iutOutput === undefined ? [] : [sequence.iutOutput])].join('\n');
  const properties = coveredBy(accounted).map(id => markup`<property name="requirement" value="${id}"/>`);
  return markup`    <testcase classname="${entry.id}" name="${oneLine(`${addressOf(entry)}: ${entry.title}`)}" file="${entry.file}" time="${(sequence?.seconds ?? 0).toFixed(3)}">
      <properties>${properties}</properties>
      ${result(accounted, record)}${output !== '' && markup`<system-out>${output}</system-out>`}
    </testcase>
`;
}

function counts(cases: readonly Accounted[]): Markup {
  const failures = cases.filter(({ outcome }) => outcome === 'fail').length;
  const skipped = cases.filter(({ outcome }) => outcome === 'notApplicable').length;
  const passed = cases.filter(({ outcome }) => outcome === 'pass').length;
  const seconds = cases.reduce((sum, { sequence }) => sum + (sequence?.seconds ?? 0), 0);
  return markup`tests="${cases.length}" failures="${failures}" errors="${cases.length - failures - skipped - passed}" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
}

/** JUnit XML of a run: a suite per section; failure is a violated requirement, error everything else that is no pass (see `type`). */
export function junit(record: RunRecord): string {
  const { run } = record;
  const iut = iutsOf(record)
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ');
  const named = { run: run.id, iut, seed: run.seed, harness: run.harness.version, pki: run.pki };
  const properties = Object.entries(named).map(([name, value]) => markup`<property name="${name}" value="${value}"/>`);
  const parts = suites(record).map(
    ([section, cases]) => markup`  <testsuite name="${section}" timestamp="${run.started}" ${counts(cases)}>
    <properties>${properties}</properties>
${cases.map(accounted => testCase(accounted, record))}  </testsuite>
`,
  );
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sgp32-conformance ${run.id}" ${counts(account(record))}>
${parts}</testsuites>
`.markup;
}
