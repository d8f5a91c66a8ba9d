/** What deviations of an SM-DP+ are made of. */
import type { SmdpDecisions, SmdpOverride } from '../roles/smdp/index.js';
import type { Deviation, Deviations } from './deviation.js';
import type { Change } from './edits.js';

/** One deviation of an SM-DP+. */
export type SmdpDeviation = Deviation<SmdpOverride>;
/** Deviations by the name under which `sgp32 sim smdp` knows them. */
export type SmdpDeviations = Deviations<SmdpOverride>;

/** Decides otherwise. */
export const deciding = (does: string, decisions: Partial<SmdpDecisions>): SmdpDeviation => ({ does, override: () => decisions });

/** Sends messages of one type otherwise. */
export const sending = (does: string, type: string, change: Change): SmdpDeviation => ({
  does,
  override: () => ({ outgoing: (name, octets) => (name === type ? change(octets) : octets) }),
});

/** Refuses by other status codes than the right ones: the code that stands for each. */
export const refusing = (does: string, codes: Readonly<Record<string, string>>): SmdpDeviation => ({
  does,
  override: () => ({ refusesWith: code => codes[code] ?? code }),
});
