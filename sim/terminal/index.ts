/** A simulated device: what stands between complete ES10 commands and the APDUs of a card, on the side of the terminal. SGP.22 5.7.2, ETSI TS 102 221 */
import { type ApduExchange, classOn } from '#protocol/apdu/command.js';
import { readHeader, readTlv } from '#protocol/asn1/tlv.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import { decisionsWith, type TerminalOverride } from './decisions.js';
import { exchange, type Line, transmit } from './line.js';
import { closeChannel, configurationIn, type Opening, openIsdr } from './opening.js';
import { answerProactive } from './proactive.js';

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
  /** FCI of the ISD-R; undefined before it is selected, empty when the card keeps it. */
  readonly fci: Uint8Array | undefined;
  /** Flags that the FCI of the ISD-R tells: `ipaeSupported`, `enabledProfile`; undefined where it has no template E1. */
  readonly euiccConfiguration: readonly string[] | undefined;
}

const NOTHING = new Uint8Array();
const RESPONSE_LIMIT = 0x40000;
/** What the block number can count, and what they can hold. SGP.22 5.7.2 */
const MOST_BLOCKS = 0x100;
const LONGEST = MOST_BLOCKS * 0xff;
const BOUND_PROFILE_PACKAGE = 0xbf36;
/** LoadEuiccPackage, ProfileRollback, ImmediateEnable and what follows it, eUICCMemoryReset: after them a card may wait for a reset. */
const SWITCHING: readonly number[] = [0xbf51, 0xbf58, 0xbf5a, 0xbf5b, 0xbf5c, 0xbf5d, 0xbf5e, 0xbf64];
/** The channel is closed, or something else is selected on it. */
const CHANNEL_CLOSED = '6881';
const CHANNEL_LOST: readonly string[] = [CHANNEL_CLOSED, '6D00', '6E00'];
const REFUSED = '6985';
/** CLA, INS, P1, P2, Lc; and Le. */
const AROUND_DATA = 5;
const AROUND_DATA_WITH_LE = 6;

const isWhole = (command: Uint8Array): boolean => {
  const outer = readTlv(command);
  return outer?.tag === BOUND_PROFILE_PACKAGE && outer.end === command.length;
};

/** Makes a device for a card that is under power. */
export const openTerminal = (card: Card, options: TerminalOptions = {}): Terminal => {
  const room = card.longestCommand === undefined ? 255 : card.longestCommand - (options.appendsLe ? AROUND_DATA_WITH_LE : AROUND_DATA);
  const blockSize = Math.max(1, Math.min(options.blockSize ?? 255, room));
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
  let opened: Extract<Opening, { ok: true }> | undefined;
  let needsReset = false;
  let mayHaveSwitched = false;
  let last: Promise<unknown> = Promise.resolve();

  const start = async (mayReset = true): Promise<Opening> => {
    opened = undefined;
    const opening = await openIsdr(line);
    // A REFRESH that somebody before us left unanswered takes the channel away again.
    if ((await answerProactive(line)) && mayReset && decide.resetsAfterRefresh()) return restart();
    if (opening.ok) opened = opening;
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

  /** A modem that started the card again after a change of profiles refuses what goes to its old session. */
  const isSessionLost = (error: unknown): boolean =>
    card.openChannel !== undefined && mayHaveSwitched && error instanceof LinkError && error.code === 'refused';
  const sendBlocks = async (channel: number, command: Uint8Array): Promise<Es10Response & { readonly isFirst: boolean }> => {
    if (command.length > LONGEST)
      throw new LinkError('tooLarge', `expected at most ${LONGEST} octets in one ES10 command, got ${command.length}`);
    const size = Math.max(blockSize, Math.ceil(command.length / MOST_BLOCKS));
    const count = Math.max(1, Math.ceil(command.length / size));
    const cla = classOn(channel, 0x80);
    const { le } = line;
    let answer: Es10Response = { sw: '6F00', octets: NOTHING };
    for (let index = 0; index < count; index++) {
      const between = decide.interleaves(index, count);
      if (between) await exchange(line, { cla, ins: 0xe2, p1: 0x91, p2: 0, data: between, le });
      const data = command.subarray(index * size, (index + 1) * size);
      const p1 = decide.blockType(index, count);
      const block = { cla, ins: 0xe2, p1, p2: decide.blockNumber(index, count) & 0xff, data, le };
      answer = await exchange(line, block).catch((error: unknown) => {
        if (index > 0 || !isSessionLost(error)) throw error;
        return { sw: CHANNEL_CLOSED, octets: NOTHING };
      });
      if (decide.stopsAt(answer.sw)) return { ...answer, isFirst: index === 0 };
    }
    return { ...answer, isFirst: count === 1 };
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

  /** Sends one command or segment; once again where the card had closed the channel or waited for a reset. */
  const send = async (command: Uint8Array): Promise<Es10Response> => {
    let opening = await ready();
    if (!opening.ok) return { sw: opening.sw, octets: NOTHING };
    let result = await sendBlocks(opening.channel, command);
    const isLost = result.isFirst && CHANNEL_LOST.includes(result.sw) && decide.reopensChannel();
    const waits = result.isFirst && result.sw === REFUSED && mayHaveSwitched && decide.recoversFromRefusal();
    if (isLost || waits) {
      if (isLost) await closeChannel(line, opening.channel);
      opening = await (waits ? restart() : start());
      if (!opening.ok) return { sw: opening.sw, octets: NOTHING };
      result = await sendBlocks(opening.channel, command);
    }
    const { sw, octets } = result;
    if (sw === '9000') mayHaveSwitched = SWITCHING.includes(readHeader(command)?.tag ?? 0);
    await attend();
    return { sw, octets };
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
    execute: command => inTurn(async () => (isWhole(command) ? await load(command) : undefined) ?? send(command)),
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
    get fci() {
      return opened?.fci;
    },
    get euiccConfiguration() {
      return opened && configurationIn(opened.fci);
    },
  };
};
