import type { Duration } from './adapter.js';

/** Time as the datagram adapters take it, so that a test can let it pass. */
export interface Clock {
  /** Seconds since some fixed moment; never goes back. */
  now(): number;
  /** Runs `act` once when so much time has passed; the function returned calls it off. */
  after(duration: Duration, act: () => void): () => void;
}

/** The time that passes by itself. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  after: ({ seconds }, act) => {
    const timer = setTimeout(act, seconds * 1000);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
