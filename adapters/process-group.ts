/** Child processes in groups of their own, none of which outlives the harness. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { OperatorError } from './adapter.js';
import { errorText } from './tls.js';

/** The ends of a program's standard input and output. */
export interface ProgramStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

export interface Launch {
  /** A list runs as it is; a text runs in the shell. */
  readonly command: string | readonly string[];
  readonly cwd?: string;
  /** Laid over the environment of the harness. */
  readonly env?: Readonly<Record<string, string>>;
  /** Talks with the program over its standard streams, and gives back the rest of its output. Without it the program's input is closed. */
  readonly attach?: (streams: ProgramStreams) => Readable;
}

/** A command that was launched, and its outputs: without what `attach` took of them. */
export interface Launched {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** A command as people write it. */
export const commandName = (command: Launch['command']): string => (typeof command === 'string' ? command : command.join(' '));

const HAS_GROUPS = process.platform !== 'win32';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
// The process has one set of signal handlers, so the groups to be ended with it are kept in one place too.
const groups = new Map<number, ChildProcess>();

/** Sends a signal to every process of the group; false when none is left. */
export const signalGroup = (child: ChildProcess, signal: NodeJS.Signals | 0): boolean => {
  if (child.pid === undefined) return false;
  if (!HAS_GROUPS) return child.exitCode === null && child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
};

const endAll = (): void => {
  for (const child of groups.values()) signalGroup(child, 'SIGKILL');
};
const onSignal = (signal: NodeJS.Signals): void => {
  // Who handles the signal otherwise ends the run in order, and stops the IUT there.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  process.removeListener(signal, onSignal);
  process.kill(process.pid, signal);
};

const watch = (pid: number, child: ChildProcess): void => {
  if (groups.size === 0) {
    process.on('exit', endAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  groups.set(pid, child);
};

/** Forgets a group once none of its processes is left. */
export const release = (child: ChildProcess): void => {
  if (child.pid === undefined || !groups.has(child.pid) || signalGroup(child, 0)) return;
  groups.delete(child.pid);
  if (groups.size > 0) return;
  process.removeListener('exit', endAll);
  for (const signal of SIGNALS) process.removeListener(signal, onSignal);
};

const spawned = (command: Launch['command'], options: SpawnOptions): ChildProcess => {
  try {
    if (typeof command === 'string') return spawn(command, { ...options, shell: true });
    return spawn(command[0] ?? '', command.slice(1), options);
  } catch (cause) {
    // What no program can be given, such as a NUL within a parameter.
    throw new OperatorError('notStarted', `"${commandName(command)}" cannot be run: ${errorText(cause)}`, { cause });
  }
};

/** Starts a command as the leader of a new group. A command that cannot be run ends with an `error` event. */
export const launch = ({ command, cwd, env, attach }: Launch): Launched => {
  const child = spawned(command, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    detached: HAS_GROUPS,
    stdio: [attach === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // There are no streams when the harness itself may not open any more.
  const { stdin, stdout = null, stderr = null } = child;
  const [output, errors] = [stdout ?? Readable.from([]), stderr ?? Readable.from([])];
  if (child.pid !== undefined) {
    watch(child.pid, child);
    child.once('exit', () => release(child));
  }
  return { child, stdout: attach && stdin ? attach({ stdin, stdout: output }) : output, stderr: errors };
};

/** How a program ended: by itself or by a signal. */
export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** For the last output of a program that has ended. */
const LAST_WORDS_MS = 250;

/** Resolves when the program itself has ended, and its output was read: what it left running may hold that open for ever. */
export const ended = (child: ChildProcess): Promise<Exit> =>
  new Promise(resolve =>
    child.once('exit', (code, signal) => {
      const settle = () => {
        clearTimeout(timer);
        // What it left running must not keep the harness running.
        for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
        resolve({ code: code ?? undefined, signal: signal ?? undefined });
      };
      const timer = setTimeout(settle, LAST_WORDS_MS);
      child.once('close', settle);
    }),
  );
