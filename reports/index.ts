import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allureReportName, generateAllureHtml } from './allure-html.js';
import { allureResultsName, writeAllureResults } from './allure-results.js';
import { csv } from './csv.js';
import { hasPage } from './html/parts.js';
import { html } from './html.js';
import { junit } from './junit.js';
import { testedName } from './names.js';
import type { RunRecord, SequenceRecord } from './record.js';
import { summarise } from './summary.js';
import { coveredBy } from './traceability.js';

/** What the reports of a run need of a sequence once the record has it: of one without a page of its own only the requirements that it speaks to. */
export const forReports = (sequence: SequenceRecord): SequenceRecord =>
  hasPage(sequence) ? sequence : { ...sequence, covers: coveredBy({ entry: sequence, sequence }), steps: [], exchanges: [], yaml: '' };

/** Writes one report of a record into the directory of its run. */
export type Writer = (record: RunRecord, dir: string) => Promise<void>;

const text =
  (name: string, make: (record: RunRecord) => string): Writer =>
  (record, dir) =>
    writeFile(join(dir, name), make(record));

async function allureResults(record: RunRecord, dir: string): Promise<void> {
  const results = join(dir, allureResultsName);
  // Results are named at random: what a run or an earlier report wrote would be counted again.
  await rm(results, { recursive: true, force: true });
  await writeAllureResults(record, results);
}

const allureReport: Writer = (record, dir) =>
  generateAllureHtml(join(dir, allureResultsName), join(dir, allureReportName), {
    title: `${testedName(record)} — SGP.32 conformance`,
  });

/** All report writers by what they write, in the order in which they run: the Allure report is made of the Allure results. */
export const writers: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['summary.json', text('summary.json', record => `${JSON.stringify(summarise(record), undefined, 2)}\n`)],
  ['summary.html', text('summary.html', html)],
  ['junit.xml', text('junit.xml', junit)],
  ['results.csv', text('results.csv', csv)],
  [allureResultsName, allureResults],
  [allureReportName, allureReport],
]);

/** Some reports could not be written; `reports` names them, `errors` says why, in the same order. */
export class ReportsError extends AggregateError {
  readonly code = 'REPORTS_FAILED';
  readonly reports: readonly string[];

  constructor(failed: ReadonlyMap<string, unknown>) {
    const named = [...failed].map(([name, error]) => `${name}: ${error instanceof Error ? error.message : String(error)}`);
    super([...failed.values()], `${failed.size} of the reports could not be written\n  ${named.join('\n  ')}`);
    this.reports = [...failed.keys()];
  }
}

/** What to write, and with which writers. */
export interface ReportOptions {
  /** Names from `writers`; without it, all of them. */
  readonly only?: readonly string[];
  readonly writers?: ReadonlyMap<string, Writer>;
}

/** Writes the reports of a record; every writer is tried, then `ReportsError` names those that failed. */
export async function writeReports(record: RunRecord, dir: string, options: ReportOptions = {}): Promise<void> {
  const known = options.writers ?? writers;
  const failed = new Map<string, unknown>();
  await mkdir(dir, { recursive: true });
  for (const name of options.only ?? []) {
    if (!known.has(name)) failed.set(name, new Error(`expected one of ${[...known.keys()].join(', ')}, got ${name}`));
  }
  for (const [name, write] of known) {
    if (options.only && !options.only.includes(name)) continue;
    try {
      await write(record, dir);
    } catch (error) {
      failed.set(name, error);
    }
  }
  if (failed.size > 0) throw new ReportsError(failed);
}
