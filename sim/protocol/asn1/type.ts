/**
 * The type language: one definition of an ASN.1 type from which the TypeScript type, the DER encoder, the decoder,
 * the JSON form, the YAML field names and the printed tree derive. Tags are written as they stand on the wire
 * (identifier octets in hex, constructed bit included); automatic tagging is already resolved.
 */

/** SGP.32 versions whose wire format differs. "1.0" covers v1.0 and v1.0.1; 1.3 implies SGP.22 v2.7, the others v2.5. */
export type Spec = '1.0' | '1.1' | '1.2' | '1.3';
export const SPECS: readonly Spec[] = ['1.0', '1.1', '1.2', '1.3'];
export const DEFAULT_SPEC: Spec = '1.2';

export type Kind =
  | 'integer'
  | 'boolean'
  | 'null'
  | 'octets'
  | 'utf8'
  | 'bits'
  | 'oid'
  | 'der'
  | 'open'
  | 'sequence'
  | 'sequenceOf'
  | 'choice'
  | 'explicit'
  | 'versions';

declare const VALUE: unique symbol;

/** One ASN.1 type. `V` is the TypeScript type of its decoded values. */
export interface Type<V = unknown> {
  readonly kind: Kind;
  /** Name in the specification; empty for a type written inline. */
  readonly name: string;
  /** Document and section that define it, e.g. `SGP.32 6.3.2.6`. */
  readonly section: string;
  /** Identifier octets as a number, e.g. 0xBF51; undefined for an untagged CHOICE and an open type. */
  readonly tag: number | undefined;
  /** Named numbers of an INTEGER, or named bits of a BIT STRING. */
  readonly names?: ReadonlyMap<string, number>;
  /** Permitted length in octets (OCTET STRING) or characters (UTF8String). */
  readonly size?: readonly [min: number, max: number];
  readonly fields?: readonly Field[];
  /** Element of a SEQUENCE OF, content of an EXPLICIT tag. */
  readonly element?: Type;
  /** Alternative of a tagged CHOICE that stands there without any octets. */
  readonly whenEmpty?: string;
  /** Name in JSON of what an EXPLICIT tag usually holds, where the text has a CHOICE; its fields are the other alternatives. */
  readonly usual?: string;
  /** Layouts by version, oldest first; the newest one that is not newer than the spec applies. */
  readonly editions?: readonly { readonly since: Spec; readonly type: Type }[];
  readonly [VALUE]?: V;
}

/** A member of a SEQUENCE or an alternative of a CHOICE. */
export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly optional: boolean;
  readonly default?: unknown;
  /** First and last version that has it. */
  readonly since?: Spec;
  readonly until?: Spec;
  /** Name in the text of v1.0; values have the later name in every version. */
  readonly formerly?: string;
  /** The text does not name it: in JSON its content stands in place of the SEQUENCE that holds it alone. */
  readonly implied?: true;
}

/** What stands behind a field name in a definition: a type, or a type with presence and version marks. */
export interface Member<V, O extends boolean> {
  readonly member: true;
  readonly type: Type<V>;
  readonly optional: O;
  readonly default?: unknown;
  readonly since?: Spec;
  readonly until?: Spec;
  readonly formerly?: string;
  readonly implied?: true;
}

/** Elements that no definition knows (extensibility), kept as received: complete TLVs in wire order. */
export interface Extensible {
  readonly $unknown?: readonly Uint8Array[];
}

type Definition = Type<unknown> | Member<unknown, boolean>;
type Definitions = Readonly<Record<string, Definition>>;
type Of<D> = D extends Member<infer V, boolean> ? V : D extends Type<infer V> ? V : never;
type OptionalKeys<D extends Definitions> = { [K in keyof D]: D[K] extends Member<unknown, true> ? K : never }[keyof D];
type Flat<T> = { [K in keyof T]: T[K] };
export type SequenceValue<D extends Definitions> = Flat<
  { -readonly [K in Exclude<keyof D, OptionalKeys<D>>]: Of<D[K]> } & { -readonly [K in OptionalKeys<D>]?: Of<D[K]> } & Extensible
>;
export type ChoiceValue<D extends Definitions> = {
  [K in keyof D]: Flat<{ [P in K]: Of<D[P]> } & { [Q in Exclude<keyof D, K>]?: undefined }>;
}[keyof D];

/** The TypeScript type of the values of a definition: `ValueOf<typeof GetEimPackageRequest>`. */
export type ValueOf<T> = T extends Type<infer V> ? V : never;

