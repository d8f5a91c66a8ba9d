/**
 * Every judgement of the eUICC in one place, each as a small function of plain data. The role asks; the default answers as
 * the specification wants it. A seeded defect or a conformant variant replaces single answers and leaves the role alone.
 */
import { concat, equal } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import type { Curve, PrivateKey } from '#protocol/crypto/key.js';
import type { Role } from '#protocol/x509/roles.js';
import type { World } from '../../role.js';
import type { Answer, RefusalSw } from './answer.js';
import type { ProfileEvent } from './config.js';
import type { CheckName, Effect, FunctionName, Lasting, SignedObject } from './decision-names.js';
import type { Chip } from './state.js';
import { isSettled } from './versions.js';

/** Judgements common to all functions. */
export interface FunctionDecisions {
  /** Order in which a function makes its checks. */
  ordersChecks(of: FunctionName, checks: readonly CheckName[]): readonly CheckName[];
  /** Whether a check that fails hinders the function. */
  hinders(of: FunctionName, check: CheckName): boolean;
  /** Code of the answer to a check that fails. */
  answersCode(of: FunctionName, check: CheckName, code: number): number;
  /** Whether a function brings about one of its effects. */
  performs(effect: Effect): boolean;
  /** Whether a command is known, by the name of its request type. */
  serves(request: string): boolean;
  /** Status word for what is refused without data. SGP.22 5.7.2 */
  refuses(why: 'unreadable' | 'unknownFunction' | 'notNow'): RefusalSw;
  /** What answers a command that no function is for; undefined: it is refused. */
  answersUnknown(chip: Chip, command: Uint8Array): Answer | undefined;
  /** Every answer on its way out, by type name; the request is the complete command. */
  outgoing(type: string, octets: Uint8Array, request: Uint8Array): Uint8Array;
  /** Templates E0 and E1 of the ISD-R. SGP.32 3.8.4 */
  writesTemplates(octets: Uint8Array): Uint8Array;
  /** What outlasts a restart. */
  survives(what: Lasting, cause: 'reset' | 'powerLoss'): boolean;
}

/** Judgements on what the eUICC signs. SGP.32 2.11.2.1, SGP.22 2.6.2 */
export interface SignatureDecisions {
  /** The object as it is signed and sent, a complete TLV. */
  writesSigned(name: SignedObject, octets: Uint8Array): Uint8Array;
  /** What the signature covers: the object, and what belongs behind it. */
  covers(name: SignedObject, object: Uint8Array, behind: Uint8Array): Uint8Array;
  signingKey(name: SignedObject, key: PrivateKey): PrivateKey;
  /** The 64 octets r and s as they go out. */
  writesSignature(name: SignedObject, signature: Uint8Array): Uint8Array;
  /** CI whose chain is used, of those there are; undefined: there is none for what was asked. */
  choosesCi(use: 'certificates' | 'session' | 'result', ids: readonly Uint8Array[], asked: Uint8Array | undefined): Uint8Array | undefined;
}

/** Judgements on packages and their results. SGP.32 3.3.1, 5.9.1 */
export interface PackageDecisions {
  /** Which Associated eIM a package is from. */
  findsEim(eimIds: readonly string[], eimId: string): string | undefined;
  /** The eimSignature as it is verified. */
  readsSignature(signature: Uint8Array): Uint8Array;
  /** Token that the eimSignature has to cover, and the one that the eUICC's signature covers; undefined: none is configured. */
  tokenForVerifying(token: number | undefined): number | undefined;
  tokenForSigning(token: number | undefined): number | undefined;
  /** Whether a package is verified with a key on this curve. */
  verifiesOn(curve: Curve): boolean;
  /** Counter that a package has to exceed, of the one of its own eIM, those of all, and the one it brings. */
  storedCounter(own: number, all: readonly number[], found: number): number;
  /** Counter after a package: executed, or refused for a failed check. */
  counterAfter(stored: number, found: number, outcome: 'executed' | CheckName): number;
  /** Token that an unsigned error tells. */
  tellsToken(token: number | undefined): number | undefined;
  echoesTransaction(id: Uint8Array | undefined, form: 'result' | 'signedError' | 'unsignedError'): Uint8Array | undefined;
  ordersOperations<T>(operations: readonly T[]): readonly T[];
  /** Whether the next operation is executed after one that was. */
  goesOn(isSuccess: boolean): boolean;
  /** Code of processingTerminated; undefined: the operation is passed over. */
  terminates(code: number): number | undefined;
  /** Whether processingTerminated stands behind an ordinary failure. */
  terminatesFailure(): number | undefined;
  /** The result as it is kept for retrieval; undefined: it is not kept. */
  keepsResult(octets: Uint8Array): Uint8Array | undefined;
  nextSeqNumber(previous: number, of: 'result' | 'notification'): number;
}

