/** ES9+ and ES11 messages in the ASN.1 binding (SGP.22 6.6.2). */
import { growingInteger } from '../asn1/growing.js';
import {
  boolean,
  choice,
  define,
  explicit,
  integer,
  nil,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  tagged,
  utf8,
  versions,
} from '../asn1/type.js';
import { AuthenticateServerResponse, ServerSigned1 } from './authentication.js';
import { Certificate, TransactionId } from './basic.js';
import { BoundProfilePackage, CancelSessionResponse, PrepareDownloadResponse, SmdpSigned2 } from './download.js';
import { EUICCInfo1 } from './info.js';
import { PendingNotification } from './notification.js';
import { StoreMetadataRequest } from './profile.js';

/** Opens a session with an RSP server; wire order 81, 83, BF20. */
export const InitiateAuthenticationRequest = define(
  'InitiateAuthenticationRequest',
  'SGP.22 6.6.2.1',
  sequence('BF39', {
    euiccChallenge: octets('81', 16),
    smdpAddress: utf8('83'),
    euiccInfo1: EUICCInfo1,
  }),
);

/** The server's proof of identity. */
export const InitiateAuthenticationOkEs9 = define(
  'InitiateAuthenticationOkEs9',
  'SGP.22 6.6.2.1',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    serverSigned1: ServerSigned1,
    serverSignature1: octets('5F37'),
    euiccCiPKIdToBeUsed: octets(),
    serverCertificate: Certificate,
  }),
);

/** Answer of an RSP server to opening a session. */
export const InitiateAuthenticationResponse = define(
  'InitiateAuthenticationResponse',
  'SGP.22 6.6.2.1',
  choice('BF39', {
    initiateAuthenticationOk: tagged('A0', InitiateAuthenticationOkEs9),
    initiateAuthenticationError: versions(
      { '1.0': integer('81', { invalidDpAddress: 1, euiccVersionNotSupportedByDp: 2, ciPKNotSupported: 3 }) },
      '1.3',
      integer('81', { invalidDpAddress: 1, euiccVersionNotSupportedByDp: 2, ciPKIdNotSupported: 3 }),
    ),
  }),
);

/** Brings the eUICC's proof of identity to the server. */
export const AuthenticateClientRequest = define(
  'AuthenticateClientRequest',
  'SGP.22 6.6.2.2',
  sequence('BF3B', {
    transactionId: tagged('80', TransactionId),
    authenticateServerResponse: AuthenticateServerResponse,
    useMatchingIdForAcr: since('1.3', optional(nil())),
  }),
);

/** Offer of an SM-DP+: metadata and signed download data. */
export const AuthenticateClientOk = define(
  'AuthenticateClientOk',
  'SGP.22 6.6.2.2',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    profileMetaData: StoreMetadataRequest,
    smdpSigned2: SmdpSigned2,
    smdpSignature2: octets('5F37'),
    smdpCertificate: Certificate,
  }),
);

/** Answer of an SM-DP+ that found an activation code to retrieve. */
export const AuthenticateClientOkAcr = define(
  'AuthenticateClientOkAcr',
  'SGP.22 6.6.2.2',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    profileMetaData: StoreMetadataRequest,
  }),
);

/** Answer of an SM-DP+ to the eUICC's proof. */
export const AuthenticateClientResponseEs9 = define(
  'AuthenticateClientResponseEs9',
  'SGP.22 6.6.2.2',
  choice('BF3B', {
    authenticateClientOk: tagged('A0', AuthenticateClientOk),
    authenticateClientError: growingInteger(
      '81',
      {
        eumCertificateInvalid: 1,
        eumCertificateExpired: 2,
        euiccCertificateInvalid: 3,
        euiccCertificateExpired: 4,
        euiccSignatureInvalid: 5,
        matchingIdRefused: 6,
        eidMismatch: 7,
        noEligibleProfile: 8,
        ciPKUnknown: 9,
        invalidTransactionId: 10,
        insufficientMemory: 11,
        undefinedError: 127,
      },
      { '1.3': { downloadOrderExpired: 18 } },
    ),
    authenticateClientOkAcr: since('1.3', tagged('A5', AuthenticateClientOkAcr)),
  }),
);

/** One event of an SM-DS: its id and the server to contact. */
export const EventEntries = define(
  'EventEntries',
  'SGP.22 6.6.2',
  sequence('30', {
    eventId: utf8('80'),
    rspServerAddress: utf8('81'),
  }),
);

/** Events that an SM-DS holds for an eUICC. */
export const AuthenticateClientOkEs11 = define(
  'AuthenticateClientOkEs11',
  'SGP.22 6.6.2',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    eventEntries: sequenceOf('A1', EventEntries),
  }),
);

