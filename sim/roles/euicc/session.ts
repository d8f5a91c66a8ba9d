/** The RSP session of a simulated eUICC: one at a time. SGP.22 3.0.1 */
import type { Chip, Session } from './state.js';

/** A session whose server is authenticated and whose installation has not ended. */
export const openSession = (chip: Chip) => {
  const { session } = chip.memory;
  const { transactionId, credential, euiccSignature1, serverOids } = session ?? {};
  return session && transactionId && credential && euiccSignature1 && serverOids && !session.isOver
    ? { session, transactionId, credential, euiccSignature1, oid: serverOids[0] ?? '' }
    : undefined;
};
/** Such a session with the members it must have. */
export type OpenSession = NonNullable<ReturnType<typeof openSession>>;

/** Ends a session; its one-time key is kept only while the download may be repeated. */
export const endSession = (chip: Chip, session: Session, keepsKey: boolean): void => {
  if (!keepsKey) chip.memory.otKeys = chip.memory.otKeys.filter(k => k.key !== session.otKey);
  session.isOver = true;
  delete session.receiver;
};
