import { euiccCardDefects } from './euicc-card.js';
import { proveCard } from './euicc-test-bench.js';

const EID = ['81E2110003BF3E03', '81E29101035C015A'];
const block = (header: string, count: number) => `81E2${header}${count.toString(16).padStart(2, '0').toUpperCase()}${'AA'.repeat(count)}`;

proveCard('defects of an eUICC in APDUs', euiccCardDefects, [
  ['confirmsBlocksOutOfOrder', ['81E2110003BF3E03', '81E29102035C015A'], '6A86', '9000'],
  ['confirmsMissingFirstBlock', ['81E29101035C015A'], '6985', '9000'],
  ['takesOneBlockOnly', [block('1100', 255), block('9101', 1)], '6A88', '6A84'],
  ['refusesSecondBlock', EID, '6115', '6A80'],
  ['cutsLongAnswers', ['81E2910003BF5600', '01C0000000'], '6100', '9000'],
  ['losesLastOctet', [...EID, '01C0000015'], '9000', '6C14'],
  ['leavesE1Out', ['01A4040010A0000005591010FFFFFFFF8900000100'], '6127', '611B'],
]);
