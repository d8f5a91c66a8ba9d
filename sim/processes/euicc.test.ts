import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { linkError } from '../../adapters/client-contract.js';
import { openTestReader } from '../../adapters/testing-vpcd.js';
import { openTerminal } from '../terminal/index.js';
import { GET_EID } from '../uicc/test-bench.js';
import { readEuiccOptions, startEuicc } from './euicc.js';
import { OptionError } from './process-options.js';

const EID1 = '89049032123451234512345678901235';
const EID2 = '89049032123451234512345678901332';

describe('simulated eUICC as a process', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const start = async (given: Readonly<Record<string, string>> = {}) => {
    const reader = await openTestReader();
    closing.push(reader.close);
    const running = await startEuicc(readEuiccOptions({ seed: '1', reader: `127.0.0.1:${reader.port}`, ...given }));
    closing.push(running.close);
    const terminal = async () => openTerminal(await reader.card());
    return { running, ask: async (command: Uint8Array) => (await (await terminal()).execute(command)).octets };
  };
  const control = async (url: string, method: string, body?: unknown) =>
    (await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })).status;

  it('is a card of the version that it is told, in the virtual reader', async () => {
    const { ask } = await start({ spec: '1.0.1' });
    expect(hex(await ask(GET_EID)).slice(10)).equals(EID1);
    const info = decode(EUICCInfo2, await ask(Uint8Array.of(0xbf, 0x22, 0x00)), { spec: '1.0' });
    expect((info.value.iotSpecificInfo?.iotVersion ?? []).map(hex)).deep.equals(['010001']);
  });

  it('gives way to another card, and comes back when it was out', async () => {
    const { running, ask } = await start();
    expect(await control(`${running.control}/card`, 'PUT', { eid: EID2 })).equals(200);
    expect(hex(await ask(GET_EID)).slice(10)).equals(EID2);
    expect(await control(`${running.control}/card/power-cycle`, 'POST')).equals(204);
    expect(hex(await ask(GET_EID)).slice(10)).equals(EID2);
  });

  it('says that there is no reader, and what is wrong with an option', async () => {
    await linkError(startEuicc(readEuiccOptions({ reader: '127.0.0.1:1' })), 'refused');
    expect(() => readEuiccOptions({ reader: 'there' })).to.throw(OptionError, '--reader: expected host:port, got there');
    expect(() => readEuiccOptions({ spec: '9' })).to.throw(OptionError, /^--spec: expected one of/);
    expect(() => readEuiccOptions({ port: 'pty' })).to.throw(OptionError, /got --port/);
  });
});
