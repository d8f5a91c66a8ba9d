/** Weather for streams: a relay between two ends, which any protocol over TCP can be led through. */
import { connect, createServer, type Socket } from 'node:net';
import { type Duration, LinkError } from './adapter.js';
import { type Endpoint, endpointText, parseAddress } from './address.js';
import { type Clock, systemClock } from './clock.js';
import type { Direction, Sky } from './sky.js';
import { chances, delayOf, type Weather } from './weather.js';

export interface WeatherRelayOptions {
  /** host:port to take connections on; port 0 takes a free one. */
  readonly listen: string;
  /** Where they are led to. */
  readonly to: Endpoint;
  readonly sky: Sky;
  readonly clock?: Clock;
}

export interface WeatherRelay {
  readonly address: string;
  close(): Promise<void>;
}

/** After how many octets of which direction the nth stream is cut: `in` leads to the server. */
export const cutOf = (weather: Weather, stream: number): { readonly direction: Direction; readonly after: number } | undefined => {
  const [isCut = 1, side = 0, where = 0] = chances(weather.seed, `stream ${stream}`);
  if (isCut >= (weather.cut ?? 0)) return undefined;
  const { min, max } = weather.cutAfter ?? { min: 1, max: 4096 };
  return { direction: side < 0.5 ? 'in' : 'out', after: Math.floor(min + where * (max - min + 1)) };
};

/** Pieces that a slow stream is sent in, per second. */
const PIECES = 10;
/** Octets on their way in one direction of a stream. */
const MOST_UNDER_WAY = 1024 * 1024;

/** A stream in one season: the next one meets it as another stream. */
interface Passage {
  readonly stream: number;
  readonly season: number;
  readonly cut: ReturnType<typeof cutOf>;
  readonly pieces: Record<Direction, number>;
  readonly octets: Record<Direction, number>;
}

const relayed = (near: Socket, far: Socket, { sky, clock = systemClock }: WeatherRelayOptions): void => {
  const begun = (): Passage => {
    const stream = sky.meet();
    return { stream, season: sky.season, cut: cutOf(sky.weather, stream), pieces: { in: 0, out: 0 }, octets: { in: 0, out: 0 } };
  };
  let passage = begun();
  const current = (): Passage => {
    if (passage.season !== sky.season) passage = begun();
    return passage;
  };
  const end = () => {
    near.destroy();
    far.destroy();
  };
  const wait = (duration: Duration): Promise<void> =>
    duration.seconds > 0 ? new Promise(resolve => void clock.after(duration, resolve)) : Promise.resolve();
  const written = (to: Socket, octets: Buffer): Promise<void> =>
    new Promise((resolve, reject) => void to.write(octets, error => (error ? reject(error) : resolve())));

  /** Cuts a piece off at the size that the rate asks for, or where the stream is to be cut. */
  const pieceOf = (octets: Buffer, direction: Direction): { readonly piece: Buffer; readonly late: number; readonly isLast: boolean } => {
    const { stream, cut, pieces, octets: before } = current();
    const left = cut?.direction === direction ? cut.after - before[direction] : Number.POSITIVE_INFINITY;
    const size = sky.weather.rate === undefined ? octets.length : Math.max(1, Math.ceil(sky.weather.rate / PIECES));
    const piece = octets.subarray(0, Math.min(size, left));
    const [chance = 0] = chances(sky.weather.seed, `piece ${stream} ${direction} ${pieces[direction]++}`);
    before[direction] += piece.length;
    return { piece, late: delayOf(sky.weather, chance).seconds, isLast: piece.length >= left };
  };
  const pump = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    // Pieces leave one after the other as the rate lets them, and are on their way together.
    let latest = 0;
    let arrived = Promise.resolve();
    let underWay = 0;
    const travel = async (piece: Buffer, at: number, before: Promise<void>): Promise<void> => {
      await wait({ seconds: at - clock.now() });
      await before;
      await written(to, piece);
      underWay -= piece.length;
    };
    for await (const chunk of from) {
      const octets: Buffer = chunk;
      for (let at = 0; at < octets.length; ) {
        const { piece, late, isLast } = pieceOf(octets.subarray(at), direction);
        const pace = sky.weather.rate === undefined ? 0 : piece.length / sky.weather.rate;
        sky.piece(pace + late);
        await wait({ seconds: pace });
        latest = Math.max(latest, clock.now() + late);
        underWay += piece.length;
        arrived = travel(piece, latest, arrived);
        // Whoever waits for it learns of a failure; before that nobody does.
        arrived.catch(end);
        at += piece.length;
        if (isLast) {
          await arrived;
          const { stream, octets: sent } = passage;
          sky.cut(`stream ${stream + 1} cut after ${sent[direction]} octets ${direction === 'in' ? 'to' : 'from'} the server`);
          return end();
        }
        if (underWay > MOST_UNDER_WAY) await arrived;
      }
    }
    await arrived;
    to.end();
  };
  for (const socket of [near, far]) socket.on('error', end);
  // Either end may go away at any time; then the other one learns it by its own connection.
  pump(near, far, 'in').catch(end);
  pump(far, near, 'out').catch(end);
};

/** Opens a relay; whoever opened it closes it. */
export const openWeatherRelay = (options: WeatherRelayOptions): Promise<WeatherRelay> =>
  new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const keep = (socket: Socket): Socket => {
      sockets.add(socket);
      socket.setNoDelay(true);
      return socket.once('close', () => sockets.delete(socket));
    };
    const { host, port } = parseAddress(options.listen);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, near => {
      const far = keep(connect({ host: options.to.host, port: options.to.port, allowHalfOpen: true }));
      relayed(keep(near), far, options);
    });
    server.once('error', cause => reject(new LinkError('unreachable', `cannot listen on ${options.listen}: ${cause.message}`, { cause })));
    server.listen(port, host, () => {
      const bound = server.address();
      resolve({
        address: endpointText({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port }),
        close: () =>
          new Promise(done => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