/** Judgements on associations, profiles, notifications and sessions. */
export interface StateDecisions {
  /** Token of a new association. SGP.32 2.11.1.1.1 */
  allocatesToken(isAsked: boolean, next: number): number | undefined;
  /** Token after an update that brings one. SGP.32 5.13 (updateEim) */
  tokenAfterUpdate(stored: number | undefined, given: number | undefined): number | undefined;
  /** Type of eIM identifier and protocols of an eIM that names none. SGP.32 5.9.4 */
  assignsDefaults(spec: Spec): { readonly eimIdType?: number; readonly eimSupportedProtocol?: readonly string[] };
  /** Addresses that are notified of an event. SGP.22 3.5 */
  notifies(event: ProfileEvent, configured: readonly string[]): readonly string[];
  /** Order in which the notifications of a switch arise. */
  ordersEvents(events: readonly ProfileEvent[]): readonly ProfileEvent[];
  /** Whether notifications tell that the emergency profile is enabled, or disabled again. SGP.32 5.9.22, 5.9.23 */
  notifiesEmergency(change: 'begin' | 'end'): boolean;
  /** Number in the AID of an ISD-P; by default they are counted up. SGP.22 2.4.3 */
  numbersIsdp(next: number): number;
  /** Tags that are listed, of those asked for and those that are listed when none are. SGP.32 5.9.14 */
  listsTags(asked: readonly string[] | undefined, byDefault: readonly string[]): readonly string[];
  matchesIccid(held: Uint8Array, asked: Uint8Array): boolean;
  /** Whether an enable permits a rollback, with or without rollbackFlag. SGP.32 3.4.1 */
  grantsRollback(isFlagged: boolean): boolean;
  stateAfterInstallation(): 'disabled' | 'enabled';
  newChallenge(random: (count: number) => Uint8Array): Uint8Array;
  /** Roles that an authenticated server may have. SGP.22 5.7.13 */
  serverRoles(): readonly Role[];
  /** Whether certificates that name their role so are looked at: policies of SGP.22 v2, of v3, none. SGP.22 4.5.2 */
  knowsPolicies(oids: readonly string[]): boolean;
}

/** Judgements of the eUICC; see the groups. */
export interface EuiccDecisions extends FunctionDecisions, SignatureDecisions, PackageDecisions, StateDecisions {}

/** What a defect or variant replaces; it may call the answers it replaces and keep state of its own. */
export type EuiccOverride = (correct: EuiccDecisions, world: World) => Partial<EuiccDecisions>;

const REFUSALS = { unreadable: '6A80', unknownFunction: '6A88', notNow: '6985' } as const;

const functions: FunctionDecisions = {
  ordersChecks: (_of, checks) => checks,
  hinders: () => true,
  answersCode: (_of, _check, code) => code,
  performs: () => true,
  serves: () => true,
  refuses: why => REFUSALS[why],
  answersUnknown: () => undefined,
  outgoing: (_type, octets) => octets,
  writesTemplates: octets => octets,
  survives: what => what !== 'session',
};

const signatures: SignatureDecisions = {
  writesSigned: (_name, octets) => octets,
  covers: (_name, object, behind) => concat(object, behind),
  signingKey: (_name, key) => key,
  writesSignature: (_name, signature) => signature,
  choosesCi: (_use, ids, asked) => (asked ? ids.find(id => equal(id, asked)) : ids[0]),
};

const packages: PackageDecisions = {
  findsEim: (eimIds, eimId) => eimIds.find(id => id === eimId),
  readsSignature: signature => signature,
  tokenForVerifying: token => token,
  tokenForSigning: token => token,
  verifiesOn: () => true,
  storedCounter: own => own,
  counterAfter: (stored, found, outcome) => (outcome === 'executed' ? found : stored),
  tellsToken: token => token,
  echoesTransaction: id => id,
  ordersOperations: operations => operations,
  goesOn: isSuccess => isSuccess,
  terminates: code => code,
  terminatesFailure: () => undefined,
  keepsResult: octets => octets,
  nextSeqNumber: previous => previous + 1,
};

const PROPRIETARY = 3;
const CHALLENGE_LENGTH = 16;

const states: StateDecisions = {
  allocatesToken: (isAsked, next) => (isAsked ? next : undefined),
  tokenAfterUpdate: stored => stored,
  assignsDefaults: spec => (isSettled(spec) ? { eimIdType: PROPRIETARY, eimSupportedProtocol: ['eimProprietary'] } : {}),
  notifies: (_event, configured) => configured,
  ordersEvents: events => events,
  notifiesEmergency: change => change === 'end',
  numbersIsdp: next => next,
  listsTags: (asked, byDefault) => asked ?? byDefault,
  matchesIccid: equal,
  grantsRollback: isFlagged => isFlagged,
  stateAfterInstallation: () => 'disabled',
  newChallenge: random => random(CHALLENGE_LENGTH),
  serverRoles: () => ['dp-auth', 'ds-auth'],
  knowsPolicies: () => true,
};

/** Behaviour as specified. */
export const correctDecisions: EuiccDecisions = { ...functions, ...signatures, ...packages, ...states };

/** Correct behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly EuiccOverride[], world: World): EuiccDecisions => {
  let decisions = correctDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions, world) };
  return decisions;
};
