/** `<actor>.expect`: waits for a message or an event and compares it. */
import type { Check } from '../../reports/record.js';
import type { ExpectStep } from '../language/ast.js';
import { evaluateScalar } from '../language/evaluate.js';
import { matchValue } from '../language/match.js';
import { ABSENT } from '../language/values.js';
import { type Context, type Outcome, stepCheck } from '../runtime/context.js';
import { type Arrival, isOpen, type Party } from '../runtime/party.js';
import { waitFor } from '../runtime/signal.js';
import { HarnessError, Inconclusive } from '../verdict.js';
import { matchChecks } from './matching.js';
import { reachSeconds, waitSeconds } from './waiting.js';

export const expectStep = async (context: Context, step: ExpectStep): Promise<Outcome> => {
  const party = context.parties.get(step.actor);
  if (!party) throw new HarnessError(`no actor ${step.actor}`);
  return step.accepts.includes('nothing') ? expectNothing(context, step, party) : expectSomething(context, step, party);
};

/** Seconds in which what a process sent before it ended reaches us. */
const LAST_WORDS = 1;
const ENDED = Symbol('ended');

/** Waits for an arrival, but not for one of an IUT whose process has ended, nor after a fault of ours. */
const arrivalOf = async (
  context: Context,
  party: Party,
  look: () => Arrival | undefined,
  seconds: number,
): Promise<Arrival | undefined> => {
  const { over } = context.stage;
  const isVain = () => context.stage.faulted() || context.iutEnded() !== undefined;
  const found = await waitFor(() => look() ?? (isVain() ? ENDED : undefined), party.news, seconds, over);
  if (context.stage.faulted()) return found === ENDED ? undefined : found;
  return found === ENDED ? waitFor(look, party.news, Math.min(seconds, LAST_WORDS), over) : found;
};

const expectNothing = async (context: Context, step: ExpectStep, party: Party): Promise<Outcome> => {
  const stranger = () => party.inbox.find(a => isOpen(a) && a.at >= context.phaseBegan);
  // What was sent before may still be on its way under weather.
  const seconds = waitSeconds(context, step.within, 0) + context.stage.weather.lagSeconds;
  const found = await arrivalOf(context, party, stranger, seconds);
  if (found) found.taken = true;
  return {
    checks: [
      ...(found?.checks ?? []),
      stepCheck(context, step, {
        what: `${party.name} receives nothing`,
        expected: 'nothing',
        actual: found ? describe(found) : 'nothing',
        ok: !found,
      }),
    ],
    ...(found ? { exchange: found.exchange } : {}),
  };
};

const expectSomething = async (context: Context, step: ExpectStep, party: Party): Promise<Outcome> => {
  const isClient = context.clientWire(party, step.accepts) !== undefined;
  const accepted = (a: Arrival) => step.accepts.includes(a.name);
  // A caller's answers come one by one; a server takes the first message of the type, whatever else has come.
  const look = () => party.inbox.find(a => isOpen(a) && (isClient ? a.isAnswer : !a.isAnswer && (!party.auto || accepted(a))));
  const seconds = reachSeconds(context, step.within, context.responseSeconds);
  const arrival = await arrivalOf(context, party, look, seconds);
  const wanted = step.accepts.join(' or ');
  party.wasSpared = step.optional === true && !(arrival && accepted(arrival));
  if (!arrival) {
    if (step.optional) return { checks: [], skipped: `no ${wanted} within ${seconds} s` };
    return missing(context, step, party, wanted, seconds);
  }
  if (!accepted(arrival)) {
    if (step.optional) return { checks: [], skipped: `${describe(arrival)} instead of ${wanted}` };
    arrival.taken = true;
    blameless(arrival);
    const check = stepCheck(context, step, {
      what: `${party.name} receives ${wanted}`,
      expected: wanted,
      actual: describe(arrival),
      ok: false,
      exchange: arrival.exchange,
    });
    return { checks: [check, ...arrival.checks], exchange: arrival.exchange };
  }
  arrival.taken = true;
  const received = stepCheck(context, step, {
    what: `${party.name} receives ${wanted}`,
    expected: wanted,
    actual: describe(arrival),
    ok: true,
    exchange: arrival.exchange,
  });
  return { checks: [received, ...automatic(context, step, arrival), ...matched(context, step, arrival)], exchange: arrival.exchange };
};

