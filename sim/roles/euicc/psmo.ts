/** Profile state management operations of a package. SGP.32 2.11.1.1.3, 3.4, 5.13 */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { Psmo } from '#protocol/iot/package.js';
import type { EuiccResultData } from '#protocol/iot/result.js';
import { type Check, refusal } from './judgement.js';
import { disable, enable, type Prepared, remove } from './profile-operations.js';
import { listProfiles } from './profiles.js';
import { breaksDown, type Chip } from './state.js';
import { profileOf, storeImmediateEnable } from './switching.js';

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
const COMMAND_ERROR = 7;
const PROFILE_CHANGE_ONGOING = 11;
const UNDEFINED_ERROR = 127;

const broken = (chip: Chip, name: string): Check => ['breakdown', UNDEFINED_ERROR, breaksDown(chip, name)];

const setFallback = (chip: Chip, iccid: Uint8Array): number => {
  const { memory, decisions, config } = chip;
  const target = profileOf(chip, iccid);
  const carrier = memory.profiles.find(p => p.fallbackAttribute);
  const hasItAlready = target !== undefined && target === carrier;
  const isAllowed = config.supports?.fallback !== false && target?.fallbackAllowed === true && !target.ecall;
  const code = refusal(chip, 'setFallbackAttribute', [
    broken(chip, 'setFallbackAttribute'),
    ['found', 1, target === undefined],
    ['allowed', 2, !isAllowed && !hasItAlready],
    ['carrierEnabled', 3, carrier?.state === 'enabled' && !hasItAlready],
  ]);
  if (code !== undefined || !target) return code ?? OK;
  if (carrier && decisions.performs('moveFallbackAttribute')) carrier.fallbackAttribute = false;
  if (decisions.performs('setFallbackAttribute')) target.fallbackAttribute = true;
  return OK;
};

const unsetFallback = (chip: Chip): number => {
  const carrier = chip.memory.profiles.find(p => p.fallbackAttribute);
  const code = refusal(chip, 'unsetFallbackAttribute', [
    broken(chip, 'unsetFallbackAttribute'),
    ['support', COMMAND_ERROR, chip.config.supports?.fallback === false],
    ['carrier', 2, carrier === undefined],
    ['carrierEnabled', 3, carrier?.state === 'enabled'],
  ]);
  if (code !== undefined || !carrier) return code ?? OK;
  if (chip.decisions.performs('unsetFallbackAttribute')) carrier.fallbackAttribute = false;
  return OK;
};

type ImmediateEnable = NonNullable<ValueOf<typeof Psmo>['configureImmediateEnable']>;
const configureImmediate = (chip: Chip, given: ImmediateEnable): number => {
  const { supports, memoryFull } = chip.config;
  const code = refusal(chip, 'configureImmediateEnable', [
    broken(chip, 'configureImmediateEnable'),
    ['form', COMMAND_ERROR, supports?.immediateEnable === false || given.defaultSmdpAddress === ''],
    ['memory', 1, memoryFull === true],
  ]);
  if (code === undefined) storeImmediateEnable(chip, given);
  return code ?? OK;
};

/** Sets the default SM-DP+ address; an empty text removes it. SGP.32 5.9.25 */
export const setDefaultDpAddress = (chip: Chip, address: string): number => {
  const code = refusal(chip, 'setDefaultDpAddress', [broken(chip, 'setDefaultDpAddress')]);
  const isRemoval = address === '';
  if (code === undefined && chip.decisions.performs(isRemoval ? 'clearDefaultDpAddress' : 'setDefaultDpAddress'))
    chip.memory.defaultDpAddress = isRemoval ? undefined : address;
  return code ?? OK;
};

const list = (chip: Chip, prepared: Prepared, request: NonNullable<ValueOf<typeof Psmo>['listProfileInfo']>): Outcome => {
  const isChanging = prepared.hasEnabled || prepared.hasDisabled || prepared.deleted.length > 0;
  const code = refusal(chip, 'listProfileInfo', [['changeOngoing', PROFILE_CHANGE_ONGOING, isChanging === true]]);
  const listed = code === undefined ? listProfiles(chip, request) : { profileInfoListError: code };
  return { result: { listProfileInfoResult: listed }, isSuccess: !('profileInfoListError' in listed) };
};

/** Executes one operation; undefined: this eUICC does not know it. */
export const executePsmo = (chip: Chip, prepared: Prepared, operation: ValueOf<typeof Psmo>): Outcome | undefined => {
  if (operation.enable) {
    const { iccid, rollbackFlag } = operation.enable;
    return coded(enable(chip, prepared, iccid, rollbackFlag === null), enableResult => ({ enableResult }));
  }
  if (operation.disable) return coded(disable(chip, prepared, operation.disable.iccid), disableResult => ({ disableResult }));
  if (operation.delete) return coded(remove(chip, prepared, operation.delete.iccid), deleteResult => ({ deleteResult }));
  if (operation.listProfileInfo) return list(chip, prepared, operation.listProfileInfo);
  if (operation.getRAT) return { result: { getRATResult: chip.memory.rat }, isSuccess: true };
  if (operation.configureImmediateEnable)
    return coded(configureImmediate(chip, operation.configureImmediateEnable), code => ({ configureImmediateEnableResult: code }));
  if (operation.setFallbackAttribute)
    return coded(setFallback(chip, operation.setFallbackAttribute.iccid), code => ({ setFallbackAttributeResult: code }));
  if (operation.unsetFallbackAttribute) return coded(unsetFallback(chip), code => ({ unsetFallbackAttributeResult: code }));
  if (operation.setDefaultDpAddress)
    return coded(setDefaultDpAddress(chip, operation.setDefaultDpAddress.defaultDpAddress), code => ({
      setDefaultDpAddressResult: { setDefaultDpAddressResult: code },
    }));
  return undefined;
};
