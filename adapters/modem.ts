/** A card behind a modem: APDUs in AT commands. 3GPP TS 27.007 8.17, 8.43 to 8.46; docs/modem.md */
import { type Card, type Duration, LinkError, type TransmitOptions } from './adapter.js';
import type { AtAnswer, AtLine } from './at-dialogue.js';
import { hexAnswer, SIM_BUSY, sessionAnswer } from './at-result.js';
import { cchoCommand, cglaCommand, channelOf, csimCommand, longestApdu, longestResponseData } from './modem-apdu.js';
import { type ModemDialogue, openModemDialogue, rest } from './modem-dialogue.js';
import type { ModemOptions } from './modem-options.js';
import { type ModemPort, openModemPort } from './modem-port.js';
import { sessionTable } from './modem-sessions.js';

export { MODEM_DEFAULTS, MODEM_SETTINGS, type ModemOptions, type ModemSetting, modemOptions } from './modem-options.js';

/** What a modem is opened with besides its settings. */
export interface ModemSurroundings {
  readonly signal: AbortSignal;
  /** Receives every AT line of both directions. */
  readonly onLine?: (line: AtLine) => void;
  /** Opens a stream in place of the port that `port` names, which then only is an address. */
  readonly openPort?: (signal: AbortSignal) => Promise<ModemPort>;
}

/** A modem with a card. */
export interface Modem extends Card {
  /** How APDUs go. */
  readonly apdu: 'CGLA' | 'CSIM';
  /** Sends AT commands one after the other, up to the first that fails; resolves with the answers that came. */
  at(commands: readonly string[], options: TransmitOptions): Promise<readonly AtAnswer[]>;
}

/** Sends a command as often as the modem says that the card is busy. */
const patient =
  (dialogue: ModemDialogue, { busyRetries, busyPause }: ModemOptions) =>
  async (command: string, timeout: Duration, signal: AbortSignal): Promise<AtAnswer> => {
    for (let retries = busyRetries; ; retries--) {
      const answer = await dialogue.send(command, { timeout, signal });
      if (answer.result.ok || answer.result.code !== SIM_BUSY || retries === 0) return answer;
      await rest(busyPause, signal);
    }
  };

const refusal = (address: string, command: string, { result }: AtAnswer): LinkError =>
  new LinkError('refused', `the modem at ${address} answered ${command.slice(0, 60)} with ${result.ok ? 'OK' : result.text}`);

/** Asks for the test form of commands: whether the modem has them all. */
type Asks = (...commands: readonly string[]) => Promise<boolean>;

const choose = async (options: ModemOptions, has: Asks): Promise<{ readonly apdu: Modem['apdu']; readonly csim: boolean }> => {
  if (options.apdu === 'CSIM') return { apdu: 'CSIM', csim: true };
  const csim = await has('AT+CSIM=?');
  if (options.apdu === 'CGLA' || (await has('AT+CCHO=?', 'AT+CGLA=?'))) return { apdu: 'CGLA', csim };
  if (csim) return { apdu: 'CSIM', csim };
  throw new LinkError('refused', `the modem at ${options.port} has neither AT+CCHO with AT+CGLA nor AT+CSIM`);
};

const isAway = (error: unknown): boolean => error instanceof LinkError && (error.code === 'timeout' || error.code === 'closed');

/** Resolves when the card can be used after `act`: a line told so by itself, or the modem answered so when it was asked. */
const untilReady = async (dialogue: ModemDialogue, options: ModemOptions, signal: AbortSignal, act: () => Promise<void>): Promise<void> => {
  if (options.ready.length === 0) return act();
  const left = new AbortController();
  let isSettled = false;
  // It may come while `act` is not yet answered.
  const ready = dialogue.line(line => options.ready.some(text => line.startsWith(text)), {
    timeout: options.resetTimeout,
    signal: AbortSignal.any([signal, left.signal]),
  });
  const settle = () => {
    isSettled = true;
  };
  const settled = ready.then(settle, settle);
  try {
    await act();
    while (options.readyCommand !== '' && !isSettled) {
      await dialogue.send(options.readyCommand, { timeout: options.commandTimeout, signal }).catch((error: unknown) => {
        // A modem that starts again does not answer at first, or its port is not there; `ready` ends in its time.
        if (!isAway(error)) throw error;
      });
      if (!isSettled) await Promise.race([settled, rest(options.readyPause, AbortSignal.any([signal, left.signal]))]);
    }
    await ready;
  } finally {
    left.abort();
  }
};

