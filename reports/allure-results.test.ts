import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestResult } from 'allure-js-commons/sdk/reporter';
import { getGlobalTestRuntime, setGlobalTestRuntime } from 'allure-js-commons/sdk/runtime';
import { AssertionError, expect } from 'chai';
import Mocha from 'mocha';
import { type AllureReporting, allureReporting, writeAllureResults } from './allure-results.js';
import { threadWriter } from './allure-writer.js';
import { directory } from './fixtures/directory.js';
import { goldenRecord } from './fixtures/record.js';
import type { PlanEntry } from './record.js';
import { openRecord, type RecordPlace } from './store.js';

interface Step {
  readonly name: string;
  readonly status: string;
  readonly start: number;
  readonly stop: number;
  readonly steps: readonly Step[];
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly source: string }[];
}

interface Result extends Step {
  readonly fullName: string;
  readonly historyId: string;
  readonly testCaseId: string;
  readonly titlePath: readonly string[];
  readonly statusDetails: { readonly message?: string; readonly trace?: string };
  readonly labels: readonly { readonly name: string; readonly value: string }[];
  readonly links: readonly unknown[];
  readonly parameters: readonly unknown[];
  readonly description: string;
}

async function read(dir: string): Promise<readonly Result[]> {
  const names = (await readdir(dir)).filter(name => name.endsWith('-result.json'));
  const results = await Promise.all(names.map(async (name): Promise<Result> => JSON.parse(await readFile(join(dir, name), 'utf8'))));
  return results.sort((a, b) => a.historyId.localeCompare(b.historyId));
}

// Names of attachment files are random, and the runner adds labels of its own (host, thread, suite).
const ours = ['epic', 'feature', 'story', 'tag', 'interpretation'];
const comparable = (step: Step): object => ({
  name: step.name,
  status: step.status,
  start: step.start,
  stop: step.stop,
  attachments: step.attachments.map(({ name, type, source }) => [name, type, source.slice(source.lastIndexOf('.'))]),
  steps: step.steps.map(comparable),
});
const content = ({
  fullName,
  historyId,
  testCaseId,
  titlePath,
  statusDetails,
  links,
  parameters,
  description,
  labels,
  ...rest
}: Result) => ({
  ...{ fullName, historyId, testCaseId, titlePath, statusDetails, links, parameters, description },
  labels: labels.filter(({ name }) => ours.includes(name)),
  ...(comparable(rest as Step) as object),
});

/** The contents of all files that results name, in their order. */
async function texts(dir: string, results: readonly Result[]): Promise<readonly string[]> {
  const inStep = (step: Step): readonly string[] => [...step.attachments.map(({ source }) => source), ...step.steps.flatMap(inStep)];
  return Promise.all(results.flatMap(inStep).map(name => readFile(join(dir, name), 'utf8')));
}

async function runMocha(entries: readonly PlanEntry[], dir: string): Promise<void> {
  const { sequences, finished: _finished, seconds: _seconds, ...header } = goldenRecord;
  const reporting: AllureReporting = allureReporting(header, dir);
  await using record = await openRecord(dir);
  const places = new Map<string, RecordPlace>();
  for (const sequence of sequences) places.set(sequence.key, await record.append(sequence));
  const mocha = new Mocha({ reporter: 'allure-mocha', reporterOptions: reporting.reporterOptions });
  const suite = Mocha.Suite.create(mocha.suite, 'conformance');
  for (const entry of entries) {
    const test = new Mocha.Test(entry.key, async function body(this: Mocha.Context) {
      const sequence = sequences.find(({ key }) => key === entry.key);
      const place = places.get(entry.key);
      if (!sequence || !place) {
        reporting.skip(entry);
        if (entry.state === 'notApplicable') this.skip();
        throw new Error(entry.reason);
      }
      reporting.report(sequence, place);
      if (sequence.verdict === 'fail') throw new AssertionError(sequence.reason);
      if (sequence.verdict !== 'pass') throw new Error(sequence.reason);
    });
    test.file = join(process.cwd(), entry.file);
    suite.addTest(test);
  }
  const before = getGlobalTestRuntime();
  await new Promise<void>(resolve => {
    mocha.run(() => resolve());
  });
  await reporting.written();
  setGlobalTestRuntime(before);
}

