/** A simulated IPA, the client of an eIM over ESipa. SGP.32 6.3 */
import type { Decoded } from '#protocol/asn1/element.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { tlv } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Type, type ValueOf } from '#protocol/asn1/type.js';
import * as authentication from '#protocol/iot/authentication.js';
import * as downloads from '#protocol/iot/download.js';
import { ProfileRollbackRequest, ProfileRollbackResponse } from '#protocol/iot/es10b.js';
import * as esipa from '#protocol/iot/esipa.js';
import { type Actor, type Composed, ComposeError, type Received, type World } from '../../role.js';
import { composeAuthenticateClient, composeInitiate, restart, takeOffer, takeServer } from './authentication.js';
import { composeCancel } from './cancel-session.js';
import { ask } from './card.js';
import { CAUSES, configured, type IpaConfig } from './config.js';
import { composeGetPackage, takePackageToInstall } from './download.js';
import { eidOf, pendingNotifications, removeAcknowledged, resultSeqNumber } from './euicc-data.js';
import { type EsipaRequest, nextRequest } from './flow.js';
import { REASONS } from './reasons.js';
import { type Device, PACKAGE_PROBLEMS } from './state.js';
import { acknowledge, carryOutPackages, composeResult, nextTask, outcomeForTransfer, takePackage, takeResultResponse } from './tasks.js';
import { viewOf } from './view.js';

export type { Card, CardAnswer } from './card.js';
export type { IpaConfig } from './config.js';
export type { EsipaRequest } from './flow.js';

/** A simulated IPA: an actor of a test case, and the logic of a stand-alone one. */
export interface Ipa extends Actor {
  readonly role: 'ipa';
  /** Type of the request a correct IPA would send now; undefined: nothing until the next poll. */
  next(): Promise<EsipaRequest | undefined>;
  /** The eIM took the HandleNotificationEsipa composed last (204): what it carried leaves the card. */
  delivered(): Promise<void>;
  /** A result could not be delivered: returns to the former profile if the package allowed it; whether it did. SGP.32 3.3.1 */
  rollBack(): Promise<boolean>;
}

const composePoll = async (device: Device): Promise<Uint8Array> => {
  const { config, world, cause } = device;
  const { spec } = world;
  const request: InputOf<ValueOf<typeof esipa.GetEimPackageRequest>> = {
    eidValue: await eidOf(device),
    ...(cause !== undefined && { notifyStateChange: null }),
    ...(cause !== undefined && { stateChangeCause: typeof cause === 'number' ? cause : CAUSES[cause] }),
    ...(config.rPlmn !== undefined && { rPLMN: configured(config.rPlmn) }),
  };
  return encode(esipa.GetEimPackageRequest, request, { spec });
};

/** The oldest notification on the card; without one, a result that waits. SGP.32 6.3.2.4 */
const composeNotification = async (device: Device): Promise<Uint8Array> => {
  await carryOutPackages(device);
  const [oldest] = await pendingNotifications(device);
  const { spec } = device.world;
  device.notifying = oldest?.seqNumber;
  // A compact installation result starts with the same tag as the EXPLICIT wrapper, so that the wrapper is made here.
  if (oldest) return encode(esipa.HandleNotificationEsipa, { pendingNotification: raw(tlv(0xa0, oldest.octets)) }, { spec });
  if (!nextTask(device))
    throw new ComposeError('the IPA has nothing to notify: the eUICC keeps no notification, and no package was received');
  return encode(esipa.HandleNotificationEsipa, { provideEimPackageResult: raw(await composeResult(device)) }, { spec });
};

const COMPOSERS: ReadonlyMap<string, readonly [Type, (device: Device) => Promise<Uint8Array>]> = new Map<
  string,
  readonly [Type, (device: Device) => Promise<Uint8Array>]
>([
  ['GetEimPackageRequest', [esipa.GetEimPackageRequest, composePoll]],
  ['ProvideEimPackageResult', [esipa.ProvideEimPackageResult, composeResult]],
  ['HandleNotificationEsipa', [esipa.HandleNotificationEsipa, composeNotification]],
  ['InitiateAuthenticationRequestEsipa', [authentication.InitiateAuthenticationRequestEsipa, composeInitiate]],
  ['AuthenticateClientRequestEsipa', [authentication.AuthenticateClientRequestEsipa, composeAuthenticateClient]],
  ['GetBoundProfilePackageRequestEsipa', [downloads.GetBoundProfilePackageRequestEsipa, composeGetPackage]],
  ['CancelSessionRequestEsipa', [downloads.CancelSessionRequestEsipa, composeCancel]],
]);

type Taker = (device: Device, message: Decoded) => Promise<void> | void;
const taker = <V>(type: Type<V>, take: (device: Device, message: Decoded<V>) => Promise<void> | void): readonly [string, Taker] => [
  type.name,
  // Looked up by the name of the type that the message was decoded with.
  (device, message) => take(device, message as Decoded<V>),
];

const TAKERS: ReadonlyMap<string, Taker> = new Map([
  taker(esipa.GetEimPackageResponse, async (device, message) => {
    device.cause = undefined;
    device.hasNoPackage = (await takePackage(device, message)) === undefined;
  }),
  taker(esipa.ProvideEimPackageResultResponse, (device, message) => takeResultResponse(device, message.value)),
  taker(authentication.InitiateAuthenticationResponseEsipa, takeServer),
  taker(authentication.AuthenticateClientResponseEsipa, async (device, message) => {
    await takeOffer(device, message);
    const trigger = fieldOctets(message, 'authenticateClientOkDSEsipa.profileDownloadTrigger');
    if (message.value.authenticateClientOkDSEsipa) await continueFromEvent(device, trigger);
  }),
  taker(downloads.GetBoundProfilePackageResponseEsipa, takePackageToInstall),
]);

