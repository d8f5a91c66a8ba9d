/** The operations of a package that change profiles: enable, disable, delete. SGP.32 3.4.1 to 3.4.3, 5.13.1 to 5.13.3 */
import { type Check, refusal } from './judgement.js';
import { breaksDown, type Chip, enabledProfile, isBusy, type Profile } from './state.js';
import { profileOf } from './switching.js';

/** Profile changes that a package has prepared; they are performed at its end. SGP.32 2.11.1.1.3 */
export interface Prepared {
  enable?: Profile;
  /** Going to be disabled, by its own operation or by the enable of another. */
  disable?: Profile;
  /** Set when the enable carried rollbackFlag: the profile to return to. */
  reference?: Profile;
  /** An enable or disable was processed; a package may hold one of each, disable first. */
  hasEnabled?: boolean;
  hasDisabled?: boolean;
  readonly deleted: Profile[];
}

const OK = 0;
const NOT_FOUND = 1;
const WRONG_STATE = 2;
const POLICY = 3;
const CAT_BUSY = 5;
const ROLLBACK_NOT_AVAILABLE = 20;
const RETURN_FALLBACK_PROFILE = 21;
const UNDEFINED_ERROR = 127;

const broken = (chip: Chip, name: string): Check => ['breakdown', UNDEFINED_ERROR, breaksDown(chip, name)];

/** Prepares the profile to be enabled, and the enabled one to be disabled. */
export const enable = (chip: Chip, prepared: Prepared, iccid: Uint8Array, rollback: boolean): number => {
  const target = profileOf(chip, iccid);
  const current = enabledProfile(chip);
  const isReleased = prepared.disable !== undefined;
  const code = refusal(chip, 'enable', [
    broken(chip, 'enable'),
    ['oneChange', UNDEFINED_ERROR, prepared.hasEnabled === true],
    ['found', NOT_FOUND, target === undefined],
    ['state', WRONG_STATE, target?.state === 'enabled'],
    // A profile that its own disable already released was checked there.
    ['policy', POLICY, !isReleased && current?.policyRules.includes('ppr1') === true],
    ['rollbackReference', ROLLBACK_NOT_AVAILABLE, rollback && (!current || prepared.deleted.includes(current))],
    ['busy', CAT_BUSY, isBusy(chip)],
  ]);
  if (code !== undefined || !target) return code ?? OK;
  prepared.hasEnabled = true;
  prepared.enable = target;
  if (current) prepared.disable = current;
  if (current && chip.decisions.grantsRollback(rollback)) prepared.reference = current;
  return OK;
};

/** Prepares the profile to be disabled. */
export const disable = (chip: Chip, prepared: Prepared, iccid: Uint8Array): number => {
  const target = profileOf(chip, iccid);
  const code = refusal(chip, 'disable', [
    broken(chip, 'disable'),
    ['oneChange', UNDEFINED_ERROR, prepared.hasEnabled === true || prepared.hasDisabled === true],
    ['found', NOT_FOUND, target === undefined],
    ['state', WRONG_STATE, target?.state !== 'enabled'],
    ['policy', POLICY, target?.policyRules.includes('ppr1') === true],
    ['busy', CAT_BUSY, isBusy(chip)],
  ]);
  if (code !== undefined || !target) return code ?? OK;
  prepared.hasDisabled = true;
  prepared.disable = target;
  return OK;
};

/** Deletes the profile; one that is going to be disabled leaves with the switch. */
export const remove = (chip: Chip, prepared: Prepared, iccid: Uint8Array): number => {
  const { memory } = chip;
  const target = profileOf(chip, iccid);
  const willBeEnabled = target !== undefined && (target === prepared.enable || (target.state === 'enabled' && target !== prepared.disable));
  const isTarget = (other: Profile | undefined) => target !== undefined && target === other;
  const reference = prepared.hasEnabled ? prepared.reference : profileOf(chip, memory.rollback?.reference);
  const code = refusal(chip, 'delete', [
    broken(chip, 'delete'),
    ['found', NOT_FOUND, target === undefined || prepared.deleted.includes(target)],
    ['state', WRONG_STATE, willBeEnabled],
    ['policy', POLICY, target?.policyRules.includes('ppr2') === true],
    ['rollbackReference', ROLLBACK_NOT_AVAILABLE, isTarget(reference)],
    ['fallbackReturn', RETURN_FALLBACK_PROFILE, isTarget(profileOf(chip, memory.fallbackReturn))],
    // Another package still waits for its REFRESH, and may be about to enable this profile.
    ['busy', UNDEFINED_ERROR, memory.pending !== undefined],
  ]);
  if (code !== undefined || !target || !chip.decisions.performs('delete')) return code ?? OK;
  prepared.deleted.push(target);
  if (target !== prepared.disable) memory.profiles = memory.profiles.filter(p => p !== target);
  return OK;
};
