/** ES9+ and ES9+': an IPA, an LPA or an eIM and the SM-DP+. SGP.22 5.6, 6.5.2.6 to 6.5.2.10; SGP.32 5.7 */

import type { ClientBinding } from './binding.js';
import { rspClient } from './rsp-client.js';
import type { RspHttpOptions } from './rsp-frame.js';
import { ES9PLUS } from './rsp-functions.js';
import { type RspServerBinding, rspServer } from './rsp-server.js';

/** The SM-DP+'s side: JSON under /gsma/rsp2/es9plus, ASN.1 under /gsma/rsp2/asn1. */
export const es9plusServer = (options: RspHttpOptions = {}): RspServerBinding => rspServer(ES9PLUS, options);

/** The caller's side, JSON binding. */
export const es9plusClient = (options: RspHttpOptions = {}): ClientBinding => rspClient(ES9PLUS, options);
