/** A simulated IPA, the client of an eIM over ESipa and of RSP servers over ES9+ and ES11. SGP.32 3.2.3, 6.3 */
import { readHeader } from '#protocol/asn1/tlv.js';
import * as esipa from '#protocol/iot/esipa.js';
import { type Actor, type Composed, ComposeError, type Received, type World } from '../../role.js';
import { hasSession } from './authentication.js';
import type { Card } from './card.js';
import type { Cause, IpaConfig } from './config.js';
import { decisionsWith, type IpaOverride } from './decisions.js';
import { type NextRequest, nextRequest } from './flow.js';
import { COMPOSERS, hasOwnFault, TAKERS, takeUnreadable } from './messages.js';
import { postpone, takeDelivery } from './notices.js';
import { REASONS } from './reasons.js';
import { rollBack } from './rollback.js';
import type { Device } from './state.js';
import { answerTransfer } from './transfer.js';
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
  /** Packages with operations on profiles that were carried out so far. */
  readonly changes: number;
  /** Whether a package that was taken is still to be carried out, or its outcome to be told for the first time. SGP.32 3.1.1.2 */
  readonly isBehind: boolean;
  /** The device changed the eUICC by itself: the next poll says so. SGP.32 5.14.5 */
  changed(cause: Cause): void;
  /** A new conversation begins: whoever did not answer the last time is asked again; `deliver`: for what is left to be told alone. */
  wake(purpose?: 'poll' | 'deliver'): void;
  /** A result could not be delivered: returns to the former profile if the package allowed it; whether it did. SGP.32 3.3.1 */
  rollBack(): Promise<boolean>;
}

/** Without an answer nothing is acknowledged; a download that lost its server is given up. */
const fail = async (device: Device, requestType: string): Promise<void> => {
  const { sending, download, decide } = device;
  if (requestType === esipa.GetEimPackageRequest.name) device.hasNoPackage = !decide.pollsOn('none', undefined);
  else if (requestType.startsWith('HandleNotification')) await postpone(device);
  else if (requestType === esipa.ProvideEimPackageResult.name) {
    device.sending = undefined;
    if (sending) sending.wasSent = true;
    // Whoever does not take a result will hardly hand out a package.
    device.hasNoPackage = true;
  } else if (download) {
    download.failure ??= `${requestType} was not answered`;
    if (hasSession(download)) download.cancelReason ??= REASONS.undefinedReason;
  }
};

/** Commands that only read: GetEUICCInfo, GetProfilesInfo, RetrieveNotificationsList and others of their kind. */
const READING: readonly number[] = [0xbf20, 0xbf22, 0xbf28, 0xbf2b, 0xbf2d, 0xbf2e, 0xbf3c, 0xbf3e, 0xbf43, 0xbf55, 0xbf56, 0xbf38, 0xbf21];

const REMOVING = 0xbf30;

/** The card as the device uses it: what is known of it is forgotten when something may have changed. */
const watched = (card: Card, edit: (command: Uint8Array) => Uint8Array, changes: (what?: 'notifications') => void): Card => ({
  execute: command => {
    const tag = readHeader(command)?.tag ?? 0;
    if (!READING.includes(tag)) changes(tag === REMOVING ? 'notifications' : undefined);
    return card.execute(edit(command));
  },
  ...(card.installProfile && {
    installProfile: async bpp => {
      changes();
      return card.installProfile?.(bpp);
    },
  }),
});

/** Makes a simulated IPA. */
export const createIpa = (config: IpaConfig, world: World, overrides: readonly IpaOverride[] = []): Ipa => {
  const decide = decisionsWith(overrides, world);
  const forget = (what?: 'notifications'): void => {
    const { eim } = device.known;
    device.known = what && eim ? { eim } : {};
  };
  const device: Device = {
    config: { ...config, euicc: watched(config.euicc, decide.command, what => forget(what)) },
    decide,
    world,
    eid: config.eid,
    known: {},
    told: new Set(),
    changes: 0,
    cause: config.stateChangeCause,
    tasks: [],
    history: [],
    sending: undefined,
    download: undefined,
    notifying: undefined,
    postponed: new Set(),
    acknowledged: [],
    lostPackages: 0,
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
      // Somebody else may have been at the card since.
      if (type.startsWith('HandleNotification') || type === esipa.ProvideEimPackageResult.name) forget('notifications');
      if (!entry) throw new ComposeError(`an IPA never sends ${type} here; it sends ${[...COMPOSERS.keys()].join(', ')}`);
      return { type: entry[0], octets: device.decide.outgoing(type, await entry[1](device)) };
    },
    take: async received => {
      const { type, message } = received;
      if (type.name === esipa.TransferEimPackageRequest.name) asked = received;
      else if (message.ok || hasOwnFault(type.name)) await TAKERS.get(type.name)?.(device, message);
      else takeUnreadable(device, type.name);
    },
    react: respond,
    next: () => nextRequest(device),
    delivered: () => takeDelivery(device),
    failed: requestType => fail(device, requestType),
    changed: cause => {
      device.cause = cause;
    },
    wake: (purpose = 'poll') => {
      forget();
      device.hasNoPackage = purpose === 'deliver';
      device.mayHaveLeftOvers = true;
      if (decide.retriesUntaken()) device.postponed.clear();
      for (const task of device.tasks) task.wasSent = false;
    },
    rollBack: () => rollBack(device),
    get changes() {
      return device.changes;
    },
    get isBehind() {
      return device.tasks.some(({ kind, outcome, problem }) => kind === 'downloadTrigger' || (outcome ?? problem) === undefined);
    },
    get state() {
      return viewOf(device);
    },
  };
};
