/** Bad network conditions around a socket, the same from the same seed: what NB-IoT does to datagrams and streams. */
import { createHash } from 'node:crypto';
import type { Duration } from './adapter.js';
import { endpointText } from './address.js';
import { type Clock, systemClock } from './clock.js';
import type { DatagramSocket } from './datagram.js';
import type { Direction, Sky } from './sky.js';

/** What a network is like. Shares are between 0 and 1. What is left out does not happen. */
export interface Conditions {
  /** Of each datagram, or of each piece of a stream; evenly spread. */
  readonly delay?: { readonly min: Duration; readonly max: Duration };
  /** Shares of the datagrams that are lost, that come twice, and that are overtaken by the next one. */
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  /** A datagram that nobody overtakes goes on after it; 0.5 s when absent. */
  readonly patience?: Duration;
  /** Octets per second of a stream, in each direction. */
  readonly rate?: number;
  /** Share of the streams that are cut, and after how many octets of one direction: 1 to 4096 when absent. */
  readonly cut?: number;
  readonly cutAfter?: { readonly min: number; readonly max: number };
}

/** Conditions with the seed that decides whom they hit. */
export interface Weather extends Conditions {
  readonly seed: string;
}

/** Numbers between 0 and 1 that belong to a seed and a label, as many as eight. */
export const chances = (seed: string, label: string): readonly number[] => {
  const digest = createHash('sha256').update(`${seed}\0${label}`).digest();
  return Array.from({ length: 8 }, (_, i) => digest.readUInt32BE(4 * i) / 2 ** 32);
};

/** What becomes of one datagram. */
export interface Fate {
  readonly isLost: boolean;
  readonly copies: 1 | 2;
  readonly isOvertaken: boolean;
  readonly delay: Duration;
}

/** A delay between the bounds, from a number between 0 and 1. */
export const delayOf = ({ delay }: Weather, chance: number): Duration =>
  delay === undefined ? { seconds: 0 } : { seconds: delay.min.seconds + chance * (delay.max.seconds - delay.min.seconds) };

/** The fate of the nth datagram of a direction, to or from the nth peer that was met. */
export const fateOf = (weather: Weather, direction: Direction, peer: number, count: number): Fate => {
  const [lost = 1, twice = 1, overtaken = 1, late = 0] = chances(weather.seed, `${direction} ${peer} ${count}`);
  return {
    isLost: lost < (weather.loss ?? 0),
    copies: twice < (weather.duplicate ?? 0) ? 2 : 1,
    isOvertaken: overtaken < (weather.reorder ?? 0),
    delay: delayOf(weather, late),
  };
};

const PATIENCE: Duration = { seconds: 0.5 };
/** Datagrams on their way at a time; more are lost, as in any network. */
const MOST_UNDER_WAY = 1024;
/** Peers told apart; who floods a socket from more addresses begins all of them anew. */
const MOST_PEERS = 4096;

/** What DTLS does not send again, and what says nothing but that a session is over. RFC 6347 4.1.2.7 */
const isAlert = (octets: Uint8Array): boolean => octets[0] === 21;

interface Peer {
  readonly index: number;
  readonly counts: Record<Direction, number>;
  readonly held: Map<Direction, () => void>;
}

/** A socket whose datagrams go through the weather, both those sent and those that arrive. */
export const underWeather = (socket: DatagramSocket, sky: Sky, clock: Clock = systemClock): DatagramSocket => {
  const peers = new Map<string, Peer>();
  const underWay = new Set<() => void>();
  let { season } = sky;
  let isClosed = false;

  const later = (delay: Duration, act: () => void): boolean => {
    if (underWay.size >= MOST_UNDER_WAY) return false;
    const callOff = clock.after(delay, () => {
      underWay.delete(callOff);
      if (!isClosed) act();
    });
    underWay.add(callOff);
    return true;
  };

  const met = (who: string): Peer => {
    if (season !== sky.season || (peers.size >= MOST_PEERS && !peers.has(who))) peers.clear();
    season = sky.season;
    const peer = peers.get(who) ?? { index: sky.meet(), counts: { in: 0, out: 0 }, held: new Map() };
    peers.set(who, peer);
    return peer;
  };

  const through = (direction: Direction, who: string, octets: Uint8Array, pass: () => void): void => {
    if (isClosed) return;
    const peer = met(who);
    const { weather } = sky;
    const fate = fateOf(weather, direction, peer.index, peer.counts[direction]++);
    const note = (isLost: boolean) =>
      sky.datagram({ ...fate, isLost, direction, peer: peer.index, isFarewell: isAlert(octets), at: clock.now() });
    if (fate.isLost) return note(true);
    const go = () => {
      for (let i = 0; i < fate.copies; i++) pass();
    };
    const waiting = peer.held.get(direction);
    const release = () => {
      if (peer.held.get(direction) !== release) return;
      peer.held.delete(direction);
      go();
    };
    if (fate.isOvertaken && waiting === undefined) {
      peer.held.set(direction, release);
      return note(!later(weather.patience ?? PATIENCE, release));
    }
    const act = () => {
      go();
      waiting?.();
    };
    if (fate.delay.seconds > 0) return note(!later(fate.delay, act));
    note(false);
    act();
  };

  return {
    local: socket.local,
    send: (octets, to) => through('out', endpointText(to), octets, () => socket.send(octets, to)),
    receive: handlers =>
      socket.receive({
        failed: error => handlers.failed(error),
        datagram: (octets, from) => through('in', endpointText(from), octets, () => handlers.datagram(octets, from)),
      }),
    close: () => {
      isClosed = true;
      for (const callOff of underWay) callOff();
      underWay.clear();
      return socket.close();
    },
  };
};
