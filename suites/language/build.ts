/** Values made from YAML: from nothing, or laid over what a correct role composed. */
import { raw, rawOctets, type Spec, type Type } from '#protocol/asn1/type.js';
import { CaseError } from './diagnostics.js';
import { evaluateScalar, plainText } from './evaluate.js';
import { appliedFunction } from './functions.js';
import { below, fieldsOf, layout, word } from './layout.js';
import { readBit, readScalar } from './reading.js';
import { bind, type Scope } from './scope.js';
import { show } from './show.js';
import { didYouMean, type Entry, type ListNode, type MapNode, type Node, type Position, type ScalarNode } from './source.js';
import { ABSENT, AUTO, isObject, NoAutoValue, unreadNode } from './values.js';

interface Place {
  readonly type: Type | undefined;
  readonly scope: Scope;
  readonly spec: Spec | undefined;
  readonly at: Position;
}

const fail = (at: Position, message: string, hint?: string): never => {
  throw new CaseError([{ code: 'value', at, message, ...(hint ? { hint } : {}) }]);
};

/** Whether a value that was not written as text can stand where a type is expected. */
const fits = (value: unknown, type: Type): boolean => {
  if (rawOctets(value)) return true;
  switch (type.kind) {
    case 'integer':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'boolean':
      return typeof value === 'boolean';
    case 'null':
      return value === null;
    case 'octets':
    case 'der':
    case 'open':
      return value instanceof Uint8Array;
    case 'utf8':
    case 'oid':
      return typeof value === 'string';
    case 'bits':
      return type.names ? Array.isArray(value) : typeof value === 'string';
    case 'sequenceOf':
      return Array.isArray(value);
    default:
      return isObject(value);
  }
};

const isStructure = (type: Type): boolean => type.kind === 'sequence' || type.kind === 'sequenceOf' || type.kind === 'choice';

/** A value from an expression, fitted to its place. */
const settle = (found: unknown, base: unknown, place: Place): unknown => {
  const { type, at, scope, spec } = place;
  const node = unreadNode(found);
  if (node) return lay(base, node, place);
  const applied = appliedFunction(found);
  if (applied) {
    const { definition, argument } = applied;
    if (!definition.build)
      return fail(at, `$${definition.name} says what a value must be like; it has none of its own`, 'it belongs into "match"');
    const built = definition.build(argument, scope.random);
    if (built !== AUTO) return settle(built, base, place);
    if (base === undefined || base === ABSENT) throw new NoAutoValue('a correct counterpart puts nothing here, so $auto has no value');
    return base;
  }
  if (found === ABSENT || type === undefined) return found;
  const one = layout(type, spec);
  if (fits(found, one)) return isStructure(one) ? fitted(found, { ...place, type: one }) : found;
  // A message as octets keeps its signature when it is relayed as it came.
  if (found instanceof Uint8Array && isStructure(one)) return raw(found);
  if (typeof found === 'string') return read(found, place);
  return fail(at, `expected a value for this ${word(type, spec)}, got ${show(found)}`);
};

/** A structure that a procedure was given is made of texts as they stand in the file; in its place every text is read as its field. */
const fitted = (found: unknown, place: Place): unknown => {
  if (rawOctets(found)) return found;
  const { type, spec } = place;
  const inner = (step: string, value: unknown): unknown => {
    const field = type && below(type, step, spec);
    return field && value !== undefined ? settle(value, undefined, { ...place, type: field }) : value;
  };
  if (Array.isArray(found)) return found.map((item, n) => inner(String(n), item)).filter(item => item !== ABSENT);
  if (!isObject(found)) return found;
  const entries = Object.entries(found).map(([step, value]) => [step, inner(step, value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ABSENT));
};

const read = (text: string, { type, spec, at }: Place): unknown => {
  const reading = readScalar(text, type, spec);
  return 'problem' in reading ? fail(at, reading.problem, reading.hint) : reading.value;
};

const scalar = (base: unknown, node: ScalarNode, place: Place): unknown => {
  const { value, as } = evaluateScalar(node, place.scope);
  const literal = unreadNode(value);
  const settled = literal?.kind === 'scalar' ? literalValue(literal, place) : settle(value, base, place);
  if (as) bind(place.scope, as.name, settled);
  return settled;
};
const literalValue = (node: ScalarNode, place: Place): unknown => read(plainText(node), { ...place, at: node.at });

const list = (base: unknown, node: ListNode, place: Place): unknown => {
  const { type, scope, spec } = place;
  const one = type && layout(type, spec);
  if (one?.kind === 'bits' && type)
    return node.items.map(item => {
      if (item.kind !== 'scalar') return fail(item.at, 'expected the name of a bit');
      const { value } = evaluateScalar(item, scope);
      const bit = unreadNode(value);
      const reading = readBit(bit?.kind === 'scalar' ? bit.text : String(value), type, spec);
      return 'problem' in reading ? fail(item.at, reading.problem, reading.hint) : reading.value;
    });
  if (one && one.kind !== 'sequenceOf') return fail(node.at, `expected a value for this ${word(one)}, got a list`);
  const before: readonly unknown[] = Array.isArray(base) ? base : [];
  return node.items.map((item, i) => lay(before[i], item, { ...place, type: one?.element, at: item.at })).filter(item => item !== ABSENT);
};

const map = (base: unknown, node: MapNode, place: Place): unknown => {
  if (place.type === undefined) {
    const entries = node.entries.map(({ key, value }) => [key, lay(undefined, value, { ...place, at: value.at })] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== ABSENT));
  }
  const one = layout(place.type, place.spec);
  if (one.kind !== 'sequence' && one.kind !== 'choice' && one.kind !== 'sequenceOf')
    return fail(node.at, `expected a value for this ${word(one)}, got a map`);
  if (one.kind === 'choice') {
    const named = new Set(node.entries.map(entry => entry.key.split('.')[0]));
    if (named.size !== 1) return fail(node.at, `expected one alternative of this CHOICE, got ${named.size}`);
  }
  const start: unknown = one.kind === 'sequenceOf' ? (Array.isArray(base) ? base : []) : isObject(base) && !rawOctets(base) ? base : {};
  return node.entries.reduce((value, entry) => member(value, entry.key.split('.'), entry, place), start);
};

