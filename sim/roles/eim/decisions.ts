/**
 * Every judgement of the eIM in one place, each as a small function of plain data. The role asks; the default answers as
 * the specification wants it. A seeded defect or a conformant variant replaces single answers and leaves the role alone.
 */
import { concat, equal } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { Frame, Inbound, Outbound } from '../../../adapters/adapter.js';
import type { World } from '../../role.js';
import { type Operation, splitOperations } from './operations.js';
import { correctRelay, type RelayDecisions } from './relay-decisions.js';
import type { EimPackage } from './state.js';

/** Why a result was not accepted. */
export type Discard =
  | 'eimId'
  | 'noPackage'
  | 'transactionId'
  | 'signature'
  | 'seqNumber'
  | 'repeated'
  | 'noKey'
  | 'eid'
  | 'certificate'
  | 'undecodable';

/** Judgements on handing out packages. SGP.32 3.1.1.1, 5.14.5 */
export interface RetrievalDecisions {
  /** Whether an EID is usable; octets undefined: it is absent. */
  judgesEid(octets: Uint8Array | undefined): 'valid' | 'missing' | 'invalid';
  answersMissingEid(): number;
  answersInvalidEid(): number;
  answersUnknownEid(): number;
  answersEmptyQueue(): number;
  /** EID whose packages are handed out to this EID. */
  ownerOfQueue(eid: string, known: readonly string[]): string;
  choosesPackage(waiting: readonly EimPackage[], outstanding: readonly EimPackage[]): EimPackage | undefined;
  /** Whether a package handed out before goes out again with the same octets; otherwise it is built anew. */
  repeatsOctets(): boolean;
  /** Whether the view no longer counts after notifyStateChange. */
  marksStale(cause: number | undefined): boolean;
}

/** Judgements on building and signing packages. SGP.32 2.11.1.1 */
export interface PackageDecisions {
  nextCounter(previous: number): number;
  /** Whether each eUICC has a counter of its own; otherwise the highest of all counts. */
  keepsCounterPerEuicc(): boolean;
  newEimTransactionId(random: (count: number) => Uint8Array, latest: Uint8Array | undefined): Uint8Array | undefined;
  splitsOperations(operations: readonly Operation[]): readonly (readonly Operation[])[];
  /** EuiccPackageSigned `30 …`, before it is signed. */
  writesSigned(octets: Uint8Array): Uint8Array;
  /** What the signature covers: the package and the token TLV `84 …`. */
  covers(signed: Uint8Array, token: Uint8Array): Uint8Array;
  tokenForSigning(token: number | undefined): number | undefined;
  signingKey(key: PrivateKey): PrivateKey;
  /** The 64 octets r and s as they go out. */
  writesSignature(signature: Uint8Array): Uint8Array;
  /** Tags asked for in a data request, concatenated. */
  dataTags(tags: Uint8Array): Uint8Array;
}

/** Judgements on results. SGP.32 3.3.1, 5.14.6 */
export interface ResultDecisions {
  acceptsResultSignature(valid: boolean): boolean;
  acceptsErrorSignature(valid: boolean): boolean;
  /** Which token a result has to be signed with. */
  tokenForVerifying(token: number | undefined): number | undefined;
  /** By the rule of which version a result has to be signed. */
  rulesOfResult(spec: Spec): Spec;
  acceptsEimId(own: string, found: string): boolean;
  acceptsCounter(signed: number, found: number): boolean;
  acceptsTransactionId(sent: Uint8Array | undefined, found: Uint8Array | undefined): boolean;
  acceptsSeqNumber(previous: number | undefined, found: number): boolean;
  /** EID that a result is taken for, of the one given with it and the one that its content tells. SGP.32 6.3.2.7 */
  eidOfResult(given: string | undefined, implied: () => string | undefined): string | undefined;
  /** Whether a result that HandleNotification brings is processed. SGP.32 5.14.7 */
  takesResultByNotification(): boolean;
  /** EID of the message against the EID that the package or certificate belongs to. */
  acceptsEid(told: string, known: string): boolean;
  acceptsEuiccCertificate(fault: string | undefined): boolean;
  /** Whether an unsigned error counts as proof that the package was executed. */
  trustsUnsignedError(): boolean;
  /** Whether a code counts as done; of an operation, or of a whole `euiccPackage`, `dataRequest` or `download`. */
  isSuccess(operation: string, result: string): boolean;
  /** Whether operations after a failed one are shown as not executed. */
  noticesUnexecuted(): boolean;
  appliesRollback(): boolean;
  appliesView(operation: string): boolean;
  remembersToken(token: number): number | undefined;
  switchesOwnKey(result: string): boolean;
  stopsManaging(result: string): boolean;
  /** Numbers that the answer acknowledges, of those taken over. */
  acknowledges(seqNumbers: readonly number[]): readonly number[];
  /** Error of ProvideEimPackageResultResponse for input that is discarded; undefined: emptyResponse. */
  answersDiscarded(why: Discard): number | undefined;
  /** Whether notifications that came with a discarded result are taken over all the same. */
  takesNotificationsOfDiscarded(): boolean;
}

