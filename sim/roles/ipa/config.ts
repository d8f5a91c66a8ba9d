/** How a simulated IPA behaves where the specification leaves it a choice. */
import { fromHex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { IpaCapabilities } from '#protocol/iot/data.js';
import type { DeviceInfo } from '#protocol/rsp/info.js';
import type { Card } from './card.js';
import type { REASONS } from './reasons.js';

/** Causes of GetEimPackageRequest.stateChangeCause. SGP.32 6.3.2.6 */
export const CAUSES = {
  otherEim: 0,
  fallback: 1,
  emergencyProfile: 2,
  local: 3,
  reset: 4,
  immediateEnableProfile: 5,
  deviceChange: 6,
  undefined: 127,
} as const;
/** Name of a cause. */
export type Cause = keyof typeof CAUSES;

/** A simulated IPA. */
export interface IpaConfig {
  /** The eUICC in its device. */
  readonly euicc: Card;
  /** EID, where it is known already. */
  readonly eid?: Uint8Array;
  /** Compact forms wherever there is one, or once the eIM was told of it; announces minimizeEsipaBytes. SGP.32 2.11.2.3, 5.14 */
  readonly compact?: boolean | 'announced';
  /** Compact authentication without certificates: the eIM must have them from an earlier message. */
  readonly omitCertificates?: boolean;
  /** Pending notifications travel with the result of a package with PSMOs (ePRAndNotifications); true when left out. */
  readonly pendingWithResult?: boolean;
  /** How the eIM learns of an installation: as result of the trigger, or by HandleNotification. */
  readonly installationResultBy?: 'result' | 'notification';
  /** eidValue in ProvideEimPackageResult; true when left out. */
  readonly eidInResult?: boolean;
  /** A state change that the next GetEimPackageRequest reports, by name or number. */
  readonly stateChangeCause?: Cause | number;
  /** Registered PLMN, 3 octets as in TS 24.008. */
  readonly rPlmn?: Uint8Array | string;
  /** eIM it works for; the first of the eUICC when left out. */
  readonly eimId?: string;
  /** Leaves the making of ctxParams1 to the eIM. */
  readonly eimCtxParams1?: boolean;
  /** Features it announces; derived from the rest when left out. */
  readonly features?: readonly string[];
  readonly protocols?: readonly string[];
  /** Uses ImmediateEnable after a download. SGP.32 5.9.15 */
  readonly immediateEnable?: boolean;
  /** Confirmation codes that its user would type, one after the other as the server refuses them. */
  readonly confirmationCode?: string | readonly string[];
  /** A download that it starts by itself: an activation code, or address and matchingId; the default SM-DP+ of the eUICC without them. */
  readonly activationCode?: string;
  readonly smdpAddress?: string;
  readonly matchingId?: string;
  /** An SM-DS that it asks for events by itself. */
  readonly smdsAddress?: string;
  /** How many packages get lost between server and card, so that their download has to be repeated. SGP.22 3.1.3.3 */
  readonly losesPackages?: number;
  /** Why it cancels a session that nothing is wrong with. */
  readonly cancelReason?: keyof typeof REASONS;
  /** Where notifications go: to the eIM, or each to the server that it names; as downloads go when left out. */
  readonly notifies?: 'eim' | 'server';
}

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

/** Octets of a configured value. */
export const configured = (value: Uint8Array | string): Uint8Array => (typeof value === 'string' ? octets(value) : value);

/** The device around the simulated IPA: an LTE module; TAC and IMEI are from the range for tests. SGP.22 4.2 */
export const DEVICE_INFO: InputOf<ValueOf<typeof DeviceInfo>> = {
  tac: octets('00101700'),
  deviceCapabilities: { eutranEpcSupportedRelease: octets('0E0000') },
  imei: octets('001017000000001F'),
};

const DEFAULT_FEATURES: readonly string[] = ['indirectRspServerCommunication', 'eimDownloadDataHandling'];

/** What the IPA announces of itself. SGP.32 4.1 */
export const capabilitiesOf = (config: IpaConfig): InputOf<ValueOf<typeof IpaCapabilities>> => ({
  ipaFeatures: config.features ?? [
    ...DEFAULT_FEATURES,
    ...(config.eimCtxParams1 ? ['eimCtxParams1Generation'] : []),
    ...(config.compact ? ['minimizeEsipaBytes'] : []),
  ],
  ipaSupportedProtocols: config.protocols ?? ['ipaRetrieveHttps'],
});

/** Whether the IPA announces a feature. */
export const hasFeature = (config: IpaConfig, feature: string): boolean => (config.features ?? DEFAULT_FEATURES).includes(feature);