/** Lays one entry over a structure; `path` is what is left of its dotted key. */
const member = (base: unknown, [step = '', ...rest]: readonly string[], entry: Entry, place: Place): unknown => {
  const type = place.type && layout(place.type, place.spec);
  const inner = type && below(type, step, place.spec);
  if (type && !inner && isLeftOut(step, entry, place)) return base;
  if (!type || !inner) return unknownField(step, entry, place);
  const old = Array.isArray(base) ? base[Number(step)] : isObject(base) ? base[step] : undefined;
  const next = { ...place, type: inner, at: entry.value.at };
  const made = rest.length === 0 ? lay(old, entry.value, next) : member(old, rest, entry, next);
  if (type.kind === 'sequenceOf') {
    const items: readonly unknown[] = Array.isArray(base) ? base : [];
    if (Number(step) > items.length) return fail(entry.at, `there is no item ${step} in this list of ${items.length}`);
    return made === ABSENT ? items.filter((_, i) => i !== Number(step)) : replaced(items, Number(step), made);
  }
  // Naming another alternative replaces the one the role chose.
  if (type.kind === 'choice') return { [step]: made };
  const { [step]: _, ...others } = isObject(base) ? base : {};
  return made === ABSENT ? others : { ...others, [step]: made };
};
/** A field of another version may be named where its value says that it is left out. */
const isLeftOut = (step: string, { value: node }: Entry, { type, scope }: Place): boolean => {
  if (node.kind !== 'scalar' || !type || !below(type, step)) return false;
  const { value, as } = evaluateScalar(node, scope);
  if (value === ABSENT && as) bind(scope, as.name, ABSENT);
  return value === ABSENT;
};
const replaced = (items: readonly unknown[], index: number, value: unknown): readonly unknown[] =>
  index === items.length ? [...items, value] : items.with(index, value);

const unknownField = (step: string, entry: Entry, { type, spec }: Place): never => {
  const names = type ? fieldsOf(type, spec).map(field => field.name) : [];
  return fail(
    entry.at,
    `no field "${step}" in this ${type ? word(type, spec) : 'value'}; fields: ${names.join(', ')}`,
    didYouMean(step, names),
  );
};

const lay = (base: unknown, node: Node, place: Place): unknown => {
  if (node.kind === 'scalar') return scalar(base, node, place);
  return node.kind === 'list' ? list(base, node, place) : map(base, node, place);
};

/**
 * Lays YAML over a value: fields named replace those of the base, items of a list are laid over the base's items at the
 * same place and give the list its length, another alternative of a CHOICE replaces the alternative, `$absent` removes.
 * Names captured with `as` are bound in the scope. Returns ABSENT when the whole value is left out.
 */
export const overlay = (base: unknown, node: Node, type: Type | undefined, scope: Scope, spec?: Spec): unknown =>
  lay(base, node, { type, scope, spec, at: node.at });

/** Makes a value from YAML alone; without a type scalars are texts, and expressions keep what they yield. */
export const buildValue = (node: Node, type: Type | undefined, scope: Scope, spec?: Spec): unknown =>
  overlay(undefined, node, type, scope, spec);
