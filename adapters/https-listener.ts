import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import {
  type ClientHello,
  type ConnectionFacts,
  type Duration,
  type HandshakeFailure,
  type Inbound,
  LinkError,
  type Listener,
  type Outbound,
  type TlsFacts,
  type TlsIdentity,
  type TlsOffer,
} from './adapter.js';
import { endpointText, parseAddress } from './address.js';
import { BODY_LIMIT } from './https-client.js';
import { errorCode, errorText, isBrainpool, serverContext } from './tls.js';
import { acceptTls, firstOctets, refuseName } from './tls-accept.js';
import { remoteOf } from './tls-connect.js';

/** What happened on a connection that is no frame and no handshake failure. */
export interface ListenerProblem {
  /** `handler`: our own code failed; the others are the peer's doing. */
  readonly kind: 'handler' | 'tooLarge' | 'malformed' | 'aborted' | 'slow';
  readonly message: string;
  readonly connection: ConnectionFacts;
  readonly cause?: unknown;
}

export interface HttpsListenerOptions {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  /** What is presented, by server name (lower case), `*` for any other or none. Absent: plain HTTP, for debugging. */
  readonly identities?: ReadonlyMap<string, TlsIdentity>;
  readonly tls?: TlsOffer;
  readonly bodyLimit?: number;
  readonly maxConnections?: number;
  /** For the handshake, for a request to become complete, and for the pause between two requests: 10 s, 30 s, 300 s when absent. */
  readonly handshakeTimeout?: Duration;
  readonly requestTimeout?: Duration;
  readonly idleTimeout?: Duration;
  readonly onProblem?: (problem: ListenerProblem) => void;
}

interface Line {
  readonly id: number;
  readonly socket: Socket;
  readonly remote: string;
  exchanges: number;
  /** A request has begun and its body is not complete yet. */
  reading?: boolean;
  /** The connection as HTTP sees it, once the handshake is done. */
  stream?: Socket;
  tls?: TlsFacts;
  clientHello?: ClientHello;
  timer?: NodeJS.Timeout;
}

const bind = (server: Server, listen: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { host, port } = parseAddress(listen);
    server.once('error', cause => reject(new LinkError('unreachable', `cannot listen on ${listen}: ${cause.message}`, { cause })));
    server.listen(port, host, () => {
      const bound = server.address();
      resolve(endpointText({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port }));
    });
  });

const metaOf = (request: IncomingMessage): Record<string, string> => {
  const meta: Record<string, string> = { ':method': request.method ?? '', ':path': request.url ?? '' };
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) meta[name] = typeof value === 'string' ? value : value.join(', ');
  return meta;
};

/** The body, `tooLarge` beyond the limit, `aborted` when the peer went away before its end. */
const readBody = (request: IncomingMessage, limit: number): Promise<Uint8Array | 'tooLarge' | 'aborted'> =>
  new Promise(resolve => {
    const chunks: Buffer[] = [];
    let size = 0;
    if (Number(request.headers['content-length'] ?? 0) > limit) return resolve('tooLarge');
    request.on('data', chunk => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        request.removeAllListeners('data');
        resolve('tooLarge');
      }
    });
    request.once('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
    request.once('close', () => resolve('aborted'));
    request.once('error', () => resolve('aborted'));
  });

const send = (response: ServerResponse, meta: Readonly<Record<string, string>>, body: Uint8Array): void => {
  const status = Number(meta[':status'] ?? 200);
  for (const [name, value] of Object.entries(meta)) if (!name.startsWith(':') && name !== 'content-length') response.setHeader(name, value);
  const hasBody = status !== 204 && status !== 304;
  const isChunked = meta['transfer-encoding'] === 'chunked';
  if (hasBody && !isChunked) response.setHeader('content-length', body.length);
  response.writeHead(status);
  // Two chunks, so that a reader that takes the first one for the whole is found out.
  if (hasBody && isChunked && body.length > 1) response.write(body.subarray(0, 1));
  response.end(hasBody ? body.subarray(isChunked && body.length > 1 ? 1 : 0) : undefined);
};

