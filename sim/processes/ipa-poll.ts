/** One poll of the reference IPA: start of the card where it is new, then a conversation with every eIM. SGP.32 3.1.1.1, 3.3.1, 3.8 */
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { raw, type Spec } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { GetCertsRequest } from '#protocol/iot/es10b.js';
import { RetrieveNotificationsListRequest } from '#protocol/iot/notification.js';
import { GetEuiccDataRequest, GetEuiccDataResponse, GetEuiccInfo1Request, GetEuiccInfo2Request } from '#protocol/rsp/info.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { type Duration, LinkError } from '../../adapters/adapter.js';
import { type Composed, ComposeError, type World } from '../role.js';
import { ask } from '../roles/ipa/card.js';
import type { Cause } from '../roles/ipa/config.js';
import type { EimEntry } from '../roles/ipa/euicc-data.js';
import { createIpa, type Ipa, type IpaConfig, type IpaDecisions, type NextRequest } from '../roles/ipa/index.js';
import type { StartStep } from '../roles/ipa/wire-decisions.js';
import { type DeviceCard, isSetback } from './ipa-card.js';
import type { EimTarget, IpaWire, WireAnswer } from './ipa-wire.js';

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
  /** EimConfigurationData `30 …` that the device was provisioned with; read before every poll. SGP.32 3.5.2 */
  readonly initialEim: () => Uint8Array | undefined;
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

/** More requests than any conversation needs: an eIM that always has another package is left for the next poll. */
const MOST_REQUESTS = 500;
/** Requests that the card or the IPA itself could not make, before a conversation is given up. */
const MOST_SETBACKS = 3;

/** What else a device reads of its card when it starts. */
const readings = (step: Exclude<StartStep, 'eid' | 'configuration'>, spec: Spec): readonly Uint8Array[] => {
  switch (step) {
    case 'notifications':
      return [encode(RetrieveNotificationsListRequest, {}, { spec })];
    case 'info':
      return [encode(GetEuiccInfo1Request, {}, { spec }), encode(GetEuiccInfo2Request, {}, { spec })];
    case 'certificates':
      return [encode(GetCertsRequest, {}, { spec })];
    case 'profiles':
      return [encode(ProfileInfoListRequest, {}, { spec })];
  }
};

