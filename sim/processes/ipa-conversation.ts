/** The conversation of the reference IPA with one eIM, and with the RSP servers that it leads to, until nothing is due. SGP.32 3.1.1.1, 3.3.1 */
import { type Duration, LinkError } from '../../adapters/adapter.js';
import type { Composed } from '../role.js';
import type { Ipa, IpaDecisions, NextRequest } from '../roles/ipa/index.js';
import { isSetback } from './ipa-card.js';
import type { EimTarget, IpaWire, WireAnswer } from './ipa-wire.js';

/** How a conversation ended. */
export interface Conversation {
  readonly eimId: string;
  /** Types of the requests, in their order. */
  readonly requests: readonly string[];
  /** What went wrong, in words. */
  readonly problems: readonly string[];
}

/** What a conversation needs besides the IPA. */
export interface ConversationOptions {
  readonly wire: IpaWire;
  readonly decide: IpaDecisions;
  /** Times a request is sent that gets no answer, and the pause before the second time; it doubles. */
  readonly attempts: number;
  readonly pause: Duration;
  readonly later: (delay: Duration, signal: AbortSignal) => Promise<void>;
  readonly report: (problem: string) => void;
  /** The eIM as the card has it now. */
  readonly lookUp: (eimId: string) => Promise<EimTarget | undefined>;
}

/** More requests than any conversation needs: an eIM that always has another package is left for the next poll. */
const MOST_REQUESTS = 500;
/** Requests that the card or the IPA itself could not make, before a conversation is given up. */
const MOST_SETBACKS = 3;
const REPEATABLE: readonly string[] = ['GetEimPackageRequest', 'ProvideEimPackageResult', 'HandleNotificationEsipa', 'HandleNotification'];

/** Sends a request as often as it may be sent. */
const send = async (
  options: ConversationOptions,
  next: NextRequest,
  composed: Composed,
  target: EimTarget,
  signal: AbortSignal,
): Promise<WireAnswer> => {
  const { wire, decide, report } = options;
  const attempts = REPEATABLE.includes(next.type) ? decide.attempts(options.attempts) : 1;
  for (let attempt = 1; ; attempt++) {
    const answer = await wire.send(next, composed, target);
    if (!('failure' in answer) || !answer.again || attempt >= attempts) return answer;
    report(`${next.type}: ${answer.failure}; sent again`);
    await options.later({ seconds: decide.pauseAfter(attempt, options.pause.seconds) }, signal);
  }
};

/** Hands over what came of a request. */
const take = async (ipa: Ipa, next: NextRequest, answer: WireAnswer, report: (problem: string) => void): Promise<void> => {
  if ('received' in answer) await ipa.take(answer.received);
  else if ('done' in answer) await ipa.delivered();
  else if (next.type === 'ProvideEimPackageResult' && (await ipa.rollBack())) report('rolled back, for the result could not be delivered');
  else await ipa.failed(next.type);
};

/** Sends what is due until nothing is; `deliver`: without asking for packages. Rejects when the card is gone. */
export const converse = async (
  options: ConversationOptions,
  first: EimTarget,
  ipa: Ipa,
  signal: AbortSignal,
  purpose: 'poll' | 'deliver' = 'poll',
): Promise<Conversation> => {
  const { decide, report } = options;
  const { eimId } = first.eim;
  const requests: string[] = [];
  const problems: string[] = [];
  const problem = (text: string): void => {
    problems.push(text);
    report(text);
  };
  let target = first;
  ipa.wake(purpose);
  for (let setbacks = 0; requests.length < MOST_REQUESTS && setbacks < MOST_SETBACKS && !signal.aborted; ) {
    let type = 'the next request';
    try {
      const next = await ipa.next();
      if (!next) break;
      ({ type } = next);
      const composed = await ipa.compose(type);
      requests.push(type);
      // An operation on eIMs may have given this one another address or key.
      if (type === 'GetEimPackageRequest' && requests.at(-2) === 'ProvideEimPackageResult' && decide.readsConfigurationAgain())
        target = (await options.lookUp(eimId)) ?? target;
      const answer = await send(options, next, composed, target, signal);
      if ('failure' in answer) problem(`${type}: ${answer.failure}`);
      await take(ipa, next, answer, report);
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
