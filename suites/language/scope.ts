/** What names mean while a sequence runs. */
import { DEFAULT_SPEC, type Spec } from '#protocol/asn1/type.js';
import type { Random } from './functions.js';
import type { MapNode } from './source.js';
import { ABSENT, isObject, MissingValue, unread } from './values.js';

/** State of one actor as a script may read it; `sent` and `received` hold the latest value of each message type. */
export interface ActorView {
  readonly [property: string]: unknown;
  readonly sent?: Readonly<Record<string, unknown>>;
  readonly received?: Readonly<Record<string, unknown>>;
}

export interface Scope {
  /** Constants of Annex A (text, read by use), settings of the IXIT, certificates and keys (whatever the runner puts there). */
  readonly constants: ReadonlyMap<string, unknown>;
  /** Options as the supplier answered them. */
  readonly options: ReadonlyMap<string, boolean>;
  /** Version of SGP.32 that the IUT is tested against. */
  readonly spec: Spec;
  /** Cells of the table row this run is for. */
  readonly row?: MapNode;
  /** State of an actor now; undefined when there is no such actor. */
  readonly actor: (name: string) => ActorView | undefined;
  readonly random: Random;
  /** Names bound so far; `bind` adds to it. */
  readonly bound: Map<string, unknown>;
}

/** Everything a scope is made of; what is left out is empty. */
export interface ScopeParts extends Partial<Omit<Scope, 'bound'>> {
  readonly bound?: Iterable<readonly [string, unknown]>;
}
/** Makes a scope; a procedure gets one of its own with only its parameters bound. */
export const makeScope = (parts: ScopeParts = {}): Scope => ({
  constants: parts.constants ?? new Map(),
  options: parts.options ?? new Map(),
  spec: parts.spec ?? DEFAULT_SPEC,
  ...(parts.row ? { row: parts.row } : {}),
  actor: parts.actor ?? (() => undefined),
  random:
    parts.random ??
    (() => {
      throw new MissingValue('this scope has no source of random octets');
    }),
  bound: new Map(parts.bound ?? []),
});

/** The same scope with other names bound: what is bound in it is not seen outside. */
export const fork = (scope: Scope, bound: Iterable<readonly [string, unknown]> = scope.bound): Scope => ({
  ...scope,
  bound: new Map(bound),
});
export const bind = (scope: Scope, name: string, value: unknown): void => {
  scope.bound.set(name, value);
};

const quote = (names: Iterable<string>): string => [...names].join(', ') || 'nothing';

/** Goes down a value; a missing field is absent, as it is in a message. */
const descend = (value: unknown, path: readonly string[]): unknown => {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at) && Object.hasOwn(at, step)) at = at[step];
    else return ABSENT;
    if (at === undefined) return ABSENT;
  }
  return at;
};

const ofActor = (name: string, view: ActorView, [property, ...below]: readonly string[]): unknown => {
  if (property === undefined) return view;
  if (property === 'sent' || property === 'received') {
    const [type, ...fields] = below;
    const messages = view[property] ?? {};
    if (type === undefined) return messages;
    if (!Object.hasOwn(messages, type))
      throw new MissingValue(
        `${name} has ${property} no ${type}${Object.keys(messages).length ? `, only ${quote(Object.keys(messages))}` : ''}`,
      );
    return descend(messages[type], fields);
  }
  if (!(property in view)) throw new MissingValue(`${name} has no "${property}"; it has ${quote(Object.keys(view))}`);
  return descend(view[property], below);
};

/** What a name with a path stands for. Throws MissingValue when it stands for nothing in this run. */
export const lookup = (scope: Scope, path: readonly string[]): unknown => {
  const [name = '', ...rest] = path;
  if (/^[A-Z]/.test(name)) {
    if (!scope.constants.has(name)) throw new MissingValue(`${name} has no value in this run`);
    return descend(scope.constants.get(name), rest);
  }
  if (name === 'row') {
    const [column] = rest;
    const cell = scope.row?.entries.find(entry => entry.key === column)?.value;
    return cell ? unread(cell) : ABSENT;
  }
  if (scope.bound.has(name)) return descend(scope.bound.get(name), rest);
  const view = scope.actor(name);
  if (view) return ofActor(name, view, rest);
  throw new MissingValue(`"${name}" has no value in this run; bound so far: ${quote(scope.bound.keys())}`);
};
