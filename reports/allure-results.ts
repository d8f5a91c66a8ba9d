import { Stage, Status, type TestResult } from 'allure-js-commons';
import type { Category, EnvironmentInfo, RuntimeMessage } from 'allure-js-commons/sdk';
import { type LifecycleListener, ReporterRuntime, type Writer } from 'allure-js-commons/sdk/reporter';
import { getGlobalTestRuntime, type TestRuntime } from 'allure-js-commons/sdk/runtime';
import { type AllureCase, type AllureFile, type AllureStep, describeSequence, describeUnrun, prefixes } from './allure.js';
import { plainWriter, threadWriter } from './allure-writer.js';
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

/** How Allure hears of a file. */
type Attach = (file: AllureFile) => RuntimeMessage;

const withContent: Attach = ({ name, type, extension, content }) => ({
  type: 'attachment_content',
  data: { name, content: Buffer.from(content()).toString('base64'), encoding: 'base64', contentType: type, fileExtension: extension },
});

/** By number, in the order of `filesOf`: the thread that writes the files makes their content. */
const byNumber = (): Attach => {
  let next = 0;
  return ({ name, type, extension }) => ({
    type: 'attachment_path',
    data: { name, path: String(next++), contentType: type, fileExtension: extension },
  });
};

const stepMessages = (step: AllureStep, attach: Attach): RuntimeMessage[] => [
  { type: 'step_start', data: { name: step.name, start: step.start } },
  ...step.files.map(attach),
  ...step.steps.flatMap(inner => stepMessages(inner, attach)),
  {
    type: 'step_stop',
    data: {
      stop: step.stop,
      status: statuses[step.status],
      ...(step.message !== undefined && { statusDetails: { message: step.message } }),
    },
  },
];

function messages(described: AllureCase, attach: Attach): RuntimeMessage[] {
  const { testCaseId, historyId, description, labels, parameters, links, name, steps, files } = described;
  return [
    {
      type: 'metadata',
      data: {
        testCaseId,
        historyId,
        description,
        displayName: name,
        labels: [...labels],
        parameters: [...parameters],
        links: [...links],
      },
    },
    ...steps.flatMap(step => stepMessages(step, attach)),
    ...files.map(attach),
  ];
}

// What runtime messages cannot say: address, verdict with its reason, times of the sequence rather than of the mocha test.
function settle(result: TestResult, described: AllureCase): void {
  result.fullName = described.fullName;
  result.titlePath = [...described.titlePath];
  result.status = statuses[described.status];
  result.statusDetails = {
    ...(described.message !== undefined && { message: described.message }),
    ...(described.trace !== undefined && { trace: described.trace }),
  };
  result.stage = Stage.FINISHED;
  result.start = described.start;
  result.stop = Math.round(described.stop);
}

const takesMessages = (runtime: TestRuntime): runtime is TestRuntime & { sendMessageSync(message: RuntimeMessage): void } =>
  'sendMessageSync' in runtime && typeof runtime.sendMessageSync === 'function';

function hand(described: AllureCase): void {
  const runtime = getGlobalTestRuntime();
  // Without allure-mocha as reporter there is nobody to tell.
  if (!takesMessages(runtime)) return;
  for (const message of messages(described, byNumber())) runtime.sendMessageSync(message);
}

/** What a mocha run needs for Allure: the options of allure-mocha, and what each test hands over before it ends. */
export interface AllureReporting {
  readonly reporterOptions: {
    readonly resultsDir: string;
    readonly writer: Writer;
    readonly environmentInfo: EnvironmentInfo;
    readonly categories: Category[];
    readonly listeners: LifecycleListener[];
  };
  /** Before a test of a sequence passes or throws; `place` is where the sequence stands in the record. */
  report(sequence: SequenceRecord, place: RecordPlace): void;
  /** After the run: resolves when all results are on the disk. */
  written(): Promise<void>;
  /** Before a test of a sequence that does not run skips (not applicable) or throws (cannot run). */
  skip(entry: PlanEntry): void;
}

/** Connects a mocha run to Allure, so that allure-mocha writes the same results as `writeAllureResults`. */
export function allureReporting(header: RecordHeader, resultsDir: string): AllureReporting {
  const described = new Map<string, AllureCase>();
  const tell = (one: AllureCase): void => {
    described.set(one.historyId, one);
    hand(one);
  };
  const listener: LifecycleListener = {
    // allure-mocha takes the status from the error's name and says "Test skipped"; the record knows better.
    beforeTestResultWrite: result => {
      const known = described.get(result.historyId ?? '');
      if (known) settle(result, known);
      // It holds the whole sequence: a run must not grow by every sequence it has told of.
      described.delete(result.historyId ?? '');
    },
  };
  const writer = threadWriter(resultsDir);
  return {
    written: () => writer.written(),
    reporterOptions: {
      resultsDir,
      writer,
      environmentInfo: allureEnvironment(header),
      categories: categories(),
      listeners: [listener],
    },
    report: (sequence, place) => {
      tell(describeSequence(sequence));
      writer.files(place);
    },
    skip: entry => tell(describeUnrun(entry, Date.now())),
  };
}

/** Writes Allure results of a whole record into a directory, without mocha (`sgp32 report`). */
export async function writeAllureResults(record: RunRecord, dir: string): Promise<void> {
  const writer = plainWriter(dir);
  const runtime = new ReporterRuntime({ writer, environmentInfo: allureEnvironment(record), categories: categories() });
  const began = Date.parse(record.run.started);
  for (const { entry, sequence } of account(record)) {
    const described = sequence ? describeSequence(sequence) : describeUnrun(entry, began);
    const uuid = runtime.startTest({ name: described.name, fullName: described.fullName, start: described.start });
    runtime.applyRuntimeMessages(uuid, messages(described, withContent));
    runtime.updateTest(uuid, result => settle(result, described));
    runtime.stopTest(uuid, { stop: described.stop });
    runtime.writeTest(uuid);
  }
  runtime.writeEnvironmentInfo();
  runtime.writeCategoriesDefinitions();
}
