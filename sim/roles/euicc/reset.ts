/** ES10b.eUICCMemoryReset. SGP.32 5.9.5 */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { EuiccMemoryResetResponse } from '#protocol/iot/es10b.js';
import { notify } from './notifications.js';
import { changeProfile } from './refresh.js';
import { breaksDown, type Chip, isBusy, isEmergency, type Profile } from './state.js';

const SELECTORS: readonly (readonly [option: string, selects: (profile: Profile) => boolean])[] = [
  ['deleteOperationalProfiles', p => p.profileClass === 'operational'],
  ['deleteFieldLoadedTestProfiles', p => p.profileClass === 'test' && !p.preLoaded],
  ['deletePreLoadedTestProfiles', p => p.profileClass === 'test' && p.preLoaded],
  ['deleteProvisioningProfiles', p => p.profileClass === 'provisioning'],
];

/** The parts that the request asks for, whatever state and policy the profiles have. */
export const resetMemory = (chip: Chip, options: readonly string[]): InputOf<ValueOf<typeof EuiccMemoryResetResponse>> => {
  const { memory, config } = chip;
  const chosen = memory.profiles.filter(p => SELECTORS.some(([option, selects]) => options.includes(option) && selects(p)));
  const resetsAddress = options.includes('resetDefaultSmdpAddress') && memory.defaultDpAddress !== undefined;
  const resetsEims = options.includes('resetEimConfigData');
  const resetsEnabling = options.includes('resetImmediateEnableConfig');
  const hindrance = breaksDown(chip, 'euiccMemoryReset')
    ? 127
    : isEmergency(chip)
      ? 104
      : isBusy(chip) && chosen.some(p => p.state === 'enabled')
        ? 5
        : undefined;
  const eimSupport = config.supports?.eimReset !== false;
  const enablingSupport = config.supports?.immediateEnable !== false;
  const hadEims = memory.eims.length > 0;
  if (hindrance !== undefined) {
    return {
      resetResult: hindrance,
      ...(resetsEims && { resetEimResult: 127 }),
      ...(resetsEnabling && { resetImmediateEnableConfigResult: 127 }),
    };
  }
  memory.profiles = memory.profiles.filter(p => !chosen.includes(p));
  for (const profile of chosen) notify(chip, profile, 'delete');
  if (resetsAddress) memory.defaultDpAddress = undefined;
  if (resetsEims && eimSupport) memory.eims = [];
  if (resetsEnabling && enablingSupport) memory.immediateEnable = { flag: false, smdpOid: undefined, smdpAddress: undefined };
  memory.rollback = undefined;
  memory.session = undefined;
  // The profiles are gone already; the device has to notice.
  changeProfile(
    chip,
    chosen.some(p => p.state === 'enabled'),
    () => undefined,
  );
  return {
    resetResult: chosen.length > 0 || resetsAddress ? 0 : 1,
    ...(resetsEims && { resetEimResult: !eimSupport ? 2 : hadEims ? 0 : 1 }),
    ...(resetsEnabling && { resetImmediateEnableConfigResult: enablingSupport ? 0 : 1 }),
  };
};
