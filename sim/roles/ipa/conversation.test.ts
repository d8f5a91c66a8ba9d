import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { GetEuiccInfo1Request, GetEuiccInfo2Request } from '#protocol/rsp/info.js';
import { bench, ICCID1, SMDP_ADDRESS, testServers, testWorld } from '../eim/test-bench.js';
import { createSmdp } from '../smdp/index.js';
import type { IpaConfig } from './index.js';

const metadata = {
  notificationConfigurationInfo: [
    { profileManagementOperation: ['notificationInstall', 'notificationEnable'], notificationAddress: SMDP_ADDRESS },
  ],
};

/** An eIM that knows what the eUICC says about itself, and an SM-DP+ with one profile. */
const world = (ipa: Partial<Omit<IpaConfig, 'euicc'>>, confirmationCode: string | undefined) => {
  const code = confirmationCode === undefined ? {} : { confirmationCode };
  const smdp = createSmdp(
    { address: SMDP_ADDRESS, profiles: [{ iccid: ICCID1, matchingId: 'AB-1', metadata, ...code }] },
    testWorld('smdp'),
  );
  const servers = testServers({ [SMDP_ADDRESS]: smdp });
  const { euicc } = bench();
  const register = {
    euiccInfo1: hex(euicc.execute(encode(GetEuiccInfo1Request, {})).octets),
    euiccInfo2: hex(euicc.execute(encode(GetEuiccInfo2Request, {})).octets),
  };
  return { smdp, code, ...bench({ servers, ipa, register }) };
};

describe('IPA, eUICC, eIM and SM-DP+ together', () => {
  const variants: readonly (readonly [what: string, ipa: Partial<Omit<IpaConfig, 'euicc'>>])[] = [
    ['in full forms', {}],
    ['in compact forms', { compact: true }],
    ['in compact forms without certificates', { compact: true, omitCertificates: true }],
    ['with the result as a notification', { installationResultBy: 'notification' }],
    ['with the result as a compact notification', { installationResultBy: 'notification', compact: true }],
  ];
  for (const [what, ipa] of variants)
    for (const confirmationCode of [undefined, '12345'])
      it(`download, enable and notify ${what}${confirmationCode === undefined ? '' : ', with confirmation code'}`, async () => {
        const { smdp, euicc, order, run, code } = world(ipa, confirmationCode);
        order({ download: { activationCode: `1$${SMDP_ADDRESS}$AB-1`, ...code } });
        await run();
        expect(smdp.orders.map(o => o.state)).deep.equals(['installed']);
        const enabling = order({ operations: [{ enable: { iccid: ICCID1 } }] });
        await run();
        expect(enabling.state).equals('succeeded');
        expect(hex(euicc.chip.memory.profiles.find(p => p.state === 'enabled')?.iccid ?? new Uint8Array())).equals(ICCID1);
        expect(euicc.chip.memory).to.deep.include({ notifications: [], results: [] });
        expect(smdp.notifications).to.have.length(3);
      });
});
