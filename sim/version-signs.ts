/**
 * Signs in ESipa messages, and in what an eUICC says of itself, that tell which versions of SGP.32 their sender speaks. Only what no correct sender of another
 * version would write is a sign; tags are read without types, since the version decides the types. docs/versions.md
 */
import { children, readTlv, type Tlv, tlvContent } from '#protocol/asn1/tlv.js';
import { SPECS, type Spec } from '#protocol/asn1/type.js';

/** Something seen of a peer, and the versions in which it can be. */
export interface VersionSign {
  readonly seen: string;
  readonly versions: readonly Spec[];
}

const sign = (seen: string, from: Spec, to: Spec = '1.3'): VersionSign => ({
  seen,
  versions: SPECS.slice(SPECS.indexOf(from), SPECS.indexOf(to) + 1),
});
const old = (seen: string): VersionSign => sign(seen, '1.0', '1.0');
const later = (seen: string): VersionSign => sign(seen, '1.1');

/** The versions that all signs allow; none when they contradict each other. */
export const commonVersions = (signs: readonly VersionSign[]): readonly Spec[] =>
  SPECS.filter(spec => signs.every(({ versions }) => versions.includes(spec)));

/** A message opened for looking at its tags. */
interface Opened {
  readonly octets: Uint8Array;
  /** Octets of its content. */
  readonly size: number;
  readonly inner: readonly Tlv[];
}
const opened = (octets: Uint8Array, t: Tlv | undefined): Opened => ({
  octets,
  size: t ? t.end - t.content : 0,
  inner: t ? children(octets, t) : [],
});
const has = ({ inner }: Opened, tag: number): Tlv | undefined => inner.find(t => t.tag === tag);
const into = (m: Opened, t: Tlv | undefined): Opened => opened(m.octets, t);

/** IpaEuiccDataResponse: other tags for address and notifications, another error. SGP.32 2.11.2.2 */
const inData = (m: Opened): readonly VersionSign[] => {
  const [first] = m.inner;
  if (first?.tag === 0x81) return [old('an error under 81 in BF52')];
  if (first?.tag === 0xa1) return [later('an error under A1 in BF52')];
  if (first?.tag !== 0xa0) return [];
  const data = into(m, first);
  if (has(data, 0x80)) return [old('the default SM-DP+ address under 80 in BF52')];
  if (has(data, 0xbf2b)) return [old('notifications under BF2B in BF52')];
  return [0x81, 0xa0, 0xa2, 0x87].some(tag => has(data, tag)) ? [later('data of v1.1 in BF52')] : [];
};

/** The outcome of a package, wherever it stands. SGP.32 6.3.2.7 */
const inOutcome = (m: Opened, t: Tlv | undefined, where: string): readonly VersionSign[] => {
  if (t?.tag === 0xbf52) return inData(into(m, t));
  if (t?.tag !== 0x30) return [];
  const second = into(m, t).inner[1]?.tag;
  if (second === 0xbf2b) return [old(`notifications under BF2B in ${where}`)];
  return second === 0xa0 ? [later(`notifications under A0 in ${where}`)] : [];
};

/** ProvideEimPackageResult: without the EID it can be of any version. SGP.32 6.3.2.7 */
const inResult = (m: Opened): readonly VersionSign[] => {
  const [first, second] = m.inner;
  if (first?.tag === 0x5a) return [later('BF50 with eidValue'), ...inOutcome(m, second, 'BF50')];
  if (first?.tag === 0xa0) return [later('an error under A0 in BF50')];
  if (first?.tag === 0x02) return [sign('a bare error in BF50', '1.0', '1.1')];
  return inOutcome(m, first, 'BF50');
};

/** Reads the signs in one kind of message. */
type Look = (m: Opened) => readonly VersionSign[];

const FROM_IPA = new Map<number, Look>([
  [
    0xbf4f,
    m => {
      const stateOrPlmn = has(m, 0x81);
      const length = stateOrPlmn && stateOrPlmn.end - stateOrPlmn.content;
      if (length === 3) return [old('rPLMN under 81')];
      if (has(m, 0x82)) return [later('rPLMN under 82')];
      return length === 1 ? [later('stateChangeCause in BF4F')] : [];
    },
  ],
  [0xbf50, inResult],
  [
    0xbf4e,
    m => {
      const [first] = m.inner;
      if (first?.tag === 0xbf60 || first?.tag === 0xbf61) return [sign('an answer with correlation id in BF4E', '1.3')];
      return inOutcome(m, first, 'BF4E');
    },
  ],
  [
    0xbf3d,
    m => {
      const [first] = m.inner;
      if (first?.tag === 0xa1) return [old('a result under A1 in BF3D')];
      return first?.tag === 0xbf50 ? [later('a result under BF50 in BF3D'), ...inResult(into(m, first))] : [];
    },
  ],
  [0xbf39, m => (has(m, 0x82) ? [later('eimTransactionId in BF39')] : [])],
]);

const FROM_EIM = new Map<number, Look>([
  [
    0xbf4f,
    m => {
      const [first] = m.inner;
      const code = first?.tag === 0x02 ? tlvContent(m.octets, first).at(-1) : undefined;
      if (code !== undefined && code >= 2 && code <= 4) return [later(`error ${code} in BF4F`)];
      const request = has(m, 0xbf52) && into(m, has(m, 0xbf52));
      return request && (has(request, 0xa2) || has(request, 0x83)) ? [later('a request for data of v1.1 in BF4F')] : [];
    },
  ],
  [
    0xbf50,
    m => {
      const [first] = m.inner;
      if (m.size === 0) return [old('an empty BF50')];
      return first?.tag === 0x30 || first?.tag === 0x02 ? [later(`${first.tag === 0x30 ? 'emptyResponse' : 'an error'} in BF50`)] : [];
    },
  ],
]);

/** What one ESipa message tells of the version of its sender; nothing when it is cut off or more than one message. */
export const signsIn = (octets: Uint8Array, sender: 'eim' | 'ipa'): readonly VersionSign[] => {
  const message = readTlv(octets);
  const look = message && (sender === 'eim' ? FROM_EIM : FROM_IPA).get(message.tag);
  return look && message.end === octets.length ? look(opened(octets, message)) : [];
};

/** Length of a VersionType. */
const VERSION_LENGTH = 3;

/** What EUICCInfo2 `BF22 …` tells: the versions that the eUICC lists, where any of them is one of SGP.32. SGP.32 5.9.2 */
export const signsInEuiccInfo2 = (octets: Uint8Array): readonly VersionSign[] => {
  const message = readTlv(octets);
  if (message?.tag !== 0xbf22 || message.end !== octets.length) return [];
  const iot = into(opened(octets, message), has(opened(octets, message), 0xb4));
  const list = into(iot, has(iot, 0xa0));
  const told = list.inner.map(t => tlvContent(octets, t)).filter(version => version.length === VERSION_LENGTH);
  const versions = SPECS.filter(spec => told.some(([major, minor]) => spec === `${major}.${minor}`));
  return versions.length > 0
    ? [{ seen: `iotVersion ${told.map(version => [...version].join('.')).join(', ')} in EUICCInfo2`, versions }]
    : [];
};
