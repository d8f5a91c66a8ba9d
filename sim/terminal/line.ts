/** One command and its whole answer over T=0: wrong lengths put right, response data fetched to the end. ETSI TS 102 221 7.3.1.1 */
import {
  type ApduExchange,
  type CommandApdu,
  classOn,
  expectedLength,
  readClass,
  readResponse,
  writeCommand,
} from '#protocol/apdu/command.js';
import { concat } from '#protocol/asn1/tlv.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import type { TerminalDecisions } from './decisions.js';

/** A card as the terminal reaches it. */
export interface Line {
  readonly card: Card;
  readonly decide: TerminalDecisions;
  readonly signal: () => AbortSignal;
  /** Le of commands that bring data and may have some in return; undefined: they end without. */
  readonly le: 256 | undefined;
  /** Most response octets of one command. */
  readonly limit: number;
  readonly onApdu: (exchange: ApduExchange) => void;
  /** Length of the proactive command that the card announced last. */
  announced: number | undefined;
}

/** Status word and data of a whole answer. */
export interface Answer {
  readonly sw: string;
  readonly octets: Uint8Array;
  /** The status word of the command itself, before GET RESPONSE. */
  readonly first: string;
}

/** What the card answers to a command, before anything is fetched. */
export interface Beginning {
  readonly sw: string;
  readonly data: Uint8Array;
}

/** Sends one APDU as it is; the response APDU. */
export const transmit = async (line: Line, command: Uint8Array): Promise<Uint8Array> => {
  const response = await line.card.transmit(command, { signal: line.signal() });
  line.onApdu({ command, response });
  return response;
};

const ask = async (line: Line, command: Uint8Array): Promise<Beginning> => {
  const response = await transmit(line, command);
  const answer = readResponse(response);
  if (!answer)
    throw new LinkError('protocol', `expected a status word from the card, got ${response.length} octets`, { partial: response });
  return answer;
};

/** Commands that one answer may take: a card that hands out single octets would keep a slow wire busy for hours. */
const MOST_PARTS = 4096;

const lengthIn = (sw: string): number => expectedLength(Number.parseInt(sw.slice(2), 16));

/** Sends a command, again with the right Le where the card names one. */
export const begin = async (line: Line, command: CommandApdu): Promise<Beginning> => {
  const answer = await ask(line, writeCommand(command));
  return answer.sw.startsWith('6C') ? ask(line, writeCommand({ ...command, le: lengthIn(answer.sw) })) : answer;
};

const getResponse = (cla: number, le: number): CommandApdu => {
  const octet = readClass(cla);
  const channel = typeof octet === 'string' ? 0 : octet.channel;
  return { cla: classOn(channel, 0x00), ins: 0xc0, p1: 0, p2: 0, data: new Uint8Array(), le };
};

/** Fetches the rest of an answer; 91xx counts as 9000, and what it announces is noted. */
export const complete = async (line: Line, command: CommandApdu, beginning: Beginning): Promise<Answer> => {
  let { sw, data } = beginning;
  const first = sw;
  const parts = [data];
  let received = data.length;
  while (sw.startsWith('61') && line.decide.fetchesMore(received)) {
    ({ sw, data } = await begin(line, getResponse(command.cla, Math.min(lengthIn(sw), line.card.longestResponse ?? 256))));
    parts.push(data);
    received += data.length;
    if (received > line.limit || parts.length > MOST_PARTS)
      throw new LinkError('tooLarge', `expected at most ${line.limit} octets in ${MOST_PARTS} parts in one answer of the card`);
    // More of nothing would never end.
    if (data.length === 0) break;
  }
  if (sw.startsWith('91')) {
    line.announced = lengthIn(sw);
    sw = '9000';
  }
  return { sw, octets: concat(...parts), first };
};

/** Sends a command and fetches all of its answer. */
export const exchange = async (line: Line, command: CommandApdu): Promise<Answer> => complete(line, command, await begin(line, command));
