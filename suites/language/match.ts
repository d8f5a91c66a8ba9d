/**
 * Compares a value with what the script expects. Partial for structures (fields not named are free), exact in length
 * for lists, and naming an alternative of a CHOICE demands it. Every comparison made is reported, passed ones too.
 */
import type { Spec, Type } from '#protocol/asn1/type.js';
import { CaseError } from './diagnostics.js';
import { same } from './equality.js';
import { evaluateScalar, plainText } from './evaluate.js';
import { appliedFunction, type Comparison as Judged } from './functions.js';
import { below, fieldsOf, layout, word } from './layout.js';
import { readScalar } from './reading.js';
import { bind, fork, type Scope } from './scope.js';
import { show } from './show.js';
import { didYouMean, type Entry, type ListNode, type MapNode, type Node, type Position, type ScalarNode } from './source.js';
import { ABSENT, isObject, MissingValue, unreadNode } from './values.js';

/** One comparison; reads as "<what>: expected <expected>, got <actual>". */
export interface Comparison {
  /** Path of the field from the message, e.g. `euiccPackageSigned.counterValue`; empty for the whole value. */
  readonly path: string;
  /** Where the script says so. */
  readonly at: Position;
  readonly ok: boolean;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}
export interface MatchResult {
  readonly ok: boolean;
  readonly comparisons: readonly Comparison[];
}

interface Place {
  readonly type: Type | undefined;
  readonly path: string;
  readonly scope: Scope;
  readonly spec: Spec | undefined;
  readonly found: Comparison[];
}

const step = (place: Place, name: string, type: Type | undefined): Place => ({
  ...place,
  type,
  path: place.path ? `${place.path}.${name}` : name,
});
const whatOf = (path: string): string => /[^.]+(?:\.\d+)*$/.exec(path)?.[0] ?? 'value';
const note = ({ path, found }: Place, at: Position, ok: boolean, expected: string, actual: string): void => {
  found.push({ path, at, ok, what: whatOf(path), expected, actual });
};
const fail = (at: Position, message: string, hint?: string): never => {
  throw new CaseError([{ code: 'value', at, message, ...(hint ? { hint } : {}) }]);
};

/** Throws CaseError; `elsewhere`: another version has it, so that among alternatives it is only the wrong one. */
const misfit = (elsewhere: boolean | undefined, at: Position, message: string, hint?: string): never => {
  throw new CaseError([{ code: elsewhere ? 'version' : 'value', at, message, ...(hint ? { hint } : {}) }]);
};

/** Compares in a scope of its own; what it bound counts only if it is chosen. */
const attempt = (node: Node, value: unknown, place: Place) => {
  const found: Comparison[] = [];
  const scope = fork(place.scope);
  const fits = (): boolean => {
    try {
      walk(node, value, { ...place, scope, found });
      return true;
    } catch (error) {
      if (error instanceof CaseError && error.code === 'version') return false;
      throw error;
    }
  };
  const ok = fits() && found.every(one => one.ok);
  const choose = () => {
    for (const [name, bound] of scope.bound) bind(place.scope, name, bound);
    place.found.push(...found);
  };
  return { ok, choose };
};

const judge = (expected: unknown, value: unknown, at: Position, place: Place): Judged => {
  const { type, spec } = place;
  const node = unreadNode(expected);
  if (node && node.kind !== 'scalar') return { ok: attempt(node, value, place).ok, expected: describe(node, place.scope, type) };
  if (node) {
    const text = plainText(node);
    const reading = readScalar(text, type, spec);
    if ('problem' in reading) return misfit(type && 'value' in readScalar(text, type), node.at, reading.problem, reading.hint);
    return { ok: same(reading.value, value, type, spec), expected: show(reading.value, type) };
  }
  const applied = appliedFunction(expected);
  if (!applied) return { ok: same(expected, value, type, spec), expected: show(expected, type) };
  const { definition, argument } = applied;
  if (!definition.match) return fail(at, `$${definition.name} makes a value; it says nothing about one`, 'it belongs into "with"');
  return definition.match(argument, value, (inner, v) => judge(inner, v, at, place));
};

