/** The card of a program that has it behind its standard streams: the program's side of apdu-stdio. */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type Card, LinkError } from './adapter.js';
import { type ApduAnswer, type ApduRequest, LINE_LIMIT, looksLikeDialogue, printRequest, type Read, readAnswer } from './apdu-stdio.js';
import { type LinePart, lineCutter } from './lines.js';
import { givenUp, until } from './until.js';
import { written } from './written.js';

export interface StdioCardOptions {
  /** Answers come here; the program's own standard input when absent. Lines that are no answers are ignored. */
  readonly input?: Readable;
  /** Requests go there; the program's own standard output when absent. */
  readonly output?: Writable;
}

interface Waiting {
  readonly resolve: (answer: ApduAnswer) => void;
  readonly reject: (error: LinkError) => void;
}

const NOTHING = new Uint8Array();

/** Opens the card that whoever started this program holds for it. */
export const openStdioCard = ({ input = process.stdin, output = process.stdout }: StdioCardOptions = {}): Card => {
  const waiting: Waiting[] = [];
  let state: 'new' | 'connected' | 'lost' = 'new';
  let connecting: Promise<Uint8Array> | undefined;
  let end: LinkError | undefined;

  const finish = (why: LinkError) => {
    end ??= why;
    for (const one of waiting.splice(0)) one.reject(end);
  };
  const answered = (line: Read<ApduAnswer>) => {
    // An answer that nobody waits for was asked for by nobody.
    const first = waiting.shift();
    if ('said' in line) first?.resolve(line.said);
    else first?.reject(new LinkError('protocol', `the answer for the card cannot be read: ${line.unreadable}`));
  };
  const take = ({ octets, isFirst, isLast }: LinePart) => {
    if (!isFirst) return;
    const text = octets.toString('utf8');
    const tooLong = looksLikeDialogue(text) ? { unreadable: `it is longer than ${LINE_LIMIT} octets` } : undefined;
    const line = isLast ? readAnswer(text) : tooLong;
    if (line !== undefined) answered(line);
  };
  const lines = lineCutter(LINE_LIMIT, take);
  const gone = () => finish(new LinkError('closed', 'whoever holds the card closed the standard input'));
  const lost = (cause: Error) => finish(new LinkError('closed', `the standard streams failed: ${cause.message}`, { cause }));
  input.on('data', lines.push);
  input.once('end', gone);
  input.once('close', gone);
  input.on('error', lost);
  output.on('error', lost);

  /** Answers come in the order of the requests, so one that is given up keeps its place. */
  const ask = (func: ApduRequest['func'], param: Uint8Array, signal: AbortSignal): Promise<ApduAnswer> => {
    if (signal.aborted) return Promise.reject(givenUp(signal, func));
    if (end !== undefined) return Promise.reject(end);
    const answer = new Promise<ApduAnswer>((resolve, reject) => waiting.push({ resolve, reject }));
    output.write(printRequest({ func, param }));
    return until(answer, signal, func);
  };
  const connect = async (signal: AbortSignal): Promise<Uint8Array> => {
    const { ecode, data } = await ask('connect', NOTHING, signal);
    if (ecode < 0) throw new LinkError('unreachable', 'there is no card: the request to connect was refused');
    state = 'connected';
    return data;
  };
  const ready = async (signal: AbortSignal): Promise<void> => {
    if (state === 'lost') throw new LinkError('closed', 'the card went away; it can be used after a reset');
    if (state === 'connected') return;
    connecting ??= connect(new AbortController().signal).finally(() => {
      connecting = undefined;
    });
    await until(connecting, signal, 'connect');
  };

  return {
    address: 'stdio',
    transmit: async (apdu, { signal }) => {
      if (signal.aborted) throw givenUp(signal, 'transmit');
      if (end !== undefined) throw end;
      await ready(signal);
      const { ecode, data } = await ask('transmit', apdu, signal);
      if (ecode >= 0 && data.length >= 2) return data;
      if (ecode >= 0) throw new LinkError('protocol', `expected a response of at least 2 octets, got ${data.length}`);
      state = 'lost';
      throw new LinkError('closed', 'the card did not answer: it was taken out, or another one is there');
    },
    reset: async ({ signal }) => {
      if (signal.aborted) throw givenUp(signal, 'reset');
      if (end !== undefined) throw end;
      if (state !== 'new') await ask('disconnect', NOTHING, signal);
      state = 'lost';
      return connect(signal);
    },
    close: async () => {
      if (end !== undefined) return;
      if (state === 'connected') await written(output, printRequest({ func: 'disconnect', param: NOTHING }));
      finish(new LinkError('closed', 'the card is closed'));
      input.removeListener('data', lines.push);
      input.pause();
      // The program's own input is a socket when Node.js started it, and keeps the program alive although nobody reads.
      if (input instanceof Socket) input.unref();
    },
  };
};
