/** What a simulated eUICC keeps: its non-volatile memory, and the session that a reset would end. */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { ProfileReceiver } from '#protocol/bpp/receive.js';
import type { PrivateKey, PublicKey } from '#protocol/crypto/key.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import type { ProfileInfo } from '#protocol/iot/profile.js';
import type { EuiccResultData } from '#protocol/iot/result.js';
import type { OperatorId, RulesAuthorisationTable } from '#protocol/rsp/basic.js';
import type { RevocationList } from '#protocol/x509/crl.js';
import type { World } from '../../role.js';
import type { EuiccConfig, ProfileEvent } from './config.js';
import type { Credential } from './credentials.js';
import type { EuiccDecisions } from './decisions.js';

/** Highest counterValue that is accepted. SGP.32 2.11.1.1 */
export const MAXIMUM_COUNTER = 0x7fffff;

/** An installed profile with its metadata. */
export interface Profile {
  readonly iccid: Uint8Array;
  /** AID of the ISD-P, 16 octets. */
  readonly aid: Uint8Array;
  state: 'enabled' | 'disabled';
  readonly profileClass: 'test' | 'provisioning' | 'operational';
  readonly policyRules: readonly string[];
  readonly serviceProviderName: string;
  readonly profileName: string;
  readonly nickname: string | undefined;
  readonly notifications: readonly { readonly address: string; readonly events: readonly ProfileEvent[] }[];
  readonly owner: ValueOf<typeof OperatorId> | undefined;
  readonly ecall: boolean;
  readonly fallbackAllowed: boolean;
  fallbackAttribute: boolean;
  readonly preLoaded: boolean;
  /** Other members of ProfileInfo that the metadata brought, e.g. the icon. */
  readonly further: Partial<ValueOf<typeof ProfileInfo>>;
  /** CI key identifier under which its notifications are signed. */
  readonly ciPKId: Uint8Array;
}

/** An Associated eIM. SGP.32 2.11.1.1.1 */
export interface Eim {
  readonly eimId: string;
  /** Last counterValue accepted from it. */
  counterValue: number;
  associationToken: number | undefined;
  /** Undefined when the stored key is on a curve that the eUICC does not know: nothing verifies then. */
  key: PublicKey | undefined;
  /** Everything else, as GetEimConfigurationData returns it, defaults filled in. */
  data: Omit<ValueOf<typeof EimConfigurationData>, 'eimId' | 'counterValue' | 'associationToken'>;
  euiccCiPKId: Uint8Array;
}

/** A notification kept until it is removed. SGP.22 3.5 */
export interface StoredNotification {
  readonly seqNumber: number;
  readonly event: ProfileEvent;
  readonly address: string;
  readonly iccid: Uint8Array | undefined;
  /** Complete PendingNotification: BF37 or 30. */
  readonly octets: Uint8Array;
}

/** What a result says, before the eUICC signs it. */
export interface ResultContent {
  readonly eimId: string;
  /** May exceed every bound: an eIM can send any INTEGER. */
  readonly counterValue: number;
  readonly eimTransactionId: Uint8Array | undefined;
  readonly operations: readonly InputOf<ValueOf<typeof EuiccResultData>>[];
  readonly associationToken: number | undefined;
  readonly euiccCiPKId: Uint8Array;
  /** eimSignature of the package as a TLV; v1.0 signs it with the result. */
  readonly eimSignature: Uint8Array;
}

/** An eUICC Package Result kept until it is removed. SGP.32 3.3.1 */
export interface StoredResult {
  readonly seqNumber: number;
  readonly content: ResultContent;
  /** Complete EuiccPackageResult: BF51. */
  readonly octets: Uint8Array;
}

/** The right to undo the last enable. SGP.32 5.9.16 */
export interface RollbackGrant {
  readonly enabled: Uint8Array;
  readonly reference: Uint8Array;
  readonly content: ResultContent;
  /** Sequence numbers of the result and the notifications that the rollback discards. */
  readonly caused: readonly number[];
}

