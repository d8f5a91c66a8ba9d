import {
  type ConnectionFacts,
  type Duration,
  type HandshakeFailure,
  type Inbound,
  LinkError,
  type Listener,
  type Outbound,
  type TlsIdentity,
  type TlsOffer,
} from './adapter.js';
import { endpointText } from './address.js';
import { type BlockServer, blockServer, type WholeRequest } from './coap-blocks.js';
import { type CoapEndpoint, coapEndpoint } from './coap-endpoint.js';
import { methodName, optionMeta, pathOf, responseContent, responseWishes } from './coap-frame.js';
import type { CoapContent, Incoming, Outcome, ResponseManner } from './coap-incoming.js';
import { NO_OCTETS } from './coap-message.js';
import { PROXY, unacceptable } from './coap-options.js';
import { type CoapWorldOptions, coapWorld } from './coap-world.js';
import { bindDatagrams, type DatagramLine } from './datagram.js';
import { type Peers, plainPeers } from './datagram-peers.js';
import type { DtlsPeers } from './dtls-server.js';
import { BODY_LIMIT } from './https-client.js';
import type { ListenerProblem } from './https-listener.js';
import type { Sky } from './sky.js';
import { errorText } from './tls.js';
import { underWeather } from './weather.js';

/** What became of an answer. */
export interface CoapDelivery {
  readonly connection: ConnectionFacts;
  readonly outcome: Outcome;
  /** Datagrams with the request that came, the first one included. */
  readonly copies: number;
}

export interface CoapListenerOptions extends CoapWorldOptions {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  /** What is presented, by server name (lower case), `*` for any other or none. Absent: plain CoAP, for debugging. */
  readonly identities?: ReadonlyMap<string, TlsIdentity>;
  readonly tls?: TlsOffer;
  readonly bodyLimit?: number;
  /** Octets of a block at most, 1024 when absent. */
  readonly blockSize?: number;
  /** Peers at a time, 256 when absent. */
  readonly maxPeers?: number;
  /** For a handshake; 30 s when absent, which leaves room for lost datagrams. */
  readonly handshakeTimeout?: Duration;
  /** The weather that its socket is under. */
  readonly sky?: Sky;
  readonly onProblem?: (problem: ListenerProblem) => void;
  readonly onDelivery?: (delivery: CoapDelivery) => void;
  /** Faults of a server: takes blocks that leave a gap; carries out a repeated request again. */
  readonly faults?: { readonly gaps?: boolean; readonly repeats?: boolean };
}

/** A peer and what it does. */
interface Peer {
  readonly id: number;
  readonly line: DatagramLine;
  readonly blocks: BlockServer;
  readonly endpoint: CoapEndpoint;
  exchanges: number;
  /** Requests that are being carried out. */
  serving: number;
}

const LARGEST_BLOCK = 1024;
/** Requests of one peer that are carried out at a time. */
const MOST_SERVED = 16;
/** Octets of unfinished requests of all peers together, at least that of one request. */
const BUDGET = 32 * 1024 * 1024;

const code = (text: string): CoapContent => ({ code: text, options: [], payload: NO_OCTETS });

const metaOf = ({ message, blocks, blockSize }: WholeRequest, copies: number): Record<string, string> => ({
  ':method': methodName(message.code),
  ':path': pathOf(message.options),
  ':type': message.type,
  ':token': Buffer.from(message.token).toString('hex').toUpperCase(),
  ':message-id': String(message.messageId),
  ':blocks': String(blocks),
  ...(blockSize === undefined ? {} : { ':block-size': String(blockSize) }),
  ':copies': String(copies),
  ...optionMeta(message.options),
});