/** Answer of an SM-DS to the eUICC's proof; BF40, not BF3B. */
export const AuthenticateClientResponseEs11 = define(
  'AuthenticateClientResponseEs11',
  'SGP.22 6.6.2',
  choice('BF40', {
    authenticateClientOk: tagged('A0', AuthenticateClientOkEs11),
    authenticateClientError: integer('81', {
      eumCertificateInvalid: 1,
      eumCertificateExpired: 2,
      euiccCertificateInvalid: 3,
      euiccCertificateExpired: 4,
      euiccSignatureInvalid: 5,
      eventIdUnknown: 6,
      invalidTransactionId: 7,
      undefinedError: 127,
    }),
  }),
);

/** Asks for the Bound Profile Package with the eUICC's acceptance. */
export const GetBoundProfilePackageRequest = define(
  'GetBoundProfilePackageRequest',
  'SGP.22 6.6.2.3',
  sequence('BF3A', {
    transactionId: tagged('80', TransactionId),
    prepareDownloadResponse: PrepareDownloadResponse,
  }),
);

/** Delivers the Bound Profile Package. */
export const GetBoundProfilePackageOk = define(
  'GetBoundProfilePackageOk',
  'SGP.22 6.6.2.3',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    boundProfilePackage: BoundProfilePackage,
  }),
);

/** Answer of an SM-DP+ to the request for the package; downloadOrderExpired is deprecated since SGP.22 v2.6. */
export const GetBoundProfilePackageResponse = define(
  'GetBoundProfilePackageResponse',
  'SGP.22 6.6.2.3',
  choice('BF3A', {
    getBoundProfilePackageOk: tagged('A0', GetBoundProfilePackageOk),
    getBoundProfilePackageError: integer('81', {
      euiccSignatureInvalid: 1,
      confirmationCodeMissing: 2,
      confirmationCodeRefused: 3,
      confirmationCodeRetriesExceeded: 4,
      bppRebindingRefused: 5,
      downloadOrderExpired: 6,
      invalidTransactionId: 95,
      undefinedError: 127,
    }),
  }),
);

/** Delivers a notification; no message answers it. */
export const HandleNotification = define(
  'HandleNotification',
  'SGP.22 6.6.2.4',
  sequence('BF3D', {
    pendingNotification: explicit('A0', PendingNotification),
  }),
);

/** Cancels a session; A1 stands in place of the tag BF41 of the eUICC's answer. */
export const CancelSessionRequestEs9 = define(
  'CancelSessionRequestEs9',
  'SGP.22 6.6.2.5',
  sequence('BF41', {
    transactionId: tagged('80', TransactionId),
    cancelSessionResponse: tagged('A1', CancelSessionResponse),
  }),
);

/** Confirms a cancellation: an empty structure. */
export const CancelSessionOk = define('CancelSessionOk', 'SGP.22 6.6.2.5', sequence('30', {}));

/** Answer of an RSP server to a cancellation. */
export const CancelSessionResponseEs9 = define(
  'CancelSessionResponseEs9',
  'SGP.22 6.6.2.5',
  choice('BF41', {
    cancelSessionOk: tagged('A0', CancelSessionOk),
    cancelSessionError: integer('81', { invalidTransactionId: 1, euiccSignatureInvalid: 2, undefinedError: 127 }),
  }),
);

/** Outcome of an activation code retrieval. */
export const ActivationCodeRetrievalInfo = define(
  'ActivationCodeRetrievalInfo',
  'SGP.22 Annex H',
  choice(undefined, {
    activationCode: utf8('81', 0, 255),
    activationCodeRetrievalAvailable: boolean('82'),
    retryDelay: integer('83'),
  }),
);

/** Every ES9+ and ES11 request body; ESipa bodies never have this wrapper. */
export const RemoteProfileProvisioningRequest = define(
  'RemoteProfileProvisioningRequest',
  'SGP.22 6.6.2',
  choice('A2', {
    initiateAuthenticationRequest: InitiateAuthenticationRequest,
    authenticateClientRequest: AuthenticateClientRequest,
    getBoundProfilePackageRequest: GetBoundProfilePackageRequest,
    cancelSessionRequestEs9: CancelSessionRequestEs9,
    handleNotification: HandleNotification,
  }),
);

/** Every ES9+ and ES11 response body. */
export const RemoteProfileProvisioningResponse = define(
  'RemoteProfileProvisioningResponse',
  'SGP.22 6.6.2',
  choice('A2', {
    initiateAuthenticationResponse: InitiateAuthenticationResponse,
    authenticateClientResponseEs9: AuthenticateClientResponseEs9,
    getBoundProfilePackageResponse: GetBoundProfilePackageResponse,
    cancelSessionResponseEs9: CancelSessionResponseEs9,
    authenticateClientResponseEs11: AuthenticateClientResponseEs11,
  }),
);
