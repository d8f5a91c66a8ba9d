/** Operates the IUT as its IXIT file says: an act of the contract becomes a request, a command, AT commands or a question to a person. */
import { OperatorError } from '../adapters/adapter.js';
import { runCommand, startCommand } from '../adapters/command.js';
import type { RunningProcess } from '../adapters/process.js';
import type { Launch } from '../adapters/process-group.js';
import type { openPrompt } from '../adapters/prompt.js';
import { openRest, type Rest } from '../adapters/rest.js';
import type { OperatorAct } from '../reports/record.js';
import { type Known, lookupIn } from './ixit-known.js';
import type { AtBinding, Binding, CommandBinding, Ixit, PromptBinding, RestBinding, StopBinding } from './ixit-schema.js';
import { type Answer, commandAnswer, judge, restAnswer, textAnswer } from './operator-answer.js';
import { parameterLookup, plain } from './operator-values.js';
import { brief } from './pattern.js';
import { type Lookup, resolveTemplate, resolveTree } from './template.js';

/** What the operator needs from the run. */
export interface OperatorPorts extends Known {
  /** Sends AT commands over the modem link and gives the answer of each. */
  readonly at?: (commands: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
  readonly prompt: Pick<ReturnType<typeof openPrompt>, 'ask'>;
  /** Reads a PEM file that a binding trusts. */
  readonly readFile: (path: string) => string;
  /** Gives started commands access to the card, where their standard streams are the wire to it. */
  readonly attach?: NonNullable<Launch['attach']>;
  /** Seconds on a clock that only goes forward. */
  readonly clock: () => number;
}

/** Values that an act gave, and what the record keeps of it. */
export interface Performed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly act: OperatorAct;
}

