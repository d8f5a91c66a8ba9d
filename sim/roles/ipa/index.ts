/** A simulated IPA, the client of an eIM over ESipa and of RSP servers over ES9+ and ES11. SGP.32 3.2.3, 6.3 */
import type { Decoded } from '#protocol/asn1/element.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, Type, ValueOf } from '#protocol/asn1/type.js';
import * as authentication from '#protocol/iot/authentication.js';
import * as downloads from '#protocol/iot/download.js';
import { ProfileRollbackRequest, ProfileRollbackResponse } from '#protocol/iot/es10b.js';
import * as esipa from '#protocol/iot/esipa.js';
import * as es9 from '#protocol/rsp/es9plus.js';
import { type Actor, type Composed, ComposeError, type Received, type World } from '../../role.js';
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
import { ask, type Card } from './card.js';
import { type Cause, configured, type IpaConfig } from './config.js';
import { decisionsWith, type IpaDecisions, type IpaOverride } from './decisions.js';
import { composeGetPackage, composeGetPackageEsipa, takePackageOfEim, takePackageOfServer } from './download.js';
import { eidOf, resultDataOf } from './euicc-data.js';
import { type NextRequest, nextRequest } from './flow.js';
import { composeNotification, composeNotificationEsipa, postpone, takeDelivery } from './notices.js';
import { REASONS } from './reasons.js';
import { continueFromTrigger, takeEvents } from './source.js';
import { type Device, PACKAGE_PROBLEMS } from './state.js';
import { acknowledge, composeResult, outcomeForTransfer, takePackage, takeResultResponse } from './tasks.js';
import { viewOf } from './view.js';

export type { Card, CardAnswer } from './card.js';
export type { IpaConfig } from './config.js';
export type { IpaDecisions, IpaOverride } from './decisions.js';
export type { EsipaRequest, NextRequest, RspRequest } from './flow.js';

/** A simulated IPA: an actor of a test case, and the logic of a stand-alone one. */
export interface Ipa extends Actor {
  readonly role: 'ipa';
  react(received: Received): Promise<Composed | undefined>;
  /** The request a correct IPA would send now, and where; undefined: nothing until the next poll. */
  next(): Promise<NextRequest | undefined>;
  /** The notification composed last was taken (204): it leaves the card. */
  delivered(): Promise<void>;
  /** The request of this type, composed last, got no answer that is one. */
  failed(requestType: string): Promise<void>;
  /** The device changed the eUICC by itself: the next poll says so. SGP.32 5.14.5 */
  changed(cause: Cause): void;
  /** A new poll begins: whoever did not answer the last time is asked again. */
  wake(): void;
  /** A result could not be delivered: returns to the former profile if the package allowed it; whether it did. SGP.32 3.3.1 */
  rollBack(): Promise<boolean>;
}

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

const COMPOSERS: ReadonlyMap<string, readonly [Type, (device: Device) => Promise<Uint8Array>]> = new Map<
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

const TAKERS: ReadonlyMap<string, Taker> = new Map([
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

/** An answer that does not decode acknowledges nothing and leads no download any further. */
const takeUnreadable = (device: Device, type: string): void => {
  const { sending, download } = device;
  if (type === esipa.ProvideEimPackageResultResponse.name) {
    device.sending = undefined;
    if (sending) sending.wasSent = true;
  } else if (download && !CANCELLATIONS.includes(type)) {
    download.failure = `${type} cannot be read`;
    if (hasSession(download)) download.cancelReason = REASONS.undefinedReason;
  }
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

/** Without an answer nothing is acknowledged; a download that lost its server is given up. */
const fail = async (device: Device, requestType: string): Promise<void> => {
  const { sending, download, decide } = device;
  if (requestType === esipa.GetEimPackageRequest.name) device.hasNoPackage = !decide.pollsOn('none', undefined);
  else if (requestType.startsWith('HandleNotification')) await postpone(device);
  else if (requestType === esipa.ProvideEimPackageResult.name) {
    device.sending = undefined;
    if (sending) sending.wasSent = true;
  } else if (download) {
    download.failure ??= `${requestType} was not answered`;
    if (hasSession(download)) download.cancelReason ??= REASONS.undefinedReason;
  }
};

/** Once per package, and only where it enabled a profile with leave to return; the new result takes the place of the old one. */
const rollBack = async (device: Device): Promise<boolean> => {
  const { config, decide, world } = device;
  const task = device.sending ?? device.tasks.findLast(t => t.seqNumber !== undefined);
  if (!task) return false;
  const { allowsRollback: isAllowed = false, hasEnabled = false, rollbacks: attempts = 0 } = task;
  if (!decide.rollsBack({ isAllowed, hasEnabled, attempts })) return false;
  task.rollbacks = attempts + 1;
  const response = await ask(config.euicc, world.spec, ProfileRollbackRequest, { refreshFlag: true }, ProfileRollbackResponse);
  const result = fieldOctets(response, 'eUICCPackageResult');
  const seqNumber = result && resultDataOf(result, device)?.seqNumber;
  if (!result || seqNumber === undefined) return false;
  task.outcome = result;
  task.seqNumber = seqNumber;
  task.wasSent = false;
  return response.value.cmdResult === 0;
};

/** The card with every command as the decisions have it. */
const edited = (card: Card, decide: IpaDecisions): Card => ({
  execute: command => card.execute(decide.command(command)),
  ...(card.installProfile && { installProfile: bpp => card.installProfile?.(bpp) ?? Promise.resolve(undefined) }),
});

/** Makes a simulated IPA. */
export const createIpa = (config: IpaConfig, world: World, overrides: readonly IpaOverride[] = []): Ipa => {
  if (world.spec === '1.0') throw new ComposeError('the simulated IPA speaks SGP.32 v1.1 and later');
  const decide = decisionsWith(overrides, world);
  const device: Device = {
    config: { ...config, euicc: edited(config.euicc, decide) },
    decide,
    world,
    eid: undefined,
    cause: config.stateChangeCause,
    tasks: [],
    history: [],
    sending: undefined,
    download: undefined,
    notifying: undefined,
    postponed: new Set(),
    acknowledged: [],
    installed: [],
    mayHaveLeftOvers: false,
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
      return { type: entry[0], octets: device.decide.outgoing(type, await entry[1](device)) };
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
    delivered: () => takeDelivery(device),
    failed: requestType => fail(device, requestType),
    changed: cause => {
      device.cause = cause;
    },
    wake: () => {
      device.hasNoPackage = false;
      device.mayHaveLeftOvers = true;
      device.postponed.clear();
      for (const task of device.tasks) task.wasSent = false;
    },
    rollBack: () => rollBack(device),
    get state() {
      return viewOf(device);
    },
  };
};
