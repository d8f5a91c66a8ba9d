import type { Socket } from 'node:net';

const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;

const descriptorOf = (socket: Socket): number => {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' ? fd : -1;
};

/**
 * Gives a function that acknowledges at once what has arrived on a TCP connection. Linux waits up to 40 ms for an answer to send the acknowledgement
 * with, and a peer that writes a message in two pieces without TCP_NODELAY waits for it before the second. Only Linux has this, and only with
 * koffi; elsewhere nothing happens but that such a peer is slow.
 */
export const loadQuickAck = async (): Promise<(socket: Socket) => void> => {
  if (process.platform !== 'linux') return () => {};
  try {
    const { default: koffi } = await import('koffi');
    const setsockopt = koffi.load(null).func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint32']);
    const on = new Uint8Array(Int32Array.of(1).buffer);
    return socket => {
      const fd = descriptorOf(socket);
      if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, on, on.length);
    };
  } catch {
    return () => {};
  }
};
