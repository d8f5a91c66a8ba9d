/** What the tests of the RSP servers share: a world with a fixed seed, and the signed objects of an eUICC, right or wrong. */
import { createHash } from 'node:crypto';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, fromHex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Spec, type Type, type ValueOf } from '#protocol/asn1/type.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import { keyFromSeed, type PrivateKey, sign } from '#protocol/crypto/ecdsa.js';
import { EuiccSigned1 } from '#protocol/rsp/authentication.js';
import { EUICCSigned2, EuiccCancelSessionSigned } from '#protocol/rsp/download.js';
import {
  AuthenticateClientRequest,
  AuthenticateClientResponseEs9,
  CancelSessionRequestEs9,
  GetBoundProfilePackageRequest,
  HandleNotification,
  InitiateAuthenticationRequest,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import type { EUICCInfo2 } from '#protocol/rsp/info.js';
import { NotificationMetadata, ProfileInstallationResultData } from '#protocol/rsp/notification.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Received, World } from '../../role.js';

export const EID1 = '89049032123451234512345678901235';
export const EID2 = '89049032123451234512345678901243';
export const ICCID1 = '989209012143658709F5';
export const ADDRESS = 'testsmdpplus1.example.com';

/** Octets of a hex text that is known to be one. */
export const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

const pki = testPki();

/** A world whose random octets and time are the same in every run. */
export const testWorld = (spec: Spec = '1.2', at = '2026-01-01T00:00:00Z'): World => {
  let block = 0;
  return {
    spec,
    pki,
    now: () => new Date(at),
    random: count => {
      const parts: Uint8Array[] = [];
      for (let length = 0; length < count; length += 32) parts.push(createHash('sha256').update(`rsp server test ${block++}`).digest());
      return concat(...parts).slice(0, count);
    },
  };
};

/** A message as it reaches an actor. */
export const received = <V>(type: Type<V>, message: Uint8Array, spec: Spec = '1.2'): Received => ({
  type,
  message: decode(type, message, { spec }),
});

/** The value of a message that has to be one. */
export const decodedValue = <V>(type: Type<V>, message: Uint8Array | undefined, spec: Spec = '1.2'): V => {
  const decoded = decode(type, message ?? new Uint8Array(), { spec });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.diagnostics));
  return decoded.value;
};

/** subjectKeyIdentifier of a CI of the test PKI. */
export const ciKeyId = (name = 'CERT_CI'): Uint8Array => {
  const parsed = parseCertificate(certificate(name));
  if (isProblem(parsed) || !parsed.subjectKeyId) throw new Error(name);
  return parsed.subjectKeyId;
};
const certificate = (name: string): Uint8Array => {
  const der = pki.certificate(name);
  if (!der) throw new Error(`no ${name}`);
  return der;
};
const privateKey = (name: string): PrivateKey => {
  const key = pki.privateKey(name);
  if (!key) throw new Error(`no key of ${name}`);
  return key;
};

/** An octet string with its last bit flipped. */
export const flipped = (given: Uint8Array): Uint8Array => given.map((octet, n) => (n === given.length - 1 ? octet ^ 1 : octet));

/** Which eUICC it is, by names of the test PKI. */
export interface Identity {
  readonly euicc?: string;
  readonly eum?: string;
  /** The key that signs; that of the certificate unless stated. */
  readonly key?: string;
}

/** Opens a session. */
export const initiate = (
  over: { readonly address?: string; readonly svn?: string; readonly verification?: Uint8Array[]; readonly signing?: Uint8Array[] } = {},
): Received =>
  received(
    InitiateAuthenticationRequest,
    encode(InitiateAuthenticationRequest, {
      euiccChallenge: octets('000102030405060708090A0B0C0D0E0F'),
      smdpAddress: over.address ?? ADDRESS,
      euiccInfo1: {
        svn: octets(over.svn ?? '020500'),
        euiccCiPKIdListForVerification: over.verification ?? [ciKeyId()],
        euiccCiPKIdListForSigning: over.signing ?? [ciKeyId()],
      },
    }),
  );

