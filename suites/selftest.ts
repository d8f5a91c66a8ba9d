/**
 * The harness proves itself: every case must fail on a seeded defect for the stated reason, every defect must be caught,
 * and no case may fail on an implementation that behaves differently but correctly.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SequenceRecord } from '../reports/record.js';
import { execute } from './execute.js';
import type { Ixit } from './ixit-schema.js';
import { CaseError, type Diagnostic } from './language/diagnostics.js';
import type { Catalogue } from './language/load.js';
import { didYouMean, parseYaml } from './language/source.js';
import type { PlannedSequence } from './plan.js';
import { planFor } from './prepare.js';
import { type Lab, openLab } from './runtime/lab.js';

/** What selftest.yaml says of one case: the defects it must catch, each with the requirement that is violated. */
export type Expectations = ReadonlyMap<string, ReadonlyMap<string, string>>;

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
  /** Pairs that did not go as stated, with what happened instead. */
  readonly deviations: readonly string[];
}

export interface SelftestInput {
  readonly ixit: Ixit;
  readonly catalogue: Catalogue;
  readonly only: readonly string[];
  readonly expectations: Expectations;
  readonly defects: readonly string[];
  readonly variants: readonly string[];
  /** Implementations tested at the same time. */
  readonly jobs: number;
  tell(line: string): void;
}

/** Reads selftest.yaml: case id → { defect: requirement }. Unknown cases, defects and requirements are mistakes. */
export const readExpectations = (
  file: string,
  catalogue: Catalogue,
  defects: readonly string[],
): { readonly expectations: Expectations; readonly diagnostics: readonly Diagnostic[] } => {
  const { root, diagnostics: found } = parseYaml(file, readFileSync(file, 'utf8'));
  const diagnostics = [...found];
  const report = (at: Diagnostic['at'], code: string, message: string, hint?: string) =>
    diagnostics.push({ code, at, message, ...(hint ? { hint } : {}) });
  const ids = catalogue.cases.map(c => c.id);
  const expectations = new Map<string, Map<string, string>>();
  for (const { key, at, value } of root?.kind === 'map' ? root.entries : []) {
    if (!ids.includes(key)) report(at, 'unknown-case', `no case "${key}"`, didYouMean(key, ids));
    if (value.kind !== 'map') {
      report(value.at, 'form', 'expected { defect: requirement }');
      continue;
    }
    const pairs = new Map<string, string>();
    for (const pair of value.entries) {
      const requirement = pair.value.kind === 'scalar' ? pair.value.text : '';
      if (!defects.includes(pair.key)) report(pair.at, 'unknown-defect', `no seeded defect "${pair.key}"`, didYouMean(pair.key, defects));
      if (!catalogue.requirements.has(requirement))
        report(
          pair.value.at,
          'unknown-requirement',
          `no requirement "${requirement}"`,
          didYouMean(requirement, catalogue.requirements.keys()),
        );
      pairs.set(pair.key, requirement);
    }
    expectations.set(key, pairs);
  }
  return { expectations, diagnostics };
};

export const expectationsOf = (root: string, catalogue: Catalogue, defects: readonly string[]): Expectations => {
  const { expectations, diagnostics } = readExpectations(join(root, 'selftest.yaml'), catalogue, defects);
  if (diagnostics.length > 0) throw new CaseError(diagnostics);
  return expectations;
};

/** Answers are local: a defect that keeps silent must not cost the patience that a product deserves. */
const impatient = (ixit: Ixit): Ixit => ({ ...ixit, timeouts: { ...ixit.timeouts, response: { seconds: 2 }, operator: { seconds: 3 } } });

/** Runs the matrix of cases × defects and cases × variants. */
export const selftest = async (input: SelftestInput): Promise<SelftestResult> => {
  const ixit = impatient(input.ixit);
  const plan = planFor(ixit, input.catalogue, 'selftest', input.only).filter(p => p.entry.state === 'run');
  const ids = [...new Set(plan.map(p => p.case.id))];
  const expected = new Map(ids.map(id => [id, input.expectations.get(id) ?? new Map<string, string>()]));
  const casesOf = (defect: string) => ids.filter(id => expected.get(id)?.has(defect));
  const concerned = input.only.length === 0 ? input.defects : input.defects.filter(d => casesOf(d).length > 0);

  const killed: { readonly id: string; readonly defect: string }[] = [];
  const deviations: string[] = [];
  const falseFails: string[] = [];
  const mutants = concerned.map(defect => async () => {
    const cases = casesOf(defect);
    const records = await runOn(
      ixit,
      input.catalogue,
      ['--defect', defect],
      plan.filter(p => cases.includes(p.case.id)),
    );
    for (const id of cases) {
      const requirement = expected.get(id)?.get(defect) ?? '';
      const outcome = judgePair(
        records.filter(r => r.id === id),
        requirement,
      );
      if (outcome === undefined) killed.push({ id, defect });
      else deviations.push(`${defect}: ${id}: ${outcome}`);
    }
    input.tell(
      `${cases.every(id => killed.some(k => k.id === id && k.defect === defect)) && cases.length > 0 ? 'caught' : 'NOT CAUGHT'}  ${defect}  by ${cases.join(', ') || 'no case'}`,
    );
  });
  const conformant = input.variants.map(variant => async () => {
    const records = await runOn(ixit, input.catalogue, ['--variant', variant], plan);
    const failed = records.filter(r => r.verdict !== 'pass');
    falseFails.push(...failed.map(r => `${variant}: ${r.key}: ${r.verdict}: ${r.reason}`));
    input.tell(`${failed.length === 0 ? 'passes' : 'FALSE FAIL'}  ${variant}  ${records.length - failed.length} of ${records.length}`);
  });
  await inParallel([...mutants, ...conformant], input.jobs);
  return {
    cases: ids.length,
    defects: concerned.length,
    killed: killed.length,
    survivors: ids.filter(id => !killed.some(k => k.id === id)),
    uncaught: concerned.filter(d => !killed.some(k => k.defect === d)),
    variants: input.variants.length,
    falseFails: falseFails.sort(),
    deviations: deviations.sort(),
  };
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

const runOn = async (
  ixit: Ixit,
  catalogue: Catalogue,
  startArguments: readonly string[],
  plan: readonly PlannedSequence[],
): Promise<SequenceRecord[]> => {
  if (plan.length === 0) return [];
  let lab: Lab | undefined;
  try {
    lab = await openLab(ixit, { catalogue, startArguments });
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
