import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '#protocol/asn1/tlv.js';
import { EID1, ICCID1, octets } from '../roles/euicc/test-bench.js';
import type { Uicc, UiccDecisions } from './index.js';
import { CAPABILITY, converse, enableSecond, SELECT_ISDR, testUicc } from './test-bench.js';

const SEED = 20260101;
/** Status words of ETSI TS 102 221 10.2.1 that this card has a use for. */
const KNOWN = /^(9000|61..|6C..|91..|6700|688[124]|698[1-6]|6A8[0123468]|6B00|6D00|6E00|6F00)$/;
const RESET = 'reset';

const octet = fc.integer({ min: 0, max: 255 });
/** Mostly what the card knows: otherwise nearly everything ends at the class octet. */
const cla = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82) }, { weight: 1, arbitrary: octet });
const ins = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0xa4, 0xf2, 0xb0, 0xb2, 0xc0, 0x70, 0xaa, 0x10, 0x12, 0x14, 0xe2, 0xe2, 0xe2) },
  { weight: 1, arbitrary: octet },
);
const p1 = fc.oneof(fc.constantFrom(0x00, 0x04, 0x08, 0x11, 0x80, 0x91), octet);
const p2 = fc.oneof(fc.constantFrom(0x00, 0x01, 0x02, 0x04, 0x0c), octet);
const body = fc.oneof(
  fc.constant(''),
  fc.constantFrom('00', '01', '0A', '0B', '15', '023F00', '022FE2', '022F00', '06BF3E035C015A', '03BF2E00', '03BF3E03', '03BF3600'),
  fc.constantFrom('07A0000000871002', '10A0000005591010FFFFFFFF8900000100', '05A903840101', '0C810301010482028281830100'),
  fc.uint8Array({ maxLength: 6 }).map(hex),
  fc.uint8Array({ minLength: 1, maxLength: 255 }).map(data => hex(Uint8Array.of(data.length)) + hex(data)),
);
const shaped = fc.tuple(cla, ins, p1, p2, body).map(([a, b, c, d, rest]) => hex(Uint8Array.of(a, b, c, d)) + rest);

/** What leads a card somewhere at all: the ISD-R, then packages, in blocks. */
const blocks = (command: Uint8Array, size: number): string[] =>
  Array.from({ length: Math.ceil(command.length / size) }, (_, n) => {
    const block = command.subarray(n * size, (n + 1) * size);
    return `81E2${(n + 1) * size >= command.length ? '91' : '11'}${hex(Uint8Array.of(n, block.length))}${hex(block)}`;
  });
const OPENING = [CAPABILITY, '0070000001', SELECT_ISDR];
const useful = fc.constantFrom(
  OPENING,
  blocks(enableSecond(), 100),
  blocks(octets('BF640482020780'), 3),
  ['01C0000000', '01C0000015'],
  ['81E2910006BF3E035C015A', '01C0000000', '01C0000015'],
  ['801200000B', '801400000C810301010482028281830100'],
  ['00A4000C023F00', '00A40004022FE2', '00B000000A'],
);
const step = fc.oneof(
  { weight: 5, arbitrary: shaped.map(apdu => [apdu]) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 262 }).map(apdu => [hex(apdu)]) },
  { weight: 3, arbitrary: useful },
  { weight: 1, arbitrary: fc.constant([RESET]) },
);
const sequence = fc.array(step, { minLength: 1, maxLength: 12 }).map(steps => [...OPENING, ...steps.flat()]);

const variant: fc.Arbitrary<Partial<UiccDecisions>> = fc
  .record({
    part: fc.integer({ min: 0, max: 300 }),
    direct: fc.boolean(),
    qualifier: fc.constantFrom(4, 9),
    silent: fc.boolean(),
    serves: fc.boolean(),
  })
  .map(({ part, direct, qualifier, silent, serves }) => ({
    responseBlock: () => part,
    answersDirectly: () => direct,
    refreshQualifier: () => qualifier,
    announcesRefresh: () => (silent ? 'silent' : 'proactive'),
    servesEs10: () => serves,
  }));

/** A status word, and no more data than were asked for. One comparison per APDU: there are tens of thousands. */
const check = (command: string, response: Uint8Array): void => {
  const apdu = octets(command);
  const most = apdu.length === 5 ? apdu[4] || 256 : 256;
  const isRight = response.length >= 2 && response.length - 2 <= most && KNOWN.test(hex(response.subarray(-2)));
  if (!isRight) expect.fail(`${command} was answered with ${hex(response)}`);
};

/** Whatever came before, a reset makes a card of it that serves. */
const stillServes = async (uicc: Uicc): Promise<void> => {
  uicc.powerOn();
  await converse(uicc, [
    [CAPABILITY, '9000'],
    ['0070000001', '019000'],
    [SELECT_ISDR.replace(/^01A40400/, '01A4040C'), '9000'],
    ['81E2910006BF3E035C015A00', '6115'],
  ]);
};

const made = (overrides: Partial<UiccDecisions> = {}) => testUicc({ options: { overrides: [() => overrides] } });

describe(`a terminal that sends anything (seed ${SEED})`, () => {
  it('gets a status word of ETSI TS 102 221 for everything, and a card that works after a reset', async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async commands => {
        const { uicc, events } = made();
        for (const command of commands) {
          if (command === RESET) uicc.powerOn();
          else check(command, await uicc.transmit(octets(command)));
        }
        await stillServes(uicc);
        expect(events.filter(event => event.kind === 'fault')).deep.equals([]);
      }),
      { numRuns: 2000, seed: SEED },
    );
  });

  it('gets one from every variant of the card', async () => {
    await fc.assert(
      fc.asyncProperty(sequence, variant, async (commands, overrides) => {
        const { uicc, events } = made(overrides);
        for (const command of commands) {
          if (command === RESET) uicc.powerOn();
          else check(command, await uicc.transmit(octets(command)));
        }
        expect(events.filter(event => event.kind === 'fault')).deep.equals([]);
      }),
      { numRuns: 500, seed: SEED },
    );
  });

  it('gets one for every command that did not wait for the answers before it, across resets', async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async commands => {
        const { uicc } = made();
        const answers = commands.map(async command => {
          if (command === RESET) uicc.powerOn();
          else check(command, await uicc.transmit(octets(command)));
        });
        await Promise.all(answers);
        await stillServes(uicc);
      }),
      { numRuns: 500, seed: SEED },
    );
  });

  it('can do what a correct one can: the sequences reach the EID, REFRESH and the files', async () => {
    const seen = new Set<string>();
    const { uicc } = made();
    for (const commands of fc.sample(sequence, { numRuns: 500, seed: SEED })) {
      for (const command of commands) {
        if (command === RESET) uicc.powerOn();
        else seen.add(hex(await uicc.transmit(octets(command))));
      }
    }
    const all = [...seen].join(' ');
    for (const part of [EID1, 'D009810301010482028182', ICCID1, '910B', '6C15']) expect(all, part).to.include(part);
  });
});
