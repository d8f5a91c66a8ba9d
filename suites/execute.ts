/** Runs one planned sequence and returns its record. Whatever happens in it ends in a verdict with a reason. */
import type { Check, SequenceRecord, StepRecord, Verdict } from '../reports/record.js';
import type { CallStep, RepeatStep, SetStep, Step, UnorderedStep } from './language/ast.js';
import { buildValue } from './language/build.js';
import { holds } from './language/condition.js';
import { covering } from './language/covering.js';
import { matchValue } from './language/match.js';
import { bind, fork } from './language/scope.js';
import { ABSENT, isObject } from './language/values.js';
import type { PlannedSequence } from './plan.js';
import { type Cast, createCast } from './runtime/cast.js';
import { type Context, type Outcome, stepCheck } from './runtime/context.js';
import { createExchangeLog, type ExchangeLog } from './runtime/exchange-log.js';
import type { Lab } from './runtime/lab.js';
import { createScript, phasesOf, type Script } from './runtime/script.js';
import { waitFor, within } from './runtime/signal.js';
import { check } from './steps/check.js';
import { expectStep } from './steps/expect.js';
import { matchChecks } from './steps/matching.js';
import { operate } from './steps/operator.js';
import { send } from './steps/send.js';
import { wait } from './steps/wait.js';
import { checkText, HarnessError, Inconclusive, judge, meaningOfError, verdictOfCheck, worst } from './verdict.js';

/** One sequence on its way. */
interface Run {
  readonly planned: PlannedSequence;
  readonly lab: Lab;
  readonly cast: Cast;
  readonly script: Script;
  readonly log: ExchangeLog;
  readonly state: State;
  readonly records: StepRecord[];
}
interface State {
  readonly over: AbortController;
  readonly faults: unknown[];
  limitReached: boolean;
}

/** Seconds that steps have to notice that the guard time is over. */
const GRACE = 15;
/** Exchanges of a sequence that bad weather may make as slow as can be. */
const SLOW_EXCHANGES = 10;

/** Executes a sequence of the plan against the IUT of the lab. */
export const execute = async (planned: PlannedSequence, lab: Lab): Promise<SequenceRecord> => {
  const started = new Date().toISOString();
  const log = createExchangeLog(() => performance.now(), lab.condition.touched);
  if (lab.versions?.conflict()) return assemble(planned, lab, log, [], started);
  const state: State = { over: new AbortController(), faults: [], limitReached: false };
  // The limit is for the sequence itself: weather around it needs its own time.
  const seconds = planned.case.limit + SLOW_EXCHANGES * lab.weather.exchangeSeconds;
  const limit = setTimeout(() => {
    state.limitReached = true;
    state.over.abort();
  }, seconds * 1000);
  const script = createScript(
    lab.catalogue.procedures,
    condition => holds(condition, lab),
    action => lab.catalogue.actions.get(action)?.ends === true,
  );
  const records: StepRecord[] = [];
  let cast: Cast | undefined;
  try {
    await bringBack(lab);
    lab.weather.begin(planned.seed);
    cast = await createCast(planned, lab, log, script, state);
    await within(phases({ planned, lab, cast, script, log, state, records }), seconds + GRACE, 'the sequence');
  } catch (error) {
    records.push(setUpFailure(planned, error));
  } finally {
    clearTimeout(limit);
    lab.weather.clear();
    state.over.abort();
    await within(cast?.close() ?? Promise.resolve(), GRACE, 'taking the counterparts off their wires').catch(error =>
      records.push(setUpFailure(planned, error)),
    );
  }
  lab.condition.isUnknown = records.some(step => step.phase === 'after' && step.verdict !== 'pass' && step.verdict !== 'skipped');
  return assemble(planned, lab, log, records, started);
};

/** After a clean-up that failed the IUT is brought back by the act that its IXIT file names for that. Throws Inconclusive. */
const bringBack = async ({ condition, ixit, operator }: Lab): Promise<void> => {
  if (!condition.isUnknown || ixit.reset === undefined) return;
  try {
    condition.touched();
    await operator.perform(ixit.reset, {}, AbortSignal.timeout(ixit.timeouts.operator.seconds * 1000));
    condition.isUnknown = false;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Inconclusive(`an earlier sequence left the IUT in an unknown state, and it could not be brought back: ${why}`, { cause });
  }
};

const assemble = (planned: PlannedSequence, lab: Lab, log: ExchangeLog, steps: readonly StepRecord[], started: string): SequenceRecord => {
  const { entry } = planned;
  const other = lab.versions?.conflict()?.message;
  const judged = other === undefined ? lab.weather.judged(judge(steps, entry.covers)) : unjudged(other);
  const weather = lab.weather.told();
  const iutOutput = judged.verdict === 'pass' ? '' : lab.iutOutput();
  const { state: _, reason: __, ...about } = entry;
  return {
    ...about,
    ...judged,
    started,
    seconds: log.elapsed(),
    seed: planned.seed,
    steps,
    exchanges: log.entries,
    ...(Object.keys(weather).length > 0 ? { weather } : {}),
    ...(iutOutput ? { iutOutput } : {}),
    yaml: planned.yaml,
  };
};

