/** Writing of Allure results beside a run. */
import { mkdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { TestResult } from 'allure-js-commons';
import { stringifyEnvInfo, type Writer } from 'allure-js-commons/sdk/reporter';
import type { PlanEntry } from './record.js';
import type { RecordPlace } from './store.js';

/** What a result tells of: a sequence by its place in the record, or a planned one that does not run. */
export type Subject = { readonly place: RecordPlace } | { readonly entry: PlanEntry; readonly at: number };

/** What the thread writes: a file, or a whole result with its files, which it makes of a bare one and its subject. */
export type Job =
  | { readonly name: string; readonly content: string | Uint8Array }
  | { readonly result: TestResult; readonly subject: Subject };

/** A writer beside the run: a thread makes results of the record and writes them while sequences go on. */
export interface ThreadWriter extends Writer {
  /** Says what the result of a history id will tell of. */
  tell(historyId: string, subject: Subject): void;
  /** Resolves when every file is written; rejects with the first failure. */
  written(): Promise<void>;
}

/** Jobs handed over at once: waking the thread takes the processor from the run, most of all where both have one core. */
const HANDFUL = 8;

export function threadWriter(dir: string): ThreadWriter {
  mkdirSync(dir, { recursive: true });
  const thread = new Worker(new URL('./allure-thread.js', import.meta.url), { workerData: dir });
  const ended = new Promise<void>((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => resolve());
  });
  // A failure during the run is told by `written`; until then nobody waits for it.
  ended.catch(() => undefined);
  // A run that breaks off must not wait for a thread that waits for work.
  thread.unref();
  const subjects = new Map<string, Subject>();
  const jobs: Job[] = [];
  const post = (job: Job) => {
    if (jobs.push(job) >= HANDFUL) thread.postMessage(jobs.splice(0));
  };
  const write = (name: string, content: string | Uint8Array) => post({ name, content });
  return {
    tell: (historyId, subject) => void subjects.set(historyId, subject),
    writeResult: result => {
      const subject = subjects.get(result.historyId ?? '');
      subjects.delete(result.historyId ?? '');
      if (subject) post({ result, subject });
      else write(`${result.uuid}-result.json`, JSON.stringify(result));
    },
    writeGroup: group => write(`${group.uuid}-container.json`, JSON.stringify(group)),
    writeAttachment: write,
    writeAttachmentFromPath: (name, from) => write(name, readFileSync(from)),
    writeEnvironmentInfo: info => write('environment.properties', stringifyEnvInfo(info)),
    writeCategoriesDefinitions: definitions => write('categories.json', JSON.stringify(definitions)),
    writeGlobals: (name, globals) => write(name, JSON.stringify(globals)),
    written: () => {
      thread.ref();
      thread.postMessage(jobs.splice(0));
      thread.postMessage('end');
      return ended;
    },
  };
}
