/** Changing the enabled profile outside a package: rollback, immediate enabling, fallback, emergency. SGP.32 5.9.15-5.9.23 */
import { equal } from '#protocol/asn1/tlv.js';
import { notify } from './notifications.js';
import { changeProfile } from './refresh.js';
import { storeResult } from './results.js';
import { breaksDown, type Chip, enabledProfile, isBusy, isEmergency, type Profile } from './state.js';

const OK = 0;
const CAT_BUSY = 5;
const UNDEFINED_ERROR = 127;

/** The profile with an ICCID. */
export const profileOf = (chip: Chip, iccid: Uint8Array | undefined): Profile | undefined =>
  iccid && chip.memory.profiles.find(p => equal(p.iccid, iccid));

/**
 * Makes `to` the enabled profile (undefined: none) in place of `from` and generates the notifications; returns their
 * sequence numbers. Enabling the emergency profile generates none at all. SGP.32 5.9.22
 */
export const switchProfile = (chip: Chip, to: Profile | undefined, from = enabledProfile(chip)): readonly number[] => {
  if (from === to) return [];
  if (from) from.state = 'disabled';
  if (to) to.state = 'enabled';
  if (to?.ecall) return [];
  return [...(to ? notify(chip, to, 'enable') : []), ...(from ? notify(chip, from, 'disable') : [])];
};

/** ES10b.ProfileRollback; the new result replaces that of the package. SGP.32 5.9.16 */
export const rollBack = (chip: Chip, refresh: boolean): { readonly cmdResult: number; readonly result?: Uint8Array } => {
  const { memory } = chip;
  if (memory.pending) return { cmdResult: CAT_BUSY };
  const grant = memory.rollback;
  const reference = profileOf(chip, grant?.reference);
  // The emergency profile gives way to DisableEmergencyProfile only. SGP.32 5.9.23
  if (!grant || !reference || isEmergency(chip)) return { cmdResult: 1 };
  if (isBusy(chip)) return { cmdResult: CAT_BUSY };
  memory.rollback = undefined;
  const isBroken = breaksDown(chip, 'profileRollback');
  const rollbackResult = isBroken ? UNDEFINED_ERROR : OK;
  // What the package caused is undone, so nothing tells of it but the new result.
  const { notifications, results } = memory;
  memory.notifications = notifications.filter(n => !grant.caused.includes(n.seqNumber));
  memory.results = results.filter(r => !grant.caused.includes(r.seqNumber));
  const stored = storeResult(chip, { ...grant.content, operations: [...grant.content.operations, { rollbackResult }] });
  if (isBroken) return { cmdResult: rollbackResult, result: stored.octets };
  const restore = (): void => {
    memory.rollback = grant;
    memory.notifications = [...notifications];
    memory.results = [...results];
  };
  changeProfile(chip, refresh, () => undo(chip, reference), restore);
  return { cmdResult: rollbackResult, result: stored.octets };
};

const undo = (chip: Chip, reference: Profile): void => {
  const enabled = enabledProfile(chip);
  if (enabled) enabled.state = 'disabled';
  reference.state = 'enabled';
};

/** ES10b.ImmediateEnable of the profile that this session installed. SGP.32 5.9.15 */
export const immediateEnable = (chip: Chip, refresh: boolean): number => {
  const { memory } = chip;
  const { session } = memory;
  const profile = profileOf(chip, session?.installed);
  if (!session || !profile) return 4;
  const { flag, smdpOid, smdpAddress } = memory.immediateEnable;
  const isOfSession =
    (smdpOid === undefined || session.serverOids?.includes(smdpOid) === true) &&
    (smdpAddress === undefined || smdpAddress === session.serverAddress);
  const isConfigured = flag && (smdpOid !== undefined || smdpAddress !== undefined);
  if (chip.config.supports?.immediateEnable === false || !isConfigured || !isOfSession) return 1;
  if (isBusy(chip)) return CAT_BUSY;
  const isForbidden = isEmergency(chip) || enabledProfile(chip)?.policyRules.includes('ppr1');
  if (breaksDown(chip, 'immediateEnable') || isForbidden) return UNDEFINED_ERROR;
  if (refresh) memory.rollback = undefined;
  memory.session = undefined;
  changeProfile(chip, refresh, () => switchProfile(chip, profile));
  return OK;
};

