/** What a simulated IPA remembers between messages. SGP.32 3.3.1, 3.2.3.2 */
import type { Decoded } from '#protocol/asn1/element.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { AuthenticateClientResponseEsipa, InitiateAuthenticationResponseEsipa } from '#protocol/iot/authentication.js';
import type { World } from '../../role.js';
import type { Cause, IpaConfig } from './config.js';
import type { Source } from './trigger.js';

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
  readonly eimTransactionId: Uint8Array | undefined;
  challenge?: Uint8Array;
  server?: Decoded<ValueOf<typeof InitiateAuthenticationResponseEsipa>>;
  /** Answer of the card to AuthenticateServer, complete BF38. */
  authenticated?: Uint8Array;
  offer?: Decoded<ValueOf<typeof AuthenticateClientResponseEsipa>>;
  /** Answer of the card to PrepareDownload, complete BF21. */
  prepared?: Uint8Array;
  /** CancelSessionReason, once something went wrong while the card has a session. */
  cancelReason?: number;
  /** Answer of the card to CancelSession, complete BF41. */
  cancelled?: Uint8Array;
  /** Complete BF37. */
  installationResult?: Uint8Array;
  /** Why it ended without installation result. */
  failure?: string;
  /** The eIM knows the end: nothing more to send for it. */
  isOver?: boolean;
}

/** A simulated IPA as its functions see it. */
export interface Device {
  readonly config: IpaConfig;
  readonly world: World;
  eid: Uint8Array | undefined;
  cause: Cause | number | undefined;
  /** Packages whose outcome the eIM has not taken yet, oldest first. */
  readonly tasks: Task[];
  /** The latest packages, taken or not. */
  readonly history: Task[];
  /** The task whose outcome was composed last. */
  sending: Task | undefined;
  download: Download | undefined;
  /** seqNumber of the notification composed last. */
  notifying: number | undefined;
  readonly acknowledged: number[];
  /** ICCIDs installed through this IPA. */
  readonly installed: Uint8Array[];
  /** The eIM said that it has no package. */
  hasNoPackage: boolean;
}
