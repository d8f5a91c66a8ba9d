/** One HTTP/1.1 exchange after the other over one connection that is already open. */
import { Readable } from 'node:stream';
import { Client as HttpClient } from 'undici';
import { type ConnectionFacts, LinkError, type Reply } from './adapter.js';
import { alertName, errorCode, errorText } from './tls.js';
import { abortReason, type Opened } from './tls-connect.js';

/** A request ready for the wire. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Announces that the connection closes after the answer, and closes it. */
  readonly last: boolean;
}

export interface HttpConnection {
  readonly facts: () => ConnectionFacts;
  /** Can carry another exchange. */
  readonly usable: () => boolean;
  /** The latest exchange got at least a status line. */
  readonly answered: () => boolean;
  readonly exchange: (request: HttpRequest, bodyLimit: number, signal: AbortSignal) => Promise<Reply>;
  /** Writes so many octets of the request (all of them when absent), then drops the connection; always rejects with `cut`. */
  readonly cut: (request: HttpRequest, after: number | undefined, signal: AbortSignal) => Promise<never>;
  readonly destroy: () => void;
}

const IDLE_MS = 3_600_000;
const CLOSED = new Set(['UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_INFO', 'ECONNRESET', 'EPIPE', 'ECONNABORTED']);

const failure = (error: unknown, remote: string, answered: boolean, partial: Uint8Array): LinkError => {
  if (error instanceof LinkError) return error;
  const code = errorCode(error);
  const options = { cause: error, partial };
  const alert = alertName(error);
  if (alert !== undefined) return new LinkError('handshake', `${remote} sent the TLS alert ${alert} in place of an answer`, options);
  if (CLOSED.has(code)) {
    const when = answered ? `after the status line and ${partial.length} octets of the body` : 'before it answered';
    return new LinkError('closed', `${remote} closed the connection ${when}`, options);
  }
  return new LinkError('protocol', `${remote} did not answer in HTTP/1.1: ${errorText(error)}${code ? ` (${code})` : ''}`, options);
};

const metaOf = (status: number, headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> => {
  const meta: Record<string, string> = { ':status': String(status) };
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) meta[name] = typeof value === 'string' ? value : value.join(', ');
  return meta;
};

const requestText = ({ method, path, headers, body, last }: HttpRequest): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join('')}connection: ${last ? 'close' : 'keep-alive'}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
};

/** Speaks HTTP/1.1 over an open connection. */
export const httpConnection = (id: number, opened: Opened): HttpConnection => {
  const { socket, remote, tls } = opened;
  let exchanges = 0;
  let answered = false;
  let given = false;
  let over = false;
  socket.once('close', () => {
    over = true;
  });
  // undici takes the listener away while a request runs; between requests an error must not end the process.
  socket.on('error', () => {});
  // The scheme is http because TLS is already spoken on the socket that is handed over; one client is one connection.
  const client = new HttpClient('http://iut', {
    connect: (_options, hand) => {
      if (given || socket.destroyed) return hand(Object.assign(new Error('the connection is gone'), { code: 'UND_ERR_SOCKET' }), null);
      given = true;
      // Handed over within the same call, undici would not look at its queue again.
      queueMicrotask(() => hand(null, socket));
    },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    pipelining: 1,
  });
  const destroy = () => {
    over = true;
    socket.destroy();
    client.destroy().catch(() => {});
  };
  const facts = (): ConnectionFacts => ({ id, remote, exchanges, ...(tls === undefined ? {} : { tls }) });

  const exchange: HttpConnection['exchange'] = (request, bodyLimit, signal) =>
    new Promise((resolve, reject) => {
      exchanges++;
      const chunks: Buffer[] = [];
      let size = 0;
      let meta: Record<string, string> | undefined;
      answered = false;
      const partial = () => Uint8Array.from(Buffer.concat(chunks));
      const end = () => signal.removeEventListener('abort', giveUp);
      const fail = (error: unknown) => {
        end();
        // First: what follows makes undici report the destruction as an error of its own.
        reject(failure(error, remote, answered, partial()));
        destroy();
      };
      const giveUp = () => {
        const reason = abortReason(signal, `the answer of ${remote}`);
        fail(
          size === 0
            ? reason
            : new LinkError(reason.code, `${reason.message}; ${size} octets of the body came`, { cause: reason, partial: partial() }),
        );
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp);
      const { 'transfer-encoding': coding, ...headers } = request.headers;
      const body = request.body.length > 0 ? request.body : null;
      try {
        client.dispatch(
          {
            method: request.method as 'POST',
            path: request.path,
            headers,
            // A body whose length undici cannot know goes in chunks.
            body: body && coding === 'chunked' ? Readable.from([body]) : body,
            reset: request.last,
          },
          {
            onRequestStart: () => {},
            onResponseStart: (_controller, status, headers) => {
              answered = true;
              if (status >= 200) meta = metaOf(status, headers);
            },
            onResponseData: (controller, chunk) => {
              chunks.push(chunk);
              size += chunk.length;
              if (size <= bodyLimit) return;
              const reason = new LinkError(
                'tooLarge',
                `the body of the answer of ${remote} is longer than ${bodyLimit} octets; reading stopped`,
                {
                  partial: partial().subarray(0, bodyLimit),
                },
              );
              controller.abort(reason);
              fail(reason);
            },
            onResponseEnd: () => {
              if (meta === undefined) return fail(new Error('the answer has no status'));
              end();
              if (request.last || /\bclose\b/i.test(meta.connection ?? '')) over = true;
              resolve({ meta, body: chunks.length === 1 && chunks[0] ? new Uint8Array(chunks[0]) : partial(), connection: facts() });
            },
            onResponseError: (_controller, error) => fail(error),
          },
        );
      } catch (error) {
        fail(error);
      }
    });

  const cut: HttpConnection['cut'] = (request, after, signal) =>
    new Promise((_resolve, reject) => {
      exchanges++;
      const octets = requestText(request).subarray(0, after);
      const drop = (error: LinkError) => {
        signal.removeEventListener('abort', giveUp);
        destroy();
        reject(error);
      };
      const giveUp = () => drop(abortReason(signal, `the request to ${remote}`));
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp);
      const done = (error?: Error | null) =>
        drop(
          error
            ? failure(error, remote, false, new Uint8Array())
            : new LinkError('cut', `the connection was cut after ${octets.length} octets of the request`),
        );
      if (octets.length === 0) done();
      else socket.write(octets, done);
    });

  return { facts, usable: () => !over && !socket.destroyed, answered: () => answered, exchange, cut, destroy };
};