const RAW: unique symbol = Symbol('raw');
/** A complete TLV that is encoded as it stands: signed objects are relayed octet for octet, never re-encoded. */
export interface Raw {
  readonly [RAW]: Uint8Array;
}
/** Puts a received TLV into a value to encode; where the field carries another implicit tag, only the tag is replaced. */
export const raw = (octets: Uint8Array): Raw => ({ [RAW]: octets });
export const rawOctets = (value: unknown): Uint8Array | undefined =>
  typeof value === 'object' && value !== null ? (value as Partial<Raw>)[RAW] : undefined;

type MayBeAbsent<V, K extends keyof V> = Record<never, never> extends Pick<V, K> ? undefined : never;
/** What `encode` takes for values of type V: the value, or octets as received (`raw`) at any place; undefined is absent. */
export type InputOf<V> = V extends Uint8Array | string | number | bigint | boolean | null
  ? V | Raw
  : V extends readonly (infer E)[]
    ? readonly InputOf<E>[] | Raw
    : V extends object
      ? { readonly [K in keyof V]: InputOf<V[K]> | MayBeAbsent<V, K> } | Raw
      : unknown;

const tagNumber = (hex: string): number => Number.parseInt(hex, 16);
type Names = Readonly<Record<string, number>>;
const nameMap = (names: Names | undefined) => (names ? { names: new Map(Object.entries(names)) } : {});
const sizeRange = (min?: number, max?: number) => (min === undefined ? {} : { size: [min, max ?? min] as const });
const base = { name: '', section: '' };

export const integer = (tag = '02', names?: Names): Type<number> => ({ ...base, kind: 'integer', tag: tagNumber(tag), ...nameMap(names) });
export const boolean = (tag = '01'): Type<boolean> => ({ ...base, kind: 'boolean', tag: tagNumber(tag) });
/** NULL: present or absent; its value is null. */
export const nil = (tag = '05'): Type<null> => ({ ...base, kind: 'null', tag: tagNumber(tag) });
/** OCTET STRING of min..max octets (exactly min when max is left out). */
export const octets = (tag = '04', min?: number, max?: number): Type<Uint8Array> => ({
  ...base,
  kind: 'octets',
  tag: tagNumber(tag),
  ...sizeRange(min, max),
});
/** UTF8String of min..max characters. */
export const utf8 = (tag = '0C', min?: number, max?: number): Type<string> => ({
  ...base,
  kind: 'utf8',
  tag: tagNumber(tag),
  ...sizeRange(min, max),
});
/** BIT STRING; with names its value is the list of names set, without a text of 0 and 1. */
export const bits = (tag: string, names: Names): Type<readonly string[]> => ({
  ...base,
  kind: 'bits',
  tag: tagNumber(tag),
  ...nameMap(names),
});
export const bitText = (tag = '03'): Type<string> => ({ ...base, kind: 'bits', tag: tagNumber(tag) });
/** OBJECT IDENTIFIER in dotted form. */
export const oid = (tag = '06'): Type<string> => ({ ...base, kind: 'oid', tag: tagNumber(tag) });
/** A DER object of another standard (Certificate, SubjectPublicKeyInfo): its value is the complete `30 …`, whatever tag stands on the wire. */
export const der = (tag = '30'): Type<Uint8Array> => ({ ...base, kind: 'der', tag: tagNumber(tag) });
/** An open type: any one TLV, complete. */
export const open = (): Type<Uint8Array> => ({ ...base, kind: 'open', tag: undefined });

const toField = (name: string, d: Definition): Field => {
  if (!('member' in d)) return { name, type: d, optional: false };
  const { member: _, ...rest } = d;
  return { name, ...rest };
};
const toFields = (members: Definitions) => Object.entries(members).map(([name, d]) => toField(name, d));