/** An answer that does not decode acknowledges nothing and leads no download any further. */
const takeUnreadable = (device: Device, type: string): void => {
  const { sending, download } = device;
  if (type === esipa.ProvideEimPackageResultResponse.name) {
    device.sending = undefined;
    if (sending) sending.wasSent = true;
  } else if (download && type !== downloads.CancelSessionResponseEsipa.name) {
    download.failure = `${type} cannot be read`;
    if (download.authenticated) download.cancelReason = REASONS.undefinedReason;
  }
};

/** An SM-DS named the next server, or had nothing: then the download ends. SGP.32 3.9.2.2 */
const continueFromEvent = async (device: Device, trigger: Uint8Array | undefined): Promise<void> => {
  const former = device.download;
  if (!trigger) {
    if (former) former.failure = 'the SM-DS has no event';
    if (former) former.isOver = true;
    return;
  }
  await restart(device, trigger);
};

/** The eIM is the client: a package to carry out, or acknowledgements. SGP.32 6.3.3.1 */
const answerTransfer = async (device: Device, message: Decoded): Promise<Composed> => {
  const { spec } = device.world;
  const type = esipa.TransferEimPackageResponse;
  const answer = (value: InputOf<ValueOf<typeof type>>): Composed => ({ type, octets: encode(type, value, { spec }) });
  const task = await takePackage(device, message);
  if (!task && !message.ok) return answer({ eimPackageError: PACKAGE_PROBLEMS.invalidPackageFormat });
  if (!task) {
    // Only the types of the message's own definition have this field.
    const { eimAcknowledgements } = message.value as ValueOf<typeof esipa.TransferEimPackageRequest>;
    await acknowledge(device, eimAcknowledgements ?? []);
    return answer({ eimPackageReceived: null });
  }
  if (task.kind === 'downloadTrigger') return answer({ eimPackageReceived: null });
  const outcome = await outcomeForTransfer(device, task);
  if ('eimPackageResultResponseError' in outcome && outcome.eimPackageResultResponseError)
    return answer({ eimPackageError: outcome.eimPackageResultResponseError.eimPackageResultErrorCode });
  if ('euiccPackageResult' in outcome) return answer({ euiccPackageResult: outcome.euiccPackageResult });
  if ('ePRAndNotifications' in outcome) return answer({ ePRAndNotifications: outcome.ePRAndNotifications });
  if ('ipaEuiccDataResponse' in outcome) return answer({ ipaEuiccDataResponse: outcome.ipaEuiccDataResponse });
  return answer({ eimPackageReceived: null });
};

const rollBack = async (device: Device): Promise<boolean> => {
  const { config, world } = device;
  const task = device.sending ?? device.tasks.findLast(t => t.kind === 'euiccPackage' && t.seqNumber !== undefined);
  if (!task) return false;
  const response = await ask(config.euicc, world.spec, ProfileRollbackRequest, { refreshFlag: true }, ProfileRollbackResponse);
  const result = fieldOctets(response, 'eUICCPackageResult');
  const seqNumber = result && resultSeqNumber(result, device);
  if (!result || seqNumber === undefined) return false;
  task.outcome = result;
  task.seqNumber = seqNumber;
  task.wasSent = false;
  return response.value.cmdResult === 0;
};

/** Makes a simulated IPA. */
export const createIpa = (config: IpaConfig, world: World): Ipa => {
  if (world.spec === '1.0') throw new ComposeError('the simulated IPA speaks SGP.32 v1.1 and later');
  const device: Device = {
    config,
    world,
    eid: undefined,
    cause: config.stateChangeCause,
    tasks: [],
    history: [],
    sending: undefined,
    download: undefined,
    notifying: undefined,
    acknowledged: [],
    installed: [],
    hasNoPackage: false,
  };
  let asked: Received | undefined;
  const respond = async (received: Received): Promise<Composed | undefined> =>
    received.type.name === esipa.TransferEimPackageRequest.name ? answerTransfer(device, received.message) : undefined;

  return {
    role: 'ipa',
    compose: async type => {
      const pending = asked;
      if (pending && type === esipa.TransferEimPackageResponse.name) {
        asked = undefined;
        const composed = await respond(pending);
        if (composed) return composed;
      }
      const entry = COMPOSERS.get(type);
      if (!entry) throw new ComposeError(`an IPA never sends ${type} here; it sends ${[...COMPOSERS.keys()].join(', ')}`);
      return { type: entry[0], octets: await entry[1](device) };
    },
    take: async received => {
      const { type, message } = received;
      if (type.name === esipa.TransferEimPackageRequest.name) asked = received;
      // What is wrong with a package has an answer of its own.
      else if (message.ok || type.name === esipa.GetEimPackageResponse.name) await TAKERS.get(type.name)?.(device, message);
      else takeUnreadable(device, type.name);
    },
    react: respond,
    next: () => nextRequest(device),
    delivered: async () => {
      if (device.notifying !== undefined) await removeAcknowledged(device, [device.notifying]);
      device.notifying = undefined;
    },
    rollBack: () => rollBack(device),
    get state() {
      return viewOf(device);
    },
  };
};
