/** Writers of Allure results: without fsync, for record.jsonl is the durable copy, and an fsync per attachment costs seconds. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { stringifyEnvInfo, type Writer } from 'allure-js-commons/sdk/reporter';
import type { RecordPlace } from './store.js';

/** What the thread writes: a text, or files of a sequence by their number in `filesOf`, made there from the record. */
export type Job =
  | { readonly name: string; readonly text: string | Uint8Array }
  | { readonly sequence: RecordPlace; readonly files: readonly File[] };

/** A file of a sequence: its name in the directory of results, its number. */
interface File {
  readonly name: string;
  readonly number: number;
}

const writerOf = (write: (name: string, content: string | Buffer) => void, fromPath: Writer['writeAttachmentFromPath']): Writer => ({
  writeResult: result => write(`${result.uuid}-result.json`, JSON.stringify(result)),
  writeGroup: group => write(`${group.uuid}-container.json`, JSON.stringify(group)),
  writeAttachment: write,
  writeAttachmentFromPath: fromPath,
  writeEnvironmentInfo: info => write('environment.properties', stringifyEnvInfo(info)),
  writeCategoriesDefinitions: definitions => write('categories.json', JSON.stringify(definitions)),
  writeGlobals: (name, globals) => write(name, JSON.stringify(globals)),
});

/** Writes into a directory at once. */
export function plainWriter(dir: string): Writer {
  mkdirSync(dir, { recursive: true });
  return writerOf(
    (name, content) => writeFileSync(join(dir, name), content),
    (name, from) => copyFileSync(from, join(dir, name)),
  );
}

/** A writer beside the run: a thread makes the texts of the messages and writes the files while sequences go on. */
export interface ThreadWriter extends Writer {
  /** Hands over the files that Allure was told of since the last call, with the place of their sequence in the record. */
  files(sequence: RecordPlace): void;
  /** Resolves when every file is written; rejects with the first failure. */
  written(): Promise<void>;
}

/** Jobs handed over at once: waking the thread costs more than most of them. */
const HANDFUL = 32;

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
  const told: File[] = [];
  const jobs: Job[] = [];
  const post = (job: Job) => {
    if (jobs.push(job) >= HANDFUL) thread.postMessage(jobs.splice(0));
  };
  return {
    ...writerOf(
      (name, text) => post({ name, text }),
      (name, number) => told.push({ name, number: Number(number) }),
    ),
    files: sequence => post({ sequence, files: told.splice(0) }),
    written: () => {
      thread.ref();
      thread.postMessage(jobs.splice(0));
      thread.postMessage('end');
      return ended;
    },
  };
}
