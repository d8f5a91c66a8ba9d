/** Judgements of the eIM on relayed downloads and on notifications. SGP.32 3.2.3.2, 3.7, 5.14 */
import { equal } from '#protocol/asn1/tlv.js';
import type { ChainFault } from '#protocol/x509/chain-fault.js';
import type { Duration } from '../../../adapters/adapter.js';

/** Reason a relayed step is refused by the eIM itself. */
export type RelayFunction = 'InitiateAuthentication' | 'AuthenticateClient' | 'GetBoundProfilePackage' | 'CancelSession';

/** Judgements on relaying and forwarding. */
export interface RelayDecisions {
  /** Whether the trigger leaves the download data out. */
  sendsEmptyTrigger(holdsData: boolean, ipaFeatures: readonly string[] | undefined): boolean;
  /** Whether an eimTransactionId of InitiateAuthentication belongs to a download. SGP.32 5.14.1 */
  acceptsEimTransactionId(known: boolean): boolean;
  /** Address that the IPA gave against the one of the download. */
  checksIpaAddress(expected: string, given: string): boolean;
  /** Address in serverSigned1 against the one called. */
  checksServerAddress(expected: string, found: string): boolean;
  /** OID of the server certificate against the one expected; expected undefined: none is known. */
  checksOid(expected: string | undefined, found: readonly string[]): boolean;
  checksChallenge(sent: Uint8Array, found: Uint8Array): boolean;
  /** TLS certificate of a server, judged beyond issuer, validity and name; fault undefined: nothing is wrong with it. */
  acceptsServerCertificate(fault: ChainFault | undefined): boolean;
  /** Whether a transactionId belongs to an open session. */
  acceptsSession(known: boolean): boolean;
  /** EID of the eUICC certificate against the EID of the order. */
  acceptsSessionEid(expected: string, found: string | undefined): boolean;
  /** Whether what was rebuilt from a compact form, verified or not, is used. SGP.32 5.14.2, 5.14.3 */
  acceptsRebuilt(verified: boolean): boolean;
  /** Integer that goes to the IPA in place of the one that the status or error of the server stands for. */
  mapsStatus(step: RelayFunction, code: number): number;
  /** Signed objects on their way to the server or to the IPA, by field name. */
  relays(field: string, octets: Uint8Array): Uint8Array;
  writesHashCc(hash: Uint8Array): Uint8Array | undefined;
  /** Whether the eIM judges the policy rules of a Profile for this IPA. SGP.32 4.1 */
  verifiesMetadata(ipaFeatures: readonly string[] | undefined): boolean;
  /** Whether a Profile goes on after the judgement of its policy rules. */
  acceptsPolicyRules(allowed: boolean): boolean;
  /** Whether the metadata inside the package are those offered before. */
  acceptsMetadata(same: boolean): boolean;
  /** Whether optional members are left out for this IPA. */
  minimizes(ipaFeatures: readonly string[] | undefined): boolean;
  /** Whether a notification whose signature was or could not be verified is taken over. */
  takesNotification(verified: boolean): boolean;
  /** Whether a notification seen before is forwarded once more. */
  forwardsAgain(): boolean;
  /** What is forwarded where; undefined: nothing. */
  forwardsNotification(octets: Uint8Array, address: string): { readonly octets: Uint8Array; readonly address: string } | undefined;
  /** Order of forwarding to one receiver. */
  ordersQueue(seqNumbers: readonly number[]): readonly number[];
  /** Whether later notifications wait for an earlier one that was not accepted. */
  withholds(): boolean;
  retries(): boolean;
  /** How long a notification waits before it is first forwarded. */
  postpones(): Duration | undefined;
  /** Whether the installation result decides about the order. */
  settlesDownload(success: boolean): boolean;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const has = (features: readonly string[] | undefined, feature: string): boolean => features?.includes(feature) ?? false;

/** Relaying and forwarding as specified. */
export const correctRelay: RelayDecisions = {
  // An IPA that told its features without this one cannot do anything with an empty trigger. SGP.32 4.1
  sendsEmptyTrigger: (holdsData, features) => holdsData && (features === undefined || has(features, 'eimDownloadDataHandling')),
  acceptsEimTransactionId: known => known,
  checksIpaAddress: sameName,
  checksServerAddress: sameName,
  checksOid: (expected, found) => expected === undefined || found.includes(expected),
  checksChallenge: equal,
  acceptsServerCertificate: fault => fault === undefined,
  acceptsSession: known => known,
  acceptsSessionEid: (expected, found) => expected === found,
  acceptsRebuilt: verified => verified,
  mapsStatus: (_step, code) => code,
  relays: (_field, octets) => octets,
  writesHashCc: hash => hash,
  verifiesMetadata: features => has(features, 'eimProfileMetadataVerification'),
  acceptsPolicyRules: allowed => allowed,
  acceptsMetadata: same => same,
  minimizes: features => has(features, 'minimizeEsipaBytes'),
  takesNotification: verified => verified,
  forwardsAgain: () => false,
  forwardsNotification: (octets, address) => ({ octets, address }),
  ordersQueue: seqNumbers => [...seqNumbers].sort((a, b) => a - b),
  withholds: () => true,
  retries: () => true,
  postpones: () => undefined,
  settlesDownload: success => success,
};
