/** The message layer of CoAP on one line: confirmation, repetition, duplicates, and which response belongs to which request. RFC 7252 4, 5.2 */
import { LinkError } from './adapter.js';
import {
  type CoapMessage,
  type CoapOption,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  MALFORMATIONS,
  type Malformation,
} from './coap-message.js';
import type { CoapProblem, CoapWorld } from './coap-world.js';
import type { DatagramLine } from './datagram.js';
import { abortReason } from './tls-connect.js';

/** A request or response without what the message layer adds to it. */
export interface CoapContent {
  readonly code: string;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

/** How a request is sent; everything but `type` is a fault to commit. */
export interface RequestManner {
  readonly type: 'CON' | 'NON';
  /** Every datagram goes out twice. */
  readonly twice?: boolean;
  readonly malformed?: Malformation;
  /** A response of its own message is not acknowledged. */
  readonly unacknowledged?: boolean;
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

/** The response to a request, or the reset of a malformed one. */
export interface Answered {
  readonly message: CoapMessage;
  /** Times that the request was sent again. */
  readonly repeated: number;
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

export interface CoapEndpoint {
  request(content: CoapContent, manner: RequestManner, signal: AbortSignal): Promise<Answered>;
  /** Ends everything that is under way; the line stays as it is. */
  close(why: LinkError): void;
}

export interface EndpointHandlers {
  /** Absent: requests of the peer are rejected with a reset. */
  readonly request?: (incoming: Incoming) => void;
  readonly problem?: (problem: CoapProblem) => void;
  readonly closed?: (why: LinkError) => void;
  /** A fault to commit: takes the response to another request for its own. */
  readonly anyToken?: boolean;
  /** A fault to commit: carries out a repeated request again. */
  readonly repeats?: boolean;
}

interface Exchange {
  readonly messageId: number;
  readonly token: string;
  readonly manner: RequestManner;
  readonly settle: (result: Answered | LinkError) => void;
  repeated: number;
}

/** A message that arrived, kept so that a repetition gets the same answer. */
interface Seen {
  readonly octets: Uint8Array;
  readonly at: number;
  copies: number;
  again: () => void;
}

/** Messages remembered per peer. */
const REMEMBERED = 256;
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Speaks CoAP on a line, from now on until it ends. */
export const coapEndpoint = (line: DatagramLine, world: CoapWorld, handlers: EndpointHandlers = {}): CoapEndpoint => {
  const { clock, timing } = world;
  const unconfirmed = new Map<number, { readonly settle: (outcome: Outcome, message?: CoapMessage) => void }>();
  const exchanges = new Map<string, Exchange>();
  const seen = new Map<number, Seen>();
  const serving = new Set<AbortController>();
  let nextId = world.random(2).reduce((sum, octet) => sum * 256 + octet, 0);
  let ended: LinkError | undefined;

  const messageId = (): number => {
    nextId = (nextId + 1) & 0xffff;
    return nextId;
  };
  const send = (octets: Uint8Array): void => {
    if (ended !== undefined) return;
    world.trace?.({ direction: 'out', remote: line.remote, octets, at: clock.now() });
    line.send(octets);
  };
  const post = (message: CoapMessage): void => send(encodeMessage(message));

  /** Sends until it is acknowledged, with doubled pauses. RFC 7252 4.2 */
  const confirm = (id: number, transmit: () => void, settled: (outcome: Outcome, message?: CoapMessage) => void): (() => void) => {
    const spread = (world.random(1)[0] ?? 0) / 255;
    let pause = timing.ackTimeout.seconds * (1 + spread * (timing.ackRandomFactor - 1));
    let sent = 0;
    let callOff = () => {};
    const end = () => {
      callOff();
      unconfirmed.delete(id);
    };
    const attempt = (): void => {
      if (sent > timing.maxRetransmit) {
        end();
        return settled('lost');
      }
      sent++;
      callOff = clock.after({ seconds: pause }, attempt);
      pause *= 2;
      transmit();
    };
    unconfirmed.set(id, {
      settle: (outcome, message) => {
        end();
        settled(outcome, message);
      },
    });
    attempt();
    return end;
  };

  const remember = (id: number, octets: Uint8Array): Seen => {
    const oldest = clock.now() - timing.exchangeLifetime.seconds;
    for (const [key, one] of seen) if (one.at < oldest || seen.size >= REMEMBERED) seen.delete(key);
    const one: Seen = { octets, at: clock.now(), copies: 1, again: () => {} };
    seen.delete(id);
    seen.set(id, one);
    return one;
  };

  const answered = (exchange: Exchange, message: CoapMessage) => exchange.settle({ message, repeated: exchange.repeated });

  /** A response in an acknowledgement: Message ID and token must both be those of the request. RFC 7252 5.3.2 */
  const piggybacked = (exchange: Exchange, message: CoapMessage): void => {
    if (hex(message.token) === exchange.token || handlers.anyToken) return answered(exchange, message);
    const text = `${line.remote} answered message ${message.messageId} with the token ${hex(message.token) || '(empty)'}, expected ${exchange.token}`;
    exchange.settle(new LinkError('protocol', text, { partial: encodeMessage(message) }));
  };

  const respondTo = (request: CoapMessage, entry: Seen): void => {
    const caller = new AbortController();
    const isConfirmable = request.type === 'CON';
    let state: 'waiting' | 'acknowledged' | 'done' = 'waiting';
    let lost = 0;
    let manner: ResponseManner = {};
    let callOff = () => {};
    serving.add(caller);
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
    if (isConfirmable) callOff = clock.after(timing.processingDelay, acknowledge);
    handlers.request?.({
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
    });
  };

  const receiveResponse = (message: CoapMessage, entry: Seen): void => {
    const exchange = exchanges.get(hex(message.token)) ?? (handlers.anyToken ? [...exchanges.values()][0] : undefined);
    const reply = emptyMessage(exchange === undefined ? 'RST' : 'ACK', message.messageId);
    if (message.type === 'CON' && !exchange?.manner.unacknowledged) {
      entry.again = () => post(reply);
      post(reply);
    }
    if (exchange !== undefined) answered(exchange, message);
  };

  const receive = (octets: Uint8Array): void => {
    if (ended !== undefined) return;
    world.trace?.({ direction: 'in', remote: line.remote, octets, at: clock.now() });
    const message = decodeMessage(octets);
    if ('malformed' in message) {
      handlers.problem?.({ kind: 'malformed', message: `${line.remote} sent no CoAP message: ${message.malformed}` });
      if (message.reset !== undefined) post(emptyMessage('RST', message.reset));
      return;
    }
    const { type, code } = message;
    if (type === 'RST') return unconfirmed.get(message.messageId)?.settle('reset', message);
    if (type === 'ACK') return unconfirmed.get(message.messageId)?.settle('acknowledged', message);
    if (code === '0.00') return type === 'CON' ? post(emptyMessage('RST', message.messageId)) : undefined;
    const known = seen.get(message.messageId);
    if (known !== undefined && same(known.octets, octets) && !(handlers.repeats && code.startsWith('0.'))) {
      known.copies++;
      return known.again();
    }
    if (known !== undefined && !handlers.repeats)
      handlers.problem?.({ kind: 'reused', message: `${line.remote} used the Message ID ${message.messageId} for two different messages` });
    const entry = remember(message.messageId, octets);
    if (!code.startsWith('0.')) return receiveResponse(message, entry);
    if (handlers.request !== undefined) return respondTo(message, entry);
    if (type === 'CON') post(emptyMessage('RST', message.messageId));
  };

  const close = (why: LinkError): void => {
    if (ended !== undefined) return;
    ended = why;
    for (const exchange of [...exchanges.values()]) exchange.settle(why);
    for (const { settle } of [...unconfirmed.values()]) settle('lost');
    for (const caller of serving) caller.abort(why);
    seen.clear();
  };
  line.receive({
    datagram: receive,
    closed: why => {
      close(why);
      handlers.closed?.(why);
    },
  });

  return {
    close,
    request: (content, manner, signal) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        if (signal.aborted) return reject(abortReason(signal, `the request to ${line.remote}`));
        const token = world.random(4);
        const id = messageId();
        const right = encodeMessage({ ...content, type: manner.type, messageId: id, token });
        const octets = manner.malformed ? MALFORMATIONS[manner.malformed](right) : right;
        let callOff = () => {};
        const giveUp = () => exchange.settle(abortReason(signal, `the request to ${line.remote}`));
        const exchange: Exchange = {
          messageId: id,
          token: hex(token),
          manner,
          repeated: -1,
          settle: result => {
            callOff();
            exchanges.delete(exchange.token);
            signal.removeEventListener('abort', giveUp);
            if (result instanceof LinkError) reject(result);
            else resolve(result);
          },
        };
        const transmit = () => {
          exchange.repeated++;
          send(octets);
          if (manner.twice) send(octets);
        };
        signal.addEventListener('abort', giveUp);
        exchanges.set(exchange.token, exchange);
        // A message that is not confirmable is sent once; its reset or response comes by Message ID or token all the same.
        const isRepeated = manner.type === 'CON' && manner.malformed === undefined;
        const settled = (outcome: Outcome, message?: CoapMessage) => {
          if (outcome === 'lost') {
            const text = `${line.remote} acknowledged none of ${exchange.repeated + 1} transmissions`;
            return exchange.settle(new LinkError('timeout', text));
          }
          if (message === undefined) return;
          if (outcome === 'acknowledged') return message.code === '0.00' ? undefined : piggybacked(exchange, message);
          if (manner.malformed) return answered(exchange, message);
          exchange.settle(new LinkError('closed', `${line.remote} rejected the request with a reset`));
        };
        if (isRepeated) callOff = confirm(id, transmit, settled);
        else {
          unconfirmed.set(id, {
            settle: (outcome, message) => {
              unconfirmed.delete(id);
              settled(outcome, message);
            },
          });
          callOff = () => unconfirmed.delete(id);
          transmit();
        }
      }),
  };
};
