/**
 * The harness proves itself: every case must fail on a seeded defect for the stated reason, every defect must be caught,
 * and no case may fail on an implementation that behaves differently but correctly.
 */

import { DEFAULT_SPEC } from '#protocol/asn1/type.js';
import type { SequenceRecord } from '../reports/record.js';
import type { Stated } from '../sim/defects/deviation.js';
import { execute } from './execute.js';
import type { Expectations } from './expectations.js';
import type { Ixit } from './ixit-schema.js';
import type { Catalogue } from './language/load.js';
import { JSON_OVER_COAP, type PlannedSequence } from './plan.js';
import { planFor } from './prepare.js';
import { type Lab, openLab } from './runtime/lab.js';

/** Result of `sgp32 selftest --json`. */
export interface SelftestResult {
  readonly cases: number;
  readonly defects: number;
  /** Pairs of case and defect in which the case failed for the stated reason. */
  readonly killed: number;
  /** Cases that no defect fails. */
  readonly survivors: readonly string[];
  /** Defects that no case catches. */
  readonly uncaught: readonly string[];
  readonly variants: number;
  /** Sequences that fail on a conformant variant, as `variant: key: reason`. */
  readonly falseFails: readonly string[];
  /** Sequences that prove nothing on a conformant variant, likewise; allowed, but worth a look. */
  readonly inconclusive: readonly string[];
  /** Pairs that did not go as stated, with what happened instead. */
  readonly deviations: readonly string[];
}

