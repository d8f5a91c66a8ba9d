import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { type Duration, OperatorError } from './adapter.js';
import { lineCutter } from './lines.js';
import { commandName, type Exit, ended, type Launch, launch, release, signalGroup } from './process-group.js';
import { errorText } from './tls.js';

/** What tells that a started program is ready: somebody listens at host:port, or a line of its output. */
export type Ready =
  | { readonly tcp: string }
  /** `json`: the first line that is a JSON object, whose members become facts; else the first line that contains the text. */
  | { readonly stdout: string };

export interface ProcessOptions extends Launch {
  readonly ready?: Ready;
  /** Time to become ready. */
  readonly within: Duration;
  readonly signal?: AbortSignal;
}

/** A started program. */
export interface RunningProcess {
  readonly pid: number;
  /** Members of the JSON line by which it said that it is ready. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The last 64 KiB of its output, both streams in the order in which they came; without what `attach` took of it. */
  readonly output: () => string;
  /** Resolves when the program itself has ended, by itself or not, and its last output has been read. */
  readonly exited: Promise<Exit>;
  /** Ends the program and all it started: asks first, and forces it after the grace time (3 s). */
  readonly stop: (grace?: Duration) => Promise<Exit>;
}

const KEPT = 64 * 1024;

/** Keeps the last octets of an output. */
const tail = () => {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add: (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      for (let first = chunks[0]; first !== undefined && size - first.length >= KEPT; first = chunks[0]) {
        chunks.shift();
        size -= first.length;
      }
    },
    text: () => Buffer.concat(chunks).subarray(-KEPT).toString('utf8'),
  };
};

const endOf = ({ code, signal }: Exit): string => (signal ? `was ended by ${signal}` : `ended with exit code ${code}`);

/** `host:port` in its two parts. */
const hostPort = (address: string): { host: string; port: number } => {
  const match = /^\[?(.*?)\]?:(\d{1,5})$/.exec(address);
  if (!match?.[1] || Number(match[2]) > 65535) throw new OperatorError('notStarted', `expected host:port, got ${address}`);
  return { host: match[1], port: Number(match[2]) };
};

const isListening = (address: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(hostPort(address));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });

const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 64;
const untilListening = async (address: string, over: AbortSignal): Promise<Record<string, unknown>> => {
  for (let wait = FIRST_PAUSE_MS; !over.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    if (await isListening(address)) break;
    await pause(wait, over);
  }
  return {};
};

const objectIn = (line: string): Record<string, unknown> | undefined => {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return { ...JSON.parse(line) };
  } catch {
    return undefined;
  }
};

const untilLine = (output: Readable, wanted: string, over: AbortSignal): Promise<Record<string, unknown>> =>
  new Promise(resolve => {
    const { push, end } = lineCutter(KEPT, ({ octets }) => {
      const line = octets.toString('utf8');
      const facts = wanted === 'json' ? objectIn(line) : line.includes(wanted) ? {} : undefined;
      if (facts !== undefined) settle(facts);
    });
    const settle = (facts: Record<string, unknown>) => {
      output.removeListener('data', push);
      output.removeListener('end', end);
      resolve(facts);
    };
    output.on('data', push);
    output.on('end', end);
    if (over.aborted) settle({});
    else over.addEventListener('abort', () => settle({}));
  });

/** Starts a program and waits until it is ready; rejects with OperatorError `notStarted` or `timeout`, the program's output in the message. */
export const startProcess = async (options: ProcessOptions): Promise<RunningProcess> => {
  const { command, ready, within } = options;
  const name = commandName(command);
  if (ready && 'tcp' in ready && (await isListening(ready.tcp)))
    throw new OperatorError(
      'notStarted',
      `"${name}" was not started: something listens on ${ready.tcp} already, perhaps left over from another run`,
    );
  const { child, stdout, stderr } = launch(options);
  const output = tail();
  stdout.on('data', output.add);
  stderr.on('data', output.add);
  const over = new AbortController();
  let problem: OperatorError | undefined;
  const give = (error: OperatorError) => {
    problem ??= error;
    over.abort();
  };
  const exited = new Promise<Exit>(resolve => {
    child.once('error', cause => {
      give(new OperatorError('notStarted', `"${name}" cannot be run: ${errorText(cause)}`, { cause }));
      resolve({ code: undefined, signal: undefined });
    });
    ended(child).then(resolve);
  });
  const stop: RunningProcess['stop'] = async (grace = { seconds: 3 }) => {
    if (signalGroup(child, 'SIGTERM')) {
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), grace.seconds * 1000);
      await exited;
      clearTimeout(timer);
      // What the program left behind had its chance with the same signal.
      signalGroup(child, 'SIGKILL');
    }
    const exit = await exited;
    release(child);
    return exit;
  };

  const said = () =>
    output.text().trim() ? `; its last output:\n${output.text().trimEnd().split('\n').slice(-20).join('\n')}` : '; it printed nothing';
  let isReady = false;
  exited.then(exit => {
    if (!isReady) give(new OperatorError('notStarted', `"${name}" ${endOf(exit)} before it was ready${said()}`));
  });
  const timer = setTimeout(
    () => give(new OperatorError('timeout', `"${name}" was not ready within ${within.seconds} s${said()}`)),
    within.seconds * 1000,
  );
  const givenUp = () => give(new OperatorError('timeout', `the start of "${name}" was given up: ${errorText(options.signal?.reason)}`));
  if (options.signal?.aborted) givenUp();
  else options.signal?.addEventListener('abort', givenUp);

  let facts: Record<string, unknown> = {};
  if (ready && 'tcp' in ready) facts = await untilListening(ready.tcp, over.signal);
  else if (ready) facts = await untilLine(stdout, ready.stdout, over.signal);
  // Whether a command can be run at all shows in the next turn.
  else await new Promise(resolve => setImmediate(resolve));
  isReady = true;
  clearTimeout(timer);
  options.signal?.removeEventListener('abort', givenUp);
  if (problem !== undefined) {
    await stop();
    throw problem;
  }
  return { pid: child.pid ?? 0, facts, output: output.text, exited, stop };
};
