/** Types resolved for one version: what decoder, encoder, JSON form and printer walk. */
import { tagHex } from './tlv.js';
import { existsIn, type Field, type Kind, nameIn, SPECS, type Spec, type Type, tagged } from './type.js';

export interface CompiledField {
  readonly name: string;
  /** Name in the text of the version. */
  readonly label: string;
  readonly implied: boolean;
  readonly compiled: Compiled;
  readonly optional: boolean;
  readonly default: unknown;
  readonly starts: ReadonlySet<number>;
  readonly only: number;
}

export interface Compiled {
  readonly type: Type;
  readonly kind: Exclude<Kind, 'versions'>;
  /** Own identifier; -1 for an untagged CHOICE, a bare member and an open type. */
  readonly tag: number;
  /** Identifiers it can start with; empty accepts any. */
  readonly starts: ReadonlySet<number>;
  /** The only identifier, or -1: the fast way for nearly all types. */
  readonly only: number;
  readonly fields: readonly CompiledField[];
  /** Members that a later version adds: a value may have them, they are left out here. */
  readonly later: ReadonlySet<string>;
  /** Fields by name. */
  readonly named: ReadonlyMap<string, CompiledField>;
  /** Alternatives of a CHOICE, or of what is usual under an EXPLICIT tag, by identifier. */
  readonly alternatives: ReadonlyMap<number, CompiledField>;
  readonly element: Compiled | undefined;
  /** Names of a BIT STRING by position; of two names for one bit the later one. */
  readonly bitNames: readonly (string | undefined)[];
}

const cache = new WeakMap<Type, (Compiled | undefined)[]>();

/** Resolves a type for a version; the result is cached with the type. */
export const compile = (type: Type, spec: Spec): Compiled => {
  let bySpec = cache.get(type);
  if (!bySpec) {
    bySpec = [];
    cache.set(type, bySpec);
  }
  const index = SPECS.indexOf(spec);
  let compiled = bySpec[index];
  if (!compiled) {
    compiled = make(type, spec);
    bySpec[index] = compiled;
  }
  return compiled;
};

/** The layout that applies in a version, under the name and tag of the type that holds the editions. */
const edition = (type: Type, spec: Spec): Type => {
  const editions = type.editions ?? [];
  const chosen = editions.findLast(e => SPECS.indexOf(e.since) <= SPECS.indexOf(spec)) ?? editions[0];
  if (!chosen) throw new TypeError(`${type.name}: a type by versions needs at least one edition`);
  const newest = editions.at(-1)?.type.tag;
  const layout = type.tag !== undefined && type.tag !== newest ? tagged(type.tag.toString(16), chosen.type) : chosen.type;
  return { ...layout, name: type.name || layout.name, section: type.section || layout.section };
};

const make = (given: Type, spec: Spec): Compiled => {
  let type = given;
  while (type.kind === 'versions') type = edition(type, spec);
  const kind = type.kind as Compiled['kind'];
  const fields = (type.fields ?? []).filter(f => existsIn(spec, f)).map(f => field(f, spec));
  const starts =
    type.tag !== undefined
      ? new Set([type.tag])
      : kind === 'choice' || kind === 'sequence'
        ? new Set(fields.flatMap(f => [...f.starts]))
        : new Set<number>();
  const bitNames: (string | undefined)[] = [];
  if (kind === 'bits') for (const [name, bit] of type.names ?? []) bitNames[bit] = name;
  return {
    type,
    kind,
    tag: type.tag ?? -1,
    starts,
    only: onlyOf(starts),
    fields,
    later: new Set(kind === 'sequence' ? laterFields(type, spec) : []),
    // Of two forms of one alternative the first is written.
    named: new Map(fields.map(f => [f.name, f] as const).reverse()),
    alternatives: new Map(
      kind === 'choice' || kind === 'explicit' || type.tag === undefined
        ? fields.flatMap(f => (f.name === type.whenEmpty ? [] : [...f.starts].map(tag => [tag, f] as const))).reverse()
        : [],
    ),
    element: type.element && compile(type.element, spec),
    bitNames,
  };
};

const laterFields = ({ fields = [] }: Type, spec: Spec): readonly string[] =>
  fields.filter(f => f.since !== undefined && SPECS.indexOf(f.since) > SPECS.indexOf(spec)).map(f => f.name);

const field = (f: Field, spec: Spec): CompiledField => {
  const compiled = compile(f.type, spec);
  return {
    name: f.name,
    label: nameIn(spec, f),
    implied: f.implied === true,
    compiled,
    optional: f.optional,
    default: f.default,
    starts: compiled.starts,
    only: compiled.only,
  };
};

const onlyOf = (starts: ReadonlySet<number>): number => (starts.size === 1 ? ([...starts][0] as number) : -1);

/** Whether an element of this tag can stand for the type or field. */
export const accepts = (c: Pick<Compiled, 'only' | 'starts'>, tag: number): boolean =>
  c.only === tag || (c.only === -1 && (c.starts.size === 0 || c.starts.has(tag)));
/** The alternative of a CHOICE that starts with a tag; an open type takes what no other wants. */
export const alternativeOf = (c: Compiled, tag: number): CompiledField | undefined =>
  c.alternatives.get(tag) ?? c.fields.find(f => f.starts.size === 0);
/** Whether a value is what an EXPLICIT tag holds in place of the usual. */
export const isOther = (c: Compiled, value: unknown): boolean =>
  c.named.size > 0 && typeof value === 'object' && value !== null && Object.keys(value).some(name => c.named.has(name));
/** Identifiers for a message, e.g. `80 or A1`. */
export const identifiers = (starts: ReadonlySet<number>): string => (starts.size === 0 ? 'any tag' : [...starts].map(tagHex).join(' or '));

/** What a reader calls the type in a message: its name, or the ASN.1 word for it. */
export const typeWord = (type: Type): string =>
  type.name ||
  {
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
    sequenceOf: 'SEQUENCE OF',
    choice: 'CHOICE',
    explicit: 'EXPLICIT tag',
    versions: 'type',
  }[type.kind];
