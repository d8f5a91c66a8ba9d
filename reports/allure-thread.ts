/** The thread that makes and writes the files of Allure results, beside the run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { describeSequence, filesOf } from './allure.js';
import type { Job } from './allure-writer.js';
import { readSequence } from './store.js';

const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(String(workerData), name), content);

const carryOut = (job: Job): void => {
  if ('text' in job) return write(job.name, job.text);
  const made = filesOf(describeSequence(readSequence(job.sequence)));
  for (const { name, number } of job.files) {
    const file = made[number];
    if (!file) throw new Error(`file ${number} of a sequence with ${made.length} files`);
    write(name, file.content());
  }
};

parentPort?.on('message', (jobs: readonly Job[] | 'end') => {
  if (jobs === 'end') parentPort?.close();
  else jobs.forEach(carryOut);
});
