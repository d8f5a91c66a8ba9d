/** Package download and cancellation in indirect download, with their compact forms (SGP.32 5.14.2, 5.14.8, 6.3.2.3, 6.3.2.5). */
import { choice, define, integer, octets, optional, sequence, tagged, versions } from '../asn1/type.js';
import { TransactionId } from '../rsp/basic.js';
import {
  BoundProfilePackage,
  CancelSessionReason,
  CancelSessionResponseOk,
  PrepareDownloadResponseError,
  PrepareDownloadResponseOk,
} from '../rsp/download.js';

const packageErrors = {
  euiccSignatureInvalid: 1,
  confirmationCodeMissing: 2,
  confirmationCodeRefused: 3,
  confirmationCodeRetriesExceeded: 4,
  bppRebindingRefused: 5,
  downloadOrderExpired: 6,
  invalidTransactionId: 95,
  undefinedError: 127,
};

/** The parts of EUICCSigned2 that the eIM cannot know; the signature is over the full one. */
export const CompactEuiccSigned2 = define(
  'CompactEuiccSigned2',
  'SGP.32 5.14.2',
  sequence('30', {
    euiccOtpk: optional(octets('5F49')),
    hashCc: optional(octets('04', 32)),
  }),
);

/** Compact form of the acceptance of a download. */
export const CompactPrepareDownloadResponseOk = define(
  'CompactPrepareDownloadResponseOk',
  'SGP.32 5.14.2',
  sequence('30', {
    compactEuiccSigned2: CompactEuiccSigned2,
    euiccSignature2: octets('5F37'),
  }),
);

/** Answer of an IoT eUICC to the SM-DP+'s offer, full or compact. */
export const PrepareDownloadResponse = define(
  'PrepareDownloadResponse',
  'SGP.32 5.14.2',
  choice('BF21', {
    downloadResponseOk: tagged('A0', PrepareDownloadResponseOk),
    downloadResponseError: tagged('A1', PrepareDownloadResponseError),
    compactDownloadResponseOk: tagged('A2', CompactPrepareDownloadResponseOk),
  }),
);

/** Asks the eIM for the Bound Profile Package. */
export const GetBoundProfilePackageRequestEsipa = define(
  'GetBoundProfilePackageRequestEsipa',
  'SGP.32 6.3.2.3',
  sequence('BF3A', {
    transactionId: tagged('80', TransactionId),
    prepareDownloadResponse: PrepareDownloadResponse,
  }),
);

/** The Bound Profile Package as relayed by the eIM. */
export const GetBoundProfilePackageOkEsipa = define(
  'GetBoundProfilePackageOkEsipa',
  'SGP.32 6.3.2.3',
  sequence('30', {
    transactionId: optional(tagged('80', TransactionId)),
    boundProfilePackage: BoundProfilePackage,
  }),
);

/** Answer to the request for the package; downloadOrderExpired is deprecated since v1.3. */
export const GetBoundProfilePackageResponseEsipa = define(
  'GetBoundProfilePackageResponseEsipa',
  'SGP.32 6.3.2.3',
  choice('BF3A', {
    getBoundProfilePackageOkEsipa: tagged('A0', GetBoundProfilePackageOkEsipa),
    getBoundProfilePackageErrorEsipa: versions(
      { '1.0': integer('81', { ...packageErrors, profileMetadataMismatch: 50, metadataMismatch: 50 }) },
      '1.1',
      integer('81', { ...packageErrors, metadataMismatch: 50 }),
    ),
  }),
);

/** The reason, unless the eIM knows it; the signature is over the full EuiccCancelSessionSigned. */
export const CompactEuiccCancelSessionSigned = define(
  'CompactEuiccCancelSessionSigned',
  'SGP.32 5.14.8',
  sequence('30', {
    reason: optional(tagged('80', CancelSessionReason)),
  }),
);

/** Compact form of a signed cancellation. */
export const CompactCancelSessionResponseOk = define(
  'CompactCancelSessionResponseOk',
  'SGP.32 5.14.8',
  sequence('30', {
    compactEuiccCancelSessionSigned: CompactEuiccCancelSessionSigned,
    euiccCancelSessionSignature: octets('5F37'),
  }),
);

/** Answer of an IoT eUICC to a cancellation, full or compact. */
export const CancelSessionResponse = define(
  'CancelSessionResponse',
  'SGP.32 5.14.8',
  choice('BF41', {
    cancelSessionResponseOk: tagged('A0', CancelSessionResponseOk),
    cancelSessionResponseError: integer('81', { invalidTransactionId: 5, undefinedError: 127 }),
    compactCancelSessionResponseOk: tagged('A2', CompactCancelSessionResponseOk),
  }),
);

/** Cancels an indirect download; A1 stands in place of the tag BF41 of the eUICC's answer. */
export const CancelSessionRequestEsipa = define(
  'CancelSessionRequestEsipa',
  'SGP.32 6.3.2.5',
  sequence('BF41', {
    transactionId: tagged('80', TransactionId),
    cancelSessionResponse: tagged('A1', CancelSessionResponse),
  }),
);

/** Confirms a cancellation: an empty structure. */
export const CancelSessionOk = define('CancelSessionOk', 'SGP.32 6.3.2.5', sequence('30', {}));

/** Answer of the eIM to a cancellation. */
export const CancelSessionResponseEsipa = define(
  'CancelSessionResponseEsipa',
  'SGP.32 6.3.2.5',
  choice('BF41', {
    cancelSessionOk: tagged('A0', CancelSessionOk),
    cancelSessionError: integer('81', { invalidTransactionId: 1, euiccSignatureInvalid: 2, undefinedError: 127 }),
  }),
);