/** Without an answer of the peer nothing is proved: it could not be reached, or we refused its certificate. */
const blameless = (arrival: Arrival): void => {
  const { code, by, reason } = arrival.facts;
  const unreached = arrival.kind === 'close' && (code === 'refused' || code === 'unreachable');
  if (unreached || (arrival.kind === 'handshakeFailure' && by === 'harness'))
    throw new Inconclusive(`the IUT cannot be reached: ${String(reason)}`);
};

/** An answer that says by its status that no function was executed: rules for answers of functions do not concern it. */
const isHttpRefusal = ({ kind, facts }: Arrival): boolean => kind === 'refusal' && typeof facts.status === 'number' && facts.status >= 300;

const automatic = (context: Context, step: ExpectStep, arrival: Arrival): readonly Check[] => {
  if (isHttpRefusal(arrival)) return [];
  if (step.verify?.kind !== 'scalar') return arrival.checks;
  const isSignature = (c: Check) => c.what.includes(' verifies over ');
  if (step.verify.text === 'all') return arrival.checks;
  if (step.verify.text === 'none') return arrival.checks.filter(c => !isSignature(c));
  const { value } = evaluateScalar(step.verify, context.scope);
  if (value === ABSENT) return arrival.checks;
  return [...arrival.checks.filter(c => !isSignature(c)), ...context.verifyWith(arrival, value)];
};

const matched = (context: Context, step: ExpectStep, arrival: Arrival): readonly Check[] => {
  const checks: Check[] = [];
  const about = { exchange: arrival.exchange };
  if (step.match) {
    const message = arrival.received?.message;
    const result = message
      ? matchValue(step.match, message.type, message.value, context.scope, context.spec)
      : matchValue(step.match, undefined, arrival.facts, context.scope, context.spec);
    checks.push(...matchChecks(context, step, result, message, about));
  }
  if (step.link)
    checks.push(
      ...matchChecks(context, step, matchValue(step.link, undefined, arrival.facts, context.scope, context.spec), undefined, about),
    );
  return checks;
};

const describe = (a: Arrival): string => {
  if (a.kind === 'message') return a.name;
  const { status, reason } = a.facts;
  return [a.name, status === undefined ? '' : `HTTP ${String(status)}`, reason === undefined ? '' : String(reason)]
    .filter(Boolean)
    .join(', ');
};

/** Nothing came in time. When the script itself keeps the IUT waiting, the script is at fault, not the IUT. */
const missing = (context: Context, step: ExpectStep, party: Party, wanted: string, seconds: number): Outcome => {
  const others = [...context.parties.values()];
  const held = others.flatMap(p =>
    p.inbox.filter(a => a.answer).map(a => `${p.name} ← ${a.name} (since ${(context.stage.log.elapsed() - a.at).toFixed(1)} s)`),
  );
  const instead = party.inbox.filter(isOpen).map(a => a.name);
  const what = `${party.name} did not receive ${wanted} within ${seconds} s`;
  if (held.length > 0) throw new HarnessError(`${what}; waiting unanswered meanwhile: ${held.join(', ')}`);
  const ended = context.iutEnded();
  const excuse = ended === undefined ? context.stage.weather.excuse(seconds) : undefined;
  if (excuse) throw new Inconclusive(`${what}; ${excuse}`);
  const actual = ended ?? (instead.length > 0 ? `nothing of it; ${party.name} received instead: ${instead.join(', ')}` : 'nothing');
  return { checks: [stepCheck(context, step, { what, expected: wanted, actual, ok: false })] };
};
