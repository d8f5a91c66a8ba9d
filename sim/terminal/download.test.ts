import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { ICCID3, octets } from '../roles/euicc/test-bench.js';
import { packageFor, testTerminal } from '../uicc/test-bench.js';

type Device = ReturnType<typeof testTerminal>;

const resultOf = (answer: { readonly octets: Uint8Array } | undefined) =>
  decode(ProfileInstallationResult, answer?.octets ?? new Uint8Array()).value.profileInstallationResultData.finalResult;
const installed = ({ euicc }: Device) => euicc.chip.memory.profiles.map(p => hex(p.iccid)).includes(ICCID3);

/** The chains of STORE DATA in a dialogue, put together. */
const chains = (dialogue: readonly string[]): string[] => {
  const list: string[] = [];
  for (const line of dialogue) {
    const [, p2, content] = /^> 81E2..(..)..(.*)/.exec(line) ?? [];
    if (p2 === '00') list.push(content ?? '');
    else if (p2 !== undefined) list.push(`${list.pop() ?? ''}${content}`);
  }
  return list;
};

describe('terminal that installs a profile', () => {
  for (const [size, byExecute] of [
    [255, false],
    [254, true],
    [128, false],
    [100, true],
    [33, false],
  ] as const)
    it(`sends each segment as a chain of its own, in blocks of ${size}${byExecute ? ', also where it is just another command' : ''}`, async () => {
      const device = testTerminal({ terminal: { blockSize: size } });
      const bpp = await packageFor(device);
      device.dialogue.length = 0;
      const answer = await (byExecute ? device.terminal.execute(bpp) : device.terminal.installProfile(bpp));
      expect(resultOf(answer).successResult).not.equals(undefined);
      expect(installed(device)).equals(true);
      expect(chains(device.dialogue)).deep.equals((splitSegments(bpp) ?? []).map(hex));
      const states = device.dialogue.filter(line => line.startsWith('< ')).map(line => line.slice(-4));
      expect(new Set(states.slice(0, -2))).deep.equals(new Set(['9000']));
    });

  it('stops after the segment that the card answers with a result', async () => {
    const device = testTerminal();
    const bpp = Uint8Array.from(await packageFor(device));
    const segments = splitSegments(bpp) ?? [];
    const third = (segments[0]?.length ?? 0) + (segments[1]?.length ?? 0) - 1;
    bpp[third] = (bpp[third] ?? 0) ^ 1;
    device.dialogue.length = 0;
    const answer = await device.terminal.installProfile(bpp);
    expect(resultOf(answer).errorResult).to.include({ bppCommandId: 1 });
    expect(chains(device.dialogue)).to.have.length(2);
    expect(installed(device)).equals(false);
  });

  it('sends nothing of a package that cannot be cut', async () => {
    const device = testTerminal();
    const bpp = await packageFor(device);
    device.dialogue.length = 0;
    for (const odd of [bpp.subarray(0, -1), concat(bpp, octets('00')), octets('BF3600'), octets('BF3E035C015A')])
      expect(await device.terminal.installProfile(odd)).equals(undefined);
    expect(device.dialogue).deep.equals([]);
  });

  it('ends with the status word of a segment that is refused', async () => {
    const device = testTerminal({
      options: { overrides: [() => ({ refusesBlock: ({ received }) => (received === 1020 ? '6A84' : undefined) })] },
    });
    const bpp = await packageFor(device);
    device.dialogue.length = 0;
    expect(await device.terminal.installProfile(bpp)).deep.equals({ sw: '6A84', octets: new Uint8Array() });
    expect(device.dialogue.at(-1)).equals('< 6A84');
    expect(installed(device)).equals(false);
  });
});
