/** The weather over one link, from one sequence to the next: where its seed comes from, and an account of what it did. */
import type { Conditions, Fate, Weather } from './weather.js';

/** `in`: from the peer; of a relay: towards the server. */
export type Direction = 'in' | 'out';

/** What became of a datagram. */
export interface DatagramFate extends Fate {
  readonly direction: Direction;
  /** The number of the peer, as `meet` gave it. */
  readonly peer: number;
  /** Its sender does not send it again, and nothing follows it. */
  readonly isFarewell: boolean;
  /** Seconds of the clock. */
  readonly at: number;
}

/** What a stretch of weather did. */
export interface Toll {
  readonly datagrams: number;
  readonly lost: number;
  readonly doubled: number;
  readonly overtaken: number;
  /** Of all datagrams or pieces together. */
  readonly delayed: number;
  /** Pieces of streams that were held up. */
  readonly pieces: number;
  /** The streams that were cut, in words. */
  readonly cuts: readonly string[];
  /** Most datagrams that one peer and we lost between us before something went both ways again. */
  readonly streak: number;
}

export interface Sky {
  /** What it is like now. */
  readonly weather: Weather;
  /** Grows with each `begin` and `clear`: who counts datagrams begins anew. */
  readonly season: number;
  /** New weather from its own seed, the same however much there was before. */
  begin(seed: string): void;
  /** Fine weather until the next `begin`; what it did before is kept. */
  clear(): void;
  /** The number of a peer or stream that is met for the first time in this season. */
  meet(): number;
  datagram(fate: DatagramFate): void;
  piece(seconds: number): void;
  cut(what: string): void;
  /** What it did since `begin`. */
  readonly toll: Toll;
  /** What went through it since this was asked last, in words; undefined: nothing. */
  told(): string | undefined;
  /** Whether the latest datagram of a peer was lost, so that what it said is not known. */
  hides(): boolean;
  /** Calls the listener when a datagram of a peer gets through; returns what ends that. */
  onArrival(listener: () => void): () => void;
}

/** A peer, as far as the account needs it. */
interface Dealings {
  latest: Direction | undefined;
  lost: number;
  isHidden: boolean;
}

const FINE: Toll = { datagrams: 0, lost: 0, doubled: 0, overtaken: 0, delayed: 0, pieces: 0, cuts: [], streak: 0 };

/** A toll in words, e.g. `12 datagrams: 2 lost, held up for 1.8 s in all`. */
export const tollText = ({ datagrams, lost, doubled, overtaken, delayed, pieces, cuts }: Toll): string => {
  const [number, what] = pieces > 0 ? [pieces, 'piece'] : [datagrams, 'datagram'];
  const done = [
    lost > 0 ? `${lost} lost` : '',
    doubled > 0 ? `${doubled} twice` : '',
    overtaken > 0 ? `${overtaken} overtaken` : '',
    delayed > 0 ? `held up for ${delayed.toFixed(1)} s in all` : '',
    ...cuts,
  ].filter(Boolean);
  return `${number} ${what}${number === 1 ? '' : 's'}${done.length > 0 ? `: ${done.join(', ')}` : ''}`;
};

/** The sky over a link; its weather is fine until the first `begin`. */
export const openSky = (conditions: Conditions): Sky => {
  let weather: Weather = { seed: '' };
  let season = 0;
  let peers = 0;
  let toll = FINE;
  let recent = FINE;
  const dealings = new Map<number, Dealings>();
  const listeners = new Set<() => void>();

  const add = (more: Partial<Omit<Toll, 'streak'>>): void => {
    const sum = (before: Toll): Toll => ({
      datagrams: before.datagrams + (more.datagrams ?? 0),
      lost: before.lost + (more.lost ?? 0),
      doubled: before.doubled + (more.doubled ?? 0),
      overtaken: before.overtaken + (more.overtaken ?? 0),
      delayed: before.delayed + (more.delayed ?? 0),
      pieces: before.pieces + (more.pieces ?? 0),
      cuts: more.cuts ? [...before.cuts, ...more.cuts] : before.cuts,
      streak: before.streak,
    });
    toll = sum(toll);
    recent = sum(recent);
  };
  const change = (to: Weather): void => {
    weather = to;
    season++;
    peers = 0;
    dealings.clear();
  };
  /** A message is given up when none of its transmissions has gone there and back. */
  const follow = ({ peer, direction, isLost, isFarewell }: DatagramFate): void => {
    const one = dealings.get(peer) ?? { latest: undefined, lost: 0, isHidden: false };
    dealings.set(peer, one);
    if (direction === 'in') one.isHidden = isLost ? one.isHidden || !isFarewell : false;
    if (isLost) {
      one.latest = undefined;
      toll = { ...toll, streak: Math.max(toll.streak, ++one.lost) };
    } else {
      if (one.latest !== undefined && one.latest !== direction) one.lost = 0;
      one.latest = direction;
    }
  };

  return {
    get weather() {
      return weather;
    },
    get season() {
      return season;
    },
    get toll() {
      return toll;
    },
    begin: seed => {
      change({ ...conditions, seed });
      toll = recent = FINE;
    },
    clear: () => change({ seed: '' }),
    meet: () => peers++,
    datagram: fate => {
      add({
        datagrams: 1,
        lost: Number(fate.isLost),
        ...(fate.isLost
          ? {}
          : { doubled: fate.copies - 1, overtaken: Number(fate.isOvertaken), delayed: fate.isOvertaken ? 0 : fate.delay.seconds }),
      });
      follow(fate);
      if (fate.direction === 'in' && !fate.isLost) for (const listener of listeners) listener();
    },
    piece: seconds => add({ pieces: 1, delayed: seconds }),
    cut: what => add({ cuts: [what] }),
    told: () => {
      const words = recent === FINE ? undefined : tollText(recent);
      recent = FINE;
      return words;
    },
    hides: () => [...dealings.values()].some(({ isHidden }) => isHidden),
    onArrival: listener => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
