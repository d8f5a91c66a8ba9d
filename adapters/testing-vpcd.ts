/** The reader's side of vpcd for tests: does what vsmartcard's driver inside pcscd does, at once instead of every 400 ms. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type Card, LinkError } from './adapter.js';
import { givenUp, until } from './until.js';

export interface TestReader {
  readonly port: number;
  /** The card that is in the reader, powered. */
  readonly card: () => Promise<Card>;
  readonly close: () => Promise<void>;
}

const framed = (content: Uint8Array): Buffer => Buffer.concat([Buffer.of(content.length >> 8, content.length & 0xff), content]);

/** One connected card; answers come in the order of the questions. */
const access = (socket: Socket) => {
  const waiting: { readonly resolve: (content: Uint8Array) => void; readonly reject: (why: LinkError) => void }[] = [];
  let held = Buffer.alloc(0);
  let end: LinkError | undefined;
  const finish = (why: LinkError) => {
    end ??= why;
    for (const one of waiting.splice(0)) one.reject(end);
  };
  socket.on('error', () => {});
  socket.on('data', chunk => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const size = 2 + held.readUInt16BE(0);
      waiting.shift()?.resolve(new Uint8Array(held.subarray(2, size)));
      held = held.subarray(size);
    }
  });
  socket.once('close', () => finish(new LinkError('closed', 'the card was taken out')));
  const tell = (control: number) => socket.write(framed(Uint8Array.of(control)));
  const ask = (content: Uint8Array, signal: AbortSignal): Promise<Uint8Array> => {
    if (signal.aborted) return Promise.reject(givenUp(signal, 'the command'));
    if (end !== undefined) return Promise.reject(end);
    socket.write(framed(content));
    return until(new Promise((resolve, reject) => waiting.push({ resolve, reject })), signal, 'the command');
  };
  const power = async (signal: AbortSignal, ...controls: readonly number[]): Promise<Uint8Array> => {
    if (!signal.aborted) controls.forEach(tell);
    return ask(Uint8Array.of(4), signal);
  };
  const card: Card = {
    address: `port ${socket.localPort}`,
    transmit: (apdu, { signal }) => ask(apdu, signal),
    reset: ({ signal }) => power(signal, 0, 1),
    close: async () => finish(new LinkError('closed', 'the access to the card was closed')),
  };
  return { card, power };
};

/** Listens where a card connects; takes one at a time, the next when that has left. */
export const openTestReader = async (port = 0): Promise<TestReader> => {
  const queue: Socket[] = [];
  let present: Promise<Card> | undefined;
  let announce = (_: Promise<Card>): void => {};
  let next = new Promise<Card>(resolve => {
    announce = resolve;
  });
  const take = () => {
    const socket = queue.shift();
    if (socket === undefined) return;
    const { card, power } = access(socket);
    const never = new AbortController().signal;
    present = power(never)
      .then(() => power(never, 1))
      .then(() => card);
    present.catch(() => {});
    announce(present);
    socket.once('close', () => {
      present = undefined;
      next = new Promise(resolve => {
        announce = resolve;
      });
      take();
    });
  };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    queue.push(socket);
    if (present === undefined) take();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    card: () => present ?? next,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
