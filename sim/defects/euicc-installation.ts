/** Seeded defects of an eUICC in installing bound profile packages. SGP.22 2.5.6, 5.5, 5.7.6 */
import type { ErrorReason } from '#protocol/rsp/installation-codes.js';
import { removed, spoilt } from './edits.js';
import { answering, deciding, type EuiccDeviation, type EuiccDeviations, overlooking, signing, without } from './euicc-deviation.js';
import { octets } from './euicc-edits.js';

const LOAD = 'loadBoundProfilePackage';
const RESULT = 'profileInstallationResultData';

const ignoring = (does: string, ...reasons: readonly ErrorReason[]): EuiccDeviation => overlooking(does, LOAD, ...reasons);

/** Defects in what is checked of a package. */
export const euiccInstallationDefects: EuiccDeviations = {
  ignoresRemoteOperation: ignoring('It opens the channel for any remote operation.', 'unsupportedRemoteOperationType'),
  ignoresTransactionIdOfPackage: ignoring('It opens the channel for any transactionId.', 'invalidTransactionId'),
  ignoresSmdpSign: ignoring('It opens the channel whatever smdpSign is.', 'invalidSignature'),
  ignoresCrtValues: ignoring('It opens the channel for any kind of key.', 'unsupportedCrtValues'),
  ignoresMac: ignoring('It does not verify the MAC of a block.', 'scp03tSecurityError'),
  namesMacErrorStructure: answering('It calls a wrong MAC an error of structure.', LOAD, 7, 'scp03tSecurityError'),
  installsIccidTwice: ignoring('It installs a profile whose ICCID it has.', 'installFailedDueToIccidAlreadyExistsOnEuicc'),
  ignoresRat: ignoring('It installs profiles whatever their policy rules.', 'pprNotAllowed'),
  installsUnknownClasses: ignoring('It installs profiles of classes that there are not.', 'unsupportedProfileClass'),
  installsUnreadableProfiles: ignoring('It installs octets that are no profile elements.', 'installFailedDueToPEProcessingError'),
  takesCommandsInAnyOrder: overlooking('It takes the commands of a package in any order, or not at all.', LOAD, 'commandOrder'),
  opensChannelAgain: overlooking('It begins an installation anew in the middle of it.', LOAD, 'secondChannel'),
  leavesFailedProfile: without('It leaves a profile behind whose installation failed.', 'removeFailedProfile'),
};

/** Defects in what becomes of a package, and what is told of it. */
export const euiccInstalledDefects: EuiccDeviations = {
  installsPackageTwice: without('It takes a package again that it has installed.', 'endInstallation'),
  installsEnabled: deciding('It enables a profile by installing it.', { stateAfterInstallation: () => 'enabled' }),
  confirmsInstallationOnly: without('It says that it installed a profile, and does not.', 'installProfile'),
  spoilsInstallationSignature: deciding('The last bit of euiccSignPIR is wrong.', {
    writesSignature: (name, signature) => (name === RESULT ? spoilt(signature) : signature),
  }),
  omitsInstalledIccid: signing('Its installation results carry no ICCID.', RESULT, 'BF2F 5A', removed),
  altersInstalledTransaction: signing('Its installation results carry another transactionId.', RESULT, '80', () => octets('800100')),
  namesOtherServer: signing('Its installation results name another SM-DP+.', RESULT, '06', () => octets('0603883763')),
  notifiesInstallationAsEnable: signing('Its installation results are about an enable.', RESULT, 'BF2F 81', () => octets('81020640')),
  omitsInstalledAid: signing('Its installation results do not tell the AID.', RESULT, 'A2 A0 4F', removed),
};
