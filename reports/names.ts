import type { IutInfo, Requirement, RunRecord, SequenceRecord, Verdict } from './record.js';

/** What became of a planned sequence: its verdict, or why it has none. */
export type Outcome = Verdict | 'notApplicable' | 'cannotRun' | 'notRecorded';

/** Outcomes in the order in which reports list them. */
export const outcomes: readonly Outcome[] = ['pass', 'fail', 'inconclusive', 'error', 'cannotRun', 'notRecorded', 'notApplicable'];

/** Sign of an outcome: colour is never the only signal. */
export const marks: Readonly<Record<Outcome, string>> = {
  pass: '✓',
  fail: '✗',
  inconclusive: '?',
  error: '!',
  cannotRun: '∅',
  notRecorded: '…',
  notApplicable: '–',
};

/** Outcomes as words. */
export const words: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'inconclusive',
  error: 'error',
  cannotRun: 'cannot run',
  notRecorded: 'not recorded',
  notApplicable: 'not applicable',
};

const roles: Readonly<Record<string, string>> = { eim: 'eIM', ipa: 'IPA', euicc: 'eUICC', smdp: 'SM-DP+', smds: 'SM-DS', iut: 'IUT' };

/** Role as the specification writes it: `eim` → `eIM`, `eim2` → `eIM 2`. */
export function roleName(role: string): string {
  const [, name = role, number = ''] = /^([a-z]+)(\d*)$/.exec(role) ?? [];
  return `${roles[name] ?? name}${number && ` ${number}`}`;
}

/** Whether a party of an exchange is the implementation under test. */
export const isIut = (party: string, sequence: Pick<SequenceRecord, 'iut'>): boolean => party === 'iut' || party === sequence.iut;

/** Party as SGP.33 writes it: `S_IPA` for a simulated one, `eIM (IUT)` for the implementation under test. */
export function partyName(party: string, sequence: Pick<SequenceRecord, 'iut'>): string {
  if (isIut(party, sequence)) return `${roleName(sequence.iut)} (IUT)`;
  return party === 'operator' ? 'Operator' : `S_${roleName(party)}`;
}

/** Address of a sequence for people: its key, and the name of its row if it has one. */
export function addressOf(of: Pick<SequenceRecord, 'key' | 'row'>): string {
  return of.row ? `${of.key} "${of.row.name}"` : of.key;
}

/** Anchor of a sequence in summary.html: `eim.enable.11[https]#2` → `case-eim.enable.11-https-2`. */
export const anchorOf = (key: string): string => `case-${key.replace(/[^A-Za-z0-9.]+/g, '-').replace(/-+$/, '')}`;

/** The requirements of a catalogue by their id. */
export type Requirements = ReadonlyMap<string, Requirement>;

/** Makes a catalogue one to look up in. */
export const requirementsOf = ({ requirements }: Pick<RunRecord, 'requirements'>): Requirements =>
  new Map(requirements.map(requirement => [requirement.id, requirement]));

/** Section of a requirement with its document, `SGP.32 3.3.1`; from the id when the catalogue does not have it. */
export function sectionOf(id: string, requirements: Requirements): string {
  const [, letters, number, fromId] = /^([A-Z]+)(\d+)-(.+)-\d+$/.exec(id) ?? [];
  const section = requirements.get(id)?.section ?? fromId;
  if (!section) return 'no section';
  return section.startsWith('SGP') || !letters ? section : `${letters}.${number} ${section}`;
}

/** Compares section numbers and ids as people do: 3.9 before 3.10. */
export const inOrder = (a: string, b: string): number => {
  if (a === b) return 0;
  // Without a collator: loading one costs a short run more than all its comparisons.
  const [left, right] = [parts(a.toLowerCase()), parts(b.toLowerCase())];
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    const [x = '', y = ''] = [left[n], right[n]];
    if (x === y) continue;
    const bothNumbers = /^\d/.test(x) && /^\d/.test(y);
    if (bothNumbers && Number(x) !== Number(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return 0;
};
const parts = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];

/** Seconds as `+0.812 s` from the start of a sequence. */
export const offset = (seconds: number): string => `+${seconds.toFixed(3)} s`;

/** Duration in seconds as people read it: `0.81 s`, `12.4 s`, `3 min 05 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `1 case`, `2 cases`. */
export const count = (number: number, singular: string, plural = `${singular}s`): string => `${number} ${number === 1 ? singular : plural}`;

/** Everything that a run tested. */
export const iutsOf = ({ iut, furtherIuts = [] }: Pick<RunRecord, 'iut' | 'furtherIuts'>): readonly IutInfo[] => [iut, ...furtherIuts];

/** What was tested, for a title: one by its name, several by the first. */
export const testedName = (record: Pick<RunRecord, 'iut' | 'furtherIuts'>): string => {
  const [first, ...others] = iutsOf(record);
  const name = `${first?.name} ${first?.version}`;
  return others.length === 0 ? name : `${name} and ${others.length} more`;
};
