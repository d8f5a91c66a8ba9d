/**
 * Every judgement of the IPA in one place, each as a small function of plain data. The role and its process ask; the default
 * answers as the specification wants it. A seeded defect or a conformant variant replaces single answers and leaves both alone.
 */
import type { Outbound } from '../../../adapters/adapter.js';
import type { World } from '../../role.js';
import { CAUSES, type Cause } from './config.js';
import { correctDownloads, type DownloadDecisions } from './download-decisions.js';
import type { PendingNotice } from './euicc-data.js';
import { PACKAGE_PROBLEMS } from './state.js';
import { correctWires, type WireDecisions } from './wire-decisions.js';

/** How a package could not be handled. */
export type PackageProblem = keyof typeof PACKAGE_PROBLEMS;

/** Judgements on polling. SGP.32 3.1.1.1, 5.14.5 */
export interface PollDecisions {
  /** EID of GetEimPackageRequest. */
  pollsAs(eid: Uint8Array): Uint8Array;
  /** What GetEimPackageRequest tells of a state change. */
  announces(cause: number | undefined): { readonly notify: boolean; readonly cause: number | undefined };
  /** Number of a cause. */
  numberOf(cause: Cause): number;
  /** Whether a state change is told no more once an answer came. */
  forgetsCause(): boolean;
  /** Whether another package is asked for after an answer to a poll; `code` of an eimPackageError. */
  pollsOn(answer: 'package' | 'error' | 'none', code: number | undefined): boolean;
  /** What the eIM is told of a package that cannot be handled; undefined: nothing. SGP.32 6.3.2.7 */
  answersUnusable(problem: PackageProblem): number | undefined;
  /** eimTransactionId that goes with everything that comes of a package. */
  echoes(eimTransactionId: Uint8Array | undefined): Uint8Array | undefined;
}

/** What is known when acknowledgements, or none, have arrived. */
export interface AnswerFacts {
  readonly acknowledged: readonly number[];
  /** provideEimPackageResultError. */
  readonly error: number | undefined;
  /** Numbers that were sent: of the result, of the notifications with it. */
  readonly sent: readonly number[];
}
/** What is known when a result could not be delivered. */
export interface RollbackFacts {
  /** An enable of the package allows it. */
  readonly isAllowed: boolean;
  /** That enable, or another one, succeeded. */
  readonly hasEnabled: boolean;
  readonly attempts: number;
}

/** Judgements on packages and their results. SGP.32 3.3.1, 3.7, 5.9.11, 5.9.16, 5.14.6 */
export interface ResultDecisions {
  /** Complete package as the card gets it. */
  loads(octets: Uint8Array): Uint8Array;
  /** Complete result as the eIM gets it. */
  forwards(octets: Uint8Array): Uint8Array;
  /** EID of ProvideEimPackageResult. */
  providesAs(eid: Uint8Array): Uint8Array | undefined;
  /** Whether pending notifications go with the result of a package. */
  joinsNotifications(facts: { readonly hasPsmo: boolean; readonly isSigned: boolean }): boolean;
  /** Notifications in the order in which they go. */
  orders(pending: readonly PendingNotice[]): readonly PendingNotice[];
  /** Whether a list without notifications goes as a list. */
  sendsEmptyList(): boolean;
  /** What is removed from the card after an answer. */
  removes(facts: AnswerFacts): readonly number[];
  /** Whether the next number is removed after this result of a removal. */
  removesOn(result: number): boolean;
  /** How notifications are asked for: all, or those of every event. SGP.32 5.9.11 */
  asksForNotifications(): 'all' | 'everyEvent';
  /** Whether compact notifications name the EID. SGP.32 5.14.7 */
  namesEidInNotifications(): boolean;
  /** Whether results from before are looked for when a poll begins. */
  looksForResults(): boolean;
  /** Whether notifications from before are looked for. */
  looksForNotifications(): boolean;
  /** Whether a result that the card did not return is looked for in its list. SGP.32 5.9.1 */
  looksForMissingResult(): boolean;
  rollsBack(facts: RollbackFacts): boolean;
  /** Whether a notification that was not taken stays on the card. */
  keepsUntaken(): boolean;
  /** Whether a notification that was not taken is delivered again with the next poll. */
  retriesUntaken(): boolean;
  /** Whether later notifications wait for one that was not taken, when it goes to the same receiver. */
  waitsForUntaken(): boolean;
}

