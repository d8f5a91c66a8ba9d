/** Where the emulated modem is reached: a pseudo terminal, or TCP. */
import { createServer, type Socket } from 'node:net';
import { LinkError } from '../../adapters/adapter.js';
import { openPseudoTerminal } from '../../adapters/pseudo-terminal.js';
import type { ModemEmulator } from '../modem/index.js';

/** An open port of the modem. */
export interface ModemWire {
  /** As `links.es10.modem.port` of an IXIT names it. */
  readonly address: string;
  close(): Promise<void>;
}

type Report = (problem: string) => void;

const failed =
  (report: Report) =>
  (error: unknown): void =>
    report(`modem: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);

const openPty = async (emulator: ModemEmulator, report: Report): Promise<ModemWire> => {
  const terminal = await openPseudoTerminal();
  const served = emulator.attach(terminal).catch(failed(report));
  return {
    address: terminal.path,
    close: async () => {
      await terminal.close();
      await served;
    },
  };
};

const openTcp = (emulator: ModemEmulator, listen: string, report: Report): Promise<ModemWire> => {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at);
  let current: Socket | undefined;
  const server = createServer({ noDelay: true }, socket => {
    socket.on('error', () => socket.destroy());
    // A serial port has one user.
    if (current) return socket.destroy();
    current = socket;
    const close = async () => {
      socket.destroy();
    };
    emulator
      .attach({ stream: socket, close })
      .catch(failed(report))
      .finally(() => {
        current = undefined;
      });
  });
  return new Promise((resolve, reject) => {
    server.once('error', cause => reject(new LinkError('unreachable', `${listen} cannot be listened on: ${cause.message}`, { cause })));
    server.listen(Number(listen.slice(at + 1)), host, () => {
      const bound = server.address();
      resolve({
        address: `tcp://${host}:${typeof bound === 'object' && bound ? bound.port : ''}`,
        close: () =>
          new Promise(closed => {
            server.close(() => closed());
            current?.destroy();
          }),
      });
    });
  });
};

/** Opens a port for the modem; rejects with LinkError. */
export const openModemWire = async (emulator: ModemEmulator, port: string, report: Report): Promise<ModemWire> => {
  if (port !== 'auto' && port !== 'pty') return openTcp(emulator, port, report);
  return openPty(emulator, report).catch((error: unknown) => {
    if (port === 'pty' || !(error instanceof LinkError)) throw error;
    report(`${error.message}; the modem listens on TCP`);
    return openTcp(emulator, '127.0.0.1:0', report);
  });
};
