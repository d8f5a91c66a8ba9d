import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { EID1, octets } from '../roles/euicc/test-bench.js';
import { testTerminal } from '../uicc/test-bench.js';

const GET_EID = octets('BF3E035C015A');

describe('terminal', () => {
  it('declares itself, opens a channel and selects the ISD-R before the first command', async () => {
    const { terminal, dialogue } = testTerminal();
    const { sw, octets: eid } = await terminal.execute(GET_EID);
    expect([sw, hex(eid)]).deep.equals(['9000', `BF3E125A10${EID1}`]);
    expect(dialogue.filter(line => line.startsWith('>'))).deep.equals([
      '> 80AA000005A903840101',
      '> 0070000001',
      '> 01A4040010A0000005591010FFFFFFFF8900000100',
      '> 01C0000027',
      '> 81E2910006BF3E035C015A',
      '> 01C0000015',
    ]);
    expect(terminal.euiccConfiguration).deep.equals(['enabledProfile']);
  });
});
