/** eUICC Package Results: verification, matching to the package they answer, and what follows from them. SGP.32 2.11.2.1, 5.14.6 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, find } from '#protocol/asn1/element.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { signatureOctets, signaturesIn, signedOctets } from '#protocol/signatures.js';
import type { EimContext } from './context.js';
import type { Discard } from './decisions.js';
import { codeName } from './outcome.js';
import { applyResult } from './result-effects.js';
import { type EuiccPackage, type EuiccRecord, failOrder, settleOrder } from './state.js';

/** What became of an input: sequence numbers to acknowledge, or why it was discarded. */
export type Taken = { readonly acknowledge: readonly number[] } | { readonly discarded: Discard };
const discarded = (why: Discard): Taken => ({ discarded: why });

type Result = Decoded<ValueOf<typeof EuiccPackageResult>>;
interface Answered {
  readonly eimId: string;
  readonly counterValue: number;
  readonly eimTransactionId?: Uint8Array;
}

const executed = (record: EuiccRecord): readonly EuiccPackage[] =>
  record.packages.flatMap(p => (p.kind === 'euiccPackage' && p.counterValue !== undefined ? [p] : []));

/** The package that a result answers: same eIM, same counter, same eimTransactionId. SGP.32 5.14.6 */
const match = (eim: EimContext, record: EuiccRecord, answered: Answered): EuiccPackage | Discard => {
  const { decisions, config } = eim;
  if (!decisions.acceptsEimId(config.eimId, answered.eimId)) return 'eimId';
  const candidates = executed(record).filter(p => decisions.acceptsCounter(p.counterValue ?? -1, answered.counterValue));
  const pack = candidates.find(p => p.phase === 'outstanding') ?? candidates.at(-1);
  if (!pack) return 'noPackage';
  return decisions.acceptsTransactionId(pack.eimTransactionId, answered.eimTransactionId) ? pack : 'transactionId';
};

const isSigned = (eim: EimContext, record: EuiccRecord, pack: EuiccPackage, message: Result): boolean | undefined => {
  if (record.identities.length === 0) return undefined;
  const [site] = signaturesIn(message);
  const signature = site && signatureOctets(message, site);
  const associationToken = eim.decisions.tokenForVerifying(record.associationToken);
  // v1.0 covers the signature of the request where later versions cover the token.
  const eimSignature = pack.octets?.subarray(pack.octets.length - 67);
  const read = { ...message, spec: eim.decisions.rulesOfResult(message.spec) };
  const covered = site && signedOctets(read, site, { associationToken, eimSignature });
  if (!signature || !covered || 'missing' in covered) return false;
  return record.identities.some(({ publicKey }) => verify(publicKey, covered.octets, signature));
};

/** Takes the octets `BF51 …` of a result for an eUICC. */
export const takeEuiccPackageResult = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): Taken => {
  const message = decode(EuiccPackageResult, octets, { spec: eim.world.spec });
  if (!message.ok) return discarded('undecodable');
  if (message.value.euiccPackageResultSigned) return takeSignedResult(eim, record, message);
  if (message.value.euiccPackageErrorSigned) return takeSignedError(eim, record, message);
  return takeUnsignedError(eim, record, message);
};

const takeSignedResult = (eim: EimContext, record: EuiccRecord, message: Result): Taken => {
  const { decisions } = eim;
  const data = message.value.euiccPackageResultSigned?.euiccPackageResultDataSigned;
  if (!data) return discarded('undecodable');
  const pack = match(eim, record, data);
  if (typeof pack === 'string') return discarded(pack);
  const signed = isSigned(eim, record, pack, message);
  if (signed === undefined) return discarded('noKey');
  if (!decisions.acceptsResultSignature(signed)) return discarded('signature');
  const rolledBack = data.euiccResult.some(r => r.rollbackResult !== undefined);
  if (!decisions.acceptsSeqNumber(record.seqNumber, data.seqNumber))
    return discarded(pack.result && equal(pack.result, message.octets) ? 'repeated' : 'seqNumber');
  // A package has one result; only a rollback, which the eUICC reports with a new number, replaces it. SGP.32 5.9.16
  if (pack.result && !rolledBack && !equal(pack.result, message.octets)) return discarded('noPackage');
  record.seqNumber = data.seqNumber;
  record.latestEvent = Math.max(record.latestEvent, data.seqNumber);
  pack.result = Uint8Array.from(message.octets);
  pack.phase = 'closed';
  applyResult(eim, record, pack, message);
  settleOrder(record, pack.order);
  return { acknowledge: [data.seqNumber] };
};

/** An authentic refusal: nothing was executed, nothing is stored on the eUICC, so there is nothing to acknowledge. */
const takeSignedError = (eim: EimContext, record: EuiccRecord, message: Result): Taken => {
  const data = message.value.euiccPackageErrorSigned?.euiccPackageErrorDataSigned;
  if (!data) return discarded('undecodable');
  const pack = match(eim, record, data);
  if (typeof pack === 'string') return discarded(pack);
  const signed = isSigned(eim, record, pack, message);
  if (signed === undefined) return discarded('noKey');
  if (!eim.decisions.acceptsErrorSignature(signed)) return discarded('signature');
  if (pack.result) return discarded(equal(pack.result, message.octets) ? 'repeated' : 'noPackage');
  const code = find(message.root, 'euiccPackageErrorSigned.euiccPackageErrorDataSigned.euiccPackageErrorCode');
  pack.result = Uint8Array.from(message.octets);
  pack.phase = 'closed';
  pack.before ??= record.view;
  const cause = 'element' in code ? codeName(code.element) : 'undefinedError';
  if (!eim.decisions.isSuccess(pack.kind, cause)) failOrder(pack.order, cause);
  settleOrder(record, pack.order);
  return { acknowledge: [] };
};

/**
 * A hint that anybody can give: the package is not handed out again, its order counts as failed, but a signed result that
 * comes later is taken all the same. SGP.32 2.11.2.1
 */
const takeUnsignedError = (eim: EimContext, record: EuiccRecord, message: Result): Taken => {
  const { decisions, config } = eim;
  const isOld = eim.world.spec === '1.0';
  const data = message.value.euiccPackageErrorUnsigned;
  if (!data) return discarded('undecodable');
  if (!decisions.acceptsEimId(config.eimId, data.eimId)) return discarded('eimId');
  const pack = executed(record).find(
    // v1.0 does not repeat the id there.
    p => p.phase === 'outstanding' && (isOld || decisions.acceptsTransactionId(p.eimTransactionId, data.eimTransactionId)),
  );
  if (!pack) return discarded('noPackage');
  pack.phase = 'closed';
  pack.isDoubtful = true;
  if (decisions.trustsUnsignedError()) for (const outcome of pack.outcomes) Object.assign(outcome, { executed: true, result: 'ok' });
  else failOrder(pack.order, 'euiccPackageErrorUnsigned');
  settleOrder(record, pack.order);
  return { acknowledge: [] };
};
