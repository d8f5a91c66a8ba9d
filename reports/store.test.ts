import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { directory } from './fixtures/directory.js';
import { goldenRecord } from './fixtures/record.js';
import { openRecord, RecordError, readRecord, readSequence } from './store.js';

const { sequences, finished = '', seconds, ...header } = goldenRecord;

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('record store', () => {
  it('reads back exactly what was written', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    for (const sequence of sequences) await store.append(sequence);
    await store.end(finished, seconds);
    expect(await readRecord(dir.path)).to.deep.equal(goldenRecord);
  });

  it('has a sequence in the file when append resolves, in one whole line each, even if several finish at once', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    await Promise.all(sequences.map(sequence => store.append(sequence)));
    const lines = (await readFile(store.file, 'utf8')).trimEnd().split('\n');
    expect(lines).to.have.length(1 + sequences.length);
    expect((await readRecord(dir.path)).sequences.map(({ key }) => key)).to.deep.equal(sequences.map(({ key }) => key));
  });

  it('finds one sequence again while the record is still written', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    const places = await Promise.all(sequences.map(sequence => store.append(sequence)));
    expect(places.map(readSequence)).to.deep.equal(sequences);
    const [first] = places;
    expect(() => first && readSequence({ ...first, start: 0, length: first.start })).to.throw(
      RecordError,
      'expected a sequence at octets 0',
    );
    expect(() => first && readSequence({ ...first, length: first.length - 1 })).to.throw(RecordError, 'expected a sequence');
  });

  it('reads a record without end line: it has no finish, and lasts until the last sequence', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    for (const sequence of sequences) await store.append(sequence);
    const record = await readRecord(dir.path);
    expect(record).not.to.have.property('finished');
    expect(record.seconds).to.be.closeTo(21.9, 0.001);
  });

  it('leaves out a last line that was cut short', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    for (const sequence of sequences) await store.append(sequence);
    const { length } = await readFile(store.file);
    await truncate(store.file, length - 40);
    expect((await readRecord(dir.path)).sequences).to.deep.equal(sequences.slice(0, -1));
  });

  it('refuses to read on over a broken line in the middle', async () => {
    await using dir = await directory();
    await using store = await openRecord(dir.path);
    await store.begin(header);
    await appendFile(store.file, '{"kind":"seq\n');
    for (const sequence of sequences) await store.append(sequence);
    const error = await failure(readRecord(dir.path));
    expect(error).to.be.instanceOf(RecordError);
    expect(error).to.have.property('message').that.contains('record.jsonl:2: expected one JSON object');
  });

  it('refuses a file that does not begin with a header', async () => {
    await using dir = await directory();
    await writeFile(join(dir.path, 'record.jsonl'), '{"kind":"end","finished":"","seconds":0}\n');
    expect(await failure(readRecord(dir.path)))
      .to.have.property('message')
      .that.contains('expected the header of a run, got a line of kind end');
  });

  it('does not write into the record of another run', async () => {
    await using dir = await directory();
    await using _store = await openRecord(dir.path);
    expect(await failure(openRecord(dir.path))).to.have.property('code', 'EEXIST');
  });
});
