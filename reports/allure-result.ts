import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestResult } from 'allure-js-commons';
import type { AllureCase, AllureFile, AllureStep } from './allure.js';

/** What a result has before it says anything of a sequence: all of it comes from who runs the tests. */
export type BareResult = Pick<TestResult, 'uuid' | 'labels' | 'links' | 'parameters'>;

const details = ({ message, trace }: Pick<AllureCase, 'message' | 'trace'>): object => ({
  ...(message !== undefined && { message }),
  ...(trace !== undefined && { trace }),
});

/** Writes a file of a name into the directory of results. */
export type Write = (name: string, content: string | Uint8Array) => void;

/** Writes into a directory, without fsync: record.jsonl is the durable copy, and an fsync per file costs seconds. */
export const fileWriter =
  (dir: string): Write =>
  (name, content) =>
    writeFileSync(join(dir, name), content);

/**
 * Makes of a bare result the whole one that tells of a sequence, and writes it with its files. The sequence knows better than the runner:
 * allure-mocha takes the status from the error's name, and the times from the mocha test.
 */
export function writeResult(bare: BareResult, described: AllureCase, write: Write): void {
  let files = 0;
  const attach = ({ name, type, extension, content }: AllureFile): object => {
    files += 1;
    const source = `${bare.uuid}-${files}-attachment${extension}`;
    write(source, content());
    return { name, source, type };
  };
  const toStep = ({ name, status, message, start, stop, steps, files: own }: AllureStep): object => ({
    name,
    status,
    statusDetails: details(message === undefined ? {} : { message }),
    stage: 'finished',
    steps: steps.map(toStep),
    attachments: own.map(attach),
    parameters: [],
    start: Math.round(start),
    stop: Math.round(stop),
  });
  const { name, fullName, titlePath, testCaseId, historyId, description, labels, parameters, links, status } = described;
  const result = {
    ...bare,
    name,
    fullName,
    titlePath,
    testCaseId,
    historyId,
    description,
    labels: [...bare.labels, ...labels],
    parameters: [...bare.parameters, ...parameters],
    links: [...bare.links, ...links],
    status,
    statusDetails: details(described),
    stage: 'finished',
    start: described.start,
    stop: Math.round(described.stop),
    steps: described.steps.map(toStep),
    attachments: described.files.map(attach),
  };
  write(`${bare.uuid}-result.json`, JSON.stringify(result));
}
