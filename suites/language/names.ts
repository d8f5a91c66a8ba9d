/** What names mean while a file is checked: everything that is known before a run. */
import { SPECS, type Spec } from '#protocol/asn1/type.js';
import type { Action, Option, Row } from './ast.js';
import type { TypeSource } from './layout.js';
import type { Report } from './shape.js';
import { didYouMean, type MapNode, type Position } from './source.js';

/** The certificates and keys that cases can name. */
export interface KeyNames {
  has(name: string): boolean;
  names(): readonly string[];
}

/** Signature of a procedure as its calls see it. */
export interface ProcedureUse {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly optional: boolean }[];
  readonly returns: readonly string[];
  /** Procedures it calls, actors and roles of actions and options it uses itself. */
  readonly calls: Set<string>;
  readonly actors: Set<string>;
  readonly roles: Set<string>;
}

/** Everything that all files share. */
export interface Known {
  readonly types: TypeSource;
  readonly constants: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, Option>;
  readonly options: ReadonlyMap<string, Option>;
  readonly actions: ReadonlyMap<string, Action>;
  readonly requirements: ReadonlySet<string>;
  readonly procedures: ReadonlyMap<string, ProcedureUse>;
  readonly keys: KeyNames;
  /** Permitted configuration keys by role; a role without an entry is not checked. */
  readonly actorKeys: Readonly<Record<string, readonly string[]>>;
  /** Links that adapters serve; not checked when undefined. */
  readonly links: readonly string[] | undefined;
}

interface Binding {
  readonly line: number;
  /** Undefined: bound whenever the sequence comes here. Otherwise when it is not. */
  readonly only: string | undefined;
  /** Versions in which some step binds it whatever the options are. */
  readonly versions: readonly Spec[];
}

/** Whether a name has a value wherever the sequence may be by now. */
export const isBound = (names: Pick<Names, 'condition' | 'versions'>, { only, versions }: Binding): boolean =>
  only === undefined || only === names.condition || names.versions.every(spec => versions.includes(spec));

/** The names of one case or procedure, in the order of its steps. */
export interface Names {
  readonly known: Known;
  readonly report: Report;
  /** Undefined in a procedure, where the caller's actors are used. */
  readonly actors: ReadonlySet<string> | undefined;
  readonly rows: readonly Row[];
  /** A cell of the table is being read, in the place where it is used. */
  readonly inCell?: true;
  readonly bound: Map<string, Binding>;
  readonly used: Set<string>;
  /** Condition under which the step being read runs, as text, e.g. `if O_S_TRID`. */
  condition: string | undefined;
  /** It runs only under options, or is optional itself or within something that is. */
  isDoubtful: boolean;
  /** Versions in which what is being read applies. */
  versions: readonly Spec[];
}

export const makeNames = (
  known: Known,
  report: Report,
  actors: ReadonlySet<string> | undefined,
  rows: readonly Row[] = [],
  versions: readonly Spec[] = SPECS,
): Names => ({
  known,
  report,
  actors,
  rows,
  bound: new Map(),
  used: new Set(),
  condition: undefined,
  isDoubtful: false,
  versions,
});

const ACTOR_NAME = /^(eim|ipa|euicc|smdp|smds)[0-9]?$/;
/** The role of an actor by its name. */
export const roleOf = (actor: string): string | undefined => ACTOR_NAME.exec(actor)?.[1];
export const isActor = (names: Names, name: string): boolean => (names.actors ? names.actors.has(name) : ACTOR_NAME.test(name));

/** Binds a name from here on. */
export const bindName = (names: Names, name: string, at: Position): void => {
  if (name === 'row' || isActor(names, name)) {
    names.report('reserved-name', at, `"${name}" is ${name === 'row' ? 'the table row' : 'an actor'} and cannot be bound`);
    return;
  }
  const before = names.bound.get(name);
  if (before && before.only === undefined) return;
  // A step of its own for every version binds in all of them.
  const versions = [...(before?.versions ?? []), ...(names.isDoubtful ? [] : names.versions)];
  names.bound.set(name, { line: at.line, only: names.condition, versions });
};

const soFar = (names: Names): string =>
  [...(names.rows.length > 0 ? ['row'] : []), ...(names.actors ?? []), ...names.bound.keys()].join(', ') || 'nothing';

/** Checks that a lowerCamel name has a value where it is used. */
export const useName = (names: Names, name: string, at: Position): void => {
  const binding = names.bound.get(name);
  names.used.add(name);
  if (binding) {
    if (!isBound(names, binding))
      names.report(
        'maybe-unbound',
        at,
        `"${name}" may have no value here: line ${binding.line} binds it only in some runs (${binding.only})`,
      );
    return;
  }
  if (isActor(names, name)) return;
  names.report(
    'unbound',
    at,
    `"${name}" has no value yet; bound so far: ${soFar(names)}`,
    didYouMean(name, [...names.bound.keys(), ...(names.actors ?? [])]),
  );
};

/** Checks a constant, setting, certificate or key; gives the text of a constant. */
export const useConstant = (names: Names, name: string, at: Position): string | undefined => {
  const { constants, settings, keys } = names.known;
  const text = constants.get(name);
  if (text !== undefined || settings.has(name) || keys.has(name)) return text;
  const all = [...constants.keys(), ...settings.keys(), ...keys.names()];
  names.report('unknown-constant', at, `no constant, setting, certificate or key "${name}"`, didYouMean(name, all));
  return undefined;
};

/** Columns of the table in the order of their first use. */
export const columnsOf = (rows: readonly { readonly cells: MapNode }[]): readonly string[] => [
  ...new Set(rows.flatMap(row => row.cells.entries.map(entry => entry.key))),
];

/** Reads what applies only in some of the versions in which the things around it do. */
export const inVersions = <T>(names: Names, versions: readonly Spec[], read: () => T): T => {
  const outer = names.versions;
  const inner = outer.filter(spec => versions.includes(spec));
  // In none at all: that is reported where it is said, and what stands below is read as if nothing were.
  if (inner.length > 0) names.versions = inner;
  const result = read();
  names.versions = outer;
  return result;
};

/** Checks an option's name. */
export const useOption = (names: Names, name: string, at: Position): Option | undefined => {
  const { options } = names.known;
  const option = options.get(name);
  if (!option) names.report('unknown-option', at, `no option "${name}"`, didYouMean(name, options.keys()));
  return option;
};
