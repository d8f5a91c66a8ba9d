/** From one command APDU to one response APDU. ETSI TS 102 221 7.3.1.1, 10 */
import { type CommandApdu, readClass, readCommand, statusWithLength, writeResponse } from '#protocol/apdu/command.js';
import { getResponse, manageChannel, nextPart } from './channel-commands.js';
import { currentStatus, readBinary, readRecord, select } from './file-commands.js';
import { storeData } from './isdr.js';
import { fetchCommand, pendingCommand, takeTerminalResponse } from './refresh.js';
import { type Card, type Channel, DONE, discardChain, type Reply, status } from './state.js';
import { terminalCapability } from './terminal-capability.js';

const GET_RESPONSE = 0xc0;
const STORE_DATA = 0xe2;

interface Instruction {
  readonly class: 'interindustry' | 'proprietary' | 'either' | 'basicChannel';
  /** Over T=0 the fifth octet is the length of the data that go in, or of those that come out. */
  readonly data: 'in' | 'out' | 'exact';
  perform(card: Card, channel: Channel, command: CommandApdu): Reply | Promise<Reply>;
}

/** `exact`: what comes out has one length, and an Le that differs is refused. */
const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0xa4, { class: 'interindustry', data: 'in', perform: select }],
  [0xf2, { class: 'proprietary', data: 'exact', perform: currentStatus }],
  [0xb0, { class: 'interindustry', data: 'out', perform: readBinary }],
  [0xb2, { class: 'interindustry', data: 'exact', perform: readRecord }],
  // Nothing can be written.
  [0xd6, { class: 'interindustry', data: 'in', perform: () => status('6982') }],
  [0xdc, { class: 'interindustry', data: 'in', perform: () => status('6982') }],
  [GET_RESPONSE, { class: 'either', data: 'out', perform: getResponse }],
  [0x70, { class: 'interindustry', data: 'exact', perform: manageChannel }],
  [0xaa, { class: 'basicChannel', data: 'in', perform: terminalCapability }],
  [0x10, { class: 'basicChannel', data: 'in', perform: (_card, _channel, { data }) => (data.length > 0 ? DONE : status('6700')) }],
  [0x12, { class: 'basicChannel', data: 'exact', perform: fetchCommand }],
  [0x14, { class: 'basicChannel', data: 'in', perform: (card, _channel, command) => takeTerminalResponse(card, command) }],
  [STORE_DATA, { class: 'proprietary', data: 'in', perform: storeData }],
]);

/** 9000, or the length of a proactive command that waits. */
const ending = (card: Card): string => {
  const command = pendingCommand(card);
  return command ? statusWithLength('91', command.length) : '9000';
};

const finish = (card: Card, reply: Reply): Uint8Array => {
  reply.delivered?.();
  return writeResponse(reply.sw === '9000' && !reply.isIntermediate ? ending(card) : reply.sw, reply.octets);
};

/** Response data of a command that brought data: they wait, unless the card gives them at once. */
const keep = (card: Card, channel: Channel, { le }: CommandApdu, reply: Reply): Uint8Array => {
  if (reply.octets.length === 0) return finish(card, reply);
  channel.waiting = { octets: reply.octets, isFci: reply.isFci === true, delivered: reply.delivered };
  const isDirect = le !== undefined && card.decide.answersDirectly();
  if (!isDirect) return writeResponse(statusWithLength('61', nextPart(card, reply.octets)));
  const length = Math.min(le, nextPart(card, reply.octets));
  return finish(card, getResponse(card, channel, { cla: 0, ins: GET_RESPONSE, p1: 0, p2: 0, data: new Uint8Array(), le: length }));
};

const respond = (card: Card, channel: Channel, command: CommandApdu, instruction: Instruction, reply: Reply): Uint8Array => {
  if (reply.sw !== '9000') return writeResponse(reply.sw, reply.octets);
  if (instruction.data === 'in') return keep(card, channel, command, reply);
  const { length } = reply.octets;
  const isWrong = instruction.data === 'exact' && length > 0 && (command.le ?? 256) !== length;
  return isWrong ? writeResponse(statusWithLength('6C', length)) : finish(card, reply);
};

/** Whether a command of this direction can have such a body at all. */
const hasRightBody = ({ data, le }: CommandApdu, instruction: Instruction): boolean => {
  if (instruction.data !== 'in') return data.length === 0;
  // The fifth of five octets announced data, and none came.
  return data.length > 0 || le === undefined || le === 256;
};

/** Carries out one APDU of any content on a card under power; never rejects. */
export const answer = async (card: Card, apdu: Uint8Array): Promise<Uint8Array> => {
  const command = readCommand(apdu);
  if (!command) return writeResponse('6700');
  const octet = readClass(command.cla);
  if (typeof octet === 'string') return writeResponse(octet);
  const channel = card.channels.get(octet.channel);
  if (!channel) return writeResponse(card.decide.answers('channelNotOpen'));
  if (command.ins !== GET_RESPONSE) channel.waiting = undefined;
  if (command.ins !== STORE_DATA) discardChain(card, channel);
  const instruction = INSTRUCTIONS.get(command.ins);
  if (!instruction) return writeResponse('6D00');
  const { class: wanted } = instruction;
  const isOfClass =
    wanted === 'either' || (wanted === 'basicChannel' ? command.cla === 0x80 : octet.isProprietary === (wanted === 'proprietary'));
  if (!isOfClass) return writeResponse('6E00');
  if (!hasRightBody(command, instruction)) return writeResponse('6700');
  return respond(card, channel, command, instruction, await instruction.perform(card, channel, command));
};
