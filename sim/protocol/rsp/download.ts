/** Profile download: preparation, Bound Profile Package and cancellation (SGP.22 2.5.4, 5.5, 5.7.5, 5.7.14). */
import { boolean, choice, define, integer, octets, oid, optional, sequence, sequenceOf, tagged } from '../asn1/type.js';
import { Certificate, DpProprietaryData, RemoteOpId, TransactionId } from './basic.js';

/** What the SM-DP+ signs to offer a download. */
export const SmdpSigned2 = define(
  'SmdpSigned2',
  'SGP.22 5.7.5',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    ccRequiredFlag: boolean(),
    bppEuiccOtpk: optional(octets('5F49')),
  }),
);

/** Hands the SM-DP+'s offer to the eUICC, with the hashed Confirmation Code if one is needed. */
export const PrepareDownloadRequest = define(
  'PrepareDownloadRequest',
  'SGP.22 5.7.5',
  sequence('BF21', {
    smdpSigned2: SmdpSigned2,
    smdpSignature2: octets('5F37'),
    hashCc: optional(octets('04', 32)),
    smdpCertificate: Certificate,
  }),
);

/** What the eUICC signs to accept a download: its one-time key as an uncompressed point. */
export const EUICCSigned2 = define(
  'EUICCSigned2',
  'SGP.22 5.7.5',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    euiccOtpk: octets('5F49'),
    hashCc: optional(octets('04', 32)),
  }),
);

/** Signed acceptance of a download. */
export const PrepareDownloadResponseOk = define(
  'PrepareDownloadResponseOk',
  'SGP.22 5.7.5',
  sequence('30', {
    euiccSigned2: EUICCSigned2,
    euiccSignature2: octets('5F37'),
  }),
);

/** Why an eUICC does not accept a download. */
export const DownloadErrorCode = define(
  'DownloadErrorCode',
  'SGP.22 5.7.5',
  integer('02', {
    invalidCertificate: 1,
    invalidSignature: 2,
    unsupportedCurve: 3,
    noSessionContext: 4,
    invalidTransactionId: 5,
    undefinedError: 127,
  }),
);

/** Unsigned refusal of a download by the eUICC. */
export const PrepareDownloadResponseError = define(
  'PrepareDownloadResponseError',
  'SGP.22 5.7.5',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    downloadErrorCode: DownloadErrorCode,
  }),
);

/** Answer of the eUICC to the SM-DP+'s offer. */
export const PrepareDownloadResponse = define(
  'PrepareDownloadResponse',
  'SGP.22 5.7.5',
  choice('BF21', {
    downloadResponseOk: tagged('A0', PrepareDownloadResponseOk),
    downloadResponseError: tagged('A1', PrepareDownloadResponseError),
  }),
);

/** Key agreement parameters: key type 88 (AES), key length 10 (16 octets). */
export const ControlRefTemplate = define(
  'ControlRefTemplate',
  'SGP.22 5.5.1',
  sequence('30', {
    keyType: octets('80', 1),
    keyLen: octets('81', 1),
    hostId: octets('84', 1, 16),
  }),
);

/** Opens the secure channel of a Bound Profile Package; wire order 82, 80, A6, 5F49, 5F37. */
export const InitialiseSecureChannelRequest = define(
  'InitialiseSecureChannelRequest',
  'SGP.22 5.5.1',
  sequence('BF23', {
    remoteOpId: RemoteOpId,
    transactionId: tagged('80', TransactionId),
    controlRefTemplate: tagged('A6', ControlRefTemplate),
    smdpOtpk: octets('5F49'),
    smdpSign: octets('5F37'),
  }),
);

/** A Profile encrypted for one eUICC. */
export const BoundProfilePackage = define(
  'BoundProfilePackage',
  'SGP.22 2.5.4',
  sequence('BF36', {
    initialiseSecureChannelRequest: InitialiseSecureChannelRequest,
    firstSequenceOf87: sequenceOf('A0', octets('87')),
    sequenceOf88: sequenceOf('A1', octets('88')),
    secondSequenceOf87: optional(sequenceOf('A2', octets('87'))),
    sequenceOf86: sequenceOf('A3', octets('86')),
  }),
);

/** Plain content of the first 87 block. */
export const ConfigureISDPRequest = define(
  'ConfigureISDPRequest',
  'SGP.22 5.5.2',
  sequence('BF24', {
    dpProprietaryData: optional(tagged('B8', DpProprietaryData)),
  }),
);

/** Plain content of the second 87 block: chaining value and keys with 16 octets each. */
export const ReplaceSessionKeysRequest = define(
  'ReplaceSessionKeysRequest',
  'SGP.22 5.5.4',
  sequence('BF26', {
    initialMacChainingValue: octets('80'),
    ppkEnc: octets('81'),
    ppkCmac: octets('82'),
  }),
);

/** Why a session is cancelled. */
export const CancelSessionReason = define(
  'CancelSessionReason',
  'SGP.22 5.7.14',
  integer('02', {
    endUserRejection: 0,
    postponed: 1,
    timeout: 2,
    pprNotAllowed: 3,
    metadataMismatch: 4,
    loadBppExecutionError: 5,
    undefinedReason: 127,
  }),
);

/** Cancels a session in the eUICC. */
export const CancelSessionRequest = define(
  'CancelSessionRequest',
  'SGP.22 5.7.14',
  sequence('BF41', {
    transactionId: tagged('80', TransactionId),
    reason: tagged('81', CancelSessionReason),
  }),
);

/** What the eUICC signs to cancel a session. */
export const EuiccCancelSessionSigned = define(
  'EuiccCancelSessionSigned',
  'SGP.22 5.7.14',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    smdpOid: oid('81'),
    reason: tagged('82', CancelSessionReason),
  }),
);

/** Signed cancellation. */
export const CancelSessionResponseOk = define(
  'CancelSessionResponseOk',
  'SGP.22 5.7.14',
  sequence('30', {
    euiccCancelSessionSigned: EuiccCancelSessionSigned,
    euiccCancelSessionSignature: octets('5F37'),
  }),
);

/** Answer of the eUICC to a cancellation. */
export const CancelSessionResponse = define(
  'CancelSessionResponse',
  'SGP.22 5.7.14',
  choice('BF41', {
    cancelSessionResponseOk: tagged('A0', CancelSessionResponseOk),
    cancelSessionResponseError: integer('81', { invalidTransactionId: 5, undefinedError: 127 }),
  }),
);