/** Makes the polling of one device. */
export const createPolling = (options: PollingOptions): Polling => {
  const { card, wire, world, config, decide, report } = options;
  const { terminal } = card;
  const { spec } = world;
  const ipas = new Map<string, Ipa>();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let refusals = 0;
  let pendingCause: Cause | undefined;
  let eid: Uint8Array | undefined;

  const eims = async (): Promise<readonly EimEntry[]> =>
    (await ask(terminal, spec, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)).value.eimConfigurationDataList;

  /** The eIM of the device's own provisioning, while the eUICC has none. SGP.32 3.5.2 */
  const associate = async (known: readonly EimEntry[]): Promise<readonly EimEntry[]> => {
    const initialEim = options.initialEim();
    if (!initialEim) return known;
    let found = known;
    while (decide.associates({ known: found.length, refusals })) {
      const value = { eimConfigurationDataList: [raw(decide.initialEim(initialEim))] };
      const why = await ask(terminal, spec, AddInitialEimRequest, value, AddInitialEimResponse).then(
        ({ value: { addInitialEimError: code } }) => (code === undefined ? undefined : `AddInitialEim failed with ${code}`),
        (cause: unknown) => {
          if (cause instanceof ComposeError) return cause.message;
          throw cause;
        },
      );
      if (why !== undefined) {
        refusals++;
        report(why);
      }
      found = await eims();
    }
    return found;
  };

  const targetsOf = (known: readonly EimEntry[]): readonly EimTarget[] =>
    decide.polls(known).flatMap(eim => {
      const address = decide.addressOf(eim, known);
      return address === undefined ? [] : [{ eim, address }];
    });

  const readEid = async (): Promise<Uint8Array> =>
    (await ask(terminal, spec, GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) }, GetEuiccDataResponse)).value.eidValue;

  const start = async (): Promise<readonly EimEntry[]> => {
    ipas.clear();
    pendingCause = undefined;
    refusals = 0;
    eid = undefined;
    let known: readonly EimEntry[] | undefined;
    for (const step of decide.startsWith()) {
      if (step === 'eid') eid = await readEid();
      else if (step === 'configuration') known = await eims();
      else for (const command of readings(step, spec)) await terminal.execute(decide.command(command));
    }
    return known ?? eims();
  };

  const ipaFor = (eim: EimEntry): Ipa => {
    const known = ipas.get(eim.eimId);
    if (known) return known;
    const more = { ...(eid && { eid }), ...(pendingCause && { stateChangeCause: pendingCause }) };
    const ipa = createIpa({ ...config, euicc: terminal, eimId: eim.eimId, ...more }, world, [() => decide]);
    ipas.set(eim.eimId, ipa);
    return ipa;
  };

  /** Sends a request as often as it may be sent. */
  const send = async (next: NextRequest, composed: Composed, target: EimTarget): Promise<WireAnswer> => {
    const isRepeatable = ['GetEimPackageRequest', 'ProvideEimPackageResult', 'HandleNotificationEsipa', 'HandleNotification'].includes(
      next.type,
    );
    for (let attempt = 1; ; attempt++) {
      const answer = await wire.send(next, composed, target);
      if (!('failure' in answer) || !answer.again || !isRepeatable || attempt >= decide.attempts(options.attempts)) return answer;
      report(`${next.type}: ${answer.failure}; sent again`);
      await options.later({ seconds: decide.pauseAfter(attempt, options.pause.seconds) }, closing.signal);
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

  const converse = async (first: EimTarget, ipa: Ipa): Promise<Conversation> => {
    const requests: string[] = [];
    const problems: string[] = [];
    const problem = (text: string): void => {
      problems.push(text);
      report(text);
    };
    const { eimId } = first.eim;
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
        // Without its card there is nothing that it could go on with.
        if (!isSetback(cause) || cause instanceof LinkError) throw cause;
        setbacks++;
        problem(`${type}: ${cause.message}`);
        await ipa.failed(type);
      }
    }
    return { eimId, requests, problems };
  };

  /** Whoever manages the eUICC as well hears that another eIM changed it. SGP.32 5.14.5 */
  const converseAll = async (targets: readonly EimTarget[]): Promise<readonly Conversation[]> => {
    const conversations: Conversation[] = [];
    for (const target of targets) {
      const ipa = ipaFor(target.eim);
      const before = ipa.changes;
      conversations.push(await converse(target, ipa));
      if (ipa.changes > before) for (const { eim } of targets) if (eim.eimId !== target.eim.eimId) ipaFor(eim).changed('otherEim');
    }
    return conversations;
  };

  const problemOf = (cause: unknown): string => {
    const text = cause instanceof Error ? cause.message : String(cause);
    report(isSetback(cause) ? text : `unexpected: ${cause instanceof Error ? cause.stack : text}`);
    return text;
  };

  const poll = async (): Promise<PollReport> => {
    try {
      if (decide.resetsCard()) await card.reset();
      const state = await card.check();
      if ('problem' in state) throw new ComposeError(state.problem);
      const targets = targetsOf(await associate(state.isNew ? await start() : await eims()));
      const conversations = await converseAll(targets);
      pendingCause = undefined;
      return {
        ...(eid && { eid: hex(eid) }),
        ...(targets.length === 0 && { problem: 'the eUICC has no eIM that can be polled' }),
        conversations,
      };
    } catch (cause) {
      return { ...(eid && { eid: hex(eid) }), problem: problemOf(cause), conversations: [] };
    }
  };

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = last.then(act).finally(card.settle);
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
