import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '#protocol/asn1/tlv.js';
import { cardContract, linkError } from '../../adapters/card-contract.js';
import { QUICK } from '../../adapters/fixtures/scripted-modem.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { type ModemOptions, modemOptions, openModem } from '../../adapters/modem.js';
import { EID1, octets } from '../roles/euicc/test-bench.js';
import { openTerminal, type Terminal } from '../terminal/index.js';
import { enableSecond, GET_EID, type GivenCard, testUicc } from '../uicc/test-bench.js';
import { createModemEmulator, QUIRKS, readQuirks } from './index.js';
import { type Lab, memoryPorts, openLab, quirksOf } from './test-lab.js';

const wait = { signal: new AbortController().signal };
const SILENT: GivenCard = { options: { overrides: [() => ({ announcesRefresh: () => 'silent' as const })] } };

/** Short and long commands and answers, a change of profiles with all that follows from it, a reset. */
const converse = async (terminal: Terminal): Promise<readonly string[]> => {
  const said: string[] = [];
  for (const command of [GET_EID, octets('BF2D00'), enableSecond(), octets('BF2D00'), octets('BF2B00')]) {
    const { sw, octets: answer } = await terminal.execute(command);
    // Every signature is another.
    said.push(`${sw} ${hex(answer).replace(/5F3740.{128}/, '5F3740')}`);
  }
  await terminal.restart();
  said.push(hex((await terminal.execute(octets('BF2D00'))).octets));
  return said;
};

for (const settings of [{}, { apdu: 'CSIM' as const }])
  cardContract(
    `modem${settings.apdu ? ` by AT+${settings.apdu}` : ''}`,
    async emulated => {
      const { ours, theirs } = memoryPorts();
      const served = (await createModemEmulator(emulated)).attach(theirs);
      const card = await openModem(modemOptions({ ...QUICK, ...settings, port: 'memory' }), { ...wait, openPort: async () => ours });
      const close = async () => {
        await card.close();
        await served;
      };
      return { card, close };
    },
    false,
  );