/** ES10b.ConfigureImmediateProfileEnabling by the IPA, only while no eIM is associated. SGP.32 5.9.17 */
export const configureImmediateEnable = (
  chip: Chip,
  given: { readonly immediateEnableFlag?: null; readonly defaultSmdpOid?: string; readonly defaultSmdpAddress?: string },
): number => {
  if (chip.memory.eims.length > 0) return 2;
  if (breaksDown(chip, 'configureImmediateProfileEnabling')) return UNDEFINED_ERROR;
  if (chip.config.memoryFull) return 1;
  storeImmediateEnable(chip, given);
  return OK;
};

/** Stores what is given: an absent flag clears the flag, an absent OID or address leaves the stored one. SGP.32 3.4.4 */
export const storeImmediateEnable = (
  chip: Chip,
  given: { readonly immediateEnableFlag?: null; readonly defaultSmdpOid?: string; readonly defaultSmdpAddress?: string },
): void => {
  const stored = chip.memory.immediateEnable;
  stored.flag = given.immediateEnableFlag === null;
  stored.smdpOid = given.defaultSmdpOid ?? stored.smdpOid;
  stored.smdpAddress = given.defaultSmdpAddress ?? stored.smdpAddress;
};

/** ES10b.ExecuteFallbackMechanism. SGP.32 5.9.20 */
export const executeFallback = (chip: Chip, refresh: boolean): number => {
  const { memory, config } = chip;
  if (isEmergency(chip)) return 104;
  if (config.supports?.fallback === false) return 7;
  const fallback = memory.profiles.find(p => p.fallbackAttribute);
  const enabled = enabledProfile(chip);
  if (!fallback) return 6;
  if (!enabled) return 7;
  if (fallback === enabled) return 2;
  if (isBusy(chip)) return CAT_BUSY;
  if (breaksDown(chip, 'executeFallbackMechanism')) return UNDEFINED_ERROR;
  memory.rollback = undefined;
  changeProfile(chip, refresh, () => {
    memory.fallbackReturn = enabled.iccid;
    switchProfile(chip, fallback);
  });
  return OK;
};

/** ES10b.ReturnFromFallback. SGP.32 5.9.21 */
export const returnFromFallback = (chip: Chip, refresh: boolean): number => {
  const { memory } = chip;
  if (!memory.fallbackReturn || !enabledProfile(chip)?.fallbackAttribute) return 6;
  const former = profileOf(chip, memory.fallbackReturn);
  if (!former) return 7;
  if (isBusy(chip)) return CAT_BUSY;
  if (breaksDown(chip, 'returnFromFallback')) return UNDEFINED_ERROR;
  memory.rollback = undefined;
  changeProfile(chip, refresh, () => {
    memory.fallbackReturn = undefined;
    switchProfile(chip, former);
  });
  return OK;
};

/** ES10b.EnableEmergencyProfile. SGP.32 5.9.22 */
export const enableEmergency = (chip: Chip, refresh: boolean): number => {
  const { memory, config } = chip;
  const emergency = memory.profiles.find(p => p.ecall);
  if (!emergency || config.supports?.ecall === false) return 8;
  if (emergency.state === 'enabled') return 2;
  if (isBusy(chip)) return CAT_BUSY;
  if (breaksDown(chip, 'enableEmergencyProfile')) return UNDEFINED_ERROR;
  if (refresh) memory.rollback = undefined;
  changeProfile(chip, refresh, () => {
    memory.emergencyReturn = enabledProfile(chip)?.iccid;
    switchProfile(chip, emergency);
  });
  return OK;
};

/** ES10b.DisableEmergencyProfile: the former profile, if there was one, is enabled again. SGP.32 5.9.23 */
export const disableEmergency = (chip: Chip, refresh: boolean): number => {
  const { memory, world } = chip;
  // v1.3 tells an eUICC without such a profile from one whose profile is not enabled.
  if (world.spec === '1.3' && !memory.profiles.some(p => p.ecall)) return 8;
  if (!isEmergency(chip)) return 2;
  if (isBusy(chip)) return CAT_BUSY;
  if (breaksDown(chip, 'disableEmergencyProfile')) return UNDEFINED_ERROR;
  if (refresh) memory.rollback = undefined;
  changeProfile(chip, refresh, () => {
    const former = profileOf(chip, memory.emergencyReturn);
    memory.emergencyReturn = undefined;
    switchProfile(chip, former);
  });
  return OK;
};
