/** The wires on which we call the IUT: ESipa over HTTPS with ASN.1 or JSON and over CoAPs, from either of its sides; ES9+ over HTTPS. */
import type { Spec } from '#protocol/asn1/type.js';
import type { Client } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import type { Sky } from '../../adapters/sky.js';
import type { ClientBinding } from '../../sim/bindings/binding.js';
import { es9plusClient } from '../../sim/bindings/es9plus-http.js';
import { esipaCoapClient } from '../../sim/bindings/esipa-coap.js';
import { esipaCoapJsonClient } from '../../sim/bindings/esipa-coap-json.js';
import { esipaHttpClient } from '../../sim/bindings/esipa-http.js';
import { esipaJsonClient } from '../../sim/bindings/esipa-json.js';
import { injectionCoapClient, injectionHttpClient, injectionJsonClient } from '../../sim/bindings/injection.js';
import type { CalledLink, IutRole, Ixit } from '../ixit-schema.js';
import { type ClientWire, isCoap } from './stage.js';
import type { LabWeather } from './weather.js';

type Bindings = Readonly<Record<string, (options: { readonly spec: Spec; readonly path?: string }) => ClientBinding>>;

/** The interface on which an IUT of a kind is called, and how its messages travel on each wire; the usual wire first. */
const CALLED: Readonly<Partial<Record<IutRole, { readonly name: string; readonly bindings: Bindings }>>> = {
  eim: {
    name: 'esipa',
    bindings: {
      https: ({ spec }) => esipaHttpClient({ spec }),
      json: esipaJsonClient,
      coaps: () => esipaCoapClient(),
      'coaps-json': esipaCoapJsonClient,
    },
  },
  ipa: { name: 'injection', bindings: { https: injectionHttpClient, json: injectionJsonClient, coaps: injectionCoapClient } },
  smdp: { name: 'es9plus', bindings: { https: ({ spec }) => es9plusClient({ spec }) } },
};

const openClient = async (wire: string, options: Parameters<typeof openHttpsClient>[0], sky: Sky | undefined): Promise<Client> => {
  // Who has no CoAP link, or no weather, does without what it needs.
  if (isCoap(wire)) return (await import('../../adapters/coap-client.js')).openCoapClient({ ...options, ...(sky ? { sky } : {}) });
  if (sky) return (await import('../../adapters/weather-wires.js')).openHttpsClientUnder(sky, options);
  return openHttpsClient(options);
};

/** Opens the wires to the IUT by their names in IXIT files; nothing is sent yet. */
export const openClientWires = async (
  ixit: Ixit,
  readFile: (path: string) => string,
  weather: LabWeather,
): Promise<ReadonlyMap<string, ClientWire>> => {
  const called = CALLED[ixit.iut];
  const wires = new Map<string, ClientWire>();
  for (const [wire, binding] of Object.entries(called?.bindings ?? {})) {
    const link = ixit.links[called?.name ?? '']?.[wire];
    if (link?.kind !== 'called') continue;
    const { url, serverName, trust }: CalledLink = link;
    // An IUT that is started may tell no address for a wire, where it cannot serve it.
    if (url === '') continue;
    const sky = weather.over(called?.name ?? '', wire, link.weather);
    const options = { url, ...(serverName ? { serverName } : {}), trust: trust.map(readFile), responseTimeout: ixit.timeouts.response };
    const client = await openClient(wire, options, sky);
    const { pathname } = new URL(url);
    wires.set(wire, {
      client,
      binding: binding({ spec: ixit.spec, ...(pathname === '/' ? {} : { path: pathname }) }),
      ...(sky ? { sky } : {}),
    });
  }
  return wires;
};
