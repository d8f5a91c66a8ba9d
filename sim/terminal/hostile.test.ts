import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { LinkError } from '../../adapters/adapter.js';
import { octets } from '../roles/euicc/test-bench.js';
import { afterOpening, GET_EID, scriptedCard } from '../uicc/test-bench.js';
import { openTerminal } from './index.js';

const SEED = 20260101;
const BPP = octets('BF360FBF2300A0028700A1028800A3028600');
const command = fc.constantFrom(GET_EID, octets('BF5100'), BPP, new Uint8Array(600).fill(0xbf));

const sw = fc.oneof(
  fc.constantFrom('9000', '9000', '6100', '6105', '6C00', '6C05', '910B', '9100', '6985', '6881', '6D00', '6E00', '6A80', '6F00', '6283'),
  fc.uint8Array({ minLength: 2, maxLength: 2 }).map(hex),
);
const data = fc.oneof(
  fc.constant(''),
  fc.constantFrom('01', '00', 'FF', 'BF3700', 'D009810301010482028182', 'D009810301210082028182', '6F00', '6F08A506E104800206C0'),
  fc.uint8Array({ maxLength: 40 }).map(hex),
);
const response = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(data, sw).map(([octetsOfData, status]) => octetsOfData + status) },
  { weight: 1, arbitrary: fc.constantFrom('', '90') },
);

/** A call ends with an answer, with nothing sent, or with a failure of the wire. */
const ends = async (act: Promise<unknown>): Promise<void> => {
  await act.catch((error: unknown) => expect(error).instanceOf(LinkError));
};

describe(`a card that answers anything (seed ${SEED})`, () => {
  for (const [what, wrap] of [
    ['from the start', (answer: (apdu: string) => string) => answer],
    ['once the ISD-R is selected', afterOpening],
  ] as const)
    it(`${what} gets a bounded number of commands, and every call of the terminal ends`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(response, { minLength: 1, maxLength: 30 }),
          fc.array(command, { minLength: 1, maxLength: 4 }),
          async (responses, calls) => {
            let next = 0;
            // Over and over: what never ends would be seen.
            const { card, commands } = scriptedCard(wrap(() => responses[next++ % responses.length] ?? ''));
            const terminal = openTerminal(card, { blockSize: 100, responseLimit: 2000 });
            for (const call of calls) await ends(terminal.execute(call));
            await ends(terminal.installProfile(BPP));
            await ends(terminal.close());
            expect(commands.length).to.be.below(100_000);
            for (const apdu of commands) if (apdu !== 'reset') expect(apdu.length).to.be.within(8, 522);
          },
        ),
        { numRuns: 1000, seed: SEED },
      );
    });

  it('may be sent the package that these tests send', () => {
    expect(splitSegments(BPP)?.map(hex)).deep.equals(['BF360FBF2300', 'A0028700', 'A102', '8800', 'A302', '8600']);
  });

  it('hands out an FCI of any octets, and flags only where it has some', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async fci => {
        const { card } = scriptedCard(apdu => (apdu.startsWith('00A4') ? `${hex(fci)}9000` : apdu.startsWith('0070') ? '6881' : '9000'));
        const terminal = openTerminal(card);
        await terminal.start();
        expect(terminal.fci).deep.equals(fci);
        expect(terminal.euiccConfiguration === undefined || Array.isArray(terminal.euiccConfiguration)).equals(true);
      }),
      { numRuns: 500, seed: SEED },
    );
  });
});
