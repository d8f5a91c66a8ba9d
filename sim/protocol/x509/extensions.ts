import { readInteger } from '../asn1/primitives.js';
import { type Tlv, tlvContent } from '../asn1/tlv.js';
import { type DistinguishedName, readName } from './name.js';
import { EXTENSIONS, KEY_USAGES, type KeyUsage } from './oids.js';
import { Malformed, members, need, oidText, only } from './reader.js';

/** An extension as received. RFC 5280 4.1 */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of extnValue: the DER of the extension's own type. */
  readonly value: Uint8Array;
}

/** What the known extensions say; a member is absent when its extension is. RFC 5280 4.2 */
export interface KnownExtensions {
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly keyUsage?: readonly KeyUsage[];
  /** Purposes as dotted identifiers. */
  readonly extendedKeyUsage?: readonly string[];
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  /** Policies as dotted identifiers. */
  readonly policies?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** registeredID entries of subjectAltName, dotted: the OIDs of SM-DP+, SM-DS, EUM and CI. */
  readonly registeredIds?: readonly string[];
  /** Permitted directoryName subtrees. */
  readonly permittedNames?: readonly DistinguishedName[];
  /** Whether nameConstraints holds excluded subtrees or other forms than directoryName, which no check here covers. */
  readonly hasOtherConstraints?: boolean;
  /** EUM identification numbers of the v3 form of the name constraint. SGP.22 v3 4.5.2.1.0.2 */
  readonly permittedEins?: readonly string[];
}

type Reader = (value: Uint8Array) => KnownExtensions;

const ascii = (value: Uint8Array, found: Tlv): string => Buffer.from(tlvContent(value, found)).toString('latin1');
const whole = (value: Uint8Array, tag: number, what: string): Tlv => only(value, 0, value.length, tag, what);

const readKeyUsage: Reader = value => {
  const { content } = whole(value, 0x03, 'keyUsage');
  if (value.length === content || (value[content] ?? 0) > 7) throw new Malformed('keyUsage: malformed BIT STRING');
  const isSet = (bit: number) => (((value[content + 1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
  return { keyUsage: KEY_USAGES.filter((_, bit) => isSet(bit)) };
};

const readBasicConstraints: Reader = value => {
  const fields = members(value, whole(value, 0x30, 'basicConstraints'), 'basicConstraints');
  const flag = fields[0]?.tag === 0x01 ? fields[0] : undefined;
  const length = fields[flag ? 1 : 0];
  if (fields.length > (flag ? 1 : 0) + (length ? 1 : 0)) throw new Malformed('basicConstraints: surplus fields');
  const ca = flag !== undefined && value[flag.content] !== 0 && flag.end > flag.content;
  if (!length) return { basicConstraints: { ca } };
  const { content, end } = need(length, 0x02, 'pathLenConstraint');
  const pathLength = readInteger(value, content, end);
  if (typeof pathLength !== 'number' || pathLength < 0) throw new Malformed(`pathLenConstraint: expected a count, got ${pathLength}`);
  return { basicConstraints: { ca, pathLength } };
};

const readAltName: Reader = value => {
  const names = members(value, whole(value, 0x30, 'subjectAltName'), 'subjectAltName');
  return {
    dnsNames: names.filter(name => name.tag === 0x82).map(name => ascii(value, name)),
    registeredIds: names.filter(name => name.tag === 0x88).map(name => oidText(value, name, 0x88, 'registeredID')),
  };
};

const readNameConstraints: Reader = value => {
  const [permitted, ...others] = members(value, whole(value, 0x30, 'nameConstraints'), 'nameConstraints');
  if (permitted?.tag !== 0xa0) return { permittedNames: [], hasOtherConstraints: true };
  const bases = members(value, permitted, 'permittedSubtrees').map(subtree => {
    const fields = members(value, need(subtree, 0x30, 'GeneralSubtree'), 'GeneralSubtree');
    return { base: fields[0], bounded: fields.length !== 1 };
  });
  const directory = bases.filter(({ base }) => base?.tag === 0xa4);
  return {
    permittedNames: directory.map(({ base }) => {
      const name = need(base, 0xa4, 'directoryName');
      return readName(value, only(value, name.content, name.end, 0x30, 'directoryName'), 'directoryName');
    }),
    hasOtherConstraints: others.length > 0 || directory.length < bases.length || bases.some(({ bounded }) => bounded),
  };
};

const identifiers = (value: Uint8Array, what: string): readonly string[] =>
  members(value, whole(value, 0x30, what), what).map(found => oidText(value, found, 0x06, what));

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [EXTENSIONS.subjectKeyIdentifier, value => ({ subjectKeyId: tlvContent(value, whole(value, 0x04, 'subjectKeyIdentifier')) })],
  [
    EXTENSIONS.authorityKeyIdentifier,
    value => {
      const id = members(value, whole(value, 0x30, 'authorityKeyIdentifier'), 'authorityKeyIdentifier').find(field => field.tag === 0x80);
      return id ? { authorityKeyId: tlvContent(value, id) } : {};
    },
  ],
  [EXTENSIONS.keyUsage, readKeyUsage],
  [EXTENSIONS.basicConstraints, readBasicConstraints],
  [EXTENSIONS.subjectAltName, readAltName],
  [EXTENSIONS.nameConstraints, readNameConstraints],
  [EXTENSIONS.extendedKeyUsage, value => ({ extendedKeyUsage: identifiers(value, 'extendedKeyUsage') })],
  [
    EXTENSIONS.certificatePolicies,
    value => ({
      policies: members(value, whole(value, 0x30, 'certificatePolicies'), 'certificatePolicies').map(policy =>
        oidText(value, members(value, need(policy, 0x30, 'PolicyInformation'), 'PolicyInformation')[0], 0x06, 'policyIdentifier'),
      ),
    }),
  ],
  [
    EXTENSIONS.permittedEins,
    value => ({
      permittedEins: members(value, whole(value, 0x30, 'permittedEins'), 'permittedEins').map(ein =>
        ascii(value, need(ein, 0x13, 'permittedEins')),
      ),
    }),
  ],
]);

/** Extensions that are noted without being read: no check needs their content. */
const NOTED: ReadonlySet<string> = new Set([EXTENSIONS.crlDistributionPoints]);

/** Whether this project knows what the extension demands. */
export const isKnownExtension = (oid: string): boolean => READERS.has(oid) || NOTED.has(oid);

/** Reads the known among the extensions; throws Malformed, also for one that occurs twice. RFC 5280 4.2 */
export const readExtensions = (extensions: readonly Extension[]): KnownExtensions => {
  const seen = new Set<string>();
  let known: KnownExtensions = {};
  for (const { oid, value } of extensions) {
    if (seen.has(oid)) throw new Malformed(`extension ${oid} occurs twice`);
    seen.add(oid);
    known = { ...known, ...READERS.get(oid)?.(value) };
  }
  return known;
};
