import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { openTestReader } from '../../adapters/testing-vpcd.js';
import { openVpcd } from '../../adapters/vpcd.js';
import { EID1, ICCID2, ICCID3 } from '../roles/euicc/test-bench.js';
import { enableSecond, GET_EID, packageFor, testUicc } from '../uicc/test-bench.js';
import { openTerminal } from './index.js';

describe('terminal and UICC with a virtual reader between them', () => {
  it('exchange commands, install a profile and change to another', async () => {
    const { uicc, euicc } = testUicc();
    const reader = await openTestReader();
    const slot = await openVpcd({ port: reader.port });
    await slot.insert(uicc);
    const card = await reader.card();
    try {
      const terminal = openTerminal(card);
      expect(hex((await terminal.execute(GET_EID)).octets)).equals(`BF3E125A10${EID1}`);
      expect(hex((await terminal.installProfile(await packageFor({ terminal, euicc })))?.octets.subarray(0, 2) ?? new Uint8Array())).equals(
        'BF37',
      );
      await terminal.execute(enableSecond());
      expect(hex((await terminal.execute(GET_EID)).octets)).equals(`BF3E125A10${EID1}`);
      const states = euicc.chip.memory.profiles.map(p => `${hex(p.iccid)} ${p.state}`);
      expect(states.slice(1)).deep.equals([`${ICCID2} enabled`, `${ICCID3} disabled`]);
    } finally {
      await card.close();
      await slot.close();
      await reader.close();
    }
  });
});
