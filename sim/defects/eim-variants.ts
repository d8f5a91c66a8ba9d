/** Conformant variants of an eIM: each behaves differently where the specification leaves a choice; no case may fail on it. */
import type { EimOverride } from '../roles/eim/index.js';

/** Variants by name. */
export const eimVariants: Readonly<Record<string, EimOverride>> = {
  omitsEimTransactionId: () => ({ newEimTransactionId: () => undefined }),
  repeatsUndeliveredPackage: () => ({ choosesPackage: (waiting, outstanding) => outstanding[0] ?? waiting[0] }),
};
