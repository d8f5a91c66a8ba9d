/** Every request an IPA sends and every answer it takes, by the name of its type. SGP.32 6.3; SGP.22 6.6.2 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, Type, ValueOf } from '#protocol/asn1/type.js';
import * as authentication from '#protocol/iot/authentication.js';
import * as downloads from '#protocol/iot/download.js';
import * as esipa from '#protocol/iot/esipa.js';
import * as es9 from '#protocol/rsp/es9plus.js';
import {
  composeAuthenticateClient,
  composeAuthenticateClientEsipa,
  composeInitiate,
  composeInitiateEsipa,
  hasSession,
  takeOfferOfEim,
  takeOfferOfServer,
  takeProofOfEim,
  takeProofOfServer,
} from './authentication.js';
import { composeCancel, composeCancelEsipa } from './cancel-session.js';
import { configured } from './config.js';
import { composeGetPackage, composeGetPackageEsipa, takePackageOfEim, takePackageOfServer } from './download.js';
import { eidOf } from './euicc-data.js';
import { composeNotification, composeNotificationEsipa } from './notices.js';
import { REASONS } from './reasons.js';
import { continueFromTrigger, takeEvents } from './source.js';
import type { Device } from './state.js';
import { composeResult, takePackage, takeResultResponse } from './tasks.js';

const composePoll = async (device: Device): Promise<Uint8Array> => {
  const { config, decide, world } = device;
  const { spec } = world;
  const { notify, cause } = decide.announces(typeof device.cause === 'string' ? decide.numberOf(device.cause) : device.cause);
  const request: InputOf<ValueOf<typeof esipa.GetEimPackageRequest>> = {
    eidValue: decide.pollsAs(await eidOf(device)),
    ...(notify && { notifyStateChange: null }),
    ...(cause !== undefined && { stateChangeCause: cause }),
    ...(config.rPlmn !== undefined && { rPLMN: configured(config.rPlmn) }),
  };
  return encode(esipa.GetEimPackageRequest, request, { spec });
};

/** Requests by the name of their type. */
export const COMPOSERS: ReadonlyMap<string, readonly [Type, (device: Device) => Promise<Uint8Array>]> = new Map<
  string,
  readonly [Type, (device: Device) => Promise<Uint8Array>]
>([
  ['GetEimPackageRequest', [esipa.GetEimPackageRequest, composePoll]],
  ['ProvideEimPackageResult', [esipa.ProvideEimPackageResult, composeResult]],
  ['HandleNotificationEsipa', [esipa.HandleNotificationEsipa, composeNotificationEsipa]],
  ['InitiateAuthenticationRequestEsipa', [authentication.InitiateAuthenticationRequestEsipa, composeInitiateEsipa]],
  ['AuthenticateClientRequestEsipa', [authentication.AuthenticateClientRequestEsipa, composeAuthenticateClientEsipa]],
  ['GetBoundProfilePackageRequestEsipa', [downloads.GetBoundProfilePackageRequestEsipa, composeGetPackageEsipa]],
  ['CancelSessionRequestEsipa', [downloads.CancelSessionRequestEsipa, composeCancelEsipa]],
  ['InitiateAuthenticationRequest', [es9.InitiateAuthenticationRequest, composeInitiate]],
  ['AuthenticateClientRequest', [es9.AuthenticateClientRequest, composeAuthenticateClient]],
  ['GetBoundProfilePackageRequest', [es9.GetBoundProfilePackageRequest, composeGetPackage]],
  ['CancelSessionRequestEs9', [es9.CancelSessionRequestEs9, composeCancel]],
  ['HandleNotification', [es9.HandleNotification, composeNotification]],
]);

type Taker = (device: Device, message: Decoded) => Promise<void> | void;
const taker = <V>(type: Type<V>, take: (device: Device, message: Decoded<V>) => Promise<void> | void): readonly [string, Taker] => [
  type.name,
  // Looked up by the name of the type that the message was decoded with.
  (device, message) => take(device, message as Decoded<V>),
];

/** Answers by the name of their type. */
export const TAKERS: ReadonlyMap<string, Taker> = new Map([
  taker(esipa.GetEimPackageResponse, async (device, message) => {
    if (device.decide.forgetsCause()) device.cause = undefined;
    const task = await takePackage(device, message);
    device.hasNoPackage = !device.decide.pollsOn(task ? 'package' : 'error', message.value.eimPackageError);
  }),
  taker(esipa.ProvideEimPackageResultResponse, (device, message) => takeResultResponse(device, message.value)),
  taker(authentication.InitiateAuthenticationResponseEsipa, takeProofOfEim),
  taker(authentication.AuthenticateClientResponseEsipa, async (device, message) => {
    await takeOfferOfEim(device, message);
    if (!message.value.authenticateClientOkDSEsipa) return;
    await continueFromTrigger(device, fieldOctets(message, 'authenticateClientOkDSEsipa.profileDownloadTrigger'));
  }),
  taker(downloads.GetBoundProfilePackageResponseEsipa, takePackageOfEim),
  taker(es9.InitiateAuthenticationResponse, takeProofOfServer),
  taker(es9.AuthenticateClientResponseEs9, takeOfferOfServer),
  taker(es9.AuthenticateClientResponseEs11, takeEvents),
  taker(es9.GetBoundProfilePackageResponse, takePackageOfServer),
]);

/** Answers whose failure leads a download no further. */
const CANCELLATIONS: readonly string[] = [downloads.CancelSessionResponseEsipa.name, es9.CancelSessionResponseEs9.name];

/** Answers whose content is judged where it is used: what is wrong with a package has an answer of its own. SGP.32 3.2.3.3, 6.3.2.7 */
const OWN_FAULTS: readonly string[] = [
  esipa.GetEimPackageResponse.name,
  downloads.GetBoundProfilePackageResponseEsipa.name,
  es9.GetBoundProfilePackageResponse.name,
];
/** Whether an answer is taken although it does not decode. */
export const hasOwnFault = (type: string): boolean => OWN_FAULTS.includes(type);

/** An answer that does not decode acknowledges nothing and leads no download any further. */
export const takeUnreadable = (device: Device, type: string): void => {
  const { sending, download } = device;
  if (type === esipa.ProvideEimPackageResultResponse.name) {
    device.sending = undefined;
    if (sending) sending.wasSent = true;
  } else if (download && !CANCELLATIONS.includes(type)) {
    download.failure = `${type} cannot be read`;
    if (hasSession(download)) download.cancelReason = REASONS.undefinedReason;
  }
};
