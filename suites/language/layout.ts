/** Questions about ASN.1 types that the language asks: what lies below a field name, and what a reader calls it. */
import { existsIn, type Field, SPECS, type Spec, type Type } from '#protocol/asn1/type.js';

/** Where the named types come from. */
export interface TypeSource {
  typeNamed(name: string): Type | undefined;
  typeNames(): readonly string[];
}

/** The edition of a type by versions that applies in a version. */
export const edition = (type: Type, spec: Spec): Type | undefined =>
  (type.editions?.findLast(one => SPECS.indexOf(one.since) <= SPECS.indexOf(spec)) ?? type.editions?.[0])?.type;

/**
 * The layouts a type can have below tags that add no level of their own: one for a version; without a version all of
 * them, newest first (a case is checked before it is known which version a run uses).
 */
export const layouts = (type: Type, spec?: Spec): readonly Type[] => {
  if (type.kind === 'explicit') return type.element ? layouts(type.element, spec) : [];
  if (type.kind !== 'versions') return [type];
  if (spec === undefined) return (type.editions ?? []).toReversed().flatMap(one => layouts(one.type));
  const chosen = edition(type, spec);
  return chosen ? layouts(chosen, spec) : [];
};

/** The one layout of a version, or the newest. */
export const layout = (type: Type, spec?: Spec): Type =>
  type.kind === 'explicit' || type.kind === 'versions' ? (layouts(type, spec)[0] ?? type) : type;

/** Makes something of a type in a version once: types never change, and each message of a catalogue asks again. */
export const kept = <T extends object>(make: (type: Type, spec?: Spec) => T): ((type: Type, spec?: Spec) => T) => {
  const known = new WeakMap<Type, Map<Spec | undefined, T>>();
  return (type, spec) => {
    const versions = known.get(type) ?? new Map<Spec | undefined, T>();
    known.set(type, versions);
    const made = versions.get(spec) ?? make(type, spec);
    versions.set(spec, made);
    return made;
  };
};

const fieldsByName = kept((type: Type, spec?: Spec): ReadonlyMap<string, Field> => {
  const found = new Map<string, Field>();
  for (const one of layouts(type, spec))
    for (const field of one.fields ?? [])
      if (!found.has(field.name) && (spec === undefined || existsIn(spec, field))) found.set(field.name, field);
  return found;
});

/** Members of a SEQUENCE or alternatives of a CHOICE in definition order. */
export const fieldsOf = (type: Type, spec?: Spec): readonly Field[] => [...fieldsByName(type, spec).values()];

export const fieldNamed = (type: Type, name: string, spec?: Spec): Field | undefined => fieldsByName(type, spec).get(name);

/** The type below one step of a path: a member, an alternative, or an item of a list by its position. */
export const below = (type: Type, step: string, spec?: Spec): Type | undefined => {
  const one = layout(type, spec);
  if (one.kind === 'sequenceOf') return /^\d+$/.test(step) ? one.element : undefined;
  return fieldNamed(type, step, spec)?.type;
};

const WORDS: Readonly<Record<Type['kind'], string>> = {
  integer: 'INTEGER',
  boolean: 'BOOLEAN',
  null: 'NULL',
  octets: 'OCTET STRING',
  utf8: 'UTF8String',
  bits: 'BIT STRING',
  oid: 'OBJECT IDENTIFIER',
  der: 'DER object',
  open: 'open type',
  sequence: 'SEQUENCE',
  sequenceOf: 'list',
  choice: 'CHOICE',
  explicit: 'type',
  versions: 'type',
};
/** What a reader calls the kind of a type: `SEQUENCE`, `INTEGER`, … */
export const word = (type: Type, spec?: Spec): string => WORDS[layout(type, spec).kind];

/** Types of all fields of a name anywhere below a type, each once. */
export const typesNamed = (type: Type, name: string, spec?: Spec): readonly Type[] => {
  const found = new Set<Type>();
  visit(
    type,
    field => {
      if (field.name === name) found.add(field.type);
    },
    spec,
  );
  return [...found];
};

/** Names of all fields anywhere below a type. */
export const namesBelow = (type: Type): readonly string[] => {
  const found = new Set<string>();
  visit(type, field => found.add(field.name));
  return [...found];
};

const visit = (type: Type, see: (field: Field) => void, spec?: Spec, seen = new Set<Type>()): void => {
  for (const one of layouts(type, spec)) {
    if (seen.has(one)) continue;
    seen.add(one);
    if (one.element) visit(one.element, see, spec, seen);
    for (const field of one.fields ?? []) {
      if (spec !== undefined && !existsIn(spec, field)) continue;
      see(field);
      visit(field.type, see, spec, seen);
    }
  }
};

const VARIES = new WeakMap<Type, boolean>();

/** Whether anything in a type is not the same in all versions. */
export const varies = (type: Type): boolean => {
  const known = VARIES.get(type);
  if (known !== undefined) return known;
  const seen = new Set<Type>();
  const look = (one: Type): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    return (
      one.kind === 'versions' ||
      (one.element !== undefined && look(one.element)) ||
      (one.fields ?? []).some(({ since, until, type: inner }) => since !== undefined || until !== undefined || look(inner))
    );
  };
  const found = look(type);
  VARIES.set(type, found);
  return found;
};

/** The types a path of an edit can lead to (`a.b`, `..name`, `.`), in a version or whatever the version; undefined when it leads nowhere. */
export const typesAt = (type: Type, path: string, spec?: Spec): readonly Type[] | undefined => {
  if (path === '.') return [type];
  const [first = '', ...rest] = (path.startsWith('..') ? path.slice(2) : path).split('.');
  const starts = path.startsWith('..') ? typesNamed(type, first, spec) : [type];
  const steps = path.startsWith('..') ? rest : [first, ...rest];
  const found = starts.flatMap(start => {
    const end = steps.reduce<Type | undefined>((at, one) => at && below(at, one, spec), start);
    return end ? [end] : [];
  });
  return found.length > 0 ? found : undefined;
};
