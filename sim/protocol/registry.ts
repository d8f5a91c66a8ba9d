/** All named types of SGP.32 and SGP.22: by name, and by the tag a message starts with. */
import { isConstructed } from './asn1/tlv.js';
import type { Field, Type } from './asn1/type.js';
import * as authentication32 from './iot/authentication.js';
import * as data32 from './iot/data.js';
import * as download32 from './iot/download.js';
import * as eimConfiguration32 from './iot/eim-configuration.js';
import * as es9plus32 from './iot/es9plus.js';
import * as es10b32 from './iot/es10b.js';
import * as superseded32 from './iot/es10b-superseded.js';
import * as esipa32 from './iot/esipa.js';
import * as info32 from './iot/info.js';
import * as notification32 from './iot/notification.js';
import * as package32 from './iot/package.js';
import * as profile32 from './iot/profile.js';
import * as result32 from './iot/result.js';
import * as trigger32 from './iot/trigger.js';
import * as authentication22 from './rsp/authentication.js';
import * as basic22 from './rsp/basic.js';
import * as download22 from './rsp/download.js';
import * as es9plus22 from './rsp/es9plus.js';
import * as info22 from './rsp/info.js';
import * as local22 from './rsp/local.js';
import * as notification22 from './rsp/notification.js';
import * as profile22 from './rsp/profile.js';

/** The document that defines a type. */
export type Module = 'SGP.32' | 'SGP.22';

const isNamedType = (value: object): value is Type => 'section' in value && 'name' in value && String(value.section).startsWith('SGP.');
const table = (...files: readonly Readonly<Record<string, object>>[]): ReadonlyMap<string, Type> =>
  new Map(
    files
      .flatMap(file => Object.values(file))
      .filter(isNamedType)
      .map(type => [type.name, type]),
  );

// The order breaks ties in guessTypes.
const iot = table(
  esipa32,
  package32,
  result32,
  data32,
  trigger32,
  authentication32,
  download32,
  notification32,
  es10b32,
  eimConfiguration32,
  info32,
  profile32,
  es9plus32,
  superseded32,
);
const rsp = table(es9plus22, authentication22, download22, notification22, info22, profile22, local22, basic22);

/**
 * The type of a name. Where both documents define it, the SGP.32 flavour, unless SGP.22 is asked for. SGP.32 uses many
 * SGP.22 types as they are, so asking for SGP.32 finds those too; asking for SGP.22 finds SGP.22 types only.
 */
export const typeNamed = (name: string, module: Module = 'SGP.32'): Type | undefined =>
  module === 'SGP.22' ? rsp.get(name) : (iot.get(name) ?? rsp.get(name));

/** All names, sorted; a name that both documents define stands there once. */
export const typeNames = (): readonly string[] => [...new Set([...iot.keys(), ...rsp.keys()])].sort();

/** All types in both flavours, SGP.32 first. */
export const allTypes = (): readonly Type[] => [...iot.values(), ...rsp.values()];

/** The document that defines a type; undefined for types written inline and those of other standards. */
export const moduleOf = (type: Type): Module | undefined => {
  if (type.section.startsWith('SGP.32 ')) return 'SGP.32';
  return type.section.startsWith('SGP.22 ') ? 'SGP.22' : undefined;
};

const newest = (type: Type): Type => (type.kind === 'versions' ? newest(type.editions?.at(-1)?.type ?? type) : type);
const isRequired = (field: Field): boolean => !field.optional && field.until === undefined;

/** The fewest elements inside a value: a type that demands little decodes almost anything. */
const demand = (given: Type): number => {
  const type = newest(given);
  if (type.kind === 'sequence') {
    return (type.fields ?? []).filter(isRequired).reduce((sum, field) => sum + 1 + demand(field.type), 0);
  }
  if (type.kind === 'choice') return Math.min(...(type.fields ?? []).map(field => 1 + demand(field.type)));
  return type.kind === 'explicit' && type.element ? 1 + demand(type.element) : 0;
};

/** Tags that a value can start with in any version, each with what the alternative behind it demands. */
const starts = (type: Type): readonly (readonly [tag: number, demanded: number])[] => {
  if (type.kind === 'versions') return (type.editions ?? []).flatMap(edition => starts(edition.type));
  if (type.tag !== undefined) return [[type.tag, demand(type)]];
  return (type.fields ?? []).flatMap(field => starts(field.type));
};

interface Candidate {
  readonly type: Type;
  /** The tag is the type's own, not that of an alternative of an untagged CHOICE. */
  readonly direct: boolean;
  readonly demanded: number;
}

const STRUCTURES: ReadonlySet<string> = new Set(['sequence', 'sequenceOf', 'choice', 'explicit']);
const isMessage = (type: Type): boolean => STRUCTURES.has(newest(type).kind);

const isRequest = (type: Type): boolean => type.name.endsWith('Request');
const bySpecificity = (a: Candidate, b: Candidate): number =>
  Number(b.direct) - Number(a.direct) ||
  Number(moduleOf(b.type) === 'SGP.32') - Number(moduleOf(a.type) === 'SGP.32') ||
  b.demanded - a.demanded ||
  Number(isRequest(a.type)) - Number(isRequest(b.type));

const index = (): ReadonlyMap<number, readonly Type[]> => {
  const byTag = new Map<number, Candidate[]>();
  for (const type of allTypes().filter(isMessage)) {
    const demands = new Map<number, number>();
    for (const [tag, demanded] of starts(type)) demands.set(tag, Math.max(demanded, demands.get(tag) ?? 0));
    for (const [tag, demanded] of demands) {
      if (!isConstructed(tag)) continue;
      const candidates = byTag.get(tag) ?? [];
      candidates.push({ type, direct: newest(type).tag !== undefined, demanded });
      byTag.set(tag, candidates);
    }
  }
  return new Map([...byTag].map(([tag, candidates]) => [tag, candidates.sort(bySpecificity).map(c => c.type)]));
};
const messagesByTag = index();

/**
 * What a message can be, judged by its outer tag alone; empty for an unknown or a primitive tag. To be tried in turn, as
 * `recognise` does: types with this tag of their own come before CHOICEs that only start with it, SGP.32 before SGP.22,
 * what demands more before what demands less (a response before the empty request of the same tag), a response before a
 * request.
 */
export const guessTypes = (octets: Uint8Array): readonly Type[] => messagesByTag.get(outerTag(octets)) ?? [];

/** Identifier octets at the start of a message as a number, e.g. 0xBF51; -1 when there are none. */
const outerTag = (octets: Uint8Array): number => {
  const [first, second, third] = octets;
  if (first === undefined) return -1;
  if ((first & 0x1f) !== 0x1f || second === undefined) return first;
  return second < 0x80 || third === undefined ? first * 256 + second : (first * 256 + second) * 256 + third;
};
