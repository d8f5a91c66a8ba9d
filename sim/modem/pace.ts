/** A serial line that carries only so many bits per second. */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

/** One direction of a line. */
export interface PacedLine {
  /** Resolves when so many octets have passed, behind those before them. */
  carry(octets: number): Promise<void>;
}

/** A start bit, eight bits, a stop bit. */
const BITS_PER_OCTET = 10;
/** Timers come up to this much late, so the end of a time is awaited without them. */
const LATENESS_MS = 2;

/** A line of so many bits per second; 0: of any number. */
export const pacedLine = (baud: number): PacedLine => {
  let freeAt = 0;
  return {
    carry: async octets => {
      if (baud === 0 || octets === 0) return;
      freeAt = Math.max(freeAt, performance.now()) + (octets * BITS_PER_OCTET * 1000) / baud;
      const waiting = freeAt - performance.now() - LATENESS_MS;
      if (waiting > 0) await pause(waiting);
      while (performance.now() < freeAt) await turn();
    },
  };
};