/** Opens a modem; rejects with LinkError, and then leaves nothing open. */
export const openModem = async (options: ModemOptions, surroundings: ModemSurroundings): Promise<Modem> => {
  const { signal, onLine, openPort = during => openModemPort(options, during) } = surroundings;
  const address = options.port;
  const sessions = sessionTable();
  const dialogue = await openModemDialogue(
    {
      settings: options,
      openPort,
      prepare: async (opened, during) => {
        for (const command of options.init) {
          const answer = await patient(opened, options)(command, options.commandTimeout, during);
          if (!answer.result.ok) throw refusal(address, command, answer);
        }
      },
      onLoss: sessions.clear,
      ...(onLine ? { onLine } : {}),
    },
    signal,
  );
  const send = patient(dialogue, options);
  const sendOk = async (command: string, timeout: Duration, during: AbortSignal): Promise<AtAnswer> => {
    if (options.longestLine > 0 && command.length > options.longestLine)
      throw new LinkError('tooLarge', `a command of ${command.length} characters, and longestLine of ${address} is ${options.longestLine}`);
    const answer = await send(command, timeout, during);
    if (!answer.result.ok) throw refusal(address, command, answer);
    return answer;
  };
  const has: Asks = async (...commands) => {
    for (const command of commands) if (!(await send(command, options.commandTimeout, signal)).result.ok) return false;
    return true;
  };
  const { apdu, csim } = await choose(options, has).catch(async (cause: unknown) => {
    await dialogue.close();
    throw cause;
  });
  const longestCommand = longestApdu(options.longestLine);
  const longestResponse = longestResponseData(options.longestAnswer);

  const channels: Pick<Card, 'openChannel' | 'closeChannel'> = {
    openChannel: async (aid, wait) => {
      const command = cchoCommand(aid, options);
      const { lines } = await sendOk(command, options.timeout, wait.signal);
      const session = sessionAnswer(lines);
      const channel = session === undefined ? undefined : sessions.add(session);
      if (channel === undefined)
        throw new LinkError(
          'protocol',
          `the modem at ${address} answered ${command} without a session id: "${lines.join('" "').slice(0, 200)}"`,
        );
      return channel;
    },
    closeChannel: async (channel, wait) => {
      const session = sessions.of(channel);
      sessions.drop(channel);
      // A session that the modem has lost is closed too, so its refusal is none.
      if (session !== undefined) await send(`AT+CCHC=${session}`, options.timeout, wait.signal);
    },
  };

  return {
    address,
    apdu,
    basicChannel: csim,
    ...(longestCommand === undefined ? {} : { longestCommand }),
    ...(longestResponse === undefined ? {} : { longestResponse }),
    ...(apdu === 'CGLA' ? channels : {}),
    transmit: async (command, wait) => {
      const channel = channelOf(command[0] ?? 0);
      const session = sessions.of(channel);
      if (session === undefined && !csim)
        throw new LinkError(
          'unreachable',
          `the modem at ${address} has no AT+CSIM, so only channels opened by AT+CCHO can be used, not channel ${channel}`,
        );
      const line = session === undefined ? csimCommand(command, options) : cglaCommand(session, command, options);
      const { lines } = await sendOk(line, options.timeout, wait.signal);
      const found = hexAnswer(lines, session === undefined ? '+CSIM' : '+CGLA');
      if ('problem' in found) throw new LinkError('protocol', `the modem at ${address}: ${found.problem}`);
      if (found.octets.length < 2)
        throw new LinkError('protocol', `the modem at ${address} gave a response APDU of ${found.octets.length} octets`, {
          partial: found.octets,
        });
      return found.octets;
    },
    reset: async wait => {
      const [last, ...before] = options.reset.toReversed();
      if (last === undefined) throw new LinkError('unreachable', `the card behind ${address} cannot be reset: no reset commands are given`);
      sessions.clear();
      for (const command of before.toReversed()) await sendOk(command, options.resetTimeout, wait.signal);
      // Only what comes after the power can tell that the card is ready.
      await untilReady(dialogue, options, wait.signal, async () => {
        await sendOk(last, options.resetTimeout, wait.signal).catch((error: unknown) => {
          // A modem that starts again may take its port along before it answers.
          if (!(error instanceof LinkError) || error.code !== 'closed' || options.returnTimeout.seconds === 0) throw error;
        });
      });
      await rest(options.settle, wait.signal);
      return new Uint8Array();
    },
    at: async (commands, wait) => {
      const answers: AtAnswer[] = [];
      for (const command of commands) {
        const answer = await send(command, options.timeout, wait.signal);
        answers.push(answer);
        if (!answer.result.ok) break;
      }
      return answers;
    },
    close: () => dialogue.close(),
  };
};
