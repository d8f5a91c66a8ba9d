import { expect } from 'chai';
import { euiccDefects } from './euicc.js';
import { euiccEimDefects, euiccNewEimDefects } from './euicc-association.js';
import { euiccCardDefects } from './euicc-card.js';
import { euiccExecutionDefects, euiccNotificationDefects, euiccStorageDefects } from './euicc-execution.js';
import { euiccFunctionDefects, euiccInformationDefects } from './euicc-information.js';
import { euiccInstallationDefects, euiccInstalledDefects } from './euicc-installation.js';
import { euiccCounterDefects, euiccEchoDefects, euiccSenderDefects } from './euicc-package.js';
import { euiccListDefects, euiccProfileDefects, euiccSettingDefects } from './euicc-profile.js';
import { euiccAuthenticationDefects, euiccCancellationDefects, euiccPreparationDefects } from './euicc-session.js';
import { euiccEncodingDefects, euiccSignatureDefects } from './euicc-signature.js';
import { euiccFallbackDefects, euiccResetDefects, euiccRollbackDefects } from './euicc-switching.js';
import { euiccVariants } from './euicc-variants.js';

describe('deviations of an eUICC', () => {
  it('each say in one sentence what such an eUICC does', () => {
    const said = [...Object.entries(euiccDefects), ...Object.entries(euiccVariants)];
    for (const [name, { does }] of said) {
      expect(name).to.match(/^[a-z][A-Za-z0-9]+$/);
      expect(does, name).to.match(/^\S[^.]*(\.\d[^.]*)*\.$/);
    }
    expect(new Set(said.map(([, { does }]) => does)).size).equals(said.length);
  });
  it('have one name each, also across files', () => {
    const families = [
      [euiccInformationDefects, euiccFunctionDefects, euiccCardDefects, euiccNewEimDefects, euiccEimDefects],
      [euiccSenderDefects, euiccCounterDefects, euiccEchoDefects, euiccSignatureDefects, euiccEncodingDefects],
      [euiccExecutionDefects, euiccStorageDefects, euiccNotificationDefects, euiccProfileDefects, euiccListDefects, euiccSettingDefects],
      [euiccRollbackDefects, euiccFallbackDefects, euiccResetDefects, euiccAuthenticationDefects, euiccPreparationDefects],
      [euiccCancellationDefects, euiccInstallationDefects, euiccInstalledDefects],
    ].flat();
    const names = families.flatMap(family => Object.keys(family));
    expect(new Set(names).size).equals(names.length);
    expect(Object.keys(euiccDefects).toSorted()).deep.equals(names.toSorted());
    expect(Object.keys(euiccVariants).filter(name => Object.hasOwn(euiccDefects, name))).deep.equals([]);
  });
});
