/** Time and datagrams for tests: a clock that stands still until it is told to go on, and lines without a network. */
import type { Clock } from './clock.js';
import { type CoapTrace, type CoapWorld, type CoapWorldOptions, coapWorld } from './coap-world.js';
import type { DatagramLine, LineHandlers } from './datagram.js';
import { openSky, type Sky } from './sky.js';
import type { Weather } from './weather.js';

/** Time that a test lets pass. */
export interface StandingClock extends Clock {
  /** Lets so much time pass; what is due is done in its order, with all that follows from it. */
  pass(seconds: number): Promise<void>;
  /** Timers that are set. */
  pending(): number;
}

const settled = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

export const standingClock = (): StandingClock => {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly act: () => void }>();
  return {
    now: () => now,
    pending: () => timers.size,
    after: ({ seconds }, act) => {
      const timer = { at: now + seconds, act };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass: async seconds => {
      const end = now + seconds;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.act();
      }
      now = end;
    },
  };
};

/** A line whose other end is the test. */
export interface TestLine extends DatagramLine {
  /** What was sent, in order. */
  readonly sent: Uint8Array[];
  /** Makes a datagram arrive. */
  arrive(octets: Uint8Array): void;
  /** Makes the line end. */
  end(why: Parameters<LineHandlers['closed']>[0]): void;
}

export const testLine = (): TestLine => {
  let handlers: LineHandlers | undefined;
  const sent: Uint8Array[] = [];
  return {
    remote: '192.0.2.1:5683',
    sent,
    send: octets => void sent.push(octets),
    receive: given => {
      handlers = given;
    },
    close: () => {},
    arrive: octets => handlers?.datagram(octets),
    end: why => handlers?.closed(why),
  };
};

/** A world without chance, whose time stands still; it keeps what went over the line. */
export const testWorld = (options: CoapWorldOptions = {}): CoapWorld & { readonly clock: StandingClock; readonly traced: CoapTrace[] } => {
  const clock = standingClock();
  const traced: CoapTrace[] = [];
  let count = 0;
  const random = (octets: number) => Uint8Array.from({ length: octets }, () => (octets === 1 ? 0 : ++count & 0xff));
  return { ...coapWorld({ random, trace: datagram => void traced.push(datagram), ...options, clock }), clock, traced };
};

/** A sky whose weather has begun, for one who wants it without sequences. */
export const skyOf = ({ seed, ...conditions }: Weather): Sky => {
  const sky = openSky(conditions);
  sky.begin(seed);
  return sky;
};