/** Lets an HTTPS client call us: one answer per request, from the handler that `onFrame` was given; 503 while there is none. */
export const openHttpsListener = async (options: HttpsListenerOptions): Promise<Listener> => {
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT;
  const milliseconds = (duration: Duration | undefined, seconds: number) => (duration?.seconds ?? seconds) * 1000;
  const handshakeTime = milliseconds(options.handshakeTimeout, 10);
  const requestTime = milliseconds(options.requestTimeout, 30);
  const idleTime = milliseconds(options.idleTimeout, 300);
  const identities = new Map(options.identities);
  const contexts = new WeakMap<TlsIdentity, SecureContext>();
  const lines = new Map<Socket, Line>();
  let accepted = 0;
  let answer: ((frame: Inbound) => Promise<Outbound>) | undefined;
  let reportFailure: ((why: HandshakeFailure) => void) | undefined;
  let reportConnection: ((facts: ConnectionFacts) => void) | undefined;

  const factsOf = ({ id, remote, exchanges, tls }: Line): ConnectionFacts => ({ id, remote, exchanges, ...(tls ? { tls } : {}) });
  const problem = (line: Line, kind: ListenerProblem['kind'], message: string, cause?: unknown) =>
    options.onProblem?.({ kind, message, connection: factsOf(line), ...(cause === undefined ? {} : { cause }) });
  const failed = (line: Line, by: HandshakeFailure['by'], reason: string) =>
    reportFailure?.({
      remote: line.remote,
      serverName: line.clientHello?.serverName ?? '',
      by,
      reason,
      ...(line.clientHello ? { clientHello: line.clientHello } : {}),
    });

  const contextOf = (identity: TlsIdentity, offer?: TlsOffer): SecureContext => {
    const known = contexts.get(identity);
    if (known && !offer) return known;
    // TLS 1.3 has no brainpool signatures before OpenSSL 3.2, and an OpenSSL server does not look for that before it chooses the version.
    const made = serverContext(identity, {
      ...(isBrainpool(identity) ? { maxVersion: 'TLSv1.2' as const } : {}),
      ...options.tls,
      ...offer,
    });
    contexts.set(identity, made);
    return made;
  };
  for (const identity of identities.values()) contextOf(identity);

  const drop = (line: Line) => {
    clearTimeout(line.timer);
    lines.delete(line.socket);
    line.stream?.destroy();
    line.socket.destroy();
  };
  const allow = (line: Line, time: number, late: () => void) => {
    clearTimeout(line.timer);
    line.timer = setTimeout(() => {
      late();
      drop(line);
    }, time);
    line.timer.unref();
  };

  const respond = async (line: Line, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    line.exchanges++;
    allow(line, requestTime, () => problem(line, 'slow', `the request was not complete within ${requestTime / 1000} s`));
    line.reading = true;
    const body = await readBody(request, bodyLimit);
    line.reading = false;
    clearTimeout(line.timer);
    // What we dropped ourselves is no deed of the other side.
    if (body === 'aborted')
      return lines.has(line.socket) ? problem(line, 'aborted', `${line.remote} went away in the middle of a request`) : undefined;
    if (body === 'tooLarge') {
      problem(line, 'tooLarge', `the body of a request is longer than ${bodyLimit} octets; answered 413`);
      // What is still coming is not read; the connection ends with the answer.
      response.once('finish', () => drop(line));
      return send(response, { ':status': '413', connection: 'close' }, new Uint8Array());
    }
    if (answer === undefined) return send(response, { ':status': '503' }, new Uint8Array());
    const caller = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) caller.abort(new LinkError('closed', `${line.remote} went away before it was answered`));
    });
    let outbound: Outbound;
    try {
      outbound = await answer({ meta: metaOf(request), body, connection: factsOf(line), signal: caller.signal });
      if (response.destroyed) return;
      if ('meta' in outbound) {
        allow(line, idleTime + requestTime, () => {});
        return send(response, outbound.meta, outbound.body);
      }
    } catch (cause) {
      problem(line, 'handler', `the handler failed, answered 500: ${errorText(cause)}`, cause);
      if (response.headersSent || response.destroyed) return drop(line);
      return send(response, { ':status': '500' }, new Uint8Array());
    }
    if (outbound.fault === 'cut') drop(line);
  };

  const byStream = new WeakMap<Socket, Line>();
  const http = createHttpServer({ keepAliveTimeout: idleTime, noDelay: true }, (request, response) => {
    const line = byStream.get(request.socket);
    if (line === undefined) return void request.socket.destroy();
    response.on('error', () => {});
    respond(line, request, response).catch(cause => {
      problem(line, 'handler', 'the answer could not be sent', cause);
      drop(line);
    });
  });
  // Deadlines are kept per connection above: those of the HTTP server work only when it listens itself.
  http.timeout = 0;
  http.on('clientError', (cause, stream) => {
    const line = byStream.get(stream as Socket);
    const code = errorCode(cause);
    if (line?.reading || code === 'ECONNRESET') return void stream.destroy();
    if (line && code === 'HPE_INVALID_EOF_STATE') problem(line, 'aborted', `${line.remote} went away in the middle of a request`, cause);
    else if (line) problem(line, 'malformed', `${line.remote} sent no HTTP/1.1: ${cause.message}`, cause);
    stream.destroy();
  });

  const serve = (line: Line, stream: Socket) => {
    line.stream = stream;
    byStream.set(stream, line);
    reportConnection?.(factsOf(line));
    allow(line, idleTime, () => {});
    http.emit('connection', stream);
  };

  const secure = async (line: Line): Promise<void> => {
    allow(line, handshakeTime, () => failed(line, 'iut', `the handshake did not end within ${handshakeTime / 1000} s`));
    const hello = await firstOctets(line.socket);
    if (hello !== undefined) line.clientHello = hello;
    if (line.socket.destroyed) {
      if (lines.has(line.socket)) failed(line, 'iut', 'it closed the connection before the handshake');
      return;
    }
    const name = hello?.serverName.toLowerCase() ?? '';
    const identity = identities.get(name) ?? identities.get('*');
    if (identity === undefined) {
      refuseName(line.socket);
      clearTimeout(line.timer);
      return failed(
        line,
        'harness',
        name ? `no identity for the server name ${name}` : 'no identity for a client that sends no server name',
      );
    }
    const done = await acceptTls(line.socket, contextOf(identity));
    clearTimeout(line.timer);
    if ('reason' in done) {
      // What we dropped ourselves was told where it was dropped, or is nobody's failure.
      if (!lines.has(line.socket)) return;
      drop(line);
      return failed(line, done.by, done.reason);
    }
    line.tls = { ...done.facts, serverName: name, ...(hello ? { clientHello: hello } : {}) };
    // A client that checks the certificate after the handshake shows its refusal in no other way.
    done.stream.once('close', () => {
      if (line.exchanges === 0 && lines.has(line.socket))
        failed(line, 'iut', 'it closed the connection after the handshake and sent no request');
    });
    serve(line, done.stream);
  };

  const server = createServer({ noDelay: true }, socket => {
    const line: Line = { id: ++accepted, socket, remote: remoteOf(socket), exchanges: 0 };
    socket.on('error', () => {});
    if (lines.size >= (options.maxConnections ?? 256)) {
      socket.destroy();
      return failed(line, 'harness', `more than ${lines.size} connections at a time`);
    }
    lines.set(socket, line);
    socket.once('close', () => {
      clearTimeout(line.timer);
      // After the listeners of the stream above, which ask whether the line was dropped by us.
      setImmediate(() => lines.delete(socket));
    });
    if (options.identities === undefined) return serve(line, socket);
    secure(line).catch(cause => {
      drop(line);
      problem(line, 'handler', 'the connection could not be served', cause);
    });
  });
  const address = await bind(server, options.listen);

  return {
    address,
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
      contextOf(identity, offer);
      identities.set(serverName.toLowerCase(), identity);
      for (const line of [...lines.values()]) drop(line);
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const line of [...lines.values()]) drop(line);
        http.close();
      }),
  };
};
