/** The RSP servers as the eIM sees them: one call, whatever binding and wire lie behind it. SGP.22 5.6, 5.8; SGP.32 5.6 */

/** ES9+' to an SM-DP+, ES11' to an SM-DS. */
export type RspInterface = 'ES9+' | 'ES11';

/** What a server, or the way to it, answered. */
export type RspAnswer =
  /** A message; `type` is the name of the response type. */
  | { readonly type: string; readonly octets: Uint8Array }
  /** The function failed: codes of SGP.22 5.2.6, e.g. 8.2.6 and 3.8; perhaps with the message that stands for them in ASN.1. */
  | {
      readonly status: { readonly subjectCode: string; readonly reasonCode: string; readonly message?: string };
      readonly type?: string;
      readonly octets?: Uint8Array;
    }
  /** No answer at RSP level: HTTP error, TLS refused, server unreachable, octets that are no message. */
  | { readonly failure: string }
  /** A function without output was executed. */
  | { readonly done: true };

/** Calls functions of RSP servers. Never rejects. */
export interface RspServers {
  /** `address` is an FQDN, with or without port; `type` the name of the request type; octets its DER. */
  call(rspInterface: RspInterface, address: string, type: string, octets: Uint8Array): Promise<RspAnswer>;
}

/** No way to any server; every call fails. */
export const NO_SERVERS: RspServers = { call: async (_interface, address) => ({ failure: `no way to ${address}` }) };
