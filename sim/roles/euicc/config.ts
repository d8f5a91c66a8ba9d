/** What a simulated eUICC starts with, as a test case or a process states it. */
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Curve } from '#protocol/crypto/key.js';
import { ComposeError } from '../../role.js';
import type { SignedObject } from './decision-names.js';

/** Octets, or their hex text as it stands in a file. */
export type OctetsOrHex = Uint8Array | string;

/** Profile events that lead to notifications. SGP.22 Annex H, NotificationEvent */
export type ProfileEvent = 'install' | 'enable' | 'disable' | 'delete';
/** All of them, in the order of their bits. */
export const PROFILE_EVENTS: readonly ProfileEvent[] = ['install', 'enable', 'disable', 'delete'];

/** One entry of notificationConfigurationInfo: these events go to this address. */
export interface NotifyConfig {
  readonly address: string;
  readonly events: readonly ProfileEvent[];
}

/** Profile Owner. SGP.22 Annex H, OperatorId */
export interface OwnerConfig {
  /** 3 octets as in TS 24.008. */
  readonly mccMnc: OctetsOrHex;
  readonly gid1?: OctetsOrHex;
  readonly gid2?: OctetsOrHex;
}

/** One installed profile. */
export interface ProfileConfig {
  /** 10 octets as on the card: nibble-swapped. */
  readonly iccid: OctetsOrHex;
  readonly state?: 'enabled' | 'disabled';
  readonly class?: 'test' | 'provisioning' | 'operational';
  /** Profile Policy Rules. */
  readonly ppr?: readonly ('ppr1' | 'ppr2')[];
  readonly name?: string;
  readonly serviceProvider?: string;
  readonly nickname?: string;
  readonly notify?: readonly NotifyConfig[];
  readonly owner?: OwnerConfig;
  readonly ecall?: boolean;
  readonly fallbackAllowed?: boolean;
  readonly fallbackAttribute?: boolean;
  /** Test profiles only: loaded before delivery of the device, not in the field. */
  readonly preLoaded?: boolean;
}

/** One notification that was made before and still waits to be delivered. */
export interface NotificationConfig {
  readonly event: ProfileEvent;
  readonly iccid: OctetsOrHex;
  readonly address: string;
}

/** One associated eIM; the signing key as SubjectPublicKeyInfo or as the certificate that holds it. SGP.32 2.11.1.1.1 */
export interface EimConfig {
  readonly eimId: string;
  readonly publicKey?: OctetsOrHex;
  readonly certificate?: OctetsOrHex;
  /** Last counterValue used; 0 when left out. */
  readonly counter?: number;
  readonly associationToken?: number;
  readonly fqdn?: string;
  readonly idType?: 'oid' | 'fqdn' | 'proprietary';
  readonly supportedProtocol?: readonly string[];
  /** Key identifier of the CI whose chain signs results for this eIM. */
  readonly ciPKId?: OctetsOrHex;
  readonly indirectProfileDownload?: boolean;
  /** Certificate that anchors TLS to this eIM. */
  readonly trustedCertificateTls?: OctetsOrHex;
  /** SubjectPublicKeyInfo that anchors TLS to this eIM, in place of a certificate. */
  readonly trustedPublicKeyTls?: OctetsOrHex;
}

/** One rule of the Rules Authorisation Table. SGP.22 Annex H, ProfilePolicyAuthorisationRule */
export interface RatConfig {
  readonly ppr: readonly ('ppr1' | 'ppr2')[];
  readonly operators: readonly OwnerConfig[];
  readonly consentRequired?: boolean;
}

/** Bounds of a constrained eUICC; what is left out is not bounded, except the size of a package. */
export interface LimitsConfig {
  /** Largest LoadEuiccPackage command, in octets; 16384 when left out. */
  readonly packageOctets?: number;
  /** Most operations of one package. */
  readonly operations?: number;
  /** Largest list of operation results, in octets. */
  readonly resultOctets?: number;
  readonly eims?: number;
  readonly profiles?: number;
}

