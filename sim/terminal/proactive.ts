/** Proactive commands as a device without a toolkit answers them. ETSI TS 102 223 6.4.7, 6.8 */
import { REFRESH, readProactiveCommand, terminalResponse, UICC_RESET } from '#protocol/apdu/proactive.js';
import { exchange, type Line } from './line.js';

const NOTHING = new Uint8Array();
const PROACTIVE = { cla: 0x80, p1: 0, p2: 0 };
/** A card that never stops asking is left alone after so many. */
const MOST = 20;

/** Fetches and answers what the card has announced; true: it wants to be reset. */
export const answerProactive = async (line: Line): Promise<boolean> => {
  let isReset = false;
  // Nothing can be fetched: what the card wants, a reset brings about.
  if (line.card.basicChannel === false && line.announced !== undefined) {
    line.announced = undefined;
    return true;
  }
  for (let round = 0; line.announced !== undefined && round < MOST; round++) {
    const le = line.announced;
    line.announced = undefined;
    if (!line.decide.answersProactive()) return false;
    const { sw, octets } = await exchange(line, { ...PROACTIVE, ins: 0x12, data: NOTHING, le });
    const command = sw === '9000' ? readProactiveCommand(octets) : undefined;
    if (!command) return isReset;
    const data = terminalResponse(command, line.decide.generalResult(command.type));
    await exchange(line, { ...PROACTIVE, ins: 0x14, data, le: undefined });
    isReset ||= command.type === REFRESH && command.qualifier === UICC_RESET;
  }
  line.announced = undefined;
  return isReset;
};
