/** SM-DP+ and SM-DS reached over HTTPS, JSON binding: the way of the reference eIM and the reference IPA to their servers. SGP.22 6.2, 6.5 */
import type { Spec } from '#protocol/asn1/type.js';
import type { Client, Frame, TlsOffer } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import type { Judge } from '../../adapters/tls-connect.js';
import { es9plusClient } from '../bindings/es9plus-http.js';
import { es11Client } from '../bindings/es11-http.js';
import { ES9PLUS, ES11 } from '../bindings/rsp-functions.js';
import type { RspAnswer, RspInterface, RspServers } from '../roles/eim/rsp-servers.js';

/** How servers are found and trusted. */
export interface RspHttpsOptions {
  readonly spec: Spec;
  /** host[:port] of an address → host:port to connect to; names of a lab are in no DNS. */
  readonly resolve: ReadonlyMap<string, string>;
  /** PEM texts of the CI certificates. */
  readonly trust: readonly string[];
  /** Judges the chain (DER, leaf first) that a server of an interface shows: a text refuses it and says why. */
  readonly inspect?: (rspInterface: RspInterface, chain: readonly Uint8Array[]) => string | undefined;
  /** Judges the chain of a server in place of `trust` and `inspect`. */
  readonly judge?: (rspInterface: RspInterface) => Judge;
  /** Whether the connection is kept after a call; kept when absent. */
  readonly connection?: () => 'keep' | 'new';
  /** Value of User-Agent; that of an LPA when absent. */
  readonly userAgent?: string;
  /** Of every handshake with a server. */
  readonly offer?: TlsOffer;
  /** Changes requests on their way out. */
  readonly edit?: (request: Frame) => Frame;
  /** Told of every call that led to no answer. */
  readonly report?: (problem: string) => void;
}

/** Clients that stay connected; closed together. */
export interface RspHttps extends RspServers {
  close(): Promise<void>;
}

const RESPONSE_TIME = { seconds: 20 };

/** Opens the way to RSP servers; connections are made on demand and kept. */
export const openRspHttps = ({
  spec,
  resolve,
  trust,
  inspect,
  judge,
  connection = () => 'keep',
  userAgent,
  offer = {},
  edit = frame => frame,
  report = () => undefined,
}: RspHttpsOptions): RspHttps => {
  const clients = new Map<string, Client>();
  const closing = new AbortController();
  const http = { spec, ...(userAgent !== undefined && { userAgent }) };
  const rules = { 'ES9+': { of: ES9PLUS, binding: es9plusClient(http) }, ES11: { of: ES11, binding: es11Client(http) } } as const;

  const clientTo = (rspInterface: RspInterface, address: string): Client => {
    // ES9+ and ES11 may share a name in a lab and still be different servers.
    const key = `${rspInterface} ${address.toLowerCase()}`;
    const known = clients.get(key);
    if (known) return known;
    const [host = ''] = address.split(':');
    const target = resolve.get(address.toLowerCase()) ?? resolve.get(host.toLowerCase()) ?? address;
    const client = openHttpsClient({
      url: `https://${target}/`,
      serverName: host,
      trust,
      ...(inspect ? { inspect: chain => inspect(rspInterface, chain) } : {}),
      ...(judge ? { judge: judge(rspInterface) } : {}),
      defaultTls: offer,
      responseTimeout: RESPONSE_TIME,
    });
    clients.set(key, client);
    return client;
  };

  const call = async (rspInterface: RspInterface, address: string, type: string, octets: Uint8Array): Promise<RspAnswer> => {
    const { of, binding } = rules[rspInterface];
    const request = of.functions.find(f => f.request.name === type)?.request;
    if (!request) return { failure: `${type} is no function of ${rspInterface}` };
    const frame = edit(binding.write(request, octets));
    const reply = await clientTo(rspInterface, address).exchange(frame, { signal: closing.signal, connection: connection() });
    const read = binding.read(reply, type);
    if ('nothing' in read) return read.nothing === 'empty' ? { done: true } : { failure: read.reason };
    return { ...(read.status && { status: read.status }), type: read.type.name, octets: read.octets };
  };

  return {
    call: async (rspInterface, address, type, octets) => {
      const answer = await call(rspInterface, address, type, octets).catch(
        (cause: unknown): RspAnswer => ({ failure: cause instanceof Error ? cause.message : String(cause) }),
      );
      if ('failure' in answer) report(`${type} to ${address}: ${answer.failure}`);
      return answer;
    },
    close: async () => {
      closing.abort(new Error('the caller is shut down'));
      await Promise.all([...clients.values()].map(client => client.close()));
    },
  };
};
