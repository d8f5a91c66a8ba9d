/** Mutual authentication with a server, through the eIM or directly: the IPA's side. SGP.32 3.2.2, 6.3.2.1, 6.3.2.2; SGP.22 3.0.1 */
import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import {
  AuthenticateClientRequestEsipa,
  type AuthenticateClientResponseEsipa,
  AuthenticateServerResponse,
  InitiateAuthenticationRequestEsipa,
  type InitiateAuthenticationResponseEsipa,
} from '#protocol/iot/authentication.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import {
  AuthenticateClientRequest,
  type AuthenticateClientResponseEs9,
  InitiateAuthenticationRequest,
  type InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import { EUICCInfo1, GetEuiccInfo1Request } from '#protocol/rsp/info.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { checkRole } from '#protocol/x509/roles.js';
import { ComposeError } from '../../role.js';
import { ask, transmit } from './card.js';
import { compactAuthentication } from './compact.js';
import { usesCompact } from './compact-use.js';
import { DEVICE_INFO, hasFeature } from './config.js';
import type { ServerProblem } from './download-decisions.js';
import { objectionToMetadata } from './metadata.js';
import { EIM_VERDICT, REASONS } from './reasons.js';
import { NO_OFFER, NO_PROOF, type Offer, offerOfEim, offerOfServer, proofOfEim, proofOfServer, type ServerProof } from './session.js';
import { ownDownload } from './source.js';
import type { Device, Download } from './state.js';

/** A download that starts anew: a fresh challenge from the card, which forgets the session it may have. SGP.22 5.7.7 */
const openSession = async (device: Device, download: Download): Promise<Uint8Array> => {
  const { config, world } = device;
  const { task, source, via, eimTransactionId, events, codesRefused } = download;
  const { euiccChallenge } = (await ask(config.euicc, world.spec, GetEuiccChallengeRequest, {}, GetEuiccChallengeResponse)).value;
  device.download = {
    task,
    source,
    via,
    eimTransactionId,
    challenge: euiccChallenge,
    ...(events && { events }),
    ...(codesRefused !== undefined && { codesRefused }),
  };
  return euiccChallenge;
};

const info1Of = async ({ config, world }: Device): Promise<Uint8Array> =>
  (await ask(config.euicc, world.spec, GetEuiccInfo1Request, {}, EUICCInfo1)).octets;

/** Opens a session through the eIM; without trigger the eIM has to know where to go. SGP.32 6.3.2.1 */
export const composeInitiateEsipa = async (device: Device): Promise<Uint8Array> => {
  const { world } = device;
  const { spec } = world;
  const download = device.download ?? {
    task: undefined,
    source: { smdpAddress: undefined, matchingId: undefined },
    via: 'ESipa' as const,
    eimTransactionId: undefined,
  };
  const euiccChallenge = await openSession(device, download);
  const info1 = usesCompact(device, 'initiation') ? undefined : await info1Of(device);
  const { source } = download;
  const eimTransactionId = device.decide.echoes(download.eimTransactionId);
  return encode(
    InitiateAuthenticationRequestEsipa,
    { euiccChallenge, smdpAddress: device.decide.asksFor(source.smdpAddress), euiccInfo1: info1 && raw(info1), eimTransactionId },
    { spec },
  );
};

/** Opens a session with an SM-DP+ or SM-DS; without trigger with the one that the IPA itself knows of. SGP.22 5.6.1, 5.8.1 */
export const composeInitiate = async (device: Device): Promise<Uint8Array> => {
  const download = device.download ?? (await ownDownload(device));
  const { smdpAddress } = download.source;
  if (smdpAddress === undefined)
    throw new ComposeError('the IPA knows no server: the download names none, and the eUICC has no default SM-DP+');
  const euiccChallenge = await openSession(device, download);
  const euiccInfo1 = raw(await info1Of(device));
  return encode(InitiateAuthenticationRequest, { euiccChallenge, smdpAddress, euiccInfo1 }, { spec: device.world.spec });
};

