/** The wires of the reference IPA: ESipa to its eIMs, each trusted as the eUICC says, and ES9+ and ES11 to RSP servers. SGP.32 3.1.2, 6.1 */
import { decode } from '#protocol/asn1/decode.js';
import type { Spec } from '#protocol/asn1/type.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { typeNamed } from '#protocol/registry.js';
import { type Client, type Duration, LinkError } from '../../adapters/adapter.js';
import type { CoapClientFaults } from '../../adapters/coap-client.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import type { ClientBinding } from '../bindings/binding.js';
import { esipaCoapClient } from '../bindings/esipa-coap.js';
import { esipaCoapJsonClient } from '../bindings/esipa-coap-json.js';
import { esipaHttpClient } from '../bindings/esipa-http.js';
import { esipaJsonClient } from '../bindings/esipa-json.js';
import type { Composed, Received } from '../role.js';
import type { EimEntry } from '../roles/ipa/euicc-data.js';
import type { IpaDecisions, NextRequest } from '../roles/ipa/index.js';
import { openRspHttps } from './rsp-https.js';
import { type EimTrust, eimTrust, rspServerJudge } from './server-trust.js';

/** What came of a request. */
export type WireAnswer =
  | { readonly received: Received }
  /** Executed, without output. */
  | { readonly done: true }
  /** No answer that is one; `again` when it may be another the next time. */
  | { readonly failure: string; readonly again: boolean };

/** How servers are found and trusted. */
export interface IpaWireOptions {
  readonly spec: Spec;
  readonly decide: IpaDecisions;
  /** Binding of ESipa just now. */
  readonly encoding: () => EsipaEncoding;
  /** host[:port] of an address, or `coaps://` or `json://` and the same → host:port to connect to. */
  readonly resolve: ReadonlyMap<string, string>;
  /** DER of the CI certificates: RSP servers chain to them, and an eIM that the eUICC has no key of. */
  readonly anchors: readonly Uint8Array[];
  readonly responseTimeout: Duration;
  /** How its CoAP stack behaves; as RFC 7252 has it when absent. */
  readonly coap?: { readonly faults?: CoapClientFaults; readonly maxRetransmit?: number; readonly ackTimeout?: Duration };
  readonly report: (problem: string) => void;
  /** An answer that the IPA does not survive. */
  readonly die: (status: string) => void;
}

/** How the IPA speaks ESipa over HTTPS. */
export type EsipaEncoding = 'asn1' | 'json';

/** Where an ESipa request goes. */
export interface EimTarget {
  readonly eim: EimEntry;
  readonly address: string;
  /** The wire on which the eIM called; otherwise the one that its configuration data leave. */
  readonly over?: EsipaWire;
}

/** Carries requests out. Never rejects. */
export interface IpaWire {
  send(request: NextRequest, composed: Composed, target: EimTarget): Promise<WireAnswer>;
  close(): Promise<void>;
}

/** The wires of ESipa, as the runner names them: HTTPS with ASN.1, HTTPS with JSON, CoAPs with either. */
export type EsipaWire = 'https' | 'json' | 'coaps' | 'coaps-json';

const FINAL: readonly string[] = ['handshake', 'tooLarge', 'protocol'];
const asFailure = (cause: unknown): WireAnswer => {
  if (!(cause instanceof LinkError)) throw cause;
  return { failure: cause.message, again: !FINAL.includes(cause.code) };
};

