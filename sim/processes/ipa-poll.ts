/** One poll of the reference IPA: start of the card where it is new, then a conversation with every eIM. SGP.32 3.1.1.1, 3.3.1, 3.8 */
import { encode } from '#protocol/asn1/encode.js';
import { raw } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { RetrieveNotificationsListRequest } from '#protocol/iot/notification.js';
import { type Duration, LinkError } from '../../adapters/adapter.js';
import { type Composed, ComposeError, type World } from '../role.js';
import { ask } from '../roles/ipa/card.js';
import type { Cause } from '../roles/ipa/config.js';
import { createIpa, type Ipa, type IpaConfig, type NextRequest } from '../roles/ipa/index.js';
import type { DeviceCard } from './ipa-card.js';
import { addressOfEim, type EimEntry, type IpaWire, type WireAnswer } from './ipa-wire.js';

/** How a conversation ended. */
export interface Conversation {
  readonly eimId: string;
  /** Types of the requests, in their order. */
  readonly requests: readonly string[];
  /** What went wrong, in words. */
  readonly problems: readonly string[];
}

/** What a poll did. */
export interface PollReport {
  readonly eid?: string;
  /** Why nothing could be polled. */
  readonly problem?: string;
  readonly conversations: readonly Conversation[];
}

/** What a poll is made of. */
export interface PollingOptions {
  readonly card: DeviceCard;
  readonly wire: IpaWire;
  readonly world: World;
  readonly config: Omit<IpaConfig, 'euicc' | 'eimId'>;
  /** EimConfigurationData `30 …` that the device was provisioned with. SGP.32 3.5.2 */
  readonly initialEim: Uint8Array | undefined;
  /** Times a request is sent that gets no answer, and the pause before the second time; it doubles. */
  readonly attempts: number;
  readonly pause: Duration;
  readonly later: (delay: Duration, signal: AbortSignal) => Promise<void>;
  readonly report: (problem: string) => void;
}

