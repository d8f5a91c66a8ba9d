/** The message layer of CoAP on one line: confirmation, repetition, duplicates, and which response belongs to which request. RFC 7252 4, 5.2 */
import { type Duration, LinkError } from './adapter.js';
import { type Answering, type CoapContent, type Incoming, incoming, type Outcome, type Seen } from './coap-incoming.js';
import { type CoapMessage, decodeMessage, emptyMessage, encodeMessage, MALFORMATIONS, type Malformation } from './coap-message.js';
import type { CoapProblem, CoapWorld } from './coap-world.js';
import type { DatagramLine } from './datagram.js';
import { abortReason } from './tls-connect.js';

/** How a request is sent; everything but `type` is a fault to commit. */
export interface RequestManner {
  readonly type: 'CON' | 'NON';
  /** Every datagram goes out twice. */
  readonly twice?: boolean;
  readonly malformed?: Malformation;
  /** A response of its own message is not acknowledged. */
  readonly unacknowledged?: boolean;
}

/** The response to a request, or the reset of a malformed one. */
export interface Answered {
  readonly message: CoapMessage;
  /** Times that the request was sent again. */
  readonly repeated: number;
}

export interface CoapEndpoint {
  request(content: CoapContent, manner: RequestManner, signal: AbortSignal): Promise<Answered>;
  /** Asks whether the peer is there, with an empty message that it has to reject; false when that takes longer. RFC 7252 4.3 */
  ping(within: Duration, signal: AbortSignal): Promise<boolean>;
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
  /** A fault to commit: takes an acknowledgement of another message for its own, when the token is right. */
  readonly anyMessageId?: boolean;
  /** A fault to commit: gives up when a request is acknowledged without its response. */
  readonly onlyPiggybacked?: boolean;
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

  const outlived = () => clock.now() - timing.exchangeLifetime.seconds;
  const remember = (id: number, octets: Uint8Array): Seen => {
    for (const [key, one] of seen) if (one.at < outlived() || seen.size >= REMEMBERED) seen.delete(key);
    const one: Seen = { octets, at: clock.now(), copies: 1, again: () => {} };
    seen.delete(id);
    seen.set(id, one);
    return one;
  };

  const answering: Answering = { world, send, messageId, confirm, serving };
  const answered = (exchange: Exchange, message: CoapMessage) => exchange.settle({ message, repeated: exchange.repeated });

  /** A response in an acknowledgement: Message ID and token must both be those of the request. RFC 7252 5.3.2 */
  const piggybacked = (exchange: Exchange, message: CoapMessage): void => {
    if (hex(message.token) === exchange.token || handlers.anyToken) return answered(exchange, message);
    const text = `${line.remote} answered message ${message.messageId} with the token ${hex(message.token) || '(empty)'}, expected ${exchange.token}`;
    exchange.settle(new LinkError('protocol', text, { partial: encodeMessage(message) }));
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

  const acknowledged = (message: CoapMessage): void => {
    const own = unconfirmed.get(message.messageId);
    const other = own === undefined && handlers.anyMessageId ? exchanges.get(hex(message.token)) : undefined;
    if (other) answered(other, message);
    else own?.settle('acknowledged', message);
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
    if (type === 'ACK') return acknowledged(message);
    if (code === '0.00') return type === 'CON' ? post(emptyMessage('RST', message.messageId)) : undefined;
    const before = seen.get(message.messageId);
    const known = before !== undefined && before.at >= outlived() ? before : undefined;
    if (known !== undefined && same(known.octets, octets) && !(handlers.repeats && code.startsWith('0.'))) {
      known.copies++;
      return known.again();
    }
    if (known !== undefined && !handlers.repeats)
      handlers.problem?.({ kind: 'reused', message: `${line.remote} used the Message ID ${message.messageId} for two different messages` });
    const entry = remember(message.messageId, octets);
    if (!code.startsWith('0.')) return receiveResponse(message, entry);
    if (handlers.request !== undefined) return handlers.request(incoming(message, entry, answering));
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
    ping: (within, signal) =>
      new Promise(resolve => {
        if (ended !== undefined || signal.aborted) return resolve(false);
        const id = messageId();
        const settle = (isThere: boolean) => {
          callOffWait();
          callOff();
          signal.removeEventListener('abort', giveUp);
          resolve(isThere);
        };
        const giveUp = () => settle(false);
        signal.addEventListener('abort', giveUp);
        const callOffWait = clock.after(within, () => settle(false));
        const callOff = confirm(
          id,
          () => post(emptyMessage('CON', id)),
          outcome => settle(outcome !== 'lost'),
        );
      }),
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
          if (outcome === 'acknowledged' && message.code !== '0.00') return piggybacked(exchange, message);
          if (outcome === 'acknowledged' && handlers.onlyPiggybacked)
            return exchange.settle(new LinkError('protocol', `${line.remote} acknowledged the request without a response`));
          if (outcome === 'acknowledged') return;
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
