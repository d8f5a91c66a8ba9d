/** A request that arrived on the message layer, and the ways to answer it. RFC 7252 5.2 */
import { type CoapMessage, type CoapOption, emptyMessage, encodeMessage, MALFORMATIONS, type Malformation } from './coap-message.js';
import type { CoapWorld } from './coap-world.js';

/** A request or response without what the message layer adds to it. */
export interface CoapContent {
  readonly code: string;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

/** How a response is sent; everything but `type` and `separate` is a fault to commit. */
export interface ResponseManner {
  /** Of a response in a message of its own. */
  readonly type?: 'CON' | 'NON';
  /** Acknowledges first and answers in a message of its own. */
  readonly separate?: boolean;
  readonly twice?: boolean;
  readonly malformed?: Malformation;
  readonly wrongToken?: boolean;
  readonly wrongMessageId?: boolean;
  /** So many datagrams of the answer are lost, acknowledgement and repetitions counted. */
  readonly lose?: number;
}

/** What became of a response: `sent` where no acknowledgement belongs to it. */
export type Outcome = 'sent' | 'acknowledged' | 'reset' | 'lost';

/** A request that arrived; one of the three is to be called once. */
export interface Incoming {
  readonly message: CoapMessage;
  /** Aborted when the peer went away. */
  readonly signal: AbortSignal;
  respond(content: CoapContent, manner?: ResponseManner): Promise<Outcome>;
  /** Answers with a reset. */
  reset(): void;
  /** Answers nothing, not even an acknowledgement. */
  ignore(): void;
  /** Datagrams with this request so far. */
  copies(): number;
}

/** A message that arrived, kept so that a repetition gets the same answer. */
export interface Seen {
  readonly octets: Uint8Array;
  readonly at: number;
  copies: number;
  again: () => void;
}

/** What an answer needs of the message layer. */
export interface Answering {
  readonly world: CoapWorld;
  readonly send: (octets: Uint8Array) => void;
  readonly messageId: () => number;
  /** Sends until it is acknowledged. */
  readonly confirm: (messageId: number, transmit: () => void, settled: (outcome: Outcome) => void) => void;
  /** Aborted when the peer goes away. */
  readonly serving: Set<AbortController>;
}

/** A request as its handler sees it; it is acknowledged by itself when that takes long. */
export const incoming = (request: CoapMessage, entry: Seen, { world, send, messageId, confirm, serving }: Answering): Incoming => {
  const caller = new AbortController();
  const isConfirmable = request.type === 'CON';
  let state: 'waiting' | 'acknowledged' | 'done' = 'waiting';
  let lost = 0;
  let manner: ResponseManner = {};
  let callOff = () => {};
  serving.add(caller);
  caller.signal.addEventListener('abort', () => callOff());
  const finish = () => {
    callOff();
    state = 'done';
  };
  const over = (outcome: Outcome): Outcome => {
    serving.delete(caller);
    return outcome;
  };
  let wentOut = () => {};
  const transmit = (octets: Uint8Array): void => {
    if (lost++ < (manner.lose ?? 0)) return;
    send(octets);
    if (manner.twice) send(octets);
    wentOut();
  };
  const replay = (octets: Uint8Array) => {
    entry.again = () => transmit(octets);
    transmit(octets);
  };
  const acknowledge = () => {
    callOff();
    state = 'acknowledged';
    replay(encodeMessage(emptyMessage('ACK', request.messageId)));
  };
  if (isConfirmable) callOff = world.clock.after(world.timing.processingDelay, acknowledge);
  return {
    message: request,
    signal: caller.signal,
    copies: () => entry.copies,
    ignore: () => {
      finish();
      over('lost');
    },
    reset: () => {
      finish();
      over('lost');
      replay(encodeMessage(emptyMessage('RST', request.messageId)));
    },
    respond: (content, how = {}) => {
      manner = how;
      const isPiggybacked = isConfirmable && state === 'waiting' && !how.separate;
      if (isConfirmable && state === 'waiting' && how.separate) acknowledge();
      finish();
      const type = isPiggybacked ? 'ACK' : (how.type ?? request.type);
      const id = isPiggybacked ? request.messageId : messageId();
      const token = how.wrongToken ? Uint8Array.of((request.token[0] ?? 0) ^ 0x5a, ...request.token.subarray(1)) : request.token;
      const message: CoapMessage = { ...content, type, messageId: how.wrongMessageId ? (id + 1) & 0xffff : id, token };
      const right = encodeMessage(message);
      const octets = how.malformed ? MALFORMATIONS[how.malformed](right) : right;
      if (type === 'CON') return new Promise<Outcome>(resolve => void confirm(id, () => transmit(octets), resolve)).then(over);
      return new Promise<Outcome>(resolve => {
        wentOut = () => resolve('sent');
        caller.signal.addEventListener('abort', () => resolve('lost'));
        if (isPiggybacked) replay(octets);
        else transmit(octets);
      }).then(over);
    },
  };
};
