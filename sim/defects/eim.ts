/** Seeded defects of an eIM: each breaks one rule, so that the case that watches this rule can prove itself. */
import type { EimOverride } from '../roles/eim/index.js';

/** Defects by name. */
export const eimDefects: Readonly<Record<string, EimOverride>> = {
  ignoresResultSignature: () => ({ acceptsResultSignature: () => true }),
  reusesCounter: () => ({ nextCounter: previous => Math.max(previous, 1) }),
  acknowledgesNothing: () => ({ acknowledges: () => [] }),
};