const scalar = (node: ScalarNode, value: unknown, place: Place): void => {
  try {
    const { value: expected, as } = evaluateScalar(node, place.scope);
    if (as) bind(place.scope, as.name, value);
    const inner = unreadNode(expected);
    if (inner && inner.kind !== 'scalar') return walk(inner, value, place);
    const judged = judge(expected, value, node.at, place);
    note(place, node.at, judged.ok, judged.expected, show(value, place.type));
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    // What is expected was never there: nothing received can satisfy it.
    note(place, node.at, false, `${node.text} (${error.message})`, show(value, place.type));
  }
};

const count = (n: number): string => `${n} ${n === 1 ? 'item' : 'items'}`;

const list = (node: ListNode, value: unknown, place: Place): void => {
  const one = place.type && layout(place.type, place.spec);
  if (one?.kind === 'bits') {
    const names = node.items.map(item => (item.kind === 'scalar' ? item.text : fail(item.at, 'expected the name of a bit')));
    return note(place, node.at, same(names, value, one, place.spec), show(names), show(value, one));
  }
  if (one && one.kind !== 'sequenceOf') return fail(node.at, `expected a value for this ${word(one)}, got a list`);
  if (!Array.isArray(value)) return note(place, node.at, false, count(node.items.length), show(value, one));
  if (value.length !== node.items.length || value.length === 0)
    note(
      place,
      node.at,
      value.length === node.items.length,
      count(node.items.length),
      value.length === 0 ? 'none' : `${value.length}: ${show(value, one)}`,
    );
  if (value.length === node.items.length)
    for (const [i, item] of node.items.entries()) walk(item, value[i], step(place, String(i), one?.element));
};

const member = ([name = '', ...rest]: readonly string[], entry: Entry, value: unknown, place: Place): void => {
  const one = place.type && layout(place.type, place.spec);
  const inner = one && below(one, name, place.spec);
  if (one && !inner) {
    // A field of another version may be named, as long as it is not expected in this one.
    const elsewhere = place.type && below(place.type, name);
    const absent = elsewhere && entry.value.kind === 'scalar' ? attempt(entry.value, ABSENT, step(place, name, elsewhere)) : undefined;
    if (absent?.ok) return absent.choose();
    const names = fieldsOf(one, place.spec).map(field => field.name);
    return misfit(
      elsewhere !== undefined,
      entry.at,
      `no field "${name}" in this ${word(one)}; fields: ${names.join(', ')}`,
      didYouMean(name, names),
    );
  }
  const there = (isObject(value) && Object.hasOwn(value, name)) || (Array.isArray(value) && Number(name) < value.length);
  const child = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
  const last = rest.length === 0;
  if (one?.kind === 'choice' && !there && !(last && entry.value.kind === 'scalar'))
    return note(place, entry.at, false, [name, ...rest].join('.'), show(value, one));
  const next = step(place, name, inner);
  const found = there && child !== undefined ? child : ABSENT;
  if (last) walk(entry.value, found, next);
  else member(rest, entry, found, next);
};

const map = (node: MapNode, value: unknown, place: Place): void => {
  const [first] = node.entries;
  if (first?.key.startsWith('$')) return structured(first, value, place);
  const one = place.type && layout(place.type, place.spec);
  if (one && one.kind !== 'sequence' && one.kind !== 'choice' && one.kind !== 'sequenceOf')
    return fail(node.at, `expected a value for this ${word(one)}, got a map`);
  if (!first) return note(place, node.at, value !== ABSENT, 'present', value === ABSENT ? 'absent' : 'present');
  if (value !== ABSENT && !isObject(value) && !Array.isArray(value)) return note(place, node.at, false, 'a map', show(value, one));
  for (const entry of node.entries) {
    if (entry.key.startsWith('..') && place.type === undefined) {
      onlyOne(entry, value, place);
      continue;
    }
    // Without a type a key may itself contain points (host names, header names); the value tells.
    const whole = place.type === undefined && isObject(value) && Object.hasOwn(value, entry.key);
    member(whole ? [entry.key] : entry.key.split('.'), entry, value, place);
  }
};

const everywhere = (value: unknown, name: string): readonly unknown[] => {
  if (Array.isArray(value)) return value.flatMap(item => everywhere(item, name));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [...(key === name ? [item] : []), ...everywhere(item, name)]);
};

/** `..name`: the only field of that name anywhere below. */
const onlyOne = (entry: Entry, value: unknown, place: Place): void => {
  const name = entry.key.slice(2);
  const found = everywhere(value, name);
  if (found.length > 1) note(step(place, name, undefined), entry.at, false, `one field "${name}"`, `${found.length}: ${show(found)}`);
  else walk(entry.value, found.length === 0 ? ABSENT : found[0], step(place, name, undefined));
};