/** Nothing is judged by the rules of a version that the IUT does not speak. */
const unjudged = (reason: string): ReturnType<typeof judge> => ({ verdict: 'inconclusive', reason, findings: [], violated: [] });

const setUpFailure = (planned: PlannedSequence, error: unknown): StepRecord => ({
  no: '0',
  phase: 'before',
  at: planned.case.at,
  text: 'set up the simulated counterparts',
  ...meaningOfError(error),
  checks: [],
  started: 0,
  seconds: 0,
});

const phases = async (run: Run): Promise<void> => {
  const scope = run.cast.scope;
  let goOn = true;
  for (const { phase, steps, next } of phasesOf(run.planned.case)) {
    if (!goOn && phase !== 'after') continue;
    if (phase === 'after') run.lab.weather.clear();
    const context = run.cast.context(phase, scope, run.log.elapsed());
    // What the preamble sets off at its end may already be for the body to answer.
    run.script.enter(next, -1);
    const verdict = await sequenceOfSteps(run, context, steps, '').finally(() => run.script.leave());
    if (phase !== 'after') goOn = verdict === 'pass' && (await settle(run, context)) === 'pass';
  }
};

/** Runs steps in order; the first that does not pass ends them. */
const sequenceOfSteps = async (run: Run, context: Context, steps: readonly Step[], prefix: string, all = false): Promise<Verdict> => {
  const verdicts: Verdict[] = [];
  run.script.enter(steps);
  try {
    for (const [index, step] of steps.entries()) {
      run.script.at(index);
      if (step.if !== undefined && !holds(step.if, run.lab)) continue;
      const verdict = await oneStep(run, context, step, `${prefix}${index + 1}`);
      verdicts.push(verdict);
      if (verdict !== 'pass' && !all) break;
    }
  } finally {
    run.script.leave();
  }
  return worst(verdicts);
};

const oneStep = async (run: Run, context: Context, step: Step, no: string): Promise<Verdict> => {
  if (step.verb === 'call') return callProcedure(run, context, step, no);
  if (step.verb === 'unordered' || step.verb === 'repeat') return group(run, context, step, no);
  return recorded(run, context, step, no, () => simple(context, step));
};

type SimpleStep = Exclude<Step, CallStep | UnorderedStep | RepeatStep>;
const simple = (context: Context, step: SimpleStep): Promise<Outcome> | Outcome => {
  switch (step.verb) {
    case 'send':
      return send(context, step);
    case 'expect':
      return expectStep(context, step);
    case 'operator':
      return operate(context, step);
    case 'check':
      return check(context, step);
    case 'wait':
      return wait(context, step);
    case 'set':
      return setNames(context, step);
  }
};

const setNames = (context: Context, step: SetStep): Outcome => {
  for (const { key, value } of step.values) bind(context.scope, key, buildValue(value, undefined, context.scope));
  return { checks: [] };
};

/** Runs a step and writes it into the record, whatever becomes of it. */
const recorded = async (run: Run, context: Context, step: Step, no: string, work: () => Promise<Outcome> | Outcome): Promise<Verdict> => {
  const { state, log } = run;
  const started = log.elapsed();
  let outcome: Outcome = { checks: [] };
  let failed: { readonly verdict: Verdict; readonly reason: string } | undefined;
  try {
    outcome = await work();
  } catch (error) {
    failed = meaningOfError(error);
  }
  const [fault] = state.faults.splice(0);
  if (fault !== undefined) failed = meaningOfError(fault, 'error');
  if (state.limitReached && context.phase !== 'after')
    failed = { verdict: 'inconclusive', reason: `the guard time of the sequence (${run.planned.case.limit} s) is over` };
  const meaning = step.else ?? 'fail';
  const verdict = failed?.verdict ?? worst(outcome.checks.map(c => verdictOfCheck(c, context.phase, meaning)));
  const reason = failed?.reason ?? outcome.checks.filter(c => !c.ok && c.level === 'shall').map(checkText)[0];
  run.records.push({
    no,
    phase: context.phase,
    at: step.at,
    text: step.text,
    ...(step.note ? { note: step.note } : {}),
    verdict: outcome.skipped !== undefined && verdict === 'pass' ? 'skipped' : verdict,
    ...(verdict !== 'pass' && reason ? { reason } : outcome.skipped === undefined ? {} : { reason: outcome.skipped }),
    checks: outcome.checks,
    ...(outcome.exchange ? { exchange: outcome.exchange } : {}),
    ...(outcome.operator ? { operator: outcome.operator } : {}),
    started,
    seconds: log.elapsed() - started,
  });
  return verdict;
};