describe('emulated modem', () => {
  const labs: Lab[] = [];
  afterEach(async () => {
    for (const lab of labs.splice(0)) await lab.close();
  });
  const open = async (...parameters: Parameters<typeof openLab>): Promise<Lab> => {
    const lab = await openLab(...parameters);
    labs.push(lab);
    return lab;
  };
  let expected: readonly string[];
  before(async () => {
    expected = await converse(openTerminal(memoryReader(testUicc().uicc)));
    expect(expected[0]).equals(`9000 BF3E125A10${EID1}`);
    expect(expected[2]).to.match(/^9000 BF51/);
    expect(expected[3]).not.equals(expected[1]);
  });

  const CASES: readonly (readonly [quirks: string, settings?: Partial<ModemOptions>])[] = [
    [''],
    ['', { apdu: 'CSIM' }],
    ['', { hexCase: 'lower', lineEnding: 'CRLF' }],
    ['echo=never'],
    ['echo=always'],
    ['echo=twice'],
    ['lineEnd=CR'],
    ['lineEnd=LF echo=twice'],
    ['hexCase=lower'],
    ['wrap=64'],
    ['unsolicited=yes'],
    ['unsolicited=yes wrap=33 echo=twice hexCase=lower'],
    ['errors=plain'],
    ['errors=numeric'],
    ['errors=verbose'],
    ['lacks=CGLA'],
    ['lacks=CSIM toolkit=modem'],
    ['lacks=CSIM'],
    ['bareSession=yes'],
    ['sessions=large'],
    ['channelBits=asSent'],
    ['getResponse=modem'],
    ['getResponse=modem', { apdu: 'CSIM' }],
    ['toolkit=modem'],
    ['toolkit=modem', { apdu: 'CSIM' }],
    ['losesSessions=yes'],
    ['losesSessions=yes toolkit=modem'],
    ['ready=asked'],
    ['longestLine=120', { longestLine: 120 }],
    ['longestLine=120 lacks=CGLA', { longestLine: 120 }],
    ['longestAnswer=120', { longestAnswer: 120 }],
    ['longestAnswer=60 lacks=CGLA', { longestAnswer: 60 }],
    ['delay=2'],
    ['busyEvery=3'],
    ['usesCard=yes'],
    ['baud=921600'],
  ];
  for (const [quirks, settings] of CASES)
    it(`gives the answers of its card with ${quirks || 'no quirk'}${settings ? ` and ${JSON.stringify(settings)}` : ''}`, async () => {
      const { modem } = await open({ quirks, ...(settings ? { settings } : {}) });
      expect(await converse(openTerminal(modem))).to.deep.equal(expected);
    });

  it('has a test of every quirk', () => {
    const untested = (cases: typeof CASES) => {
      const tested = cases.flatMap(([quirks]) => quirks.split(' ').map(pair => pair.split('=')[0]));
      return Object.keys(QUIRKS).filter(name => !tested.includes(name));
    };
    expect(untested(CASES)).to.deep.equal(['vanishesAfter']);
    expect(untested(TOGETHER)).to.deep.equal([]);
  });

  const TOGETHER: readonly (readonly [quirks: string, settings?: Partial<ModemOptions>])[] = [
    ['unsolicited=yes wrap=50 echo=twice hexCase=lower lineEnd=LF'],
    ['lacks=CSIM toolkit=modem losesSessions=yes sessions=large bareSession=yes errors=plain'],
    ['lacks=CGLA longestLine=130 longestAnswer=120 usesCard=yes busyEvery=3', { longestLine: 130, longestAnswer: 120 }],
    ['ready=asked getResponse=modem channelBits=asSent delay=1 baud=921600 vanishesAfter=999'],
  ];
  for (const [quirks, settings] of TOGETHER)
    it(`is reached over a pseudo terminal with ${quirks}`, async () => {
      const { modem, path } = await open({ quirks, over: 'pty', ...(settings ? { settings } : {}) });
      expect(path).to.match(/^\/dev\//);
      expect(await converse(openTerminal(modem))).to.deep.equal(expected);
    });

  it('serves one harness after another on the same pseudo terminal', async () => {
    const first = await open({ over: 'pty' });
    await first.modem.close();
    const again = await openModem(modemOptions({ port: first.path, quiet: { seconds: 0.002 } }), wait);
    expect((await openTerminal(again).execute(GET_EID)).sw).equals('9000');
    await again.close();
  });

  for (const over of ['memory', 'pty'] as const)
    it(`vanishes in the middle of a dialogue, over ${over}`, async () => {
      const { modem } = await open({ quirks: 'vanishesAfter=8', over });
      const terminal = openTerminal(modem);
      await linkError(terminal.execute(GET_EID), 'closed');
      await linkError(terminal.execute(GET_EID), 'closed');
    });

  it('answers the dialogues of 3GPP TS 27.007 to the letter', async () => {
    const { modem, dialogue } = await open({ settings: { init: ['AT+CMEE=1'] }, quirks: 'echo=never' });
    dialogue.length = 0;
    const commands = [
      'AT+CSIM=20,"80AA000005A903840101"',
      'AT+CSIM=10,"0070000001"',
      'AT+CSIM=42,"01A4040010A0000005591010FFFFFFFF8900000100"',
      'AT+CSIM=22,"81E2910006BF3E035C015A"',
      'AT+CSIM=10,"01C0000015"',
      'AT+CCHO="A0000005591010FFFFFFFF8900000100"',
      'AT+CGLA=2,22,"81E2910006BF3E035C015A"',
      'AT+CCHC=2',
    ];
    await modem.at(commands, wait);
    expect(dialogue.filter(line => line.startsWith('<') && line !== '< OK')).to.deep.equal([
      '< +CSIM: 4,"9000"',
      '< +CSIM: 6,"019000"',
      '< +CSIM: 4,"6127"',
      '< +CSIM: 4,"6115"',
      `< +CSIM: 46,"BF3E125A10${EID1}9000"`,
      '< +CCHO: 2',
      '< +CGLA: 4,"6115"',
      '< +CCHC',
    ]);
  });

  it('refuses what does not fit, in the form that AT+CMEE asks for', async () => {
    const { modem } = await open({ settings: { init: [] } });
    const said = async (command: string): Promise<string> => {
      const [answer] = await modem.at([command], wait);
      if (!answer) throw new Error('no answer');
      return answer.result.ok ? 'OK' : answer.result.text;
    };
    expect(await said('AT+CSIM=12,"0070000001"')).equals('ERROR');
    expect(await said('AT+CMEE=1')).equals('OK');
    const INCORRECT = '+CME ERROR: 50 (incorrect parameters)';
    for (const command of [
      'AT+CSIM=12,"0070000001"',
      'AT+CSIM=9,"007000000"',
      'AT+CSIM=2,"ZZ"',
      'AT+CSIM=',
      'AT+CGLA=7,10,"0070000001"',
      'AT+CCHC=7',
      'AT+CCHO="A"',
    ])
      expect(await said(command), command).equals(INCORRECT);
    expect(await said('AT+CCHO="A000000099"')).equals('+CME ERROR: 22 (not found)');
    expect(await said('AT+CFUN=0')).equals('OK');
    expect(await said('AT+CSIM=10,"0070000001"')).equals('+CME ERROR: 10 (SIM not inserted)');
    expect(await said('AT+CPIN?')).equals('+CME ERROR: 10 (SIM not inserted)');
    expect(await said('AT+CMEE=2')).equals('OK');
    expect(await said('AT+CPIN?')).equals('+CME ERROR: SIM not inserted');
    expect(await said('AT+NOSUCH')).equals('ERROR');
    expect(await said(`AT+CSIM=5000,"${'0'.repeat(5000)}"`)).equals('ERROR');
    for (let channel = 1; channel <= 3; channel++) await modem.at(['AT+CFUN=1', 'AT+CCHO="A0000005591010FFFFFFFF8900000100"'], wait);
    expect(await said('AT+CCHO="A0000005591010FFFFFFFF8900000100"')).equals('+CME ERROR: memory full');
  });

  it('tells the harness what it refused when it has lost a session, and opens a new one', async () => {
    const { modem, emulator } = await open({});
    const channel = (await modem.openChannel?.(octets('A0000005591010FFFFFFFF8900000100'), wait)) ?? 0;
    await emulator.powerCycle();
    const error = await linkError(modem.transmit(octets('81E2910006BF3E035C015A'), wait), 'refused');
    expect(error.message).to.match(/answered AT\+CGLA=1,.* with \+CME ERROR: 50/);
    await modem.closeChannel?.(channel, wait);
    expect(await modem.openChannel?.(octets('A0000005591010FFFFFFFF8900000100'), wait)).equals(1);
  });

  it('has another card in it after an insertion', async () => {
    const { modem, emulator } = await open({});
    const terminal = openTerminal(modem);
    await terminal.execute(GET_EID);
    const eid = '89049032123451234512345678901261';
    await emulator.insert(testUicc({ config: { eid, certificate: 'CERT_EUICC' } }).uicc);
    await terminal.restart();
    expect(hex((await terminal.execute(GET_EID)).octets)).equals(`BF3E125A10${eid}`);
  });

  it('recovers from a reset that it makes itself after REFRESH, and from a card that wants one silently', async () => {
    for (const card of [{}, SILENT]) {
      const { modem } = await open({ ...card, quirks: 'lacks=CSIM losesSessions=yes toolkit=modem' });
      expect((await converse(openTerminal(modem)))[3]).equals(expected[3]);
    }
  });

  it('says what is wrong with a quirk', () => {
    expect(readQuirks(new Map([['ecco', 'twice']]))).to.match(/^expected one of echo, .*, got ecco$/);
    expect(readQuirks(new Map([['echo', 'thrice']]))).equals('echo: expected byCommand or never or always or twice, got thrice');
    for (const [name, text] of [
      ['wrap', '-1'],
      ['unsolicited', 'maybe'],
      ['delay', '1s'],
    ] as const)
      expect(readQuirks(new Map([[name, text]])), name).to.be.a('string');
    expect(readQuirks(new Map([['delay', '1500']]))).to.deep.include({ delay: { seconds: 1.5 } });
  });

  it('has every quirk in its page, as it is described here', () => {
    const page = readFileSync(new URL('../../../docs/modem.md', import.meta.url), 'utf8');
    for (const [name, { text, form }] of Object.entries(QUIRKS)) expect(page).to.contain(`| \`${name}\` | ${form} | ${text} |`);
  });

  it('goes on after any input', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'AT',
        '\r',
        '\n',
        'AT+CSIM=',
        'AT+CGLA=1,',
        '10,"0070000001"',
        'AT+CCHO="',
        'ATE1\r',
        'AT+CFUN=0\r',
        '"',
        '\x00',
        '\x1a',
      ),
      fc.string({ unit: 'binary', maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 15 }), async pieces => {
        const { ours, theirs } = memoryPorts();
        const emulator = await createModemEmulator(testUicc().uicc, quirksOf('errors=numeric'));
        const served = emulator.attach(theirs);
        ours.stream.write(Buffer.from(`${pieces.join('')}\rAT+GMM\r`, 'latin1'));
        let said = '';
        for await (const chunk of ours.stream) {
          said += String(chunk);
          if (said.includes('modem emulator')) break;
        }
        await ours.close();
        await served;
      }),
      { numRuns: 50 },
    );
  });
});
