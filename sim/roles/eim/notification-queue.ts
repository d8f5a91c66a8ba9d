/**
 * Forwarding of notifications: per eUICC and receiver in the order of sequence numbers, a later one never before an
 * earlier one was accepted. SGP.22 3.5, SGP.32 3.7
 */
import type { Duration } from '../../../adapters/adapter.js';
import type { RelayDecisions } from './relay-decisions.js';

/** A notification in the form of SGP.22, on its way to its receiver. */
export interface Forwarding {
  readonly eid: string;
  readonly seqNumber: number;
  /** FQDN of the receiver. */
  readonly address: string;
  /** PendingNotification, `BF37 …` or `30 …`. */
  readonly octets: Uint8Array;
}

/** What the queue needs of its surroundings. */
export interface QueueSurroundings {
  readonly decisions: RelayDecisions;
  /** Delivers one notification; true when the receiver accepted it. Never rejects. */
  deliver(forwarding: Forwarding): Promise<boolean>;
  /** Runs something later; nobody waits for it. */
  later(delay: Duration, run: () => void): void;
}

/** Notifications that wait for their receivers. */
export interface NotificationQueue {
  add(forwarding: Forwarding): void;
  /** Drops what waits of an eUICC. */
  forget(eid: string): void;
  /** Waiting ones, in the order in which they go out per receiver. */
  readonly waiting: readonly Forwarding[];
  /** Settles when no delivery is under way. */
  idle(): Promise<void>;
}

interface Lane {
  entries: Forwarding[];
  running: Promise<void> | undefined;
  failures: number;
}

// Short: a reference on the desk retries while one looks at it.
const FIRST_PAUSE = 0.2;
const LONGEST_PAUSE = 64;

/** A queue without entries. */
export const createNotificationQueue = ({ decisions, deliver, later }: QueueSurroundings): NotificationQueue => {
  const lanes = new Map<string, Lane>();

  const inOrder = (lane: Lane): Forwarding[] => [
    ...new Set(decisions.ordersQueue(lane.entries.map(e => e.seqNumber)).flatMap(n => lane.entries.filter(e => e.seqNumber === n))),
  ];

  /** Tries every entry once, in order; true when a receiver did not accept one. */
  const pass = async (lane: Lane): Promise<boolean> => {
    const tried = new Set<Forwarding>();
    let failed = false;
    for (let next = inOrder(lane)[0]; next; next = inOrder(lane).find(e => !tried.has(e))) {
      const entry = next;
      tried.add(entry);
      if (await deliver(entry)) lane.entries = lane.entries.filter(e => e !== entry);
      else failed = true;
      if (failed && decisions.withholds()) break;
    }
    return failed;
  };

  const run = (key: string, lane: Lane): void => {
    // A retry of a lane that ended meanwhile: another one may stand under its key, whose order and end are its own.
    if (lanes.get(key) !== lane) return;
    // Starts in a later turn, so that all notifications of one message are in line before the first goes out.
    lane.running ??= Promise.resolve()
      .then(() => pass(lane))
      .then(failed => {
        lane.running = undefined;
        lane.failures = failed ? lane.failures + 1 : 0;
        if (lane.entries.length === 0) lanes.delete(key);
        else if (!failed) run(key, lane);
        else if (decisions.retries())
          later({ seconds: Math.min(FIRST_PAUSE * 2 ** (lane.failures - 1), LONGEST_PAUSE) }, () => run(key, lane));
      });
  };

  return {
    add: forwarding => {
      const key = `${forwarding.eid} ${forwarding.address.toLowerCase()}`;
      const lane = lanes.get(key) ?? { entries: [], running: undefined, failures: 0 };
      lanes.set(key, lane);
      lane.entries.push(forwarding);
      const pause = decisions.postpones();
      if (pause) later(pause, () => run(key, lane));
      else run(key, lane);
    },
    forget: eid => {
      for (const lane of lanes.values()) lane.entries = lane.entries.filter(entry => entry.eid !== eid);
    },
    get waiting() {
      return [...lanes.values()].flatMap(inOrder);
    },
    idle: async () => {
      for (const lane of lanes.values()) await lane.running;
    },
  };
};
