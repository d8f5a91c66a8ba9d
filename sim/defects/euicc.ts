/** Every seeded defect of an eUICC, by its name. */
import { euiccEimDefects, euiccNewEimDefects } from './euicc-association.js';
import { euiccCardDefects } from './euicc-card.js';
import type { EuiccDeviations } from './euicc-deviation.js';
import { euiccExecutionDefects, euiccNotificationDefects, euiccStorageDefects } from './euicc-execution.js';
import { euiccFunctionDefects, euiccInformationDefects } from './euicc-information.js';
import { euiccInstallationDefects, euiccInstalledDefects } from './euicc-installation.js';
import { euiccCounterDefects, euiccEchoDefects, euiccSenderDefects } from './euicc-package.js';
import { euiccListDefects, euiccProfileDefects, euiccSettingDefects } from './euicc-profile.js';
import { euiccAuthenticationDefects, euiccCancellationDefects, euiccPreparationDefects } from './euicc-session.js';
import { euiccEncodingDefects, euiccSignatureDefects } from './euicc-signature.js';
import { euiccFallbackDefects, euiccResetDefects, euiccRollbackDefects } from './euicc-switching.js';
import { euiccVersionDefects } from './euicc-versions.js';

/** Defects by name. */
export const euiccDefects: EuiccDeviations = {
  ...euiccInformationDefects,
  ...euiccFunctionDefects,
  ...euiccCardDefects,
  ...euiccNewEimDefects,
  ...euiccEimDefects,
  ...euiccSenderDefects,
  ...euiccCounterDefects,
  ...euiccEchoDefects,
  ...euiccSignatureDefects,
  ...euiccEncodingDefects,
  ...euiccExecutionDefects,
  ...euiccStorageDefects,
  ...euiccNotificationDefects,
  ...euiccProfileDefects,
  ...euiccListDefects,
  ...euiccSettingDefects,
  ...euiccRollbackDefects,
  ...euiccFallbackDefects,
  ...euiccResetDefects,
  ...euiccAuthenticationDefects,
  ...euiccPreparationDefects,
  ...euiccCancellationDefects,
  ...euiccInstallationDefects,
  ...euiccInstalledDefects,
  ...euiccVersionDefects,
};
