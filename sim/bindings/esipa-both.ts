/** ESipa in both bindings on one server: the path tells which one a request is in, and its answer is in the same. SGP.32 6.2, 6.3, 6.4 */
import type { Spec } from '#protocol/asn1/type.js';
import type { Frame } from '../../adapters/adapter.js';
import type { ServerBinding } from './binding.js';
import { esipaCoapServer } from './esipa-coap.js';
import { esipaCoapJsonServer } from './esipa-coap-json.js';
import { type EsipaHttpOptions, esipaHttpServer } from './esipa-http.js';
import { esipaJsonServer } from './esipa-json.js';
import { isJsonPath } from './esipa-json-frame.js';

const byPath = (asn1: ServerBinding, json: ServerBinding): ServerBinding => {
  const bindingOf = (frame: Frame): ServerBinding => (isJsonPath(frame) ? json : asn1);
  return {
    interface: 'ESipa',
    read: frame => bindingOf(frame).read(frame),
    write: (request, message, link) => bindingOf(request).write(request, message, link),
    refuse: (frame, why) => bindingOf(frame).refuse(frame, why),
  };
};

/** An eIM's side that serves both bindings over HTTPS. */
export const esipaHttpsServer = (options: EsipaHttpOptions): ServerBinding => byPath(esipaHttpServer(options), esipaJsonServer(options));

/** An eIM's side that serves both bindings over CoAPs. */
export const esipaCoapsServer = (spec: Spec): ServerBinding => byPath(esipaCoapServer(), esipaCoapJsonServer({ spec }));
