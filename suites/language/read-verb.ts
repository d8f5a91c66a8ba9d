/** What each verb of a step says besides the words that all steps have. */
import type { CallStep, CheckStep, OperatorStep, RepeatStep, SetStep, Step, StepBase, UnorderedStep, Verb, WaitStep } from './ast.js';
import { checkScalar } from './check-expression.js';
import { DURATION_FORM, readDuration } from './duration.js';
import { functionNamed } from './functions.js';
import type { Names } from './names.js';
import { readExpect, readSend } from './read-exchange.js';
import { given, subject, untyped } from './read-parts.js';
import { bindEntries, checkKeys, type Reading, readSteps, readWait } from './read-step.js';
import { kindOf, listAt, mapAt, nodeAt } from './shape.js';
import { didYouMean, type Entry, type MapNode } from './source.js';

const readOperator = (entry: Entry, words: MapNode, base: StepBase, { names, iut, uses }: Reading): OperatorStep | undefined => {
  const name = subject(entry, 'an action', names);
  if (!name) return undefined;
  const { actions } = names.known;
  const action = actions.get(name.text);
  const [content, match] = [nodeAt(words, 'with'), nodeAt(words, 'match')];
  if (!action) names.report('unknown-action', name.at, `no operator action "${name.text}"`, didYouMean(name.text, actions.keys()));
  else {
    uses.roles.add(action.of);
    if (iut !== undefined && action.of !== iut)
      names.report('unknown-action', name.at, `"${name.text}" operates the ${action.of}; this case tests the ${iut}`);
    const what = { unknown: 'unknown-parameter', of: `"${name.text}"` } as const;
    checkKeys(content, entry, action.with, names, { ...what, noun: 'parameter', complete: true });
    if (match) checkKeys(match, entry, action.gives, names, { ...what, noun: 'result', complete: false });
  }
  untyped(content, 'build', names);
  untyped(match, 'match', names);
  return { verb: 'operator', action: name.text, ...given('with', content), ...given('match', match), ...readWait(words, names), ...base };
};

/** Actors and roles that a procedure uses, with those of the procedures it calls. */
const reach = (
  name: string,
  names: Names,
  into = { actors: new Set<string>(), roles: new Set<string>(), seen: new Set<string>() },
): { readonly actors: ReadonlySet<string>; readonly roles: ReadonlySet<string> } => {
  const use = names.known.procedures.get(name);
  if (!use || into.seen.has(name)) return into;
  into.seen.add(name);
  for (const actor of use.actors) into.actors.add(actor);
  for (const role of use.roles) into.roles.add(role);
  for (const called of use.calls) reach(called, names, into);
  return into;
};

const readCall = (entry: Entry, words: MapNode, base: StepBase, { names, iut, uses, sent, expected }: Reading): CallStep | undefined => {
  const name = subject(entry, 'a procedure', names);
  if (!name) return undefined;
  const { procedures } = names.known;
  const procedure = procedures.get(name.text);
  uses.calls.add(name.text);
  const [content, match] = [nodeAt(words, 'with'), nodeAt(words, 'match')];
  if (!procedure) names.report('unknown-procedure', name.at, `no procedure "${name.text}"`, didYouMean(name.text, procedures.keys()));
  else {
    const what = { unknown: 'unknown-parameter', of: `"${name.text}"` } as const;
    checkKeys(content, entry, procedure.params, names, { ...what, noun: 'parameter', complete: true });
    const returns = procedure.returns.map(one => ({ name: one, optional: true }));
    if (match) checkKeys(match, entry, returns, names, { ...what, noun: 'result', complete: false });
    const { actors, roles } = reach(name.text, names);
    const lacking = names.actors ? [...actors].filter(actor => !names.actors?.has(actor)) : [];
    if (lacking.length > 0)
      names.report('unknown-actor', name.at, `"${name.text}" uses ${lacking.join(', ')}, which this case does not declare in "actors"`);
    const foreign = [...roles].filter(role => iut !== undefined && role !== iut);
    if (foreign.length > 0)
      names.report('unknown-action', name.at, `"${name.text}" operates the ${foreign.join(', ')}; this case tests the ${iut}`);
    for (const actor of actors) {
      sent.add(actor);
      expected.add(actor);
    }
  }
  untyped(content, 'build', names);
  untyped(match, 'match', names);
  return { verb: 'call', procedure: name.text, ...given('with', content), ...given('match', match), ...base };
};

