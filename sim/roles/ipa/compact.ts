/**
 * Compact forms of what the eUICC answers: the parts that the eIM knows are left out, the signatures stay those over
 * the full structures. What has no compact form is passed on unchanged. SGP.32 5.14.2, 5.14.3, 5.14.7, 5.14.8
 */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, fromHex } from '#protocol/asn1/tlv.js';
import { raw, type Spec } from '#protocol/asn1/type.js';
import { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { PendingNotification } from '#protocol/iot/notification.js';

/** AuthenticateServerResponse (BF38): of euiccSigned1 only extCardResource, and ctxParams1 unless the eIM made it. */
export const compactAuthentication = (
  full: Uint8Array,
  about: { readonly spec: Spec; readonly ctxParams1FromEim: boolean; readonly withCertificates: boolean },
): Uint8Array => {
  const { spec } = about;
  const message = decode(AuthenticateServerResponse, full, { spec });
  const ok = message.value.authenticateResponseOk;
  const ctxParams1 = fieldOctets(message, 'authenticateResponseOk.euiccSigned1.ctxParams1');
  if (!message.ok || !ok || !ctxParams1) return full;
  const compactAuthenticateResponseOk = {
    signedData: {
      compactEuiccSigned1: {
        extCardResource: ok.euiccSigned1.euiccInfo2.extCardResource,
        ctxParams1: about.ctxParams1FromEim ? undefined : raw(ctxParams1),
      },
    },
    euiccSignature1: ok.euiccSignature1,
    ...(about.withCertificates && { euiccCertificate: ok.euiccCertificate, eumCertificate: ok.eumCertificate }),
  };
  return encode(AuthenticateServerResponse, { compactAuthenticateResponseOk }, { spec });
};

/** PrepareDownloadResponse (BF21): without transactionId, hashCc from the eIM, and a one-time key that the SM-DP+ named. */
export const compactPrepareDownload = (
  full: Uint8Array,
  about: { readonly spec: Spec; readonly hashCcFromEim: boolean; readonly bppEuiccOtpk: Uint8Array | undefined },
): Uint8Array => {
  const { spec, bppEuiccOtpk } = about;
  const message = decode(PrepareDownloadResponse, full, { spec });
  const ok = message.value.downloadResponseOk;
  if (!message.ok || !ok) return full;
  const { euiccOtpk, hashCc } = ok.euiccSigned2;
  const compactEuiccSigned2 = {
    euiccOtpk: bppEuiccOtpk && equal(bppEuiccOtpk, euiccOtpk) ? undefined : euiccOtpk,
    hashCc: about.hashCcFromEim ? undefined : hashCc,
  };
  return encode(
    PrepareDownloadResponse,
    { compactDownloadResponseOk: { compactEuiccSigned2, euiccSignature2: ok.euiccSignature2 } },
    { spec },
  );
};

/** CancelSessionResponse (BF41): the reason only when it does not follow from what the eIM itself answered. */
export const compactCancellation = (full: Uint8Array, about: { readonly spec: Spec; readonly reasonFromEim: boolean }): Uint8Array => {
  const { spec } = about;
  const message = decode(CancelSessionResponse, full, { spec });
  const ok = message.value.cancelSessionResponseOk;
  if (!message.ok || !ok) return full;
  const { euiccCancelSessionSigned, euiccCancelSessionSignature } = ok;
  const compactEuiccCancelSessionSigned = { reason: about.reasonFromEim ? undefined : euiccCancelSessionSigned.reason };
  return encode(
    CancelSessionResponse,
    { compactCancelSessionResponseOk: { compactEuiccCancelSessionSigned, euiccCancelSessionSignature } },
    { spec },
  );
};

const AID_START = fromHex('A0000005591010FFFFFFFF8900') ?? new Uint8Array();
const STANDARD_RESPONSE = fromHex('3007A0053003800100') ?? new Uint8Array();
/** Only octets 14 and 15 of the AID travel, so that the others must be those that the eIM puts back. */
const hasStandardAid = (aid: Uint8Array): boolean => aid.length === 16 && equal(aid.subarray(0, 13), AID_START) && aid[15] === 0;

/** PendingNotification (BF37 or 30) in its compact form; `eid` goes with notifications other than installation results. */
export const compactNotification = (full: Uint8Array, about: { readonly spec: Spec; readonly eid: Uint8Array | undefined }): Uint8Array => {
  const { spec, eid } = about;
  const message = decode(PendingNotification, full, { spec });
  const { profileInstallationResult: result, otherSignedNotification: other } = message.value;
  if (!message.ok) return full;
  if (other) {
    const compactOtherSignedNotification = {
      tbsOtherNotification: raw(fieldOctets(message, 'otherSignedNotification.tbsOtherNotification') ?? new Uint8Array()),
      euiccNotificationSignature: other.euiccNotificationSignature,
      ...(spec !== '1.0' && spec !== '1.1' && { eidValue: eid }),
    };
    return encode(PendingNotification, { compactOtherSignedNotification }, { spec });
  }
  if (!result) return full;
  const { transactionId, notificationMetadata, finalResult } = result.profileInstallationResultData;
  const { successResult } = finalResult;
  if (successResult && !hasStandardAid(successResult.aid)) return full;
  const errorResult = fieldOctets(message, 'profileInstallationResult.profileInstallationResultData.finalResult.errorResult');
  const compactFinalResult = successResult
    ? {
        compactSuccessResult: {
          compactAid: successResult.aid.slice(13, 15),
          simaResponse: equal(successResult.simaResponse, STANDARD_RESPONSE) ? undefined : successResult.simaResponse,
        },
      }
    : { errorResult: raw(errorResult ?? new Uint8Array()) };
  const compactProfileInstallationResultData = {
    transactionId,
    seqNumber: notificationMetadata.seqNumber,
    iccidPresent: notificationMetadata.iccid !== undefined,
    compactFinalResult,
  };
  const compactProfileInstallationResult = { compactProfileInstallationResultData, euiccSignPIR: result.euiccSignPIR };
  return encode(PendingNotification, { compactProfileInstallationResult }, { spec });
};
