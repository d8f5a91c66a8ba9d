/** STORE DATA: one ES10 command in the blocks that carry it. SGP.22 5.7.2 */
import { classOn } from '#protocol/apdu/command.js';
import { LinkError } from '../../adapters/adapter.js';
import { type Answer, begin, complete, exchange, type Line } from './line.js';

const STORE_DATA = 0xe2;
const LONGEST_BLOCK = 0xff;
/** What the block number can count. */
const MOST_BLOCKS = 0x100;
const LONGEST_COMMAND = MOST_BLOCKS * LONGEST_BLOCK;
/** CLA, INS, P1, P2, Lc; and Le. */
const AROUND_DATA = 5;

/** Octets of data in a block: as many as the wire takes, unless fewer are wanted. */
export const blockSizeFor = ({ card, le }: Line, wanted = LONGEST_BLOCK): number => {
  const around = le === undefined ? AROUND_DATA : AROUND_DATA + 1;
  const room = card.longestCommand === undefined ? LONGEST_BLOCK : card.longestCommand - around;
  return Math.max(1, Math.min(LONGEST_BLOCK, wanted, room));
};

/**
 * Sends one command on a channel; the answer to its last block, or to the first one that was refused. Undefined: the
 * wire refused the first block, and `isLost` knows that it has no such channel any more.
 */
export const storeData = async (
  line: Line,
  channel: number,
  command: Uint8Array,
  blockSize: number,
  isLost: (error: unknown) => boolean,
): Promise<Answer | undefined> => {
  if (command.length === 0 || command.length > LONGEST_COMMAND)
    throw new LinkError('tooLarge', `expected 1 to ${LONGEST_COMMAND} octets in one ES10 command, got ${command.length}`);
  const { decide, le } = line;
  const size = Math.max(blockSize, Math.ceil(command.length / MOST_BLOCKS));
  const count = Math.ceil(command.length / size);
  const cla = classOn(channel, 0x80);
  for (let index = 0; ; index++) {
    const between = decide.interleaves(index, count);
    if (between) await exchange(line, { cla, ins: STORE_DATA, p1: 0x91, p2: 0, data: between, le });
    const data = command.subarray(index * size, (index + 1) * size);
    const p2 = decide.blockNumber(index, count) & 0xff;
    const block = { cla, ins: STORE_DATA, p1: decide.blockType(index, count), p2, data, le };
    const beginning = await begin(line, block).catch((error: unknown) => {
      if (index > 0 || !isLost(error)) throw error;
      return undefined;
    });
    if (!beginning) return undefined;
    const answer = await complete(line, block, beginning);
    if (index === count - 1 || decide.stopsAt(answer.sw)) return answer;
  }
};
