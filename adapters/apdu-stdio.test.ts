import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Card } from './adapter.js';
import { LINE_LIMIT } from './apdu-stdio.js';
import { openStdioCard } from './apdu-stdio-card.js';
import { openStdioSlot, type StdioSlot } from './apdu-stdio-slot.js';
import { ATR, cardContract, hexOf, linkError, octetsOf, slotContract, type TestCard, testCard } from './card-contract.js';
import type { SlotProblem } from './slot.js';

const signal = new AbortController().signal;

/** A program that reads the card in a slot, joined by streams. */
const program = (slot: StdioSlot) => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const output: Readable = slot.attach({ stdin, stdout });
  output.resume();
  return { stdin, stdout, output };
};
const readerOf = (slot: StdioSlot): Card => {
  const { stdin, stdout } = program(slot);
  return openStdioCard({ input: stdin, output: stdout });
};

cardContract('apdu-stdio', async emulated => {
  const slot = openStdioSlot();
  await slot.insert(emulated);
  const card = readerOf(slot);
  const close = async () => {
    await card.close();
    await slot.close();
  };
  return { card, close };
});

slotContract('apdu-stdio', async () => {
  const power: string[] = [];
  const problems: string[] = [];
  const slot = openStdioSlot({ onPower: event => power.push(event), onProblem: ({ kind }) => problems.push(kind) });
  return { slot, reader: async () => readerOf(slot), power, problems, close: () => slot.close() };
});