describe('Allure results', () => {
  it('are the same whether a mocha run writes them or the record is reported again', async () => {
    await using dir = await directory();
    const [run, again] = [join(dir.path, 'run'), join(dir.path, 'again')];
    await runMocha(goldenRecord.plan, run);
    await writeAllureResults(goldenRecord, again);
    const [written, rewritten] = [await read(run), await read(again)];
    expect(written).to.have.length(8);
    // Nobody knows the time of a sequence that did not run: a run takes the present, the record the beginning of the run.
    const untimed = (result: Result) => ({ ...content(result), start: 0, stop: 0 });
    const ran = ({ attachments }: Result) => attachments.length > 0;
    expect(written.filter(ran).map(content)).to.deep.equal(rewritten.filter(ran).map(content));
    expect(written.map(untimed)).to.deep.equal(rewritten.map(untimed));
    expect(await texts(run, written)).to.deep.equal(await texts(again, rewritten));
  });

  it('that cannot be written fail the run, and not silently', async () => {
    await using dir = await directory();
    const results = join(dir.path, 'results');
    const writer = threadWriter(results);
    await rm(results, { recursive: true });
    writer.writeAttachment('1-attachment.txt', Buffer.from('text'));
    expect(await writer.written().catch(String)).to.match(/ENOENT.*1-attachment\.txt/);
  });

  it('of a sequence that the record does not have fail the run', async () => {
    const [sequence] = goldenRecord.sequences;
    if (!sequence) throw new Error('the fixture has sequences');
    await using dir = await directory();
    await using record = await openRecord(dir.path);
    const writer = threadWriter(dir.path);
    const place = await record.append(sequence);
    writer.tell('history', { place: { ...place, start: 1 } });
    writer.writeResult({ ...createTestResult('uuid'), historyId: 'history' });
    expect(await writer.written().catch(String)).to.contain('expected one JSON object in the line');
  });

  it('have environment and categories beside them', async () => {
    await using dir = await directory();
    await writeAllureResults(goldenRecord, dir.path);
    expect(await readFile(join(dir.path, 'environment.properties'), 'utf8'))
      .to.contain('Acme eIM 4.2.0 (eim)')
      .and.contain('Specifications')
      .and.contain('9f3a');
    const categories: { name: string; messageRegex: string }[] = JSON.parse(await readFile(join(dir.path, 'categories.json'), 'utf8'));
    expect(categories.map(({ name }) => name)).to.deep.equal([
      'Violated requirement',
      'Inconclusive',
      'Harness error',
      'Cannot run',
      'Not applicable',
    ]);
  });

  it('keep the times of the sequence, not those of writing', async () => {
    await using dir = await directory();
    await writeAllureResults(goldenRecord, dir.path);
    const result = (await read(dir.path)).find(({ fullName }) => fullName === 'eim.enable.01[https]');
    expect(result?.start).to.equal(Date.parse('2026-11-20T17:33:01.000Z'));
    expect(result?.stop).to.equal(Date.parse('2026-11-20T17:33:05.310Z'));
    expect(result?.steps[1]?.start).to.equal(Date.parse('2026-11-20T17:33:04.500Z'));
  });

  it('name a planned sequence that was not recorded as a harness error', async () => {
    await using dir = await directory();
    await writeAllureResults({ ...goldenRecord, sequences: goldenRecord.sequences.slice(1) }, dir.path);
    const missing = (await read(dir.path)).find(({ fullName }) => fullName === 'eim.enable.01[https]');
    expect(missing?.statusDetails.message).to.equal('Harness error: planned, but not recorded');
  });

  it('need no reporter: without allure-mocha a test hands its part to nobody', async () => {
    const [sequence] = goldenRecord.sequences;
    if (!sequence) throw new Error('the fixture has sequences');
    await using dir = await directory();
    const reporting = allureReporting(goldenRecord, dir.path);
    await using record = await openRecord(dir.path);
    reporting.report(sequence, await record.append(sequence));
    await reporting.written();
    expect((await readdir(dir.path)).filter(name => name.endsWith('-result.json'))).to.deep.equal([]);
  });
});
