/** ES10b.eUICCMemoryReset. SGP.32 5.9.5 */
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import type { EuiccMemoryResetResponse } from '#protocol/iot/es10b.js';
import { refusal } from './judgement.js';
import { notify } from './notifications.js';
import { changeProfile } from './refresh.js';
import { breaksDown, type Chip, isBusy, isEmergency, type Profile } from './state.js';
import { withdrawRollback } from './switching.js';

const UNDEFINED_ERROR = 127;

const SELECTORS: readonly (readonly [option: string, selects: (profile: Profile) => boolean])[] = [
  ['deleteOperationalProfiles', p => p.profileClass === 'operational'],
  ['deleteFieldLoadedTestProfiles', p => p.profileClass === 'test' && !p.preLoaded],
  ['deletePreLoadedTestProfiles', p => p.profileClass === 'test' && p.preLoaded],
  ['deleteProvisioningProfiles', p => p.profileClass === 'provisioning'],
];

/** The parts that the request asks for, whatever state and policy the profiles have. */
export const resetMemory = (chip: Chip, options: readonly string[]): InputOf<ValueOf<typeof EuiccMemoryResetResponse>> => {
  const { memory, config, decisions } = chip;
  const chosen = memory.profiles.filter(p => SELECTORS.some(([option, selects]) => options.includes(option) && selects(p)));
  const resetsAddress = options.includes('resetDefaultSmdpAddress') && memory.defaultDpAddress !== undefined;
  const resetsEims = options.includes('resetEimConfigData');
  const resetsEnabling = options.includes('resetImmediateEnableConfig');
  const { supports } = config;
  const isSwitch = chosen.some(p => p.state === 'enabled');
  const code = refusal(chip, 'euiccMemoryReset', [
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'euiccMemoryReset')],
    ['emergency', 104, isEmergency(chip)],
    ['busy', 5, isSwitch && isBusy(chip)],
  ]);
  if (code !== undefined) {
    return {
      resetResult: code,
      ...(resetsEims && { resetEimResult: UNDEFINED_ERROR }),
      ...(resetsEnabling && { resetImmediateEnableConfigResult: UNDEFINED_ERROR }),
    };
  }
  const profileCode = refusal(chip, 'euiccMemoryReset', [['found', 1, chosen.length === 0 && !resetsAddress]]);
  const eimCode = refusal(chip, 'euiccMemoryReset', [
    ['support', 2, supports?.eimReset === false],
    ['associated', 1, memory.eims.length === 0],
  ]);
  const enablingCode = refusal(chip, 'euiccMemoryReset', [
    ['configuration', 1, supports?.immediateEnable === false || supports?.enablingReset === false],
  ]);
  if (decisions.performs('resetProfiles')) memory.profiles = memory.profiles.filter(p => !chosen.includes(p));
  for (const profile of chosen) notify(chip, profile, 'delete');
  if (resetsAddress && decisions.performs('resetDefaultDpAddress')) memory.defaultDpAddress = undefined;
  if (resetsEims && eimCode === undefined && decisions.performs('resetEims')) memory.eims = [];
  if (resetsEnabling && enablingCode === undefined && decisions.performs('resetImmediateEnable'))
    memory.immediateEnable = { flag: false, smdpOid: undefined, smdpAddress: undefined };
  withdrawRollback(chip);
  memory.session = undefined;
  // The profiles are gone already; the device has to notice.
  changeProfile(chip, isSwitch, () => undefined);
  return {
    resetResult: profileCode ?? 0,
    ...(resetsEims && { resetEimResult: eimCode ?? 0 }),
    ...(resetsEnabling && { resetImmediateEnableConfigResult: enablingCode ?? 0 }),
  };
};
