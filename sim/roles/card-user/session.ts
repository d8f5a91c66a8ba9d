/** An RSP session between the card under test and a simulated server, command by command. SGP.22 3.0.1, 3.1.3, 5.7 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, firstElement } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type Spec, type Type, type ValueOf } from '#protocol/asn1/type.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import { AuthenticateServerRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { CancelSessionRequest, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import {
  AuthenticateClientRequest,
  AuthenticateClientResponseEs9,
  GetBoundProfilePackageRequest,
  GetBoundProfilePackageResponse,
  HandleNotification,
  InitiateAuthenticationRequest,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import { ComposeError, type World } from '../../role.js';
import { DEVICE_INFO } from '../ipa/config.js';
import { type Offer, offerOfServer, proofOfServer, type ServerProof } from '../ipa/session.js';
import type { CardUserConfig, CardUserSurroundings } from './config.js';

/** A session on its way. */
export interface RspSession {
  readonly config: CardUserConfig;
  readonly around: CardUserSurroundings;
  readonly world: World;
  challenge: Uint8Array | undefined;
  proof: ServerProof | undefined;
  /** Answer of the card to AuthenticateServer, `BF38 …`. */
  authenticated: Uint8Array | undefined;
  offer: Offer | undefined;
  /** Answer of the card to PrepareDownload, `BF21 …`. */
  prepared: Uint8Array | undefined;
}

/** A session that has not begun. */
export const rspSession = (config: CardUserConfig, around: CardUserSurroundings, world: World): RspSession => ({
  config,
  around,
  world,
  challenge: undefined,
  proof: undefined,
  authenticated: undefined,
  offer: undefined,
  prepared: undefined,
});

const serverOf = ({ around }: RspSession, what: string) => {
  if (!around.server) throw new ComposeError(`${what} needs an SM-DP+ or SM-DS in the case`);
  return around.server;
};

/** Asks the server one thing; throws ComposeError when it gives no message of the type expected. */
const ask = async <Q, A>(session: RspSession, type: Type<Q>, value: InputOf<Q>, response: Type<A>): Promise<Decoded<A>> => {
  const { spec } = session.world;
  const message = decode(type, encode(type, value, { spec }), { spec });
  const answer = await serverOf(session, type.name).react({ type, message });
  if (!answer || answer.type.name !== response.name) throw new ComposeError(`the server has no ${response.name} to ${type.name}`);
  return decode(response, answer.octets, { spec });
};

const CHALLENGE_LENGTH = 16;

/** initiateAuthenticationError. SGP.22 5.6.1 */
const REFUSALS: Readonly<Record<number, string>> = {
  2: 'it does not support the SVN in EUICCInfo1 of the card',
  3: 'it has no CI in common with the card',
};

/** Opens a session at the server, with the challenge that the card gave, or one of ours when it gave none. */
export const composeAuthenticate = async (session: RspSession): Promise<Uint8Array> => {
  const { around, config, world } = session;
  const server = serverOf(session, 'AuthenticateServerRequest');
  const smdpAddress = String(server.state.address);
  session.challenge ??= world.random(CHALLENGE_LENGTH);
  if (!around.euiccInfo1) throw new ComposeError('the card tells no EUICCInfo1, so that no session can be opened for it');
  const request = { euiccChallenge: session.challenge, smdpAddress, euiccInfo1: raw(around.euiccInfo1) };
  const answer = await ask(session, InitiateAuthenticationRequest, request, InitiateAuthenticationResponse);
  const proof = proofOfServer(answer);
  if (!proof) {
    const { initiateAuthenticationError: code = 0 } = answer.value;
    throw new ComposeError(`the server opens no session: ${REFUSALS[code] ?? `initiateAuthenticationError ${code}`}`);
  }
  Object.assign(session, { proof, authenticated: undefined, offer: undefined, prepared: undefined });
  const matchingId = config.matchingId ?? firstMatchingId(server.state);
  return encode(
    AuthenticateServerRequest,
    {
      serverSigned1: raw(proof.serverSigned1),
      serverSignature1: proof.signature,
      euiccCiPKIdToBeUsed: proof.ciPKId,
      serverCertificate: proof.certificate,
      ctxParams1: { ctxParamsForCommonAuthentication: { matchingId, deviceInfo: DEVICE_INFO } },
    },
    { spec: world.spec },
  );
};

