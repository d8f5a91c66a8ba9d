/** Mutual authentication through the eIM, the IPA's side. SGP.32 3.2.2, 6.3.2.1, 6.3.2.2; SGP.22 3.0.1 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
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
import { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { EUICCInfo1, EuiccConfiguredAddressesRequest, EuiccConfiguredAddressesResponse, GetEuiccInfo1Request } from '#protocol/rsp/info.js';
import { ComposeError } from '../../role.js';
import { ask, transmit } from './card.js';
import { compactAuthentication } from './compact.js';
import { DEVICE_INFO, hasFeature } from './config.js';
import { objectionToMetadata } from './metadata.js';
import { EIM_VERDICT, REASONS } from './reasons.js';
import type { Device } from './state.js';
import { type Addresses, sourceOf } from './trigger.js';

/** What the eUICC and the IPA's features say about where a download may start. */
export const addressesOf = async ({ config, world }: Device): Promise<Addresses> => {
  const { value } = await ask(config.euicc, world.spec, EuiccConfiguredAddressesRequest, {}, EuiccConfiguredAddressesResponse);
  return {
    defaultDpAddress: value.defaultDpAddress,
    rootDsAddress: value.rootDsAddress,
    eimHoldsData: hasFeature(config, 'eimDownloadDataHandling'),
  };
};

/** Goes on with the trigger that an SM-DS event led to, as part of the same order. SGP.32 3.9.2.2 */
export const restart = async (device: Device, octets: Uint8Array): Promise<void> => {
  const trigger = decode(ProfileDownloadTriggerRequest, octets, { spec: device.world.spec }).value;
  const source = sourceOf(trigger, await addressesOf(device));
  const eimTransactionId = trigger.eimTransactionId ?? device.download?.eimTransactionId;
  if (source) device.download = { task: device.download?.task, source, eimTransactionId };
  else if (device.download) device.download.failure = 'the trigger of the SM-DS event lacks what it needs';
};

/** Opens a session with a fresh challenge; without trigger the eIM has to know where to go. SGP.32 6.3.2.1 */
export const composeInitiate = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { source, eimTransactionId } = device.download ?? {
    source: { smdpAddress: undefined, matchingId: undefined },
    eimTransactionId: undefined,
  };
  const { euiccChallenge } = (await ask(config.euicc, spec, GetEuiccChallengeRequest, {}, GetEuiccChallengeResponse)).value;
  const info1 = config.compact ? undefined : (await ask(config.euicc, spec, GetEuiccInfo1Request, {}, EUICCInfo1)).octets;
  device.download = { task: device.download?.task, source, eimTransactionId, challenge: euiccChallenge };
  return encode(
    InitiateAuthenticationRequestEsipa,
    { euiccChallenge, smdpAddress: source.smdpAddress, euiccInfo1: info1 && raw(info1), eimTransactionId },
    { spec },
  );
};

/** Takes the server's proof of identity; a server that is not the one wanted ends the download before the card sees it. */
export const takeServer = (device: Device, message: Decoded<ValueOf<typeof InitiateAuthenticationResponseEsipa>>): void => {
  const { download } = device;
  if (!download) return;
  const ok = message.value.initiateAuthenticationOkEsipa;
  download.server = message;
  const { smdpAddress } = download.source;
  if (!ok) download.failure = `InitiateAuthentication failed with ${message.value.initiateAuthenticationErrorEsipa}`;
  else if (!download.challenge || !equal(ok.serverSigned1.euiccChallenge, download.challenge))
    download.failure = 'the server signed another challenge';
  else if (smdpAddress !== undefined && ok.serverSigned1.serverAddress.toLowerCase() !== smdpAddress.toLowerCase())
    download.failure = `the server says it is ${ok.serverSigned1.serverAddress}, not ${smdpAddress}`;
};

/** The server's proof, which later requests build upon; throws ComposeError without one. */
export const serverOf = (device: Device, next: string) => {
  const { download } = device;
  const server = download?.server;
  const ok = server?.value.initiateAuthenticationOkEsipa;
  if (!download || !server || !ok) throw new ComposeError(`${next} needs a successful InitiateAuthenticationResponseEsipa before it`);
  return { download, server, ok };
};

/** An eIM may shorten the key identifier as long as it stays unique. SGP.32 6.3.2.1 */
const fullKeyId = async ({ config, world }: Device, start: Uint8Array): Promise<Uint8Array> => {
  const { euiccCiPKIdListForSigning: ids } = (await ask(config.euicc, world.spec, GetEuiccInfo1Request, {}, EUICCInfo1)).value;
  return ids.find(id => equal(id.subarray(0, start.length), start)) ?? start;
};

/** Runs AuthenticateServer on the card, once per answer of the server. SGP.32 6.3.2.2 */
export const composeAuthenticateClient = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download, server, ok } = serverOf(device, 'AuthenticateClientRequestEsipa');
  const path = 'initiateAuthenticationOkEsipa';
  const given = fieldOctets(server, `${path}.ctxParams1.ctxParamsForCommonAuthentication`);
  const matchingId = ok.matchingId ?? download.source.matchingId;
  const keyId = (spec === '1.0' ? ok.euiccCiPKIdToBeUsed : ok.euiccCiPKIdentifierToBeUsed) ?? new Uint8Array();
  if (!download.authenticated) {
    const command = encode(
      AuthenticateServerRequest,
      {
        serverSigned1: raw(fieldOctets(server, `${path}.serverSigned1`) ?? new Uint8Array()),
        serverSignature1: ok.serverSignature1,
        euiccCiPKIdToBeUsed: await fullKeyId(device, keyId),
        serverCertificate: ok.serverCertificate,
        ctxParams1: given ? raw(given) : { ctxParamsForCommonAuthentication: { matchingId, deviceInfo: DEVICE_INFO } },
      },
      { spec },
    );
    download.authenticated = await transmit(config.euicc, 'AuthenticateServer', command);
  }
  const full = download.authenticated;
  const withCertificates = config.omitCertificates !== true;
  const response = config.compact ? compactAuthentication(full, { spec, ctxParams1FromEim: given !== undefined, withCertificates }) : full;
  const { transactionId } = ok.serverSigned1;
  return encode(AuthenticateClientRequestEsipa, { transactionId, authenticateServerResponse: raw(response) }, { spec });
};

/** Takes the SM-DP+'s offer, or the next place to ask from an SM-DS. */
export const takeOffer = async (device: Device, message: Decoded<ValueOf<typeof AuthenticateClientResponseEsipa>>): Promise<void> => {
  const { download } = device;
  if (!download) return;
  const { authenticateClientOkDPEsipa: ok, authenticateClientErrorEsipa: code } = message.value;
  const isAuthenticated = download.authenticated && decode(AuthenticateServerResponse, download.authenticated).value.authenticateResponseOk;
  if (code !== undefined) {
    download.failure = `AuthenticateClient failed with ${code}`;
    if (isAuthenticated) download.cancelReason = code === EIM_VERDICT ? REASONS.pprNotAllowed : REASONS.undefinedReason;
    return;
  }
  if (!ok) return;
  download.offer = message;
  const objection =
    ok.profileMetaData && !hasFeature(device.config, 'eimProfileMetadataVerification')
      ? await objectionToMetadata(device, ok.profileMetaData)
      : undefined;
  if (objection) {
    download.failure = `the profile's policy rules: ${objection}`;
    download.cancelReason = REASONS[objection];
  }
};
