/** The servers of ours that an IUT calls: one per interface, with a name and a certificate for each actor behind it. */

import type { Spec } from '#protocol/asn1/type.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import type { Pki } from '#protocol/x509/test-pki.js';
import type { Inbound, Listener, Outbound, TlsIdentity } from '../../adapters/adapter.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import type { Sky } from '../../adapters/sky.js';
import type { ServerBinding } from '../../sim/bindings/binding.js';
import { es9plusServer } from '../../sim/bindings/es9plus-http.js';
import { es11Server } from '../../sim/bindings/es11-http.js';
import { esipaCoapServer } from '../../sim/bindings/esipa-coap.js';
import { esipaCoapJsonServer } from '../../sim/bindings/esipa-coap-json.js';
import { esipaHttpServer } from '../../sim/bindings/esipa-http.js';
import { esipaJsonServer } from '../../sim/bindings/esipa-json.js';
import { injectionCoapServer, injectionHttpServer, injectionJsonServer } from '../../sim/bindings/injection.js';
import type { RoleName } from '../../sim/role.js';
import type { ListeningLink } from '../ixit-schema.js';
import { Inconclusive } from '../verdict.js';
import { isCoap, type ServerHandler, type ServerWire } from './stage.js';
import type { LabWeather } from './weather.js';

/** A server of ours that the IUT calls, with the names it answers to. */
export interface OpenServer extends ServerWire {
  /** Its name in IXIT files. */
  readonly wire: string;
  readonly listener: Listener;
  /** Server names in the order of the IXIT: the first belongs to `smdp`, the second to `smdp2`. */
  readonly names: readonly string[];
  /** Address by which the IUT finds a name. */
  addressOf(name: string): string;
  /** Address by which the IUT finds the server whatever its name: host:port. */
  readonly reachedAt: string;
  identity(certificate: string): TlsIdentity;
  /** Certificate shown when a case says nothing. */
  readonly certificate: string;
}

/** An interface on which IUTs call us. */
interface Served {
  /** The role that answers there. */
  readonly role: RoleName;
  /** Server names when the IXIT says none: those of SGP.26. */
  readonly names: readonly string[];
  /** How its messages travel on each wire; the usual wire first. */
  readonly bindings: Readonly<Record<string, (options: { readonly spec: Spec }) => ServerBinding>>;
}

/** The interfaces by their names in IXIT files. */
export const SERVED: ReadonlyMap<string, Served> = new Map<string, Served>([
  [
    'esipa',
    {
      role: 'eim',
      names: ['eim.example.com', 'eim2.example.com'],
      bindings: { https: esipaHttpServer, json: esipaJsonServer, coaps: () => esipaCoapServer(), 'coaps-json': esipaCoapJsonServer },
    },
  ],
  [
    'injection',
    {
      role: 'ipa',
      names: ['ipa.example.com'],
      bindings: { https: injectionHttpServer, json: injectionJsonServer, coaps: () => injectionCoapServer() },
    },
  ],
  ['es9plus', { role: 'smdp', names: ['testsmdpplus1.example.com', 'testsmdpplus2.example.com'], bindings: { https: es9plusServer } }],
  ['es11', { role: 'smds', names: ['testrootsmds.example.com'], bindings: { https: es11Server } }],
]);

/** The interface on which a role is called. */
export const interfaceOf = (role: RoleName): string | undefined => [...SERVED].find(([, served]) => served.role === role)?.[0];

const openListener = async (wire: string, options: Parameters<typeof openHttpsListener>[0], sky: Sky | undefined): Promise<Listener> => {
  const { listen, identities = new Map() } = options;
  // Who has no CoAP link, or no weather, does without what it needs.
  if (isCoap(wire))
    return (await import('../../adapters/coap-listener.js')).openCoapListener({ listen, identities, ...(sky ? { sky } : {}) });
  if (sky) return (await import('../../adapters/weather-wires.js')).openHttpsListenerUnder(sky, options);
  return openHttpsListener(options);
};

/** Opens the server of an interface on one of its wires; undefined when nobody serves it there. */
export const openServer = async (
  name: string,
  wire: string,
  link: ListeningLink,
  spec: Spec,
  pki: Pki,
  weather: LabWeather,
): Promise<OpenServer | undefined> => {
  const served = SERVED.get(name);
  const bind = served?.bindings[wire];
  if (!served || !bind) return undefined;
  const binding = bind({ spec });
  const unavailable = isCoap(wire) ? { code: '5.03' } : { status: '503' };
  const names = link.names.length > 0 ? link.names : served.names;
  const identity = (certificate: string): TlsIdentity => {
    const privateKey = pki.privateKeyPem(certificate);
    if (!privateKey) throw new Inconclusive(`no certificate ${certificate} in ${pki.name}`);
    return {
      certificateChain: pki
        .chain(certificate)
        .map(der => pem('CERTIFICATE', der))
        .join(''),
      privateKey,
    };
  };
  // The second name is the second server of SGP.26, with a certificate of its own.
  const certificateFor = (n: number) => (n === 0 ? link.certificate : `${link.certificate}${n + 1}`);
  const identities = new Map(
    names.map(
      (serverName, n) => [serverName, identity(pki.certificate(certificateFor(n)) ? certificateFor(n) : link.certificate)] as const,
    ),
  );
  const sky = weather.over(name, wire, link.weather);
  const listener = await openListener(
    wire,
    { listen: link.listen, identities: new Map([...identities, ['*', identity(link.certificate)]]) },
    sky,
  );
  const handlers = new Map<string, ServerHandler>();
  const find = (serverName: string) =>
    handlers.get(serverName.toLowerCase()) ?? (handlers.size === 1 ? [...handlers.values()][0] : undefined);
  listener.onFrame(async (frame: Inbound): Promise<Outbound> => {
    const host = (frame.meta.host ?? frame.meta['uri-host'] ?? '').replace(/:\d+$/, '');
    const handler = find(handlers.has(host.toLowerCase()) ? host : (frame.connection.tls?.serverName ?? host));
    // Nobody plays here now: a delivery left over from an earlier sequence is put off, not lost.
    return handler ? handler.frame(frame) : binding.write(frame, undefined, unavailable);
  });
  listener.onHandshakeFailure(why => find(why.serverName)?.handshakeFailure({ ...why }));
  return {
    wire,
    binding,
    unavailable,
    ...(sky ? { sky } : {}),
    listener,
    names,
    certificate: link.certificate,
    identity,
    addressOf: serverName => link.address ?? serverName,
    reachedAt: link.address ?? listener.address,
    route: (serverName, handler) => {
      handlers.set(serverName.toLowerCase(), handler);
      return () => handlers.delete(serverName.toLowerCase());
    },
  };
};
