import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { EID1, octets } from '../roles/euicc/test-bench.js';
import { createUicc } from './index.js';
import { CAPABILITY, converse, SELECT_ISDR, send, testIsdr, testUicc } from './test-bench.js';

const EID = `BF3E125A10${EID1}`;
const GET_EID = '81E2910006BF3E035C015A';
const FCI = '6F25 8410A0000005591010FFFFFFFF8900000100 A5049F6501FF E0058203020500 E10480020640';

describe('UICC with an eUICC', () => {
  it('answers the dialogue of a GetEID on channel 1', async () => {
    const { uicc } = testUicc();
    await converse(uicc, [
      [CAPABILITY, '9000'],
      ['0070000001', '019000'],
      [SELECT_ISDR, '6127'],
      ['01C0000027', `${FCI}9000`],
      [GET_EID, '6115'],
      ['01C0000015', `${EID}9000`],
      ['0070800100', '9000'],
      [GET_EID, '6881'],
    ]);
  });

  it('gives the ATR that it was made with, else one that offers T=0', () => {
    const { uicc } = testUicc();
    expect(hex(uicc.powerOn())).equals('3B9F96801FC78031A073BE21136743200718000001A5');
    const atr = octets('3B9F97C00A1FC78031E073FE211B65D001740F9A810FA5');
    expect(testUicc({ options: { atr } }).uicc.powerOn()).deep.equals(atr);
  });

  it('selects the ISD-R by its name or the head of it, with FCI, FCP or nothing asked for', async () => {
    const { uicc } = testUicc();
    await converse(uicc, [
      ['00A4040010A0000005591010FFFFFFFF8900000100', '6127'],
      ['00A4040410A0000005591010FFFFFFFF8900000100', '6127'],
      ['00C0000027', `${FCI}9000`],
      ['00A4040010A0000005591010FFFFFFFF890000010000', '6127'],
      ['00A4040C10A0000005591010FFFFFFFF8900000100', '9000'],
      ['00A4040007A0000005591010', '6127'],
      // No other application has this name; the ISD-R's own is longer.
      ['00A4040210A0000005591010FFFFFFFF8900000100', '6A82'],
      ['00A4040010A0000005591010FFFFFFFF8900000200', '6A82'],
      ['00A4040004A0000005', '6A82'],
      ['00A4040011A0000005591010FFFFFFFF890000010000', '6700'],
      ['00A4050010A0000005591010FFFFFFFF8900000100', '6A86'],
    ]);
  });

  it('tells in template E1 whether a profile is enabled at the time of the selection', async () => {
    const { uicc } = testUicc({ config: { profiles: [] } });
    await converse(uicc, [
      ['00A4040010A0000005591010FFFFFFFF8900000100', '6126'],
      ['00C0000026', `${FCI.replace('6F25', '6F24').replace('E10480020640', 'E103800100')}9000`],
    ]);
  });
});

describe('TERMINAL CAPABILITY', () => {
  const openIsdr = async (...capabilities: readonly string[]) => {
    const { uicc, events } = testUicc();
    for (const capability of capabilities) expect(await send(uicc, capability), capability).equals('9000');
    await send(uicc, '0070000001');
    await send(uicc, SELECT_ISDR);
    return { answer: await send(uicc, GET_EID), uicc, events };
  };
  it('declares an IPAd by object 84, an LPAd by object 83, or both, in one or two commands', async () => {
    for (const capability of [CAPABILITY, '80AA000005A903830107', '80AA000005A903830101', '80AA000008A906830107840101'])
      expect((await openIsdr(capability)).answer, capability).equals('6115');
    expect((await openIsdr(CAPABILITY, '80AA000005A903830100')).answer).equals('6115');
  });
  it('is needed before the ISD-R is selected: without it, ES10 answers 6985', async () => {
    expect((await openIsdr()).answer).equals('6985');
    for (const capability of ['80AA000005A903840100', '80AA000005A903810107', '80AA000002A900'])
      expect((await openIsdr(capability)).answer, capability).equals('6985');
    const { uicc } = await openIsdr();
    await converse(uicc, [
      [CAPABILITY, '9000'],
      [GET_EID, '6985'],
      [SELECT_ISDR, '6127'],
      [GET_EID, '6115'],
    ]);
  });
  it('is forgotten by a reset', async () => {
    const { uicc } = await openIsdr(CAPABILITY);
    uicc.powerOn();
    await converse(uicc, [
      ['00A4040C10A0000005591010FFFFFFFF8900000100', '9000'],
      ['80E2910006BF3E035C015A', '6985'],
    ]);
  });
  it('is refused where it cannot be read, and tells the observer what it took', async () => {
    const { uicc, events } = testUicc();
    await converse(uicc, [
      ['80AA000005A904840101', '6A80'],
      ['80AA000005A803840101', '6A80'],
      ['80AA000006A90384010100', '6A80'],
      ['80AA000000', '6700'],
      ['00AA000005A903840101', '6E00'],
      [CAPABILITY, '9000'],
    ]);
    expect(events).deep.equals([{ kind: 'terminalCapability', octets: octets('A903840101'), isDeclared: true }]);
  });
});

