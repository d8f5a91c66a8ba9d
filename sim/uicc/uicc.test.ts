import { expect } from 'chai';
import { EID1 } from '../roles/euicc/test-bench.js';
import { send, testUicc } from './test-bench.js';

const CAPABILITY = '80AA000005A903840101';
const SELECT_ISDR = '01A4040010A0000005591010FFFFFFFF8900000100';

describe('UICC', () => {
  it('answers the example dialogue of a GetEID on channel 1', async () => {
    const { uicc } = testUicc();
    const dialogue = [
      [CAPABILITY, '9000'],
      ['0070000001', '019000'],
      [SELECT_ISDR, '6120'],
      ['01C0000020', '6F1E8410A0000005591010FFFFFFFF8900000100A5049F6501FFE104800206409000'],
      ['81E2910006BF3E035C015A', '6115'],
      ['01C0000015', `BF3E125A10${EID1}9000`],
      ['0070800100', '9000'],
      ['81E2910006BF3E035C015A', '6881'],
    ];
    for (const [command = '', response] of dialogue) expect(await send(uicc, command), command).equals(response);
  });
});
