/** Common mutual authentication between an RSP server and an eUICC (SGP.22 5.7.7, 5.7.13). */
import { choice, define, integer, octets, optional, sequence, tagged, utf8 } from '../asn1/type.js';
import { Certificate, TransactionId } from './basic.js';
import { DeviceInfo, EUICCInfo2 } from './info.js';

/** Asks for a challenge: always `BF2E 00`. */
export const GetEuiccChallengeRequest = define('GetEuiccChallengeRequest', 'SGP.22 5.7.7', sequence('BF2E', {}));

/** Random challenge of the eUICC for this session. */
export const GetEuiccChallengeResponse = define(
  'GetEuiccChallengeResponse',
  'SGP.22 5.7.7',
  sequence('BF2E', {
    euiccChallenge: octets('80', 16),
  }),
);

/** What the RSP server signs to prove its identity. */
export const ServerSigned1 = define(
  'ServerSigned1',
  'SGP.22 5.7.13',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    euiccChallenge: octets('81', 16),
    serverAddress: utf8('83'),
    serverChallenge: octets('84', 16),
  }),
);

/** MatchingID and Device of a session. */
export const CtxParamsForCommonAuthentication = define(
  'CtxParamsForCommonAuthentication',
  'SGP.22 5.7.13',
  sequence('30', {
    matchingId: optional(utf8('80')),
    deviceInfo: tagged('A1', DeviceInfo),
  }),
);

/** Context of a session, added by the LPA or the eIM. */
export const CtxParams1 = define(
  'CtxParams1',
  'SGP.22 5.7.13',
  choice(undefined, {
    ctxParamsForCommonAuthentication: tagged('A0', CtxParamsForCommonAuthentication),
  }),
);

/** Hands the server's proof to the eUICC. */
export const AuthenticateServerRequest = define(
  'AuthenticateServerRequest',
  'SGP.22 5.7.13',
  sequence('BF38', {
    serverSigned1: ServerSigned1,
    serverSignature1: octets('5F37'),
    euiccCiPKIdToBeUsed: octets(),
    serverCertificate: Certificate,
    ctxParams1: CtxParams1,
  }),
);

/** What the eUICC signs to prove its identity. */
export const EuiccSigned1 = define(
  'EuiccSigned1',
  'SGP.22 5.7.13',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    serverAddress: utf8('83'),
    serverChallenge: octets('84', 16),
    euiccInfo2: EUICCInfo2,
    ctxParams1: CtxParams1,
  }),
);

/** Signed answer of the eUICC with its certificate chain. */
export const AuthenticateResponseOk = define(
  'AuthenticateResponseOk',
  'SGP.22 5.7.13',
  sequence('30', {
    euiccSigned1: EuiccSigned1,
    euiccSignature1: octets('5F37'),
    euiccCertificate: Certificate,
    eumCertificate: Certificate,
  }),
);

/** Why an eUICC does not accept a server. */
export const AuthenticateErrorCode = define(
  'AuthenticateErrorCode',
  'SGP.22 5.7.13',
  integer('02', {
    invalidCertificate: 1,
    invalidSignature: 2,
    unsupportedCurve: 3,
    noSessionContext: 4,
    invalidOid: 5,
    euiccChallengeMismatch: 6,
    ciPKUnknown: 7,
    undefinedError: 127,
  }),
);

/** Unsigned refusal of a server by the eUICC. */
export const AuthenticateResponseError = define(
  'AuthenticateResponseError',
  'SGP.22 5.7.13',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    authenticateErrorCode: AuthenticateErrorCode,
  }),
);

/** Answer of the eUICC to the server's proof. */
export const AuthenticateServerResponse = define(
  'AuthenticateServerResponse',
  'SGP.22 5.7.13',
  choice('BF38', {
    authenticateResponseOk: tagged('A0', AuthenticateResponseOk),
    authenticateResponseError: tagged('A1', AuthenticateResponseError),
  }),
);
