/** The wires of the reference IPA: ESipa to its eIMs, each trusted as the eUICC says, and ES9+ and ES11 to RSP servers. SGP.32 3.1.2, 6.1 */
import { decode } from '#protocol/asn1/decode.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import { typeNamed } from '#protocol/registry.js';
import { type Client, type Duration, LinkError } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import { esipaHttpClient } from '../bindings/esipa-http.js';
import type { Composed, Received } from '../role.js';
import type { NextRequest } from '../roles/ipa/index.js';
import { eimTrust } from './eim-trust.js';
import { openRspHttps } from './rsp-https.js';
import { serverCertificateFault } from './server-certificate.js';

/** An eIM as the eUICC has it. */
export type EimEntry = ValueOf<typeof EimConfigurationData>;

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
  /** host[:port] of an address → host:port to connect to. */
  readonly resolve: ReadonlyMap<string, string>;
  /** DER of the CI certificates: RSP servers chain to them, and an eIM that the eUICC has no key of. */
  readonly anchors: readonly Uint8Array[];
  readonly responseTimeout: Duration;
  readonly report: (problem: string) => void;
}

/** Carries requests out. Never rejects. */
export interface IpaWire {
  send(request: NextRequest, composed: Composed, eim: EimEntry): Promise<WireAnswer>;
  close(): Promise<void>;
}

/** FQDN of an eIM: its own field, else the eimId when that is one. SGP.32 2.11.1.1.1 */
export const addressOfEim = ({ eimFqdn, eimId, eimIdType }: EimEntry): string | undefined =>
  eimFqdn ?? (eimIdType === 2 ? eimId : undefined);

const FINAL: readonly string[] = ['handshake', 'tooLarge', 'protocol'];
const asFailure = (cause: unknown): WireAnswer => {
  if (!(cause instanceof LinkError)) throw cause;
  return { failure: cause.message, again: !FINAL.includes(cause.code) };
};

/** Opens the wires; connections are made on demand and kept. */
export const openIpaWire = (options: IpaWireOptions): IpaWire => {
  const { spec, resolve, anchors, responseTimeout, report } = options;
  const pems = anchors.map(der => pem('CERTIFICATE', der));
  const esipa = esipaHttpClient({ spec });
  const clients = new Map<string, { readonly trust: string; readonly client: Client }>();
  const closing = new AbortController();
  const servers = openRspHttps({
    spec,
    resolve,
    trust: pems,
    inspect: (rspInterface, chain) => serverCertificateFault(rspInterface, chain)?.message,
    userAgent: 'gsma-rsp-ipad',
    report,
  });

  const clientTo = (address: string, eim: EimEntry): Client => {
    const trust = eimTrust(eim.trustedPublicKeyDataTls, pems);
    const known = clients.get(address);
    if (known?.trust === trust.key) return known.client;
    void known?.client.close();
    const [host = ''] = address.split(':');
    const target = resolve.get(address) ?? resolve.get(host) ?? address;
    const client = openHttpsClient({ url: `https://${target}/`, serverName: host, ...trust.options, responseTimeout });
    clients.set(address, { trust: trust.key, client });
    return client;
  };

  const overEsipa = async ({ type, octets }: Composed, eim: EimEntry): Promise<WireAnswer> => {
    const address = addressOfEim(eim)?.toLowerCase();
    if (address === undefined) return { failure: `the eUICC knows no address of ${eim.eimId}`, again: false };
    const reply = await clientTo(address, eim).exchange(esipa.write(type, octets), { signal: closing.signal });
    const read = esipa.read(reply, type.name);
    if (!('nothing' in read)) return { received: { type: read.type, message: decode(read.type, read.octets, { spec }) } };
    if (read.nothing === 'empty' && !esipa.answerTo(type.name)) return { done: true };
    return { failure: `${address} answered ${read.reason}`, again: read.nothing === 'httpError' };
  };

  const overRsp = async (request: Exclude<NextRequest, { readonly interface: 'ESipa' }>, { octets }: Composed): Promise<WireAnswer> => {
    const answer = await servers.call(request.interface, request.address, request.type, octets);
    if ('done' in answer) return answer;
    if ('failure' in answer) return { failure: answer.failure, again: false };
    const type = answer.type === undefined ? undefined : typeNamed(answer.type, 'SGP.22');
    if (!type || !answer.octets) return { failure: `${request.address} answered no message of ${request.interface}`, again: false };
    return { received: { type, message: decode(type, answer.octets, { spec }) } };
  };

  return {
    send: async (request, composed, eim) => {
      try {
        return request.interface === 'ESipa' ? await overEsipa(composed, eim) : await overRsp(request, composed);
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
