/** What each verb of a step says besides the words that all steps have. */
import type { Type } from '#protocol/asn1/type.js';
import {
  type CallStep,
  type CheckStep,
  EVENTS,
  type ExpectStep,
  type OperatorStep,
  type RepeatStep,
  type SendStep,
  type SetStep,
  type Step,
  type StepBase,
  type UnorderedStep,
  type Verb,
  type WaitStep,
} from './ast.js';
import { checkContent, checkEdits } from './check-content.js';
import { checkScalar } from './check-expression.js';
import { DURATION_FORM, readDuration } from './duration.js';
import { functionNamed } from './functions.js';
import { isActor, type Names } from './names.js';
import { bindEntries, checkKeys, type Reading, readSteps, readWait } from './read-step.js';
import { kindOf, listAt, mapAt, nodeAt, scalarAt, textAt } from './shape.js';
import { didYouMean, type Entry, type MapNode, type Node, type ScalarNode } from './source.js';

const given = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };

const subject = (entry: Entry, what: string, names: Names): ScalarNode | undefined => {
  if (entry.value.kind === 'scalar') return entry.value;
  names.report('shape', entry.value.at, `expected ${what}, got ${kindOf(entry.value)}`);
  return undefined;
};

const actorOf = (entry: Entry, { names, uses }: Reading): string => {
  const actor = entry.key.split('.')[0] ?? '';
  uses.actors.add(actor);
  if (isActor(names, actor)) return actor;
  const all = [...(names.actors ?? [])];
  if (names.actors)
    names.report(
      'unknown-actor',
      entry.at,
      `no actor "${actor}" in this case; actors: ${all.join(', ') || 'none'}`,
      didYouMean(actor, all),
    );
  else names.report('unknown-actor', entry.at, `"${actor}" is no actor; a role (eim, ipa, euicc, smdp, smds), or a role and a digit`);
  return actor;
};

const typeAt = (node: ScalarNode, events: readonly string[], names: Names): Type | undefined => {
  const { types } = names.known;
  const type = types.typeNamed(node.text);
  if (!type && !events.includes(node.text))
    names.report('unknown-type', node.at, `no ASN.1 type "${node.text}"`, didYouMean(node.text, [...events, ...types.typeNames()]));
  return type;
};

const untyped = (node: Node | undefined, use: 'build' | 'match', names: Names): void => {
  if (node) checkContent(node, { names, use, type: undefined });
};

/** Answers, by the naming of the specifications. */
const isAnswer = (typeName: string): boolean => /Response(Esipa|Es9|Es11)?$/.test(typeName);

const readSend = (entry: Entry, words: MapNode, base: StepBase, reading: Reading): SendStep | undefined => {
  const { names, sent, expected } = reading;
  const actor = actorOf(entry, reading);
  const name = subject(entry, 'a type', names);
  if (!name) return undefined;
  const type = typeAt(name, ['nothing'], names);
  if (isAnswer(name.text) && names.actors && !expected.has(actor))
    names.report(
      'follows-nothing',
      entry.at,
      `${actor} answers with ${name.text}, but no step before expects a request`,
      `"${actor}.expect: …" comes first`,
    );
  sent.add(actor);
  const content = nodeAt(words, 'with');
  if (content && type) checkContent(content, { names, use: 'build', type });
  const [mutate, corrupt, link] = [nodeAt(words, 'mutate'), nodeAt(words, 'corrupt'), nodeAt(words, 'link')];
  for (const edits of [mutate, corrupt]) if (edits && type) checkEdits(edits, type, names);
  const signWith = scalarAt(words, 'signWith');
  if (signWith && !/^\$(row\.|SK_)/.test(signWith.text))
    names.report('shape', signWith.at, `expected a private key such as $SK_S_EIMsign, got "${signWith.text}"`);
  else if (signWith) checkScalar(signWith, { names, use: 'build', type: undefined });
  untyped(link, 'build', names);
  return {
    verb: 'send',
    actor,
    typeName: name.text,
    ...given('type', type),
    ...given('with', content),
    ...given('mutate', mutate),
    ...given('signWith', signWith),
    ...given('corrupt', corrupt),
    ...given('link', link),
    ...base,
  };
};

const checkMatch = (node: Node, types: readonly Type[], hasEvent: boolean, names: Names): void => {
  if (types.length === 0 || hasEvent) return untyped(node, 'match', names);
  for (const type of types) checkContent(node, { names, use: 'match', type });
};

const readVerify = (words: MapNode, names: Names): ScalarNode | undefined => {
  const verify = scalarAt(words, 'verify');
  if (verify?.text.startsWith('$')) checkScalar(verify, { names, use: 'build', type: undefined });
  else if (verify && verify.text !== 'all' && verify.text !== 'none')
    names.report('shape', verify.at, `expected all, none or a key such as $PK_S_EIMsign, got "${verify.text}"`);
  return verify;
};

const readExpect = (entry: Entry, words: MapNode, base: StepBase, reading: Reading): ExpectStep | undefined => {
  const { names, sent, expected } = reading;
  const actor = actorOf(entry, reading);
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const accepted = items.filter(item => item.kind === 'scalar');
  if (accepted.length === 0 || accepted.length < items.length) {
    names.report('shape', entry.value.at, `expected a type or event, or a list of them, got ${kindOf(entry.value)}`);
    return undefined;
  }
  const types = accepted.flatMap(item => typeAt(item, EVENTS, names) ?? []);
  const accepts = accepted.map(item => item.text);
  if (accepts.every(isAnswer) && names.actors && !sent.has(actor))
    names.report(
      'follows-nothing',
      entry.at,
      `${actor} expects ${accepts.join(' or ')}, but no step before sends a request`,
      `"${actor}.send: …" comes first`,
    );
  expected.add(actor);
  const wait = readWait(words, names);
  const match = nodeAt(words, 'match');
  if (accepts.includes('nothing')) {
    if (wait.within === undefined) names.report('missing-key', entry.value.at, '"nothing" needs "within": how long to listen');
    if (match) names.report('wrong-place', match.at, 'there is nothing to match in "nothing"');
  } else if (match) checkMatch(match, types, types.length < accepts.length, names);
  const verify = readVerify(words, names);
  const link = nodeAt(words, 'link');
  untyped(link, 'match', names);
  const optional = textAt(words, 'optional') === 'true';
  return {
    verb: 'expect',
    actor,
    accepts,
    types,
    ...given('match', match),
    ...wait,
    ...(optional ? { optional } : {}),
    ...given('verify', verify),
    ...given('link', link),
    ...base,
  };
};

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
  seen = new Set<string>(),
): { readonly actors: ReadonlySet<string>; readonly roles: ReadonlySet<string> } => {
  const use = names.known.procedures.get(name);
  if (!use || seen.has(name)) return { actors: new Set(), roles: new Set() };
  seen.add(name);
  const inner = [...use.calls].map(called => reach(called, names, seen));
  return {
    actors: new Set([use.actors, ...inner.map(one => one.actors)].flatMap(set => [...set])),
    roles: new Set([use.roles, ...inner.map(one => one.roles)].flatMap(set => [...set])),
  };
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