/** Opens the wires; connections are made on demand and kept. */
export const openIpaWire = (options: IpaWireOptions): IpaWire => {
  const { spec, decide, resolve, responseTimeout, report } = options;
  const trustOf = (server: 'eim' | 'rsp') => ({
    anchors: options.anchors,
    now: () => new Date(),
    accepts: (fault: string) => decide.trusts(server, fault),
  });
  const bindings: Readonly<Record<EsipaWire, ClientBinding>> = {
    https: esipaHttpClient({ spec }),
    json: esipaJsonClient({ spec }),
    coaps: esipaCoapClient(),
    'coaps-json': esipaCoapJsonClient({ spec }),
  };
  const clients = new Map<string, { readonly trust: string; readonly client: Client }>();
  // An eIM that speaks both is polled over HTTPS.
  const wireTo = ({ eim: { eimSupportedProtocol: protocols }, over }: EimTarget): EsipaWire => {
    if (over) return over;
    const isJson = options.encoding() === 'json';
    if (protocols?.includes('eimRetrieveCoaps') && !protocols.includes('eimRetrieveHttps')) return isJson ? 'coaps-json' : 'coaps';
    return isJson ? 'json' : 'https';
  };
  const closing = new AbortController();
  const connection = () => (decide.keepsConnection() ? 'keep' : 'new');
  const servers = openRspHttps({
    spec,
    resolve,
    trust: options.anchors.map(der => pem('CERTIFICATE', der)),
    judge: rspInterface => rspServerJudge(rspInterface, trustOf('rsp')),
    userAgent: 'gsma-rsp-ipad',
    offer: decide.offer(),
    edit: frame => decide.request(frame),
    connection,
    report,
  });

  const { faults, ...timing } = options.coap ?? {};
  const openClient = async (wire: EsipaWire, address: string, { judge }: EimTrust): Promise<Client> => {
    const [host = ''] = address.split(':');
    const names = [`${wire}://${address}`, `${wire}://${host}`, address, host];
    const target = names.map(name => resolve.get(name)).find(found => found !== undefined) ?? address;
    const common = { serverName: decide.serverName(host), defaultTls: decide.offer(), responseTimeout };
    const trust = options.anchors.map(der => pem('CERTIFICATE', der));
    if (!wire.startsWith('coaps')) return openHttpsClient({ ...common, url: `https://${target}/`, trust, judge });
    const { openCoapClient } = await import('../../adapters/coap-client.js');
    return openCoapClient({ ...common, url: `coaps://${target}/`, trust, judge, timing, ...(faults ? { faults } : {}) });
  };

  const clientTo = async (wire: EsipaWire, address: string, eim: EimEntry): Promise<Client> => {
    const trust = eimTrust(eim.trustedPublicKeyDataTls, trustOf('eim'));
    const name = `${wire}://${address}`;
    const known = clients.get(name);
    if (known?.trust === trust.key) return known.client;
    void known?.client.close();
    const client = await openClient(wire, address, trust);
    clients.set(name, { trust: trust.key, client });
    return client;
  };

  const overEsipa = async ({ type, octets }: Composed, target: EimTarget): Promise<WireAnswer> => {
    const { eim, address } = target;
    const wire = wireTo(target);
    const esipa = bindings[wire];
    const written = esipa.write(type, octets);
    const client = await clientTo(wire, address.toLowerCase(), eim);
    const isCoap = wire.startsWith('coaps');
    const arrived = await client.exchange(isCoap ? decide.coapRequest(written) : decide.request(written), {
      signal: closing.signal,
      connection: connection(),
    });
    const reply = isCoap ? decide.coapReply(arrived) : decide.reply(arrived);
    // A code of CoAP reads like the status that it resembles: 5.03 as 503. RFC 7252 12.1.2
    const status = reply.meta[':status'] ?? reply.meta[':code']?.replace('.', '') ?? '';
    if (!decide.survives(status)) options.die(status);
    const read = esipa.read(reply, type.name);
    const expected = esipa.answerTo(type.name)?.name;
    if (!('nothing' in read)) {
      if (!decide.takesType(expected, read.type.name))
        return { failure: `${address} answered ${read.type.name} to ${type.name}`, again: false };
      return { received: { type: read.type, message: decode(read.type, read.octets, { spec }) } };
    }
    if (read.nothing === 'empty' && expected === undefined) return { done: true };
    return { failure: `${address} answered ${read.reason}`, again: read.nothing === 'httpError' };
  };

  const overRsp = async (request: Exclude<NextRequest, { readonly interface: 'ESipa' }>, { octets }: Composed): Promise<WireAnswer> => {
    const answer = await servers.call(request.interface, request.address, request.type, octets);
    if ('failure' in answer) return { failure: answer.failure, again: false };
    if ('done' in answer && request.type === 'HandleNotification') return answer;
    if ('done' in answer) return { failure: `${request.address} answered nothing to ${request.type}`, again: false };
    const type = answer.type === undefined ? undefined : typeNamed(answer.type, 'SGP.22');
    if (!type || !answer.octets) return { failure: `${request.address} answered no message of ${request.interface}`, again: false };
    return { received: { type, message: decode(type, answer.octets, { spec }) } };
  };

  return {
    send: async (request, composed, target) => {
      try {
        return request.interface === 'ESipa' ? await overEsipa(composed, target) : await overRsp(request, composed);
      } catch (cause) {
        return asFailure(cause);
      }
    },
    close: async () => {
      closing.abort(new LinkError('closed', 'the IPA is shut down'));
      await Promise.all([servers.close(), ...[...clients.values()].map(({ client }) => client.close())]);
    },
  };
};
