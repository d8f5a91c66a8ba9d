/** Profile state management operations of a package. SGP.32 2.11.1.1.3, 3.4, 5.13 */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { Psmo } from '#protocol/iot/package.js';
import type { EuiccResultData } from '#protocol/iot/result.js';
import { listProfiles } from './profiles.js';
import { breaksDown, type Chip, enabledProfile, isBusy, type Profile } from './state.js';
import { profileOf, storeImmediateEnable } from './switching.js';

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

/** One entry of euiccResult. SGP.32 2.11.2.1 */
export type OperationResult = InputOf<ValueOf<typeof EuiccResultData>>;
/** Outcome of one operation; processing ends with the first that is no success. SGP.32 3.3.1 */
export interface Outcome {
  readonly result: OperationResult;
  readonly isSuccess: boolean;
}
/** The outcome of an operation whose result is one code: 0 is success. */
export const coded = (code: number, result: (code: number) => OperationResult): Outcome => ({
  result: result(code),
  isSuccess: code === 0,
});

const OK = 0;
const NOT_FOUND = 1;
const WRONG_STATE = 2;
const POLICY = 3;
const CAT_BUSY = 5;
const COMMAND_ERROR = 7;
const ROLLBACK_NOT_AVAILABLE = 20;
const RETURN_FALLBACK_PROFILE = 21;
const UNDEFINED_ERROR = 127;

const enable = (chip: Chip, prepared: Prepared, iccid: Uint8Array, rollback: boolean): number => {
  const target = profileOf(chip, iccid);
  const current = enabledProfile(chip);
  const isDisabling = prepared.disable !== undefined;
  if (prepared.hasEnabled) return UNDEFINED_ERROR;
  if (!target) return NOT_FOUND;
  if (target.state === 'enabled') return WRONG_STATE;
  // A profile that its own disable already released was checked there.
  if (current && !isDisabling && current.policyRules.includes('ppr1')) return POLICY;
  if (rollback && (!current || prepared.deleted.includes(current))) return ROLLBACK_NOT_AVAILABLE;
  if (isBusy(chip)) return CAT_BUSY;
  prepared.hasEnabled = true;
  prepared.enable = target;
  if (current) prepared.disable = current;
  if (current && rollback) prepared.reference = current;
  return OK;
};

const disable = (chip: Chip, prepared: Prepared, iccid: Uint8Array): number => {
  const target = profileOf(chip, iccid);
  if (prepared.hasEnabled || prepared.hasDisabled) return UNDEFINED_ERROR;
  if (!target) return NOT_FOUND;
  if (target.state !== 'enabled') return WRONG_STATE;
  if (target.policyRules.includes('ppr1')) return POLICY;
  if (isBusy(chip)) return CAT_BUSY;
  prepared.hasDisabled = true;
  prepared.disable = target;
  return OK;
};

const remove = (chip: Chip, prepared: Prepared, iccid: Uint8Array): number => {
  const target = profileOf(chip, iccid);
  if (!target || prepared.deleted.includes(target)) return NOT_FOUND;
  const willBeEnabled = target === prepared.enable || (target.state === 'enabled' && target !== prepared.disable);
  if (willBeEnabled) return WRONG_STATE;
  if (target.policyRules.includes('ppr2')) return POLICY;
  const reference = prepared.hasEnabled ? prepared.reference : profileOf(chip, chip.memory.rollback?.reference);
  if (target === reference) return ROLLBACK_NOT_AVAILABLE;
  if (target === profileOf(chip, chip.memory.fallbackReturn)) return RETURN_FALLBACK_PROFILE;
  // Another package still waits for its REFRESH, and may be about to enable this profile.
  if (chip.memory.pending) return UNDEFINED_ERROR;
  prepared.deleted.push(target);
  // A profile that is going to be disabled leaves with the switch.
  if (target !== prepared.disable) chip.memory.profiles = chip.memory.profiles.filter(p => p !== target);
  return OK;
};

