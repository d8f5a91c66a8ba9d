/** By kind of IUT: the seeded defects and the conformant variants of its reference implementation. */
import type { Stated } from './deviation.js';
import { eimDefects } from './eim.js';
import { eimVariantGroups, eimVariants } from './eim-variants.js';
import { euiccDefects } from './euicc.js';
import { euiccVariantGroups, euiccVariants } from './euicc-variants.js';
import { ipaDefects } from './ipa.js';
import { ipaVariantGroups, ipaVariants } from './ipa-variants.js';
import { smdpDefects } from './smdp.js';
import { smdpVariantGroups, smdpVariants } from './smdp-variants.js';

/** Names of the deviations that a reference implementation takes as `--defect` and `--variant`. */
export interface KnownDeviations {
  readonly defects: readonly string[];
  /** Variants, those together that one implementation can have at the same time. */
  readonly variantGroups: readonly (readonly string[])[];
  /** What the supplier of an implementation with this defect or variant states otherwise in its IXIT file, by its name. */
  readonly declares?: Readonly<Record<string, Stated>>;
  /** Wires on which a defect shows, where it does not show on each, by its name. */
  readonly wires?: Readonly<Record<string, string>>;
}

type Declaring = Readonly<Record<string, { readonly declares?: Stated; readonly over?: string }>>;
const known = (defects: Declaring, variants: Declaring, variantGroups: KnownDeviations['variantGroups']): KnownDeviations => ({
  defects: Object.keys(defects),
  variantGroups,
  declares: Object.fromEntries(
    Object.entries({ ...defects, ...variants }).flatMap(([name, { declares }]) => (declares ? [[name, declares]] : [])),
  ),
  wires: Object.fromEntries(Object.entries(defects).flatMap(([name, { over }]) => (over === undefined ? [] : [[name, over]]))),
});

/** Known deviations; a kind of IUT without an entry has no self-test. */
export const knownDeviations: ReadonlyMap<string, KnownDeviations> = new Map([
  ['eim', known(eimDefects, eimVariants, eimVariantGroups)],
  ['euicc', known(euiccDefects, euiccVariants, euiccVariantGroups)],
  ['ipa', known(ipaDefects, ipaVariants, ipaVariantGroups)],
  ['smdp', known(smdpDefects, smdpVariants, smdpVariantGroups)],
]);
