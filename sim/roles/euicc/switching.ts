/** Changing the enabled profile, and what undoes or precedes it: rollback, immediate enabling. SGP.32 3.4.4, 5.9.15 to 5.9.17 */
import type { ProfileEvent } from './config.js';
import { refusal } from './judgement.js';
import { notify } from './notifications.js';
import { changeProfile } from './refresh.js';
import { storeResult } from './results.js';
import { breaksDown, type Chip, enabledProfile, isBusy, isEmergency, type Profile, type RollbackGrant } from './state.js';
import { isSettled } from './versions.js';

const OK = 0;
const ROLLBACK_NOT_ALLOWED = 1;
const CAT_BUSY = 5;
const UNDEFINED_ERROR = 127;

/** The profile with an ICCID. */
export const profileOf = (chip: Chip, iccid: Uint8Array | undefined): Profile | undefined =>
  iccid && chip.memory.profiles.find(p => chip.decisions.matchesIccid(p.iccid, iccid));

const setStates = ({ decisions }: Chip, from: Profile | undefined, to: Profile | undefined): void => {
  if (from && decisions.performs('disable')) from.state = 'disabled';
  if (to && decisions.performs('enable')) to.state = 'enabled';
};

/**
 * Makes `to` the enabled profile (undefined: none) in place of `from` and generates the notifications; returns their
 * sequence numbers. Enabling the emergency profile generates none at all, disabling it may. SGP.32 5.9.22, 5.9.23
 */
export const switchProfile = (chip: Chip, to: Profile | undefined, from = enabledProfile(chip)): readonly number[] => {
  if (from === to) return [];
  setStates(chip, from, to);
  const { decisions } = chip;
  if ((to?.ecall && !decisions.notifiesEmergency('begin')) || (from?.ecall && !decisions.notifiesEmergency('end'))) return [];
  const subjects: Partial<Record<ProfileEvent, Profile | undefined>> = { enable: to, disable: from };
  return decisions.ordersEvents(['enable', 'disable']).flatMap(event => {
    const profile = subjects[event];
    return profile ? notify(chip, profile, event) : [];
  });
};

/** Takes the grant of a rollback back, if there is one. SGP.32 5.9.16 */
export const withdrawRollback = ({ memory, decisions }: Chip): void => {
  if (decisions.performs('withdrawRollback')) memory.rollback = undefined;
};

/** ES10b.ProfileRollback; the new result replaces that of the package. SGP.32 5.9.16 */
export const rollBack = (chip: Chip, refresh: boolean): { readonly cmdResult: number; readonly result?: Uint8Array } => {
  const { memory } = chip;
  const grant = memory.rollback;
  const reference = profileOf(chip, grant?.reference);
  const code = refusal(chip, 'profileRollback', [
    // The package has not taken effect yet.
    ['changeOngoing', CAT_BUSY, memory.pending !== undefined],
    // The emergency profile gives way to DisableEmergencyProfile only. SGP.32 5.9.23
    ['emergency', ROLLBACK_NOT_ALLOWED, isEmergency(chip)],
    ['rollbackReference', ROLLBACK_NOT_ALLOWED, grant === undefined || reference === undefined],
    ['busy', CAT_BUSY, isBusy(chip)],
  ]);
  if (code !== undefined || !grant || !reference) return { cmdResult: code ?? ROLLBACK_NOT_ALLOWED };
  return undo(chip, grant, reference, refresh);
};

const undo = (chip: Chip, grant: RollbackGrant, reference: Profile, refresh: boolean) => {
  const { memory, decisions } = chip;
  const { notifications, results } = memory;
  const isBroken = breaksDown(chip, 'profileRollback');
  const rollbackResult = isBroken ? UNDEFINED_ERROR : OK;
  if (decisions.performs('useRollback')) memory.rollback = undefined;
  // What the package caused is undone, so nothing tells of it but the new result.
  if (decisions.performs('discardUndone')) {
    memory.notifications = notifications.filter(n => !grant.caused.includes(n.seqNumber));
    memory.results = results.filter(r => !grant.caused.includes(r.seqNumber));
  } else memory.results = [...results];
  const { octets } = storeResult(chip, { ...grant.content, operations: [...grant.content.operations, { rollbackResult }] });
  const restore = (): void => {
    memory.rollback = grant;
    memory.notifications = notifications;
    memory.results = results;
  };
  if (!isBroken && decisions.performs('rollBack'))
    changeProfile(chip, refresh, () => setStates(chip, enabledProfile(chip), reference), restore);
  return { cmdResult: rollbackResult, result: octets };
};

/** ES10b.ImmediateEnable of the profile that this session installed. SGP.32 5.9.15 */
export const immediateEnable = (chip: Chip, refresh: boolean): number => {
  const { memory } = chip;
  const { session } = memory;
  const profile = profileOf(chip, session?.installed);
  const { flag, smdpOid, smdpAddress } = memory.immediateEnable;
  const isPossible = flag && chip.config.supports?.immediateEnable !== false;
  const isForbidden = isEmergency(chip) || enabledProfile(chip)?.policyRules.includes('ppr1') === true;
  const code = refusal(chip, 'immediateEnable', [
    ['session', 4, profile === undefined],
    ['configuration', 1, !isPossible || (smdpOid === undefined && smdpAddress === undefined)],
    ['oid', 1, smdpOid !== undefined && session?.serverOids?.includes(smdpOid) !== true],
    ['address', 1, smdpAddress !== undefined && smdpAddress !== session?.serverAddress],
    ['busy', CAT_BUSY, isBusy(chip)],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'immediateEnable')],
    ['policy', UNDEFINED_ERROR, isForbidden],
  ]);
  if (code !== undefined || !profile) return code ?? OK;
  if (refresh && isSettled(chip.world.spec)) withdrawRollback(chip);
  if (chip.decisions.performs('endSession')) memory.session = undefined;
  changeProfile(chip, refresh, () => switchProfile(chip, profile));
  return OK;
};

interface ImmediateEnableConfiguration {
  readonly immediateEnableFlag?: null;
  readonly defaultSmdpOid?: string;
  readonly defaultSmdpAddress?: string;
}

/** ES10b.ConfigureImmediateProfileEnabling by the IPA, only while no eIM is associated. SGP.32 5.9.17 */
export const configureImmediateEnable = (chip: Chip, given: ImmediateEnableConfiguration): number => {
  const code = refusal(chip, 'configureImmediateProfileEnabling', [
    ['associated', 2, chip.memory.eims.length > 0],
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'configureImmediateProfileEnabling')],
    ['memory', 1, chip.config.memoryFull === true],
  ]);
  if (code === undefined) storeImmediateEnable(chip, given);
  return code ?? OK;
};

/** Stores what is given: an absent flag clears the flag, an absent OID or address leaves the stored one. SGP.32 3.4.4 */
export const storeImmediateEnable = ({ memory, decisions }: Chip, given: ImmediateEnableConfiguration): void => {
  const stored = memory.immediateEnable;
  const flag = given.immediateEnableFlag === null;
  if (!decisions.performs(flag ? 'setImmediateEnable' : 'clearImmediateEnable')) return;
  stored.flag = flag;
  stored.smdpOid = given.defaultSmdpOid ?? stored.smdpOid;
  stored.smdpAddress = given.defaultSmdpAddress ?? stored.smdpAddress;
};