const setFallback = (chip: Chip, iccid: Uint8Array): number => {
  const target = profileOf(chip, iccid);
  if (!target) return NOT_FOUND;
  if (target.fallbackAttribute) return OK;
  if (chip.config.supports?.fallback === false || !target.fallbackAllowed || target.ecall) return 2;
  const carrier = chip.memory.profiles.find(p => p.fallbackAttribute);
  if (carrier?.state === 'enabled') return 3;
  if (carrier) carrier.fallbackAttribute = false;
  target.fallbackAttribute = true;
  return OK;
};

const unsetFallback = (chip: Chip): number => {
  if (chip.config.supports?.fallback === false) return COMMAND_ERROR;
  const carrier = chip.memory.profiles.find(p => p.fallbackAttribute);
  if (!carrier) return 2;
  if (carrier.state === 'enabled') return 3;
  carrier.fallbackAttribute = false;
  return OK;
};

type ImmediateEnable = NonNullable<ValueOf<typeof Psmo>['configureImmediateEnable']>;
const configureImmediate = (chip: Chip, given: ImmediateEnable): number => {
  if (chip.config.supports?.immediateEnable === false || given.defaultSmdpAddress === '') return COMMAND_ERROR;
  if (chip.config.memoryFull) return 1;
  storeImmediateEnable(chip, given);
  return OK;
};

/** Sets the default SM-DP+ address; an empty text removes it. SGP.32 5.9.25 */
export const setDefaultDpAddress = (chip: Chip, address: string): number => {
  if (breaksDown(chip, 'setDefaultDpAddress')) return UNDEFINED_ERROR;
  chip.memory.defaultDpAddress = address === '' ? undefined : address;
  return OK;
};

const orBroken = (chip: Chip, name: keyof ValueOf<typeof Psmo>, perform: () => number): number =>
  breaksDown(chip, name) ? UNDEFINED_ERROR : perform();

/** Executes one operation; undefined: this eUICC does not know it. */
export const executePsmo = (chip: Chip, prepared: Prepared, operation: ValueOf<typeof Psmo>): Outcome | undefined => {
  if (operation.enable) {
    const { iccid, rollbackFlag } = operation.enable;
    return coded(
      orBroken(chip, 'enable', () => enable(chip, prepared, iccid, rollbackFlag === null)),
      enableResult => ({ enableResult }),
    );
  }
  if (operation.disable) {
    const { iccid } = operation.disable;
    return coded(
      orBroken(chip, 'disable', () => disable(chip, prepared, iccid)),
      disableResult => ({ disableResult }),
    );
  }
  if (operation.delete) {
    const { iccid } = operation.delete;
    return coded(
      orBroken(chip, 'delete', () => remove(chip, prepared, iccid)),
      deleteResult => ({ deleteResult }),
    );
  }
  if (operation.listProfileInfo) {
    const isChanging = prepared.hasEnabled || prepared.hasDisabled || prepared.deleted.length > 0;
    const list = isChanging ? { profileInfoListError: 11 } : listProfiles(chip, operation.listProfileInfo);
    return { result: { listProfileInfoResult: list }, isSuccess: !('profileInfoListError' in list) };
  }
  if (operation.getRAT) return { result: { getRATResult: chip.memory.rat }, isSuccess: true };
  if (operation.configureImmediateEnable) {
    const given = operation.configureImmediateEnable;
    return coded(
      orBroken(chip, 'configureImmediateEnable', () => configureImmediate(chip, given)),
      configureImmediateEnableResult => ({ configureImmediateEnableResult }),
    );
  }
  if (operation.setFallbackAttribute) {
    const { iccid } = operation.setFallbackAttribute;
    return coded(
      orBroken(chip, 'setFallbackAttribute', () => setFallback(chip, iccid)),
      setFallbackAttributeResult => ({ setFallbackAttributeResult }),
    );
  }
  if (operation.unsetFallbackAttribute)
    return coded(
      orBroken(chip, 'unsetFallbackAttribute', () => unsetFallback(chip)),
      unsetFallbackAttributeResult => ({ unsetFallbackAttributeResult }),
    );
  if (operation.setDefaultDpAddress) {
    const setDefaultDpAddressResult = setDefaultDpAddress(chip, operation.setDefaultDpAddress.defaultDpAddress);
    return { result: { setDefaultDpAddressResult: { setDefaultDpAddressResult } }, isSuccess: setDefaultDpAddressResult === OK };
  }
  return undefined;
};
