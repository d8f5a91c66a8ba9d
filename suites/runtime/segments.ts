/** Where a device under test cut a bound profile package on its way to our card. SGP.22 5.7.6 */
import { equal, readTlv, tlvOctets } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import type { Check } from '../../reports/record.js';
import type { LevelOf } from './message-checks.js';
import type { Sent } from './relay.js';

const CUTS = 'SGP22-5.7.6-51';
const PACKAGE = 0xbf36;

/** The packages that a segment begins, in what our parties sent: one that a script changed starts like the genuine one. */
const origins = (first: Uint8Array, sent: readonly Sent[]): readonly Uint8Array[] =>
  sent.flatMap(({ octets }) => {
    const at = Buffer.from(octets.buffer, octets.byteOffset, octets.length).indexOf(first);
    const tlv = at < 0 ? undefined : readTlv(octets, at);
    return tlv?.tag === PACKAGE ? [tlvOctets(octets, tlv)] : [];
  });

const lengths = (segments: readonly Uint8Array[]): string => `${segments.length} (${segments.map(s => s.length).join(', ')} octets)`;

/**
 * Compares the segments that reached the card with those of the package as it was sent; `isEnded`: the card said before the
 * last one that it wants no more. A package that cannot be cut by the rules is not judged.
 */
export const segmentChecks = (
  segments: readonly Uint8Array[],
  sent: readonly Sent[],
  exchange: number,
  levelOf: LevelOf,
  isEnded: boolean,
): readonly Check[] => {
  const [first = new Uint8Array()] = segments;
  const packages = origins(first, sent).map(splitSegments);
  if (packages.includes(undefined)) return [];
  const due = packages.flatMap(all => (all ? [all.slice(0, isEnded ? segments.length : undefined)] : []));
  const isAsDue = (all: readonly Uint8Array[]) => all.length === segments.length && all.every((s, n) => equal(s, segments[n] ?? s));
  const ok = due.some(isAsDue);
  return [
    {
      what: 'the bound profile package reaches the eUICC in its segments',
      expected: due[0] ? lengths(due[0]) : 'the package of the SM-DP+',
      actual: lengths(segments),
      ok,
      level: levelOf(CUTS),
      covers: [CUTS],
      exchange,
    },
  ];
};
