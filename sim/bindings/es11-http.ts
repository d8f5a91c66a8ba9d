/** ES11 and ES11': an IPA, an LPA or an eIM and the SM-DS. SGP.22 5.8, 6.5.2.11, 6.5.2.12; SGP.32 5.8 */

import type { ClientBinding } from './binding.js';
import { rspClient } from './rsp-client.js';
import type { RspHttpOptions } from './rsp-frame.js';
import { ES11 } from './rsp-functions.js';
import { type RspServerBinding, rspServer } from './rsp-server.js';

/** The SM-DS's side: JSON under /gsma/rsp2/es9plus or /gsma/rsp2/es11, ASN.1 under /gsma/rsp2/asn1. */
export const es11Server = (options: RspHttpOptions = {}): RspServerBinding => rspServer(ES11, options);

/** The caller's side, JSON binding. */
export const es11Client = (options: RspHttpOptions = {}): ClientBinding => rspClient(ES11, options);