const callProcedure = async (run: Run, context: Context, step: CallStep, no: string): Promise<Verdict> => {
  const procedure = run.lab.catalogue.procedures.get(step.procedure);
  if (!procedure) throw new HarnessError(`no procedure ${step.procedure}`);
  const { condition } = run.lab;
  const leftBy = procedure.idempotent ? condition.leftBy(procedure.name) : undefined;
  if (leftBy !== undefined) {
    const skipped = `${leftBy} has left the IUT so, and nothing was sent or done since`;
    return recorded(run, context, step, no, () => ({ checks: [], skipped }));
  }
  const given = step.with ? buildValue(step.with, undefined, context.scope) : {};
  const inner = fork(
    context.scope,
    procedure.params.map(name => [name, isObject(given) ? (given[name] ?? ABSENT) : ABSENT] as const),
  );
  const steps = covering(procedure.steps, step);
  const verdict = await sequenceOfSteps(run, run.cast.context(context.phase, inner, context.phaseBegan), steps, `${no}.`);
  if (verdict === 'pass' && procedure.idempotent) condition.left(procedure.name, run.planned.entry.key);
  if (verdict !== 'pass' || !step.match) return verdict;
  const results = Object.fromEntries(procedure.returns.map(name => [name, inner.bound.get(name)]));
  return recorded(run, context, step, no, () => ({
    checks: matchChecks(
      context,
      step,
      matchValue(step.match as NonNullable<typeof step.match>, undefined, results, context.scope, context.spec),
    ),
  }));
};

const group = async (run: Run, context: Context, step: UnorderedStep | RepeatStep, no: string): Promise<Verdict> => {
  if (step.verb === 'unordered') return sequenceOfSteps(run, context, step.steps, `${no}.`, true);
  if (step.until && repeatEnds(context, step)) return 'pass';
  for (let round = 1; round <= step.count; round++) {
    const verdict = await sequenceOfSteps(run, context, step.steps, `${no}.${round}.`);
    if (verdict !== 'pass') return verdict;
    if (step.until && repeatEnds(context, step)) return 'pass';
  }
  if (!step.until) return 'pass';
  return recorded(run, context, step, no, () => ({
    checks: [
      stepCheck(context, step, {
        what: `repeat ends within ${step.count} rounds`,
        expected: 'the condition of until',
        actual: 'not met',
        ok: false,
      }),
    ],
  }));
};
const repeatEnds = (context: Context, step: RepeatStep): boolean => {
  if (!step.until) return false;
  const trial = fork(context.scope);
  const results = Object.fromEntries(step.until.entries.map(({ key }) => [key, trial.bound.get(key)]));
  return matchValue(step.until, undefined, results, trial, context.spec).comparisons.every(c => c.ok);
};

/** Until when what arrived belongs to a phase: what the last act of the preamble sets off is for the body. */
const endOf = ({ records }: Run, phase: Context['phase']): number => {
  const last = records.at(-1);
  if (phase !== 'before' || !last) return Number.POSITIVE_INFINITY;
  return last.operator ? last.started : last.started + last.seconds;
};

/** After the body: answers still on their way are waited for, and what no step looked at is judged by its automatic checks. */
const settle = async (run: Run, context: Context): Promise<Verdict> => {
  const { cast } = run;
  const parties = [...cast.parties.values()];
  await waitFor(
    () => (parties.every(p => p.outstanding === 0) ? true : undefined),
    cast.news,
    context.responseSeconds,
    run.state.over.signal,
  );
  await run.lab.weather.revealed(run.state.over.signal);
  const end = endOf(run, context.phase);
  const untaken = parties.flatMap(p => p.inbox.filter(a => !a.taken && a.at <= end));
  for (const arrival of untaken) arrival.taken = true;
  const at = run.planned.case.at;
  const placed = { at, covers: [] as string[] };
  const checks: Check[] = untaken.flatMap(a => a.checks.filter(c => !c.ok));
  for (const a of untaken)
    if ((a.kind === 'refusal' || a.kind === 'close') && !a.toEdited)
      checks.push(
        stepCheck(context, placed, {
          what: 'a correct message is answered',
          expected: 'an answer',
          actual: String(a.facts.reason ?? a.name),
          ok: false,
          exchange: a.exchange,
        }),
      );
  if (checks.length === 0 && run.state.faults.length === 0) return 'pass';
  const step = { verb: 'wait', at, text: 'what no step looked at', covers: [], seconds: 0 } as const;
  return recorded(run, context, step, `${context.phase}.end`, () => ({ checks }));
};
