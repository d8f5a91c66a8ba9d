/** Our card for programs that ask for it on their standard output: the harness's side of apdu-stdio. */
import { Readable } from 'node:stream';
import { type CardSlot, type EmulatedCard, LinkError } from './adapter.js';
import { type ApduAnswer, type ApduRequest, LINE_LIMIT, looksLikeDialogue, printAnswer, type Read, readRequest } from './apdu-stdio.js';
import { type LinePart, lineCutter } from './lines.js';
import type { ProgramStreams } from './process-group.js';
import { type SlotReports, watched } from './slot.js';
import { errorText } from './tls.js';
import { until } from './until.js';
import { written } from './written.js';

export interface StdioSlot extends CardSlot {
  /** Gives a program that was just started access to the card, until its streams end; its output without the dialogue comes back. */
  attach(streams: ProgramStreams): Readable;
}

const FAILED: ApduAnswer = { ecode: -1, data: new Uint8Array() };
const DONE: ApduAnswer = { ecode: 0, data: new Uint8Array() };
/** A program waits for its answers; one that does not is read no further. */
const WAITING_REQUESTS = 64;

/** Interindustry class of a logical channel. ISO 7816-4 5.4.1 */
const classOf = (channel: number): number => (channel < 4 ? channel : 0x40 | (channel - 4));
const OPEN_CHANNEL = Uint8Array.of(0x00, 0x70, 0x00, 0x00, 0x01);
const closeChannel = (channel: number): Uint8Array => Uint8Array.of(0x00, 0x70, 0x80, channel, 0x00);
const selectByName = (channel: number, name: Uint8Array): Uint8Array =>
  Uint8Array.of(classOf(channel), 0xa4, 0x04, 0x00, name.length, ...name);
/** Done, done with a proactive command waiting, or done with an answer that can be fetched. */
const isDone = (answer: Uint8Array): boolean => [0x90, 0x91, 0x61].includes(answer.at(-2) ?? 0);

/** Opens a channel and selects an application on it; the number of the channel, or -1. */
const openChannel = async (card: EmulatedCard, name: Uint8Array): Promise<number> => {
  const opened = await card.transmit(OPEN_CHANNEL);
  const [channel] = opened;
  if (channel === undefined || opened.length !== 3 || !isDone(opened)) return -1;
  if (isDone(await card.transmit(selectByName(channel, name)))) return channel;
  await card.transmit(closeChannel(channel));
  return -1;
};

/** A card from its insertion to its removal. */
interface Stay {
  readonly card: EmulatedCard;
  /** The programs that are connected to it; it has power while there is one. */
  readonly users: Set<object>;
  /** Aborted when the card is taken out. */
  readonly over: AbortController;
  atr: Uint8Array;
}

/** Opens a reader for programs that are started with `attach`. */
export const openStdioSlot = ({ onPower, onProblem }: SlotReports = {}): StdioSlot => {
  let stay: Stay | undefined;
  let isClosed = false;
  let latest: Promise<void> = Promise.resolve();
  const malformed = (message: string) => onProblem?.({ kind: 'malformed', message });

  const eject = () => {
    if (stay === undefined) return;
    stay.over.abort();
    if (stay.users.size > 0) stay.card.powerOff();
    stay = undefined;
  };
  const leave = (user: object) => {
    if (!stay?.users.delete(user) || stay.users.size > 0) return;
    stay.card.powerOff();
    onPower?.('off');
  };
  const connect = (user: object): ApduAnswer => {
    if (stay === undefined) return FAILED;
    const isShared = stay.users.size > 0 && !stay.users.has(user);
    if (!isShared) {
      stay.atr = stay.card.powerOn();
      onPower?.(stay.users.has(user) ? 'reset' : 'on');
    }
    stay.users.add(user);
    return { ecode: 0, data: stay.atr };
  };
  const perform = async (user: object, { func, param }: ApduRequest): Promise<ApduAnswer> => {
    if (func === 'connect') return connect(user);
    if (func === 'disconnect') {
      leave(user);
      return DONE;
    }
    const at = stay;
    if (at === undefined || !at.users.has(user)) {
      malformed(`the program asked for ${func}, and ${at === undefined ? 'no card is in the reader' : 'it is not connected'}`);
      return FAILED;
    }
    const work = async (): Promise<ApduAnswer> => {
      if (func === 'transmit') return { ecode: 0, data: await at.card.transmit(param) };
      const [channel] = param;
      if (channel === undefined || param.length > (func === 'logic_channel_open' ? 255 : 1)) {
        malformed(`the program asked for ${func} with ${param.length} octets`);
        return FAILED;
      }
      if (func === 'logic_channel_open') return { ecode: await openChannel(at.card, param), data: new Uint8Array() };
      return isDone(await at.card.transmit(closeChannel(channel))) ? DONE : FAILED;
    };
    return until(work(), at.over.signal, func).catch(() => FAILED);
  };

  return {
    address: 'stdio',
    insert: async card => {
      eject();
      if (isClosed) throw new LinkError('closed', 'the reader is closed');
      stay = { card: watched(card, onProblem), users: new Set(), over: new AbortController(), atr: new Uint8Array() };
    },
    remove: async () => eject(),
    close: async () => {
      isClosed = true;
      eject();
    },
    attach: ({ stdin, stdout }) => {
      const user = {};
      let waiting = 0;
      let hasRoom = true;
      let isDropping = false;
      let isOver = false;
      const flow = () => (hasRoom && waiting < WAITING_REQUESTS ? stdout.resume() : stdout.pause());
      const output = new Readable({
        read: () => {
          hasRoom = true;
          flow();
        },
      });
      const serve = async (line: Read<ApduRequest>): Promise<void> => {
        if (isOver) return;
        if ('unreadable' in line) malformed(`the program sent a line of the card dialogue that cannot be read: ${line.unreadable}`);
        const answer = 'said' in line ? await perform(user, line.said) : FAILED;
        if (!isOver) await written(stdin, printAnswer(answer));
      };
      const queue = (line: Read<ApduRequest>) => {
        waiting++;
        // One after the other, whatever program they come from: the card has one interface.
        latest = latest
          .then(() => serve(line))
          .catch(cause => onProblem?.({ kind: 'card', message: `we failed to answer the program: ${errorText(cause)}`, cause }))
          .then(() => {
            waiting--;
            flow();
          });
      };
      const take = ({ octets, isFirst, isLast }: LinePart) => {
        if (isFirst) {
          const text = octets.toString('utf8');
          isDropping = !isLast && looksLikeDialogue(text);
          const line = isDropping ? { unreadable: `it is longer than ${LINE_LIMIT} octets` } : isLast ? readRequest(text) : undefined;
          if (line !== undefined) return queue(line);
        }
        if (!isDropping) hasRoom = output.push(octets);
      };
      const lines = lineCutter(LINE_LIMIT, take);
      const end = () => {
        if (isOver) return;
        isOver = true;
        latest = latest.then(() => leave(user));
      };
      // A program that went away cannot be written to.
      stdin.on('error', () => {});
      stdin.on('close', end);
      stdout.on('data', chunk => {
        lines.push(chunk);
        flow();
      });
      stdout.once('close', () => {
        lines.end();
        end();
        output.push(null);
      });
      return output;
    },
  };
};
