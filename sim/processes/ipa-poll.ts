/** One poll of the reference IPA: start of the card where it is new, then a conversation with every eIM. SGP.32 3.1.1.1, 3.3.1, 3.8 */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  EimConfigurationData,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { RetrieveNotificationsListRequest } from '#protocol/iot/notification.js';
import { GetEuiccDataRequest } from '#protocol/rsp/info.js';
import { type Duration, LinkError } from '../../adapters/adapter.js';
import { type Composed, ComposeError, type World } from '../role.js';
import { ask } from '../roles/ipa/card.js';
import type { Cause } from '../roles/ipa/config.js';
import { createIpa, type Ipa, type IpaConfig, type IpaDecisions, type NextRequest } from '../roles/ipa/index.js';
import type { DeviceCard } from './ipa-card.js';
import type { EimEntry, EimTarget, IpaWire, WireAnswer } from './ipa-wire.js';

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
  readonly decide: IpaDecisions;
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
  /** Settles when every poll that was asked for is over. */
  idle(): Promise<void>;
  /** Starts the card if it is new, and does something with it; nothing else is going on then. */
  use<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const GET_EID = encode(GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) });
/** More requests than any conversation needs: an eIM that always has another package is left for the next poll. */
const MOST_REQUESTS = 500;
/** Requests that the card or the IPA itself could not make, before a conversation is given up. */
const MOST_SETBACKS = 3;

const isSetback = (cause: unknown): cause is Error => cause instanceof ComposeError || cause instanceof LinkError;

/** Makes the polling of one device. */
export const createPolling = (options: PollingOptions): Polling => {
  const { card, wire, world, config, decide, initialEim, report } = options;
  const { terminal } = card;
  const { spec } = world;
  const ipas = new Map<string, Ipa>();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let refusals = 0;
  let pendingCause: Cause | undefined;

  const eims = async (): Promise<readonly EimEntry[]> =>
    (await ask(terminal, spec, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)).value.eimConfigurationDataList;

  /** The eIM of the device's own provisioning, while the eUICC has none. SGP.32 3.5.2 */
  const associate = async (known: readonly EimEntry[]): Promise<readonly EimEntry[]> => {
    if (!initialEim) return known;
    let found = known;
    while (decide.associates({ known: found.length, refusals })) {
      const value = { eimConfigurationDataList: [raw(decide.initialEim(initialEim))] };
      const { addInitialEimError } = (await ask(terminal, spec, AddInitialEimRequest, value, AddInitialEimResponse)).value;
      if (addInitialEimError !== undefined) {
        refusals++;
        report(`AddInitialEim failed with ${addInitialEimError}`);
      }
      found = await eims();
    }
    return found;
  };

  const provisioned = initialEim && decode(EimConfigurationData, initialEim, { spec }).value;
  const targetsOf = (known: readonly EimEntry[]): readonly EimTarget[] =>
    decide.polls(known, provisioned).flatMap(eim => {
      const address = decide.addressOf(eim, known);
      return address === undefined ? [] : [{ eim, address }];
    });

  const start = async (): Promise<readonly EimEntry[]> => {
    ipas.clear();
    pendingCause = undefined;
    refusals = 0;
    let known: readonly EimEntry[] | undefined;
    for (const step of decide.startsWith()) {
      if (step === 'eid') await terminal.execute(decide.command(GET_EID));
      else if (step === 'configuration') known = await eims();
      else await terminal.execute(decide.command(encode(RetrieveNotificationsListRequest, {}, { spec })));
    }
    return known ?? eims();
  };

  const ipaFor = (eim: EimEntry): Ipa => {
    const known = ipas.get(eim.eimId);
    if (known) return known;
    const cause = pendingCause && { stateChangeCause: pendingCause };
    const ipa = createIpa({ ...config, euicc: terminal, eimId: eim.eimId, ...cause }, world, [() => decide]);
    ipas.set(eim.eimId, ipa);
    return ipa;
  };

  /** Sends a request as often as it may be sent. */
  const send = async (next: NextRequest, composed: Composed, target: EimTarget): Promise<WireAnswer> => {
    const isRepeatable = ['GetEimPackageRequest', 'ProvideEimPackageResult', 'HandleNotificationEsipa', 'HandleNotification'].includes(
      next.type,
    );
    let pause = options.pause.seconds;
    for (let attempt = 1; ; attempt++) {
      const answer = await wire.send(next, composed, target);
      if (!('failure' in answer) || !answer.again || !isRepeatable || attempt >= decide.attempts(options.attempts)) return answer;
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
    else await ipa.failed(next.type);
  };

  const converse = async (first: EimTarget): Promise<Conversation> => {
    const requests: string[] = [];
    const problems: string[] = [];
    const problem = (text: string): void => {
      problems.push(text);
      report(text);
    };
    const { eimId } = first.eim;
    const ipa = ipaFor(first.eim);
    let target = first;
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
        if (type === 'GetEimPackageRequest' && requests.at(-2) === 'ProvideEimPackageResult' && decide.readsConfigurationAgain())
          target = targetsOf(await eims()).find(t => t.eim.eimId === eimId) ?? target;
        const answer = await send(next, composed, target);
        if ('failure' in answer) problem(`${type}: ${answer.failure}`);
        await take(ipa, next, answer);
      } catch (cause) {
        if (!isSetback(cause)) throw cause;
        setbacks++;
        problem(`${type}: ${cause.message}`);
        await ipa.failed(type);
      }
    }
    return { eimId, requests, problems };
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
      const targets = targetsOf(known);
      const conversations: Conversation[] = [];
      for (const target of targets) conversations.push(await converse(target));
      pendingCause = undefined;
      return { eid, ...(targets.length === 0 && { problem: 'the eUICC has no eIM that can be polled' }), conversations };
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
    idle: () => inTurn(async () => undefined),
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
