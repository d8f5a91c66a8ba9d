/** A hand-made SM-DP+ for the tests of the card and the IPA: signs what it is told, right or wrong. */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { bindProfile, type ProtectedCommand } from '#protocol/bpp/bind.js';
import { makeTestProfile } from '#protocol/bpp/test-profile.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { keyFromSeed, type PrivateKey } from '#protocol/crypto/key.js';
import { AuthenticateServerResponse } from '#protocol/iot/authentication.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { AuthenticateServerRequest, ServerSigned1 } from '#protocol/rsp/authentication.js';
import { SmdpSigned2 } from '#protocol/rsp/download.js';
import type { Euicc } from './index.js';
import { EID1, ICCID3, octets, PKI } from './test-bench.js';

/** Address and transaction of the one session it has. */
export const ADDRESS = 'testsmdpplus1.example.com';
export const TRANSACTION = octets('0102030405060708');
/** Device information of a made-up device. */
export const CTX_PARAMS_1 = {
  ctxParamsForCommonAuthentication: { matchingId: 'M', deviceInfo: { tac: octets('35290611'), deviceCapabilities: {} } },
};

/** A certificate of the test PKI; throws when there is none of this name. */
export const certificate = (name: string): Uint8Array => {
  const der = PKI.certificate(name);
  if (!der) throw new Error(`no ${name}`);
  return der;
};
const keyOf = (name: string): PrivateKey => {
  const key = PKI.privateKey(name);
  if (!key) throw new Error(`no ${name}`);
  return key;
};

/** serverSigned1 with its signature and certificate. */
export const proof = (
  euiccChallenge: Uint8Array,
  given: { readonly name?: string; readonly key?: string; readonly address?: string } = {},
) => {
  const name = given.name ?? 'S_SM_DPauth';
  const serverSigned1 = encode(ServerSigned1, {
    transactionId: TRANSACTION,
    euiccChallenge,
    serverAddress: given.address ?? ADDRESS,
    serverChallenge: octets('00112233445566778899AABBCCDDEEFF'),
  });
  const serverSignature1 = sign(keyOf(`SK_${given.key ?? name}`), serverSigned1);
  return { serverSigned1: raw(serverSigned1), serverSignature1, serverCertificate: certificate(`CERT_${name}`) };
};

/** smdpSigned2 with its signature and certificate; `euiccSignature1` are the 64 octets. */
export const offer = (
  euiccSignature1: Uint8Array,
  given: {
    readonly name?: string;
    readonly transactionId?: Uint8Array;
    readonly bppEuiccOtpk?: Uint8Array;
    readonly ccRequired?: boolean;
  } = {},
) => {
  const name = given.name ?? 'S_SM_DPpb';
  const { bppEuiccOtpk } = given;
  const smdpSigned2 = encode(SmdpSigned2, {
    transactionId: given.transactionId ?? TRANSACTION,
    ccRequiredFlag: given.ccRequired ?? false,
    bppEuiccOtpk,
  });
  const smdpSignature2 = sign(keyOf(`SK_${name}`), concat(smdpSigned2, tlv(0x5f37, euiccSignature1)));
  return { smdpSigned2: raw(smdpSigned2), smdpSignature2, smdpCertificate: certificate(`CERT_${name}`) };
};

/** StoreMetadataRequest of a small operational profile with ICCID3. */
export const metadata = (given: object = {}): Uint8Array =>
  encode(StoreMetadataRequest, { iccid: octets(ICCID3), serviceProviderName: 'Op', profileName: 'Downloaded', ...given });

/** A bound profile package for the one-time key of the eUICC. */
export const boundPackage = (
  euiccOtpk: Uint8Array,
  given: {
    readonly metadata?: Uint8Array;
    readonly upp?: Uint8Array;
    readonly transactionId?: Uint8Array;
    readonly brainpool?: boolean;
    readonly commands?: readonly ProtectedCommand[];
  } = {},
): Uint8Array => {
  const suffix = given.brainpool ? '_BRP' : '';
  const upp = given.upp ?? makeTestProfile({ iccid: octets(ICCID3), name: 'Test', size: 3000 });
  const bpp =
    upp &&
    bindProfile({
      smdpOtKey: keyFromSeed(given.brainpool ? 'brainpoolP256r1' : 'P-256', 'otSK of the test SM-DP+'),
      euiccOtpk,
      dpPbKey: keyOf(`SK_S_SM_DPpb${suffix}`),
      hostId: octets('01020304'),
      eid: octets(EID1),
      transactionId: given.transactionId ?? TRANSACTION,
      metadata: given.metadata ?? metadata(),
      upp,
      ...(given.commands && { commands: given.commands }),
    });
  if (!bpp) throw new Error('the one-time key is not on the curve');
  return bpp;
};

/** AuthenticateServer with a certificate of the PKI, after a challenge; the error code, undefined when there is none. */
export const authenticateWith = (euicc: Euicc, name: string): number | undefined => {
  const euiccChallenge = euicc.execute(octets('BF2E00')).octets.slice(5);
  const euiccCiPKIdToBeUsed = euicc.chip.credentials[0].ciPKId;
  const request = { ...proof(euiccChallenge, { name }), euiccCiPKIdToBeUsed, ctxParams1: CTX_PARAMS_1 };
  const { octets: answer } = euicc.execute(encode(AuthenticateServerRequest, request));
  return decode(AuthenticateServerResponse, answer).value.authenticateResponseError?.authenticateErrorCode;
};
