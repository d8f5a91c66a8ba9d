/**
 * Every judgement of the SM-DP+ in one place, each as a small function of plain data. The role asks; the default answers
 * as the specification wants it. A seeded defect or a conformant variant replaces single answers and leaves the role alone.
 */
import { equal } from '#protocol/asn1/tlv.js';
import type { Binding } from '#protocol/bpp/bind.js';
import type { Inbound, Outbound } from '../../../adapters/adapter.js';
import type { World } from '../../role.js';
import { correctServer, type ServerDecisions } from '../rsp-server/decisions.js';
import type { Refused, VerifiedEuicc } from '../rsp-server/verify-euicc.js';
import type { OrderState } from './config.js';
import type { Order } from './order.js';
import type { Session } from './session.js';

/** A function within a session. */
export type SessionFunction = 'AuthenticateClient' | 'GetBoundProfilePackage' | 'CancelSession';

/** Judgements on orders. SGP.22 3.1.6, 5.6.3 */
export interface OrderDecisions {
  /** The order that the eUICC asks for; found a refusal: there is none for its MatchingID or EID. */
  choosesOrder(found: Order | Refused, orders: readonly Order[], euicc: VerifiedEuicc): Order | Refused;
  /** EID that the order is for against the one that came. */
  acceptsEid(expected: Uint8Array, found: Uint8Array): boolean;
  acceptsState(pending: boolean, state: OrderState): boolean;
  acceptsExpired(expired: boolean): boolean;
  /** Whether an order may be offered once more after so many times, when so many repetitions are allowed. */
  acceptsAttempt(downloads: number, retries: number): boolean;
  /** Whether capabilities and memory of an eUICC do, missing undefined: they do. */
  acceptsEuicc(missing: Refused | undefined): boolean;
  /** The one-time key of an earlier download that smdpSigned2 offers. SGP.22 3.1.3.3 */
  offersOtpk(kept: Uint8Array | undefined): Uint8Array | undefined;
}

/** Judgements on binding. SGP.22 2.5.4, 5.6.2 */
export interface BindingDecisions {
  /** What the eUICC hashed against the hash of the Confirmation Code. */
  judgesCode(expected: Uint8Array, given: Uint8Array | undefined): 'right' | 'wrong' | 'missing';
  /** Whether no further Confirmation Code is accepted after so many wrong ones, when so many retries are allowed. */
  endsAttempts(failures: number, retries: number): boolean;
  /** One-time key offered, where one was, against the one that came; rebinding: whether the order allows another one. */
  acceptsOtpk(offered: Uint8Array | undefined, given: Uint8Array, rebinding: boolean): boolean;
  /** Whether the binding of an earlier download is used again; same: the eUICC has come with the same one-time key. */
  keepsBinding(same: boolean): boolean;
  binds(binding: Binding): Binding;
  stateAfterDelivery(): OrderState;
  /** Whether a Profile that was delivered belongs to its eUICC from then on. */
  linksOrder(): boolean;
}

/** Judgements on how a session ends. SGP.22 3.0.2, 5.6.4, 5.6.5 */
export interface EndDecisions {
  acceptsCancelOid(own: string, found: string): boolean;
  stateAfterCancel(state: OrderState, reason: number): OrderState;
  /** Whether a session ends with its cancellation, or with an attempt to cancel it that was refused. */
  endsByCancel(accepted: boolean): boolean;
  /** State after an installation result; genuine: its signature verifies. */
  stateAfterResult(state: OrderState, result: 'successResult' | number, genuine: boolean): OrderState;
}

/** Judgements of the SM-DP+; see the groups. */
export interface SmdpDecisions extends ServerDecisions, OrderDecisions, BindingDecisions, EndDecisions {
  /** The session of a TransactionID; latest: the one used last. */
  findsSession(found: Session | undefined, latest: Session | undefined): Session | undefined;
  /** MatchingID of a new order; wanted undefined: the operator leaves it to the SM-DP+. */
  newMatchingId(wanted: string | undefined, random: (count: number) => Uint8Array): string;
  /** Whether a request repeated octet for octet gets the answer that it got before. */
  repeatsAnswers(): boolean;
  /** Status code of a refusal as subject/reason. */
  refusesWith(code: string, by: SessionFunction | 'InitiateAuthentication'): string;
  /** Whether a request with these failed transport rules is served. SGP.22 6.2 */
  servesRequest(failedRequirements: readonly string[]): boolean;
  /** Every message on its way out, by type name, after signing and encoding. */
  outgoing(type: string, octets: Uint8Array): Uint8Array;
  /** Every frame that answers a caller. */
  frame(frame: Outbound, request: Inbound): Outbound;
}

/** What a defect or variant replaces; it may call the answers it replaces and keep state of its own. */
export type SmdpOverride = (correct: SmdpDecisions, world: World) => Partial<SmdpDecisions>;

/** Reasons after which the same order can be downloaded later: postponed, timeout. SGP.22 5.7.14 */
const KEEPS_ORDER: ReadonlySet<number> = new Set([1, 2]);
/** installFailedDueToInterruption: the same order may be tried again. SGP.22 2.5.6, 3.1.3.3 */
const INTERRUPTION = 11;

const orders: OrderDecisions = {
  choosesOrder: found => found,
  acceptsEid: equal,
  acceptsState: pending => pending,
  acceptsExpired: expired => !expired,
  acceptsAttempt: (downloads, retries) => downloads <= retries,
  acceptsEuicc: missing => missing === undefined,
  offersOtpk: kept => kept,
};

const binding: BindingDecisions = {
  judgesCode: (expected, given) => (given === undefined ? 'missing' : equal(expected, given) ? 'right' : 'wrong'),
  endsAttempts: (failures, retries) => failures > retries,
  acceptsOtpk: (offered, given, rebinding) => offered === undefined || rebinding || equal(offered, given),
  keepsBinding: same => same,
  binds: made => made,
  stateAfterDelivery: () => 'downloaded',
  linksOrder: () => true,
};

const end: EndDecisions = {
  acceptsCancelOid: (own, found) => own === found,
  stateAfterCancel: (state, reason) => (KEEPS_ORDER.has(reason) ? state : 'error'),
  endsByCancel: accepted => accepted,
  stateAfterResult: (state, result, genuine) => {
    if (!genuine) return state;
    if (result === 'successResult') return 'installed';
    return result === INTERRUPTION ? 'downloaded' : 'error';
  },
};

// Upper-case letters and digits only, in groups that a person can read. SGP.22 4.1.1
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const newMatchingId = (random: (count: number) => Uint8Array): string =>
  [...random(20)].map((octet, i) => `${i > 0 && i % 5 === 0 ? '-' : ''}${ALPHABET[octet % ALPHABET.length]}`).join('');

// Without these an HTTP exchange has no meaning at all; missing headers alone are no reason to refuse service.
const VITAL = new Set(['SGP22-6.2-01', 'SGP22-6.2-02', 'SGP22-6.2-03', 'SGP22-6.6.2-01', 'SGP22-6.5.1-01']);

/** Behaviour as specified. */
export const correctDecisions: SmdpDecisions = {
  ...correctServer,
  ...orders,
  ...binding,
  ...end,
  findsSession: found => found,
  newMatchingId: (wanted, random) => wanted ?? newMatchingId(random),
  repeatsAnswers: () => true,
  refusesWith: code => code,
  servesRequest: failed => !failed.some(id => VITAL.has(id)),
  outgoing: (_type, octets) => octets,
  frame: frame => frame,
};

/** Correct behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly SmdpOverride[], world: World): SmdpDecisions => {
  let decisions = correctDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions, world) };
  return decisions;
};
