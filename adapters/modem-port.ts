/** The stream to a modem: a serial port, a pseudo terminal, or a modem server behind TCP. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { LinkError } from './adapter.js';
import type { ModemOptions } from './modem-options.js';
import { errorCode, errorText } from './tls.js';

/** An open port. */
export interface ModemPort {
  readonly stream: Duplex;
  close(): Promise<void>;
}

const TCP = /^tcp:\/\/\[?([^\]]+?)\]?:(\d{1,5})\/?$/;

const openTcp = (address: string, host: string, port: number, within: AbortSignal): Promise<ModemPort> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const giveUp = () => socket.destroy(within.reason);
    within.addEventListener('abort', giveUp, { once: true });
    const refused = (cause: Error) => {
      const code = within.aborted ? 'timeout' : errorCode(cause) === 'ECONNREFUSED' ? 'refused' : 'unreachable';
      reject(new LinkError(code, `${address} cannot be opened: ${errorText(cause)}`, { cause }));
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      within.removeEventListener('abort', giveUp);
      resolve({
        stream: socket,
        close: () =>
          new Promise(closed => {
            if (socket.closed) return closed();
            socket.once('close', () => closed());
            socket.destroy();
          }),
      });
    });
  });

const openSerial = async ({ port: path, baud, flowControl }: ModemOptions, within: AbortSignal): Promise<ModemPort> => {
  // Loaded with the first port: it is native code that most runs do without.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: baud, rtscts: flowControl === 'hardware', autoOpen: false });
  const close = () => new Promise<void>(closed => (port.isOpen ? port.close(() => closed()) : closed()));
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => reject(within.reason);
    within.addEventListener('abort', giveUp, { once: true });
    port.open(cause => {
      within.removeEventListener('abort', giveUp);
      if (cause) reject(cause);
      // Too late: nobody waits for the port any more.
      else if (within.aborted) void close();
      else resolve();
    });
  });
  // The library takes a read of nothing, which is how a vanished port shows, for a reason to read again, for ever.
  const wire = port.port;
  if (wire && 'poller' in wire) wire.poller.once('disconnect', () => void close());
  return { stream: port, close };
};

/** Opens the port of a modem; rejects with LinkError. */
export const openModemPort = async (options: ModemOptions, signal: AbortSignal): Promise<ModemPort> => {
  const [, host, port] = TCP.exec(options.port) ?? [];
  const within = AbortSignal.any([signal, AbortSignal.timeout(options.commandTimeout.seconds * 1000)]);
  if (signal.aborted) throw new LinkError('timeout', `${options.port} was not opened: ${errorText(signal.reason)}`);
  if (host && Number(port) <= 65535) return openTcp(options.port, host, Number(port), within);
  if (options.port.startsWith('tcp:')) throw new LinkError('unreachable', `expected tcp://host:port, got ${options.port}`);
  return openSerial(options, within).catch((cause: unknown) => {
    throw new LinkError(within.aborted ? 'timeout' : 'unreachable', `${options.port} cannot be opened: ${errorText(cause)}`, { cause });
  });
};
