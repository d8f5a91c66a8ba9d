/** ESipa over CoAPs in both bindings: the path tells which one a request is in, and its answer is in the same. SGP.32 6.2 */
import type { Spec } from '#protocol/asn1/type.js';
import type { Frame } from '../../adapters/adapter.js';
import type { ServerBinding } from './binding.js';
import { esipaCoapServer } from './esipa-coap.js';
import { esipaCoapJsonServer } from './esipa-coap-json.js';
import { isJsonPath } from './esipa-json-frame.js';

/** An eIM's side that serves both bindings. */
export const esipaCoapsServer = (spec: Spec): ServerBinding => {
  const [asn1, json] = [esipaCoapServer(), esipaCoapJsonServer({ spec })];
  const bindingOf = (frame: Frame): ServerBinding => (isJsonPath(frame) ? json : asn1);
  return {
    interface: 'ESipa',
    read: frame => bindingOf(frame).read(frame),
    write: (request, message, link) => bindingOf(request).write(request, message, link),
    refuse: (frame, why) => bindingOf(frame).refuse(frame, why),
  };
};