export interface IutOperator {
  /** The IXIT file says how the action is done. */
  readonly bound: (action: string) => boolean;
  /** Rejects with OperatorError when the act is refused, fails or takes too long. */
  readonly perform: (action: string, parameters: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Performed>;
  /** Commands that run in the background, by action. */
  readonly running: () => ReadonlyMap<string, RunningProcess>;
  /** How the command that was started last has ended by itself; undefined while one runs, or when none was started. */
  readonly ended: () => string | undefined;
  /** Last output of the command that was started last. */
  readonly output: () => string;
  /** Calls the listener whenever a command ends by itself; returns what ends that. */
  readonly onEnd: (listener: () => void) => () => void;
  /** Ends what runs in the background. */
  readonly close: () => Promise<void>;
}

interface Done {
  readonly by: string;
  readonly request: string;
  readonly answer: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/** Waits, but not beyond the signal. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });

// Values may come from the IUT (an order's address): they must never become commands of our shell.
const HARMLESS = /^[A-Za-z0-9_\-.:/@=+,%]*$/;
const inShell = (value: string, path: string): string => {
  if (HARMLESS.test(value)) return value;
  throw new OperatorError(
    'unexpected',
    `the value of \${${path}} cannot stand in a shell command: ${brief(value)}; write the command as a list`,
  );
};

// An address that an IUT gave is put in as it is; only what no URL can hold is escaped.
const inUrl = (value: string): string => value.replace(/[^\x21-\x7e]|[<>"{}|\\^`]/gu, character => encodeURIComponent(character));

const LONGEST_TEXT = 4096;
const shorten = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)` : text;

/** An operator for one IUT; `ixit` is filled in already. */
export const operatorFor = (ixit: Ixit, ports: OperatorPorts): IutOperator => {
  const background = new Map<string, RunningProcess>();
  const listeners = new Set<() => void>();
  let latest: RunningProcess | undefined;
  let ended: string | undefined;
  const rests = new Map<string, Rest>();
  const restFor = (trust: readonly string[]): Rest => {
    const key = trust.join('\n');
    const rest = rests.get(key) ?? openRest(trust.map(ports.readFile));
    rests.set(key, rest);
    return rest;
  };
  const timeFor = (binding: Binding) => binding.within ?? ixit.timeouts.operator;

  const callRest = async (binding: RestBinding, lookup: Lookup, signal: AbortSignal): Promise<Answer> => {
    const url = resolveTemplate(binding.url, lookup, inUrl);
    const headers = Object.fromEntries([...binding.headers].map(([name, text]) => [name.toLowerCase(), resolveTemplate(text, lookup)]));
    const json = binding.json && resolveTree(binding.json, lookup);
    const body = binding.body === undefined ? undefined : resolveTemplate(binding.body, lookup);
    const content = json === undefined ? body : JSON.stringify(json);
    const request = [`${binding.method} ${url}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n');
    const answer = await restFor(binding.trust).perform({
      method: binding.method,
      url,
      headers,
      ...(json === undefined ? {} : { json }),
      ...(body === undefined ? {} : { body }),
      timeout: timeFor(binding),
      signal,
    });
    return restAnswer(content === undefined ? request : `${request}\n\n${content}`, answer);
  };

  const launchOf = ({ command, cwd, env }: CommandBinding, lookup: Lookup) => ({
    command: typeof command === 'string' ? resolveTemplate(command, lookup, inShell) : command.map(part => resolveTemplate(part, lookup)),
    cwd: resolveTemplate(cwd, lookup),
    env: Object.fromEntries([...env].map(([name, text]) => [name, resolveTemplate(text, lookup)])),
  });

  const startInBackground = async (binding: CommandBinding, lookup: Lookup, signal: AbortSignal): Promise<Done> => {
    if (background.has(binding.action))
      throw new OperatorError(
        'refused',
        `${binding.action}: the command of the last time is still running; it ends by itself or by an action that stops it`,
      );
    const launch = launchOf(binding, lookup);
    const { attach } = ports;
    const started = await startCommand({ ...launch, ...(attach ? { attach } : {}), within: timeFor(binding), signal });
    background.set(binding.action, started);
    latest = started;
    ended = undefined;
    started.exited.then(({ code, signal: by }) => {
      // A command that an act stopped is no longer in the list.
      if (background.get(binding.action) !== started) return;
      background.delete(binding.action);
      if (latest === started) ended = `the command of ${binding.action} has ended (${by ?? `exit code ${code}`})`;
      for (const listener of listeners) listener();
    });
    return { by: 'command', request: [launch.command].flat().join(' '), answer: 'started in the background', values: {} };
  };

  const stop = async (binding: StopBinding): Promise<Done> => {
    const started = background.get(binding.started);
    const request = `stop ${binding.started}`;
    if (started === undefined) return { by: 'command', request, answer: 'it does not run any more', values: {} };
    background.delete(binding.started);
    const { code, signal } = await started.stop();
    return {
      by: 'command',
      request,
      answer: `ended ${signal ? `by ${signal}` : `with exit code ${code}`}\n${started.output()}`,
      values: {},
    };
  };

  const sendAt = async (binding: AtBinding, lookup: Lookup, signal: AbortSignal): Promise<Answer> => {
    const commands = binding.commands.map(command => resolveTemplate(command, lookup));
    if (ports.at === undefined)
      throw new OperatorError('notStarted', `${binding.action}: AT commands need a modem link, and this run has none`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeFor(binding).seconds * 1000)]);
    return textAnswer('at', commands.join('\n'), (await ports.at(commands, limit)).join('\n'));
  };

  const ask = async (binding: PromptBinding, lookup: Lookup, signal: AbortSignal): Promise<Done> => {
    const text = resolveTemplate(binding.text, lookup);
    const { by, values } = await ports.prompt.ask({ text, ask: binding.ask, timeout: timeFor(binding), signal });
    const typed = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    const answer = Object.entries(typed).map(([name, value]) => `${name}: ${value}`);
    return { by, request: text, answer: answer.join('\n') || 'done', values: typed };
  };

  const once = async (binding: Binding, lookup: Lookup, signal: AbortSignal): Promise<Done> => {
    switch (binding.kind) {
      case 'rest':
        return judge(binding, await callRest(binding, lookup, signal));
      case 'command': {
        if (binding.background) return startInBackground(binding, lookup, signal);
        const launch = launchOf(binding, lookup);
        return judge(
          binding,
          commandAnswer([launch.command].flat().join(' '), await runCommand({ ...launch, timeout: timeFor(binding), signal })),
        );
      }
      case 'at':
        return judge(binding, await sendAt(binding, lookup, signal));
      case 'stop':
        return stop(binding);
      case 'prompt':
        return ask(binding, lookup, signal);
    }
  };

  /** Asks again until the state leaves `pending`; the last answer counts when the time is over. */
  const repeatedly = async (binding: Binding, lookup: Lookup, signal: AbortSignal): Promise<Done> => {
    const end = ports.clock() + timeFor(binding).seconds;
    let latest: Done | undefined;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        latest = await once(binding, lookup, signal);
      } catch (error) {
        if (latest !== undefined && signal.aborted) return latest;
        throw error;
      }
      if (latest.values.state !== 'pending' || binding.kind === 'prompt') return latest;
      await pause(wait, signal);
      if (signal.aborted || ports.clock() >= end) return latest;
    }
  };

  return {
    bound: action => ixit.operator.has(action),
    running: () => background,
    ended: () => (background.size > 0 ? undefined : ended),
    output: () => latest?.output() ?? '',
    onEnd: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    perform: async (action, parameters, signal) => {
      const binding = ixit.operator.get(action);
      if (binding === undefined) throw new OperatorError('notStarted', `${ixit.file} has no binding for the action ${action}`);
      const began = ports.clock();
      const lookup = lookupIn(ports, ixit.settings, parameterLookup(parameters));
      try {
        const { by, request, answer, values } = await repeatedly(binding, lookup, signal);
        const seconds = ports.clock() - began;
        return {
          values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)])),
          act: { action, by, request: ixit.mask(shorten(request)), answer: ixit.mask(shorten(answer)), seconds },
        };
      } catch (cause) {
        if (!(cause instanceof OperatorError)) throw cause;
        const prefix = cause.message.startsWith(action) ? '' : `${action}: `;
        throw new OperatorError(cause.code, ixit.mask(`${prefix}${cause.message}`), { cause });
      }
    },
    close: async () => {
      const all = [...background.values()];
      background.clear();
      await Promise.all([...all.map(one => one.stop()), ...[...rests.values()].map(rest => rest.close())]);
      rests.clear();
    },
  };
};
