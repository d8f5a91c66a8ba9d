import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import { GetEuiccDataRequest } from '#protocol/rsp/info.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { createEuicc } from '../roles/euicc/index.js';
import { EID1, testWorld } from '../roles/euicc/test-bench.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc } from '../uicc/index.js';
import { es10Client, openCardClient } from './es10-card.js';

const { signal } = new AbortController();
const binding = es10Client({ spec: '1.2' });
const GET_EID = encode(GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) });

const open = () => {
  const euicc = createEuicc({ eid: EID1 }, testWorld());
  return openCardClient(memoryReader(createUicc({ port: portOf(euicc) })));
};
const long = new Uint8Array(400).fill(1);

describe('a card as a client', () => {
  it('carries a command and its response, with the APDUs that it took', async () => {
    const client = open();
    const reply = await client.exchange(binding.write(GetEuiccDataRequest, GET_EID), { signal });
    expect(reply.meta).to.include({ sw: '9000' });
    expect(reply.meta.trace).to.match(/^80AA000005A903840101 -> 9000\n0070000001 -> 019000/);
    expect(binding.read(reply, 'GetEuiccDataRequest')).to.deep.include({ octets: fromHex(`BF3E125A10${EID1}`) });
    await client.close();
  });

  it('tells a status word as a refusal, and 9000 without data as an empty answer', () => {
    const reply = (sw: string, body = '') => ({
      meta: { sw },
      body: fromHex(body) ?? new Uint8Array(),
    });
    expect(binding.read(reply('6A80'), 'GetEuiccDataRequest')).to.deep.equal({
      nothing: 'unreadable',
      reason: 'status word 6A80',
      checks: [],
    });
    expect(binding.read(reply('9000'), 'GetEuiccDataRequest')).to.include({ nothing: 'empty' });
  });

  it('notices a response in a foreign tag, and octets behind it', () => {
    const checks = (body: string) => {
      const read = binding.read({ meta: { sw: '9000' }, body: fromHex(body) ?? new Uint8Array() }, 'GetEuiccDataRequest');
      return read.checks.map(({ ok }) => ok);
    };
    expect(checks(`BF3E125A10${EID1}`)).to.deep.equal([true]);
    expect(checks(`BF3E125A10${EID1}00`)).to.deep.equal([false]);
    expect(checks('BF2D02A000')).to.deep.equal([false]);
  });

  it('cuts commands into blocks of the size that a script asks for, and makes the mistakes that it names', async () => {
    const client = open();
    const send = (link: Record<string, string>, body = GET_EID) =>
      client.exchange({ meta: { command: 'GetEuiccDataRequest', ...link }, body }, { signal });
    const small = await send({ blockSize: '4' });
    expect(small.meta).to.include({ sw: '9000' });
    expect(small.meta.trace).to.include('81E2110004BF3E035C').and.include('81E29101');
    expect((await send({ apdu: 'wrongBlockNumber' }, long)).meta.sw).to.equal('6A86');
    expect((await send({})).meta.sw).to.equal('9000');
    expect((await send({ apdu: 'noCapability' })).meta.sw).to.equal('6985');
    expect(hex((await send({})).body)).to.equal(`BF3E125A10${EID1}`);
    await client.close();
  });

  it('says which segments of a profile go to the card, where a script does', () => {
    const { meta } = binding.write(BoundProfilePackage, new Uint8Array(), { segments: ['0', '1..'] });
    expect(meta).to.include({ command: 'BoundProfilePackage', segments: '0,1..' });
  });

  it('tells with the first reply after a selection what the ISD-R said of itself', async () => {
    const client = open();
    const ask = async () => (await client.exchange(binding.write(GetEuiccDataRequest, GET_EID), { signal })).meta;
    const first = await ask();
    expect(first).to.include({ euiccConfiguration: '' });
    expect(first.fci).to.match(/^6F.*E104800207?00$|^6F.*E103800100$/);
    expect(first.besideE1).to.match(/^8410A0000005591010FFFFFFFF8900000100[0-9A-F]*E0[0-9A-F]+$/);
    expect(await ask()).to.not.have.any.keys('fci', 'besideE1', 'euiccConfiguration');
    await client.restart();
    expect(await ask()).to.include({ fci: first.fci, besideE1: first.besideE1 });
    await client.close();
  });

  it('finds no template E1 where the card has none, and it inside the proprietary data where the card puts it', async () => {
    const told = async (writesFci: (templates: Uint8Array) => string) => {
      const uicc = createUicc({
        port: portOf(createEuicc({ eid: EID1 }, testWorld())),
        overrides: [() => ({ writesFci: templates => fromHex(writesFci(templates)) ?? templates })],
      });
      const client = openCardClient(memoryReader(uicc));
      const { meta } = await client.exchange(binding.write(GetEuiccDataRequest, GET_EID), { signal });
      await client.close();
      return meta;
    };
    expect(await told(() => '6F028400'))
      .to.include({ besideE1: '8400' })
      .and.not.have.property('euiccConfiguration');
    expect(await told(() => '6F0A8400A506E10480020640')).to.include({ besideE1: '8400', euiccConfiguration: 'enabledProfile' });
  });

  it('carries the commands that an eUICC for consumers has', () => {
    for (const name of ['EnableProfileRequest', 'DisableProfileRequest', 'DeleteProfileRequest'])
      expect(binding.answerTo(name)?.name).to.equal(name.replace('Request', 'Response'));
  });

  it('knows no other mistakes', async () => {
    const client = open();
    const failed = await client.exchange({ meta: { apdu: 'odd' }, body: GET_EID }, { signal }).catch((error: unknown) => String(error));
    expect(failed).to.match(/link apdu: expected one of wrongBlockNumber/);
    await client.close();
  });
});
