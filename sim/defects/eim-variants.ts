/** Conformant variants of an eIM: each behaves differently where the specification leaves a choice. */
import type { EimVariant } from './deviation.js';

/** Variants by name. */
export const eimVariants: Readonly<Record<string, EimVariant>> = {
  repeatsUndeliveredPackage: {
    does: 'A package without a result goes out again before any other.',
    override: correct => ({ choosesPackage: (waiting, outstanding) => outstanding[0] ?? correct.choosesPackage(waiting, outstanding) }),
  },
};
