/** ProvideEimPackageResult in all its alternatives, also inside HandleNotification. SGP.32 5.14.6, 6.3.2.7 */
import { type Decoded, fieldOctets, find } from '#protocol/asn1/element.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { type ProvideEimPackageResult, ProvideEimPackageResultResponse } from '#protocol/iot/esipa.js';
import { type Answer, answerWith, codeIn, type EimContext, eidText } from './context.js';
import { takeDataResponse } from './data-request.js';
import type { Discard } from './decisions.js';
import { eidOfCertificate } from './identity.js';
import { takeNotifications } from './notifications.js';
import { codeName } from './outcome.js';
import { type Taken, takeEuiccPackageResult } from './results.js';
import { type EimPackage, type EuiccRecord, failOrder, settleOrder } from './state.js';
import { takeTriggerResult } from './trigger-result.js';

type Provided = Decoded<ValueOf<typeof ProvideEimPackageResult>>;
/** What became of a delivery: what to acknowledge, why it was discarded, or that the eUICC is not known. */
export type Delivery = Taken | { readonly error: number };

const packageOf = (record: EuiccRecord, eimTransactionId: Uint8Array) =>
  record.packages.find(p => p.eimTransactionId && equal(p.eimTransactionId, eimTransactionId));

/** EID from what the result itself tells: a pending eimTransactionId, or the certificate in it. SGP.32 6.3.2.7 */
const impliedEid = (eim: EimContext, provided: ValueOf<typeof ProvideEimPackageResult>): string | undefined => {
  const result = provided.eimPackageResult;
  const packageResult = result.euiccPackageResult ?? result.ePRAndNotifications?.euiccPackageResult;
  const id =
    packageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned.eimTransactionId ??
    packageResult?.euiccPackageErrorSigned?.euiccPackageErrorDataSigned.eimTransactionId ??
    packageResult?.euiccPackageErrorUnsigned?.eimTransactionId ??
    result.ipaEuiccDataResponse?.ipaEuiccData?.eimTransactionId ??
    result.ipaEuiccDataResponse?.ipaEuiccDataResponseError?.eimTransactionId ??
    result.profileDownloadTriggerResult?.eimTransactionId ??
    result.eimPackageResultResponseError?.eimTransactionId;
  const owner = id && [...eim.euiccs.values()].find(record => packageOf(record, id));
  if (owner) return owner.eid;
  const notification = result.ePRAndNotifications?.notificationList.find(n => n.otherSignedNotification)?.otherSignedNotification;
  const certificate = notification?.euiccCertificate ?? result.ipaEuiccDataResponse?.ipaEuiccData?.euiccCertificate;
  return certificate ? eidOfCertificate(certificate) : soleDebtor(eim);
};

/** v1.0 names no eUICC in a result, and no transaction in most: it is that of the only eUICC that owes one. */
const soleDebtor = ({ world, euiccs }: EimContext): string | undefined => {
  if (world.spec !== '1.0') return undefined;
  const [only, ...others] = [...euiccs.values()].filter(({ packages }) => packages.some(p => p.phase === 'outstanding'));
  return others.length === 0 ? only?.eid : undefined;
};

const recordOf = (eim: EimContext, provided: ValueOf<typeof ProvideEimPackageResult>): EuiccRecord | { readonly error: number } => {
  const { decisions } = eim;
  if (provided.eidValue && decisions.judgesEid(provided.eidValue) === 'invalid') return { error: decisions.answersInvalidEid() };
  const eid = decisions.eidOfResult(provided.eidValue && eidText(provided.eidValue), () => impliedEid(eim, provided));
  if (eid === undefined) return { error: decisions.answersMissingEid() };
  return eim.euiccs.get(eid) ?? { error: decisions.answersUnknownEid() };
};

/** Takes one delivered result; `prefix` leads to the fields of ProvideEimPackageResult inside the message. */
export const takeDelivery = (
  eim: EimContext,
  message: Decoded,
  provided: ValueOf<typeof ProvideEimPackageResult>,
  prefix: string,
): Delivery => {
  const record = recordOf(eim, provided);
  if ('error' in record) return record;
  const result = `${prefix}eimPackageResult.`;
  return takeOutcome(eim, record, message, result) ?? takeResponseError(eim, record, message, `${result}eimPackageResultResponseError`);
};

