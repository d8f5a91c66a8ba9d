import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import type { AtLine } from './at-dialogue.js';
import { linkError } from './client-contract.js';
import { QUICK, type ScriptedModem, said, scriptedModem } from './fixtures/scripted-modem.js';
import { MODEM_DEFAULTS, MODEM_SETTINGS, type Modem, type ModemOptions, modemOptions, openModem } from './modem.js';
import { channelOf, longestApdu, longestResponseData, onChannel } from './modem-apdu.js';

const wait = { signal: new AbortController().signal };
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex').toUpperCase();
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const ISD_R = octets('A0000005591010FFFFFFFF8900000100');
describe('a modem', () => {
  const closing: Modem[] = [];
  afterEach(async () => {
    for (const modem of closing.splice(0)) await modem.close();
  });
  const open = async (modem: ScriptedModem, options: Partial<ModemOptions> = {}, onLine?: (line: AtLine) => void): Promise<Modem> => {
    const opened = await openModem(modemOptions({ port: 'memory', ...QUICK, ...options }), {
      ...wait,
      openPort: async () => modem.port,
      ...(onLine ? { onLine } : {}),
    });
    closing.push(opened);
    return opened;
  };
  /** Answers as the table says, and OK to everything else. */
  const answering = (answers: Readonly<Record<string, readonly string[]>>): ScriptedModem =>
    scriptedModem(command => said(...(answers[command] ?? ['OK'])));

  it('describes every setting, and has a default for all but the port', () => {
    expect(Object.keys(MODEM_DEFAULTS).sort()).to.deep.equal(
      Object.keys(MODEM_SETTINGS)
        .filter(name => name !== 'port')
        .sort(),
    );
    for (const [name, value] of Object.entries(MODEM_DEFAULTS)) {
      const setting = Object.entries(MODEM_SETTINGS).find(([key]) => key === name)?.[1];
      const type = Array.isArray(value)
        ? 'texts'
        : typeof value === 'number'
          ? 'integer'
          : typeof value === 'object'
            ? 'duration'
            : undefined;
      if (type) expect(setting?.type, name).to.equal(type);
      else expect(setting?.words ?? [value], name).to.include(value);
    }
  });

  it('has every setting in its page, as it is described here', () => {
    const page = readFileSync(new URL('../../docs/modem.md', import.meta.url), 'utf8');
    for (const [name, { text }] of Object.entries(MODEM_SETTINGS))
      expect(page)
        .to.match(new RegExp(`^\\| \`${name}\` \\|.*\\|$`, 'm'))
        .and.contain(text);
  });

  // The dialogue of GetEID on channel 1; 3GPP TS 27.007 8.17.
  it('carries APDUs as they are in AT+CSIM', async () => {
    const modem = answering({
      'AT+CSIM=10,"0070000001"': ['+CSIM: 6,"019000"', 'OK'],
      'AT+CSIM=42,"01A4040010A0000005591010FFFFFFFF8900000100"': ['+CSIM: 4,"6121"', 'OK'],
      'AT+CSIM=22,"81E2910006BF3E035C015A"': ['+CSIM: 4,"6115"', 'OK'],
      'AT+CSIM=10,"01C0000015"': ['+CSIM: 46,"BF3E125A10890490321234512345123456789012359000"', 'OK'],
    });
    const card = await open(modem, { apdu: 'CSIM' });
    expect(card).to.include({ apdu: 'CSIM', basicChannel: true, address: 'memory' });
    expect(card.openChannel).to.equal(undefined);
    const transmit = async (text: string) => hex(await card.transmit(octets(text), wait));
    expect(await transmit('0070000001')).to.equal('019000');
    expect(await transmit('01A4040010A0000005591010FFFFFFFF8900000100')).to.equal('6121');
    expect(await transmit('81E2910006BF3E035C015A')).to.equal('6115');
    expect(await transmit('01C0000015')).to.equal('BF3E125A10890490321234512345123456789012359000');
    expect(modem.commands.slice(0, 4)).to.deep.equal(['AT', 'ATE0', 'ATV1', 'AT+CMEE=1']);
  });

  it('opens, uses and closes a channel by AT+CCHO, AT+CGLA and AT+CCHC', async () => {
    const modem = answering({
      'AT+CCHO="A0000005591010FFFFFFFF8900000100"': ['+CCHO: 1', 'OK'],
      'AT+CGLA=1,22,"81E2910006BF3E035C015A"': ['+CGLA: 4,"6115"', 'OK'],
      'AT+CSIM=10,"0070000001"': ['+CSIM: 6,"029000"', 'OK'],
      'AT+CCHC=1': ['+CCHC', 'OK'],
    });
    const card = await open(modem, { apdu: 'CGLA' });
    expect(await card.openChannel?.(ISD_R, wait)).to.equal(1);
    expect(hex(await card.transmit(octets('81E2910006BF3E035C015A'), wait))).to.equal('6115');
    // The basic channel is no session, so it goes by AT+CSIM.
    expect(hex(await card.transmit(octets('0070000001'), wait))).to.equal('029000');
    await card.closeChannel?.(1, wait);
    expect(modem.commands.at(-1)).to.equal('AT+CCHC=1');
    await card.closeChannel?.(1, wait);
    expect(modem.commands.filter(c => c === 'AT+CCHC=1')).to.have.length(1);
  });

  it('gives sessions that are no channel numbers a number from above', async () => {
    let session = 257;
    const modem = scriptedModem(command => {
      if (command.startsWith('AT+CCHO="')) return said(String(++session), 'OK');
      return command.startsWith('AT+CGLA=258') ? said('+CGLA: 4,"9000"', 'OK') : said('OK');
    });
    const card = await open(modem, { apdu: 'CGLA' });
    expect(await card.openChannel?.(ISD_R, wait)).to.equal(19);
    await card.transmit(octets('CFE2910003BF2200'), wait);
    expect(modem.commands.at(-1)).to.equal('AT+CGLA=258,16,"80E2910003BF2200"');
    for (let channel = 18; channel >= 1; channel--) expect(await card.openChannel?.(ISD_R, wait)).to.equal(channel);
    if (!card.openChannel) throw new Error('no openChannel');
    await linkError(card.openChannel(ISD_R, wait), 'protocol');
  });

  it('takes a session id that is given out again for a new session', async () => {
    const card = await open(answering({ 'AT+CCHO="A0000005591010FFFFFFFF8900000100"': ['+CCHO: 1', 'OK'] }), { apdu: 'CGLA' });
    for (let time = 0; time < 2; time++) expect(await card.openChannel?.(ISD_R, wait)).to.equal(1);
  });

  it('puts what the setting says into the channel bits', async () => {
    const sent = async (channelBits: ModemOptions['channelBits'], session: number, apdu: string): Promise<string | undefined> => {
      const modem = scriptedModem(command =>
        command.startsWith('AT+CCHO="') ? said(`+CCHO: ${session}`, 'OK') : said('+CGLA: 4,"9000"', 'OK'),
      );
      const card = await open(modem, { apdu: 'CGLA', channelBits });
      await card.openChannel?.(ISD_R, wait);
      await card.transmit(octets(apdu), wait);
      return modem.commands.at(-1);
    };
    expect(await sent('session', 2, '82E2910000')).to.equal('AT+CGLA=2,10,"82E2910000"');
    expect(await sent('session', 5, 'C1E2910000')).to.equal('AT+CGLA=5,10,"C1E2910000"');
    expect(await sent('zero', 2, '82E2910000')).to.equal('AT+CGLA=2,10,"80E2910000"');
    expect(await sent('asSent', 99, 'CFE2910000')).to.equal('AT+CGLA=99,10,"CFE2910000"');
  });

  it('names the channel of a CLA and puts another in its place', () => {
    for (const base of [0x00, 0x80, 0xa0, 0x0c, 0x8c])
      for (let channel = 0; channel <= 19; channel++) {
        const cla = onChannel(base, channel);
        expect(channelOf(cla)).to.equal(channel);
        // Further interindustry classes have no A0.
        if (base !== 0xa0 || channel < 4) expect(onChannel(cla, 0)).to.equal(base);
      }
    expect(onChannel(0x80, 4)).to.equal(0xc0);
    expect(onChannel(0x8c, 19)).to.equal(0xef);
  });

  it('chooses the commands that the modem says it has', async () => {
    const without = (...names: readonly string[]) => {
      const lacks = (command: string) => names.some(name => command.startsWith(`AT+${name}`));
      return scriptedModem(command => said(lacks(command) ? 'ERROR' : 'OK'));
    };
    expect(await open(without())).to.include({ apdu: 'CGLA', basicChannel: true });
    expect(await open(without('CGLA'))).to.include({ apdu: 'CSIM', basicChannel: true });
    expect(await open(without('CCHO'))).to.include({ apdu: 'CSIM' });
    const card = await open(without('CSIM'));
    expect(card).to.include({ apdu: 'CGLA', basicChannel: false });
    await linkError(card.transmit(octets('80AA000000'), wait), 'unreachable');
    const error = await linkError(open(without('CSIM', 'CGLA')), 'refused');
    expect(error.message).to.equal('the modem at memory has neither AT+CCHO with AT+CGLA nor AT+CSIM');
  });

  it('sends hex and line ends as told', async () => {
    const modem = answering({ 'AT+CSIM=14,"00a40004023f00"': ['+CSIM: 4,"9000"', 'OK'] });
    const card = await open(modem, { apdu: 'CSIM', hexCase: 'lower', lineEnding: 'CRLF' });
    await card.transmit(octets('00A40004023F00'), wait);
    expect(modem.commands).to.include('AT+CSIM=14,"00a40004023f00"');
  });

  it('says what a modem refused, in each form of an error', async () => {
    for (const [answer, told] of [
      ['ERROR', 'ERROR'],
      ['+CME ERROR: 13', '+CME ERROR: 13 (SIM failure)'],
      ['+CME ERROR: SIM failure', '+CME ERROR: SIM failure'],
    ] as const) {
      const card = await open(answering({ 'AT+CSIM=8,"00F20000"': [answer] }), { apdu: 'CSIM' });
      const error = await linkError(card.transmit(octets('00F20000'), wait), 'refused');
      expect(error.message).to.equal(`the modem at memory answered AT+CSIM=8,"00F20000" with ${told}`);
    }
    await linkError(open(answering({ ATV1: ['ERROR'] })), 'refused');
  });

  it('tries again while the card is busy, as often as told', async () => {
    let busy = 3;
    const modem = scriptedModem(command => {
      if (!command.startsWith('AT+CSIM=')) return said('OK');
      return busy-- > 0 ? said('+CME ERROR: 14') : said('+CSIM: 4,"9000"', 'OK');
    });
    const card = await open(modem, { apdu: 'CSIM', busyRetries: 3 });
    expect(hex(await card.transmit(octets('00F20000'), wait))).to.equal('9000');
    busy = 4;
    await linkError(card.transmit(octets('00F20000'), wait), 'refused');
  });

  it('refuses answers that are no response APDU', async () => {
    for (const lines of [['OK'], ['+CSIM: 46,"BF3E"', 'OK'], ['+CSIM: 2,"90"', 'OK'], ['+CSIM: 0,""', 'OK']]) {
      const card = await open(answering({ 'AT+CSIM=8,"00F20000"': lines }), { apdu: 'CSIM' });
      await linkError(card.transmit(octets('00F20000'), wait), 'protocol');
    }
  });

  it('keeps to the longest line, and tells the longest command', async () => {
    const card = await open(
      scriptedModem(() => said('+CSIM: 4,"9000"', 'OK')),
      { apdu: 'CSIM', longestLine: 100 },
    );
    expect(card.longestCommand).to.equal(41);
    await card.transmit(new Uint8Array(41), wait);
    expect((await linkError(card.transmit(new Uint8Array(60), wait), 'tooLarge')).message).to.contain('longestLine of memory is 100');
    expect(longestApdu(0)).to.equal(undefined);
    expect(longestApdu(3)).to.equal(0);
    expect([0, 3, 100, 10_000].map(longestResponseData)).to.deep.equal([undefined, 1, 41, 256]);
  });

  it('resets the card, by an unsolicited line or by asking', async () => {
    const tells = scriptedModem(command => (command === 'AT+CFUN=1' ? said('+CPIN: READY', 'OK') : said('OK')));
    const card = await open(tells, { apdu: 'CSIM' });
    expect(await card.reset(wait)).to.have.length(0);
    expect(tells.commands.slice(-2)).to.deep.equal(['AT+CFUN=0', 'AT+CFUN=1']);

    let asked = 0;
    const asks = scriptedModem(command => {
      if (command !== 'AT+CPIN?') return said('OK');
      return ++asked < 3 ? said('+CME ERROR: 10') : said('+CPIN: READY', 'OK');
    });
    await (await open(asks, { apdu: 'CSIM' })).reset(wait);
    expect(asked).to.equal(3);
  });

  it('says that a card does not get ready, and when it cannot be reset', async () => {
    const never = await open(answering({ 'AT+CPIN?': ['+CME ERROR: 10'] }), { apdu: 'CSIM', resetTimeout: { seconds: 0.03 } });
    await linkError(never.reset(wait), 'timeout');
    const refusing = await open(answering({ 'AT+CFUN=0': ['ERROR'] }), { apdu: 'CSIM' });
    await linkError(refusing.reset(wait), 'refused');
    const without = await open(answering({}), { apdu: 'CSIM', reset: [] });
    await linkError(without.reset(wait), 'unreachable');
    const unasked = await open(answering({}), { apdu: 'CSIM', ready: [] });
    await unasked.reset(wait);
  });

  it('forgets its channels with a reset', async () => {
    const modem = scriptedModem(command => {
      if (command.startsWith('AT+CCHO="')) return said('+CCHO: 1', 'OK');
      return command.startsWith('AT+CSIM=1') ? said('+CSIM: 4,"6881"', 'OK') : said('OK');
    });
    const card = await open(modem, { apdu: 'CGLA', ready: [] });
    await card.openChannel?.(ISD_R, wait);
    await card.reset(wait);
    expect(hex(await card.transmit(octets('81E2910000'), wait))).to.equal('6881');
  });

  it('sends AT commands of a lab up to the first that fails', async () => {
    const modem = answering({ 'AT+GMM': ['EG25', 'OK'], 'AT+NO': ['+CME ERROR: 4'] });
    const answers = await (await open(modem)).at(['AT+GMM', 'AT+NO', 'AT+NEVER'], wait);
    expect(answers).to.deep.equal([
      { result: { ok: true }, lines: ['EG25'] },
      { result: { ok: false, kind: '+CME ERROR', code: 4, text: '+CME ERROR: 4 (operation not supported)' }, lines: [] },
    ]);
    expect(modem.commands).to.not.include('AT+NEVER');
  });

  it('reaches a modem behind TCP, and says when there is none', async () => {
    const server = createServer(socket => {
      socket.on('error', () => {});
      socket.on('data', chunk => socket.write(String(chunk).includes('CSIM=8') ? said('+CSIM: 4,"9000"', 'OK') : said('OK')));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address();
    const port = `tcp://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : ''}`;
    const lines: AtLine[] = [];
    const card = await openModem(modemOptions({ ...QUICK, port }), { ...wait, onLine: line => lines.push(line) });
    expect(hex(await card.transmit(octets('00F20000'), wait))).to.equal('9000');
    expect(lines).to.deep.include({ direction: 'received', text: '+CSIM: 4,"9000"' });
    await card.close();
    await linkError(card.transmit(octets('00F20000'), wait), 'closed');
    await new Promise(resolve => server.close(resolve));
    await linkError(openModem(modemOptions({ ...QUICK, port }), wait), 'refused');
    await linkError(openModem(modemOptions({ port: 'tcp://nowhere' }), wait), 'unreachable');
    await linkError(openModem(modemOptions({ port }), { signal: AbortSignal.abort(new Error('over')) }), 'timeout');
  });

  it('says that a serial port cannot be opened', async () => {
    const error = await linkError(openModem(modemOptions({ port: '/dev/no-such-port' }), wait), 'unreachable');
    expect(error.message).to.match(/^\/dev\/no-such-port cannot be opened: .*No such file/);
  });
});
