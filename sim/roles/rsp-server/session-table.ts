/** Sessions of an RSP server by TransactionID. */
import { hex } from '#protocol/asn1/tlv.js';

// A stand-alone server must not fill the memory with sessions that nobody ends.
const MOST_SESSIONS = 4096;

/** Sessions by TransactionID, the latest opened last; beyond 4096 the oldest one is forgotten. */
export interface SessionTable<S> {
  add(session: S): void;
  find(transactionId: Uint8Array): S | undefined;
  all(): readonly S[];
}

/** An empty table. */
export const sessionTable = <S extends { readonly transactionId: Uint8Array }>(): SessionTable<S> => {
  const sessions = new Map<string, S>();
  return {
    add: session => {
      sessions.set(hex(session.transactionId), session);
      const [oldest] = sessions.keys();
      if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    },
    find: transactionId => sessions.get(hex(transactionId)),
    all: () => [...sessions.values()],
  };
};