/** SEQUENCE; the order of the members is the order on the wire. */
export const sequence = <const D extends Definitions>(tag: string, members: D): Type<SequenceValue<D>> => ({
  ...base,
  kind: 'sequence',
  tag: tagNumber(tag),
  fields: toFields(members),
});
export const sequenceOf = <V>(tag: string, element: Type<V>): Type<readonly V[]> => ({
  ...base,
  kind: 'sequenceOf',
  tag: tagNumber(tag),
  element,
});
/** CHOICE. With a tag, that tag stands around the alternative (BF4F CHOICE); undefined: the alternative's own tag stands directly. */
export const choice = <const D extends Definitions>(tag: string | undefined, members: D): Type<ChoiceValue<D>> => ({
  ...base,
  kind: 'choice',
  tag: tag === undefined ? undefined : tagNumber(tag),
  fields: toFields(members),
});
/** An extra constructed tag around the complete inner TLV. */
export const explicit = <V>(tag: string, element: Type<V>): Type<V> => ({ ...base, kind: 'explicit', tag: tagNumber(tag), element });
/** IMPLICIT tag: stands in place of the type's own tag. A tag on an untagged CHOICE or open type is EXPLICIT (X.680 31.2.7). */
export const tagged = <V>(tag: string, type: Type<V>): Type<V> =>
  type.tag === undefined && type.kind !== 'versions' ? explicit(tag, type) : { ...type, tag: tagNumber(tag) };
/** Layouts that differ as a whole between versions; TypeScript sees the newest. */
export const versions = <V>(older: Partial<Record<Spec, Type<unknown>>>, since: Spec, newest: Type<V>): Type<V> => ({
  ...base,
  kind: 'versions',
  tag: newest.tag,
  editions: [...SPECS.flatMap(spec => (older[spec] ? [{ since: spec, type: older[spec] }] : [])), { since, type: newest }],
});

/** Gives a type its name and section. */
export const define = <V>(name: string, section: string, type: Type<V>): Type<V> => ({ ...type, name, section });

type Modifiable<V> = Type<V> | Member<V, boolean>;
const asMember = <V>(d: Modifiable<V>): Member<V, boolean> => ('member' in d ? d : { member: true, type: d, optional: false });
export const optional = <V>(d: Modifiable<V>): Member<V, true> => ({ ...asMember(d), optional: true });
/** DEFAULT: left out on the wire when equal; never filled in by the decoder. */
export const withDefault = <V>(type: Type<V>, value: V): Member<V, true> => ({ member: true, type, optional: true, default: value });
/** Exists from this version on; TypeScript sees it as optional. */
export const since = <V>(spec: Spec, d: Modifiable<V>): Member<V, true> => ({ ...(asMember(d) as Member<V, true>), since: spec });
/** Exists up to and including this version. */
export const until = <V>(spec: Spec, d: Modifiable<V>): Member<V, true> => ({ ...(asMember(d) as Member<V, true>), until: spec });
/**
 * v1.0 calls it otherwise, at the same place and with the same meaning. Values have the later name, so that roles and test
 * cases need not know the difference; JSON has the names of the version.
 */
export const formerly = <V, O extends boolean = false>(name: string, d: Type<V> | Member<V, O>): Member<V, O> => ({
  ...(asMember(d) as Member<V, O>),
  formerly: name,
});
/** The only member of a SEQUENCE that the text of v1.0 does not have: it is the same octets, under the names of later versions. */
export const implied = <V>(type: Type<V>): Member<V, false> => ({ ...asMember(type), optional: false, implied: true });
/** A member alone, where later versions have a SEQUENCE of it and others: the value is that of the SEQUENCE, the octets are its own. */
export const bare = (name: string, member: Type<unknown>, later: Definitions): Type<unknown> => ({
  ...base,
  kind: 'sequence',
  tag: undefined,
  fields: toFields({ [name]: implied(member), ...later }),
});
/** A tagged CHOICE of which one alternative is no octets at all, as `BF50 00` of v1.0. */
export const whenEmpty = <V>(name: string, type: Type<V>): Type<V> => ({ ...type, whenEmpty: name });
/** An EXPLICIT tag around what is usual, as later versions have it alone; v1.0 has a CHOICE, `name` being the usual alternative. */
export const usually = <V>(tag: string, name: string, element: Type<V>, others: Definitions): Type<V> => ({
  ...explicit(tag, element),
  usual: name,
  fields: toFields(others),
});
/** The name of a field in the text of a version. */
export const nameIn = (spec: Spec, { name, formerly: old }: Pick<Field, 'name' | 'formerly'>): string =>
  spec === '1.0' ? (old ?? name) : name;

/** True when something marked since/until exists in a version. */
export const existsIn = (spec: Spec, mark: { readonly since?: Spec; readonly until?: Spec }): boolean =>
  (mark.since === undefined || SPECS.indexOf(spec) >= SPECS.indexOf(mark.since)) &&
  (mark.until === undefined || SPECS.indexOf(spec) <= SPECS.indexOf(mark.until));
