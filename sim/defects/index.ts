/** By kind of IUT: the seeded defects and the conformant variants of its reference implementation. */
import { eimDefects } from './eim.js';
import { eimVariantGroups } from './eim-variants.js';
import { ipaDefects } from './ipa.js';
import { ipaVariantGroups } from './ipa-variants.js';

/** Names of the deviations that a reference implementation takes as `--defect` and `--variant`. */
export interface KnownDeviations {
  readonly defects: readonly string[];
  /** Variants, those together that one implementation can have at the same time. */
  readonly variantGroups: readonly (readonly string[])[];
}

/** Known deviations; a kind of IUT without an entry has no self-test. */
export const knownDeviations: ReadonlyMap<string, KnownDeviations> = new Map([
  ['eim', { defects: Object.keys(eimDefects), variantGroups: eimVariantGroups }],
  ['ipa', { defects: Object.keys(ipaDefects), variantGroups: ipaVariantGroups }],
]);
