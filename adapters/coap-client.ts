import { isIP } from 'node:net';
import {
  type Client,
  type ConnectionFacts,
  type Duration,
  type ExchangeOptions,
  type Frame,
  LinkError,
  type Reply,
  type TlsOffer,
} from './adapter.js';
import { type Endpoint, endpointText } from './address.js';
import { type CoapEndpoint, coapEndpoint, type EndpointHandlers } from './coap-endpoint.js';
import { optionMeta, requestContent, requestWishes } from './coap-frame.js';
import { namedOption } from './coap-options.js';
import { STOPPED, type TransferFaults, type Transferred, transfer } from './coap-transfer.js';
import { type CoapProblem, type CoapWorldOptions, coapWorld } from './coap-world.js';
import { connectDatagrams, type DatagramLine } from './datagram.js';
import { plainLine } from './datagram-peers.js';
import { limited } from './deadline.js';
import type { DtlsOpener } from './dtls-client.js';
import { pinFrom } from './dtls-verify.js';
import { BODY_LIMIT } from './https-client.js';
import type { Sky } from './sky.js';
import { abortReason, type Judge } from './tls-connect.js';
import { underWeather } from './weather.js';

export interface CoapClientOptions extends CoapWorldOptions {
  /** `coaps:` or, for debugging, `coap:`; its path is used for requests that name none. */
  readonly url: string;
  /** Name for SNI, for Uri-Host and for the check of the certificate; the host of the URL when absent. */
  readonly serverName?: string;
  /** PEM texts of the trusted certificates, CAs or leaves. The public roots when neither these nor pins are given. */
  readonly trust?: readonly string[];
  /** SubjectPublicKeyInfo (DER) of the leaf, or of the certificate at the top of the chain shown: trusted instead of certificates. SGP.32 2.11.1.1.1 */
  readonly pins?: readonly Uint8Array[];
  /** Looks at the chain that a server shows (DER, leaf first) before anything is sent: a text refuses it and says why. */
  readonly inspect?: (chain: readonly Uint8Array[]) => string | undefined;
  /** Offer of every session; the offer of an exchange goes on top. `TLSv1.2` means DTLS 1.2, older ones DTLS 1.0. */
  readonly defaultTls?: TlsOffer;
  readonly keyLog?: (line: string) => void;
  readonly bodyLimit?: number;
  /** From the start of an exchange, handshake included, to the last octet of its answer; 30 s when absent. */
  readonly responseTimeout?: Duration;
  /** Octets of a block at most, 1024 when absent; smaller ones are announced to the server. */
  readonly blockSize?: number;
  /** The weather that every session is under. */
  readonly sky?: Sky;
  readonly onProblem?: (problem: CoapProblem) => void;
  /**
   * Judges the chain that a server shows (DER, leaf first) in place of trust, pins and `inspect`; `misnamed` says that the leaf
   * bears another name. A text refuses the server and says why.
   */
  readonly judge?: Judge;
  readonly faults?: CoapClientFaults;
}

/** Faults of a client that does not look: at the certificate, at what belongs to what, at what it puts together. */
export interface CoapClientFaults extends TransferFaults, Pick<EndpointHandlers, 'anyToken' | 'anyMessageId' | 'onlyPiggybacked'> {
  readonly anyCertificate?: boolean;
}

/** A line with what runs over it. */
interface Session {
  readonly id: number;
  readonly line: DatagramLine;
  readonly endpoint: CoapEndpoint;
  exchanges: number;
  /** Datagrams that came in, and when the latest came. */
  heard: number;
  heardAt: number;
  ended?: LinkError;
}

const endpointFaults = ({ anyToken = false, anyMessageId = false, onlyPiggybacked = false }: CoapClientFaults = {}) => ({
  anyToken,
  anyMessageId,
  onlyPiggybacked,
});

const LARGEST_BLOCK = 1024;
/** A session over which something came so short a time ago needs no look. */
const SURE: Duration = { seconds: 1 };

