import type { Outcome } from './names.js';
import type { PlanEntry, RunRecord, SequenceRecord, Summary } from './record.js';

/** A planned sequence (or an unplanned one that was recorded nevertheless) and what became of it. */
export interface Accounted {
  readonly entry: PlanEntry;
  readonly outcome: Outcome;
  readonly sequence?: SequenceRecord;
}

function unplanned(sequence: SequenceRecord): PlanEntry {
  const { key, id, over, row, title, iut, source, covers, file } = sequence;
  return { key, id, over, ...(row && { row }), title, iut, source, covers, file, state: 'run', reason: '' };
}

/** Every planned sequence with its outcome, in the order of the plan; recorded ones without a plan follow. */
export function account(record: RunRecord): readonly Accounted[] {
  const recorded = new Map(record.sequences.map(sequence => [sequence.key, sequence]));
  const planned = new Set(record.plan.map(entry => entry.key));
  const extra = record.sequences.filter(sequence => !planned.has(sequence.key)).map(unplanned);
  return [...record.plan, ...extra].map(entry => {
    const sequence = recorded.get(entry.key);
    if (sequence) return { entry, outcome: sequence.verdict, sequence };
    return { entry, outcome: entry.state === 'run' ? 'notRecorded' : entry.state };
  });
}

type Counts = Summary['byIut'][string];

function countOf(record: RunRecord, belongs: (of: { readonly iut: string }) => boolean): Counts {
  const plan = record.plan.filter(belongs);
  const sequences = record.sequences.filter(belongs);
  const state = (wanted: PlanEntry['state']) => plan.filter(entry => entry.state === wanted).length;
  const verdict = (wanted: SequenceRecord['verdict']) => sequences.filter(sequence => sequence.verdict === wanted).length;
  return {
    planned: state('run'),
    // Distinct keys: a sequence recorded twice must not make up for one that is missing.
    recorded: new Set(sequences.map(sequence => sequence.key)).size,
    pass: verdict('pass'),
    fail: verdict('fail'),
    inconclusive: verdict('inconclusive'),
    error: verdict('error'),
    notApplicable: state('notApplicable'),
    cannotRun: state('cannotRun'),
  };
}

/** Counts a record: `planned` are the sequences meant to run, `recorded` those that did. */
export function summarise(record: RunRecord): Summary {
  const roles = [...new Set([...record.plan, ...record.sequences].map(of => of.iut))];
  return {
    ...countOf(record, () => true),
    seconds: record.seconds,
    byIut: Object.fromEntries(roles.map(role => [role, countOf(record, of => of.iut === role)])),
  };
}

/** Exit code of a run: 3 an error or incomplete, 1 a fail, 4 inconclusive or nothing shown, 0 everything passed. */
export function exitCode(summary: Summary): 0 | 1 | 3 | 4 {
  if (summary.error > 0 || summary.planned !== summary.recorded) return 3;
  if (summary.fail > 0) return 1;
  if (summary.inconclusive > 0 || summary.cannotRun > 0 || summary.pass === 0) return 4;
  return 0;
}