/** Lets a CoAP client call us: one answer per request, from the handler that `onFrame` was given; 5.03 while there is none. */
export const openCoapListener = async (options: CoapListenerOptions): Promise<Listener> => {
  const world = coapWorld(options);
  const limit = options.bodyLimit ?? BODY_LIMIT;
  const budget = { left: Math.max(BUDGET, limit) };
  const peers = new Set<Peer>();
  let accepted = 0;
  let answer: ((frame: Inbound) => Promise<Outbound>) | undefined;
  let reportFailure: ((why: HandshakeFailure) => void) | undefined;
  let reportConnection: ((facts: ConnectionFacts) => void) | undefined;

  const factsOf = ({ id, line, exchanges }: Peer): ConnectionFacts => ({
    id,
    remote: line.remote,
    exchanges,
    ...(line.tls ? { tls: line.tls } : {}),
  });
  const problem = (peer: Peer, kind: ListenerProblem['kind'], message: string, cause?: unknown) =>
    options.onProblem?.({ kind, message, connection: factsOf(peer), ...(cause === undefined ? {} : { cause }) });

  const end = (peer: Peer, why: LinkError): void => {
    if (!peers.delete(peer)) return;
    peer.endpoint.close(why);
    peer.blocks.close();
    peer.line.close();
  };

  const deliver = async (peer: Peer, incoming: Incoming, content: CoapContent, manner: ResponseManner = {}): Promise<void> => {
    const outcome = await incoming.respond(content, manner);
    options.onDelivery?.({ connection: factsOf(peer), outcome, copies: incoming.copies() });
  };

  const served = async (peer: Peer, handler: NonNullable<typeof answer>, incoming: Incoming, request: WholeRequest): Promise<Outbound> => {
    peer.serving++;
    try {
      const meta = metaOf(request, incoming.copies());
      return await handler({ meta, body: request.body, connection: factsOf(peer), signal: incoming.signal });
    } finally {
      peer.serving--;
    }
  };

  const carryOut = async (peer: Peer, incoming: Incoming, request: WholeRequest): Promise<void> => {
    peer.exchanges++;
    if (answer === undefined || peer.serving >= MOST_SERVED) return deliver(peer, incoming, code('5.03'));
    try {
      const outbound = await served(peer, answer, incoming, request);
      if ('meta' in outbound) {
        const wishes = responseWishes(outbound);
        const content = peer.blocks.answer(request.message, responseContent(outbound), wishes.blocks);
        return await deliver(peer, incoming, content, wishes.manner);
      }
      if (outbound.fault === 'silence') return incoming.ignore();
      // Plain CoAP knows no other farewell than to reject the message.
      if (options.identities === undefined) incoming.reset();
      end(peer, new LinkError('cut', 'the session was cut on purpose'));
    } catch (cause) {
      problem(peer, 'handler', `the handler failed, answered 5.00: ${errorText(cause)}`, cause);
      await deliver(peer, incoming, code('5.00'));
    }
  };

  const onRequest = (peer: Peer, incoming: Incoming): void => {
    const { message } = incoming;
    const refused = unacceptable(message.options);
    if (refused.length > 0) {
      // RFC 7252 5.4.1: a message that wants no confirmation is rejected in silence.
      if (message.type !== 'CON') return incoming.ignore();
      const numbers = refused.map(({ number }) => number).join(', ');
      return void deliver(peer, incoming, { ...code('4.02'), payload: new Uint8Array(Buffer.from(`critical option ${numbers}`)) });
    }
    if (message.options.some(({ number }) => PROXY.includes(number))) return void deliver(peer, incoming, code('5.05'));
    const step = peer.blocks.take(message);
    if (step.kind === 'silence') return incoming.ignore();
    if (step.kind === 'answer') {
      if (step.content.code === '4.13') problem(peer, 'tooLarge', `the body of a request is longer than ${limit} octets; answered 4.13`);
      return void deliver(peer, incoming, step.content);
    }
    carryOut(peer, incoming, step.request).catch(cause => problem(peer, 'handler', 'the answer could not be sent', cause));
  };

  const accept = (line: DatagramLine): void => {
    const peer: Peer = {
      id: ++accepted,
      line,
      exchanges: 0,
      serving: 0,
      blocks: blockServer({
        limit,
        blockSize: options.blockSize ?? LARGEST_BLOCK,
        transfers: 4,
        budget,
        lifetime: world.timing.exchangeLifetime.seconds,
        now: world.clock.now,
        ...(options.faults?.gaps ? { gaps: true } : {}),
      }),
      endpoint: coapEndpoint(line, world, {
        request: incoming => onRequest(peer, incoming),
        problem: ({ message }) => problem(peer, 'malformed', message),
        closed: why => {
          // A client that checks the certificate after the handshake shows its refusal in no other way.
          if (line.tls && peer.exchanges === 0 && peers.has(peer) && why.code === 'closed')
            reportFailure?.({
              remote: line.remote,
              serverName: line.tls.serverName,
              by: 'iut',
              reason: 'it closed the session after the handshake and sent no request',
              ...(line.tls.clientHello ? { clientHello: line.tls.clientHello } : {}),
            });
          peer.blocks.close();
          peers.delete(peer);
        },
        ...(options.faults?.repeats ? { repeats: true } : {}),
      }),
    };
    peers.add(peer);
    reportConnection?.(factsOf(peer));
  };

  const bound = await bindDatagrams(options.listen);
  const socket = options.sky === undefined ? bound : underWeather(bound, options.sky, world.clock);
  const maxPeers = options.maxPeers ?? 256;
  const identities = new Map(options.identities);
  const secure = async (): Promise<DtlsPeers> => {
    const { dtlsPeers } = await import('./dtls-server.js');
    return dtlsPeers(
      socket,
      {
        identities,
        maxPeers,
        offer: options.tls ?? {},
        handshakeTimeout: options.handshakeTimeout ?? { seconds: 30 },
        retransmit: world.timing.handshakeRetransmit,
        clock: world.clock,
        random: world.random,
        failed: why => reportFailure?.(why),
      },
      accept,
    );
  };
  const protectedLines = options.identities === undefined ? undefined : await secure();
  const lines: Peers = protectedLines ?? plainPeers(socket, { maxPeers }, accept);
  const dropAll = (why: LinkError) => {
    for (const peer of [...peers]) end(peer, why);
    lines.drop(why);
  };

  return {
    address: endpointText(socket.local),
    onFrame: handler => {
      answer = handler;
    },
    onHandshakeFailure: report => {
      reportFailure = report;
    },
    onConnection: report => {
      reportConnection = report;
    },
    present: async (serverName, identity, offer) => {
      protectedLines?.prepare(identity, offer);
      identities.set(serverName.toLowerCase(), identity);
      dropAll(new LinkError('closed', 'another identity is presented from now on'));
    },
    close: async () => {
      dropAll(new LinkError('closed', 'the listener was closed'));
      lines.close();
      await socket.close();
    },
  };
};
