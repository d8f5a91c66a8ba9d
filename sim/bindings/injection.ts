/** ESipa where the eIM calls: eIM Package injection over HTTPS in both bindings, and over CoAP. SGP.32 3.1.1.2, 6.3.3.1, 6.4.1.4 */
import type { Spec } from '#protocol/asn1/type.js';
import type { Carried, ClientBinding, NotCarried, ServerBinding, TransportCheck } from './binding.js';
import { esipaHttpsServer } from './esipa-both.js';
import { esipaCoapClient, esipaCoapServer } from './esipa-coap.js';
import { ESIPA_PATH, esipaHttpClient, esipaHttpServer } from './esipa-http.js';
import { esipaJsonClient, esipaJsonServer } from './esipa-json.js';
import { ESIPA_JSON_FOLDER } from './esipa-json-functions.js';

/** What depends on the IUT and on the version in use. */
export interface InjectionOptions {
  readonly spec: Spec;
  /** Path of the ASN.1 binding, when the IPA is reached under another one; the specification names none for injection. */
  readonly path?: string;
}

/** Where an IPA at an address (host:port) takes packages on a wire. SGP.32 6.3, 6.4 */
export const injectionUrl = (wire: 'https' | 'json' | 'coaps', address: string): string =>
  `${wire === 'coaps' ? 'coaps' : 'https'}://${address}${wire === 'json' ? ESIPA_JSON_FOLDER : ESIPA_PATH}`;

/** SGP.32 gives no value for an eIM; whoever insists on a header gets one that says who we are. */
const USER_AGENT = 'gsma-rsp-eim';
/** Rules for the headers of an IPA: they do not concern an eIM. */
const RULES_OF_IPA: readonly string[] = ['SGP32-6.1-15'];

/** Whoever calls, the rules of the binding hold; where the eIM does, they are requirements on the other side. */
const OF_INJECTION: Readonly<Record<string, string>> = {
  'SGP32-6.1-01': 'SGP32-6.1-61',
  'SGP32-6.1-02': 'SGP32-6.1-62',
  'SGP32-6.1-03': 'SGP32-6.1-63',
  'SGP32-6.1-04': 'SGP32-6.1-64',
  'SGP32-6.1-06': 'SGP32-6.1-66',
  'SGP32-6.1-07': 'SGP32-6.1-67',
  'SGP32-6.1-11': 'SGP32-6.1-71',
  'SGP32-6.1-12': 'SGP32-6.1-72',
  'SGP32-6.1-13': 'SGP32-6.1-73',
  'SGP32-6.1-14': 'SGP32-6.1-74',
  'SGP32-6.1-16': 'SGP32-6.1-76',
  'SGP32-6.2-01': 'SGP32-6.2-61',
  'SGP32-6.2-02': 'SGP32-6.2-62',
  'SGP32-6.2-03': 'SGP32-6.2-63',
  'SGP32-6.2-05': 'SGP32-6.2-65',
  'SGP32-6.2-07': 'SGP32-6.2-67',
  'SGP32-6.2-11': 'SGP32-6.2-71',
  'SGP32-6.2-12': 'SGP32-6.2-72',
  'SGP32-6.2-13': 'SGP32-6.2-73',
  'SGP32-6.2-14': 'SGP32-6.2-74',
  'SGP32-6.4-01': 'SGP32-6.4-61',
  'SGP32-6.4-02': 'SGP32-6.4-62',
  'SGP32-6.4-03': 'SGP32-6.4-63',
  'SGP32-6.4-04': 'SGP32-6.4-64',
  'SGP32-6.4-05': 'SGP32-6.4-65',
  'SGP32-6.4-06': 'SGP32-6.4-66',
  'SGP32-6.4-07': 'SGP32-6.4-67',
  'SGP32-6.4-08': 'SGP32-6.4-68',
  'SGP32-6.4-11': 'SGP32-6.4-71',
  'SGP32-6.4-12': 'SGP32-6.4-72',
  'SGP32-6.4-13': 'SGP32-6.4-73',
  'SGP32-6.4-14': 'SGP32-6.4-74',
  'SGP32-6.4-16': 'SGP32-6.4-76',
  'SGP32-6.4-17': 'SGP32-6.4-77',
};
const OF_RETRIEVAL: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(OF_INJECTION).map(([id, moved]) => [moved, id]));

const renamed = (checks: readonly TransportCheck[], names: Readonly<Record<string, string>>): readonly TransportCheck[] =>
  checks.map(check => ({ ...check, requirement: names[check.requirement] ?? check.requirement }));

const ofInjection = <R extends Carried | NotCarried>(read: R): R => ({
  ...read,
  checks: renamed(
    read.checks.filter(({ requirement }) => !RULES_OF_IPA.includes(requirement)),
    OF_INJECTION,
  ),
});

const client = (binding: ClientBinding): ClientBinding => ({
  ...binding,
  read: (reply, request) => ofInjection(binding.read(reply, request)),
});
const server = (binding: ServerBinding): ServerBinding => ({
  ...binding,
  read: frame => ofInjection(binding.read(frame)),
  refuse: (frame, why) => binding.refuse(frame, { ...why, checks: renamed(why.checks, OF_RETRIEVAL) }),
});

const calling = ({ spec, path }: InjectionOptions) => ({ spec, userAgent: USER_AGENT, ...(path === undefined ? {} : { path }) });
// The path of the ASN.1 binding is an inference from retrieval: another one is told, and served.
const called = { caller: 'eim', anyPath: true } as const;

/** We are the eIM and call an IPA. */
export const injectionHttpClient = (options: InjectionOptions): ClientBinding => client(esipaHttpClient(calling(options)));
export const injectionJsonClient = (options: InjectionOptions): ClientBinding => client(esipaJsonClient(calling(options)));
export const injectionCoapClient = (options: InjectionOptions): ClientBinding =>
  client(esipaCoapClient(options.path === undefined ? {} : { path: options.path }));

/** We are the IPA and an eIM calls us. */
export const injectionHttpServer = ({ spec }: InjectionOptions): ServerBinding => server(esipaHttpServer({ spec, ...called }));
export const injectionJsonServer = ({ spec }: InjectionOptions): ServerBinding => server(esipaJsonServer({ spec, caller: 'eim' }));
export const injectionCoapServer = (): ServerBinding => server(esipaCoapServer(called));
/** Both bindings over HTTPS, told apart by their paths. */
export const injectionHttpsServer = ({ spec }: InjectionOptions): ServerBinding => server(esipaHttpsServer({ spec, ...called }));
