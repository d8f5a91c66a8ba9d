/** A run: the plan carried out under mocha, every sequence into the record as soon as it is finished, reports, account. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import AllureMochaReporter from 'allure-mocha';
import type Mocha from 'mocha';
import { preloadAllureHtml } from '../reports/allure-html.js';
import { allureReporting } from '../reports/allure-results.js';
import { liveConsole, type Progress } from '../reports/console.js';
import { forReports, writeReports, writers } from '../reports/index.js';
import type { PlanEntry, RunRecord, SequenceRecord, Summary } from '../reports/record.js';
import { openRecord, type RecordHeader } from '../reports/store.js';
import { exitCode, summarise } from '../reports/summary.js';
import { execute } from './execute.js';
import type { Ixit } from './ixit-schema.js';
import { pkiOf } from './lab-material.js';
import { CaseError, type Diagnostic } from './language/diagnostics.js';
import type { Catalogue } from './language/load.js';
import { runMocha } from './mocha.js';
import type { PlannedSequence } from './plan.js';
import { isForeignCard, iutInfo, planFor } from './prepare.js';
import { manifest, packageRoot } from './root.js';
import { type Entered, enterLab } from './runtime/lab.js';
import { within } from './runtime/signal.js';
import { tellingFirst } from './runtime/spoken-version.js';

export interface RunInput {
  readonly ixits: readonly Ixit[];
  readonly catalogue: Catalogue;
  readonly only: readonly string[];
  /** The first IUT's lab when it is being opened already. */
  readonly entered?: Promise<Entered>;
  readonly seed?: string;
  /** Results directory; `sgp32-results/<run>` when absent. */
  readonly out?: string;
  readonly command: readonly string[];
  readonly allureHtml: boolean;
  readonly lab?: string;
  readonly operatorName?: string;
  /** Whether cases run on a card of somebody else that cannot be undone. */
  readonly mayDestroy?: boolean;
  /** Whether an IUT is judged that shows another version than its IXIT file says. */
  readonly anyVersion?: boolean;
  /** Where progress is written. */
  readonly screen: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
}

export interface RunResult {
  readonly directory: string;
  /** Without what reports do not need; all of it is in record.jsonl. */
  readonly record: RunRecord;
  readonly summary: Summary;
  readonly exitCode: number;
}

/** One IUT of the run with its part of the plan. */
interface Part {
  readonly ixit: Ixit;
  readonly plan: readonly PlannedSequence[];
}

/** Everything that a run writes; what an earlier run left under these names is replaced. */
const OUTPUTS = ['record.jsonl', ...writers.keys()];

export const run = async (input: RunInput): Promise<RunResult> => {
  const started = new Date();
  const began = performance.now();
  const seed = input.seed ?? randomBytes(8).toString('hex');
  const parts = input.ixits.map(
    (ixit): Part => ({
      ixit,
      plan: planFor(ixit, input.catalogue, seed, input.only, input.mayDestroy === true || !isForeignCard(ixit)),
    }),
  );
  const plan = parts.flatMap(p => p.plan);
  const id = runId(started, input.ixits);
  const directory = input.out ?? join('sgp32-results', id);
  // Loading the report generator takes as long as many sequences: it happens while they run.
  const generator = input.allureHtml ? preloadAllureHtml() : Promise.resolve();
  generator.catch(() => undefined);

  const enter = memo((part: Part) =>
    part.ixit === input.ixits[0] && input.entered
      ? input.entered
      : enterLab(part.ixit, { catalogue: input.catalogue, anyVersion: input.anyVersion === true }),
  );
  const [first] = parts;
  const lab = first && needsLab(first) ? await enter(first) : undefined;
  if (lab && 'otherVersion' in lab && lab.otherVersion) throw new CaseError([lab.otherVersion]);
  mkdirSync(directory, { recursive: true });
  for (const name of OUTPUTS) rmSync(join(directory, name), { recursive: true, force: true });
  const header = headerOf(input, parts, id, started, seed, lab);
  const progress = liveConsole({
    screen: input.screen,
    environment: process.env,
    planned: plan.filter(p => p.entry.state === 'run').length,
    requirements: header.requirements,
    resultsDir: relative(process.cwd(), directory) || '.',
  });
  const { otherVersions, record, allureWritten } = await carryOut(parts, header, directory, enter, progress, began);
  await generator;
  await writeReports(record, directory, {
    // The results of the run itself are on their way already.
    writers: new Map([...writers, ['allure-results', () => allureWritten]]),
    only: [...writers.keys()].filter(name => input.allureHtml || name !== 'allure-report'),
  });
  if (!input.out) pointLatest(id);
  const summary = summarise(record);
  progress.summary(
    summary,
    ['summary.html', ...(input.allureHtml ? ['allure-report/index.html'] : []), 'record.jsonl'].map(name =>
      relative(process.cwd(), join(directory, name)),
    ),
  );
  if (otherVersions.length > 0) throw new CaseError(otherVersions);
  return { directory, record, summary, exitCode: exitCode(summary) };
};

