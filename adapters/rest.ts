import type { Agent } from 'undici';
import { type Duration, OperatorError } from './adapter.js';
import { BODY_LIMIT } from './https-client.js';
import { errorCode, errorText } from './tls.js';

export interface RestRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; wins over `body`. */
  readonly json?: unknown;
  readonly body?: string;
  readonly timeout: Duration;
  readonly signal: AbortSignal;
}

/** Any answer, redirects and errors included. */
export interface RestAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body, when it is JSON. */
  readonly json?: unknown;
}

export interface Rest {
  readonly perform: (request: RestRequest) => Promise<RestAnswer>;
  readonly close: () => Promise<void>;
}

const parse = (text: string): { json?: unknown } => {
  if (!/^\s*[[{"\-\dtfn]/.test(text)) return {};
  try {
    return { json: JSON.parse(text) };
  } catch {
    return {};
  }
};

const textOf = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > BODY_LIMIT) throw new OperatorError('unexpected', `the answer is longer than ${BODY_LIMIT} octets`);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));

/** Calls the REST API by which an IUT is operated. `trust`: PEM texts for HTTPS, the public roots when empty. Connections are kept. */
export const openRest = (trust: readonly string[] = []): Rest => {
  let agent: Agent | undefined;
  // Loaded with the first act, so that starting a run does not wait for it.
  const http = async () => {
    const { Agent, request } = await import('undici');
    agent ??= new Agent({ connections: 16, connect: trust.length > 0 ? { ca: [...trust] } : {} });
    return { request, dispatcher: agent };
  };
  return {
    perform: async ({ method, url, headers, json, body, timeout, signal }) => {
      const own = new AbortController();
      const follow = () => own.abort(signal.reason);
      if (signal.aborted) follow();
      else signal.addEventListener('abort', follow);
      const timer = setTimeout(
        () => own.abort(new OperatorError('timeout', `${method} ${url} was not answered within ${timeout.seconds} s`)),
        timeout.seconds * 1000,
      );
      const content = json === undefined ? body : JSON.stringify(json);
      const type = json === undefined ? {} : { 'content-type': 'application/json' };
      try {
        const { request, dispatcher } = await http();
        const answer = await request(url, {
          dispatcher,
          method: method as 'POST',
          headers: { accept: '*/*', ...type, ...headers },
          ...(content === undefined ? {} : { body: content }),
          signal: own.signal,
          headersTimeout: 0,
          bodyTimeout: 0,
        });
        const text = await textOf(answer.body);
        return { status: answer.statusCode, headers: flat(answer.headers), text, ...parse(text) };
      } catch (cause) {
        if (cause instanceof OperatorError) throw cause;
        if (own.signal.aborted)
          throw new OperatorError('timeout', `${method} ${url} was given up: ${errorText(own.signal.reason)}`, { cause });
        const code = errorCode(cause);
        throw new OperatorError('unreachable', `${method} ${url} failed: ${errorText(cause) || code}`, { cause });
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', follow);
      }
    },
    close: async () => agent?.destroy(),
  };
};