/** Finds a different item for each pattern, trying all ways. */
const assign = (
  patterns: readonly Node[],
  items: readonly unknown[],
  place: Place,
  element: Type | undefined,
  taken: readonly number[] = [],
): readonly number[] | undefined => {
  const [pattern, ...rest] = patterns;
  if (!pattern) return taken;
  for (const [i, item] of items.entries()) {
    if (taken.includes(i) || !attempt(pattern, item, { ...place, type: element }).ok) continue;
    const all = assign(rest, items, place, element, [...taken, i]);
    if (all) return all;
  }
  return undefined;
};

const contains = (patterns: readonly Node[], at: Position, value: unknown, place: Place): void => {
  const one = place.type && layout(place.type, place.spec);
  const expected = `a list with ${patterns.map(pattern => describe(pattern, place.scope, one?.element)).join(' and ')}`;
  if (!Array.isArray(value)) return note(place, at, false, expected, show(value, one));
  const found = assign(patterns, value, place, one?.element);
  if (!found) return note(place, at, false, expected, show(value, one));
  patterns.forEach((pattern, n) => {
    const i = found[n] ?? 0;
    attempt(pattern, value[i], step(place, String(i), one?.element)).choose();
  });
};

const structured = ({ key, value: pattern, at }: Entry, value: unknown, place: Place): void => {
  const one = place.type && layout(place.type, place.spec);
  if (key === '$each') {
    if (!Array.isArray(value) || value.length === 0)
      return note(place, at, false, 'at least one item', Array.isArray(value) ? 'none' : show(value, one));
    for (const [i, item] of value.entries()) walk(pattern, item, step(place, String(i), one?.element));
    return;
  }
  if (pattern.kind !== 'list') return fail(pattern.at, `${key} takes a list`);
  if (key === '$contains') return contains(pattern.items, at, value, place);
  if (key !== '$oneOf') return fail(at, `unknown key "${key}"; known: $oneOf, $contains, $each`);
  for (const item of pattern.items) {
    const tried = attempt(item, value, place);
    if (tried.ok) return tried.choose();
  }
  note(place, at, false, pattern.items.map(item => describe(item, place.scope, place.type)).join(' or '), show(value, one));
};

const walk = (node: Node, value: unknown, place: Place): void => {
  if (node.kind === 'scalar') scalar(node, value, place);
  else if (node.kind === 'list') list(node, value, place);
  else map(node, value, place);
};

/** What a scalar of a pattern stands for here and now, as text; a matcher, and what has no value, as it is written. */
const meaning = (node: ScalarNode, scope: Scope): string => {
  try {
    const { value } = evaluateScalar(node, scope);
    const inner = unreadNode(value);
    if (inner) return inner.kind === 'scalar' ? plainText(inner) : describe(inner, scope);
    return value === ABSENT || appliedFunction(value) ? node.text : show(value);
  } catch (error) {
    if (error instanceof MissingValue || error instanceof CaseError) return node.text;
    throw error;
  }
};

/** What a pattern demands, on one line. */
const describe = (node: Node, scope: Scope, type?: Type): string => {
  if (node.kind === 'scalar') return meaning(node, scope);
  if (node.kind === 'list') return `[${node.items.map(item => describe(item, scope)).join(', ')}]`;
  const inner = node.entries.map(({ key, value }) =>
    value.kind === 'map' && value.entries.length === 0 ? key : `${key}: ${describe(value, scope)}`,
  );
  const [only] = inner;
  if (only !== undefined && inner.length === 1)
    return type && layout(type).kind === 'choice' ? only.replace(': ', ' ') : only.startsWith('$') ? only : `{${only}}`;
  return `{${inner.join(', ')}}`;
};

/**
 * Compares `value` (ABSENT when there is none) with a pattern. Names captured with `as` are bound in the scope, with
 * ABSENT for a missing field. Throws CaseError when the pattern itself does not fit the type.
 */
export const matchValue = (node: Node, type: Type | undefined, value: unknown, scope: Scope, spec?: Spec): MatchResult => {
  const found: Comparison[] = [];
  walk(node, value === undefined ? ABSENT : value, { type, path: '', scope, spec, found });
  return { ok: found.every(one => one.ok), comparisons: found };
};
