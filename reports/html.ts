import { casesChapter } from './html/cases.js';
import { findingsChapter, sectionsChapter, undecided, undecidedChapter, violationsChapter } from './html/results.js';
import { style } from './html/style.js';
import { applicabilityChapter, repeatChapter, traceabilityChapter } from './html/tables.js';
import { type Chapter, titlePage } from './html/title.js';
import { markup } from './markup.js';
import { testedName } from './names.js';
import type { RunRecord } from './record.js';
import { account } from './summary.js';
import { bySection, traceability } from './traceability.js';

// No script, no address outside the file: the policy makes the browser keep what the writer promises.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The standalone summary as one HTML file: readable without network or script, on screen and on paper. */
export function html(record: RunRecord): string {
  const traces = traceability(record);
  const sections = bySection(record);
  const violated = traces.filter(({ state }) => state === 'violated').length;
  const findings = record.sequences.reduce((sum, sequence) => sum + sequence.findings.length, 0);
  const unrun = record.plan.filter(({ state }) => state !== 'run').length;
  const chapters: readonly Chapter[] = [
    { anchor: 'sections', title: 'Result by section', size: sections.length, content: sectionsChapter(record, sections) },
    { anchor: 'violated', title: 'Violated requirements', size: violated, content: violationsChapter(record, traces) },
    { anchor: 'undecided', title: 'Inconclusive and cannot run', size: undecided(record).length, content: undecidedChapter(record) },
    { anchor: 'findings', title: 'Findings', size: findings, content: findingsChapter(record) },
    { anchor: 'traceability', title: 'Traceability', size: traces.length, content: traceabilityChapter(traces) },
    { anchor: 'applicability', title: 'Applicability', size: unrun, content: applicabilityChapter(record) },
    { anchor: 'cases', title: 'Cases', size: account(record).length, content: casesChapter(record) },
    { anchor: 'repeat', title: 'Repeat it', size: undefined, content: repeatChapter(record) },
  ];
  const body = chapters.map(
    ({ anchor, title, content }, index) => markup`<section aria-labelledby="${anchor}"><h2 id="${anchor}">${index + 1}  ${title}</h2>
${content}</section>
`,
  );
  return markup`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${testedName(record)} — SGP.32 conformance report</title>
<style>${style(record.run.id)}</style></head><body>
${titlePage(record, traces, chapters)}<main>
${body}</main>
<footer>Run ${record.run.id} · sgp32-conformance ${record.run.harness.version} · times are UTC, with offset from the start of the sequence</footer>
</body></html>
`.markup;
}
