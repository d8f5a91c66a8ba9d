/** What the eIM keeps: per eUICC its association, its view and its packages; per order what became of it. SGP.32 2.11.1.1, procedures of 3.3 */
import type { PrivateKey, PublicKey } from '#protocol/crypto/ecdsa.js';
import type { Operation } from './operations.js';

/** A verified certificate pair of an eUICC; DER. */
export interface EuiccIdentity {
  readonly euiccCertificate: Uint8Array;
  readonly eumCertificate: Uint8Array;
  readonly publicKey: PublicKey;
}

/** A Profile as the eIM believes it to be; iccid in upper-case hex as in tag 5A. */
export interface ProfileView {
  readonly iccid: string;
  readonly state: 'enabled' | 'disabled';
  readonly fallbackAttribute?: boolean;
  /** 0 test, 1 provisioning, 2 operational. */
  readonly profileClass?: number;
}

/** An eIM that the eUICC is associated with, as far as this eIM knows. */
export interface EimView {
  readonly eimId: string;
  readonly associationToken?: number;
}

/** What can change on an eUICC and is shown to the operator. */
export interface EuiccView {
  readonly profiles: readonly ProfileView[];
  readonly eims: readonly EimView[];
  readonly defaultSmdpAddress?: string | undefined;
  readonly rootSmdsAddress?: string | undefined;
}

/** Data that the eUICC or its IPA told; complete TLVs in their own tags unless noted. */
export interface EuiccData {
  euiccInfo1?: Uint8Array;
  euiccInfo2?: Uint8Array;
  /** DeviceInfo `30 …`. */
  deviceInfo?: Uint8Array;
  /** Names of the bits of ipaFeatures; undefined as long as the IPA has not told. SGP.32 4.1 */
  ipaFeatures?: readonly string[];
  /** RulesAuthorisationTable `30 …`; undefined as long as it is not known. */
  rat?: Uint8Array;
}

/** Where an IPA takes packages that the eIM brings. SGP.32 3.1.1.2 */
export interface IpaPlace {
  /** `https:` or `coaps:`; its path tells the binding. */
  readonly url: string;
  /** Name in its certificate, when it is not the host of the URL. */
  readonly name?: string;
}

/** One eUICC that the eIM manages. */
export interface EuiccRecord {
  /** 32 digits. */
  readonly eid: string;
  readonly eidValue: Uint8Array;
  /** Counter of the association before the first package. */
  readonly initialCounter: number;
  /** False once the eIM has removed itself from the eUICC. */
  associated: boolean;
  /** Value signed last. */
  counter: number;
  /** Token of the association; undefined: none is configured. */
  associationToken: number | undefined;
  /** Sequence number of the result accepted last. */
  seqNumber: number | undefined;
  /** Highest sequence number of a result or notification that the view rests on. */
  latestEvent: number;
  /** Key by which the eUICC knows this eIM. */
  signingKey: PrivateKey;
  readonly identities: EuiccIdentity[];
  readonly data: EuiccData;
  view: EuiccView;
  /** The eUICC reported a change that the view does not show yet. */
  stale: boolean;
  staleCause?: string;
  readonly packages: EimPackage[];
  /** Its IPA, where that one listens. */
  readonly ipa?: IpaPlace;
  /** Numbers of what an IPA that listens handed over in its answers; it hears of them with the next transfer. SGP.32 3.1.1.2 */
  unacknowledged: readonly number[];
  /** Those of them that the latest transfer acknowledges; undefined: it carries a package. */
  acknowledging: readonly number[] | undefined;
}

/** What became of one operation of an order. */
export interface OperationOutcome {
  readonly operation: string;
  executed: boolean;
  /** Name of the code, e.g. `ok`; undefined as long as nothing is known. */
  result?: string;
  /** What a read operation returned, in the JSON form of its type. */
  content?: unknown;
}

/** Something the operator asked for. */
export interface Order {
  readonly id: string;
  readonly eid: string;
  state: 'pending' | 'succeeded' | 'failed';
  /** Why it failed: the name of a code or a sentence. */
  cause?: string;
  readonly operations: OperationOutcome[];
}

interface PackageBase {
  readonly order: Order;
  readonly eimTransactionId: Uint8Array | undefined;
  /** `waiting` has never been handed out, `outstanding` awaits its result, `closed` needs nothing more. */
  phase: 'waiting' | 'outstanding' | 'closed';
  /** The message as handed out: BF51, BF52 or BF54. */
  octets?: Uint8Array;
  /** An IPA that listens has taken it; the result comes later. SGP.32 3.1.1.2 */
  isReceived?: boolean;
}

/** Operations of one kind for the eUICC. SGP.32 2.11.1.1 */
export interface EuiccPackage extends PackageBase {
  readonly kind: 'euiccPackage';
  readonly operations: readonly Operation[];
  /** Outcomes of these operations, in their order; the same objects as in the order. */
  readonly outcomes: readonly OperationOutcome[];
  counterValue?: number;
  /** The view before its result was applied, for a rollback. */
  before?: EuiccView;
  /** Closed by something that the eUICC did not sign; a signed result still counts. */
  isDoubtful?: boolean;
  /** The result that closed it, `BF51 …`. */
  result?: Uint8Array;
}

/** A request for data of IPA and eUICC. SGP.32 2.11.1.2 */
export interface DataRequest extends PackageBase {
  readonly kind: 'dataRequest';
  readonly tagList: Uint8Array;
}

/** A Profile download relayed by the eIM. SGP.32 2.11.1.3, 3.2.3.2 */
export interface Download extends PackageBase {
  readonly kind: 'download';
  /** ES9+ to an SM-DP+, ES11 to an SM-DS. */
  readonly interface: 'ES9+' | 'ES11';
  /** FQDN of the server. */
  readonly address: string;
  readonly matchingId: string | undefined;
  readonly activationCode: string | undefined;
  /** OID of the SM-DP+, when the operator or the activation code gave one. */
  readonly expectedOid: string | undefined;
  readonly confirmationCode: string | undefined;
  /** The eIM keeps the download data and sends an empty trigger where the IPA can do with one. */
  readonly holdsData: boolean;
  /** SHA-256 of the installation result taken, as hex. */
  installation?: string;
}

/** One eIM Package of an order. */
export type EimPackage = EuiccPackage | DataRequest | Download;

/** The empty view of an eUICC of which nothing is known yet. */
export const EMPTY_VIEW: EuiccView = { profiles: [], eims: [] };

/** Ends an order; a failure stays, whatever comes later. */
export const failOrder = (order: Order, cause: string): void => {
  if (order.state === 'failed') return;
  order.state = 'failed';
  order.cause = cause;
};

/** Takes back a failure that rested on something unsigned. */
export const reviveOrder = (order: Order): void => {
  order.state = 'pending';
  delete order.cause;
};

/** An order succeeds when nothing of it is left to do and nothing of it failed. */
export const settleOrder = (record: EuiccRecord, order: Order): void => {
  const left = record.packages.filter(p => p.order === order && p.phase !== 'closed');
  if (order.state === 'failed') for (const rest of left) if (rest.phase === 'waiting') rest.phase = 'closed';
  if (order.state === 'pending' && left.length === 0) order.state = 'succeeded';
};
