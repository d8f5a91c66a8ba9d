import { isIP } from 'node:net';
import { type Client, type Duration, type ExchangeOptions, type Frame, LinkError, type Reply, type TlsOffer } from './adapter.js';
import type { Endpoint } from './address.js';
import { limited } from './deadline.js';
import type { HttpConnection, HttpRequest } from './http-connection.js';
import { clientContext, errorText } from './tls.js';
import { type Judge, type Opened, openConnection, type Target } from './tls-connect.js';

export interface HttpsClientOptions {
  /** `https:` or, for debugging, `http:`; its path is used for requests that name none. */
  readonly url: string;
  /** Name for SNI, for the Host field and for the check of the certificate; the host of the URL when absent. */
  readonly serverName?: string;
  /** Where to connect in place of the URL's host and port, e.g. to a relay. */
  readonly via?: Endpoint;
  /** PEM texts of the trusted certificates, CAs or leaves; the public roots when empty. There is no way to turn the check off. */
  readonly trust?: readonly string[];
  /**
   * Judges the chain that a server shows (DER, leaf first) in place of the usual check, e.g. where a key is trusted and no
   * certificate; `misnamed` says that the leaf bears another name. A text refuses the server and says why.
   */
  readonly judge?: Judge;
  /** Looks at the trusted chain that a server shows (DER, leaf first) before anything is sent: a text refuses it and says why. */
  readonly inspect?: (chain: readonly Uint8Array[]) => string | undefined;
  /** Offer of every connection; the offer of an exchange goes on top. */
  readonly defaultTls?: TlsOffer;
  /** Receives each TLS key log line (NSS format). */
  readonly keyLog?: (line: string) => void;
  /** Octets of an answer's body, 2 MiB when absent. */
  readonly bodyLimit?: number;
  /** From the start of an exchange, connecting included, to the last octet of its answer; 30 s when absent. */
  readonly responseTimeout?: Duration;
}

/** Octets of a body that are read at most when nothing else is said. */
export const BODY_LIMIT = 2 * 1024 * 1024;

const isDefaultPort = (url: URL): boolean => url.port === '';

const offered = (trust: readonly string[], offer: TlsOffer) => {
  try {
    return clientContext(trust, offer);
  } catch (cause) {
    throw new LinkError('handshake', `the TLS offer cannot be made: ${errorText(cause)}`, { cause });
  }
};

