/** RSP sessions that the eIM relays, each found by the transactionId of its server. SGP.32 5.14 */
import { hex } from '#protocol/asn1/tlv.js';
import type { EimContext } from './context.js';
import type { RspInterface } from './rsp-servers.js';
import type { Download, EuiccIdentity, EuiccRecord } from './state.js';

/** One session; octets are complete TLVs as they arrived. */
export interface Session {
  readonly transactionId: Uint8Array;
  readonly interface: RspInterface;
  /** FQDN that was called; also what serverSigned1 has to carry. */
  readonly address: string;
  /** Of the order that led to it; undefined for a session that an IPA started by itself. */
  readonly download: Download | undefined;
  readonly record: EuiccRecord | undefined;
  /** OID in the server certificate. */
  readonly serverOid: string | undefined;
  readonly serverSigned1: Uint8Array;
  /** CtxParams1 that the eIM supplied. */
  readonly ctxParams1: Uint8Array | undefined;
  /** From AuthenticateClient on. */
  identity?: EuiccIdentity;
  euiccSignature1?: Uint8Array;
  smdpSigned2?: Uint8Array;
  smdpSignature2?: Uint8Array;
  /** StoreMetadataRequest `BF25 …`. */
  metadata?: Uint8Array;
  /** 32 octets that the eIM gave to the IPA. */
  hashCc?: Uint8Array;
  /** Cancellation reason that follows from an error of the eIM itself. SGP.32 3.2.3.3 */
  impliedReason?: number;
}

/** Oldest sessions are forgotten beyond this number: an unauthenticated caller must not fill the memory. */
const MAXIMUM_SESSIONS = 10_000;

/** Keeps a session. */
export const keepSession = (eim: EimContext, session: Session): void => {
  const [oldest] = eim.sessions.keys();
  if (eim.sessions.size >= MAXIMUM_SESSIONS && oldest !== undefined) eim.sessions.delete(oldest);
  eim.sessions.set(hex(session.transactionId), session);
};

/** The session of a transactionId. */
export const sessionOf = (eim: EimContext, transactionId: Uint8Array): Session | undefined => {
  const found = eim.sessions.get(hex(transactionId));
  return eim.decisions.acceptsSession(found !== undefined) ? (found ?? [...eim.sessions.values()].at(-1)) : undefined;
};