/** EUICCInfo2 of a conformant IoT eUICC: the last two elements are known to SGP.32 only. */
export const euiccInfo2: InputOf<ValueOf<typeof EUICCInfo2>> = {
  profileVersion: octets('020301'),
  svn: octets('020500'),
  euiccFirmwareVer: octets('010000'),
  extCardResource: octets('8101008204000F42408304000186A0'),
  uiccCapability: ['usimSupport', 'isimSupport', 'javacard'],
  rspCapability: ['additionalProfile'],
  euiccCiPKIdListForVerification: [ciKeyId()],
  euiccCiPKIdListForSigning: [ciKeyId()],
  ppVersion: octets('010000'),
  sasAcreditationNumber: 'XX-TEST-EU-0001',
  $unknown: [octets('900100'), octets('B400')],
};

/** What is different from a correct AuthenticateServerResponse. */
export interface AuthenticateChanges extends Identity {
  readonly matchingId?: string | undefined;
  readonly serverAddress?: string;
  readonly serverChallenge?: Uint8Array;
  /** TransactionID beside the eUICC's object, and inside of it. */
  readonly outer?: Uint8Array;
  readonly inner?: Uint8Array;
  readonly info?: InputOf<ValueOf<typeof EUICCInfo2>>;
  readonly spoil?: boolean;
  readonly error?: number;
  readonly spec?: Spec;
}

/** AuthenticateClient after an answer of the server. */
export const authenticate = (answer: Uint8Array | undefined, over: AuthenticateChanges = {}): Received => {
  const spec = over.spec ?? '1.2';
  const ok = decodedValue(InitiateAuthenticationResponse, answer, spec).initiateAuthenticationOk;
  if (!ok) throw new Error('expected initiateAuthenticationOk');
  const transactionId = over.inner ?? ok.transactionId;
  const signed = encode(EuiccSigned1, {
    transactionId,
    serverAddress: over.serverAddress ?? ok.serverSigned1.serverAddress,
    serverChallenge: over.serverChallenge ?? ok.serverSigned1.serverChallenge,
    euiccInfo2: over.info ?? euiccInfo2,
    ctxParams1: {
      ctxParamsForCommonAuthentication: {
        ...(over.matchingId !== undefined && { matchingId: over.matchingId }),
        deviceInfo: { tac: octets('35290611'), deviceCapabilities: {} },
      },
    },
  });
  const euicc = over.euicc ?? 'CERT_EUICC';
  const signature = sign(privateKey(over.key ?? euicc), signed);
  const response = {
    authenticateResponseOk: {
      euiccSigned1: raw(signed),
      euiccSignature1: over.spoil ? flipped(signature) : signature,
      euiccCertificate: certificate(euicc),
      eumCertificate: certificate(over.eum ?? (euicc.endsWith('_BRP') ? 'CERT_EUM_BRP' : 'CERT_EUM')),
    },
  };
  const request = {
    transactionId: over.outer ?? ok.transactionId,
    authenticateServerResponse:
      over.error === undefined ? response : { authenticateResponseError: { transactionId, authenticateErrorCode: over.error } },
  };
  return received(AuthenticateClientRequest, encode(AuthenticateClientRequest, request, { spec }), spec);
};

/** The one-time key of the eUICC for a number of a test. */
export const oneTimeKey = (number = 1, curve: PrivateKey['curve'] = 'P-256'): PrivateKey => keyFromSeed(curve, `otSK.EUICC ${number}`);

/** What is different from a correct PrepareDownloadResponse. */
export interface PrepareChanges extends Identity {
  readonly code?: string;
  readonly otpk?: Uint8Array;
  readonly outer?: Uint8Array;
  readonly inner?: Uint8Array;
  readonly spoil?: boolean;
  readonly error?: number;
  readonly spec?: Spec;
}

