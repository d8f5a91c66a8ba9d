/** The plan as a mocha suite: one test per planned sequence, its file the YAML path. */
import { dirname } from 'node:path';
import Mocha from 'mocha';
import type { PlanEntry, SequenceRecord } from '../reports/record.js';
import type { RecordPlace } from '../reports/store.js';
import type { PlannedSequence } from './plan.js';
import { Inconclusive, toError } from './verdict.js';

/** A sequence that was executed, and where it stands in the record. */
export interface Executed {
  readonly sequence: SequenceRecord;
  readonly place: RecordPlace;
}

/** What a test does: the run executes and records, the reporter is told, mocha hears the verdict. */
export interface MochaRun {
  /** Executes and records a sequence. */
  execute(planned: PlannedSequence): Promise<Executed>;
  /** Tells the reporter of a sequence, from inside its test. */
  report(executed: Executed): void;
  /** Tells it of one that does not run. */
  skip(entry: PlanEntry): void;
}

const byDirectory = (plan: readonly PlannedSequence[]): Map<string, PlannedSequence[]> => {
  const groups = new Map<string, PlannedSequence[]>();
  for (const p of plan) {
    const directory = dirname(p.entry.file);
    groups.set(directory, [...(groups.get(directory) ?? []), p]);
  }
  return groups;
};

/** Runs a plan under mocha with a reporter; resolves with the number of failed tests. */
export const runMocha = (
  plan: readonly PlannedSequence[],
  run: MochaRun,
  reporter: Mocha.ReporterConstructor | string,
  reporterOptions: Readonly<Record<string, unknown>>,
): Promise<number> => {
  const mocha = new Mocha({ reporter, reporterOptions: { ...reporterOptions }, timeout: 0, color: false });
  for (const [directory, sequences] of byDirectory(plan)) {
    const suite = Mocha.Suite.create(mocha.suite, directory);
    for (const planned of sequences) {
      const test = new Mocha.Test(`${planned.entry.key} ${planned.entry.title}`, async function (this: Mocha.Context) {
        const { entry } = planned;
        if (entry.state === 'run') {
          const executed = await run.execute(planned);
          run.report(executed);
          const error = toError(executed.sequence);
          if (error) throw error;
          return;
        }
        run.skip(entry);
        if (entry.state === 'notApplicable') this.skip();
        throw new Inconclusive(`cannot run: ${entry.reason}`);
      });
      // allure-mocha throws inside its listener, and mocha goes on without results, when a test has no file.
      test.file = planned.entry.file;
      suite.addTest(test);
    }
  }
  return new Promise((resolve, reject) => {
    try {
      mocha.run(failures => {
        mocha.dispose();
        resolve(failures);
      });
    } catch (error) {
      reject(error);
    }
  });
};
