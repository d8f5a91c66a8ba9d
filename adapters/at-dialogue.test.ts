import { expect } from 'chai';
import fc from 'fast-check';
import { type AtDialogue, type AtDialogueOptions, type AtLine, openDialogue } from './at-dialogue.js';
import { linkError } from './client-contract.js';
import { type ScriptedModem, said, scriptedModem } from './fixtures/scripted-modem.js';

const wait = { timeout: { seconds: 2 }, signal: new AbortController().signal };
const soon = { ...wait, timeout: { seconds: 0.02 } };

describe('a dialogue of AT commands', () => {
  const closing: AtDialogue[] = [];
  afterEach(async () => {
    for (const dialogue of closing.splice(0)) await dialogue.close();
  });
  const speak = (modem: ScriptedModem, options: Partial<AtDialogueOptions> = {}): AtDialogue => {
    const { stream, close } = modem.port;
    const dialogue = openDialogue({
      stream,
      closeStream: close,
      address: 'memory',
      lineEnding: '\r',
      quiet: { seconds: 0.005 },
      ...options,
    });
    closing.push(dialogue);
    return dialogue;
  };

  it('gives the lines before the final result, and the result', async () => {
    const modem = scriptedModem(command => (command === 'AT' ? said('OK') : said('+CSIM: 4,"9000"', 'OK')));
    expect(await speak(modem).send('AT+CSIM=10,"0070000001"', wait)).to.deep.equal({ result: { ok: true }, lines: ['+CSIM: 4,"9000"'] });
    expect(modem.commands).to.deep.equal(['AT', 'AT+CSIM=10,"0070000001"']);
  });

  it('ends commands as the modem wants it', async () => {
    const modem = scriptedModem(() => said('OK'));
    const seen: string[] = [];
    const write = modem.port.stream.write.bind(modem.port.stream);
    modem.port.stream.write = (chunk: unknown) => {
      seen.push(String(chunk));
      return write(String(chunk));
    };
    await speak(modem, { lineEnding: '\r\n' }).send('ATE0', wait);
    expect(seen).to.deep.equal(['AT\r\n', 'ATE0\r\n']);
  });

  it('leaves out echoes, one or two of them, with any line ends', async () => {
    for (const echo of ['ATI\r', 'ATI\rATI\r', 'ATI\r\r\n', 'ati\r\nATI\n']) {
      const modem = scriptedModem(command => (command === 'AT' ? said('OK') : `${echo}\nname\nOK\n`));
      expect(await speak(modem).send('ATI', wait), JSON.stringify(echo)).to.deep.equal({ result: { ok: true }, lines: ['name'] });
    }
  });

  it('tells every line of both directions, with other octets spelled out', async () => {
    const lines: AtLine[] = [];
    const modem = scriptedModem(command => (command === 'AT' ? said('OK') : '\r\n\x00\xff:\r\nERROR\r\n'));
    await speak(modem, { onLine: line => lines.push(line) }).send('AT+X', wait);
    expect(lines).to.deep.equal([
      { direction: 'sent', text: 'AT' },
      { direction: 'received', text: 'OK' },
      { direction: 'sent', text: 'AT+X' },
      { direction: 'received', text: '\\x00\\xFF:' },
      { direction: 'received', text: 'ERROR' },
    ]);
  });

  it('sends one command at a time', async () => {
    const modem = scriptedModem(command => (command === 'AT' ? said('OK') : said(command.slice(2), 'OK')));
    const dialogue = speak(modem);
    const answers = await Promise.all(['AT1', 'AT2', 'AT3'].map(command => dialogue.send(command, wait)));
    expect(answers.map(a => a.lines)).to.deep.equal([['1'], ['2'], ['3']]);
  });

  it('waits no longer than it is told', async () => {
    const modem = scriptedModem(command => (command === 'AT' ? said('OK') : undefined));
    const error = await linkError(speak(modem).send('AT+CSIM=?', soon), 'timeout');
    expect(error.message).to.equal('memory: AT+CSIM=?: nothing came within 0.02 s');
  });

  it('gives up when its caller does', async () => {
    const caller = new AbortController();
    const modem = scriptedModem(command => {
      if (command === 'AT') return said('OK');
      caller.abort(new Error('enough'));
      return undefined;
    });
    expect((await linkError(speak(modem).send('AT+X', { ...wait, signal: caller.signal }), 'timeout')).message).to.contain('enough');
    await linkError(speak(modem).send('AT+X', { ...wait, signal: caller.signal }), 'timeout');
  });

  it('takes no late answer for that of the next command', async () => {
    let late = '';
    const modem = scriptedModem(command => {
      if (command === 'AT+LATE') {
        late = said('+CSIM: 4,"6985"', 'OK');
        return undefined;
      }
      if (command === 'AT') return `${late}${said('OK')}`;
      return said('+CSIM: 4,"9000"', 'OK');
    });
    const dialogue = speak(modem);
    await linkError(dialogue.send('AT+LATE', soon), 'timeout');
    expect(await dialogue.send('AT+NEXT', wait)).to.deep.equal({ result: { ok: true }, lines: ['+CSIM: 4,"9000"'] });
    expect(modem.commands).to.deep.equal(['AT', 'AT+LATE', 'AT', 'AT+NEXT']);
  });

  it('gives a modem that is finding its baud rate some attempts', async () => {
    const modem = scriptedModem((_, count) => (count < 3 ? undefined : said('OK')));
    await speak(modem).send('ATI', { ...wait, timeout: { seconds: 0.3 } });
    expect(modem.commands).to.deep.equal(['AT', 'AT', 'AT', 'ATI']);
    const mute = scriptedModem(() => undefined);
    await linkError(speak(mute).send('ATI', soon), 'timeout');
    expect(mute.commands).to.deep.equal(['AT', 'AT', 'AT']);
  });

  it('reports a port that vanishes, for the command under way and for all later ones', async () => {
    const modem = scriptedModem(command => {
      if (command === 'AT') return said('OK');
      modem.vanish();
      return undefined;
    });
    const dialogue = speak(modem);
    const watching = linkError(
      dialogue.line(() => false, wait),
      'closed',
    );
    await linkError(dialogue.send('AT+X', wait), 'closed');
    await watching;
    await linkError(dialogue.send('AT+X', wait), 'closed');
    await linkError(
      dialogue.line(() => true, wait),
      'closed',
    );
  });

  it('resolves with an unsolicited line', async () => {
    const modem = scriptedModem(() => said('OK'));
    const dialogue = speak(modem);
    const ready = dialogue.line(line => line.startsWith('+CPIN'), wait);
    modem.say(said('RING', '+CPIN: READY'));
    expect(await ready).to.equal('+CPIN: READY');
    await linkError(
      dialogue.line(() => true, soon),
      'timeout',
    );
  });

  it('bounds a line, an answer and what nobody asked for', async () => {
    const told: AtLine[] = [];
    const answers: Record<string, string> = {
      AT: said('OK'),
      'AT+LINE': `${'A'.repeat(20_000)}\r\n`,
      'AT+LINES': 'a line\r\n'.repeat(3000),
      'AT+LONG': `${'B'.repeat(8000)}\r\n`.repeat(40),
    };
    const modem = scriptedModem(command => answers[command]);
    const dialogue = speak(modem, { onLine: line => told.push(line) });
    for (const command of ['AT+LINE', 'AT+LINES', 'AT+LONG']) await linkError(dialogue.send(command, wait), 'tooLarge');
    await dialogue.send('AT', wait);
    const before = told.length;
    const flooded = dialogue.line(line => line === 'end', wait);
    modem.say(`${'+CREG: 1\r\n'.repeat(5000)}end\r\n`);
    await flooded;
    expect(told.length - before).to.equal(2000);
    expect(told.at(-1)?.text).to.equal('(lines that nobody asked for are left out from here on)');
  });

  it('refuses two commands in one', async () => {
    await linkError(speak(scriptedModem(() => said('OK'))).send('AT\rATD0;', wait), 'protocol');
  });

  it('ends with an answer or an error whatever the modem sends', async () => {
    const piece = fc.oneof(
      fc.constantFrom('\r\n', '\r', '\n', 'OK', 'ERROR', '+CME ERROR: ', '+CSIM: 4,"90', '00"', '+CREG: 1\r\n', 'AT+X', '"', '\x00'),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async pieces => {
        const modem = scriptedModem(command => (command === 'AT' ? said('OK') : pieces.join('')));
        const dialogue = speak(modem);
        const outcome = await dialogue.send('AT+X', { ...wait, timeout: { seconds: 0.005 } }).catch((error: Error) => error.name);
        expect(outcome === 'LinkError' || typeof outcome === 'object').to.equal(true);
        await dialogue.close();
      }),
      { numRuns: 40 },
    );
  });
});
