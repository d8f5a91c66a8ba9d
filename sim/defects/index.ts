/** By kind of IUT: the seeded defects and the conformant variants of its reference implementation. */
import { eimDefects } from './eim.js';
import { eimVariantGroups } from './eim-variants.js';
import { euiccDefects } from './euicc.js';
import { euiccVariantGroups, euiccVariants } from './euicc-variants.js';
import { ipaDefects } from './ipa.js';
import { ipaVariantGroups, ipaVariants } from './ipa-variants.js';
import { smdpDefects } from './smdp.js';
import { smdpVariantGroups } from './smdp-variants.js';

/** Names of the deviations that a reference implementation takes as `--defect` and `--variant`. */
export interface KnownDeviations {
  readonly defects: readonly string[];
  /** Variants, those together that one implementation can have at the same time. */
  readonly variantGroups: readonly (readonly string[])[];
  /** Options that the supplier of an implementation with this defect or variant declares otherwise, by its name. */
  readonly declares?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/** Known deviations; a kind of IUT without an entry has no self-test. */
export const knownDeviations: ReadonlyMap<string, KnownDeviations> = new Map<string, KnownDeviations>([
  ['eim', { defects: Object.keys(eimDefects), variantGroups: eimVariantGroups }],
  [
    'euicc',
    {
      defects: Object.keys(euiccDefects),
      variantGroups: euiccVariantGroups,
      declares: Object.fromEntries(
        Object.entries({ ...euiccDefects, ...euiccVariants }).map(([name, deviation]) => [name, deviation.declares ?? {}]),
      ),
    },
  ],
  [
    'ipa',
    {
      defects: Object.keys(ipaDefects),
      variantGroups: ipaVariantGroups,
      declares: Object.fromEntries(Object.entries({ ...ipaDefects, ...ipaVariants }).map(([name, one]) => [name, one.declares ?? {}])),
    },
  ],
  ['smdp', { defects: Object.keys(smdpDefects), variantGroups: smdpVariantGroups }],
]);
