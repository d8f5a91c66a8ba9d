/** One AT command at a time with a modem, over any stream of octets. ITU-T V.250 5, 3GPP TS 27.007 4 */
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Duration, LinkError } from './adapter.js';
import { lineCutter, printable } from './at-lines.js';
import { type AtResult, finalResult } from './at-result.js';
import { errorText } from './tls.js';

/** One line of a dialogue, for the record; octets that are not printable are spelled out. */
export interface AtLine {
  readonly direction: 'sent' | 'received';
  readonly text: string;
}

/** What a modem said to one command, echoes left out. */
export interface AtAnswer {
  readonly result: AtResult;
  /** Information and unsolicited lines before the final result, in their order; nothing tells which is which. */
  readonly lines: readonly string[];
}

/** How long to wait at most. */
export interface AtWait {
  readonly timeout: Duration;
  readonly signal: AbortSignal;
}

/** A stream and how its modem wants to be spoken to. */
export interface AtDialogueOptions {
  readonly stream: Duplex;
  /** Closes what the stream belongs to. */
  readonly closeStream: () => Promise<void>;
  /** Port, for messages. */
  readonly address: string;
  readonly lineEnding: '\r' | '\r\n';
  /** Silence after which nothing more of an abandoned command is expected. */
  readonly quiet: Duration;
  readonly onLine?: (line: AtLine) => void;
  /** The stream has ended, or the dialogue was closed. */
  readonly onEnd?: () => void;
}

/** A modem that listens. Everything rejects with LinkError only, and nothing waits longer than it is told. */
export interface AtDialogue {
  /** Sends one command and resolves with its answer; commands given meanwhile wait for their turn. */
  send(command: string, wait: AtWait): Promise<AtAnswer>;
  /** Resolves with the first line from now on that fits, unsolicited ones included. */
  line(fits: (line: string) => boolean, wait: AtWait): Promise<string>;
  /** Why there is no dialogue any more; undefined while there is one. */
  readonly ended: LinkError | undefined;
  close(): Promise<void>;
}

/** Longest line: 256 octets of data and a status word take 530 characters. */
const LONGEST_LINE = 8 * 1024;
/** Most lines and characters of one answer, and most lines that reach the record where no command asked for them. */
const MOST_LINES = 2000;
const MOST_CHARACTERS = 256 * 1024;
/** A modem that finds its baud rate by listening may miss the first command. */
const ATTEMPTS_IN_STEP = 3;

/** A command that waits for its final result. */
interface Pending {
  readonly command: string;
  readonly lines: string[];
  characters: number;
  readonly settle: (outcome: AtAnswer | LinkError) => void;
}

/** Somebody who waits for a line. */
interface Watcher {
  readonly line: (line: string) => void;
  readonly fail: (why: LinkError) => void;
}

/** Waits for `settle`, the end of the time, the caller's signal or the end of the port, whichever comes first; `done` runs in any case. */
const bounded = <T>(
  { timeout, signal }: AtWait,
  what: string,
  begin: (settle: (outcome: T | LinkError) => void) => void,
  done: () => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const settle = (outcome: T | LinkError) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      done();
      if (outcome instanceof LinkError) reject(outcome);
      else resolve(outcome);
    };
    const giveUp = () => settle(new LinkError('timeout', `${what} was given up: ${errorText(signal.reason)}`));
    const timer = setTimeout(
      () => settle(new LinkError('timeout', `${what}: nothing came within ${timeout.seconds} s`)),
      timeout.seconds * 1000,
    );
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    else begin(settle);
  });

