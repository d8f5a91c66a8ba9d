/** The thread that makes Allure results of the record and writes them, beside the run. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeSequence, describeUnrun } from './allure.js';
import { fileWriter, writeResult } from './allure-result.js';
import type { Job, Subject } from './allure-writer.js';
import { readSequence } from './store.js';

const write = fileWriter(String(workerData));

const describe = (subject: Subject) =>
  'place' in subject ? describeSequence(readSequence(subject.place)) : describeUnrun(subject.entry, subject.at);

const carryOut = (job: Job): void => {
  if ('name' in job) write(job.name, job.content);
  else writeResult(job.result, describe(job.subject), write);
};

parentPort?.on('message', (jobs: readonly Job[] | 'end') => {
  if (jobs === 'end') parentPort?.close();
  else jobs.forEach(carryOut);
});
