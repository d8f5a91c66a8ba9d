import { type Duration, OperatorError } from './adapter.js';
import { type ProcessOptions, type RunningProcess, startProcess } from './process.js';
import { commandName, ended, type Launch, launch, release, signalGroup } from './process-group.js';
import { errorText } from './tls.js';

/** What a command said until it ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LONGEST_OUTPUT = 1024 * 1024;

/** Runs a command to its end. Any exit code is a result; OperatorError says that it cannot be run, was killed, or did not end in time. */
export const runCommand = (options: Launch & { readonly timeout: Duration; readonly signal: AbortSignal }): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const { command, timeout, signal } = options;
    const name = commandName(command);
    if (signal.aborted) return reject(new OperatorError('timeout', `"${name}" was given up: ${errorText(signal.reason)}`));
    const { child, ...streams } = launch(options);
    const outputs = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      streams[stream].setEncoding('utf8');
      streams[stream].on('data', (chunk: string) => {
        outputs[stream] = (outputs[stream] + chunk).slice(-LONGEST_OUTPUT);
      });
    }
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      act();
      release(child);
    };
    const end = (why: string) =>
      settle(() => {
        signalGroup(child, 'SIGKILL');
        reject(new OperatorError('timeout', `"${name}" ${why}${outputs.stderr ? `; it said: ${outputs.stderr.slice(-500).trim()}` : ''}`));
      });
    const timer = setTimeout(() => end(`did not end within ${timeout.seconds} s`), timeout.seconds * 1000);
    const giveUp = () => end(`was given up: ${errorText(signal.reason)}`);
    signal.addEventListener('abort', giveUp);
    child.once('error', cause =>
      settle(() => reject(new OperatorError('notStarted', `"${name}" cannot be run: ${errorText(cause)}`, { cause }))),
    );
    ended(child).then(({ code, signal: by }) =>
      settle(() =>
        code === undefined ? reject(new OperatorError('refused', `"${name}" was ended by ${by}`)) : resolve({ exitCode: code, ...outputs }),
      ),
    );
  });

/** Starts a command that runs beside the sequence, until it ends by itself or is stopped. */
export const startCommand = (options: Omit<ProcessOptions, 'ready'>): Promise<RunningProcess> => startProcess(options);
