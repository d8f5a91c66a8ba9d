/** The dialogue with a modem that may go and come back: it is started again, or a relay cuts its power. docs/modem.md */
import { setTimeout as pause } from 'node:timers/promises';
import { type Duration, LinkError } from './adapter.js';
import { type AtDialogue, type AtLine, openDialogue } from './at-dialogue.js';
import type { ModemOptions } from './modem-options.js';
import type { ModemPort } from './modem-port.js';
import { errorText } from './tls.js';

/** A dialogue that outlives its port. */
export type ModemDialogue = Pick<AtDialogue, 'send' | 'line' | 'close'>;

/** What a dialogue is opened with. */
export interface ModemDialogueOptions {
  readonly settings: ModemOptions;
  readonly openPort: (signal: AbortSignal) => Promise<ModemPort>;
  /** Prepares a modem whose port has just been opened. */
  readonly prepare: (dialogue: AtDialogue, signal: AbortSignal) => Promise<void>;
  /** The port vanished, and with it everything that the modem knew. */
  readonly onLoss: () => void;
  readonly onLine?: (line: AtLine) => void;
}

/** Waits; rejects with LinkError when the signal comes first. */
export const rest = async ({ seconds }: Duration, signal: AbortSignal): Promise<void> => {
  if (seconds === 0) return;
  await pause(seconds * 1000, undefined, { signal }).catch((cause: unknown) => {
    throw new LinkError('timeout', `the pause was given up: ${errorText(signal.reason)}`, { cause });
  });
};

/** Opens the port and prepares the modem; rejects with LinkError, and then leaves nothing open. */
export const openModemDialogue = async (
  { settings, openPort, prepare, onLoss, onLine }: ModemDialogueOptions,
  signal: AbortSignal,
): Promise<ModemDialogue> => {
  const connect = async (during: AbortSignal): Promise<AtDialogue> => {
    const { stream, close } = await openPort(during);
    const opened = openDialogue({
      stream,
      closeStream: close,
      address: settings.port,
      lineEnding: settings.lineEnding === 'CR' ? '\r' : '\r\n',
      quiet: settings.quiet,
      onEnd: onLoss,
      ...(onLine ? { onLine } : {}),
    });
    await prepare(opened, during).catch(async (cause: unknown) => {
      await opened.close();
      throw cause;
    });
    return opened;
  };
  let dialogue = await connect(signal);
  let returning: Promise<void> | undefined;
  let isOver = false;
  const closing = new AbortController();

  /** Tries the port until the modem is back; a modem that does not come back in its time is gone for good. */
  const comeBack = async (caller: AbortSignal): Promise<void> => {
    const late = AbortSignal.timeout(settings.returnTimeout.seconds * 1000);
    const during = AbortSignal.any([caller, late, closing.signal]);
    while (!during.aborted) {
      try {
        dialogue = await connect(during);
        return;
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
      }
      await rest(settings.readyPause, during).catch(() => undefined);
    }
    if (late.aborted) isOver = true;
  };
  const current = async (caller: AbortSignal): Promise<AtDialogue> => {
    if (dialogue.ended && !isOver && settings.returnTimeout.seconds > 0) {
      returning ??= comeBack(caller).finally(() => {
        returning = undefined;
      });
      await returning;
    }
    return dialogue;
  };

  return {
    send: async (command, wait) => (await current(wait.signal)).send(command, wait),
    line: async (fits, { timeout, signal: caller }) => {
      const until = performance.now() + timeout.seconds * 1000;
      for (let watched = dialogue; ; watched = await current(caller)) {
        const left = { seconds: Math.max(0, until - performance.now()) / 1000 };
        try {
          return await watched.line(fits, { timeout: left, signal: caller });
        } catch (error) {
          if (!watched.ended || isOver || caller.aborted || settings.returnTimeout.seconds === 0) throw error;
        }
      }
    },
    close: async () => {
      isOver = true;
      closing.abort();
      await returning;
      await dialogue.close();
    },
  };
};