/** Calls an HTTPS server. Keeps connections and uses them again; answers of any status, redirects included, are replies. */
export const openHttpsClient = (options: HttpsClientOptions): Client => {
  const url = new URL(options.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError(`expected an https: or http: URL, got ${options.url}`);
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = isDefaultPort(url) ? (isTls ? 443 : 80) : Number(url.port);
  const name = options.serverName ?? host;
  const authority = `${isIP(name) === 6 ? `[${name}]` : name}${isDefaultPort(url) ? '' : `:${port}`}`;
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT;
  const timeout = options.responseTimeout ?? { seconds: 30 };
  const contexts = new Map<string, ReturnType<typeof clientContext>>();
  const idle = new Map<string, HttpConnection[]>();
  const all = new Set<HttpConnection>();
  let latestSession: Buffer | undefined;
  let opened = 0;
  let closed = false;

  const offerOf = (exchange: ExchangeOptions): TlsOffer => ({ ...options.defaultTls, ...exchange.tls });

  const targetFor = (offer: TlsOffer, key: string): Target => {
    const place = options.via ?? { host, port };
    if (!isTls) return place;
    const context = contexts.get(key) ?? offered(options.trust ?? [], offer);
    contexts.set(key, context);
    return {
      ...place,
      tls: {
        context,
        serverName: offer.serverName ?? name,
        probe: offer.probe === true,
        ...(options.inspect ? { inspect: options.inspect } : {}),
        ...(options.judge ? { judge: options.judge } : {}),
        ...(offer.resume && latestSession ? { session: latestSession } : {}),
        ...(options.keyLog ? { onKeyLog: options.keyLog } : {}),
        onSession: session => {
          latestSession = session;
        },
      },
    };
  };

  const open = async (offer: TlsOffer, key: string, signal: AbortSignal): Promise<{ connection: HttpConnection; line: Opened }> => {
    // Loaded with the first connection: a process that only might call pays nothing for it when it starts.
    const [line, { httpConnection }] = await Promise.all([openConnection(targetFor(offer, key), signal), import('./http-connection.js')]);
    const connection = httpConnection(++opened, line);
    if (closed) {
      connection.destroy();
      throw new LinkError('closed', 'the client was closed while it connected');
    }
    all.add(connection);
    line.socket.once('close', () => all.delete(connection));
    return { connection, line };
  };

  const kept = (key: string): HttpConnection | undefined => {
    const list = idle.get(key) ?? [];
    for (let one = list.pop(); one !== undefined; one = list.pop()) if (one.usable()) return one;
    return undefined;
  };

  const keep = (key: string, connection: HttpConnection) => {
    if (!connection.usable() || closed) return connection.destroy();
    const list = idle.get(key);
    if (list) list.push(connection);
    else idle.set(key, [connection]);
  };

  const httpRequest = (frame: Frame, last: boolean): HttpRequest => {
    const headers: Record<string, string> = { host: authority };
    for (const [key, value] of Object.entries(frame.meta)) if (!key.startsWith(':') && key !== 'content-length') headers[key] = value;
    return {
      method: frame.meta[':method'] ?? 'POST',
      path: frame.meta[':path'] ?? `${url.pathname}${url.search}`,
      headers,
      body: frame.body,
      last,
    };
  };

  /** Without a wait in between when a connection is kept; a kept one that turns out to be dead is replaced once. */
  const overKept = async (request: HttpRequest, offer: TlsOffer, key: string, signal: AbortSignal): Promise<Reply> => {
    const old = kept(key);
    if (old !== undefined) {
      try {
        const reply = await old.exchange(request, bodyLimit, signal);
        keep(key, old);
        return reply;
      } catch (error) {
        // Both ends may close a kept connection at any time; only then is the request sent again, and the reply says so.
        if (!(error instanceof LinkError && error.code === 'closed') || old.answered() || closed) throw error;
      }
    }
    const { connection } = await open(offer, key, signal);
    const reply = await connection.exchange(request, bodyLimit, signal);
    keep(key, connection);
    return old === undefined ? reply : { ...reply, connection: { ...reply.connection, resent: true } };
  };

  const once = async (frame: Frame, exchange: ExchangeOptions, signal: AbortSignal): Promise<Reply> => {
    const offer = offerOf(exchange);
    const key = JSON.stringify(offer);
    if (closed) throw new LinkError('closed', 'the client is closed');
    if (exchange.cut === undefined && exchange.connection !== 'new') return overKept(httpRequest(frame, false), offer, key, signal);
    const { connection } = await open(offer, key, signal);
    try {
      if (exchange.cut === undefined) return await connection.exchange(httpRequest(frame, true), bodyLimit, signal);
      return await connection.cut(httpRequest(frame, false), exchange.cut === 'afterRequest' ? undefined : exchange.cut, signal);
    } finally {
      connection.destroy();
    }
  };

  return {
    address: options.url,
    exchange: async (frame, exchange) => {
      const limit = limited(exchange.signal, timeout, `the exchange with ${url.host}`);
      try {
        return await once(frame, exchange, limit.signal);
      } finally {
        limit.end();
      }
    },
    handshake: async exchange => {
      const limit = limited(exchange.signal, timeout, `the handshake with ${url.host}`);
      try {
        const offer: TlsOffer = { ...offerOf(exchange), probe: true };
        const { connection, line } = await open(offer, JSON.stringify(offer), limit.signal);
        line.socket.end();
        connection.destroy();
        return connection.facts();
      } finally {
        limit.end();
      }
    },
    close: async () => {
      closed = true;
      const open = [...all];
      idle.clear();
      all.clear();
      for (const connection of open) connection.destroy();
    },
  };
};