const runId = (started: Date, ixits: readonly Ixit[]): string => {
  const name = ixits.length === 1 ? (ixits[0]?.name ?? 'iut') : 'reference';
  return `${started.toISOString().slice(0, 19).replaceAll(':', '')}-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
};

const pointLatest = (id: string): void => {
  const link = join('sgp32-results', 'latest');
  rmSync(link, { force: true });
  try {
    symlinkSync(id, link);
  } catch {
    // A file system without links has no `latest`; the run's own directory is what counts.
  }
};

const needsLab = (part: Part): boolean => part.plan.some(p => p.entry.state === 'run');

/** Enters each part's lab once. */
const memo = (enter: (part: Part) => Promise<Entered>): ((part: Part) => Promise<Entered>) => {
  const entered = new Map<Part, Promise<Entered>>();
  return part => {
    const known = entered.get(part) ?? enter(part);
    entered.set(part, known);
    return known;
  };
};

/** What came of a run. */
interface Carried {
  /** What IXIT files say wrongly of their versions. */
  readonly otherVersions: readonly Diagnostic[];
  readonly record: RunRecord;
  /** Settled when the Allure results are on the disk, or cannot be written. */
  readonly allureWritten: Promise<void>;
}

/** Executes the parts one after the other, each in its own lab. */
const carryOut = async (
  parts: readonly Part[],
  header: RecordHeader,
  directory: string,
  enter: (part: Part) => Promise<Entered>,
  progress: Progress,
  began: number,
): Promise<Carried> => {
  const sequences: SequenceRecord[] = [];
  const otherVersions: Diagnostic[] = [];
  await using store = await openRecord(directory);
  await store.begin(header);
  const allure = allureReporting(header, join(directory, 'allure-results'));
  for (const part of parts) {
    const lab = needsLab(part) ? await enter(part) : { unreachable: '' };
    let isTold = false;
    try {
      await runMocha(
        tellingFirst(part.plan),
        {
          execute: async planned => {
            progress.started(planned.entry);
            const sequence = 'unreachable' in lab ? unreachable(planned, lab.unreachable) : await execute(planned, lab);
            const place = await store.append(sequence);
            sequences.push(forReports(sequence));
            // What is not judged for the one reason stands in the record; on the screen it is said once.
            if (!isTold) progress.finished(sequence);
            isTold = !('unreachable' in lab) && lab.versions.conflict() !== undefined;
            return { sequence, place };
          },
          report: ({ sequence, place }) => allure.report(sequence, place),
          skip: (entry: PlanEntry) => allure.skip(entry),
        },
        // Its types describe the CommonJS build; as an ES module its default export is the class.
        AllureMochaReporter as unknown as Mocha.ReporterConstructor,
        allure.reporterOptions,
      );
    } finally {
      const otherVersion = 'unreachable' in lab ? ('otherVersion' in lab ? lab.otherVersion : undefined) : lab.versions.conflict();
      if (otherVersion) otherVersions.push(otherVersion);
      if (!('unreachable' in lab)) {
        const restored = !isForeignCard(part.ixit)
          ? []
          : await within(lab.restore(), 60, 'putting back the state of the card').catch(error => [String(error)]);
        for (const line of restored) progress.note(line);
      }
      // The record is complete: what does not close must not keep the reports from being written.
      if (!('unreachable' in lab)) await within(lab.close(), 30, 'closing the lab').catch(() => undefined);
    }
  }
  const allureWritten = allure.written();
  // A failure is told with those of the other reports.
  allureWritten.catch(() => undefined);
  const finished = new Date().toISOString();
  const seconds = (performance.now() - began) / 1000;
  await store.end(finished, seconds);
  return { otherVersions, record: { ...header, sequences, finished, seconds }, allureWritten };
};

const unreachable = (planned: PlannedSequence, reason: string): SequenceRecord => {
  const { state: _, reason: __, ...about } = planned.entry;
  return {
    ...about,
    verdict: 'inconclusive',
    reason,
    findings: [],
    violated: [],
    started: new Date().toISOString(),
    seconds: 0,
    seed: planned.seed,
    steps: [],
    exchanges: [],
    yaml: planned.yaml,
  };
};

const digest = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** An installed package has no lock file of its own. */
const lockfileDigest = (): Record<string, string> => {
  const file = join(packageRoot, 'package-lock.json');
  return existsSync(file) ? { lockfile: digest(readFileSync(file)) } : {};
};

const headerOf = (
  input: RunInput,
  parts: readonly Part[],
  id: string,
  started: Date,
  seed: string,
  lab: Entered | undefined,
): RecordHeader => {
  const [first] = input.ixits;
  if (!first) throw new TypeError('a run needs an IXIT file');
  const cases = [...input.catalogue.texts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => `${relative(packageRoot, file)}\n${text}`);
  return {
    run: {
      id,
      started: started.toISOString(),
      command: input.command,
      seed,
      harness: { version: manifest().version, node: process.versions.node, openssl: process.versions.openssl },
      specifications: [`SGP.32 ${first.spec}`, `SGP.22 ${first.spec === '1.3' ? '2.7' : '2.5'}`, 'SGP.33 1.2', 'SGP.26'],
      pki: [...new Set(input.ixits.map(ixit => pkiOf(ixit).name))].join('; '),
      digests: { ixit: input.ixits.map(i => i.digest).join(' '), cases: digest(cases.join('\n')), ...lockfileDigest() },
      ...(input.lab ? { lab: input.lab } : {}),
      ...(input.operatorName ? { operatorName: input.operatorName } : {}),
    },
    iut: lab && !('unreachable' in lab) ? iutInfo(lab.ixit, lab.observed) : iutInfo(first, {}),
    ...(input.ixits.length > 1 ? { furtherIuts: input.ixits.slice(1).map(ixit => iutInfo(ixit, {})) } : {}),
    plan: parts.flatMap(p => p.plan.map(planned => planned.entry)),
    requirements: [...input.catalogue.requirements].map(([id, r]) => ({ id, section: r.section, level: r.level, text: r.text })),
  };
};