/** Judgements on data requests. SGP.32 2.11.1.2, 3.3.2 */
export interface DataDecisions {
  /** Whether a tag (hex) may be asked for. */
  knowsTag(tag: string, isDefined: boolean): boolean;
  /** Whether data are withheld while the emergency profile is enabled. */
  withholdsInEmergency(): boolean;
  /** ipaEuiccDataErrorCode. */
  dataError(problem: 'incorrectTagList' | 'euiccCiPKIdNotFound' | 'ecallActive' | 'undefinedError', code: number): number;
  /** Whether what was asked for with criteria is looked for by them. */
  usesCriteria(of: 'notifications' | 'packageResults'): boolean;
}

/** Judgements on packages that the eIM brings by itself. SGP.32 3.1.1.2, 6.3.3.1 */
export interface TransferDecisions {
  /** Whether a package is taken first and its result provided later. SGP.32 3.1.1.2 */
  defersResult(): boolean;
  /** Whether what is left to do or to tell after an answer is done. */
  followsUp(): boolean;
  /** Whether answers without a result name the package or the EID; since v1.3. */
  correlates(): boolean;
  /** Whether a package waits until the one before it is carried out. SGP.32 3.3.1 */
  queuesTransfers(): boolean;
  /** Whether a transfer that comes while another one is carried out is forgotten, although it was answered. */
  forgetsWhileBusy(): boolean;
  /** Every frame that answers an eIM. */
  transferAnswer(frame: Outbound): Outbound;
}

/** Judgements of the IPA; see the groups. */
export interface IpaDecisions extends PollDecisions, ResultDecisions, DataDecisions, TransferDecisions, DownloadDecisions, WireDecisions {
  /** Every ES10 command on its way to the card. */
  command(octets: Uint8Array): Uint8Array;
  /** Every message on its way out, by type name. */
  outgoing(type: string, octets: Uint8Array): Uint8Array;
}

/** What a defect or variant replaces; it may call the answers it replaces and keep state of its own. */
export type IpaOverride = (correct: IpaDecisions, world: World) => Partial<IpaDecisions>;

const polling: PollDecisions = {
  pollsAs: eid => eid,
  announces: cause => ({ notify: cause !== undefined, cause }),
  numberOf: cause => CAUSES[cause],
  forgetsCause: () => true,
  pollsOn: answer => answer === 'package',
  answersUnusable: problem => PACKAGE_PROBLEMS[problem],
  echoes: eimTransactionId => eimTransactionId,
};

const NOTHING_TO_DELETE = 1;
const results: ResultDecisions = {
  loads: octets => octets,
  forwards: octets => octets,
  providesAs: eid => eid,
  joinsNotifications: ({ hasPsmo, isSigned }) => hasPsmo && isSigned,
  orders: pending => pending.toSorted((a, b) => a.seqNumber - b.seqNumber),
  sendsEmptyList: () => false,
  removes: ({ acknowledged }) => acknowledged,
  removesOn: result => result === 0 || result === NOTHING_TO_DELETE,
  asksForNotifications: () => 'all',
  namesEidInNotifications: () => true,
  looksForResults: () => true,
  looksForNotifications: () => true,
  looksForMissingResult: () => true,
  rollsBack: ({ isAllowed, hasEnabled, attempts }) => isAllowed && hasEnabled && attempts === 0,
  keepsUntaken: () => true,
  retriesUntaken: () => true,
  waitsForUntaken: () => true,
};

const data: DataDecisions = {
  knowsTag: (_tag, isDefined) => isDefined,
  withholdsInEmergency: () => true,
  dataError: (_problem, code) => code,
  usesCriteria: () => true,
};

const transfers: TransferDecisions = {
  defersResult: () => false,
  followsUp: () => true,
  correlates: () => false,
  queuesTransfers: () => true,
  forgetsWhileBusy: () => false,
  transferAnswer: frame => frame,
};

/** Behaviour as specified. */
export const correctDecisions: IpaDecisions = {
  ...polling,
  ...results,
  ...data,
  ...transfers,
  ...correctDownloads,
  ...correctWires,
  command: octets => octets,
  outgoing: (_type, octets) => octets,
};

/** Correct behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly IpaOverride[], world: World): IpaDecisions => {
  let decisions = correctDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions, world) };
  return decisions;
};
