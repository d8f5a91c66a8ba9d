/** What a test case may say about a simulated SM-DP+. */
import type { Curve } from '#protocol/crypto/ecdsa.js';

/** Yes or no, as YAML or a program writes it. */
export type Flag = boolean | 'yes' | 'no';

/** Whether a flag says yes; what it says when it is absent has to be stated. */
export const says = (flag: Flag | undefined, otherwise: boolean): boolean =>
  flag === undefined ? otherwise : flag === true || flag === 'yes';

/** Life of a download order and its Profile. SGP.22 3.1.6 */
export const ORDER_STATES = [
  'available',
  'allocated',
  'linked',
  'confirmed',
  'released',
  'downloaded',
  'installed',
  'error',
  'unavailable',
] as const;
/** One of ORDER_STATES. */
export type OrderState = (typeof ORDER_STATES)[number];

/** A Profile with its download order. */
export interface ProfileConfig {
  /** 10 octets as in EF.ICCID, or their hex. */
  readonly iccid: string | Uint8Array;
  /** Token of the activation code or EventID; empty for an order that is found by EID alone. */
  readonly matchingId: string;
  /** `released` when absent. */
  readonly state?: OrderState | undefined;
  /** The only eUICC that may have it: 16 octets or 32 digits. */
  readonly eid?: string | Uint8Array | undefined;
  /** Members of StoreMetadataRequest in JSON form, laid over the defaults; the ICCID is that of the Profile. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Metadata inside of the package where it shall differ from what AuthenticateClient showed; or any octets in their place, or their hex. */
  readonly packageMetadata?: Readonly<Record<string, unknown>> | string | Uint8Array | undefined;
  readonly confirmationCode?: string | undefined;
  /** Whether the Profile is protected by random keys (ReplaceSessionKeys) instead of the session keys; no when absent. */
  readonly ppk?: Flag | undefined;
  /** Commands of the package, properly protected, where they shall not be the right ones in the right order: names of PROTECTED_COMMANDS. */
  readonly commands?: readonly string[] | undefined;
  /** Octets of the generated unprotected profile package, at least 100; 4096 when absent. */
  readonly uppSize?: number | undefined;
  /** Unprotected profile package, or its hex, in place of a generated one. */
  readonly upp?: string | Uint8Array | undefined;
  /** Whether the order has expired, and which function says so; `yes` stands for authenticateClient. */
  readonly expired?: Flag | 'authenticateClient' | 'getBoundProfilePackage' | undefined;
  /**
   * Failures that are allowed before the order ends: of the Confirmation Code (3 when absent), or, where there is none,
   * repeated downloads (unlimited when absent); or both by name.
   */
  readonly retries?: number | { readonly confirmationCode?: number | undefined; readonly download?: number | undefined } | undefined;
  /** Names in UICCCapability without which the eUICC is not eligible. */
  readonly requires?: readonly string[] | undefined;
  /** Whether a repeated download offers the eUICC its former one-time key (bppEuiccOtpk); yes when absent. */
  readonly reuse?: Flag | undefined;
  /** Whether an eUICC that comes with another one-time key than the one offered gets a new package; yes when absent. */
  readonly rebinding?: Flag | undefined;
}

/** A simulated SM-DP+. */
export interface SmdpConfig {
  /** FQDN, also in activation codes and serverSigned1. */
  readonly address: string;
  /** Chooses the certificates with this OID when `certificates` names none. */
  readonly oid?: string;
  readonly profiles?: readonly ProfileConfig[];
  /** Names in the PKI, without `_BRP` for those of both curves; `tls` is for whoever opens the listener. */
  readonly certificates?: { readonly auth?: string; readonly pb?: string; readonly tls?: string };
  /** The only curve it supports; both when absent. */
  readonly curve?: Curve;
}
