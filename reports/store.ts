import { appendFileSync, closeSync, openSync, readSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordLine, RunRecord, SequenceRecord } from './record.js';

/** Name of the record in the directory of a run. */
export const recordName = 'record.jsonl';

const LINE_END = '\n'.charCodeAt(0);

/** First line of a record: everything known before the first sequence. */
export type RecordHeader = Omit<RunRecord, 'sequences' | 'finished' | 'seconds'>;

/** Where a line stands in a record; octets. */
export interface RecordPlace {
  readonly file: string;
  readonly start: number;
  readonly length: number;
}

/** An open record.jsonl; every line has left the process when its promise resolves, so that a crash of the run loses one sequence at most. */
export interface RecordStore {
  readonly file: string;
  begin(header: RecordHeader): Promise<void>;
  append(sequence: SequenceRecord): Promise<RecordPlace>;
  /** `finished` is ISO 8601 UTC, `seconds` the duration of the run. */
  end(finished: string, seconds: number): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The record of a run cannot be read; the message says which line and why. */
export class RecordError extends Error {
  readonly code = 'RECORD_UNREADABLE';
}

/** Opens a new record in a directory, making the directory; fails if the directory already has one. */
export async function openRecord(dir: string): Promise<RecordStore> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, recordName);
  // Exclusive: a second run into the same directory must not mix two records.
  const handle = await open(file, 'ax');
  let size = 0;
  // At once, and not in the pool of threads: a line takes less than the way there and back, and lines of sequences that finish at the same
  // time cannot interleave.
  const write = async (line: RecordLine): Promise<RecordPlace> => {
    const octets = Buffer.from(`${JSON.stringify(line)}\n`);
    appendFileSync(handle.fd, octets);
    const start = size;
    size += octets.length;
    return { file, start, length: octets.length };
  };
  const close = async (): Promise<void> => {
    await handle.datasync();
    await handle.close();
  };
  return {
    file,
    begin: async header => void (await write({ kind: 'run', ...header })),
    append: sequence => write({ kind: 'sequence', ...sequence }),
    end: async (finished, seconds) => void (await write({ kind: 'end', finished, seconds })),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function parse(line: string, file: string, number: number): RecordLine {
  try {
    // The file is our own; its lines have the type they were written with.
    return JSON.parse(line) as RecordLine;
  } catch (cause) {
    throw new RecordError(`${file}:${number}: expected one JSON object in the line, got ${line.slice(0, 60)}`, { cause });
  }
}

/** Lines of a record, one by one: its whole text may be longer than a string of Node.js can be. */
function* linesOf(octets: Buffer, file: string): Generator<RecordLine> {
  let start = 0;
  // Octets after the last line end are a line that was being written when the process died.
  for (let number = 1, end = octets.indexOf(LINE_END); end >= 0; number++, end = octets.indexOf(LINE_END, start)) {
    yield parse(octets.toString('utf8', start, end), file, number);
    start = end + 1;
  }
}

// Without an end line the run ended with the last sequence, as far as anyone knows.
function lastMoment(header: RecordHeader, sequences: readonly SequenceRecord[]): number {
  const began = Date.parse(header.run.started);
  return Math.max(0, ...sequences.map(sequence => (Date.parse(sequence.started) - began) / 1000 + sequence.seconds));
}

/** Reads one sequence of a record that may still be written. */
export function readSequence({ file, start, length }: RecordPlace): SequenceRecord {
  const descriptor = openSync(file, 'r');
  try {
    const octets = Buffer.alloc(length);
    readSync(descriptor, octets, 0, length, start);
    const [read] = linesOf(octets, file);
    if (read?.kind !== 'sequence') throw new RecordError(`${file}: expected a sequence at octets ${start} to ${start + length}`);
    const { kind: _sequence, ...sequence } = read;
    return sequence;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the record of a run; without an end line (crash) `finished` is missing, and a last line cut short is left out. */
export async function readRecord(dir: string): Promise<RunRecord> {
  const file = join(dir, recordName);
  const lines = [...linesOf(await readFile(file), file)];
  const [first] = lines;
  if (first?.kind !== 'run') {
    throw new RecordError(`${file}:1: expected the header of a run, got ${first ? `a line of kind ${first.kind}` : 'no complete line'}`);
  }
  const { kind: _kind, ...header } = first;
  const sequences: SequenceRecord[] = [];
  for (const line of lines) {
    if (line.kind !== 'sequence') continue;
    const { kind: _sequence, ...sequence } = line;
    sequences.push(sequence);
  }
  const end = lines.find(line => line.kind === 'end');
  if (end) return { ...header, sequences, finished: end.finished, seconds: end.seconds };
  return { ...header, sequences, seconds: lastMoment(header, sequences) };
}
