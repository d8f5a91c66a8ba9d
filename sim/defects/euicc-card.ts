/** Seeded defects of an eUICC in its APDUs. SGP.22 5.7.2, SGP.32 3.8.4; ETSI TS 102 221 10.1 */
import { ISDR_AID } from '#protocol/apdu/aid.js';
import { tlv } from '#protocol/asn1/tlv.js';
import type { UiccOverride } from '../uicc/index.js';
import type { EuiccDeviation, EuiccDeviations } from './euicc-deviation.js';
import { elementsOf } from './euicc-edits.js';

const LONGEST_BLOCK = 255;
const LONGEST_ANSWER = 256;

const onCard = (does: string, decisions: ReturnType<UiccOverride>): EuiccDeviation => ({ does, card: () => decisions });
const changing = (does: string, change: (octets: Uint8Array) => Uint8Array): EuiccDeviation => ({
  does,
  card: usual => ({
    writesAnswer: (command, answer) => {
      const right = usual.writesAnswer(command, answer);
      return { ...right, octets: change(right.octets) };
    },
  }),
});

/** Defects of APDUs. */
export const euiccCardDefects: EuiccDeviations = {
  confirmsBlocksOutOfOrder: {
    does: 'It says that it took a block that is out of order.',
    card: usual => ({ answers: refusal => (refusal === 'wrongBlock' ? '9000' : usual.answers(refusal)) }),
  },
  confirmsMissingFirstBlock: {
    does: 'It says that it took a block whose command never began.',
    card: usual => ({ answers: refusal => (refusal === 'noFirstBlock' ? '9000' : usual.answers(refusal)) }),
  },
  takesOneBlockOnly: onCard('It takes no command of several blocks.', { longestCommand: () => LONGEST_BLOCK }),
  refusesSecondBlock: onCard('It refuses the second block of a command.', {
    refusesBlock: ({ number }) => (number === 1 ? '6A80' : undefined),
  }),
  cutsLongAnswers: changing('It cuts its answers after 256 octets.', octets => octets.subarray(0, LONGEST_ANSWER)),
  losesLastOctet: changing('Its answers lack the last octet.', octets => octets.subarray(0, -1)),
  leavesE1Out: onCard('The FCI of its ISD-R has no template E1.', {
    writesFci: templates => tlv(0x6f, tlv(0x84, ISDR_AID), ...elementsOf(templates).slice(0, 1)),
  }),
};
