/** Changes of the enabled profile and the REFRESH that makes them effective. SGP.32 3.3.1, 5.9.16 */
import type { Chip } from './state.js';

const NOTHING = (): void => undefined;

/**
 * Makes a change: at once when no REFRESH is asked for, otherwise once the device has carried it out or the card is
 * reset. `abandon` runs instead when the device reports that it could not.
 */
export const changeProfile = (chip: Chip, needsRefresh: boolean, commit: () => void, abandon: () => void = NOTHING): void => {
  if (needsRefresh) chip.memory.pending = { commit, abandon };
  else commit();
};

/** Ends the wait for REFRESH; nothing happens when there is none. */
export const settle = (chip: Chip, outcome: 'commit' | 'abandon'): void => {
  const { pending } = chip.memory;
  chip.memory.pending = undefined;
  pending?.[outcome]();
};
