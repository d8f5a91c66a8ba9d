/** A simulated device: what stands between complete ES10 commands and the APDUs of a card, on the side of the terminal. SGP.22 5.7.2, ETSI TS 102 221 */
import type { ApduExchange } from '#protocol/apdu/command.js';
import { readHeader, readTlv } from '#protocol/asn1/tlv.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import { decisionsWith, type TerminalOverride } from './decisions.js';
import { type Answer, type Line, transmit } from './line.js';
import { closeChannel, configurationIn, type Opening, openIsdr } from './opening.js';
import { answerProactive } from './proactive.js';
import { blockSizeFor, storeData } from './store-data.js';

export type { TerminalDecisions, TerminalOverride } from './decisions.js';
export type { Opening } from './opening.js';

/** Status word, `9000` where a proactive command was announced, and response data. */
export interface Es10Response {
  readonly sw: string;
  readonly octets: Uint8Array;
}

/** How the device behaves; observers see everything in its order. */
export interface TerminalOptions {
  /** Octets of command data in a block of STORE DATA, 1 to 255; as many as the wire takes when left out, more where 256 blocks would not hold a command. */
  readonly blockSize?: number;
  /** Whether STORE DATA and SELECT end with Le 00. */
  readonly appendsLe?: boolean;
  /** Most response octets of one command; 256 KiB when left out. */
  readonly responseLimit?: number;
  /** A fresh signal for each APDU, e.g. one that ends with the reader's timeout. */
  readonly signal?: () => AbortSignal;
  readonly overrides?: readonly TerminalOverride[];
  readonly onApdu?: (exchange: ApduExchange) => void;
  readonly onReset?: (atr: Uint8Array) => void;
}

/** A device with its card. Everything rejects with LinkError only; calls are carried out one after the other. */
export interface Terminal {
  /** Declares the device, opens a channel and selects the ISD-R. */
  start(): Promise<Opening>;
  /** Resets the card and starts again. */
  restart(): Promise<Opening>;
  /** Carries out one ES10 command; a whole bound profile package goes out in its segments. Starts first if need be. */
  execute(command: Uint8Array): Promise<Es10Response>;
  /** Loads a bound profile package; the last answer. Undefined: it cannot be cut into segments, and nothing was sent. */
  installProfile(boundProfilePackage: Uint8Array): Promise<Es10Response | undefined>;
  /** Sends one APDU as it is, and nothing of what may follow from its answer. */
  transmit(apdu: Uint8Array): Promise<Uint8Array>;
  /** Closes the channel; the card stays open. */
  close(): Promise<void>;
  /** Logical channel of the ISD-R; undefined before it is selected. */
  readonly channel: number | undefined;
  /** Times the ISD-R was selected: whoever sees another number finds the card begun anew. */
  readonly openings: number;
  /** FCI of the ISD-R; undefined before it is selected, empty when the card keeps it. */
  readonly fci: Uint8Array | undefined;
  /** Flags that the FCI of the ISD-R tells: `ipaeSupported`, `enabledProfile`; undefined where it has no template E1. */
  readonly euiccConfiguration: readonly string[] | undefined;
}

const NOTHING = new Uint8Array();
const RESPONSE_LIMIT = 0x40000;
const BOUND_PROFILE_PACKAGE = 0xbf36;
/** LoadEuiccPackage, ProfileRollback, ImmediateEnable and what follows it, eUICCMemoryReset of now and of v1.0: after them a card may wait for a reset. */
const SWITCHING: readonly number[] = [0xbf51, 0xbf58, 0xbf5a, 0xbf5b, 0xbf5c, 0xbf5d, 0xbf5e, 0xbf64, 0xbf34];
/** The channel is closed, or something else is selected on it. */
const LOST: Answer = { sw: '6881', octets: NOTHING, first: '6881' };
const CHANNEL_LOST: readonly string[] = [LOST.first, '6D00', '6E00'];
const REFUSED = '6985';
/** The card has carried the command out. */
const TAKEN = /^9000$|^61|^91/;

const isWhole = (command: Uint8Array): boolean => {
  const outer = readTlv(command);
  return outer?.tag === BOUND_PROFILE_PACKAGE && outer.end === command.length;
};

