import { expect } from 'chai';
import { compile } from '#protocol/asn1/compile.js';
import { tlv } from '#protocol/asn1/tlv.js';
import { COMMANDS } from '../roles/euicc/commands.js';
import { testEim } from '../roles/euicc/test-bench.js';
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
import { maker, octets, one, packed, pair, two } from './euicc-test-bench.js';
import { euiccVariants } from './euicc-variants.js';
import { euiccVersionDefects } from './euicc-versions.js';

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
      [euiccCancellationDefects, euiccInstallationDefects, euiccInstalledDefects, euiccVersionDefects],
    ].flat();
    const names = families.flatMap(family => Object.keys(family));
    expect(new Set(names).size).equals(names.length);
    expect(Object.keys(euiccDefects).toSorted()).deep.equals(names.toSorted());
    expect(Object.keys(euiccVariants).filter(name => Object.hasOwn(euiccDefects, name))).deep.equals([]);
  });

  it('answer damaged packages and every tag, and never throw', () => {
    const { eimId, publicKey } = testEim();
    const psmo = [{ enable: two }, { delete: one }];
    const eid = '89049032123451234512345678901243';
    const packages = [packed({ psmo }), packed({ counter: 2, psmoOctets: [octets('BF7000')] }), packed({ counter: 2n ** 70n, eid })];
    const tags = COMMANDS.map(({ request }) => tlv(compile(request, '1.2').tag));
    for (const [name, deviation] of [...Object.entries(euiccDefects), ...Object.entries(euiccVariants)]) {
      const euicc = maker(deviation)({ ...pair, eims: [{ eimId, publicKey }] });
      for (const command of packages) {
        for (let at = 0; at < command.length; at += 67) {
          const damaged = command.map((octet, i) => (i === at ? octet ^ 0x5a : octet));
          expect(() => euicc.execute(damaged), name).not.to.throw();
        }
        expect(() => euicc.execute(command), name).not.to.throw();
      }
      for (const command of tags) expect(() => euicc.execute(command), name).not.to.throw();
      expect(() => [euicc.reset(), euicc.isdrTemplates, euicc.state], name).not.to.throw();
    }
  });
});
