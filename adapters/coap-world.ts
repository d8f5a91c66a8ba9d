/** What CoAP takes from outside: time, chance, its times, and somebody to tell what goes over the wire. */
import { randomBytes } from 'node:crypto';
import type { Duration } from './adapter.js';
import { type Clock, systemClock } from './clock.js';

/** Times of the message layer. RFC 7252 4.8 */
export interface CoapTiming {
  readonly ackTimeout: Duration;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  readonly exchangeLifetime: Duration;
  /** A confirmable request that is not answered within is acknowledged first and answered in a message of its own; below ackTimeout of the peer. */
  readonly processingDelay: Duration;
  /** First pause before a flight of a DTLS handshake is sent again. RFC 6347 4.2.4.1 */
  readonly handshakeRetransmit: Duration;
}

/** RFC 7252 table 2 and 3, RFC 6347 4.2.4.1; the delay is ours. */
export const DEFAULT_TIMING: CoapTiming = {
  ackTimeout: { seconds: 2 },
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  exchangeLifetime: { seconds: 247 },
  processingDelay: { seconds: 1 },
  handshakeRetransmit: { seconds: 1 },
};

/** A datagram of CoAP as it was before protection, or after it. */
export interface CoapTrace {
  readonly direction: 'in' | 'out';
  readonly remote: string;
  readonly octets: Uint8Array;
  /** Seconds of the clock. */
  readonly at: number;
}

/** What a peer did that is no message of CoAP, or no proper use of one. */
export interface CoapProblem {
  readonly kind: 'malformed' | 'reused';
  readonly message: string;
}

export interface CoapWorld {
  readonly clock: Clock;
  /** So many random octets. */
  readonly random: (count: number) => Uint8Array;
  readonly timing: CoapTiming;
  readonly trace?: (datagram: CoapTrace) => void;
}

/** The parts of a world that a caller may give; the rest is the real one. */
export interface CoapWorldOptions {
  readonly clock?: Clock;
  readonly random?: (count: number) => Uint8Array;
  readonly timing?: Partial<CoapTiming>;
  readonly trace?: (datagram: CoapTrace) => void;
}

/** The world of an endpoint. */
export const coapWorld = (options: CoapWorldOptions): CoapWorld => ({
  clock: options.clock ?? systemClock,
  random: options.random ?? (count => new Uint8Array(randomBytes(count))),
  timing: { ...DEFAULT_TIMING, ...options.timing },
  ...(options.trace ? { trace: options.trace } : {}),
});
