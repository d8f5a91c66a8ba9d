/** Logical channels and response data: MANAGE CHANNEL and GET RESPONSE. ETSI TS 102 221 7.3.1.1, 11.1.17; ISO 7816-4 11.1.2 */
import { type CommandApdu, statusWithLength } from '#protocol/apdu/command.js';
import { type Card, type Channel, closeChannel, DONE, data, openChannel, type Reply, status } from './state.js';

const OPEN = 0x00;
const CLOSE = 0x80;
const LARGEST = 19;

const isSupported = (card: Card, number: number): boolean => number <= Math.min(LARGEST, card.decide.channels());

const open = (card: Card, number: number): Reply => {
  if (number > 0) {
    if (!isSupported(card, number)) return status('6881');
    if (card.channels.has(number)) return status('6A86');
    openChannel(card, number);
    return DONE;
  }
  for (let free = 1; isSupported(card, free); free++) {
    // Opened once the terminal learns the number: a wrong Le opens none.
    if (!card.channels.has(free)) return { ...data(Uint8Array.of(free)), delivered: () => openChannel(card, free) };
  }
  return status(card.decide.answers('noChannelLeft'));
};

/** MANAGE CHANNEL */
export const manageChannel = (card: Card, own: Channel, { p1, p2, data: content }: CommandApdu): Reply => {
  if (content.length > 0) return status('6700');
  if (p1 === OPEN) return open(card, p2);
  if (p1 !== CLOSE) return status('6A86');
  const channel = p2 === 0 ? own : card.channels.get(p2);
  if (!channel) return status(card.decide.answers('channelNotOpen'));
  if (channel.number === 0) return status('6A86');
  closeChannel(card, channel);
  return DONE;
};

/** How many of the octets that wait one command returns. */
export const nextPart = (card: Card, waiting: Uint8Array): number =>
  Math.min(waiting.length, Math.max(1, Math.min(256, card.decide.responseBlock())));

/** GET RESPONSE; the last part is the reply itself, others announce the next. */
export const getResponse = (card: Card, channel: Channel, { p1, p2, data: content, le = 256 }: CommandApdu): Reply => {
  const { waiting } = channel;
  if (p1 !== 0 || p2 !== 0) return status('6A86');
  if (content.length > 0) return status('6700');
  if (!waiting) return status(card.decide.answers('nothingPending'));
  if (waiting.isFci && !card.decide.returnsFci()) return status('6E00');
  const part = nextPart(card, waiting.octets);
  if (le > part && card.decide.refusesLongerLe()) return status(statusWithLength('6C', part));
  const octets = waiting.octets.slice(0, Math.min(le, part));
  const rest = waiting.octets.subarray(octets.length);
  channel.waiting = rest.length > 0 ? { ...waiting, octets: rest } : undefined;
  if (rest.length > 0) return { sw: statusWithLength('61', nextPart(card, rest)), octets };
  return { ...data(octets), ...(waiting.delivered && { delivered: waiting.delivered }) };
};