/** GetBoundProfilePackage after an offer of the SM-DP+. */
export const prepare = (answer: Uint8Array | undefined, over: PrepareChanges = {}): Received => {
  const spec = over.spec ?? '1.2';
  const message = decode(AuthenticateClientResponseEs9, answer ?? new Uint8Array(), { spec });
  const ok = message.value.authenticateClientOk;
  const smdpSignature2 = fieldOctets(message, 'authenticateClientOk.smdpSignature2');
  if (!ok || !smdpSignature2) throw new Error('expected authenticateClientOk');
  const transactionId = over.inner ?? ok.transactionId;
  const signed = encode(EUICCSigned2, {
    transactionId,
    euiccOtpk: over.otpk ?? oneTimeKey().point,
    ...(over.code !== undefined && { hashCc: hashCc(over.code, ok.transactionId) }),
  });
  const signature = sign(privateKey(over.key ?? over.euicc ?? 'CERT_EUICC'), concat(signed, smdpSignature2));
  const request = {
    transactionId: over.outer ?? ok.transactionId,
    prepareDownloadResponse:
      over.error === undefined
        ? { downloadResponseOk: { euiccSigned2: raw(signed), euiccSignature2: over.spoil ? flipped(signature) : signature } }
        : { downloadResponseError: { transactionId, downloadErrorCode: over.error } },
  };
  return received(GetBoundProfilePackageRequest, encode(GetBoundProfilePackageRequest, request, { spec }), spec);
};

/** CancelSession. */
export const cancel = (
  transactionId: Uint8Array,
  over: Identity & { reason?: number; oid?: string; inner?: Uint8Array; spoil?: boolean; error?: number } = {},
): Received => {
  const signed = encode(EuiccCancelSessionSigned, {
    transactionId: over.inner ?? transactionId,
    smdpOid: over.oid ?? '2.999.10',
    reason: over.reason ?? 0,
  });
  const signature = sign(privateKey(over.key ?? 'CERT_EUICC'), signed);
  const cancelSessionResponse =
    over.error === undefined
      ? {
          cancelSessionResponseOk: {
            euiccCancelSessionSigned: raw(signed),
            euiccCancelSessionSignature: over.spoil ? flipped(signature) : signature,
          },
        }
      : { cancelSessionResponseError: over.error };
  return received(CancelSessionRequestEs9, encode(CancelSessionRequestEs9, { transactionId, cancelSessionResponse }));
};

/** HandleNotification with an installation result; without `reason` a successful one. */
export const installed = (
  transactionId: Uint8Array,
  over: Identity & { seqNumber?: number; reason?: number; spoil?: boolean } = {},
): Received => {
  const data = encode(ProfileInstallationResultData, {
    transactionId,
    notificationMetadata: {
      seqNumber: over.seqNumber ?? 1,
      profileManagementOperation: ['notificationInstall'],
      notificationAddress: ADDRESS,
      iccid: octets(ICCID1),
    },
    smdpOid: '2.999.10',
    finalResult:
      over.reason === undefined
        ? { successResult: { aid: octets('A0000005591010FFFFFFFF8900001100'), simaResponse: octets('3007A0053003800100') } }
        : { errorResult: { bppCommandId: 5, errorReason: over.reason } },
  });
  const signature = sign(privateKey(over.key ?? 'CERT_EUICC'), data);
  const profileInstallationResult = { profileInstallationResultData: raw(data), euiccSignPIR: over.spoil ? flipped(signature) : signature };
  return received(HandleNotification, encode(HandleNotification, { pendingNotification: { profileInstallationResult } }));
};

/** HandleNotification with a notification of an event. */
export const notified = (seqNumber: number, operation: string, over: Identity & { spoil?: boolean } = {}): Received => {
  const signed = encode(NotificationMetadata, {
    seqNumber,
    profileManagementOperation: [operation],
    notificationAddress: ADDRESS,
    iccid: octets(ICCID1),
  });
  const euicc = over.euicc ?? 'CERT_EUICC';
  const signature = sign(privateKey(over.key ?? euicc), signed);
  const otherSignedNotification = {
    tbsOtherNotification: raw(signed),
    euiccNotificationSignature: over.spoil ? flipped(signature) : signature,
    euiccCertificate: certificate(euicc),
    eumCertificate: certificate(over.eum ?? 'CERT_EUM'),
  };
  return received(HandleNotification, encode(HandleNotification, { pendingNotification: { otherSignedNotification } }));
};
