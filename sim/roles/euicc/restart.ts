/** What a reset or the loss of power does to an eUICC: the session ends, everything else was written before. SGP.22 3.0.1 */
import { interruptInstallation } from './installation.js';
import { settle } from './refresh.js';
import type { Chip } from './state.js';

/** Starts the eUICC anew. A change that waited for REFRESH takes effect with it. SGP.32 5.9.16 */
export const restart = (chip: Chip): void => {
  const { memory } = chip;
  settle(chip, 'commit');
  interruptInstallation(chip);
  memory.session = undefined;
  memory.isIpaeActive = false;
};