/** OID of the server that its certificate names. SGP.22 4.5.2.1 */
const hasOid = (certificate: Uint8Array, oid: string): boolean => {
  const parsed = parseCertificate(certificate);
  return !isProblem(parsed) && parsed.registeredIds?.includes(oid) === true;
};
const isOfSmds = (certificate: Uint8Array): boolean => {
  const parsed = parseCertificate(certificate);
  return !isProblem(parsed) && checkRole([parsed], 'ds-auth') === undefined;
};

/** The eUICC has no clock. SGP.22 3.0.1 */
const isValidAt = (certificate: Uint8Array, now: Date): boolean => {
  const parsed = parseCertificate(certificate);
  return isProblem(parsed) || (parsed.notBefore <= now && now <= parsed.notAfter);
};

function* problemsOf({ challenge, source }: Download, proof: ServerProof, now: Date): Iterable<readonly [ServerProblem, string]> {
  const { smdpAddress, smdpOid } = source;
  if (!challenge || !equal(proof.euiccChallenge, challenge)) yield ['challenge', 'the server signed another challenge'];
  if (smdpAddress !== undefined && proof.address.toLowerCase() !== smdpAddress.toLowerCase())
    yield ['address', `the server says it is ${proof.address}, not ${smdpAddress}`];
  if (smdpOid !== undefined && !hasOid(proof.certificate, smdpOid))
    yield ['oid', `the server's certificate does not name the OID ${smdpOid} of the activation code`];
  if (!isValidAt(proof.certificate, now)) yield ['validity', 'the certificate of the server is not valid now'];
}

/** A server that is not the one wanted ends the download before the card sees it. */
const takeProof = ({ decide, world }: Device, download: Download, proof: ServerProof): void => {
  download.server = proof;
  for (const [problem, text] of problemsOf(download, proof, world.now())) if (!decide.acceptsServer(problem)) download.failure ??= text;
};

/** Takes the server's proof of identity from the eIM. */
export const takeProofOfEim = (device: Device, message: Decoded<ValueOf<typeof InitiateAuthenticationResponseEsipa>>): void => {
  const { download } = device;
  const proof = proofOfEim(message);
  if (!download) return;
  if (proof) takeProof(device, download, proof);
  else if (device.decide.stopsAfter('initiation'))
    download.failure = `InitiateAuthentication failed with ${message.value.initiateAuthenticationErrorEsipa}`;
  else download.server = NO_PROOF;
};

/** Takes a server's own proof of identity; that of an SM-DS makes the session one of ES11, whoever named the server. */
export const takeProofOfServer = (device: Device, message: Decoded<ValueOf<typeof InitiateAuthenticationResponse>>): void => {
  const { download } = device;
  const proof = proofOfServer(message);
  if (!download) return;
  if (!proof && !device.decide.stopsAfter('initiation')) {
    download.server = NO_PROOF;
    return;
  }
  if (!proof) {
    download.failure = `InitiateAuthentication failed with ${message.value.initiateAuthenticationError}`;
    return;
  }
  download.via = isOfSmds(proof.certificate) ? 'ES11' : 'ES9+';
  takeProof(device, download, proof);
};

/** The server's proof, which later requests build upon; throws ComposeError without one. */
export const serverOf = (device: Device, next: string) => {
  const { download } = device;
  const server = download?.server;
  if (!download || !server) throw new ComposeError(`${next} needs a successful answer to InitiateAuthentication before it`);
  return { download, server };
};

/** An eIM may shorten the key identifier as long as it stays unique. SGP.32 6.3.2.1 */
const fullKeyId = async ({ config, world }: Device, start: Uint8Array): Promise<Uint8Array> => {
  const { euiccCiPKIdListForSigning: ids } = (await ask(config.euicc, world.spec, GetEuiccInfo1Request, {}, EUICCInfo1)).value;
  return ids.find(id => equal(id.subarray(0, start.length), start)) ?? start;
};

/** What the server may know of device and order. */
const contextOf = ({ decide }: Device, { source, via }: Download, server: ServerProof) => {
  if (server.ctxParams1) return raw(server.ctxParams1);
  const matchingId = decide.matchingIdOf(server.matchingId ?? source.matchingId, via);
  return { ctxParamsForCommonAuthentication: { matchingId, deviceInfo: DEVICE_INFO } };
};

