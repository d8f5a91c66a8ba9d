/** An RSP session as the IPA sees it, whichever interface brought its messages: ESipa, ES9+ or ES11. SGP.22 3.0.1, SGP.32 3.2.2 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import type { AuthenticateClientResponseEsipa, InitiateAuthenticationResponseEsipa } from '#protocol/iot/authentication.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import type { AuthenticateClientResponseEs9, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';

/** How a server proves who it is; what is signed stays as it came. */
export interface ServerProof {
  readonly transactionId: Uint8Array;
  readonly euiccChallenge: Uint8Array;
  readonly address: string;
  /** Complete TLVs. */
  readonly serverSigned1: Uint8Array;
  readonly certificate: Uint8Array;
  /** The 64 octets. */
  readonly signature: Uint8Array;
  /** The CI to use, possibly shortened by an eIM. */
  readonly ciPKId: Uint8Array;
  /** Complete, made by the eIM. SGP.32 5.14.1 */
  readonly ctxParams1?: Uint8Array;
  /** Supplied by the eIM. */
  readonly matchingId?: string;
}

/** What an SM-DP+ offers; what is signed stays as it came. */
export interface Offer {
  readonly transactionId: Uint8Array;
  readonly ccRequired: boolean;
  readonly bppEuiccOtpk: Uint8Array | undefined;
  /** Complete TLVs. */
  readonly smdpSigned2: Uint8Array;
  readonly certificate: Uint8Array;
  /** The 64 octets. */
  readonly signature: Uint8Array;
  /** Undefined when the eIM keeps it. */
  readonly metadata: ValueOf<typeof StoreMetadataRequest> | undefined;
  /** The same as it came, BF25. */
  readonly metadataOctets: Uint8Array | undefined;
  /** Made by the eIM from the confirmation code. */
  readonly hashCc?: Uint8Array;
}

const NONE = new Uint8Array();

/** An empty structure, for an IPA that goes on without what it needs. */
const EMPTY = Uint8Array.of(0x30, 0);
const NOTHING = { transactionId: NONE, certificate: EMPTY, signature: NONE };
/** Where there is no proof. */
export const NO_PROOF: ServerProof = { ...NOTHING, euiccChallenge: NONE, address: '', serverSigned1: EMPTY, ciPKId: NONE };
/** Where there is no offer. */
export const NO_OFFER: Offer = {
  ...NOTHING,
  ccRequired: false,
  bppEuiccOtpk: undefined,
  smdpSigned2: EMPTY,
  metadata: undefined,
  metadataOctets: undefined,
};

/** The proof in an answer of an eIM; undefined when it is an error. */
export const proofOfEim = (message: Decoded<ValueOf<typeof InitiateAuthenticationResponseEsipa>>): ServerProof | undefined => {
  const ok = message.value.initiateAuthenticationOkEsipa;
  if (!ok) return undefined;
  const path = 'initiateAuthenticationOkEsipa';
  const ctxParams1 = fieldOctets(message, `${path}.ctxParams1.ctxParamsForCommonAuthentication`);
  const { transactionId, euiccChallenge, serverAddress } = ok.serverSigned1;
  return {
    transactionId,
    euiccChallenge,
    address: serverAddress,
    serverSigned1: fieldOctets(message, `${path}.serverSigned1`) ?? NONE,
    certificate: ok.serverCertificate,
    signature: ok.serverSignature1,
    ciPKId: ok.euiccCiPKIdentifierToBeUsed,
    ...(ctxParams1 && { ctxParams1 }),
    ...(ok.matchingId !== undefined && { matchingId: ok.matchingId }),
  };
};

/** The proof in an answer of an RSP server; undefined when it is an error. */
export const proofOfServer = (message: Decoded<ValueOf<typeof InitiateAuthenticationResponse>>): ServerProof | undefined => {
  const ok = message.value.initiateAuthenticationOk;
  if (!ok) return undefined;
  const { transactionId, euiccChallenge, serverAddress } = ok.serverSigned1;
  return {
    transactionId,
    euiccChallenge,
    address: serverAddress,
    serverSigned1: fieldOctets(message, 'initiateAuthenticationOk.serverSigned1') ?? NONE,
    certificate: ok.serverCertificate,
    signature: ok.serverSignature1,
    ciPKId: ok.euiccCiPKIdToBeUsed,
  };
};

const metadataOf = (octets: Uint8Array | undefined, spec: Spec): Pick<Offer, 'metadata' | 'metadataOctets'> => ({
  metadata: octets && decode(StoreMetadataRequest, octets, { spec }).value,
  metadataOctets: octets,
});

type OfferedByEim = NonNullable<ValueOf<typeof AuthenticateClientResponseEsipa>['authenticateClientOkDPEsipa']>;
type OfferedByServer = NonNullable<ValueOf<typeof AuthenticateClientResponseEs9>['authenticateClientOk']>;

const offerIn = (
  message: Decoded<ValueOf<typeof AuthenticateClientResponseEsipa>> | Decoded<ValueOf<typeof AuthenticateClientResponseEs9>>,
  path: string,
  ok: OfferedByEim | OfferedByServer,
): Offer => ({
  transactionId: ok.smdpSigned2.transactionId,
  ccRequired: ok.smdpSigned2.ccRequiredFlag,
  bppEuiccOtpk: ok.smdpSigned2.bppEuiccOtpk,
  smdpSigned2: fieldOctets(message, `${path}.smdpSigned2`) ?? NONE,
  certificate: ok.smdpCertificate,
  signature: ok.smdpSignature2,
  ...metadataOf(fieldOctets(message, `${path}.profileMetaData`), message.spec),
});

/** The offer in an answer of an eIM; undefined when it is an error or comes from an SM-DS. */
export const offerOfEim = (message: Decoded<ValueOf<typeof AuthenticateClientResponseEsipa>>): Offer | undefined => {
  const ok = message.value.authenticateClientOkDPEsipa;
  return ok && { ...offerIn(message, 'authenticateClientOkDPEsipa', ok), ...(ok.hashCc && { hashCc: ok.hashCc }) };
};

/** The offer in an answer of an SM-DP+; undefined when it is an error. */
export const offerOfServer = (message: Decoded<ValueOf<typeof AuthenticateClientResponseEs9>>): Offer | undefined => {
  const ok = message.value.authenticateClientOk;
  return ok && offerIn(message, 'authenticateClientOk', ok);
};
