import { inOrder, type Outcome, sectionOf } from './names.js';
import type { Check, PlanEntry, Requirement, RunRecord, SequenceRecord } from './record.js';
import { type Accounted, account } from './summary.js';

/** What a run says about a requirement; `not followed` is a SHOULD that a passing IUT disregards. */
export type State = 'met' | 'violated' | 'not followed' | 'not shown' | 'not applicable' | 'no test';

/** A requirement, what the run says about it, and the sequences that speak to it. */
export interface Trace {
  readonly requirement: Requirement;
  readonly section: string;
  readonly state: State;
  readonly cases: readonly Accounted[];
}

const checksOf = (sequence: SequenceRecord): readonly Check[] => sequence.steps.flatMap(step => step.checks);

/** Requirement ids that an accounted sequence speaks to: those of the case, and those of its checks. */
export function coveredBy({ entry, sequence }: { readonly entry: PlanEntry; readonly sequence?: SequenceRecord }): readonly string[] {
  const ofChecks = sequence ? checksOf(sequence).flatMap(check => check.covers) : [];
  return [...new Set([...entry.covers, ...(sequence?.covers ?? []), ...(sequence?.violated ?? []), ...ofChecks])];
}

const failed = (sequence: SequenceRecord, id: string, level: Check['level']): boolean =>
  checksOf(sequence).some(check => !check.ok && check.level === level && check.covers.includes(id));

/** Whether a sequence shows a violation; only a sequence whose verdict is fail blames the IUT. */
export const violates = (sequence: SequenceRecord | undefined, id: string): boolean =>
  sequence?.verdict === 'fail' && (sequence.violated.includes(id) || failed(sequence, id, 'shall'));

// A failed sequence still shows what its passed checks looked at; an inconclusive or erroneous one shows nothing.
function shows(sequence: SequenceRecord | undefined, id: string): boolean {
  if (sequence?.verdict === 'pass') return true;
  return sequence?.verdict === 'fail' && checksOf(sequence).some(check => check.ok && check.covers.includes(id));
}

function stateOf(id: string, cases: readonly Accounted[]): State {
  if (cases.length === 0) return 'no test';
  if (cases.some(({ sequence }) => violates(sequence, id))) return 'violated';
  if (cases.some(({ sequence }) => sequence?.verdict === 'pass' && failed(sequence, id, 'should'))) return 'not followed';
  if (cases.some(({ sequence }) => shows(sequence, id))) return 'met';
  return cases.every(({ outcome }) => outcome === 'notApplicable') ? 'not applicable' : 'not shown';
}

/** The traceability matrix: every requirement of the catalogue, and those that cases name beside it, in section order. */
export function traceability(record: RunRecord): readonly Trace[] {
  const all = account(record);
  const covered = new Map<string, Accounted[]>();
  for (const accounted of all) {
    for (const id of coveredBy(accounted)) {
      const cases = covered.get(id);
      if (cases) cases.push(accounted);
      else covered.set(id, [accounted]);
    }
  }
  const known = new Set(record.requirements.map(requirement => requirement.id));
  const unknown = [...covered.keys()]
    .filter(id => !known.has(id))
    .map((id): Requirement => ({ id, section: '', level: 'shall', text: 'This id is not in the requirement catalogue.' }));
  return [...record.requirements, ...unknown]
    .map(requirement => {
      const cases = covered.get(requirement.id) ?? [];
      const section = sectionOf(requirement.id, record.requirements);
      return { requirement, section, state: stateOf(requirement.id, cases), cases };
    })
    .sort((a, b) => inOrder(a.section, b.section) || inOrder(a.requirement.id, b.requirement.id));
}

/** Outcomes of the sequences that speak to one section of a specification. */
export interface SectionResult {
  readonly section: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly cases: readonly Accounted[];
}

/** The sections that cases cover, in order; a sequence counts once in every section it covers. */
export function bySection(record: RunRecord): readonly SectionResult[] {
  const sections = new Map<string, Accounted[]>();
  for (const accounted of account(record)) {
    const names = coveredBy(accounted).map(id => sectionOf(id, record.requirements));
    for (const section of new Set(names.length > 0 ? names : ['no section'])) {
      sections.set(section, [...(sections.get(section) ?? []), accounted]);
    }
  }
  return [...sections]
    .sort(([a], [b]) => inOrder(a, b))
    .map(([section, cases]) => {
      const of = (outcome: Outcome) => cases.filter(accounted => accounted.outcome === outcome).length;
      const counts = {
        pass: of('pass'),
        fail: of('fail'),
        inconclusive: of('inconclusive'),
        error: of('error'),
        cannotRun: of('cannotRun'),
        notRecorded: of('notRecorded'),
        notApplicable: of('notApplicable'),
      };
      return { section, counts, cases };
    });
}
