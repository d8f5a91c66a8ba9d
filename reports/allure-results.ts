import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { Status } from 'allure-js-commons';
import type { Category, EnvironmentInfo, RuntimeMessage } from 'allure-js-commons/sdk';
import { stringifyEnvInfo, type Writer } from 'allure-js-commons/sdk/reporter';
import { getGlobalTestRuntime, type TestRuntime } from 'allure-js-commons/sdk/runtime';
import { describeSequence, describeUnrun, prefixes } from './allure.js';
import { fileWriter, writeResult } from './allure-result.js';
import { type Subject, threadWriter } from './allure-writer.js';
import { iutsOf } from './names.js';
import type { PlanEntry, RunRecord, SequenceRecord } from './record.js';
import type { RecordHeader, RecordPlace } from './store.js';
import { account } from './summary.js';

/** Directory of the Allure results of a run, inside the directory of the run. */
export const allureResultsName = 'allure-results';

const statuses = { passed: Status.PASSED, failed: Status.FAILED, broken: Status.BROKEN, skipped: Status.SKIPPED } as const;

/** Categories of the report, by the beginning of the message. */
export const allureCategories: readonly { readonly name: string; readonly message: string; readonly status: keyof typeof statuses }[] = [
  { name: 'Violated requirement', message: prefixes.fail, status: 'failed' },
  { name: 'Inconclusive', message: prefixes.inconclusive, status: 'broken' },
  { name: 'Harness error', message: prefixes.error, status: 'broken' },
  { name: 'Cannot run', message: prefixes.cannotRun, status: 'broken' },
  { name: 'Not applicable', message: prefixes.notApplicable, status: 'skipped' },
];

function categories(): Category[] {
  return allureCategories.map(({ name, message, status }) => ({
    name,
    messageRegex: `(?s)^${message}.*`,
    matchedStatuses: [statuses[status]],
  }));
}

/** Environment table of the report: what was tested, and with what. */
export function allureEnvironment(header: RecordHeader): EnvironmentInfo {
  const { run } = header;
  const iuts = iutsOf(header);
  const options = iuts.flatMap(iut => Object.entries(iut.options).map(([name, value]) => [name, value ? 'yes' : 'no']));
  return {
    IUT: iuts.map(iut => `${iut.name} ${iut.version} (${iut.role}), ${iut.supplier}`).join('; '),
    IXIT: iuts.map(iut => iut.ixit).join(', '),
    Harness: `${run.harness.version}${run.harness.commit === undefined ? '' : ` (${run.harness.commit})`}`,
    Node: run.harness.node,
    OpenSSL: run.harness.openssl,
    Specifications: run.specifications.join(', '),
    PKI: run.pki,
    Seed: run.seed,
    Run: run.id,
    ...Object.fromEntries(iuts.flatMap(({ weather }) => Object.entries(weather ?? {}).map(([link, text]) => [`Weather of ${link}`, text]))),
    ...Object.fromEntries(options),
  };
}

const takesMessages = (runtime: TestRuntime): runtime is TestRuntime & { sendMessageSync(message: RuntimeMessage): void } =>
  'sendMessageSync' in runtime && typeof runtime.sendMessageSync === 'function';

/** Gives the running mocha test the identity of a sequence; the rest of its result is made beside the run. */
function identify({ id, key }: Pick<PlanEntry, 'id' | 'key'>): void {
  const runtime = getGlobalTestRuntime();
  // Without allure-mocha as reporter there is nobody to tell.
  if (takesMessages(runtime)) runtime.sendMessageSync({ type: 'metadata', data: { testCaseId: id, historyId: key } });
}

/** What a mocha run needs for Allure: the options of allure-mocha, and what each test hands over before it ends. */
export interface AllureReporting {
  readonly reporterOptions: {
    readonly resultsDir: string;
    readonly writer: Writer;
    readonly environmentInfo: EnvironmentInfo;
    readonly categories: Category[];
  };
  /** Before a test of a sequence passes or throws; `place` is where the sequence stands in the record. */
  report(sequence: Pick<SequenceRecord, 'id' | 'key'>, place: RecordPlace): void;
  /** After the run: resolves when all results are on the disk. */
  written(): Promise<void>;
  /** Before a test of a sequence that does not run skips (not applicable) or throws (cannot run). */
  skip(entry: PlanEntry): void;
}

/** Connects a mocha run to Allure, so that allure-mocha writes the same results as `writeAllureResults`. */
export function allureReporting(header: RecordHeader, resultsDir: string): AllureReporting {
  const writer = threadWriter(resultsDir);
  const tell = (of: Pick<PlanEntry, 'id' | 'key'>, subject: Subject): void => {
    writer.tell(of.key, subject);
    identify(of);
  };
  return {
    written: () => writer.written(),
    reporterOptions: { resultsDir, writer, environmentInfo: allureEnvironment(header), categories: categories() },
    report: (sequence, place) => tell(sequence, { place }),
    skip: entry => tell(entry, { entry, at: Date.now() }),
  };
}

/** Writes Allure results of a whole record into a directory, without mocha (`sgp32 report`). */
export async function writeAllureResults(record: RunRecord, dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const write = fileWriter(dir);
  const began = Date.parse(record.run.started);
  for (const { entry, sequence } of account(record)) {
    const described = sequence ? describeSequence(sequence) : describeUnrun(entry, began);
    writeResult({ uuid: randomUUID(), labels: [], links: [], parameters: [] }, described, write);
  }
  write('environment.properties', stringifyEnvInfo(allureEnvironment(record)));
  write('categories.json', JSON.stringify(categories()));
}