/** Polls, one after the other. */
export interface Polling {
  poll(): Promise<PollReport>;
  /** What the device did to the eUICC by itself: every eIM hears of it with the next poll. SGP.32 5.14.5 */
  changed(cause: Cause): void;
  /** Starts the card if it is new, and does something with it; nothing else is going on then. */
  use<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** More requests than any conversation needs: an eIM that always has another package is left for the next poll. */
const MOST_REQUESTS = 500;
/** Requests that the card or the IPA itself could not make, before a conversation is given up. */
const MOST_SETBACKS = 3;

const isSetback = (cause: unknown): cause is Error => cause instanceof ComposeError || cause instanceof LinkError;
const canRetrieve = ({ eimSupportedProtocol: protocols }: EimEntry): boolean =>
  protocols === undefined || protocols.includes('eimRetrieveHttps') || protocols.every(p => p === 'eimProprietary');

/** Makes the polling of one device. */
export const createPolling = (options: PollingOptions): Polling => {
  const { card, wire, world, config, report } = options;
  const { terminal } = card;
  const { spec } = world;
  const ipas = new Map<string, Ipa>();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let isAssociationRefused = false;
  let pendingCause: Cause | undefined;

  const eims = async (): Promise<readonly EimEntry[]> =>
    (await ask(terminal, spec, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)).value.eimConfigurationDataList;

  /** The eIM of the device's own provisioning, while the eUICC has none. SGP.32 3.5.2 */
  const associate = async (known: readonly EimEntry[]): Promise<readonly EimEntry[]> => {
    const { initialEim } = options;
    if (known.length > 0 || !initialEim || isAssociationRefused) return known;
    const value = { eimConfigurationDataList: [raw(initialEim)] };
    const answer = (await ask(terminal, spec, AddInitialEimRequest, value, AddInitialEimResponse)).value;
    isAssociationRefused = answer.addInitialEimError !== undefined;
    if (isAssociationRefused) report(`AddInitialEim failed with ${answer.addInitialEimError}`);
    return eims();
  };

  const start = async (): Promise<readonly EimEntry[]> => {
    ipas.clear();
    pendingCause = undefined;
    isAssociationRefused = false;
    const known = await eims();
    await terminal.execute(encode(RetrieveNotificationsListRequest, {}, { spec }));
    return known;
  };

  const ipaFor = (eim: EimEntry): Ipa => {
    const known = ipas.get(eim.eimId);
    if (known) return known;
    const ipa = createIpa({ ...config, euicc: terminal, eimId: eim.eimId, ...(pendingCause && { stateChangeCause: pendingCause }) }, world);
    ipas.set(eim.eimId, ipa);
    return ipa;
  };

  /** Sends a request as often as it may be sent. */
  const send = async (next: NextRequest, composed: Composed, eim: EimEntry): Promise<WireAnswer> => {
    const isRepeatable = ['GetEimPackageRequest', 'ProvideEimPackageResult', 'HandleNotificationEsipa', 'HandleNotification'].includes(
      next.type,
    );
    let pause = options.pause.seconds;
    for (let attempt = 1; ; attempt++) {
      const answer = await wire.send(next, composed, eim);
      if (!('failure' in answer) || !answer.again || !isRepeatable || attempt >= options.attempts) return answer;
      report(`${next.type}: ${answer.failure}; sent again`);
      await options.later({ seconds: pause }, closing.signal);
      pause *= 2;
    }
  };

  /** Hands over what came of a request; whether the conversation may go on. */
  const take = async (ipa: Ipa, next: NextRequest, answer: WireAnswer): Promise<void> => {
    if ('received' in answer) await ipa.take(answer.received);
    else if ('done' in answer) await ipa.delivered();
    else if (next.type === 'ProvideEimPackageResult' && (await ipa.rollBack()))
      report('rolled back, for the result could not be delivered');
    else ipa.failed(next.type);
  };

  const converse = async (eim: EimEntry): Promise<Conversation> => {
    const requests: string[] = [];
    const problems: string[] = [];
    const problem = (text: string): void => {
      problems.push(text);
      report(text);
    };
    const ipa = ipaFor(eim);
    let entry = eim;
    ipa.wake();
    for (let setbacks = 0; requests.length < MOST_REQUESTS && setbacks < MOST_SETBACKS && !closing.signal.aborted; ) {
      let type = 'the next request';
      try {
        const next = await ipa.next();
        if (!next) break;
        ({ type } = next);
        const composed = await ipa.compose(type);
        requests.push(type);
        // An operation on eIMs may have given this one another address or key.
        if (type === 'GetEimPackageRequest' && requests.includes('ProvideEimPackageResult'))
          entry = (await eims()).find(e => e.eimId === eim.eimId) ?? entry;
        const answer = await send(next, composed, entry);
        if ('failure' in answer) problem(`${type}: ${answer.failure}`);
        await take(ipa, next, answer);
      } catch (cause) {
        if (!isSetback(cause)) throw cause;
        setbacks++;
        problem(`${type}: ${cause.message}`);
        ipa.failed(type);
      }
    }
    return { eimId: eim.eimId, requests, problems };
  };

  const poll = async (): Promise<PollReport> => {
    const state = await card.check();
    if ('problem' in state) {
      report(state.problem);
      return { problem: state.problem, conversations: [] };
    }
    const { eid } = state;
    try {
      const known = await associate(state.isNew ? await start() : await eims());
      const usable = known.filter(eim => canRetrieve(eim) && addressOfEim(eim) !== undefined);
      const conversations: Conversation[] = [];
      for (const eim of usable) conversations.push(await converse(eim));
      pendingCause = undefined;
      return { eid, ...(usable.length === 0 && { problem: 'the eUICC has no eIM that can be polled' }), conversations };
    } catch (cause) {
      if (!isSetback(cause)) throw cause;
      report(cause.message);
      return { eid, problem: cause.message, conversations: [] };
    }
  };

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = last.then(act);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    poll: () => inTurn(poll),
    changed: cause => {
      pendingCause = cause;
      for (const ipa of ipas.values()) ipa.changed(cause);
    },
    use: act =>
      inTurn(async () => {
        const state = await card.check();
        if ('problem' in state) throw new ComposeError(state.problem);
        if (state.isNew) await start();
        return act();
      }),
    close: async () => {
      closing.abort();
      await last;
    },
  };
};
