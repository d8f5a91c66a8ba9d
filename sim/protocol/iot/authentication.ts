/** Mutual authentication in indirect download, with its compact forms (SGP.32 5.14.1, 5.14.3, 6.3.2.1, 6.3.2.2). */
import { growingInteger } from '../asn1/growing.js';
import { choice, define, explicit, formerly, octets, optional, sequence, since, tagged, utf8 } from '../asn1/type.js';
import { AuthenticateResponseError, CtxParams1, ServerSigned1 } from '../rsp/authentication.js';
import { Certificate, TransactionId } from '../rsp/basic.js';
import { SmdpSigned2 } from '../rsp/download.js';
import { EUICCInfo1 } from '../rsp/info.js';
import { EUICCInfo2 } from './info.js';
import { StoreMetadataRequest } from './profile.js';
import { ProfileDownloadTriggerRequest } from './trigger.js';

/** Opens an indirect download; wire order 81, 83, BF20, 82. */
export const InitiateAuthenticationRequestEsipa = define(
  'InitiateAuthenticationRequestEsipa',
  'SGP.32 6.3.2.1',
  sequence('BF39', {
    euiccChallenge: octets('81', 16),
    smdpAddress: optional(utf8('83')),
    euiccInfo1: optional(EUICCInfo1),
    eimTransactionId: since('1.1', optional(tagged('82', TransactionId))),
  }),
);

/** The server's proof of identity as relayed by the eIM. */
export const InitiateAuthenticationOkEsipa = define(
  'InitiateAuthenticationOkEsipa',
  'SGP.32 6.3.2.1',
  sequence('30', {
    transactionId: optional(tagged('80', TransactionId)),
    serverSigned1: ServerSigned1,
    serverSignature1: octets('5F37'),
    euiccCiPKIdentifierToBeUsed: formerly('euiccCiPKIdToBeUsed', octets()),
    serverCertificate: Certificate,
    matchingId: optional(utf8()),
    ctxParams1: optional(explicit('A2', CtxParams1)),
  }),
);

/** Answer of the eIM to opening an indirect download. */
export const InitiateAuthenticationResponseEsipa = define(
  'InitiateAuthenticationResponseEsipa',
  'SGP.32 6.3.2.1',
  choice('BF39', {
    initiateAuthenticationOkEsipa: tagged('A0', InitiateAuthenticationOkEsipa),
    initiateAuthenticationErrorEsipa: growingInteger(
      '81',
      { invalidDpAddress: 1, euiccVersionNotSupportedByDp: 2, ciPKIdNotSupported: 3, smdpAddressMismatch: 50, smdpOidMismatch: 51 },
      { '1.1': { invalidEimTransactionId: 52, undefinedError: 127 } },
    ),
  }),
);

/** What an IoT eUICC signs to prove its identity: as in SGP.22, with the EUICCInfo2 of SGP.32. */
export const EuiccSigned1 = define(
  'EuiccSigned1',
  'SGP.32 5.14.3',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    serverAddress: utf8('83'),
    serverChallenge: octets('84', 16),
    euiccInfo2: EUICCInfo2,
    ctxParams1: CtxParams1,
  }),
);

/** Signed answer of an IoT eUICC with its certificate chain. */
export const AuthenticateResponseOk = define(
  'AuthenticateResponseOk',
  'SGP.32 5.14.3',
  sequence('30', {
    euiccSigned1: EuiccSigned1,
    euiccSignature1: octets('5F37'),
    euiccCertificate: Certificate,
    eumCertificate: Certificate,
  }),
);

/** The parts of EuiccSigned1 that the eIM cannot know; the signature is over the full one. */
export const CompactEuiccSigned1 = define(
  'CompactEuiccSigned1',
  'SGP.32 5.14.3',
  sequence('30', {
    extCardResource: octets('84'),
    ctxParams1: optional(explicit('A2', CtxParams1)),
  }),
);

/** Compact form of the signed answer, used under minimizeEsipaBytes. */
export const CompactAuthenticateResponseOk = define(
  'CompactAuthenticateResponseOk',
  'SGP.32 5.14.3',
  sequence('30', {
    signedData: choice(undefined, {
      euiccSigned1: EuiccSigned1,
      compactEuiccSigned1: tagged('A0', CompactEuiccSigned1),
    }),
    euiccSignature1: octets('5F37'),
    euiccCertificate: optional(tagged('A1', Certificate)),
    eumCertificate: optional(tagged('A2', Certificate)),
  }),
);

/** Answer of an IoT eUICC to the server's proof, full or compact. */
export const AuthenticateServerResponse = define(
  'AuthenticateServerResponse',
  'SGP.32 5.14.3',
  choice('BF38', {
    authenticateResponseOk: tagged('A0', AuthenticateResponseOk),
    authenticateResponseError: tagged('A1', AuthenticateResponseError),
    compactAuthenticateResponseOk: tagged('A2', CompactAuthenticateResponseOk),
  }),
);

/** Brings the eUICC's proof of identity to the eIM. */
export const AuthenticateClientRequestEsipa = define(
  'AuthenticateClientRequestEsipa',
  'SGP.32 6.3.2.2',
  sequence('BF3B', {
    transactionId: tagged('80', TransactionId),
    authenticateServerResponse: AuthenticateServerResponse,
  }),
);

/** Offer of an SM-DP+ as relayed by the eIM. */
export const AuthenticateClientOkDPEsipa = define(
  'AuthenticateClientOkDPEsipa',
  'SGP.32 6.3.2.2',
  sequence('30', {
    transactionId: optional(tagged('80', TransactionId)),
    profileMetaData: optional(StoreMetadataRequest),
    smdpSigned2: SmdpSigned2,
    smdpSignature2: octets('5F37'),
    smdpCertificate: Certificate,
    hashCc: optional(octets('04', 32)),
  }),
);

/** Answer of an SM-DS as relayed by the eIM, with the next download to perform. */
export const AuthenticateClientOkDSEsipa = define(
  'AuthenticateClientOkDSEsipa',
  'SGP.32 6.3.2.2',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    profileDownloadTrigger: optional(ProfileDownloadTriggerRequest),
  }),
);

/** Answer to the eUICC's proof; the error stands under 82, on ES9+ under 81. */
export const AuthenticateClientResponseEsipa = define(
  'AuthenticateClientResponseEsipa',
  'SGP.32 6.3.2.2',
  choice('BF3B', {
    authenticateClientOkDPEsipa: tagged('A0', AuthenticateClientOkDPEsipa),
    authenticateClientOkDSEsipa: tagged('A1', AuthenticateClientOkDSEsipa),
    authenticateClientErrorEsipa: growingInteger(
      '82',
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
        pprNotAllowed: 50,
        eventIdUnknown: 56,
        undefinedError: 127,
      },
      { '1.3': { downloadOrderExpired: 18 } },
    ),
  }),
);