/** Makes a device for a card that is under power. */
export const openTerminal = (card: Card, options: TerminalOptions = {}): Terminal => {
  const idle = new AbortController();
  const line: Line = {
    card,
    decide: decisionsWith(options.overrides ?? []),
    signal: options.signal ?? (() => idle.signal),
    le: options.appendsLe ? 256 : undefined,
    limit: options.responseLimit ?? RESPONSE_LIMIT,
    onApdu: exchanged => options.onApdu?.(exchanged),
    announced: undefined,
  };
  const { decide } = line;
  const blockSize = blockSizeFor(line, options.blockSize);
  let opened: Extract<Opening, { ok: true }> | undefined;
  let openings = 0;
  let needsReset = false;
  let mayHaveSwitched = false;
  let last: Promise<unknown> = Promise.resolve();

  const start = async (mayReset = true): Promise<Opening> => {
    opened = undefined;
    const opening = await openIsdr(line);
    // A REFRESH that somebody before us left unanswered takes the channel away again.
    if ((await answerProactive(line)) && mayReset && decide.resetsAfterRefresh()) return restart();
    if (!opening.ok) return opening;
    opened = opening;
    openings++;
    return opening;
  };
  const restart = async (): Promise<Opening> => {
    opened = undefined;
    needsReset = true;
    const atr = await card.reset({ signal: line.signal() });
    options.onReset?.(atr);
    needsReset = false;
    mayHaveSwitched = false;
    line.announced = undefined;
    return start(false);
  };

  /** Answers what the card announced. A failure of the wire does not take away the answer that was received before. */
  const attend = async (): Promise<void> => {
    try {
      if ((await answerProactive(line)) && decide.resetsAfterRefresh()) await restart();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      needsReset = true;
    }
  };

  const ready = async (): Promise<Opening> => {
    if (needsReset) return restart();
    return opened ?? start();
  };

  /** A modem that started the card again after a change of profiles refuses what goes to its old session. */
  const isSessionLost = (error: unknown): boolean =>
    card.openChannel !== undefined && mayHaveSwitched && error instanceof LinkError && error.code === 'refused';

  /** Whether a command was refused as a whole because the card waits for a reset, or lost the channel. */
  const hindrance = ({ first }: Answer): 'reset' | 'channel' | undefined => {
    if (first === REFUSED && mayHaveSwitched && decide.recoversFromRefusal()) return 'reset';
    return CHANNEL_LOST.includes(first) && decide.reopensChannel() ? 'channel' : undefined;
  };

  /** One attempt; after a command that may have changed profiles, the card may wait for a reset. */
  const attempt = async (channel: number, command: Uint8Array): Promise<Answer> => {
    const switches = SWITCHING.includes(readHeader(command)?.tag ?? 0);
    try {
      const answer = await storeData(line, channel, command, blockSize, isSessionLost);
      if (!answer) return LOST;
      if (TAKEN.test(answer.first)) mayHaveSwitched = switches;
      return answer;
    } catch (error) {
      mayHaveSwitched ||= switches;
      throw error;
    }
  };

  /** Sends one command or segment; once again where something hindered it that can be put right. */
  const send = async (command: Uint8Array): Promise<Es10Response> => {
    let opening = await ready();
    if (!opening.ok) return { sw: opening.sw, octets: NOTHING };
    let answer = await attempt(opening.channel, command);
    const why = hindrance(answer);
    if (why) {
      if (why === 'channel') await closeChannel(line, opening.channel);
      opening = await (why === 'reset' ? restart() : start());
      if (!opening.ok) return { sw: opening.sw, octets: NOTHING };
      answer = await attempt(opening.channel, command);
    }
    await attend();
    return { sw: answer.sw, octets: answer.octets };
  };

  const load = async (boundProfilePackage: Uint8Array): Promise<Es10Response | undefined> => {
    let answer: Es10Response | undefined;
    for (const segment of decide.cuts(boundProfilePackage) ?? []) {
      answer = await send(segment);
      if (decide.stopsLoading(answer.sw, answer.octets)) return answer;
    }
    return answer;
  };

  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = last.then(act);
    // After a failure of the wire nobody knows what the card remembers.
    last = result.catch(() => {
      opened = undefined;
    });
    return result;
  };

  return {
    start: () => inTurn(() => start()),
    restart: () => inTurn(restart),
    execute: command => {
      const act = async () => (isWhole(command) ? await load(command) : undefined) ?? send(command);
      return decide.keepsLine(command) ? inTurn(act) : act();
    },
    installProfile: boundProfilePackage => inTurn(() => load(boundProfilePackage)),
    transmit: apdu => inTurn(() => transmit(line, apdu)),
    close: () =>
      inTurn(async () => {
        const { channel } = opened ?? {};
        opened = undefined;
        if (channel !== undefined) await closeChannel(line, channel);
      }),
    get channel() {
      return opened?.channel;
    },
    get openings() {
      return openings;
    },
    get fci() {
      return opened?.fci;
    },
    get euiccConfiguration() {
      return opened && configurationIn(opened.fci);
    },
  };
};