/** A simulated eUICC. */
export interface EuiccConfig {
  /** 32 digits. */
  readonly eid: OctetsOrHex;
  /** Curves it has certificates on, the preferred one first; `both` is P-256, then brainpoolP256r1. */
  readonly curve?: Curve | 'both';
  /** PKI name of its certificate on the first curve; otherwise the certificate of the PKI that carries the EID. */
  readonly certificate?: string;
  readonly profiles?: readonly ProfileConfig[];
  /** In their order, the first with the first seqNumber. */
  readonly notifications?: readonly NotificationConfig[];
  readonly eims?: readonly EimConfig[];
  readonly rat?: readonly RatConfig[];
  readonly defaultDpAddress?: string;
  readonly rootDsAddress?: string;
  /** seqNumber of the first notification or result; 1 when left out. */
  readonly firstSeqNumber?: number;
  /** Association token given to the next eIM that asks for one; 1 when left out. */
  readonly nextAssociationToken?: number;
  readonly immediateEnable?: { readonly flag?: boolean; readonly smdpOid?: string; readonly smdpAddress?: string };
  /** Optional features; all but the IPA inside the eUICC and revocation lists are present unless said otherwise. */
  readonly supports?: {
    readonly ecall?: boolean;
    readonly fallback?: boolean;
    readonly immediateEnable?: boolean;
    readonly eimReset?: boolean;
    /** A memory reset can reset the configuration of immediate enabling. */
    readonly enablingReset?: boolean;
    readonly ipae?: boolean;
    /** Revocation lists. */
    readonly crl?: boolean;
    /** The one-time key of a download that was broken off is used again. SGP.22 3.1.3.3 */
    readonly otpkReuse?: boolean;
  };
  readonly limits?: LimitsConfig;
  /** A proactive session is going on: every switch of profiles ends with catBusy. */
  readonly catBusy?: boolean;
  /** No memory is left: nothing can be added or installed. */
  readonly memoryFull?: boolean;
  /** Operations and functions that break down inside the eUICC, by name (`enable`, `addEim`, `immediateEnable` …): undefinedError. */
  readonly breakdowns?: readonly string[];
  /** Objects that carry an element of a future version behind those that are defined, and are signed with it. SGP.32 2.1.3 */
  readonly futureElements?: readonly SignedObject[];
  /** Connection parameters of the enabled profile. SGP.32 5.9.24 */
  readonly httpParams?: OctetsOrHex;
}

/** Its keys, for those who read one; a record, so that the compiler notices a key that comes or goes. */
export const EUICC_CONFIG_KEYS: Readonly<Record<keyof EuiccConfig, true>> = {
  eid: true,
  curve: true,
  certificate: true,
  profiles: true,
  eims: true,
  rat: true,
  defaultDpAddress: true,
  rootDsAddress: true,
  firstSeqNumber: true,
  nextAssociationToken: true,
  immediateEnable: true,
  supports: true,
  limits: true,
  catBusy: true,
  memoryFull: true,
  breakdowns: true,
  notifications: true,
  futureElements: true,
  httpParams: true,
};

/** Octets of a configured value; throws ComposeError for a text that is not hex. */
export const octetsFrom = (value: OctetsOrHex, what: string): Uint8Array => {
  const octets = typeof value === 'string' ? fromHex(value) : value;
  if (!octets) throw new ComposeError(`${what}: expected hex octets, got "${String(value)}"`);
  return octets;
};

/** As `octetsFrom`, for a value of exactly `length` octets. */
export const sizedOctets = (value: OctetsOrHex, length: number, what: string): Uint8Array => {
  const octets = octetsFrom(value, what);
  if (octets.length !== length) throw new ComposeError(`${what}: expected ${length} octets, got ${octets.length} (${hex(octets)})`);
  return octets;
};

/** A configured word that must be one of a few; throws ComposeError for another. */
export const oneOf = <T extends string>(value: T, words: readonly T[], what: string): T => {
  if (!words.includes(value)) throw new ComposeError(`${what}: expected ${words.join(', ')}, got "${String(value)}"`);
  return value;
};

/** A configured list of such words. */
export const someOf = <T extends string>(values: readonly T[] | undefined, words: readonly T[], what: string): readonly T[] => {
  if (values !== undefined && !Array.isArray(values)) throw new ComposeError(`${what}: expected a list of ${words.join(', ')}`);
  return (values ?? []).map(value => oneOf(value, words, what));
};