/** An RSP session, from the challenge to the installation. SGP.22 3.0.1 */
export interface Session {
  challenge: Uint8Array | undefined;
  transactionId?: Uint8Array;
  serverAddress?: string;
  serverOids?: readonly string[];
  credential?: Credential;
  /** `5F37 40 …` */
  euiccSignature1?: Uint8Array;
  smdpSignature2?: Uint8Array;
  otKey?: PrivateKey;
  receiver?: ProfileReceiver;
  /** Waits for a package from its beginning. */
  receive?: () => ProfileReceiver;
  /** Key identifier of the CI above the server's certificate. */
  serverCiPKId?: Uint8Array | undefined;
  /** The package has begun to arrive. */
  isLoading?: boolean;
  /** Metadata seen so far, complete BF25. */
  metadata?: Uint8Array;
  /** The installation ended, well or not. */
  isOver?: boolean;
  /** ICCID of the profile this session installed. */
  installed?: Uint8Array;
}

/** A change of the enabled profile that waits for REFRESH. SGP.32 5.9.16 */
export interface PendingChange {
  readonly commit: () => void;
  readonly abandon: () => void;
}

/** Everything a simulated eUICC remembers. */
export interface Memory {
  profiles: Profile[];
  eims: Eim[];
  readonly rat: ValueOf<typeof RulesAuthorisationTable>;
  notifications: StoredNotification[];
  results: StoredResult[];
  /** seqNumber used last; one sequence for notifications and results. */
  seqNumber: number;
  nextAssociationToken: number;
  nextAidNumber: number;
  defaultDpAddress: string | undefined;
  rootDsAddress: string;
  immediateEnable: { flag: boolean; smdpOid: string | undefined; smdpAddress: string | undefined };
  rollback: RollbackGrant | undefined;
  /** Profile to return to from the fallback, from the emergency profile. */
  fallbackReturn: Uint8Array | undefined;
  emergencyReturn: Uint8Array | undefined;
  session: Session | undefined;
  pending: PendingChange | undefined;
  /** Whether the IPA inside the eUICC was activated; a reset ends that. SGP.32 3.8.4 */
  isIpaeActive: boolean;
  /** One-time keys that an SM-DP+ may name again for a repeated download. SGP.22 5.7.5 */
  otKeys: { readonly oid: string; readonly key: PrivateKey }[];
  /** Revocation lists by CI, the latest of each. SGP.22 5.7.12 */
  revocations: readonly { readonly ciPKId: Uint8Array; readonly list: RevocationList }[];
  /** What bound an eIM's results to their packages, by eIM for the last and by eIM and counter for each: a package may have deleted the eIM since. */
  readonly bindings: Map<string, Pick<ResultContent, 'associationToken' | 'eimSignature'>>;
}

/** A simulated eUICC as its functions see it. */
export interface Chip {
  readonly config: EuiccConfig;
  readonly world: World;
  readonly decisions: EuiccDecisions;
  /** 16 octets. */
  readonly eid: Uint8Array;
  /** At least one; the first is used unless something else is asked for. */
  readonly credentials: readonly [Credential, ...Credential[]];
  readonly memory: Memory;
}

/** The enabled profile; there is at most one. */
export const enabledProfile = (chip: Chip): Profile | undefined => chip.memory.profiles.find(p => p.state === 'enabled');

/** Whether the emergency profile is enabled, which blocks most functions. SGP.32 5.9.22 */
export const isEmergency = (chip: Chip): boolean => enabledProfile(chip)?.ecall === true;

/** Whether a proactive session prevents a change of the enabled profile: one that is going on, or a REFRESH still to come. */
export const isBusy = (chip: Chip): boolean => chip.config.catBusy === true || chip.memory.pending !== undefined;

/** Whether a function or an operation is configured to break down. */
export const breaksDown = (chip: Chip, name: string): boolean => chip.config.breakdowns?.includes(name) === true;
