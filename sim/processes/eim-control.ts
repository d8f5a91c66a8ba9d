/** The control API of the reference eIM: what its operator may ask for, as JSON over plain HTTP. docs/reference-eim.md */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { type Eim, OrderError } from '../roles/eim/index.js';
import type { EuiccRecord, Order } from '../roles/eim/state.js';

/** An answer: status and JSON body. */
interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** A control API that listens. */
export interface Control {
  /** host:port. */
  readonly address: string;
  close(): Promise<void>;
}

/** Longest request body in octets; certificates and EUICCInfo2 of one eUICC take a few thousand. */
const BODY_LIMIT = 256 * 1024;
const NOT_FOUND: Reply = { status: 404, body: { error: 'not found' } };

const viewOf = (record: EuiccRecord) => ({
  eid: record.eid,
  associated: record.associated,
  profiles: record.view.profiles,
  eims: record.view.eims,
  defaultSmdpAddress: record.view.defaultSmdpAddress,
  rootSmdsAddress: record.view.rootSmdsAddress,
  stale: record.stale,
  staleCause: record.staleCause,
  capabilities: record.data.ipaFeatures,
  associationToken: record.associationToken,
  counter: record.counter,
});
const orderOf = ({ id, eid, state, cause, operations }: Order) => ({ order: id, eid, state, cause, operations });

/** Without an eUICC: what holds before any association. */
const describeEim = (eim: Eim, eid: string): Reply => {
  const record = eim.euicc(eid);
  if (eid !== '' && !record) return NOT_FOUND;
  const key = record?.signingKey ?? eim.config.signingKey;
  return {
    status: 200,
    body: {
      eimId: eim.config.eimId,
      fqdn: eim.config.eimFqdn,
      publicKey: hex(subjectPublicKeyInfo(key)),
      eimConfigurationData: hex(eim.exportData(record)),
    },
  };
};

type Route = (eim: Eim, id: string, body: Readonly<Record<string, unknown>>, query: URLSearchParams) => Reply;
const withEuicc =
  (use: (eim: Eim, record: EuiccRecord, body: Readonly<Record<string, unknown>>) => Reply): Route =>
  (eim, eid, body) => {
    const record = eim.euicc(eid);
    return record ? use(eim, record, body) : NOT_FOUND;
  };

const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
  ['GET', /^\/eim$/, (eim, _id, _body, query) => describeEim(eim, query.get('eid') ?? '')],
  ['POST', /^\/euiccs$/, (eim, _id, body) => ({ status: 201, body: { eid: eim.register(body).eid } })],
  ['GET', /^\/euiccs\/([^/]+)$/, withEuicc((_eim, record) => ({ status: 200, body: viewOf(record) }))],
  ['DELETE', /^\/euiccs\/([^/]+)$/, (eim, eid) => (eim.forget(eid) ? { status: 204 } : NOT_FOUND)],
  [
    'POST',
    /^\/euiccs\/([^/]+)\/orders$/,
    withEuicc((eim, record, body) => {
      const { order, newKey } = eim.take(record, body);
      return { status: 202, body: { ...orderOf(order), ...(newKey ? { publicKey: hex(subjectPublicKeyInfo(newKey)) } : {}) } };
    }),
  ],
  [
    'GET',
    /^\/orders\/([^/]+)$/,
    (eim, id) => {
      const order = eim.order(id);
      return order ? { status: 200, body: orderOf(order) } : NOT_FOUND;
    },
  ],
];

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

const answer = (eim: Eim, method: string, url: URL, octets: Uint8Array): Reply => {
  const matching = ROUTES.filter(([, path]) => path.test(url.pathname));
  const [found] = matching.filter(([m]) => m === method);
  if (!found) return matching.length > 0 ? { status: 405, body: { error: `${method} is not possible here` } } : NOT_FOUND;
  const body = parseObject(octets);
  if (!body) return { status: 400, body: { error: 'expected a JSON object as body' } };
  const [, path, route] = found;
  try {
    return route(eim, decodeURIComponent(path.exec(url.pathname)?.[1] ?? ''), body, url.searchParams);
  } catch (cause) {
    if (cause instanceof OrderError || cause instanceof URIError) return { status: 400, body: { error: cause.message } };
    throw cause;
  }
};

const serve = async (eim: Eim, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const octets = await readBody(request);
  const target = request.url ?? '/';
  const url = URL.canParse(target, 'http://control') ? new URL(target, 'http://control') : undefined;
  const reply = !octets
    ? { status: 413, body: { error: `the body is longer than ${BODY_LIMIT} octets` } }
    : url
      ? answer(eim, request.method ?? '', url, octets)
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

/** Opens the control API of an eIM. */
export const openControl = async (eim: Eim, listen: string, report: (problem: string) => void): Promise<Control> => {
  const server = createServer((request, response) => {
    serve(eim, request, response).catch((cause: unknown) => {
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
