/** What all parts of the eIM work with. */
import { createHash } from 'node:crypto';
import { compile } from '#protocol/asn1/compile.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, Spec, Type } from '#protocol/asn1/type.js';
import type { PrivateKey } from '#protocol/crypto/ecdsa.js';
import type { Composed, World } from '../../role.js';
import type { EimDecisions } from './decisions.js';
import type { NotificationQueue } from './notification-queue.js';
import type { RspServers } from './rsp-servers.js';
import type { Session } from './sessions.js';
import type { EuiccRecord, Order } from './state.js';

/** Identity and trust of an eIM. */
export interface EimConfig {
  readonly eimId: string;
  readonly eimFqdn: string;
  readonly signingKey: PrivateKey;
  /** Signing keys on other curves, for eUICCs that are associated with one of them. SGP.32 2.6 */
  readonly otherSigningKeys?: readonly PrivateKey[];
  /** SubjectPublicKeyInfo of the TLS certificate that IPAs see. */
  readonly tlsPublicKey?: Uint8Array;
  /** How IPAs reach it, for its configuration data: bits of EimSupportedProtocol. SGP.32 2.11.1.1.1 */
  readonly protocols: readonly string[];
  /** CI certificates that eUICC certificates have to chain to, DER. */
  readonly anchors: readonly Uint8Array[];
}

/** State and surroundings of one eIM. */
export interface EimContext {
  readonly config: EimConfig;
  readonly world: World;
  readonly decisions: EimDecisions;
  readonly servers: RspServers;
  readonly euiccs: Map<string, EuiccRecord>;
  readonly orders: Map<string, Order>;
  /** By transactionId in hex. */
  readonly sessions: Map<string, Session>;
  readonly notifications: NotificationQueue;
  /** Digests of notifications taken over: each goes out once, however often it is delivered. */
  readonly taken: Set<string>;
}

/** What the eIM answers: a message, success without output, or a refusal at the level of the transport. */
export type Answer = { readonly message: Composed } | { readonly empty: true } | { readonly refused: string };

/** Encodes a message and lets it out. */
export const answerWith = <V>(eim: EimContext, type: Type<V>, value: InputOf<V>): Answer => {
  const octets = eim.decisions.outgoing(type.name, encode(type, value, { spec: eim.world.spec }));
  return { message: { type, octets } };
};

const UNDEFINED_ERROR = 127;
const codesOf = (type: Type, member: string, spec: Spec): readonly number[] => [
  ...(compile(type, spec).named.get(member)?.compiled.type.names?.values() ?? []),
];
/** A code as the version in use has it: undefinedError in place of one that only a later version names. */
export const codeIn = ({ world: { spec } }: EimContext, type: Type, member: string, code: number): number => {
  const isNew = codesOf(type, member, NEWEST).includes(code) && !codesOf(type, member, spec).includes(code);
  return isNew ? UNDEFINED_ERROR : code;
};
const NEWEST: Spec = '1.3';

/** Tells octets apart that may be long. */
export const digest = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** The EID of 16 octets as 32 digits. */
export const eidText = (octets: Uint8Array): string => hex(octets);
