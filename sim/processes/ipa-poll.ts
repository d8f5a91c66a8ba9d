/** One poll of the reference IPA: start of the card where it is new, then a conversation with every eIM. SGP.32 3.1.1.1, 3.3.1, 3.8 */
import { equal, hex } from '#protocol/asn1/tlv.js';
import { type Composed, ComposeError, type Received, type World } from '../role.js';
import type { Cause } from '../roles/ipa/config.js';
import type { EimEntry } from '../roles/ipa/euicc-data.js';
import { createIpa, type Ipa, type IpaConfig } from '../roles/ipa/index.js';
import { type DeviceCard, isSetback } from './ipa-card.js';
import { type Conversation, type ConversationOptions, converse } from './ipa-conversation.js';
import { associate, readEims, readNewCard } from './ipa-start.js';
import { callerAmong, notCarriedOut, received } from './ipa-transfer.js';
import type { EimTarget, EsipaWire } from './ipa-wire.js';

/** What a poll did. */
export interface PollReport {
  readonly eid?: string;
  /** Why nothing could be polled. */
  readonly problem?: string;
  readonly conversations: readonly Conversation[];
}

/** What a poll is made of. */
export interface PollingOptions extends Omit<ConversationOptions, 'lookUp'> {
  readonly card: DeviceCard;
  readonly world: World;
  readonly config: Omit<IpaConfig, 'euicc' | 'eimId'>;
  /** EimConfigurationData `30 …` that the device was provisioned with; read before every poll. SGP.32 3.5.2 */
  readonly initialEim: () => Uint8Array | undefined;
}

/** Polls, one after the other. */
export interface Polling {
  poll(): Promise<PollReport>;
  /** What the device did to the eUICC by itself: every eIM hears of it with the next poll. SGP.32 5.14.5 */
  changed(cause: Cause): void;
  /** Carries out what an eIM brings by itself and answers it; what is left to tell follows. `caller` ends when the eIM goes away. SGP.32 3.1.1.2 */
  transfer(request: Received, over: EsipaWire, caller: AbortSignal): Promise<Composed>;
  /** Settles when every poll that was asked for is over. */
  idle(): Promise<void>;
  /** Starts the card if it is new, and does something with it; nothing else is going on then. */
  use<T>(act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Makes the polling of one device. */
export const createPolling = (options: PollingOptions): Polling => {
  const { card, world, config, decide, report } = options;
  const { terminal } = card;
  const start = { card: terminal, spec: world.spec, decide, report };
  const ipas = new Map<string, Ipa>();
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let refusals = 0;
  let pendingCause: Cause | undefined;
  let eid: Uint8Array | undefined;

  const targetsOf = (known: readonly EimEntry[]): readonly EimTarget[] =>
    decide.polls(known).flatMap(eim => {
      const address = decide.addressOf(eim, known);
      return address === undefined ? [] : [{ eim, address }];
    });

  /** Everything that is remembered is of the former card; a change that it went through counts on as long as the card is the same. */
  const begin = async (): Promise<readonly EimEntry[]> => {
    const former = eid;
    ipas.clear();
    refusals = 0;
    const started = await readNewCard(start);
    ({ eid } = started);
    if (!former || !eid || !equal(former, eid)) pendingCause = undefined;
    return started.eims;
  };
  const associated = async (known: readonly EimEntry[]): Promise<readonly EimEntry[]> => {
    const initialEim = options.initialEim();
    if (!initialEim) return known;
    const after = await associate(start, known, initialEim, refusals);
    ({ refusals } = after);
    return after.eims;
  };

  const ipaFor = ({ eimId }: Pick<EimEntry, 'eimId'>): Ipa => {
    const known = ipas.get(eimId);
    if (known) return known;
    const more = { ...(eid && { eid }), ...(pendingCause && { stateChangeCause: pendingCause }) };
    const ipa = createIpa({ ...config, euicc: terminal, eimId, ...more }, world, [() => decide]);
    ipas.set(eimId, ipa);
    return ipa;
  };

  const lookUp = async (eimId: string): Promise<EimTarget | undefined> =>
    targetsOf(await readEims(start)).find(({ eim }) => eim.eimId === eimId);

  /** Whoever manages the eUICC as well hears that another eIM changed it. SGP.32 5.14.5 */
  const tellOthers = (all: readonly EimEntry[], changed: EimEntry | undefined): void => {
    for (const eim of all) if (eim.eimId !== changed?.eimId) ipaFor(eim).changed('otherEim');
  };
  const converseAll = async (targets: readonly EimTarget[]): Promise<readonly Conversation[]> => {
    const conversations: Conversation[] = [];
    for (const target of targets) {
      const ipa = ipaFor(target.eim);
      const before = ipa.changes;
      conversations.push(await converse({ ...options, lookUp }, target, ipa, closing.signal));
      if (ipa.changes > before)
        tellOthers(
          targets.map(({ eim }) => eim),
          target.eim,
        );
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
      const targets = targetsOf(await associated(state.isNew ? await begin() : await readEims(start)));
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

  const deliver = async (eim: EimEntry, known: readonly EimEntry[], over: EsipaWire): Promise<void> => {
    const address = decide.addressOf(eim, known);
    if (address === undefined) return report(`nothing can be told to ${eim.eimId}: it has no address`);
    await converse({ ...options, lookUp }, { eim, address, over }, ipaFor(eim), closing.signal, 'deliver');
  };
  let transfers = 0;
  const carryOut = async (request: Received, over: EsipaWire, caller: AbortSignal): Promise<Composed> => {
    try {
      const state = await card.check();
      if ('problem' in state) throw new ComposeError(state.problem);
      const known = state.isNew ? await begin() : await readEims(start);
      const eim = callerAmong(known, request, over);
      // An eUICC without eIM refuses every package by itself.
      const ipa = ipaFor(eim ?? { eimId: '' });
      const before = ipa.changes;
      const answer = (await ipa.react(request)) ?? received(world.spec);
      if (ipa.changes > before) tellOthers(known, eim);
      // A change of profiles may have taken the connection away on which the answer was to go.
      if (eim && (ipa.isBehind || caller.aborted) && decide.followsUp()) void inTurn(() => deliver(eim, known, over)).catch(problemOf);
      return answer;
    } catch (cause) {
      problemOf(cause);
      return notCarriedOut(world.spec);
    }
  };
  const transfer = async (request: Received, over: EsipaWire, caller: AbortSignal): Promise<Composed> => {
    if (transfers > 0 && decide.forgetsWhileBusy()) return received(world.spec);
    transfers++;
    const act = () => carryOut(request, over, caller);
    return (decide.queuesTransfers() ? inTurn(act) : act()).finally(() => transfers--);
  };

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = last.then(act).finally(card.settle);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    poll: () => inTurn(poll),
    transfer,
    idle: () => inTurn(async () => undefined),
    changed: cause => {
      pendingCause = cause;
      for (const ipa of ipas.values()) ipa.changed(cause);
    },
    use: act =>
      inTurn(async () => {
        const state = await card.check();
        if ('problem' in state) throw new ComposeError(state.problem);
        if (state.isNew) await begin();
        return act();
      }),
    close: async () => {
      closing.abort();
      await last;
    },
  };
};
