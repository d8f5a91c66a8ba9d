import { expect } from 'chai';
import fc from 'fast-check';
import { LinkError } from './adapter.js';
import { linkError } from './client-contract.js';
import { QUICK, type ScriptedModem, said, scriptedModem } from './fixtures/scripted-modem.js';
import { type Modem, type ModemOptions, modemOptions, openModem } from './modem.js';

const wait = { signal: new AbortController().signal };
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex').toUpperCase();
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const ISD_R = octets('A0000005591010FFFFFFFF8900000100');

describe('a modem whose port vanishes', () => {
  const closing: Modem[] = [];
  afterEach(async () => {
    for (const modem of closing.splice(0)) await modem.close();
  });
  /** Each port is another; `count` tells the answers which one it is. */
  const returning = async (
    answer: (command: string, count: number, vanish: () => void) => string | undefined,
    options: Partial<ModemOptions>,
  ) => {
    const ports: ScriptedModem[] = [];
    const openPort = async () => {
      const count = ports.length + 1;
      const port = scriptedModem(command => answer(command, count, port.vanish));
      ports.push(port);
      return port.port;
    };
    const card = await openModem(modemOptions({ port: 'memory', ...QUICK, returnTimeout: { seconds: 2 }, ...options }), {
      ...wait,
      openPort,
    });
    closing.push(card);
    return { card, ports };
  };

  it('fails what was under way, and is used again when it is back', async () => {
    const { card, ports } = await returning(
      (command, count, vanish) => {
        if (command !== 'AT+CSIM=8,"00F20000"') return said('OK');
        if (count > 1) return said('+CSIM: 4,"9000"', 'OK');
        vanish();
        return undefined;
      },
      { apdu: 'CSIM' },
    );
    await linkError(card.transmit(octets('00F20000'), wait), 'closed');
    expect(hex(await card.transmit(octets('00F20000'), wait))).to.equal('9000');
    expect(ports[1]?.commands).to.deep.equal(['AT', 'ATE0', 'ATV1', 'AT+CMEE=1', 'AT+CSIM=8,"00F20000"']);
  });

  it('is reset by a command that starts it again', async () => {
    let asked = 0;
    const { card, ports } = await returning(
      (command, count, vanish) => {
        if (command === 'AT+CFUN=1,1') {
          vanish();
          return undefined;
        }
        if (command !== 'AT+CPIN?') return said('OK');
        return count === 2 && ++asked === 2 ? said('+CPIN: READY', 'OK') : said('+CME ERROR: 14');
      },
      { apdu: 'CSIM', reset: ['AT+CFUN=1,1'] },
    );
    await card.reset(wait);
    expect(ports).to.have.length(2);
    expect(asked).to.equal(2);
  });

  it('has no sessions any more when it is back', async () => {
    const { card } = await returning(
      (command, count, vanish) => {
        if (command.startsWith('AT+CCHO="')) return said('+CCHO: 1', 'OK');
        if (command.startsWith('AT+CSIM=1')) return said('+CSIM: 4,"6881"', 'OK');
        if (count === 1 && command.startsWith('AT+CGLA=1,')) vanish();
        return said('OK');
      },
      { apdu: 'CGLA' },
    );
    await card.openChannel?.(ISD_R, wait);
    await linkError(card.transmit(octets('81E2910000'), wait), 'closed');
    expect(hex(await card.transmit(octets('81E2910000'), wait))).to.equal('6881');
  });

  it('is gone for good when it does not come back in its time', async () => {
    let isThere = true;
    const modem = scriptedModem(command => {
      if (command.startsWith('AT+CSIM=8')) modem.vanish();
      return said('OK');
    });
    const openPort = async () => {
      if (isThere) return modem.port;
      throw new LinkError('unreachable', 'no such port');
    };
    const options = modemOptions({ port: 'memory', ...QUICK, apdu: 'CSIM', returnTimeout: { seconds: 0.03 } });
    const card = await openModem(options, { ...wait, openPort });
    isThere = false;
    for (let time = 0; time < 3; time++) await linkError(card.transmit(octets('00F20000'), wait), 'closed');
    isThere = true;
    await linkError(card.reset(wait), 'closed');
    await card.close();
  });
});

describe('a modem that says anything', () => {
  it('ends every call with its result or a LinkError, whatever the modem says', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\r\n',
        'OK\r\n',
        'ERROR\r\n',
        '+CME ERROR: 14\r\n',
        '+CCHO: 1\r\n',
        '+CSIM: 4,"9000"\r\n',
        '+CGLA: 4,"61',
        '05"\r\n',
        '+CPIN: READY\r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const moment = { seconds: 0.001 };
    const settings = {
      ...QUICK,
      timeout: moment,
      commandTimeout: moment,
      resetTimeout: moment,
      readyPause: moment,
      busyRetries: 1,
      init: ['ATE0'],
    };
    const settled = async (call: Promise<unknown> | undefined): Promise<void> => {
      const outcome = await Promise.resolve(call).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).to.be.instanceOf(LinkError);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(piece, { maxLength: 5 }), { minLength: 1, maxLength: 9 }), async answers => {
        const modem = scriptedModem((command, count) => (command === 'AT' ? said('OK') : answers[count % answers.length]?.join('')));
        const opening = openModem(modemOptions({ port: 'memory', ...settings }), { ...wait, openPort: async () => modem.port });
        await settled(opening);
        const card = await opening.catch(() => undefined);
        await settled(card?.openChannel?.(ISD_R, wait));
        for (const apdu of ['81E2910003BF2E00', '00F20000']) await settled(card?.transmit(octets(apdu), wait));
        await settled(card?.reset(wait));
        await settled(card?.closeChannel?.(1, wait));
        await settled(card?.at(['AT+GMM'], wait));
        await settled(card?.close());
        await modem.port.close();
      }),
      { numRuns: 15 },
    );
  });
});
