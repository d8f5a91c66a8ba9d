/** Control APIs of the reference implementations: JSON over plain HTTP, for their operators. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An answer: status and JSON body. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** What an operator asks for. */
export interface ControlCall {
  /** What the first group of the path matched, decoded; empty when it has none. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly query: URLSearchParams;
}

/** What is done for which method and path. */
export type Route = readonly [method: string, path: RegExp, answer: (call: ControlCall) => Reply | Promise<Reply>];

/** A control API that listens. */
export interface Control {
  /** host:port. */
  readonly address: string;
  close(): Promise<void>;
}

/** What a control API is made of. */
export interface ControlOptions {
  readonly routes: readonly Route[];
  /** Whether an error of a route is the operator's mistake: answered with 400 and its message. */
  isMistake(cause: unknown): boolean;
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly report: (problem: string) => void;
}

/** Longest request body in octets; certificates and EUICCInfo2 of one eUICC take a few thousand. */
const BODY_LIMIT = 256 * 1024;
/** The answer for what does not exist. */
export const NOT_FOUND: Reply = { status: 404, body: { error: 'not found' } };

const readBody = async (request: IncomingMessage): Promise<Uint8Array | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const octets = Buffer.from(chunk);
    size += octets.length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(octets);
  }
  return Buffer.concat(chunks);
};

const parseObject = (octets: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  if (octets.length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(octets).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

const answer = async ({ routes, isMistake }: ControlOptions, method: string, url: URL, octets: Uint8Array): Promise<Reply> => {
  const matching = routes.filter(([, path]) => path.test(url.pathname));
  const [found] = matching.filter(([m]) => m === method);
  if (!found) return matching.length > 0 ? { status: 405, body: { error: `${method} is not possible here` } } : NOT_FOUND;
  const body = parseObject(octets);
  if (!body) return { status: 400, body: { error: 'expected a JSON object as body' } };
  const [, path, route] = found;
  try {
    return await route({ id: decodeURIComponent(path.exec(url.pathname)?.[1] ?? ''), body, query: url.searchParams });
  } catch (cause) {
    if (cause instanceof URIError || (cause instanceof Error && isMistake(cause))) return { status: 400, body: { error: cause.message } };
    throw cause;
  }
};

const serve = async (options: ControlOptions, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const octets = await readBody(request);
  const target = request.url ?? '/';
  const url = URL.canParse(target, 'http://control') ? new URL(target, 'http://control') : undefined;
  const reply = !octets
    ? { status: 413, body: { error: `the body is longer than ${BODY_LIMIT} octets` } }
    : url
      ? await answer(options, request.method ?? '', url, octets)
      : NOT_FOUND;
  response.writeHead(reply.status, reply.body === undefined ? {} : { 'content-type': 'application/json' });
  response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
};

const bind = (server: Server, listen: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const at = listen.lastIndexOf(':');
    server.once('error', reject);
    server.listen(Number(listen.slice(at + 1)), listen.slice(0, at), () => {
      const bound = server.address();
      resolve(`${listen.slice(0, at)}:${typeof bound === 'object' && bound ? bound.port : ''}`);
    });
  });

/** Opens a control API. */
export const openControl = async (options: ControlOptions): Promise<Control> => {
  const { listen, report } = options;
  const server = createServer((request, response) => {
    serve(options, request, response).catch((cause: unknown) => {
      report(`control: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const address = await bind(server, listen);
  return {
    address,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
