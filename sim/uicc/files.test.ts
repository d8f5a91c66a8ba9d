import { expect } from 'chai';
import { ICCID1 } from '../roles/euicc/test-bench.js';
import { fileSystemOf } from './files.js';
import { converse, SELECT_ISDR, testIsdr, testUicc } from './test-bench.js';

const MF = '62 1D 8202 7821 8302 3F00 A503 800171 8A0105 8B03 2F0601 C606 900100 830101';
const ICCID = '62 17 8202 4121 8302 2FE2 8A0105 8B03 2F0601 8002 000A 8801 10';
const DIRECTORY = `61 18 4F10 A0000000871002FFFFFFFF8900000100 5004 5553494D ${'FF'.repeat(12)}`;
const USIM = '62 2F 8202 7821 8302 7FFF 8410 A0000000871002FFFFFFFF8900000100 A503 800171 8A0105 8B03 2F0601 C606 900100 830101';

describe('UICC files', () => {
  it('are read as a modem reads them when it starts', async () => {
    const { uicc } = testUicc();
    await converse(uicc, [
      ['00A40004023F00', '611F'],
      ['00C000001F', `${MF} 9000`],
      ['80F2000000', '6C1F'],
      ['80F200001F', `${MF} 9000`],
      ['00A40004022FE2', '6119'],
      ['00C0000019', `${ICCID} 9000`],
      ['00B000000A', `${ICCID1} 9000`],
      ['00A40004022F00', '611C'],
      ['00C000001C', '62 1A 8205 4221002602 8302 2F00 8A0105 8B03 2F0601 8002 004C 8801 F0 9000'],
      ['00B2010400', '6C26'],
      ['00B2010426', `${DIRECTORY} 9000`],
      ['00B2020426', `${'FF'.repeat(38)} 9000`],
      ['00B2030426', '6A83'],
      ['00A4040410A0000000871002FFFFFFFF8900000100', '6131'],
      ['00C0000031', `${USIM} 9000`],
      ['80F2000112', '8410 A0000000871002FFFFFFFF8900000100 9000'],
      ['00A40004026F07', '6119'],
      ['00B0000009', '08 09101032 54769850 9000'],
      ['00A40004026FAD', '6119'],
      ['00B0000004', '00000002 9000'],
    ]);
  });

  it('are found by short identifiers, paths and relative to where the channel stands', async () => {
    const { uicc } = testUicc();
    await converse(uicc, [
      ['00B082000A', `${ICCID1} 9000`],
      ['00B0820806', '6C02'],
      ['00B0820802', `${ICCID1.slice(16)} 9000`],
      ['00B201F426', `${DIRECTORY} 9000`],
      ['00B29F000A', '6A86'],
      ['00B0E2000A', '6A86'],
      ['00B09D000A', '6A82'],
      ['00A40804022FE2', '6119'],
      ['00A40804047FFF6F07', '6A82'],
      ['00A4040C07A0000000871002', '9000'],
      ['00A40804047FFF6F07', '6119'],
      ['00A40904026FAD', '6119'],
      ['00A4000C022FE2', '6A82'],
      ['00A4080C022FE2', '9000'],
      ['00A4000C026F07', '6A82'],
      ['00A4040C07A0000000871002', '9000'],
      ['00A4000C027FFF', '9000'],
      ['00A4030C00', '9000'],
      ['00A4000C022F05', '9000'],
      ['00B0000004', '656EFFFF 9000'],
      ['00A4080C042F056F07', '6A82'],
      // The session of the application ends.
      ['00A4044C07A0000000871002', '9000'],
      ['00A4000C026F07', '6A82'],
      ['00A4000C022F05', '9000'],
    ]);
  });

  it('are read record by record with a pointer', async () => {
    const { uicc } = testUicc();
    const next = (number: string, sw = '9000') => [`00B200${number}26`, sw] as const;
    const empty = 'FF'.repeat(38);
    await converse(uicc, [
      ['00A4000C022F00', '9000'],
      ['00B2000426', '6A83'],
      ['00B2000200', '6C26'],
      ['00B2000226', `${DIRECTORY} 9000`],
      ['00B2000426', `${DIRECTORY} 9000`],
      ['00B2000226', `${empty} 9000`],
      next('02', '6A83'),
      ['00B2000326', `${DIRECTORY} 9000`],
      next('03', '6A83'),
      ['00A4000C022F00', '9000'],
      ['00B2000326', `${empty} 9000`],
      ['00B2010226', '6A86'],
      ['00B2010526', '6A86'],
    ]);
  });

  it('refuse what does not fit them', async () => {
    const { uicc } = await testIsdr();
    await converse(uicc, [
      ['00B000000A', '6986'],
      ['00B2010426', '6986'],
      ['00A4000C022F00', '9000'],
      ['00B0000026', '6981'],
      ['00A4000C022FE2', '9000'],
      ['00B201040A', '6981'],
      ['00B0000A01', '6B00'],
      ['00B000080A', '6C02'],
      ['00D6000001AA', '6982'],
      ['00DC010401AA', '6982'],
      ['00A4000C026F07', '6A82'],
      ['00A4000C012F', '6700'],
      ['00A4000C00', '6700'],
      ['00A4000C042F002FE2', '6700'],
      ['00A4080C032F002F', '6700'],
      ['00A4030C022F00', '6700'],
      ['00A4020C022F00', '6A86'],
      ['80F2030000', '6A86'],
      ['80F2000200', '6A86'],
      ['80F2000100', '6A82'],
      ['81F2000112', '8410 A0000005591010FFFFFFFF8900000100 9000'],
      ['01B000000A', '6986'],
      ['01B082000A', '6986'],
      [SELECT_ISDR, '6127'],
    ]);
  });

  it('hold an even number of digits of an IMSI as well', () => {
    const { usim } = fileSystemOf({ iccid: new Uint8Array(10), imsi: '00101012345678' });
    const [record] = usim?.files.find(file => file.id === 0x6f07)?.records ?? [];
    expect(Buffer.from(record ?? []).toString('hex')).equals('0801101010325476f8');
  });
});