describe('apdu-stdio slot', () => {
  let slot: StdioSlot;
  let card: TestCard;
  let problems: SlotProblem[];
  let power: string[];
  let stdin: PassThrough;
  let stdout: PassThrough;
  let output: Readable;
  let said: string[];
  beforeEach(async () => {
    problems = [];
    power = [];
    slot = openStdioSlot({ onPower: event => power.push(event), onProblem: problem => problems.push(problem) });
    card = testCard();
    await slot.insert(card);
    ({ stdin, stdout, output } = program(slot));
    said = [];
    output.on('data', chunk => said.push(String(chunk)));
  });
  afterEach(() => slot.close());
  /** Writes a line as a program does, and gives the line that it is told. */
  const ask = async (line: string | object): Promise<unknown> => {
    stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    const [answer] = await once(stdin, 'data');
    expect(String(answer)).to.match(/^\{.*\}\n$/);
    return JSON.parse(answer);
  };
  const request = (func: string, param: string | null = null) => ({ type: 'apdu', payload: { func, param } });
  const answer = (ecode: number, data: string | null = null) => ({ type: 'apdu', payload: { ecode, data } });

  it('leads the dialogue of lpac', async () => {
    // The lines are those of lpac's driver/apdu/stdio.c.
    card.respond = apdu => {
      if (apdu[1] === 0x70) return octetsOf(apdu[2] === 0 ? '029000' : '9000');
      return octetsOf(apdu[1] === 0xa4 ? '6121' : 'bf3e125a108904903200100123450001234567890190009000');
    };
    expect(await ask('{"type":"apdu","payload":{"func":"connect","param":null}}')).to.deep.equal(answer(0, hexOf(ATR).toUpperCase()));
    expect(await ask('{"type":"apdu","payload":{"func":"logic_channel_open","param":"A0000005591010FFFFFFFF8900000100"}}')).to.deep.equal(
      answer(2),
    );
    expect(await ask('{"type":"apdu","payload":{"func":"transmit","param":"82E2910006BF3E035C015A"}}')).to.deep.equal(
      answer(0, 'BF3E125A108904903200100123450001234567890190009000'),
    );
    expect(await ask('{"type":"apdu","payload":{"func":"logic_channel_close","param":"02"}}')).to.deep.equal(answer(0));
    expect(await ask('{"type":"apdu","payload":{"func":"disconnect","param":null}}')).to.deep.equal(answer(0));
    expect(card.heard).to.deep.equal([
      'on',
      '0070000001',
      '02a4040010a0000005591010ffffffff8900000100',
      '82e2910006bf3e035c015a',
      '0070800200',
      'off',
    ]);
    expect(power).to.deep.equal(['on', 'off']);
    expect(problems).to.deep.equal([]);
  });
  it('selects on a channel above 3 with the class of such channels', async () => {
    card.respond = apdu => octetsOf(apdu[1] === 0x70 ? '059000' : '9000');
    await ask(request('connect'));
    expect(await ask(request('logic_channel_open', 'A000'))).to.deep.equal(answer(5));
    expect(card.heard.at(-1)).to.equal('41a4040002a000');
  });
  it('closes the channel again when the application is not there', async () => {
    card.respond = apdu => octetsOf(apdu[1] === 0x70 ? (apdu[2] === 0 ? '019000' : '9000') : '6a82');
    await ask(request('connect'));
    expect(await ask(request('logic_channel_open', 'A000'))).to.deep.equal(answer(-1));
    expect(card.heard.slice(-2)).to.deep.equal(['01a4040002a000', '0070800100']);
  });
  it('says that there is no channel left', async () => {
    card.respond = () => octetsOf('6881');
    await ask(request('connect'));
    expect(await ask(request('logic_channel_open', 'A000'))).to.deep.equal(answer(-1));
  });
  it('passes every other line through as output', async () => {
    const others = ['booting', '{"type":"lpa","payload":{"code":0}}', '{"level":"info"', '[1]', '', '{"type":"http","payload":{}}'];
    for (const line of others) stdout.write(`${line}\r\n`);
    await ask(request('connect'));
    stdout.end('without a line feed');
    await once(output, 'end');
    expect(said.join('')).to.equal(`${others.join('\r\n')}\r\nwithout a line feed`);
  });
  it('reads lines that come in pieces or together', async () => {
    const line = JSON.stringify(request('connect'));
    stdout.write(line.slice(0, 7));
    stdout.write(`${line.slice(7)}\n${line}\n`);
    let answers = '';
    for await (const chunk of stdin) {
      answers += String(chunk);
      if (answers.split('\n').length > 2) break;
    }
    expect(power).to.deep.equal(['on', 'reset']);
  });

  const broken: readonly [string, string, RegExp][] = [
    ['a line cut short', '{"type":"apdu","payload":{"func":"transmit","par', /expected a JSON object/],
    ['no payload', '{"type":"apdu"}', /payload/],
    ['an unknown function', '{"type":"apdu","payload":{"func":"power_off","param":null}}', /payload\.func/],
    ['odd hex', '{"type":"apdu","payload":{"func":"transmit","param":"00A"}}', /hex/],
    ['a number as parameter', '{"type":"apdu","payload":{"func":"transmit","param":7}}', /payload\.param/],
    ['a line without end', `{"type":"apdu","payload":{"func":"transmit","param":"${'00'.repeat(LINE_LIMIT)}"}}`, /longer than/],
  ];
  for (const [what, line, why] of broken)
    it(`answers an error to ${what}, reports it and goes on`, async () => {
      expect(await ask(line)).to.deep.equal(answer(-1));
      expect(problems.map(({ kind }) => kind)).to.deep.equal(['malformed']);
      expect(problems[0]?.message).to.match(why);
      expect(await ask(request('connect'))).to.deep.include({ payload: { ecode: 0, data: hexOf(ATR).toUpperCase() } });
      expect(said).to.deep.equal([]);
    });
  it('answers an error to a program that did not connect, or to channels that cannot be', async () => {
    expect(await ask(request('transmit', '00A40004023F00'))).to.deep.equal(answer(-1));
    await ask(request('connect'));
    expect(await ask(request('logic_channel_open'))).to.deep.equal(answer(-1));
    expect(await ask(request('logic_channel_close', '0102'))).to.deep.equal(answer(-1));
    expect(problems.map(({ kind }) => kind)).to.deep.equal(['malformed', 'malformed', 'malformed']);
  });
  it('refuses to connect while no card is in', async () => {
    await slot.remove();
    expect(await ask(request('connect'))).to.deep.equal(answer(-1));
  });
  it('takes the power away when the program ends without a word', async () => {
    await ask(request('connect'));
    stdout.end();
    await once(output, 'end');
    await new Promise(resolve => setImmediate(resolve));
    expect(card.heard).to.deep.equal(['on', 'off']);
  });
  it('leaves the power to a second program that still uses the card', async () => {
    await ask(request('connect'));
    const second = readerOf(slot);
    expect(hexOf(await second.transmit(octetsOf('00a40004023f00'), { signal }))).to.equal('9000');
    await ask(request('disconnect'));
    expect(power).to.deep.equal(['on']);
    await second.close();
    await new Promise(resolve => setImmediate(resolve));
    expect(power).to.deep.equal(['on', 'off']);
  });
  it('goes on after whoever is told of the power has failed', async () => {
    const reports: string[] = [];
    const failing = openStdioSlot({
      onPower: () => {
        throw new Error('disk full');
      },
      onProblem: ({ kind, message }) => reports.push(`${kind}: ${message}`),
    });
    await failing.insert(card);
    const other = program(failing);
    other.stdout.write(`${JSON.stringify(request('connect'))}\n${JSON.stringify(request('disconnect'))}\n`);
    await once(other.stdin, 'data');
    expect(reports).to.deep.equal(['card: we failed to answer the program: disk full']);
  });
  it('does not read on from a program that does not read its answers', async () => {
    await ask(request('connect'));
    stdin.pause();
    const line = `${JSON.stringify(request('transmit', '00A40004023F00'))}\n`;
    for (let i = 0; i < 5000; i++) stdout.write(line);
    let heard: number;
    do {
      heard = card.heard.length;
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
    } while (card.heard.length > heard);
    expect(heard).to.be.within(65, 4999);
    expect(stdout.isPaused()).to.equal(true);
    stdin.resume();
    await card.hasHeard(5000);
  });
  it('survives whatever a program prints', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.json().map(Buffer.from), fc.constant(Buffer.from('{"type":"apdu","payload":'))),
          {
            maxLength: 12,
          },
        ),
        async chunks => {
          const mine = openStdioSlot();
          await mine.insert(testCard());
          const { stdout: out, stdin: replies, output: rest } = program(mine);
          replies.resume();
          const passed: Buffer[] = [];
          rest.on('data', chunk => passed.push(chunk));
          for (const chunk of chunks) out.write(chunk);
          out.end();
          await once(rest, 'end');
          const printed = Buffer.concat(chunks).toString('latin1');
          // Nothing is added, nothing changes its place.
          let at = 0;
          for (const line of Buffer.concat(passed).toString('latin1').split('\n')) {
            at = printed.indexOf(line, at);
            expect(at).to.be.at.least(0);
          }
        },
      ),
      { numRuns: 200 },
    ));
});

