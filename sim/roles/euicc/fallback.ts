/** The Fallback Profile and the emergency profile: changes of the enabled profile that the device asks for. SGP.32 5.9.20 to 5.9.23 */
import { refusal } from './judgement.js';
import { changeProfile } from './refresh.js';
import { breaksDown, type Chip, enabledProfile, isBusy, isEmergency } from './state.js';
import { profileOf, switchProfile, withdrawRollback } from './switching.js';
import { isSettled } from './versions.js';

const OK = 0;
const WRONG_STATE = 2;
const CAT_BUSY = 5;
const FALLBACK_NOT_AVAILABLE = 6;
const COMMAND_ERROR = 7;
const ECALL_NOT_AVAILABLE = 8;
const ECALL_ACTIVE = 104;
const UNDEFINED_ERROR = 127;

/** ES10b.ExecuteFallbackMechanism. SGP.32 5.9.20 */
export const executeFallback = (chip: Chip, refresh: boolean): number => {
  const { memory, config, decisions } = chip;
  const fallback = memory.profiles.find(p => p.fallbackAttribute);
  const enabled = enabledProfile(chip);
  const code = refusal(chip, 'executeFallbackMechanism', [
    ['emergency', ECALL_ACTIVE, isEmergency(chip)],
    ['support', COMMAND_ERROR, config.supports?.fallback === false],
    ['carrier', FALLBACK_NOT_AVAILABLE, fallback === undefined],
    ['found', COMMAND_ERROR, enabled === undefined],
    ['state', WRONG_STATE, fallback !== undefined && fallback === enabled],
    ['busy', CAT_BUSY, isBusy(chip)],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'executeFallbackMechanism')],
  ]);
  if (code !== undefined || !fallback || !enabled) return code ?? OK;
  withdrawRollback(chip);
  changeProfile(chip, refresh, () => {
    if (decisions.performs('rememberFallbackReturn')) memory.fallbackReturn = enabled.iccid;
    switchProfile(chip, fallback);
  });
  return OK;
};

/** ES10b.ReturnFromFallback. SGP.32 5.9.21 */
export const returnFromFallback = (chip: Chip, refresh: boolean): number => {
  const { memory } = chip;
  const former = profileOf(chip, memory.fallbackReturn);
  const code = refusal(chip, 'returnFromFallback', [
    ['state', FALLBACK_NOT_AVAILABLE, !memory.fallbackReturn || !enabledProfile(chip)?.fallbackAttribute],
    ['found', COMMAND_ERROR, former === undefined],
    ['busy', CAT_BUSY, isBusy(chip)],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'returnFromFallback')],
  ]);
  if (code !== undefined || !former) return code ?? OK;
  withdrawRollback(chip);
  changeProfile(chip, refresh, () => {
    memory.fallbackReturn = undefined;
    switchProfile(chip, former);
  });
  return OK;
};

/** ES10b.EnableEmergencyProfile. SGP.32 5.9.22 */
export const enableEmergency = (chip: Chip, refresh: boolean): number => {
  const { memory, config, decisions } = chip;
  const emergency = memory.profiles.find(p => p.ecall);
  const code = refusal(chip, 'enableEmergencyProfile', [
    ['found', ECALL_NOT_AVAILABLE, emergency === undefined || config.supports?.ecall === false],
    ['state', WRONG_STATE, emergency?.state === 'enabled'],
    ['busy', CAT_BUSY, isBusy(chip)],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'enableEmergencyProfile')],
  ]);
  if (code !== undefined || !emergency) return code ?? OK;
  if (refresh && isSettled(chip.world.spec)) withdrawRollback(chip);
  changeProfile(chip, refresh, () => {
    if (decisions.performs('rememberEmergencyReturn')) memory.emergencyReturn = enabledProfile(chip)?.iccid;
    switchProfile(chip, emergency);
  });
  return OK;
};

/** ES10b.DisableEmergencyProfile: the former profile, if there was one, is enabled again. SGP.32 5.9.23 */
export const disableEmergency = (chip: Chip, refresh: boolean): number => {
  const { memory, world } = chip;
  const hasEmergency = memory.profiles.some(p => p.ecall);
  const code = refusal(chip, 'disableEmergencyProfile', [
    // v1.3 tells an eUICC without such a profile from one whose profile is not enabled.
    ['found', ECALL_NOT_AVAILABLE, world.spec === '1.3' && !hasEmergency],
    ['state', WRONG_STATE, !isEmergency(chip)],
    ['busy', CAT_BUSY, isBusy(chip)],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'disableEmergencyProfile')],
  ]);
  if (code !== undefined) return code;
  if (refresh && isSettled(chip.world.spec)) withdrawRollback(chip);
  changeProfile(chip, refresh, () => {
    const former = profileOf(chip, memory.emergencyReturn);
    memory.emergencyReturn = undefined;
    switchProfile(chip, former);
  });
  return OK;
};
