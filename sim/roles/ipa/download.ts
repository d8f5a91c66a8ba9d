/** Indirect profile download through the eIM, the IPA's side. SGP.32 3.2.3.2; SGP.22 3.0.1, 3.1.3 */

import { decode } from '#protocol/asn1/decode.js';
import type { Decoded } from '#protocol/asn1/element.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import {
  AuthenticateClientRequestEsipa,
  type AuthenticateClientResponseEsipa,
  AuthenticateServerResponse,
  InitiateAuthenticationRequestEsipa,
  type InitiateAuthenticationResponseEsipa,
} from '#protocol/iot/authentication.js';
import {
  CancelSessionRequestEsipa,
  CancelSessionResponse,
  GetBoundProfilePackageRequestEsipa,
  type GetBoundProfilePackageResponseEsipa,
  PrepareDownloadResponse,
} from '#protocol/iot/download.js';
import { ImmediateEnableRequest, ImmediateEnableResponse } from '#protocol/iot/es10b.js';
import { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import { AuthenticateServerRequest, GetEuiccChallengeRequest, GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { CancelSessionRequest, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { EUICCInfo1, EuiccConfiguredAddressesRequest, EuiccConfiguredAddressesResponse, GetEuiccInfo1Request } from '#protocol/rsp/info.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { ComposeError } from '../../role.js';
import { ask, transmit } from './card.js';
import { compactAuthentication, compactCancellation, compactPrepareDownload } from './compact.js';
import { DEVICE_INFO, hasFeature } from './config.js';
import { objectionToMetadata } from './metadata.js';
import type { Device, Download } from './state.js';
import { type Addresses, sourceOf } from './trigger.js';

/** CancelSessionReason. SGP.22 5.7.14 */
export const REASONS = {
  endUserRejection: 0,
  postponed: 1,
  timeout: 2,
  pprNotAllowed: 3,
  metadataMismatch: 4,
  loadBppExecutionError: 5,
  undefinedReason: 127,
} as const;
/** Code 50 of AuthenticateClientResponseEsipa and GetBoundProfilePackageResponseEsipa: the eIM's own verdict on the metadata. */
const EIM_VERDICT = 50;

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

const serverOf = (device: Device, next: string) => {
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

/** Runs PrepareDownload on the card, once per offer. SGP.32 6.3.2.3 */
export const composeGetPackage = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download } = device;
  const offer = download?.offer;
  const ok = offer?.value.authenticateClientOkDPEsipa;
  if (!download || !offer || !ok)
    throw new ComposeError('GetBoundProfilePackageRequestEsipa needs an authenticateClientOkDPEsipa before it');
  const { transactionId, ccRequiredFlag, bppEuiccOtpk } = ok.smdpSigned2;
  const own = ccRequiredFlag && config.confirmationCode !== undefined ? hashCc(config.confirmationCode, transactionId) : undefined;
  if (!download.prepared) {
    const command = encode(
      PrepareDownloadRequest,
      {
        smdpSigned2: raw(fieldOctets(offer, 'authenticateClientOkDPEsipa.smdpSigned2') ?? new Uint8Array()),
        smdpSignature2: ok.smdpSignature2,
        hashCc: ok.hashCc ?? own,
        smdpCertificate: ok.smdpCertificate,
      },
      { spec },
    );
    download.prepared = await transmit(config.euicc, 'PrepareDownload', command);
    if (!decode(PrepareDownloadResponse, download.prepared, { spec }).value.downloadResponseOk)
      download.cancelReason = REASONS.undefinedReason;
  }
  const full = download.prepared;
  const response = config.compact ? compactPrepareDownload(full, { spec, hashCcFromEim: ok.hashCc !== undefined, bppEuiccOtpk }) : full;
  return encode(GetBoundProfilePackageRequestEsipa, { transactionId, prepareDownloadResponse: raw(response) }, { spec });
};

/** Loads the package into the card; the installation result is a pending notification then. SGP.22 3.1.3 */
export const takePackageToInstall = async (
  device: Device,
  message: Decoded<ValueOf<typeof GetBoundProfilePackageResponseEsipa>>,
): Promise<void> => {
  const { config } = device;
  const { download } = device;
  if (!download) return;
  const code = message.value.getBoundProfilePackageErrorEsipa;
  if (code !== undefined) {
    download.failure = `GetBoundProfilePackage failed with ${code}`;
    download.cancelReason = code === EIM_VERDICT ? REASONS.metadataMismatch : REASONS.undefinedReason;
    return;
  }
  const bpp = fieldOctets(message, 'getBoundProfilePackageOkEsipa.boundProfilePackage');
  const segments = bpp && splitSegments(bpp);
  if (!segments) {
    download.failure = 'the bound profile package has no segments';
    download.cancelReason = REASONS.loadBppExecutionError;
    return;
  }
  for (const segment of segments) {
    const answer = await transmit(config.euicc, 'LoadBoundProfilePackage', segment);
    if (answer.length === 0) continue;
    await installed(device, download, answer);
    return;
  }
  download.failure = 'the eUICC gave no installation result';
  download.cancelReason = REASONS.loadBppExecutionError;
};

const installed = async (device: Device, download: Download, result: Uint8Array): Promise<void> => {
  const { config, world } = device;
  const { finalResult, notificationMetadata } = decode(ProfileInstallationResult, result).value.profileInstallationResultData;
  download.installationResult = result;
  if (!finalResult.successResult) return;
  if (notificationMetadata.iccid) device.installed.push(notificationMetadata.iccid);
  if (!config.immediateEnable) return;
  const { value } = await ask(config.euicc, world.spec, ImmediateEnableRequest, { refreshFlag: true }, ImmediateEnableResponse);
  if (value.immediateEnableResult === 0) device.cause = 'immediateEnableProfile';
};

/** Cancels the session on the card, once. SGP.32 6.3.2.5 */
export const composeCancel = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download, ok } = serverOf(device, 'CancelSessionRequestEsipa');
  const { transactionId } = ok.serverSigned1;
  const reason = download.cancelReason ?? REASONS.undefinedReason;
  download.cancelled ??= (await ask(config.euicc, spec, CancelSessionRequest, { transactionId, reason }, CancelSessionResponse)).octets;
  download.failure ??= 'cancelled';
  const reasonFromEim = reason === REASONS.metadataMismatch || (reason === REASONS.pprNotAllowed && download.offer === undefined);
  const response = config.compact ? compactCancellation(download.cancelled, { spec, reasonFromEim }) : download.cancelled;
  return encode(CancelSessionRequestEsipa, { transactionId, cancelSessionResponse: raw(response) }, { spec });
};
