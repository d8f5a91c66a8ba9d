/** The stream to a modem: a serial port, a pseudo terminal, or a modem server behind TCP. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Duration, LinkError } from './adapter.js';
import type { ModemOptions } from './modem-options.js';
import { errorCode, errorText } from './tls.js';

/** An open port. */
export interface ModemPort {
  readonly stream: Duplex;
  close(): Promise<void>;
}

const TCP = /^tcp:\/\/\[?([^\]]+?)\]?:(\d{1,5})\/?$/;

const openTcp = (address: string, host: string, port: number, { seconds }: Duration, signal: AbortSignal): Promise<ModemPort> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]) });
    const refused = (cause: Error) => {
      const code = signal.aborted ? 'timeout' : errorCode(cause) === 'ECONNREFUSED' ? 'refused' : 'unreachable';
      reject(new LinkError(code, `${address} cannot be opened: ${errorText(cause)}`, { cause }));
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
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

const openSerial = async ({ port: path, baud, flowControl }: ModemOptions): Promise<ModemPort> => {
  // Loaded with the first port: it is native code that most runs do without.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: baud, rtscts: flowControl === 'hardware', autoOpen: false });
  const close = () => new Promise<void>(closed => (port.isOpen ? port.close(() => closed()) : closed()));
  await new Promise<void>((resolve, reject) => port.open(cause => (cause ? reject(cause) : resolve())));
  // The library takes a read of nothing, which is how a vanished port shows, for a reason to read again, for ever.
  const wire = port.port;
  if (wire && 'poller' in wire) wire.poller.once('disconnect', () => void close());
  return { stream: port, close };
};

/** Opens the port of a modem; rejects with LinkError. */
export const openModemPort = async (options: ModemOptions, signal: AbortSignal): Promise<ModemPort> => {
  const [, host, port] = TCP.exec(options.port) ?? [];
  if (host && Number(port) <= 65535) return openTcp(options.port, host, Number(port), options.commandTimeout, signal);
  if (options.port.startsWith('tcp:')) throw new LinkError('unreachable', `expected tcp://host:port, got ${options.port}`);
  return openSerial(options).catch((cause: unknown) => {
    throw new LinkError('unreachable', `${options.port} cannot be opened: ${errorText(cause)}`, { cause });
  });
};