/** Judgements on packages that the eIM brings by itself. SGP.32 3.1.1.2, 6.3.3.1 */
export interface InjectionDecisions {
  /** Whether the outcome in the answer to a transfer is processed. */
  takesResultsOfTransfers(): boolean;
  /** Whether a package that was taken stays open for its result. */
  awaitsResult(): boolean;
  /** Numbers that a transfer of its own acknowledges, of those taken over. */
  acknowledgesTransfers(seqNumbers: readonly number[]): readonly number[];
  /** Every frame on its way to an IPA that listens. */
  transferFrame(frame: Frame): Frame;
}

/** Judgements of the eIM; see the groups. */
export interface EimDecisions extends RetrievalDecisions, PackageDecisions, ResultDecisions, InjectionDecisions, RelayDecisions {
  /** Whether a request with these failed transport rules is served. SGP.32 6.1.1 */
  servesRequest(failedRequirements: readonly string[]): boolean;
  /** Every message on its way out, by type name, after signing and encoding. */
  outgoing(type: string, octets: Uint8Array): Uint8Array;
  /** Every HTTP frame that answers an IPA. */
  frame(frame: Outbound, request: Inbound): Outbound;
  /** Every CoAP frame that answers an IPA. */
  coapFrame(frame: Outbound, request: Inbound): Outbound;
}

/** What a defect or variant replaces; it may call the answers it replaces and keep state of its own. */
export type EimOverride = (correct: EimDecisions, world: World) => Partial<EimDecisions>;

const sameId = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => (a && b ? equal(a, b) : a === b);
const isDecimal = (eid: Uint8Array): boolean => eid.every(octet => octet >> 4 < 10 && (octet & 0x0f) < 10);
const isKeyUpdate = (p: EimPackage): boolean =>
  p.kind === 'euiccPackage' && p.operations.some(o => o.kind === 'eco' && o.newKey !== undefined);

const retrieval: RetrievalDecisions = {
  judgesEid: octets => (octets === undefined ? 'missing' : octets.length === 16 && isDecimal(octets) ? 'valid' : 'invalid'),
  answersMissingEid: () => 4,
  answersInvalidEid: () => 3,
  answersUnknownEid: () => 2,
  answersEmptyQueue: () => 1,
  ownerOfQueue: eid => eid,
  // Until the outcome of an own key update is known, nobody knows which key the eUICC verifies the next package with.
  choosesPackage: (waiting, outstanding) => outstanding.find(isKeyUpdate) ?? waiting[0] ?? outstanding[0],
  repeatsOctets: () => true,
  marksStale: () => true,
};

const packages: PackageDecisions = {
  nextCounter: previous => previous + 1,
  keepsCounterPerEuicc: () => true,
  newEimTransactionId: random => random(16),
  splitsOperations: splitOperations,
  writesSigned: octets => octets,
  covers: (signed, token) => concat(signed, token),
  tokenForSigning: token => token,
  signingKey: key => key,
  writesSignature: signature => signature,
  dataTags: tags => tags,
};

const results: ResultDecisions = {
  acceptsResultSignature: valid => valid,
  acceptsErrorSignature: valid => valid,
  tokenForVerifying: token => token,
  rulesOfResult: spec => spec,
  acceptsEimId: (own, found) => own === found,
  acceptsCounter: (signed, found) => signed === found,
  acceptsTransactionId: sameId,
  acceptsSeqNumber: (previous, found) => previous === undefined || found > previous,
  eidOfResult: (given, implied) => given ?? implied(),
  takesResultByNotification: () => true,
  acceptsEid: (told, known) => told === known,
  acceptsEuiccCertificate: fault => fault === undefined,
  trustsUnsignedError: () => false,
  isSuccess: (_operation, result) => result === 'ok' || result === 'lastEimDeleted',
  noticesUnexecuted: () => true,
  appliesRollback: () => true,
  appliesView: () => true,
  remembersToken: token => token,
  switchesOwnKey: result => result === 'ok',
  stopsManaging: result => result === 'ok' || result === 'lastEimDeleted',
  acknowledges: seqNumbers => seqNumbers,
  // A repetition is harmless and the IPA shall go on; everything else tells the IPA to keep its result. SGP.32 5.14.6
  answersDiscarded: why => (why === 'repeated' ? undefined : 127),
  takesNotificationsOfDiscarded: () => false,
};

const injection: InjectionDecisions = {
  takesResultsOfTransfers: () => true,
  awaitsResult: () => true,
  acknowledgesTransfers: seqNumbers => seqNumbers,
  transferFrame: frame => frame,
};

// Without these an HTTP exchange has no meaning at all; missing headers alone are no reason to refuse service.
const VITAL = new Set(['SGP32-6.1-11', 'SGP32-6.1-12', 'SGP32-6.1-13', 'SGP32-6.1-16', 'SGP32-6.4-12']);

/** Behaviour as specified. */
export const correctDecisions: EimDecisions = {
  ...retrieval,
  ...packages,
  ...results,
  ...injection,
  ...correctRelay,
  servesRequest: failed => !failed.some(id => VITAL.has(id)),
  outgoing: (_type, octets) => octets,
  frame: frame => frame,
  coapFrame: frame => frame,
};

/** Correct behaviour with overrides laid over it, the later ones over the earlier. */
export const decisionsWith = (overrides: readonly EimOverride[], world: World): EimDecisions => {
  let decisions = correctDecisions;
  for (const override of overrides) decisions = { ...decisions, ...override(decisions, world) };
  return decisions;
};
