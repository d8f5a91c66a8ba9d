import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { directory } from './fixtures/directory.js';
import { goldenRecord } from './fixtures/record.js';
import { forReports, ReportsError, type Writer, writeReports, writers } from './index.js';

const failure = async (promise: Promise<void>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('reports', () => {
  it('writes what is asked for, under the names the reader is told', async () => {
    await using dir = await directory();
    await writeReports(goldenRecord, dir.path, { only: ['summary.json', 'summary.html', 'junit.xml', 'results.csv'] });
    expect((await readdir(dir.path)).sort()).to.deep.equal(['junit.xml', 'results.csv', 'summary.html', 'summary.json']);
    expect(JSON.parse(await readFile(join(dir.path, 'summary.json'), 'utf8'))).to.include({ planned: 6, fail: 2 });
  });

  it('does not count results of an earlier report again', async () => {
    await using dir = await directory();
    const results = async () => (await readdir(join(dir.path, 'allure-results'))).filter(name => name.endsWith('-result.json'));
    await writeReports(goldenRecord, dir.path, { only: ['allure-results'] });
    await writeReports(goldenRecord, dir.path, { only: ['allure-results'] });
    expect(await results()).to.have.length(8);
  });

  it('tries every writer, then fails with the names of those that failed', async () => {
    await using dir = await directory();
    const written: string[] = [];
    const broken: Writer = async () => {
      throw new Error('disk full');
    };
    const some = new Map<string, Writer>([
      ['a', broken],
      ['b', async () => void written.push('b')],
      ['c', broken],
    ]);
    const error = await failure(writeReports(goldenRecord, dir.path, { writers: some }));
    expect(error).to.be.instanceOf(ReportsError);
    expect(error).to.have.property('reports').that.deep.equals(['a', 'c']);
    expect(error).to.have.property('message').that.contains('a: disk full').and.contains('c: disk full');
    expect(written).to.deep.equal(['b']);
  });

  it('refuses a writer that it does not have', async () => {
    await using dir = await directory();
    const error = await failure(writeReports(goldenRecord, dir.path, { only: ['pdf'] }));
    expect(error)
      .to.have.property('message')
      .that.contains(`expected one of ${[...writers.keys()].join(', ')}, got pdf`);
  });

  it('are the same from what a run keeps of its sequences, which has no messages of those without a page', async () => {
    await using dir = await directory();
    const only = ['summary.json', 'summary.html', 'junit.xml', 'results.csv'];
    const kept = { ...goldenRecord, sequences: goldenRecord.sequences.map(forReports) };
    expect(kept.sequences.filter(({ exchanges }) => exchanges.length > 0).length).to.be.lessThan(
      goldenRecord.sequences.filter(({ exchanges }) => exchanges.length > 0).length,
    );
    const [whole, less] = [join(dir.path, 'whole'), join(dir.path, 'less')];
    await writeReports(goldenRecord, whole, { only });
    await writeReports(kept, less, { only });
    for (const name of only) expect(await readFile(join(less, name), 'utf8'), name).to.equal(await readFile(join(whole, name), 'utf8'));
  });
});