describe('apdu-stdio card', () => {
  let input: PassThrough;
  let output: PassThrough;
  let card: Card;
  beforeEach(() => {
    [input, output] = [new PassThrough(), new PassThrough()];
    card = openStdioCard({ input, output });
  });
  afterEach(() => card.close());
  /** Answers the requests of the card with these lines, one each. */
  const answerWith = (...lines: readonly string[]) => {
    const rest = [...lines];
    output.on('data', () => {
      const line = rest.shift();
      if (line !== undefined) input.write(`${line}\n`);
    });
  };
  const connected = '{"type":"apdu","payload":{"ecode":0}}';
  const transmit = () => card.transmit(octetsOf('00a40004023f00'), { signal });

  it('ignores lines that are no answers', async () => {
    answerWith(`hello\n{"type":"lpa"}\n${connected}`, '{"type":"apdu","payload":{"ecode":0,"data":"9000"}}');
    expect(hexOf(await transmit())).to.equal('9000');
  });
  for (const [what, line] of [
    ['broken JSON', '{"type":"apdu","payload":'],
    ['no hex', '{"type":"apdu","payload":{"ecode":0,"data":"90 00"}}'],
    ['no code', '{"type":"apdu","payload":{"data":"9000"}}'],
    ['no status word', '{"type":"apdu","payload":{"ecode":0,"data":"90"}}'],
    ['no end', `{"type":"apdu","payload":{"ecode":0,"data":"${'00'.repeat(LINE_LIMIT)}"}}`],
  ] as const)
    it(`fails with "protocol" when the answer has ${what}`, async () => {
      answerWith(connected, line);
      await linkError(transmit(), 'protocol');
    });
  it('fails with "unreachable" when there is no card', async () => {
    answerWith('{"type":"apdu","payload":{"ecode":-1}}');
    await linkError(transmit(), 'unreachable');
  });
  it('fails with "closed" when whoever holds the card goes away', async () => {
    const pending = linkError(transmit(), 'closed');
    input.end();
    await pending;
    await linkError(transmit(), 'closed');
  });
  it('is not there any more after it was taken out, until it is reset', async () => {
    answerWith(
      connected,
      '{"type":"apdu","payload":{"ecode":-1}}',
      connected,
      connected,
      '{"type":"apdu","payload":{"ecode":0,"data":"6A82"}}',
    );
    await linkError(transmit(), 'closed');
    expect((await linkError(transmit(), 'closed')).message).to.contain('after a reset');
    expect(hexOf(await card.reset({ signal }))).to.equal('');
    expect(hexOf(await transmit())).to.equal('6a82');
  });
  it('lets the program end once it is closed', async () => {
    answerWith(connected, '{"type":"apdu","payload":{"ecode":0,"data":"9000"}}');
    await transmit();
    await card.close();
    expect(input.isPaused()).to.equal(true);
  });
});
