/** GetEimPackage: which package an IPA gets. SGP.32 3.1.1.1, 5.14.5 */
import type { Decoded } from '#protocol/asn1/element.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { type GetEimPackageRequest, GetEimPackageResponse, StateChangeCause } from '#protocol/iot/esipa.js';
import { type Answer, answerWith, codeIn, type EimContext, eidText } from './context.js';
import { packageOctets } from './packages.js';
import type { EimPackage, EuiccRecord } from './state.js';

const error = (eim: EimContext, code: number): Answer =>
  answerWith(eim, GetEimPackageResponse, { eimPackageError: codeIn(eim, GetEimPackageResponse, 'eimPackageError', code) });

const noteStateChange = (eim: EimContext, record: EuiccRecord, request: Partial<ValueOf<typeof GetEimPackageRequest>>): void => {
  if (request.notifyStateChange === undefined || !eim.decisions.marksStale(request.stateChangeCause)) return;
  record.stale = true;
  const [name] = [...(StateChangeCause.names ?? [])].find(([, code]) => code === request.stateChangeCause) ?? ['undefined'];
  record.staleCause = name;
};

/** A package as an alternative of the message that carries it: GetEimPackageResponse or TransferEimPackageRequest. */
export const alternativeFor = (eim: EimContext, record: EuiccRecord, pack: EimPackage) => {
  const message = raw(packageOctets(eim, record, pack));
  switch (pack.kind) {
    case 'euiccPackage':
      return { euiccPackageRequest: message };
    case 'dataRequest':
      return { ipaEuiccDataRequest: message };
    case 'download':
      return { profileDownloadTriggerRequest: message };
  }
};

/** The package that goes out next; undefined: there is none. `isAgain` tells whether one that went out before may. */
export const nextPackage = (eim: EimContext, record: EuiccRecord, isAgain: (pack: EimPackage) => boolean = () => true) => {
  const outstanding = record.packages.filter(p => p.phase === 'outstanding');
  // The packages of one order go out one after another: the next only makes sense once the one before succeeded.
  const waiting = record.packages.filter(p => p.phase === 'waiting' && !outstanding.some(o => o.order === p.order));
  const pack = eim.decisions.choosesPackage(waiting, outstanding.filter(isAgain));
  return pack && alternativeFor(eim, record, pack);
};

/** Answers GetEimPackage with one package of the eUICC, or with the reason why there is none. */
export const getEimPackage = (eim: EimContext, request: Decoded<ValueOf<typeof GetEimPackageRequest>>): Answer => {
  const { decisions } = eim;
  const value: Partial<ValueOf<typeof GetEimPackageRequest>> = request.value;
  const judgement = decisions.judgesEid(value.eidValue);
  if (judgement === 'missing' || value.eidValue === undefined) return error(eim, decisions.answersMissingEid());
  if (judgement === 'invalid') return error(eim, decisions.answersInvalidEid());
  const record = eim.euiccs.get(decisions.ownerOfQueue(eidText(value.eidValue), [...eim.euiccs.keys()]));
  if (!record?.associated) return error(eim, decisions.answersUnknownEid());
  noteStateChange(eim, record, value);
  const next = nextPackage(eim, record);
  return next ? answerWith(eim, GetEimPackageResponse, next) : error(eim, decisions.answersEmptyQueue());
};
