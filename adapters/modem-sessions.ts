/** Sessions of a modem, and the channel numbers that stand for them. 3GPP TS 27.007 8.45 */
import { LAST_CHANNEL } from './modem-apdu.js';

/** Sessions by channel number. */
export interface SessionTable {
  of(channel: number): number | undefined;
  /** The channel number of a session that was opened; undefined when none is left. */
  add(session: number): number | undefined;
  drop(channel: number): void;
  clear(): void;
}

/** Makes an empty table. */
export const sessionTable = (): SessionTable => {
  const sessions = new Map<number, number>();
  const isFree = (channel: number): boolean => !sessions.has(channel);
  const fromAbove = Array.from({ length: LAST_CHANNEL }, (_, n) => LAST_CHANNEL - n);
  return {
    of: channel => sessions.get(channel),
    add: session => {
      // An id that is given out again was lost before: the card was reset behind our back.
      for (const [channel, known] of sessions) if (known === session) sessions.delete(channel);
      const isNumber = session >= 1 && session <= LAST_CHANNEL && isFree(session);
      // Cards give out the high numbers last, so what MANAGE CHANNEL opens over AT+CSIM does not collide.
      const channel = isNumber ? session : fromAbove.find(isFree);
      if (channel !== undefined) sessions.set(channel, session);
      return channel;
    },
    drop: channel => void sessions.delete(channel),
    clear: () => sessions.clear(),
  };
};