/** Takes the outcome of a package for an eUICC from the alternatives at `prefix` in a message; undefined: it is none of them. */
export const takeOutcome = (eim: EimContext, record: EuiccRecord, message: Decoded, prefix: string): Taken | undefined => {
  const octets = (path: string) => fieldOctets(message, `${prefix}${path}`);
  const packageResult = octets('euiccPackageResult');
  if (packageResult) return takeEuiccPackageResult(eim, record, packageResult);
  if (octets('ePRAndNotifications')) return takeResultAndNotifications(eim, record, message, `${prefix}ePRAndNotifications`);
  const data = octets('ipaEuiccDataResponse');
  if (data) return takeDataResponse(eim, record, data);
  const trigger = octets('profileDownloadTriggerResult');
  return trigger && takeTriggerResult(eim, record, trigger);
};

const takeResultAndNotifications = (eim: EimContext, record: EuiccRecord, message: Decoded, path: string): Taken => {
  const result = fieldOctets(message, `${path}.euiccPackageResult`);
  const taken = result ? takeEuiccPackageResult(eim, record, result) : ({ discarded: 'undecodable' } as const);
  const isDiscarded = 'discarded' in taken;
  // A repetition is delivered with the same notifications; they may be the ones that got lost.
  if (isDiscarded && taken.discarded !== 'repeated' && !eim.decisions.takesNotificationsOfDiscarded()) return taken;
  const acknowledged = takeNotifications(eim, record, message, `${path}.notificationList`);
  return isDiscarded && acknowledged.length === 0 ? taken : { acknowledge: [...(isDiscarded ? [] : taken.acknowledge), ...acknowledged] };
};

/** The IPA could not handle a package at all; the code is unsigned, so a signed result still counts. SGP.32 6.3.2.7 */
const takeResponseError = (eim: EimContext, record: EuiccRecord, message: Decoded, path: string): Taken => {
  const code = find(message.root, `${path}.eimPackageResultErrorCode`);
  const id = find(message.root, `${path}.eimTransactionId`);
  const idOctets = 'element' in id && id.element.value instanceof Uint8Array ? id.element.value : undefined;
  const outstanding = record.packages.filter(p => p.phase === 'outstanding');
  // With unknownPackage(2) the IPA usually could not read the id; only one package is under way then.
  const pack = idOctets ? outstanding.find(p => p.eimTransactionId && equal(p.eimTransactionId, idOctets)) : outstanding[0];
  return closeUnhandled(eim, record, pack, 'element' in code ? codeName(code.element) : 'undefinedError');
};

/** Ends a package of which the IPA says that it could not handle it. */
export const closeUnhandled = (eim: EimContext, record: EuiccRecord, pack: EimPackage | undefined, cause: string): Taken => {
  if (!pack) return { discarded: 'noPackage' };
  pack.phase = 'closed';
  if (pack.kind === 'euiccPackage') pack.isDoubtful = true;
  if (!eim.decisions.isSuccess(pack.kind, cause)) failOrder(pack.order, cause);
  settleOrder(record, pack.order);
  return { acknowledge: [] };
};

/** v1.0 has no errors here: it acknowledges nothing. SGP.32 6.3.2.7 */
const respondError = (eim: EimContext, code: number): Answer => {
  const type = ProvideEimPackageResultResponse;
  if (eim.world.spec === '1.0') return answerWith(eim, type, { emptyResponse: {} });
  return answerWith(eim, type, { provideEimPackageResultError: codeIn(eim, type, 'provideEimPackageResultError', code) });
};

const respond = (eim: EimContext, delivery: Delivery): Answer => {
  const type = ProvideEimPackageResultResponse;
  if ('error' in delivery) return respondError(eim, delivery.error);
  if ('discarded' in delivery) return respondDiscarded(eim, delivery.discarded);
  const eimAcknowledgements = eim.decisions.acknowledges(delivery.acknowledge);
  return answerWith(eim, type, eimAcknowledgements.length > 0 ? { eimAcknowledgements } : { emptyResponse: {} });
};
const respondDiscarded = (eim: EimContext, why: Discard): Answer => {
  const code = eim.decisions.answersDiscarded(why);
  return code === undefined ? answerWith(eim, ProvideEimPackageResultResponse, { emptyResponse: {} }) : respondError(eim, code);
};

/** Answers ProvideEimPackageResult. */
export const provideEimPackageResult = (eim: EimContext, message: Provided): Answer =>
  respond(eim, takeDelivery(eim, message, message.value, ''));
