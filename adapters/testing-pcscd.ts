/** A pcscd of our own with vsmartcard's virtual reader, for tests: apart from one that runs on this machine, and from its readers. */
import { accessSync, constants, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.js';
import { loadPcsc } from './pcsc-library.js';
import { type RunningProcess, startProcess } from './process.js';
import { errorText } from './tls.js';

export interface TestPcscd {
  /** Where vpcd listens for the card of each slot. */
  readonly ports: readonly [number, number];
  /** How PC/SC calls the slots. */
  readonly readers: readonly [string, string];
  /** For a program that is to use this pcscd and no other. */
  readonly env: Readonly<Record<string, string>>;
  /** What it logged last. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

const SOCKET = 'PCSCLITE_CSOCK_NAME';
const NAME = 'Test PCD';
const DRIVERS = ['/usr/lib/pcsc/drivers/serial/libifdvpcd.so', '/usr/lib64/pcsc/drivers/serial/libifdvpcd.so'];

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const program = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].map(folder => join(folder, name)).find(isExecutable);

const driver = (): string | undefined => {
  const file = '/etc/reader.conf.d/vpcd';
  const told = existsSync(file) ? /^\s*LIBPATH\s+(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return [told, ...DRIVERS].find(path => path !== undefined && existsSync(path));
};

const listening = (port: number): Promise<Server | undefined> =>
  new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, () => resolve(server));
  });
/** Two free ports that follow each other. */
const freePorts = async (): Promise<readonly [number, number]> => {
  for (;;) {
    const first = await listening(0);
    const address = first?.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const second = port > 0 && port < 65535 ? await listening(port + 1) : undefined;
    const found = first !== undefined && second !== undefined;
    await Promise.all([first, second].map(server => server && new Promise(resolve => server.close(resolve))));
    if (found) return [port, port + 1];
  }
};

/**
 * Ways to run a program that keeps its socket in /run/pcscd. In a mount namespace of its own it has a /run, and finds no drivers of real readers;
 * an ordinary user needs a user namespace for that. Where neither is allowed, the superuser runs it as it is: it refuses when another one runs.
 */
const IN_NAMESPACE = `mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd || exit 9
for drivers in /usr/lib/pcsc/drivers /usr/lib64/pcsc/drivers; do [ ! -d "$drivers" ] || mount -t tmpfs none "$drivers"; done
shift; exec "$@"`;
const waysToRun = (folder: string): readonly { readonly prefix: readonly string[]; readonly env: Readonly<Record<string, string>> }[] => {
  const isRoot = process.getuid?.() === 0;
  const inNamespace = ['sh', '-c', IN_NAMESPACE, 'sh', folder];
  const env = { [SOCKET]: join(folder, 'pcscd.comm') };
  const shared = isRoot ? [{ prefix: [], env: {} }] : [];
  return [{ prefix: ['unshare', isRoot ? '-m' : '-Urm', ...inNamespace], env }, ...shared];
};

/**
 * Starts it. A text says why that is not possible here. This process uses it from then on: libpcsclite reads the environment once, so the folder is the
 * same each time.
 */
export const startTestPcscd = async (): Promise<TestPcscd | string> => {
  const pcscd = program('pcscd');
  const library = driver();
  if (pcscd === undefined) return 'pcscd is not installed (Debian: apt-get install pcscd vsmartcard-vpcd)';
  if (library === undefined) return 'the virtual reader of vsmartcard is not installed (Debian: apt-get install vsmartcard-vpcd)';
  const folder = join(tmpdir(), `sgp32-pcscd-${process.pid}`);
  const configuration = join(folder, 'reader.conf.d');
  const copied = join(folder, 'libifdvpcd.so');
  const clean = () => rmSync(folder, { recursive: true, force: true });
  clean();
  mkdirSync(configuration, { recursive: true });
  copyFileSync(library, copied);
  const ports = await freePorts();
  const channel = `0x${ports[0].toString(16).toUpperCase()}`;
  writeFileSync(
    join(configuration, 'vpcd'),
    `FRIENDLYNAME "${NAME}"\nDEVICENAME /dev/null:${channel}\nLIBPATH ${copied}\nCHANNELID ${channel}\n`,
  );
  const never = new AbortController().signal;
  const help = await runCommand({ command: [pcscd, '--help'], timeout: { seconds: 10 }, signal: never });
  // It asks polkit on the system bus, which is not there.
  const options = help.stdout.includes('--disable-polkit') ? ['--disable-polkit'] : [];
  const command = [pcscd, '--foreground', '--info', '--config', configuration, ...options];

  const reasons: string[] = [];
  for (const { prefix, env } of waysToRun(folder)) {
    let running: RunningProcess;
    try {
      running = await startProcess({ command: [...prefix, ...command], ready: { stdout: 'daemon ready' }, within: { seconds: 10 } });
    } catch (error) {
      reasons.push(errorText(error).split('\n').at(-1)?.slice(-200) ?? '');
      continue;
    }
    Object.assign(process.env, env);
    const stop = async () => {
      await running.stop();
      clean();
    };
    return { ports, readers: [`${NAME} 00 00`, `${NAME} 00 01`], env, log: running.output, stop };
  }
  clean();
  return `no pcscd can be started for tests: ${reasons.join('; ')}`;
};

/** For `before` of a describe: starts it, or skips the tests there with the reason in their titles. */
export const testPcscdOrSkip = async (context: Mocha.Context): Promise<TestPcscd> => {
  const [pcscd, library] = [await startTestPcscd(), await loadPcsc()];
  if (typeof pcscd !== 'string' && typeof library !== 'string') return pcscd;
  if (typeof pcscd !== 'string') await pcscd.stop();
  const reason = [pcscd, library].find(one => typeof one === 'string');
  context.test?.parent?.eachTest(test => {
    test.title += ` (skipped: ${reason})`;
  });
  return context.skip();
};
