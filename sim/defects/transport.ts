/** The seeded defects that are in the wires of ESipa and not in its messages: TLS and DTLS, HTTP, JSON, CoAP. SGP.32 2.6.3, 6.1, 6.2, 6.4 */
import { eimCoapDefects } from './eim-coap.js';
import { eimJsonDefects } from './eim-json.js';
import { eimHttpDefects, eimTlsDefects } from './eim-transport.js';
import { ipaCoapDefects, ipaDtlsDefects } from './ipa-coap.js';
import { ipaJsonDefects } from './ipa-json.js';
import { ipaHttpDefects, ipaTlsDefects } from './ipa-transport.js';

/** Their names by kind of IUT and by wire. */
export const transportDefects: Readonly<Record<'eim' | 'ipa', Readonly<Record<string, readonly string[]>>>> = {
  eim: {
    tls: Object.keys(eimTlsDefects),
    http: Object.keys(eimHttpDefects),
    json: Object.keys(eimJsonDefects),
    coap: Object.keys(eimCoapDefects),
  },
  ipa: {
    tls: Object.keys(ipaTlsDefects),
    http: Object.keys(ipaHttpDefects),
    json: Object.keys(ipaJsonDefects),
    coap: Object.keys(ipaCoapDefects),
    dtls: Object.keys(ipaDtlsDefects),
  },
};
