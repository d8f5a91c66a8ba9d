/** Seeded defects of an eUICC in rollback, immediate enabling, fallback, emergency and memory reset. SGP.32 5.9.5, 5.9.15 to 5.9.23 */
import type { EuiccOverride } from '../roles/euicc/index.js';
import { edit, removed } from './edits.js';
import { answering, deciding, type EuiccDeviations, overlooking, sending, signing, without } from './euicc-deviation.js';

const RESULT = 'euiccPackageResultDataSigned';
const RESET = 'EuiccMemoryResetResponse';
const OK = 0;

/** Defects of rollback and immediate enabling. */
export const euiccRollbackDefects: EuiccDeviations = {
  permitsEveryRollback: deciding('It permits a rollback after an enable without rollbackFlag.', { grantsRollback: () => true }),
  permitsNoRollback: without('It permits no rollback.', 'grantRollback'),
  rollsBackTwice: without('It permits a rollback a second time.', 'useRollback'),
  confirmsRollbackOnly: without('It says that it rolled back, and does not.', 'rollBack'),
  keepsUndoneResult: without('It keeps result and notifications of what was rolled back.', 'discardUndone'),
  omitsRollbackResult: signing('The result after a rollback does not tell of it.', RESULT, '30 8C', removed),
  returnsNoRollbackResult: sending('It answers ProfileRollback without the new result.', 'ProfileRollbackResponse', message =>
    edit(message, 'BF51', removed),
  ),
  keepsRollbackPermission: without('It permits a rollback behind other changes.', 'withdrawRollback'),
  enablesUnconfigured: overlooking('It enables immediately without being configured to.', 'immediateEnable', 'configuration'),
  ignoresOidOfImmediateEnable: overlooking('It enables immediately whatever the OID of the SM-DP+.', 'immediateEnable', 'oid'),
  ignoresAddressOfImmediateEnable: overlooking('It enables immediately whatever the address of the SM-DP+.', 'immediateEnable', 'address'),
  confirmsAbsentDownload: answering('It says that it enabled a profile though none was installed.', 'immediateEnable', OK, 'session'),
  letsIpaConfigure: overlooking(
    'It lets the IPA configure immediate enabling although an eIM is associated.',
    'configureImmediateProfileEnabling',
    'associated',
  ),
};

/** Defects of fallback and emergency. */
export const euiccFallbackDefects: EuiccDeviations = {
  confirmsAbsentFallbackProfile: answering(
    'It says that it fell back though there is nothing to fall back to.',
    'executeFallbackMechanism',
    OK,
    'carrier',
  ),
  fallsBackTwice: answering('It says that it fell back though it is in fallback.', 'executeFallbackMechanism', OK, 'state'),
  forgetsFallbackReturn: without('It does not remember where it fell back from.', 'rememberFallbackReturn'),
  returnsWithoutFallback: answering('It says that it returned though it is not in fallback.', 'returnFromFallback', OK, 'state'),
  fallsBackInEmergency: overlooking('It falls back while the emergency profile is enabled.', 'executeFallbackMechanism', 'emergency'),
  notifiesEmergency: deciding('It tells that the emergency profile was enabled.', { notifiesEmergency: () => true }),
  confirmsAbsentEmergency: answering(
    'It says that it enabled an emergency profile that it does not have.',
    'enableEmergencyProfile',
    OK,
    'found',
  ),
  confirmsEmergencyAgain: answering('It says ok where the emergency profile is enabled already.', 'enableEmergencyProfile', OK, 'state'),
  forgetsEmergencyReturn: {
    does: 'A reset makes it forget what to enable after an emergency.',
    override: correct => ({ survives: (what, cause) => what !== 'emergencyReturn' && correct.survives(what, cause) }),
  },
  returnsToNothing: without('It enables no profile after an emergency.', 'rememberEmergencyReturn'),
};

/** Once its profiles were reset, it tells no address of a root SM-DS. */
const losesRootDsAddress: EuiccOverride = correct => {
  let isReset = false;
  return {
    performs: effect => {
      isReset ||= effect === 'resetProfiles';
      return correct.performs(effect);
    },
    outgoing: (type, octets, request) => {
      const right = correct.outgoing(type, octets, request);
      return isReset && type === 'EuiccConfiguredAddressesResponse' ? edit(right, '81', removed) : right;
    },
  };
};

/** Defects of memory reset. */
export const euiccResetDefects: EuiccDeviations = {
  keepsProfilesOnReset: without('A memory reset leaves the profiles.', 'resetProfiles'),
  keepsEimsOnReset: without('A memory reset leaves the eIMs.', 'resetEims'),
  keepsDpAddressOnReset: without('A memory reset leaves the default SM-DP+ address.', 'resetDefaultDpAddress'),
  keepsImmediateEnableOnReset: without('A memory reset leaves immediate enabling on.', 'resetImmediateEnable'),
  losesRootDsAddress: { does: 'A memory reset takes the address of the root SM-DS away.', override: losesRootDsAddress },
  confirmsEmptyReset: overlooking('It says that it deleted something where there was nothing.', 'euiccMemoryReset', 'found'),
  resetsInEmergency: overlooking('It resets its memory while the emergency profile is enabled.', 'euiccMemoryReset', 'emergency'),
  confirmsEimReset: {
    ...answering('It says that it removed the eIMs although its memory reset leaves them.', 'euiccMemoryReset', OK, 'support'),
    config: { supports: { eimReset: false } },
    declares: { options: { O_E_EIM_RESET: false } },
  },
  confirmsEnablingReset: {
    ...answering(
      'It says that it reset immediate enabling although its memory reset leaves that.',
      'euiccMemoryReset',
      OK,
      'configuration',
    ),
    config: { supports: { enablingReset: false } },
    declares: { options: { O_E_IEC_RESET: false } },
  },
  omitsResetEimResult: sending('It does not say whether the eIMs were removed.', RESET, message => edit(message, '81', removed)),
  omitsResetEnablingResult: sending('It does not say whether immediate enabling was reset.', RESET, message =>
    edit(message, '82', removed),
  ),
};