/** Opens a dialogue over a stream, which it closes in the end. */
export const openDialogue = ({ stream, closeStream, address, lineEnding, quiet, onLine, onEnd }: AtDialogueOptions): AtDialogue => {
  let pending: Pending | undefined;
  let ended: LinkError | undefined;
  // What was sent to the modem before us, or to a command that was given up, may still be answered: the first command brings both into step.
  let inStep = false;
  let received = 0;
  let unasked = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const watchers = new Set<Watcher>();

  const tell = (direction: AtLine['direction'], text: string) => onLine?.({ direction, text: printable(text) });
  const fail = (why: LinkError) => pending?.settle(why);
  const end = (why: LinkError) => {
    if (ended) return;
    ended = why;
    onEnd?.();
    fail(ended);
    for (const watcher of watchers) watcher.fail(ended);
  };
  const receive = (line: string) => {
    received++;
    unasked = pending ? 0 : unasked + 1;
    if (unasked < MOST_LINES) tell('received', line);
    else if (unasked === MOST_LINES) tell('received', `(lines that nobody asked for are left out from here on)`);
    for (const watcher of watchers) watcher.line(line);
    if (!pending || line.toUpperCase() === pending.command.toUpperCase()) return;
    const result = finalResult(line);
    if (result) return pending.settle({ result, lines: pending.lines });
    pending.lines.push(line);
    pending.characters += line.length;
    if (pending.lines.length > MOST_LINES || pending.characters > MOST_CHARACTERS)
      fail(
        new LinkError(
          'tooLarge',
          `${address} answered ${pending.command.slice(0, 40)} with more than ${MOST_LINES} lines or ${MOST_CHARACTERS} characters`,
        ),
      );
  };
  const cut = lineCutter({
    limit: LONGEST_LINE,
    onLine: receive,
    onOverflow: begin => {
      tell('received', `${begin.slice(0, 80)} (and more than ${LONGEST_LINE} characters without a line end)`);
      fail(new LinkError('tooLarge', `${address} sent a line of more than ${LONGEST_LINE} characters`));
    },
  });

  stream.on('data', cut);
  stream.on('error', cause => end(new LinkError('closed', `${address} failed: ${errorText(cause)}`, { cause })));
  const gone = () => end(new LinkError('closed', `${address} has gone`));
  stream.on('end', gone).on('close', gone);
  if (stream.destroyed) gone();

  const exchange = (command: string, wait: AtWait): Promise<AtAnswer> =>
    bounded<AtAnswer>(
      wait,
      `${address}: ${command.slice(0, 60)}`,
      settle => {
        if (ended) return settle(ended);
        inStep = false;
        pending = { command, lines: [], characters: 0, settle };
        tell('sent', command);
        stream.write(`${command}${lineEnding}`);
      },
      () => {
        pending = undefined;
      },
    );
  /** Waits until no line has come for a while; a modem that never falls silent is not waited for. */
  const silence = async ({ timeout, signal }: AtWait): Promise<void> => {
    const rounds = Math.ceil(timeout.seconds / Math.max(quiet.seconds, 0.001));
    for (let round = 0, before = -1; round < rounds && before !== received; round++) {
      before = received;
      await pause(quiet.seconds * 1000, undefined, { signal }).catch((cause: unknown) => {
        throw new LinkError('timeout', `${address} was given up: ${errorText(signal.reason)}`, { cause });
      });
    }
  };
  const comeIntoStep = async ({ timeout, signal }: AtWait): Promise<void> => {
    const each = { timeout: { seconds: timeout.seconds / ATTEMPTS_IN_STEP }, signal };
    for (let attempt = 1, answered = false; !answered; attempt++)
      answered = await exchange('AT', each).then(
        () => true,
        error => {
          if (attempt === ATTEMPTS_IN_STEP || ended || signal.aborted) throw error;
          return false;
        },
      );
    await silence({ timeout, signal });
    inStep = true;
  };
  const sendInTurn = async (command: string, wait: AtWait): Promise<AtAnswer> => {
    if (/[\r\n]/.test(command)) throw new LinkError('protocol', `expected one AT command on one line, got "${printable(command)}"`);
    if (!inStep) await comeIntoStep(wait);
    const answer = await exchange(command, wait);
    inStep = true;
    return answer;
  };

  return {
    send: (command, wait) => {
      const mine = turn.then(() => sendInTurn(command, wait));
      turn = mine.catch(() => undefined);
      return mine;
    },
    line: (fits, wait) => {
      let watcher: Watcher | undefined;
      return bounded<string>(
        wait,
        `${address}: the line that was waited for`,
        settle => {
          if (ended) return settle(ended);
          watcher = { line: line => fits(line) && settle(line), fail: settle };
          watchers.add(watcher);
        },
        () => watcher && watchers.delete(watcher),
      );
    },
    get ended() {
      return ended;
    },
    close: async () => {
      end(new LinkError('closed', `${address} was closed`));
      await closeStream();
    },
  };
};
