/** Judgements of the IPA on downloads. SGP.32 3.2.3, 3.9.2; SGP.22 3.0.1, 3.1.3 */
import type { ValueOf } from '#protocol/asn1/type.js';
import type { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import type { IpaInterface } from './state.js';
import { type Addresses, parseActivationCode, type Source, sourceOf } from './trigger.js';

/** What may be wrong with a server before the card sees it. */
export type ServerProblem = 'challenge' | 'address' | 'oid' | 'validity';
/** Why an IPA objects to the metadata of a profile. */
export type Objection = 'pprNotAllowed' | 'endUserRejection';

/** Judgements on downloads. */
export interface DownloadDecisions {
  readsActivationCode(text: string): Source | undefined;
  /** Where a trigger leads; undefined: what it needs is missing. */
  source(
    trigger: ValueOf<typeof ProfileDownloadTriggerRequest>,
    addresses: Addresses,
    readCode: (text: string) => Source | undefined,
  ): Source | undefined;
  /** Whether the IPA goes to the server itself; `relays`: its eIM offers indirect download. SGP.32 2.11.1.1.1 */
  goesDirectly(facts: { readonly direct: boolean; readonly indirect: boolean; readonly relays: () => Promise<boolean> }): Promise<boolean>;
  /** smdpAddress of InitiateAuthentication. */
  asksFor(address: string | undefined): string | undefined;
  acceptsServer(problem: ServerProblem): boolean;
  /** Whether a download ends with an error that answers one of its functions. */
  stopsAfter(refused: 'initiation' | 'authentication'): boolean;
  /** matchingId of ctxParams1. */
  matchingIdOf(stated: string | undefined, via: IpaInterface): string | undefined;
  /** Whether the server is told that the card refused it, or its offer. */
  tellsRefusal(of: 'server' | 'offer'): boolean;
  /** What comes of an objection. */
  objects(found: Objection | undefined): Objection | undefined;
  /** Whether an operational profile is there, for the rule that forbids PPR1 beside one. SGP.22 3.1.3 */
  countsInstalled(hasOperational: boolean): boolean;
  /** The reason that a session is cancelled for; undefined: it is not. */
  cancels(reason: number): number | undefined;
  /** Whether a session is cancelled that the server has refused to go on with. */
  cancelsRefused(via: IpaInterface): boolean;
  /** hashCc for the card, from the eIM or made of the code that was typed. */
  confirms(ofEim: Uint8Array | undefined, own: Uint8Array | undefined): Uint8Array | undefined;
  /** Which of the codes is typed after so many were refused. */
  nextCode(refused: number): number;
  /** Octets of a bound profile package before it is cut into segments. */
  unpacks(boundProfilePackage: Uint8Array): Uint8Array;
  enablesImmediately(isWanted: boolean): boolean;
  /** Whether a session is cancelled although there is an installation result. */
  cancelsAfterResult(): boolean;
  /** Whether the eIM is told that a download failed of which it knows already by relaying. */
  reportsRelayedFailure(): boolean;
  /** As what a trigger is reported that lacks something: as a package, or as a download that failed. */
  reportsTriggerAs(): 'package' | 'download';
  /** Whether the eIM hears of a download from the server itself, and the server of its result. */
  reportsTo(receiver: 'eim' | 'server', hasSucceeded: boolean): boolean;
  /** Whether the download that an event or trigger of an SM-DS names is begun. */
  followsEvent(): boolean;
  /** matchingId for the event of an SM-DS. */
  matchingIdOfEvent(eventId: string): string | undefined;
  /** Address that a notification goes to; `server` that of the latest download. */
  notificationAddress(own: string, server: string | undefined): string;
  /** Whether the installation result leaves the card before anybody has it. */
  removesResultAtOnce(): boolean;
}

/** Downloads as specified. */
export const correctDownloads: DownloadDecisions = {
  readsActivationCode: parseActivationCode,
  source: sourceOf,
  goesDirectly: async ({ direct, indirect, relays }) => direct && (!indirect || !(await relays())),
  asksFor: address => address,
  acceptsServer: () => false,
  stopsAfter: () => true,
  // An SM-DS that is asked for any event gets an empty one. SGP.22 5.8.2
  matchingIdOf: (stated, via) => stated ?? (via === 'ES11' ? '' : undefined),
  tellsRefusal: () => true,
  objects: found => found,
  countsInstalled: hasOperational => hasOperational,
  cancels: reason => reason,
  // The answer of an SM-DP+ ends the session on its side; an eIM may still have it open with the SM-DP+.
  cancelsRefused: via => via === 'ESipa',
  confirms: (ofEim, own) => ofEim ?? own,
  nextCode: refused => refused,
  unpacks: boundProfilePackage => boundProfilePackage,
  enablesImmediately: isWanted => isWanted,
  cancelsAfterResult: () => false,
  reportsRelayedFailure: () => true,
  reportsTriggerAs: () => 'package',
  reportsTo: () => true,
  followsEvent: () => true,
  matchingIdOfEvent: eventId => eventId,
  notificationAddress: own => own,
  removesResultAtOnce: () => false,
};
