/** `sgp32 report`: all reports of a finished run again, from its record. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeReports } from '../../reports/index.js';
import { readRecord, recordName } from '../../reports/store.js';
import { summarise } from '../../reports/summary.js';
import { UsageError } from './input.js';

export const reportCommand = async (directory: string, options: { readonly out?: string }): Promise<number> => {
  if (!existsSync(join(directory, recordName)))
    throw new UsageError(`${directory}: no ${recordName} in it; give the results directory of a run`);
  const out = options.out ?? directory;
  const record = await readRecord(directory);
  if (resolve(out) !== resolve(directory)) {
    await mkdir(out, { recursive: true });
    await copyFile(join(directory, recordName), join(out, recordName));
  }
  await writeReports(record, out);
  const { planned, recorded } = summarise(record);
  process.stdout.write(`${out}: reports of run ${record.run.id}, ${recorded} of ${planned} sequences\n`);
  return 0;
};