const firstMatchingId = (state: Readonly<Record<string, unknown>>): string | undefined => {
  const [order]: readonly unknown[] = Array.isArray(state.orders) ? state.orders : [];
  return typeof order === 'object' && order !== null && 'matchingId' in order && typeof order.matchingId === 'string'
    ? order.matchingId
    : undefined;
};

/** Takes the card's proof to the server, and its offer back. */
export const composePrepare = async (session: RspSession): Promise<Uint8Array> => {
  const { proof, authenticated, config, world } = session;
  if (!proof || !authenticated) throw new ComposeError('PrepareDownloadRequest needs an AuthenticateServerResponse before it');
  if (!session.offer) {
    const request = { transactionId: proof.transactionId, authenticateServerResponse: raw(authenticated) };
    session.offer = offerOfServer(await ask(session, AuthenticateClientRequest, request, AuthenticateClientResponseEs9));
  }
  const { offer } = session;
  if (!offer) throw new ComposeError('the SM-DP+ refuses the card: it offers no profile');
  const code = offer.ccRequired ? config.confirmationCode : undefined;
  return encode(
    PrepareDownloadRequest,
    {
      smdpSigned2: raw(offer.smdpSigned2),
      smdpSignature2: offer.signature,
      hashCc: code === undefined ? undefined : hashCc(code, offer.transactionId),
      smdpCertificate: offer.certificate,
    },
    { spec: world.spec },
  );
};

/** The offer as it goes to the card, where a script has changed it: the SM-DP+ stands by what it signed. */
export const noteOffer = ({ around, world }: RspSession, octets: Uint8Array): void => {
  const message = decode(PrepareDownloadRequest, octets, { spec: world.spec });
  const signature = fieldOctets(message, 'smdpSignature2');
  if (signature && around.server?.role === 'smdp') around.server.restate(signature);
};

/** The bound profile package for the one-time key of the card, `BF36 …`. */
export const composeProfile = async (session: RspSession): Promise<Uint8Array> => {
  const { proof, prepared } = session;
  if (!proof || !prepared) throw new ComposeError('BoundProfilePackage needs a PrepareDownloadResponse before it');
  const request = { transactionId: proof.transactionId, prepareDownloadResponse: raw(prepared) };
  const message = await ask(session, GetBoundProfilePackageRequest, request, GetBoundProfilePackageResponse);
  const found = fieldOctets(message, 'getBoundProfilePackageOk.boundProfilePackage');
  if (!found) throw new ComposeError('the SM-DP+ gives no bound profile package');
  return found;
};

const END_USER_REJECTION = 0;

/** Ends the session, for a reason that the script may state. */
export const composeCancel = ({ proof, world }: RspSession): Uint8Array =>
  encode(
    CancelSessionRequest,
    { transactionId: proof?.transactionId ?? world.random(CHALLENGE_LENGTH), reason: END_USER_REJECTION },
    { spec: world.spec },
  );

/** Takes note of what the card said in the session; the sequence number of a notification. */
export const takeRsp = (session: RspSession, type: string, message: Decoded): number | undefined => {
  switch (type) {
    case GetEuiccChallengeResponse.name:
      session.challenge = (message.value as ValueOf<typeof GetEuiccChallengeResponse>).euiccChallenge;
      return undefined;
    case 'AuthenticateServerResponse':
      session.authenticated = message.octets;
      // A challenge is good for one attempt.
      session.challenge = undefined;
      return undefined;
    case 'PrepareDownloadResponse':
      session.prepared = message.octets;
      return undefined;
    case 'ListNotificationResponse':
    case 'RetrieveNotificationsListResponse':
      return seqNumberIn(message);
    case 'ProfileInstallationResult':
      deliver(session, message.octets, session.world.spec);
      return seqNumberIn(message);
    default:
      return undefined;
  }
};

/** The first sequence number in a message. */
const seqNumberIn = (message: Decoded): number | undefined => {
  const found = firstElement(message.root, ({ name, value }) => name === 'seqNumber' && typeof value === 'number');
  return typeof found?.value === 'number' ? found.value : undefined;
};

/** The server hears of the installation, as it would by ES9+.HandleNotification. */
const deliver = ({ around }: RspSession, notification: Uint8Array, spec: Spec): void => {
  const octets = encode(HandleNotification, { pendingNotification: raw(notification) }, { spec });
  void around.server?.react({ type: HandleNotification, message: decode(HandleNotification, octets, { spec }) });
};
