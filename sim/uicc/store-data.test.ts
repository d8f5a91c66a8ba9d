import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { EID1 } from '../roles/euicc/test-bench.js';
import type { UiccOverride } from './index.js';
import { converse, GET_EID, SELECT_ISDR, send, testIsdr } from './test-bench.js';

const EID = `BF3E125A10${EID1}`;
/** A card that keeps what ES10 is asked, and answers it with nothing. */
const listening = async (overrides: readonly UiccOverride[] = []) => {
  const commands: string[] = [];
  const made = await testIsdr({
    options: { overrides },
    execute: command => {
      commands.push(hex(command));
      return { sw: '9000', octets: new Uint8Array() };
    },
  });
  return { ...made, commands };
};

describe('STORE DATA', () => {
  it('puts one command together from blocks of any size', async () => {
    for (let size = 1; size <= GET_EID.length; size++) {
      const { uicc } = await testIsdr();
      const count = Math.ceil(GET_EID.length / size);
      for (let n = 0; n < count; n++) {
        const block = GET_EID.subarray(n * size, (n + 1) * size);
        const isLast = n === count - 1;
        const header = `81E2${isLast ? '91' : '11'}${hex(Uint8Array.of(n, block.length))}`;
        expect(await send(uicc, header + hex(block))).equals(isLast ? '6115' : '9000');
      }
      expect(await send(uicc, '01C0000015')).equals(`${EID}9000`);
    }
  });

  it('takes 256 blocks of 255 octets, and says 6A84 where there is no room for more', async () => {
    const block = 'AA'.repeat(255);
    const fill = async (uicc: Parameters<typeof send>[0]) => {
      for (let n = 0; n < 255; n++) expect(await send(uicc, `81E211${hex(Uint8Array.of(n, 255))}${block}`)).equals('9000');
    };
    const { uicc, commands } = await listening();
    await fill(uicc);
    expect(await send(uicc, `81E291FFFF${block}`)).equals('9000');
    expect(commands).deep.equals(['AA'.repeat(0x100 * 0xff)]);
    await fill(uicc);
    expect(await send(uicc, `81E211FFFF${block}`)).equals('6A84');
    const small = await listening([() => ({ longestCommand: () => 4 })]);
    await converse(small.uicc, [
      ['81E2110003AAAAAA', '9000'],
      ['81E2910102AAAA', '6A84'],
      ['81E2910102AAAA', '6985'],
      ['81E2910004BBBBBBBB', '9000'],
    ]);
    expect(small.commands).deep.equals(['BBBBBBBB']);
  });

  it('refuses a block out of order, and the rest of its command', async () => {
    const { uicc, commands, events } = await listening();
    await converse(uicc, [
      ['81E2110001AA', '9000'],
      ['81E2110201BB', '6A86'],
      ['81E2910101CC', '6985'],
      ['81E2110001AA', '9000'],
      ['81E2110101AA', '9000'],
      ['81E2110101AA', '6A86'],
      ['81E2910501AA', '6985'],
    ]);
    expect(commands).deep.equals([]);
    expect(events.filter(event => event.kind === 'commandDiscarded').map(event => hex(event.octets))).deep.equals(['AA', 'AAAA']);
  });

  it('starts anew with block 0, and after any other command on the channel', async () => {
    const { uicc, commands } = await listening();
    await converse(uicc, [
      ['81E2110001AA', '9000'],
      ['81E2110001BB', '9000'],
      ['81E2910101CC', '9000'],
      ['81E2110001DD', '9000'],
      ['81F2000C00', '9000'],
      ['81E2910101EE', '6985'],
      ['81E2110001DD', '9000'],
      ['8188000000', '6D00'],
      ['81E2910101EE', '6985'],
    ]);
    expect(commands).deep.equals(['BBCC']);
  });

  it('keeps the commands of two channels apart', async () => {
    const { uicc, commands } = await listening();
    await converse(uicc, [
      ['0070000001', '029000'],
      [SELECT_ISDR.replace(/^01A40400/, '02A4040C'), '9000'],
      ['81E2110001AA', '9000'],
      ['82E2110001BB', '9000'],
      ['80F2000C00', '9000'],
      ['82E2910101BB', '9000'],
      ['81E2910101AA', '9000'],
    ]);
    expect(commands).deep.equals(['BBBB', 'AAAA']);
  });

  it('refuses P1 that is neither 11 nor 91, a block without data, and a channel without the ISD-R', async () => {
    const { uicc, commands } = await listening();
    await converse(uicc, [
      ['81E2900001AA', '6A86'],
      ['81E2000001AA', '6A86'],
      ['81E2910000', '6700'],
      ['81E29100', '6700'],
      ['80E2910001AA', '6D00'],
      ['01E2910001AA', '6E00'],
      ['81A40004023F00', '6E00'],
      ['01A4000C023F00', '9000'],
      ['81E2910001AA', '6D00'],
    ]);
    expect(commands).deep.equals([]);
  });

  it('passes status words of the eUICC on, without data', async () => {
    const { uicc } = await testIsdr({ execute: () => ({ sw: '6A88', octets: GET_EID }) });
    await converse(uicc, [['81E2910001AA', '6A88']]);
    const { uicc: real } = await testIsdr();
    await converse(real, [
      ['81E2910003BF7E00', '6A88'],
      ['81E2910004BF3E0501', '6A80'],
    ]);
  });

  it('says 6F00, and tells the observer, where the eUICC breaks its promise', async () => {
    const { uicc, events } = await testIsdr({ execute: () => Promise.reject(new Error('no script')) });
    await converse(uicc, [['81E2910001AA', '6F00']]);
    expect(events.at(-1)).to.include({ kind: 'fault' });
    const odd = await testIsdr({ execute: () => ({ sw: 'ok', octets: new Uint8Array() }) });
    await converse(odd.uicc, [['81E2910001AA', '6F00']]);
    expect(odd.events.at(-1)).to.include({ kind: 'fault' });
  });
});

describe('a reset in the middle', () => {
  it('of a chain discards it', async () => {
    const { uicc, commands } = await listening();
    await converse(uicc, [['81E2110001AA', '9000']]);
    uicc.powerOn();
    await converse(uicc, [
      ['81E2910101AA', '6881'],
      ['80AA000005A903840101', '9000'],
      ['0070000001', '019000'],
      [SELECT_ISDR, '6127'],
      ['81E2910101AA', '6985'],
    ]);
    expect(commands).deep.equals([]);
  });

  it('of a command ends the wait for its answer, and nothing of what was queued behind it is carried out', async () => {
    const started: string[] = [];
    let finish = (): void => {};
    let begin = (): void => {};
    const begun = new Promise<void>(resolve => {
      begin = resolve;
    });
    const { uicc } = await testIsdr({
      execute: command => {
        started.push(hex(command));
        begin();
        return new Promise(resolve => {
          finish = () => resolve({ sw: '9000', octets: command });
        });
      },
    });
    const answers = ['81E2910001AA', '81E2910001BB'].map(command => send(uicc, command));
    await begun;
    expect(started).deep.equals(['AA']);
    uicc.powerOn();
    expect(await Promise.all(answers)).deep.equals(['6F00', '6F00']);
    await converse(uicc, [['0070000001', '019000']]);
    finish();
    await converse(uicc, [['01C0000001', '6985']]);
    expect(started).deep.equals(['AA']);
  });
});