const readCheck = (entry: Entry, words: MapNode, base: StepBase, { names }: Reading): CheckStep | undefined => {
  const value = subject(entry, 'a value', names);
  const match = nodeAt(words, 'match');
  if (!value) return undefined;
  if (!value.text.startsWith('$')) names.report('shape', value.at, `"check" looks at a value such as $ipa.link, got "${value.text}"`);
  else checkScalar(value, { names, use: 'build', type: undefined });
  untyped(match, 'match', names);
  return match && { verb: 'check', value, match, ...readWait(words, names), ...base };
};

const readSet = (entry: Entry, base: StepBase, { names }: Reading): SetStep | undefined => {
  if (entry.value.kind !== 'map') {
    names.report('shape', entry.value.at, `expected a map of names and values, got ${kindOf(entry.value)}`);
    return undefined;
  }
  const { entries } = entry.value;
  for (const { key, at, value } of entries) {
    untyped(value, 'build', names);
    if (functionNamed(key)) names.report('reserved-name', at, `"${key}" is a function and cannot be bound`);
  }
  bindEntries(entries, names);
  return { verb: 'set', values: entries, ...base };
};

const readUnordered = (entry: Entry, base: StepBase, reading: Reading): UnorderedStep | undefined => {
  const { names } = reading;
  if (entry.value.kind !== 'list') {
    names.report('shape', entry.value.at, `expected a list of steps, got ${kindOf(entry.value)}`);
    return undefined;
  }
  // Their order is open, so none may use what another binds: each starts from what was bound before.
  const parts = entry.value.items.map(item => {
    const own: Names = { ...names, bound: new Map(names.bound) };
    return { bound: own.bound, steps: readSteps([item], { ...reading, names: own }) };
  });
  for (const { bound } of parts) for (const [name, binding] of bound) if (!names.bound.has(name)) names.bound.set(name, binding);
  return { verb: 'unordered', steps: parts.flatMap(part => part.steps), ...base };
};

const readRepeat = (entry: Entry, words: MapNode, base: StepBase, reading: Reading): RepeatStep | undefined => {
  const { names } = reading;
  const count = subject(entry, 'a count', names);
  if (!count) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(count.text)) names.report('shape', count.at, `expected a count from 1 to 9999, got "${count.text}"`);
  const steps = readSteps(listAt(words, 'steps'), reading);
  const until = mapAt(words, 'until');
  const node = nodeAt(words, 'until');
  if (node && !until) names.report('shape', node.at, `expected a map of names and patterns, got ${kindOf(node)}`);
  for (const { key, at } of until?.entries ?? [])
    if (!names.bound.has(key))
      names.report(
        'unbound',
        at,
        `"${key}" has no value yet; bound so far: ${[...names.bound.keys()].join(', ') || 'nothing'}`,
        didYouMean(key, names.bound.keys()),
      );
  untyped(until, 'match', names);
  return { verb: 'repeat', count: Number(count.text) || 1, steps, ...given('until', until), ...base };
};

const readPause = (entry: Entry, base: StepBase, { names }: Reading): WaitStep | undefined => {
  const duration = subject(entry, DURATION_FORM, names);
  if (!duration) return undefined;
  const seconds = readDuration(duration.text);
  if (seconds === undefined) names.report('duration', duration.at, `expected ${DURATION_FORM}, got "${duration.text}"`);
  if (base.note === undefined) names.report('missing-key', entry.at, '"wait" needs "note": why to wait');
  return seconds === undefined ? undefined : { verb: 'wait', seconds, ...base };
};

/** Reads what is the verb's own; undefined when too little can be read, which has been reported. */
export const readVerb = (verb: Verb, entry: Entry, words: MapNode, base: StepBase, reading: Reading): Step | undefined => {
  switch (verb) {
    case 'send':
      return readSend(entry, words, base, reading);
    case 'expect':
      return readExpect(entry, words, base, reading);
    case 'operator':
      return readOperator(entry, words, base, reading);
    case 'call':
      return readCall(entry, words, base, reading);
    case 'check':
      return readCheck(entry, words, base, reading);
    case 'set':
      return readSet(entry, base, reading);
    case 'unordered':
      return readUnordered(entry, base, reading);
    case 'repeat':
      return readRepeat(entry, words, base, reading);
    case 'wait':
      return readPause(entry, base, reading);
  }
};
