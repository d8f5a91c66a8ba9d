/** Weather for streams: a relay between two ends, which any protocol over TCP can be led through. */
import { connect, createServer, type Socket } from 'node:net';
import { type Duration, LinkError } from './adapter.js';
import { type Endpoint, endpointText, parseAddress } from './address.js';
import { type Clock, systemClock } from './clock.js';
import { chances, type Direction, delayOf, type Weather } from './weather.js';

export interface WeatherRelayOptions {
  /** host:port to take connections on; port 0 takes a free one. */
  readonly listen: string;
  /** Where they are led to. */
  readonly to: Endpoint;
  readonly weather: Weather;
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

const relayed = (near: Socket, far: Socket, stream: number, { weather, clock = systemClock }: WeatherRelayOptions): void => {
  const cut = cutOf(weather, stream);
  const end = () => {
    near.destroy();
    far.destroy();
  };
  const wait = (duration: Duration): Promise<void> =>
    duration.seconds > 0 ? new Promise(resolve => void clock.after(duration, resolve)) : Promise.resolve();
  const written = (to: Socket, octets: Buffer): Promise<void> =>
    new Promise((resolve, reject) => void to.write(octets, error => (error ? reject(error) : resolve())));

  const pump = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    let left = cut?.direction === direction ? cut.after : Number.POSITIVE_INFINITY;
    let pieces = 0;
    for await (const chunk of from) {
      const octets: Buffer = chunk;
      const size = weather.rate === undefined ? octets.length : Math.max(1, Math.ceil(weather.rate / PIECES));
      for (let at = 0; at < octets.length; at += size) {
        const piece = octets.subarray(at, Math.min(at + size, octets.length, at + left));
        const [late = 0] = chances(weather.seed, `piece ${stream} ${direction} ${pieces++}`);
        const pace = weather.rate === undefined ? 0 : piece.length / weather.rate;
        await wait({ seconds: delayOf(weather, late).seconds + pace });
        await written(to, piece);
        left -= piece.length;
        if (left <= 0) return end();
      }
    }
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
    let streams = 0;
    const keep = (socket: Socket): Socket => {
      sockets.add(socket);
      socket.setNoDelay(true);
      return socket.once('close', () => sockets.delete(socket));
    };
    const { host, port } = parseAddress(options.listen);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, near => {
      const far = keep(connect({ host: options.to.host, port: options.to.port, allowHalfOpen: true }));
      relayed(keep(near), far, streams++, options);
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
