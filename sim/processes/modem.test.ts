import { createServer } from 'node:net';
import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { linkError } from '../../adapters/client-contract.js';
import { modemOptions, openModem } from '../../adapters/modem.js';
import { openTerminal } from '../terminal/index.js';
import { GET_EID } from '../uicc/test-bench.js';
import { readCardArguments } from './card-options.js';
import { type RunningModem, readModemOptions, startModem } from './modem.js';
import { OptionError } from './process-options.js';

const EID1 = '89049032123451234512345678901235';
const EID2 = '89049032123451234512345678901332';
const ICCID = '989209012143658709F5';
/** eUICCMemoryReset: deleteOperationalProfiles. SGP.32 5.9.5 */
const DELETE_OPERATIONAL = Uint8Array.of(0xbf, 0x64, 0x04, 0x82, 0x02, 0x07, 0x80);
/** SetDefaultDpAddress `dp`. SGP.32 5.9.25 */
const SET_ADDRESS = Uint8Array.of(0xbf, 0x65, 0x04, 0x80, 0x02, 0x64, 0x70);
const { signal } = new AbortController();

describe('emulated modem as a process', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const start = async (given: Readonly<Record<string, string>> = {}, problems: string[] = []): Promise<RunningModem> => {
    const running = await startModem(readModemOptions({ seed: '1', ...given }), { report: problem => problems.push(problem) });
    closing.push(running.close);
    return running;
  };
  const device = async ({ port }: RunningModem) => {
    const modem = await openModem(modemOptions({ port, quiet: { seconds: 0.002 }, settle: { seconds: 0 } }), { signal });
    closing.push(modem.close);
    const terminal = openTerminal(modem);
    return { terminal, eid: async () => hex((await terminal.execute(GET_EID)).octets).slice(10) };
  };
  const control = async (running: RunningModem, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${running.control}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  for (const port of ['pty', '127.0.0.1:0', 'auto'])
    it(`is reached over ${port}, again and again`, async () => {
      const running = await start({ port, card: JSON.stringify({ profiles: [{ iccid: ICCID }] }) });
      expect(running.port).to.match(port === '127.0.0.1:0' ? /^tcp:\/\/127\.0\.0\.1:\d+$/ : /^\/dev\//);
      for (let time = 0; time < 2; time++) {
        expect(await (await device(running)).eid()).equals(EID1);
        await closing.pop()?.();
      }
    });

  it('shows its card and takes another one, as new', async () => {
    const running = await start({ card: `{"profiles":[{"iccid":"${ICCID}","state":"enabled"}]}` });
    const { terminal, eid } = await device(running);
    expect(await eid()).equals(EID1);
    const profile = { iccid: ICCID, state: 'enabled' };
    expect((await control(running, 'GET', '/card')).body.profiles[0]).to.include(profile);
    await terminal.execute(DELETE_OPERATIONAL);
    expect((await control(running, 'GET', '/card')).body.profiles).to.deep.equal([]);
    expect((await control(running, 'PUT', '/card', { eid: EID2 })).body).to.deep.include({ eid: EID2, eims: [] });
    expect((await control(running, 'GET', '/card')).body.profiles[0]).to.include(profile);
    await terminal.restart();
    expect(await eid()).equals(EID2);
  });

  it('keeps what is on the card over a power cycle, and loses the channels', async () => {
    const running = await start({ card: `{"profiles":[{"iccid":"${ICCID}"}]}` });
    const { terminal, eid } = await device(running);
    await eid();
    await terminal.execute(SET_ADDRESS);
    expect(await control(running, 'POST', '/card/power-cycle')).to.deep.equal({ status: 204, body: undefined });
    await linkError(terminal.execute(GET_EID), 'refused');
    await terminal.restart();
    expect(await eid()).equals(EID1);
    expect((await control(running, 'GET', '/card')).body.defaultDpAddress).equals('dp');
  });

  it('answers mistakes of its operator with the reason', async () => {
    const running = await start();
    expect((await control(running, 'PUT', '/card', { profile: [] })).body.error).to.match(/^expected keys out of eid, .*, got profile$/);
    for (const body of [{ eid: '12' }, { profiles: 5 }, { eid: '89049032123451234512345678909965' }])
      expect(await control(running, 'PUT', '/card', body), JSON.stringify(body)).to.deep.include({ status: 400 });
    expect((await control(running, 'GET', '/card')).body.eid).equals(EID1);
  });

  it('has the defects and variants that it is given, in every card', async () => {
    const running = await start({ defect: 'losesLastOctet', variant: 'brainpoolOnly,hasNoFallback', card: '{"curve":"P-256"}' });
    for (let time = 0; time < 2; time++) {
      const { terminal, eid } = await device(running);
      expect(await eid()).equals(EID1.slice(0, -2));
      // A key on brainpoolP256r1: 1.3.36.3.3.2.8.1.1.7.
      expect((await control(running, 'GET', '/card')).body.euiccCertificate).to.include('06092B240303020801010');
      await terminal.close();
      await closing.pop()?.();
      await control(running, 'PUT', '/card', {});
    }
  });

  it('holds cards of the version that it is told', async () => {
    const iotVersion = async (given: Readonly<Record<string, string>>): Promise<string> => {
      const { terminal } = await device(await start(given));
      const info = decode(EUICCInfo2, (await terminal.execute(Uint8Array.of(0xbf, 0x22, 0x00))).octets, { spec: '1.3' });
      return (info.value.iotSpecificInfo?.iotVersion ?? []).map(hex).join(' ');
    };
    expect(await iotVersion({})).equals('010200');
    for (const [spec, version] of [
      ['1.0.1', '010001'],
      ['1.1', '010100'],
      ['1.3', '010300'],
    ] as const)
      expect(await iotVersion({ spec, variant: 'brainpoolOnly' })).equals(version);
  });

  it('has one user at a time over TCP', async () => {
    const running = await start({ port: '127.0.0.1:0' });
    const { eid } = await device(running);
    const second = modemOptions({ port: running.port, commandTimeout: { seconds: 2 } });
    await linkError(openModem(second, { signal }), 'closed');
    expect(await eid()).equals(EID1);
  });

  it('says what is wrong with an option', async () => {
    for (const [given, message] of [
      [{ port: 'com1' }, /^--port: expected auto, pty or host:port, got com1$/],
      [{ card: '{' }, /^--card: /],
      [{ card: 'no-such-file.json' }, /^--card: .*no such file/],
      [{ card: '{"eids":[]}' }, /^--card: expected keys out of/],
      [{ defect: 'none' }, /^--defect: expected one of /],
      [{ spec: '2.0' }, /^--spec: expected one of 1.0.1, 1.0, 1.1, 1.2, 1.3, got 2.0$/],
      [{ variant: 'none' }, /^--variant: expected one of /],
      [{ quirks: 'echo' }, /^--quirks: expected name=value, got echo$/],
      [{ quirks: 'echo=thrice' }, /^--quirks: echo: expected byCommand/],
    ] as const)
      expect(() => readModemOptions(given)).to.throw(OptionError, message);
    for (const words of [['--defect'], ['defect', 'losesLastOctet'], ['--port', 'pty']])
      expect(() => readCardArguments(words), words.join(' ')).to.throw(OptionError);
    expect(readCardArguments(['--seed', '7', '--defect', 'losesLastOctet'])).to.deep.include({ seed: '7', config: {} });
    await startModem(readModemOptions({ card: '{"eid":"12"}' })).then(
      () => expect.fail('started'),
      error => expect(error).to.be.instanceOf(OptionError),
    );
  });

  it('says that it cannot listen', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise(resolve => server.close(resolve)));
    const bound = server.address();
    const taken = `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : ''}`;
    await linkError(startModem(readModemOptions({ port: taken })), 'unreachable');
    await startModem(readModemOptions({ port: '127.0.0.1:0', control: taken })).then(
      () => expect.fail('started'),
      error => expect(error).to.have.property('code', 'EADDRINUSE'),
    );
  });
});