/** The results of several kinds of IUT as one. */
export const joinResults = (results: readonly SelftestResult[]): SelftestResult => {
  const sum = (of: (result: SelftestResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const lists = (of: (result: SelftestResult) => readonly string[]): readonly string[] => results.flatMap(of);
  return {
    cases: sum(r => r.cases),
    defects: sum(r => r.defects),
    killed: sum(r => r.killed),
    survivors: lists(r => r.survivors),
    uncaught: lists(r => r.uncaught),
    variants: sum(r => r.variants),
    falseFails: lists(r => r.falseFails),
    inconclusive: lists(r => r.inconclusive),
    deviations: lists(r => r.deviations),
  };
};

export interface SelftestInput {
  readonly ixit: Ixit;
  readonly catalogue: Catalogue;
  readonly only: readonly string[];
  readonly expectations: Expectations;
  readonly defects: readonly string[];
  /** Names of variants, those together that one implementation can have at the same time. */
  readonly variants: readonly (readonly string[])[];
  /** What the supplier of an implementation with this defect or variant states otherwise in its IXIT file, by its name. */
  readonly declares?: Readonly<Record<string, Stated>>;
  /** Wires on which a defect shows, where it does not show on each, by its name. */
  readonly wires?: Readonly<Record<string, string>>;
  /** Implementations tested at the same time. */
  readonly jobs: number;
  tell(line: string): void;
}

/** Answers are local: a defect that keeps silent must not cost the patience that a product deserves. */
const impatient = (ixit: Ixit): Ixit => ({ ...ixit, timeouts: { ...ixit.timeouts, response: { seconds: 2 }, operator: { seconds: 3 } } });

/** What the matrix has shown so far. */
interface Findings {
  readonly killed: { readonly id: string; readonly defect: string }[];
  readonly deviations: string[];
  readonly falseFails: string[];
  readonly inconclusive: string[];
}

/** What the runs of one self-test share. */
interface Matrix extends SelftestInput {
  readonly plan: readonly PlannedSequence[];
  readonly findings: Findings;
}

/** Runs the matrix of cases × defects and cases × variants. */
export const selftest = async (input: SelftestInput): Promise<SelftestResult> => {
  const ixit = impatient(input.ixit);
  const all = planFor(ixit, input.catalogue, 'selftest', input.only);
  // JSON over CoAPs joins two wires that are both tried: the catalogue proves it, the matrix does without.
  const plan = all.filter(p => p.entry.state === 'run' && p.entry.over !== JSON_OVER_COAP);
  const ids = [...new Set(all.filter(p => p.entry.state === 'run' || input.expectations.has(p.case.id)).map(p => p.case.id))];
  const isConcerned = (defect: string) => ids.some(id => input.expectations.get(id)?.has(defect));
  const concerned = input.only.length === 0 ? input.defects : input.defects.filter(isConcerned);
  const findings: Findings = { killed: [], deviations: [], falseFails: [], inconclusive: [] };
  const matrix: Matrix = { ...input, ixit, plan, findings };
  // The longest first, so that nothing is left to wait for at the end.
  await inParallel(
    [...input.variants.map(group => () => tryVariants(matrix, group)), ...concerned.map(d => () => tryDefect(matrix, d))],
    input.jobs,
  );
  const { killed } = findings;
  return {
    cases: ids.length,
    defects: concerned.length,
    killed: killed.length,
    survivors: ids.filter(id => !killed.some(k => k.id === id)),
    uncaught: concerned.filter(d => !killed.some(k => k.defect === d)),
    variants: new Set(input.variants.flat()).size,
    falseFails: findings.falseFails.sort(),
    inconclusive: findings.inconclusive.sort(),
    deviations: findings.deviations.sort(),
  };
};

const tryDefect = async (given: Matrix, defect: string): Promise<void> => {
  const matrix = declaredBy(given, [defect]);
  const { plan, expectations, findings } = matrix;
  const cases = [...new Set(plan.map(p => p.case.id))].filter(id => expectations.get(id)?.has(defect));
  // What a case finds does not depend on the wire: one is enough to prove it, while every one has to leave the variants in peace.
  const own = given.wires?.[defect];
  const wires = new Map([...plan.toReversed(), ...plan.filter(p => p.entry.over === own)].map(p => [p.case.id, p.entry.over]));
  const records = await runOn(
    matrix,
    ['--defect', defect],
    plan.filter(p => cases.includes(p.case.id) && wires.get(p.case.id) === p.entry.over),
  );
  const wrong = cases.flatMap(id => {
    const outcome = judgePair(
      records.filter(r => r.id === id),
      expectations.get(id)?.get(defect) ?? '',
    );
    if (outcome === undefined) findings.killed.push({ id, defect });
    return outcome === undefined ? [] : [`${defect}: ${id}: ${outcome}`];
  });
  findings.deviations.push(...wrong);
  matrix.tell(`${wrong.length === 0 && cases.length > 0 ? 'caught' : 'NOT CAUGHT'}  ${defect}  by ${cases.join(', ') || 'no case'}`);
};

/** The matrix as the supplier of an implementation with these deviations would have it: with another IXIT file, and so another plan. */
const declaredBy = (matrix: Matrix, names: readonly string[]): Matrix => {
  const stated = names.flatMap(name => matrix.declares?.[name] ?? []);
  if (stated.length === 0) return matrix;
  const { options, settings, spec } = matrix.ixit;
  const ixit: Ixit = {
    ...matrix.ixit,
    spec: stated.findLast(one => one.spec !== undefined)?.spec ?? spec,
    options: new Map([...options, ...stated.flatMap(one => Object.entries(one.options ?? {}))]),
    settings: new Map([...settings, ...stated.flatMap(one => Object.entries(one.settings ?? {}))]),
  };
  return { ...matrix, ixit, plan: planFor(ixit, matrix.catalogue, 'selftest', matrix.only).filter(p => p.entry.state === 'run') };
};

/** Runs everything on an implementation with all variants of a group, and what failed once more with each alone: to name the one. */
const tryVariants = async (given: Matrix, group: readonly string[]): Promise<void> => {
  const matrix = declaredBy(given, group);
  const { plan, findings } = matrix;
  const together = unproven(group, await runOn(matrix, ['--variant', group.join(',')], plan));
  findings.inconclusive.push(...together.inconclusive);
  const failed = plan.filter(p => together.failed.some(r => r.key === p.entry.key));
  const blamed = new Set<string>();
  for (const name of failed.length > 0 && group.length > 1 ? group : []) {
    const own = declaredBy(given, [name]);
    const again = own.plan.filter(p => failed.some(f => f.entry.key === p.entry.key));
    const alone = unproven([name], await runOn(own, ['--variant', name], again));
    for (const record of alone.failed) blamed.add(record.key);
    findings.falseFails.push(...alone.falseFails);
  }
  const rest = together.failed.filter(record => !blamed.has(record.key));
  findings.falseFails.push(...unproven(group, rest).falseFails);
  matrix.tell(`${failed.length === 0 ? 'passes' : 'FALSE FAIL'}  ${group.join(', ')}  ${plan.length - failed.length} of ${plan.length}`);
};

/** What did not pass on an implementation with these variants. */
const unproven = (names: readonly string[], records: readonly SequenceRecord[]) => {
  const text = (r: SequenceRecord): string => `${names.join('+')}: ${r.key}: ${r.verdict}: ${r.reason}`;
  const failed = records.filter(r => r.verdict === 'fail' || r.verdict === 'error');
  return { failed, falseFails: failed.map(text), inconclusive: records.filter(r => r.verdict === 'inconclusive').map(text) };
};

/** Undefined when a sequence of the case failed for the stated requirement; otherwise what happened. */
export const judgePair = (
  records: readonly Pick<SequenceRecord, 'key' | 'verdict' | 'violated' | 'reason'>[],
  requirement: string,
): string | undefined => {
  const failed = records.filter(r => r.verdict === 'fail');
  if (failed.some(r => r.violated.includes(requirement))) return undefined;
  const [first] = failed;
  if (first) return `failed, but for ${first.violated.join(', ') || 'no requirement'} instead of ${requirement} (${first.reason})`;
  const other = records.find(r => r.verdict !== 'pass');
  return other ? `${other.verdict}: ${other.reason}` : 'passed';
};

/** Every reference implementation speaks 1.2 unless it is told otherwise. */
const speaking = ({ spec }: Ixit): readonly string[] => (spec === DEFAULT_SPEC ? [] : ['--spec', spec]);

const runOn = async (
  { ixit, catalogue }: Pick<SelftestInput, 'ixit' | 'catalogue'>,
  startArguments: readonly string[],
  plan: readonly PlannedSequence[],
): Promise<SequenceRecord[]> => {
  if (plan.length === 0) return [];
  let lab: Lab | undefined;
  try {
    lab = await openLab(ixit, { catalogue, startArguments: [...startArguments, ...speaking(ixit)] });
    const records: SequenceRecord[] = [];
    for (const planned of plan) records.push(await execute(planned, lab));
    return records;
  } finally {
    await lab?.close();
  }
};

const inParallel = async (tasks: readonly (() => Promise<void>)[], jobs: number): Promise<void> => {
  const queue = [...tasks];
  const worker = async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
};
