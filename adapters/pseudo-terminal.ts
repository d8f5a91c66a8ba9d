/** Pseudo terminals: a serial port without hardware, one end of which is ours. POSIX.1 posix_openpt */

import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { LinkError } from './adapter.js';
import { errorText } from './tls.js';

/** A pseudo terminal in raw mode. */
export interface PseudoTerminal {
  /** What the other side opens as its serial port. */
  readonly path: string;
  readonly stream: Duplex;
  /** The port vanishes for whoever has it open. */
  close(): Promise<void>;
}

const MULTIPLEXER = '/dev/ptmx';
/** Octets come through at once, or never. */
const TRIAL_MS = 1000;

const make = async (): Promise<PseudoTerminal> => {
  const [{ default: koffi }, { SerialPort }] = await Promise.all([import('koffi'), import('serialport')]);
  const libc = koffi.load(null);
  const grantpt = libc.func('int grantpt(int)');
  const unlockpt = libc.func('int unlockpt(int)');
  const ptsname = libc.func('str ptsname(int)');
  // A terminal of Node.js writes to this end in a way that stops the whole process when nobody reads; a serial port waits in its own stream.
  const master = new SerialPort({ path: MULTIPLEXER, baudRate: 115200, lock: false, autoOpen: false });
  await new Promise<void>((resolve, reject) => master.open(cause => (cause ? reject(cause) : resolve())));
  const close = () => new Promise<void>(closed => (master.isOpen ? master.close(() => closed()) : closed()));
  try {
    const descriptor = master.port && 'fd' in master.port ? master.port.fd : undefined;
    if (typeof descriptor !== 'number') throw new Error(`${MULTIPLEXER} has no file descriptor`);
    if (grantpt(descriptor) !== 0 || unlockpt(descriptor) !== 0) throw new Error('the other end is not given free');
    const path: unknown = ptsname(descriptor);
    if (typeof path !== 'string') throw new Error('the other end has no name');
    // Reading our end fails while nobody has the other one open; so we do.
    const other = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    master.once('close', () => closeSync(other));
    // Not every platform can wait for what comes at this end.
    writeSync(other, 'AT');
    await once(master, 'readable', { signal: AbortSignal.timeout(TRIAL_MS) });
    master.read();
    return { path, stream: master, close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Makes a pseudo terminal; rejects with LinkError where the platform has none, or koffi is not installed. */
export const openPseudoTerminal = (): Promise<PseudoTerminal> =>
  make().catch((cause: unknown) => {
    throw new LinkError('unreachable', `there is no pseudo terminal here: ${errorText(cause)}`, { cause });
  });