const metaOf = (done: Transferred): Record<string, string> => ({
  ':code': done.message.code,
  ':type': done.message.type,
  ':blocks': String(done.received),
  ...(done.receivedSize === undefined ? {} : { ':block-size': String(done.receivedSize) }),
  ':sent-blocks': String(done.sent),
  ...(done.sentSize === undefined ? {} : { ':sent-block-size': String(done.sentSize) }),
  ':repeated': String(done.repeated),
  ...optionMeta(done.message.options),
});

/** Calls a CoAP server. Keeps sessions and uses them again, each for one exchange at a time; answers of any code are replies. */
export const openCoapClient = (options: CoapClientOptions): Client => {
  const url = new URL(options.url);
  if (url.protocol !== 'coaps:' && url.protocol !== 'coap:') throw new TypeError(`expected a coaps: or coap: URL, got ${options.url}`);
  const isSecure = url.protocol === 'coaps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (isSecure ? 5684 : 5683) : Number(url.port);
  const name = options.serverName ?? host;
  const peer: Endpoint = { host, port };
  const timeout = options.responseTimeout ?? { seconds: 30 };
  const world = coapWorld(options);
  const pins = (options.pins ?? []).map(pinFrom);
  const idle = new Map<string, Session[]>();
  const all = new Set<Session>();
  let opener: DtlsOpener | undefined;
  let opened = 0;
  let closed = false;

  const openLine = async (offer: TlsOffer, signal: AbortSignal): Promise<DatagramLine> => {
    const { socket: plain, remote } = await connectDatagrams(peer, signal);
    const socket = options.sky === undefined ? plain : underWeather(plain, options.sky, world.clock);
    if (!isSecure) return plainLine(socket, remote);
    try {
      // Loaded with the first session: who speaks plain CoAP or none needs no OpenSSL.
      const { dtlsOpener } = await import('./dtls-client.js');
      opener ??= dtlsOpener({
        ...options,
        pins,
        clock: world.clock,
        retransmit: world.timing.handshakeRetransmit,
        ...(options.faults?.anyCertificate ? { anyCertificate: true } : {}),
      });
      return await opener.open(socket, remote, { ...offer, serverName: offer.serverName ?? name }, signal);
    } catch (error) {
      await socket.close();
      throw error;
    }
  };

  const end = (session: Session) => {
    all.delete(session);
    session.endpoint.close(session.ended ?? new LinkError('closed', `the session with ${session.line.remote} was ended`));
    session.line.close();
  };

  const open = async (offer: TlsOffer, signal: AbortSignal): Promise<Session> => {
    const line = await openLine(offer, signal);
    const counted: DatagramLine = {
      ...line,
      receive: handlers =>
        line.receive({
          ...handlers,
          datagram: octets => {
            session.heard++;
            session.heardAt = world.clock.now();
            handlers.datagram(octets);
          },
        }),
    };
    const session: Session = {
      id: ++opened,
      line,
      exchanges: 0,
      heard: 0,
      heardAt: world.clock.now(),
      endpoint: coapEndpoint(counted, world, {
        ...(options.onProblem ? { problem: options.onProblem } : {}),
        ...endpointFaults(options.faults),
        closed: why => {
          session.ended = why;
          all.delete(session);
        },
      }),
    };
    if (closed) {
      end(session);
      throw new LinkError('closed', 'the client was closed while it connected');
    }
    all.add(session);
    return session;
  };

  const factsOf = ({ id, line, exchanges }: Session): ConnectionFacts => ({
    id,
    remote: line.remote,
    exchanges,
    ...(line.tls ? { tls: line.tls } : {}),
  });

  const carry = async (session: Session, frame: Frame, exchange: ExchangeOptions, signal: AbortSignal): Promise<Reply> => {
    const wishes = requestWishes(frame);
    const path = frame.meta[':path'] ?? `${url.pathname}${url.search}`;
    const named = isIP(name) || frame.meta['uri-host'] !== undefined ? [] : [namedOption('uri-host', name)];
    const blockSize = wishes.blockSize ?? options.blockSize;
    const stopAfter = exchange.cut === 'afterRequest' ? Number.POSITIVE_INFINITY : exchange.cut;
    session.exchanges++;
    const request = requestContent({ ...frame, meta: { ...frame.meta, ':path': path } }, named);
    const done = await transfer(session.endpoint, session.line.remote, request, {
      manner: wishes.manner,
      blockSize: blockSize ?? LARGEST_BLOCK,
      announceBlockSize: blockSize !== undefined,
      limit: options.bodyLimit ?? BODY_LIMIT,
      signal,
      ...(wishes.skipBlock === undefined ? {} : { skipBlock: wishes.skipBlock }),
      ...(stopAfter === undefined ? {} : { stopAfter }),
      ...(options.faults ? { faults: options.faults } : {}),
    });
    if (done === STOPPED)
      throw new LinkError(
        'cut',
        `the session was cut ${exchange.cut === 'afterRequest' ? 'after the request' : `after ${exchange.cut} octets of the request`}`,
      );
    return { meta: metaOf(done), body: done.body, connection: factsOf(session) };
  };

  /** Over this session, which is kept when all went well. */
  const over = async (session: Session, key: string, frame: Frame, exchange: ExchangeOptions, signal: AbortSignal): Promise<Reply> => {
    try {
      const reply = await carry(session, frame, exchange, signal);
      const isKept = session.ended === undefined && !closed && exchange.connection !== 'new';
      if (!isKept) end(session);
      else if (idle.get(key)?.push(session) === undefined) idle.set(key, [session]);
      return reply;
    } catch (error) {
      end(session);
      if (error instanceof LinkError && signal.aborted && error.code !== 'cut') throw abortReason(signal, `the exchange with ${url.host}`);
      throw error;
    }
  };

  /** A server that was started anew has lost the session without a farewell: a request over it would never be answered. RFC 7252 4.3 */
  const isAlive = (session: Session, signal: AbortSignal): boolean | Promise<boolean> =>
    session.line.tls === undefined ||
    world.clock.now() - session.heardAt < SURE.seconds ||
    session.endpoint.ping({ seconds: 3 * world.timing.ackTimeout.seconds }, signal);

  const kept = async (key: string, signal: AbortSignal): Promise<Session | undefined> => {
    const list = idle.get(key) ?? [];
    for (let one = list.pop(); one !== undefined; one = list.pop()) {
      if (one.ended !== undefined) continue;
      if (await isAlive(one, signal)) return one;
      end(one);
    }
    return undefined;
  };

  const once = async (frame: Frame, exchange: ExchangeOptions, signal: AbortSignal): Promise<Reply> => {
    if (closed) throw new LinkError('closed', 'the client is closed');
    const offer: TlsOffer = { ...options.defaultTls, ...exchange.tls };
    const key = JSON.stringify(offer);
    const old = exchange.cut === undefined && exchange.connection !== 'new' ? await kept(key, signal) : undefined;
    if (old === undefined) return over(await open(offer, signal), key, frame, exchange, signal);
    const { heard } = old;
    try {
      return await over(old, key, frame, exchange, signal);
    } catch (error) {
      // Either end may forget a kept session at any time; only then is the request sent again, and the reply says so.
      if (old.ended === undefined || old.ended !== error || old.heard !== heard || closed) throw error;
    }
    const reply = await over(await open(offer, signal), key, frame, exchange, signal);
    return { ...reply, connection: { ...reply.connection, resent: true } };
  };

  return {
    address: options.url,
    exchange: async (frame, exchange) => {
      const limit = limited(exchange.signal, timeout, `the exchange with ${endpointText(peer)}`);
      try {
        return await once(frame, exchange, limit.signal);
      } finally {
        limit.end();
      }
    },
    ...(isSecure
      ? {
          handshake: async (exchange: ExchangeOptions) => {
            const limit = limited(exchange.signal, timeout, `the handshake with ${endpointText(peer)}`);
            try {
              if (closed) throw new LinkError('closed', 'the client is closed');
              const session = await open({ ...options.defaultTls, ...exchange.tls }, limit.signal);
              end(session);
              return factsOf(session);
            } finally {
              limit.end();
            }
          },
        }
      : {}),
    close: async () => {
      closed = true;
      idle.clear();
      for (const session of [...all]) end(session);
      opener?.close();
    },
  };
};
