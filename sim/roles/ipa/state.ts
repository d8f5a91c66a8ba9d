/** What a simulated IPA remembers between messages. SGP.32 3.3.1, 3.2.3.1, 3.2.3.2 */
import type { World } from '../../role.js';
import type { Cause, IpaConfig } from './config.js';
import type { IpaDecisions } from './decisions.js';
import type { EimEntry, PendingNotice } from './euicc-data.js';
import type { Offer, ServerProof } from './session.js';
import type { Source } from './trigger.js';

/** Interface that a request travels on; the ones to RSP servers have an address besides. */
export type IpaInterface = 'ESipa' | 'ES9+' | 'ES11';

/** Why an IPA cannot handle an eIM package. SGP.32 6.3.2.7, EimPackageResultErrorCode */
export const PACKAGE_PROBLEMS = { invalidPackageFormat: 1, unknownPackage: 2, undefinedError: 127 } as const;

/** An eIM package that was received, and what became of it. */
export interface Task {
  readonly kind: 'euiccPackage' | 'dataRequest' | 'downloadTrigger' | 'unusable';
  /** The package as received: BF51, BF52 or BF54. */
  readonly octets: Uint8Array;
  readonly eimTransactionId: Uint8Array | undefined;
  problem?: keyof typeof PACKAGE_PROBLEMS;
  /** The alternative of EimPackageResult to send, complete; undefined until the package was carried out. */
  outcome?: Uint8Array;
  /** seqNumber of a signed result on the card: only its acknowledgement completes the task. */
  seqNumber?: number;
  /** The package allowed to return from the profile that it was to enable. SGP.32 3.3.1 */
  allowsRollback?: boolean;
  hasEnabled?: boolean;
  /** Times a rollback was tried. */
  rollbacks?: number;
  /** Numbers of the notifications that went with the outcome. */
  joined?: readonly number[];
  /** Whether notifications that are pending may go with the outcome. */
  takesNotifications?: boolean;
  /** An answer to its outcome arrived, without acknowledging it. */
  wasSent: boolean;
}

/** A profile download, from the trigger to the installation result. */
export interface Download {
  /** The trigger it belongs to, if there was one. */
  readonly task: Task | undefined;
  readonly source: Source;
  /** Where its messages go: through the eIM, or to the server itself. */
  via: IpaInterface;
  readonly eimTransactionId: Uint8Array | undefined;
  /** Servers that an SM-DS named besides, to go to when this download is over. SGP.32 3.9.2.1 */
  readonly events?: readonly Source[];
  challenge?: Uint8Array;
  server?: ServerProof;
  /** Answer of the card to AuthenticateServer, complete BF38. */
  authenticated?: Uint8Array;
  offer?: Offer;
  /** Answer of the card to PrepareDownload, complete BF21. */
  prepared?: Uint8Array;
  /** Confirmation codes that the server refused. */
  codesRefused?: number;
  /** CancelSessionReason, once something went wrong while the card has a session. */
  cancelReason?: number;
  /** Answer of the card to CancelSession, complete BF41. */
  cancelled?: Uint8Array;
  /** StoreMetadataRequest in the package, BF25. */
  deliveredMetadata?: Uint8Array;
  /** Complete BF37, and its number among the notifications of the card. */
  installationResult?: Uint8Array;
  resultNumber?: number;
  /** The installation result of an earlier event of the same order. */
  readonly reported?: Uint8Array;
  /** The server ended the session by its answer: nothing is left to cancel. */
  isRefused?: boolean;
  /** Why it ended without installation result. */
  failure?: string;
  /** The eIM knows the end: nothing more to send for it. */
  isOver?: boolean;
}

/** A simulated IPA as its functions see it. */
export interface Device {
  readonly config: IpaConfig;
  readonly decide: IpaDecisions;
  readonly world: World;
  eid: Uint8Array | undefined;
  /** What was read from the card since it changed last. */
  known: { pending?: readonly PendingNotice[]; eim?: { readonly selected: EimEntry | undefined } };
  /** Packages with operations on profiles that were carried out. */
  changes: number;
  cause: Cause | number | undefined;
  /** Tags of IpaEuiccData that the eIM was told. */
  readonly told: Set<string>;
  /** Packages whose outcome the eIM has not taken yet, oldest first. */
  readonly tasks: Task[];
  /** The latest packages, taken or not. */
  readonly history: Task[];
  /** The task whose outcome was composed last. */
  sending: Task | undefined;
  download: Download | undefined;
  /** The notification composed last, and where it goes: `eim`, or the address that it names. */
  notifying: { readonly seqNumber: number; readonly receiver: string } | undefined;
  /** Receivers that did not take a notification; nothing else is sent to them until the next poll. */
  readonly postponed: Set<string>;
  readonly acknowledged: number[];
  /** Packages that got lost before they reached the card. */
  lostPackages: number;
  /** ICCIDs installed through this IPA. */
  readonly installed: Uint8Array[];
  /** The card may hold results of packages from before that were not delivered. */
  mayHaveLeftOvers: boolean;
  /** The eIM said that it has no package. */
  hasNoPackage: boolean;
}
