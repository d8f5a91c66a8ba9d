/** Bad network conditions around a socket, the same from the same seed: what NB-IoT does to datagrams and streams. */
import { createHash } from 'node:crypto';
import type { Duration } from './adapter.js';
import { endpointText } from './address.js';
import { type Clock, systemClock } from './clock.js';
import type { DatagramSocket } from './datagram.js';

/** Shares are between 0 and 1. What is left out does not happen. */
export interface Weather {
  readonly seed: string;
  /** Of each datagram, or of each piece of a stream; evenly spread. */
  readonly delay?: { readonly min: Duration; readonly max: Duration };
  /** Shares of the datagrams that are lost, that come twice, and that are overtaken by the next one. */
  readonly loss?: number;
  readonly duplication?: number;
  readonly reordering?: number;
  /** A datagram that nobody overtakes goes on after it; 0.5 s when absent. */
  readonly patience?: Duration;
  /** Octets per second of a stream, in each direction. */
  readonly rate?: number;
  /** Share of the streams that are cut, and after how many octets of one direction: 1 to 4096 when absent. */
  readonly cut?: number;
  readonly cutAfter?: { readonly min: number; readonly max: number };
}

export type Direction = 'in' | 'out';

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
    copies: twice < (weather.duplication ?? 0) ? 2 : 1,
    isOvertaken: overtaken < (weather.reordering ?? 0),
    delay: delayOf(weather, late),
  };
};

const PATIENCE: Duration = { seconds: 0.5 };
/** Datagrams on their way at a time; more are lost, as in any network. */
const MOST_UNDER_WAY = 1024;
/** Peers told apart; who floods a socket from more addresses begins all of them anew. */
const MOST_PEERS = 4096;

/** A socket whose datagrams go through the weather, both those sent and those that arrive. */
export const underWeather = (socket: DatagramSocket, weather: Weather, clock: Clock = systemClock): DatagramSocket => {
  const peers = new Map<
    string,
    { readonly index: number; readonly counts: Record<Direction, number>; readonly held: Map<Direction, () => void> }
  >();
  const underWay = new Set<() => void>();
  let isClosed = false;

  const later = (delay: Duration, act: () => void): void => {
    if (underWay.size >= MOST_UNDER_WAY) return;
    const callOff = clock.after(delay, () => {
      underWay.delete(callOff);
      if (!isClosed) act();
    });
    underWay.add(callOff);
  };

  const through = (direction: Direction, to: string, pass: () => void): void => {
    if (isClosed) return;
    if (peers.size >= MOST_PEERS && !peers.has(to)) peers.clear();
    const peer = peers.get(to) ?? { index: peers.size, counts: { in: 0, out: 0 }, held: new Map() };
    peers.set(to, peer);
    const fate = fateOf(weather, direction, peer.index, peer.counts[direction]++);
    if (fate.isLost) return;
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
      return later(weather.patience ?? PATIENCE, release);
    }
    const act = () => {
      go();
      waiting?.();
    };
    if (fate.delay.seconds > 0) later(fate.delay, act);
    else act();
  };

  return {
    local: socket.local,
    send: (octets, to) => through('out', endpointText(to), () => socket.send(octets, to)),
    receive: handlers =>
      socket.receive({
        failed: error => handlers.failed(error),
        datagram: (octets, from) => through('in', endpointText(from), () => handlers.datagram(octets, from)),
      }),
    close: () => {
      isClosed = true;
      for (const callOff of underWay) callOff();
      underWay.clear();
      return socket.close();
    },
  };
};
