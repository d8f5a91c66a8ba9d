import { tlv } from '#protocol/asn1/tlv.js';
import { EID1 } from '../roles/euicc/test-bench.js';
import type { UiccDecisions, UiccOverride } from './index.js';
import { converse, SELECT_ISDR, testIsdr, testUicc } from './test-bench.js';

const EID = `BF3E125A10${EID1}`;
const GET_EID = '81E2910006BF3E035C015A';
const isdrWith = async (changes: Partial<UiccDecisions> | UiccOverride) =>
  (await testIsdr({ options: { overrides: [typeof changes === 'function' ? changes : () => changes] } })).uicc;

describe('a UICC that decides otherwise', () => {
  it('returns its data in smaller parts', async () => {
    await converse(await isdrWith({ responseBlock: () => 16 }), [
      [GET_EID, '6110'],
      ['01C0000010', `${EID.slice(0, 32)}6105`],
      ['01C0000005', `${EID.slice(32)}9000`],
    ]);
    for (const [responseBlock, first] of [
      [0, '6101'],
      [1000, '6115'],
    ] as const)
      await converse(await isdrWith({ responseBlock: () => responseBlock }), [[GET_EID, first]]);
  });
  it('returns its data at once where the command asks for them', async () => {
    await converse(await isdrWith({ answersDirectly: () => true }), [
      [GET_EID, '6115'],
      [`${GET_EID}00`, `${EID}9000`],
      ['01C0000015', '6985'],
      [`${GET_EID}10`, `${EID.slice(0, 32)}6105`],
      ['01C0000005', `${EID.slice(32)}9000`],
      ['81E2110003BF3E0300', '9000'],
    ]);
  });
  it('returns less than asked for instead of 6Cxx', async () => {
    await converse(await isdrWith({ refusesLongerLe: () => false }), [
      [GET_EID, '6115'],
      ['01C0000000', `${EID}9000`],
    ]);
  });
  it('keeps its FCI to itself, and serves ES10 all the same', async () => {
    await converse(await isdrWith({ returnsFci: () => false }), [
      [SELECT_ISDR, '6127'],
      ['01C0000027', '6E00'],
      [GET_EID, '6115'],
    ]);
  });
  it('has its templates in A5', async () => {
    await converse(await isdrWith({ writesFci: templates => tlv(0x6f, tlv(0xa5, templates)) }), [
      [SELECT_ISDR, '6111'],
      ['01C0000011', '6F0F A50D E0058203020500 E10480020640 9000'],
    ]);
  });
  it('needs no TERMINAL CAPABILITY', async () => {
    const { uicc } = testUicc({ options: { overrides: [() => ({ needsCapability: () => false })] } });
    await converse(uicc, [
      ['00A4040C10A0000005591010FFFFFFFF8900000100', '9000'],
      ['80E2910006BF3E035C015A', '6115'],
    ]);
  });
  it('refuses a block that was in order', async () => {
    const uicc = await isdrWith({
      refusesBlock: ({ number, isLast, received }) => (number === 1 && !isLast && received === 2 ? '6A80' : undefined),
    });
    await converse(uicc, [
      ['81E2110001BF', '9000'],
      ['81E21101013E', '6A80'],
      ['81E2910204035C015A', '6985'],
      [GET_EID, '6115'],
    ]);
  });
  it('answers a command with 9000 and no data', async () => {
    await converse(await isdrWith({ writesAnswer: (_command, answer) => ({ ...answer, octets: new Uint8Array() }) }), [[GET_EID, '9000']]);
  });
  it('refuses with other status words', async () => {
    const uicc = await isdrWith(usual => ({
      answers: refusal => (refusal === 'noFirstBlock' ? '6A86' : usual.answers(refusal)),
      channels: () => 1,
    }));
    await converse(uicc, [
      ['81E2910101AA', '6A86'],
      ['82E2910101AA', '6881'],
      ['0070000001', '6A81'],
      ['0070000200', '6881'],
    ]);
  });
});
