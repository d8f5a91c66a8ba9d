/**
 * Which version of SGP.32 the IUT speaks, told before anything runs or as soon as it shows: a run for another version would
 * fail hundreds of sequences for one wrong line of the IXIT file. docs/versions.md
 */
import { encode } from '#protocol/asn1/encode.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import { SPECS, type Spec, type Type } from '#protocol/asn1/type.js';
import { GetEimPackageRequest, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import { type Frame, LinkError } from '../../adapters/adapter.js';
import { commonVersions, signsIn, type VersionSign } from '../../sim/version-signs.js';
import type { Ixit } from '../ixit-schema.js';
import type { Diagnostic } from '../language/diagnostics.js';
import type { ClientWire } from './stage.js';

/** What of the IUT's versions has shown so far. */
export interface VersionWatch {
  note(signs: readonly VersionSign[]): void;
  /** Set when what was seen is another version than the IXIT file says; nothing is judged from then on. */
  conflict(): Diagnostic | undefined;
  /** For the title page: what was seen. */
  observed(): Readonly<Record<string, string>>;
}

/** What the IXIT file says. */
type Claim = Pick<Ixit, 'spec' | 'file'> & { readonly places: Pick<Ixit['places'], 'spec'> };

const versionsText = (versions: readonly Spec[]): string => {
  const [first = '', ...more] = versions;
  if (more.length === 0) return first;
  const isRest = SPECS.slice(SPECS.indexOf(versions[0] ?? '1.3')).length === versions.length && versions.at(-1) === SPECS.at(-1);
  return isRest ? `${first} or later` : `${versions.slice(0, -1).join(', ')} or ${versions.at(-1)}`;
};

/**
 * The one line about a wrong `spec`. Signs that contradict each other are no other version but a fault of the IUT, which is
 * for the cases to find.
 */
export const versionConflict = (signs: readonly VersionSign[], { spec, file, places }: Claim): Diagnostic | undefined => {
  const versions = commonVersions(signs);
  if (versions.length === 0 || versions.includes(spec)) return undefined;
  const telling = [...new Set(signs.filter(sign => !sign.versions.includes(spec)).map(({ seen }) => seen))];
  const choice = versions.map(version => `"${version}"`).join(' or ');
  return {
    code: 'other-version',
    at: places.spec,
    message: `the IUT speaks ${versionsText(versions)}: ${telling.join(', ')}; the IXIT says spec: ${spec}`,
    hint: `set spec: ${choice} in ${file}:${places.spec.line}, or run with --any-version a product that mixes versions up`,
  };
};

/** Signs kept: a few tell as much as all. */
const MOST_SIGNS = 20;

/** Starts to watch; what is seen stops nothing when `stops` is false. */
export const watchVersions = (ixit: Claim, stops = true): VersionWatch => {
  const signs = new Map<string, VersionSign>();
  return {
    note: found => {
      for (const sign of found) if (signs.size < MOST_SIGNS) signs.set(sign.seen, sign);
    },
    conflict: () => (stops ? versionConflict([...signs.values()], ixit) : undefined),
    observed: () => {
      const versions = commonVersions([...signs.values()]);
      return signs.size > 0 && versions.length > 0 ? { Speaks: `${versionsText(versions)} (${[...signs.keys()].join(', ')})` } : {};
    },
  };
};

/** Looks at a message that travelled as it is: one put together from JSON has the layout of our own version. */
export const noteSigns = (watch: VersionWatch | undefined, octets: Uint8Array, frame: Frame, sender: 'eim' | 'ipa'): void => {
  if (octets === frame.body) watch?.note(signsIn(octets, sender));
};

/** The case of an IPA in which every version answers otherwise: data that there are not. */
const TELLING = 'ipa.data.03';
/** An IPA cannot be asked beforehand, since it calls when it wants to; so what tells its version runs first. */
export const tellingFirst = <P extends { readonly entry: { readonly id: string } }>(plan: readonly P[]): readonly P[] => [
  ...plan.filter(({ entry }) => entry.id === TELLING),
  ...plan.filter(({ entry }) => entry.id !== TELLING),
];

/** A well-formed EID of no eUICC. */
const NO_EID = fromHex('89049032999999999999999999999991') ?? new Uint8Array();
const NO_TRANSACTION = new TextEncoder().encode('sgp32-preflight.');
/** Longest wait for an answer that only tells a version. */
const PATIENCE_MS = 5000;

/**
 * First contact with an eIM, in messages that are the same in every version and belong to no eUICC of its: a poll, and a
 * result that nobody can have made. They differ in the answers.
 */
const QUESTIONS: readonly (readonly [Type, Uint8Array])[] = [
  [GetEimPackageRequest, encode(GetEimPackageRequest, { eidValue: NO_EID })],
  [
    ProvideEimPackageResult,
    encode(ProvideEimPackageResult, {
      eimPackageResult: {
        euiccPackageResult: {
          euiccPackageResultSigned: {
            euiccPackageResultDataSigned: {
              eimId: 'sgp32-preflight',
              counterValue: 1,
              eimTransactionId: NO_TRANSACTION,
              seqNumber: 1,
              euiccResult: [{ processingTerminated: 127 }],
            },
            euiccSignEPR: new Uint8Array(64),
          },
        },
      },
    }),
  ],
];

/** Asks an eIM what its answers tell of its version, and what it states of itself. Who does not answer tells nothing. */
export const askEim = async ({ client, binding }: ClientWire, watch: VersionWatch): Promise<Readonly<Record<string, string>>> => {
  let observed: Readonly<Record<string, string>> = {};
  for (const [type, octets] of QUESTIONS)
    try {
      const reply = await client.exchange(binding.write(type, octets), { signal: AbortSignal.timeout(PATIENCE_MS) });
      const stated = reply.meta['x-admin-protocol'];
      if (stated !== undefined) observed = { 'X-Admin-Protocol': stated };
      const carried = binding.read(reply, type.name);
      if ('octets' in carried) noteSigns(watch, carried.octets, reply, 'eim');
    } catch (error) {
      if (error instanceof LinkError) return observed;
      throw error;
    }
  return observed;
};