/** Runs AuthenticateServer on the card, once per answer of the server. SGP.32 6.3.2.2 */
const authenticateServer = async (device: Device, download: Download, server: ServerProof): Promise<Uint8Array> => {
  if (download.authenticated) return download.authenticated;
  const command = encode(
    AuthenticateServerRequest,
    {
      serverSigned1: raw(server.serverSigned1),
      serverSignature1: server.signature,
      euiccCiPKIdToBeUsed: await fullKeyId(device, server.ciPKId),
      serverCertificate: server.certificate,
      ctxParams1: contextOf(device, download, server),
    },
    { spec: device.world.spec },
  );
  const answer = await transmit(device.config.euicc, 'AuthenticateServer', command);
  download.authenticated = answer;
  if (!hasSession(download) && !device.decide.tellsRefusal('server')) throw new ComposeError('the eUICC refused the server');
  return answer;
};

/** The eUICC's proof of identity for the eIM, perhaps in compact form. SGP.32 6.3.2.2 */
export const composeAuthenticateClientEsipa = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download, server } = serverOf(device, 'AuthenticateClientRequestEsipa');
  const full = await authenticateServer(device, download, server);
  const withCertificates = config.omitCertificates !== true;
  const about = { spec, ctxParams1FromEim: server.ctxParams1 !== undefined, withCertificates };
  const response = usesCompact(device, 'authentication') ? compactAuthentication(full, about) : full;
  return encode(
    AuthenticateClientRequestEsipa,
    { transactionId: server.transactionId, authenticateServerResponse: raw(response) },
    { spec },
  );
};

/** The eUICC's proof of identity for the server itself. SGP.22 5.6.3, 5.8.2 */
export const composeAuthenticateClient = async (device: Device): Promise<Uint8Array> => {
  const { download, server } = serverOf(device, 'AuthenticateClientRequest');
  const authenticateServerResponse = raw(await authenticateServer(device, download, server));
  const { transactionId } = server;
  return encode(AuthenticateClientRequest, { transactionId, authenticateServerResponse }, { spec: device.world.spec });
};

/** Whether the card took the server and has a session now, which a failure has to end. */
export const hasSession = ({ authenticated }: Download): boolean =>
  authenticated !== undefined && decode(AuthenticateServerResponse, authenticated).value.authenticateResponseOk !== undefined;

const takeOffer = async (device: Device, download: Download, offer: Offer, verifiesMetadata: boolean): Promise<void> => {
  download.offer = offer;
  const objection = offer.metadata && verifiesMetadata ? await objectionToMetadata(device, offer.metadata) : undefined;
  if (!objection) return;
  download.failure = `the profile's policy rules: ${objection}`;
  download.cancelReason = REASONS[objection];
};

/** Takes the SM-DP+'s offer from the eIM; undefined offers come with an error or an event of an SM-DS. */
export const takeOfferOfEim = async (device: Device, message: Decoded<ValueOf<typeof AuthenticateClientResponseEsipa>>): Promise<void> => {
  const { download } = device;
  if (!download) return;
  const { authenticateClientErrorEsipa: code } = message.value;
  if (code !== undefined && !device.decide.stopsAfter('authentication')) download.offer = NO_OFFER;
  else if (code !== undefined) {
    download.failure = `AuthenticateClient failed with ${code}`;
    if (!device.decide.cancelsRefused('ESipa')) download.isRefused = true;
    else if (hasSession(download)) download.cancelReason = code === EIM_VERDICT ? REASONS.pprNotAllowed : REASONS.undefinedReason;
    return;
  }
  const offer = offerOfEim(message);
  if (offer) await takeOffer(device, download, offer, !hasFeature(device.config, 'eimProfileMetadataVerification'));
};

/** Takes an SM-DP+'s own offer. */
export const takeOfferOfServer = async (device: Device, message: Decoded<ValueOf<typeof AuthenticateClientResponseEs9>>): Promise<void> => {
  const { download } = device;
  if (!download) return;
  const offer = offerOfServer(message);
  if (offer) return takeOffer(device, download, offer, true);
  if (!device.decide.stopsAfter('authentication')) {
    download.offer = NO_OFFER;
    return;
  }
  download.failure = `AuthenticateClient failed with ${message.value.authenticateClientError}`;
  download.isRefused = !device.decide.cancelsRefused(download.via);
};
