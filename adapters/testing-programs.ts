/** Programs of other authors in tests: whether they are installed, what they print, and where they may listen. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Runs a program to its end. */
export const run = (program: string, words: readonly string[]): Promise<{ code: number; output: string }> =>
  new Promise(resolve => {
    execFile(program, words, { encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 127, output: `${stdout}${stderr}` });
    });
  });
/** Whether a program is installed. */
export const isThere = async (program: string): Promise<boolean> => (await run('sh', ['-c', `command -v ${program}`])).code === 0;

/** Two free ports that follow each other, of which libcoap's server takes the second one for DTLS. */
export const freePorts = async (): Promise<number> => {
  for (;;) {
    const [first, second] = [createSocket('udp4'), createSocket('udp4')];
    first.bind(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address();
    const isFree = await new Promise<boolean>(resolve => {
      second.once('error', () => resolve(false));
      second.bind(port + 1, '127.0.0.1', () => resolve(true));
    });
    first.close();
    if (isFree) second.close();
    if (isFree) return port;
  }
};

/** A program that runs until it is closed. */
export interface RunningProgram {
  readonly child: ChildProcess;
  close(): Promise<void>;
}

/** Starts a program; resolves when it has written this. */
export const startProgram = async (program: string, words: readonly string[], ready: RegExp): Promise<RunningProgram> => {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  let output = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (data: Buffer) => {
        output += data.toString('latin1');
        if (ready.test(output)) resolve();
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      child.once('exit', () => reject(new Error(`${program} ended: ${output}`)));
      child.once('error', reject);
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { child, close };
};
