/** Judgements of a stand-alone IPA on its card, its eIMs and its wires. SGP.32 2.6.3, 3.5.2, 3.8, 6.1 */
import type { Frame, TlsOffer } from '../../../adapters/adapter.js';

/** An eIM as far as these judgements go. SGP.32 2.11.1.1.1 */
export interface KnownEim {
  readonly eimId?: string | undefined;
  readonly eimFqdn?: string | undefined;
  readonly eimIdType?: number | undefined;
  readonly eimSupportedProtocol?: readonly string[] | undefined;
  readonly trustedPublicKeyDataTls?: { readonly trustedCertificateTls?: Uint8Array | undefined } | undefined;
}

/** What a device does when its card is new. */
export type StartStep = 'eid' | 'configuration' | 'notifications' | 'info' | 'certificates' | 'profiles';

/** Judgements of the process. */
export interface WireDecisions {
  /** What is read when the card is new, in its order. SGP.32 3.8 */
  startsWith(): readonly StartStep[];
  /** Whether the eIM of the device's own provisioning is added; `refusals` so far. SGP.32 3.5.2 */
  associates(facts: { readonly known: number; readonly refusals: number }): boolean;
  /** EimConfigurationData `30 …` that is added. */
  initialEim(provisioned: Uint8Array): Uint8Array;
  /** eIMs that are polled. */
  polls<E extends KnownEim>(eims: readonly E[]): readonly E[];
  /** FQDN of an eIM. */
  addressOf(eim: KnownEim, all: readonly KnownEim[]): string | undefined;
  /** Whether the configuration is read again before the next poll after a package. */
  readsConfigurationAgain(): boolean;
  /** Whether a server is taken in spite of what is wrong with its certificate. */
  trusts(server: 'eim' | 'rsp', fault: string): boolean;
  /** What every TLS handshake offers. */
  offer(): TlsOffer;
  /** Name for SNI. */
  serverName(host: string): string;
  /** Whether the connection is kept for the next request. */
  keepsConnection(): boolean;
  /** Every request frame on its way out. */
  request(frame: Frame): Frame;
  /** Every reply frame as it arrived. */
  reply(frame: Frame): Frame;
  /** The same over CoAP. */
  coapRequest(frame: Frame): Frame;
  coapReply(frame: Frame): Frame;
  /** Whether the answer to a request has the right type. */
  takesType(expected: string | undefined, found: string): boolean;
  /** Times a request is sent that gets no answer. */
  attempts(configured: number): number;
  /** Seconds before a request is sent again, after so many times. */
  pauseAfter(attempt: number, configured: number): number;
  /** Whether the card is reset before every poll. */
  resetsCard(): boolean;
  /** Whether the process goes on after an answer of this status. */
  survives(status: string): boolean;
  /** Whether it stays away from the card while the IPA in the eUICC is active. SGP.32 3.8.4 */
  retires(): boolean;
  /** Whether the loss of connectivity, and its return, lead to anything. SGP.32 3.4.5 */
  falls(what: 'fallback' | 'return'): boolean;
}

const FQDN_TYPE = 2;
const canRetrieve = ({ eimSupportedProtocol: protocols }: KnownEim): boolean =>
  protocols === undefined ||
  protocols.some(protocol => protocol === 'eimRetrieveHttps' || protocol === 'eimRetrieveCoaps') ||
  protocols.every(protocol => protocol === 'eimProprietary');

/** Wires as specified. */
export const correctWires: WireDecisions = {
  startsWith: () => ['eid', 'configuration', 'notifications'],
  associates: ({ known, refusals }) => known === 0 && refusals === 0,
  initialEim: provisioned => provisioned,
  polls: eims => eims.filter(canRetrieve),
  addressOf: ({ eimFqdn, eimId, eimIdType }) => eimFqdn ?? (eimIdType === FQDN_TYPE ? eimId : undefined),
  readsConfigurationAgain: () => true,
  trusts: () => false,
  offer: () => ({}),
  serverName: host => host,
  keepsConnection: () => true,
  request: frame => frame,
  reply: frame => frame,
  coapRequest: frame => frame,
  coapReply: frame => frame,
  takesType: (expected, found) => expected === found,
  attempts: configured => configured,
  pauseAfter: (attempt, configured) => configured * 2 ** (attempt - 1),
  resetsCard: () => false,
  survives: () => true,
  retires: () => true,
  falls: () => true,
};
