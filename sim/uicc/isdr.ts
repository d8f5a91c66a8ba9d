/** The ISD-R: its selection, and STORE DATA. SGP.22 5.7.2, SGP.32 3.8.4 */
import type { CommandApdu } from '#protocol/apdu/command.js';
import { concat } from '#protocol/asn1/tlv.js';
import type { Es10Answer } from './port.js';
import { announceSwitch } from './refresh.js';
import { type Card, type Channel, closeChannel, DONE, data, discardChain, type Reply, status } from './state.js';

const MORE = 0x11;
const LAST = 0x91;

/** Selects the ISD-R on a channel. */
export const selectIsdr = (card: Card, channel: Channel): Reply => {
  channel.selection = { application: 'isdr', isServed: card.isDeclared || !card.decide.needsCapability() };
  card.tell({ kind: 'isdrSelected', channel: channel.number });
  return { ...data(card.decide.writesFci(card.port.isdrTemplates())), isFci: true };
};

/** What the port answers, as a status word and octets whatever it does. */
const ask = async (card: Card, command: Uint8Array, channel: number): Promise<Es10Answer> => {
  try {
    const answer = card.decide.writesAnswer(command, await card.port.es10(command, channel));
    if (/^[0-9A-F]{4}$/.test(answer.sw)) return answer;
    card.tell({ kind: 'fault', error: new RangeError(`expected a status word of four hex digits, got "${answer.sw}"`) });
  } catch (error) {
    card.tell({ kind: 'fault', error });
  }
  return { sw: '6F00', octets: new Uint8Array() };
};

const execute = async (card: Card, channel: Channel, command: Uint8Array): Promise<Reply> => {
  const { sw, octets, switched } = await ask(card, command, channel.number);
  const reply = { sw, octets: sw === '9000' ? octets : new Uint8Array() };
  return switched && announceSwitch(card, channel, switched) ? { ...reply, delivered: () => closeChannel(card, channel) } : reply;
};

/** STORE DATA: one block of an ES10 command; the last one has it carried out. */
export const storeData = (card: Card, channel: Channel, { p1, p2, data: content }: CommandApdu): Reply | Promise<Reply> => {
  const { decide } = card;
  const { selection, chain } = channel;
  if (selection.application !== 'isdr') return status('6D00');
  const refuse = (sw: string): Reply => {
    discardChain(card, channel);
    return status(sw);
  };
  if (content.length === 0) return refuse('6700');
  if (!selection.isServed) return refuse(decide.answers('notDeclared'));
  if (card.refresh && !decide.servesEs10(card.refresh)) return refuse(decide.answers('refreshPending'));
  if (p1 !== MORE && p1 !== LAST) return refuse(decide.answers('wrongBlockType'));
  if (p2 === 0) discardChain(card, channel);
  else if (!chain) return refuse(decide.answers('noFirstBlock'));
  else if (p2 !== chain.blocks.length) return refuse(decide.answers('wrongBlock'));
  const blocks = [...(channel.chain?.blocks ?? []), content];
  const received = (channel.chain?.received ?? 0) + content.length;
  const isLast = p1 === LAST;
  const refused = decide.refusesBlock({ number: p2, isLast, received });
  if (refused) return refuse(refused);
  if (received > decide.longestCommand() || (!isLast && p2 === 0xff)) return refuse(decide.answers('commandTooLong'));
  channel.chain = isLast ? undefined : { blocks, received };
  return isLast ? execute(card, channel, concat(...blocks)) : { ...DONE, isIntermediate: true };
};
