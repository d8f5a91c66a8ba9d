import { inOrder, type Outcome, requirementsOf, sectionOf } from './names.js';
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

/** Values by a name, in the order in which the names come up. */
export function grouped<T>(values: Iterable<readonly [name: string, value: T]>): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const [name, value] of values) {
    const group = groups.get(name);
    if (group) group.push(value);
    else groups.set(name, [value]);
  }
  return groups;
}

/** Whether a check of a sequence is of a kind. Loops, and no list of the checks: reports ask it of every requirement of every sequence. */
function hasCheck({ steps }: SequenceRecord, is: (check: Check) => boolean): boolean {
  for (const { checks } of steps) for (const check of checks) if (is(check)) return true;
  return false;
}

/** Requirement ids that an accounted sequence speaks to: those of the case, and those of its checks. */
export function coveredBy({
  entry,
  sequence,
}: {
  readonly entry: Pick<PlanEntry, 'covers'>;
  readonly sequence?: SequenceRecord;
}): readonly string[] {
  const covered = new Set([...entry.covers, ...(sequence?.covers ?? []), ...(sequence?.violated ?? [])]);
  for (const { checks } of sequence?.steps ?? []) for (const { covers } of checks) for (const id of covers) covered.add(id);
  return [...covered];
}

const failed = (sequence: SequenceRecord, id: string, level: Check['level']): boolean =>
  hasCheck(sequence, check => !check.ok && check.level === level && check.covers.includes(id));

/** Whether a sequence shows a violation; only a sequence whose verdict is fail blames the IUT. */
export const violates = (sequence: SequenceRecord | undefined, id: string): boolean =>
  sequence?.verdict === 'fail' && (sequence.violated.includes(id) || failed(sequence, id, 'shall'));

// A failed sequence still shows what its passed checks looked at; an inconclusive or erroneous one shows nothing.
function shows(sequence: SequenceRecord | undefined, id: string): boolean {
  if (sequence?.verdict === 'pass') return true;
  return sequence?.verdict === 'fail' && hasCheck(sequence, check => check.ok && check.covers.includes(id));
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
  const covered = grouped(account(record).flatMap(accounted => coveredBy(accounted).map(id => [id, accounted] as const)));
  const known = requirementsOf(record);
  const unknown = [...covered.keys()]
    .filter(id => !known.has(id))
    .map((id): Requirement => ({ id, section: '', level: 'shall', text: 'This id is not in the requirement catalogue.' }));
  return [...record.requirements, ...unknown]
    .map(requirement => {
      const cases = covered.get(requirement.id) ?? [];
      const section = sectionOf(requirement.id, known);
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
  const known = requirementsOf(record);
  const speakers = account(record).flatMap(accounted => {
    const names = new Set(coveredBy(accounted).map(id => sectionOf(id, known)));
    return (names.size > 0 ? [...names] : ['no section']).map(section => [section, accounted] as const);
  });
  return [...grouped(speakers)]
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