describe('logical channels', () => {
  it('are given out from 1 to 3, closed, and given out again', async () => {
    const { uicc, events } = testUicc();
    await converse(uicc, [
      ['0070000001', '019000'],
      ['0070000000', '6C01'],
      ['00700000', '6C01'],
      ['0070000001', '029000'],
      ['0170000001', '039000'],
      ['0070000001', '6A81'],
      ['0070800200', '9000'],
      ['00708002', '6881'],
      ['0070000001', '029000'],
      // A channel closes itself with the number 0.
      ['0370800000', '9000'],
      ['0370800000', '6881'],
    ]);
    const numbers = events.map(event => ('channel' in event ? `${event.kind} ${event.channel}` : event.kind));
    expect(numbers).deep.equals(['Opened 1', 'Opened 2', 'Opened 3', 'Closed 2', 'Opened 2', 'Closed 3'].map(text => `channel${text}`));
  });
  it('are opened with a number of the terminal, once', async () => {
    const { uicc } = testUicc();
    await converse(uicc, [
      ['0070000300', '9000'],
      ['00700003', '6A86'],
      ['0070000001', '019000'],
      ['0070000400', '6881'],
      ['0070010000', '6A86'],
      ['0070800000', '6A86'],
      ['00700000020101', '6700'],
    ]);
  });
  it('go up to 19 with further class octets', async () => {
    const { uicc } = testUicc({ options: { overrides: [() => ({ channels: () => 25 })] } });
    await send(uicc, CAPABILITY);
    for (let number = 1; number <= 19; number++) expect(await send(uicc, '0070000001')).equals(`${hex(Uint8Array.of(number))}9000`);
    await converse(uicc, [
      ['0070000001', '6A81'],
      ['0070001400', '6881'],
      ['4FA4040C10A0000005591010FFFFFFFF8900000100', '9000'],
      ['CFE2910006BF3E035C015A', '6115'],
      ['4FC0000015', `${EID}9000`],
      ['0070801300', '9000'],
      ['CFE2910006BF3E035C015A', '6881'],
    ]);
  });
  it('refuses class octets of secure messaging, chaining and none at all', async () => {
    const { uicc } = testUicc();
    for (const [cla, sw] of [
      ['04', '6882'],
      ['0C', '6882'],
      ['60', '6882'],
      ['10', '6884'],
      ['50', '6884'],
      ['20', '6E00'],
      ['A0', '6E00'],
      ['FF', '6E00'],
      ['02', '6881'],
      ['C0', '6881'],
    ] as const)
      expect(await send(uicc, `${cla}A40004023F00`), cla).equals(sw);
    expect(await send(uicc, '80A40004023F00')).equals('6E00');
    expect(await send(uicc, '00F2000000')).equals('6E00');
    expect(await send(uicc, '8044000000')).equals('6D00');
  });
});

describe('response data over T=0', () => {
  it('come in parts by GET RESPONSE of either class, with 6Cxx for a length that is too long', async () => {
    const { uicc } = await testIsdr();
    await converse(uicc, [
      [GET_EID, '6115'],
      ['01C0000000', '6C15'],
      ['01C00000', '6C15'],
      ['01C0000016', '6C15'],
      ['81C0000005', `${EID.slice(0, 10)}6110`],
      ['01C0000010', `${EID.slice(10)}9000`],
      ['01C0000010', '6985'],
    ]);
  });
  it('longer than 256 octets are announced with 00', async () => {
    const long = new Uint8Array(600).fill(0xab);
    const { uicc } = await testIsdr({ execute: () => ({ sw: '9000', octets: long }) });
    await converse(uicc, [
      [GET_EID, '6100'],
      ['01C0000000', `${'AB'.repeat(256)}6100`],
      ['01C00000FF', `${'AB'.repeat(255)}6159`],
      ['01C0000059', `${'AB'.repeat(89)}9000`],
    ]);
  });
  it('wait on their own channel, until another command comes there', async () => {
    const { uicc } = await testIsdr();
    await converse(uicc, [
      [GET_EID, '6115'],
      ['00C0000015', '6985'],
      ['80F2000C00', '9000'],
      ['01C0010015', '6A86'],
      ['01C0000001AA', '6700'],
      ['01C0000015', `${EID}9000`],
      [GET_EID, '6115'],
      ['81F2000C00', '9000'],
      ['01C0000015', '6985'],
    ]);
  });
  it('wrong lengths of whole commands are refused', async () => {
    const { uicc } = await testIsdr();
    for (const apdu of [
      '',
      '81',
      '81E291',
      '81E2910006BF3E',
      '81E2910006BF3E035C015A0000',
      '81E29100000006BF3E035C015A',
      '81E2910006',
      '81E29100',
    ])
      expect(await send(uicc, apdu), apdu).equals('6700');
    expect(await send(uicc, `${GET_EID}00`)).equals('6115');
  });
});

describe('a UICC without power', () => {
  it('gives no diagnosis, and starts from nothing', async () => {
    const euicc = testUicc().euicc;
    const uicc = createUicc({
      port: { es10: async () => euicc.execute(octets('BF2E00')), isdrTemplates: () => new Uint8Array(), subscription: () => undefined },
    });
    expect(await send(uicc, CAPABILITY)).equals('6F00');
    uicc.powerOn();
    await converse(uicc, [['0070000001', '019000']]);
    uicc.powerOff();
    uicc.powerOff();
    expect(await send(uicc, CAPABILITY)).equals('6F00');
    uicc.powerOn();
    await converse(uicc, [['0070000001', '019000']]);
  });
});
