/** ESipa over HTTPS in both bindings: the path tells which one a request is in, and its answer is in the same. SGP.32 6.3, 6.4 */
import type { Frame } from '../../adapters/adapter.js';
import type { ServerBinding } from './binding.js';
import { type EsipaHttpOptions, esipaHttpServer } from './esipa-http.js';
import { esipaJsonServer } from './esipa-json.js';
import { isJsonPath } from './esipa-json-frame.js';

/** An eIM's side that serves both bindings. */
export const esipaHttpsServer = (options: EsipaHttpOptions): ServerBinding => {
  const [asn1, json] = [esipaHttpServer(options), esipaJsonServer(options)];
  const bindingOf = (frame: Frame): ServerBinding => (isJsonPath(frame) ? json : asn1);
  return {
    interface: 'ESipa',
    read: frame => bindingOf(frame).read(frame),
    write: (request, message, link) => bindingOf(request).write(request, message, link),
    refuse: (frame, why) => bindingOf(frame).refuse(frame, why),
  };
};
