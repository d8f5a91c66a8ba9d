import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { ATR, cardContract, hexOf, linkError, octetsOf, slotContract, type TestCard, testCard } from './card-contract.js';
import type { SlotProblem } from './slot.js';
import { openTestReader } from './testing-vpcd.js';
import { openVpcd, type VpcdOptions, type VpcdSlot } from './vpcd.js';

const signal = new AbortController().signal;

cardContract('vpcd', async emulated => {
  const reader = await openTestReader();
  const slot = await openVpcd({ port: reader.port });
  await slot.insert(emulated);
  const card = await reader.card();
  const close = async () => {
    await card.close();
    await slot.close();
    await reader.close();
  };
  return { card, close };
});

slotContract('vpcd', async () => {
  const power: string[] = [];
  const problems: string[] = [];
  const reader = await openTestReader();
  const slot = await openVpcd({
    port: reader.port,
    onPower: event => power.push(event),
    onProblem: ({ kind }) => problems.push(kind),
  });
  const close = async () => {
    await slot.close();
    await reader.close();
  };
  return { slot, reader: reader.card, power, problems, close };
});

describe('vpcd', () => {
  let server: Server;
  let sockets: Socket[];
  let slot: VpcdSlot;
  let card: TestCard;
  let problems: SlotProblem[];
  let power: string[];
  const portOf = (): number => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const open = async (options: VpcdOptions = {}) => {
    slot = await openVpcd({
      port: portOf(),
      onPower: event => power.push(event),
      onProblem: problem => problems.push(problem),
      ...options,
    });
  };
  beforeEach(async () => {
    sockets = [];
    problems = [];
    power = [];
    card = testCard();
    server = createServer({ noDelay: true }, socket => {
      sockets.push(socket.on('error', () => {}));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open();
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await slot.close();
    server.close();
  });
  /** The connection that the card makes, once it is there. */
  const connection = async (): Promise<Socket> => {
    const [socket] = await once(server, 'connection');
    return socket;
  };
  /** Inserts the card as pcscd takes it: asks, powers, asks. */
  const inserted = async (): Promise<Socket> => {
    const done = slot.insert(card);
    const socket = await connection();
    socket.write(octetsOf('000104000101000104'));
    await done;
    await collected(socket, 2 * (2 + ATR.length));
    return socket;
  };
  const collected = (socket: Socket, length: number): Promise<string> =>
    new Promise(resolve => {
      let octets = Buffer.alloc(0);
      const take = (chunk: Buffer) => {
        octets = Buffer.concat([octets, chunk]);
        if (octets.length < length) return;
        socket.removeListener('data', take);
        resolve(octets.toString('hex'));
      };
      socket.on('data', take);
    });

  it('tells its ATR before it has power, and answers neither power nor reset', async () => {
    const done = slot.insert(card);
    const socket = await connection();
    socket.write(octetsOf('000104'));
    expect(await collected(socket, 24)).to.equal(`0016${hexOf(ATR)}`);
    expect(power).to.deep.equal([]);
    socket.write(octetsOf('000101'));
    socket.write(octetsOf('000102'));
    socket.write(octetsOf('000104'));
    expect(await collected(socket, 24)).to.equal(`0016${hexOf(ATR)}`);
    await done;
    socket.write(octetsOf('000100000104'));
    await collected(socket, 24);
    expect(power).to.deep.equal(['on', 'reset', 'off']);
  });
  it('says when the reader gave power for the first time', async () => {
    const done = slot.insert(card);
    const socket = await connection();
    let isPowered = false;
    const powered = slot.poweredOn({ signal }).then(() => {
      isPowered = true;
    });
    socket.write(octetsOf('000104'));
    await collected(socket, 24);
    expect(isPowered).to.equal(false);
    socket.write(octetsOf('000101000104'));
    await powered;
    await done;
    await slot.poweredOn({ signal });
  });
  it('does not wait for power longer than its caller, nor for a card that is gone', async () => {
    await linkError(slot.poweredOn({ signal }), 'closed');
    const done = linkError(slot.insert(card), 'closed');
    await connection();
    const caller = new AbortController();
    const given = linkError(slot.poweredOn({ signal: caller.signal }), 'timeout');
    caller.abort(new Error('over'));
    await given;
    const waiting = linkError(slot.poweredOn({ signal }), 'closed');
    for (const socket of sockets) socket.destroy();
    await Promise.all([waiting, done]);
  });
  it('reads messages that come octet by octet, and several at once', async () => {
    const socket = await inserted();
    card.respond = apdu => Uint8Array.of(apdu[3] ?? 0, 0x90, 0x00);
    const answers = collected(socket, 15);
    for (const octet of octetsOf('000400a40001')) socket.write(Uint8Array.of(octet));
    socket.write(octetsOf('000400a40002000400a40003'));
    expect(await answers).to.equal('000301900000030290000003039000');
  });
  it('asks the card nothing more while it works', async () => {
    const socket = await inserted();
    let answer = (_: Uint8Array): void => {};
    card.respond = () =>
      new Promise(resolve => {
        answer = resolve;
      });
    socket.write(octetsOf('000400a40001000102000400a40002'));
    await card.hasHeard(1);
    await new Promise(resolve => setImmediate(resolve));
    expect(card.heard.slice(-2)).to.deep.equal(['on', '00a40001']);
    answer(octetsOf('9000'));
    await card.hasHeard(2);
    expect(card.heard.slice(-3)).to.deep.equal(['00a40001', 'on', '00a40002']);
  });
  it('answers a command without content, ignores a control that it does not know, and reports both', async () => {
    const socket = await inserted();
    socket.write(octetsOf('0000000103000104'));
    expect(await collected(socket, 28)).to.equal(`000267000016${hexOf(ATR)}`);
    expect(problems.map(({ message }) => message)).to.deep.equal([
      'the reader sent a command without content; answered 6700',
      'the reader sent the unknown control 3; ignored',
    ]);
  });
  it('takes a command of the greatest length', async () => {
    const socket = await inserted();
    socket.write(Buffer.concat([octetsOf('ffff'), Buffer.alloc(0xffff, 0x41)]));
    expect(await collected(socket, 4)).to.equal('00029000');
    expect(card.heard.at(-1)).to.have.length(2 * 0xffff);
  });
  it('does not read on from a reader that does not read', async () => {
    const socket = await inserted();
    card.respond = () => new Uint8Array(0xffff);
    socket.pause();
    const question = octetsOf('000400a40001');
    const all = 2000;
    for (let i = 0; i < all; i++) socket.write(question);
    let heard: number;
    do {
      heard = card.heard.length;
      for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve));
    } while (card.heard.length > heard);
    expect(heard).to.be.lessThan(all);
    const removed = slot.remove();
    socket.destroy();
    await removed;
  });
  it('reports a lost connection once, takes the power away, and connects again with the next card', async () => {
    const socket = await inserted();
    socket.write(octetsOf('0005'));
    socket.end();
    await once(socket, 'close');
    expect(problems.map(({ kind, message }) => [kind, message])).to.deep.equal([
      ['lost', 'the reader closed the connection in the middle of a message; the card has to be inserted again'],
    ]);
    expect(card.heard.at(-1)).to.equal('off');
    await inserted();
    expect(problems).to.have.length(1);
  });
  it('reports a connection that breaks', async () => {
    let report = (_: SlotProblem): void => {};
    const lost = new Promise<SlotProblem>(resolve => {
      report = resolve;
    });
    await open({ onProblem: problem => report(problem) });
    const socket = await inserted();
    socket.resetAndDestroy();
    expect((await lost).kind).to.equal('lost');
  });
  it('closes its half first, and is out when the reader has closed the other', async () => {
    const socket = await inserted();
    // A server's sockets close by themselves when the peer has ended; this one does after the test has looked.
    let isOut = false;
    const ended = once(socket, 'end');
    socket.allowHalfOpen = true;
    const removed = slot.remove().then(() => {
      isOut = true;
    });
    expect(card.heard.at(-1)).to.equal('off');
    socket.resume();
    await ended;
    expect(isOut).to.equal(false);
    socket.end();
    await removed;
    expect(problems).to.deep.equal([]);
  });
  it('tells the way out when nothing listens', async () => {
    const port = portOf();
    server.close();
    await once(server, 'close');
    const error = await linkError(slot.insert(card), 'refused');
    expect(error.message).to.match(new RegExp(`nothing listens at 127\\.0\\.0\\.1:${port}; is pcscd running.*vsmartcard-vpcd`));
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  it('tells that an address cannot be reached', async () => {
    await open({ host: '255.255.255.255' });
    expect((await linkError(slot.insert(card), 'unreachable')).message).to.contain('255.255.255.255');
  });
  it('gives up a reader that never asks', async () => {
    await open({ within: { seconds: 0.05 } });
    const error = await linkError(slot.insert(card), 'timeout');
    expect(error.message).to.contain('does not ask for the card within 0.05 s: another card is in this slot');
  });
  it('cannot insert a card without an ATR', async () => {
    await linkError(slot.insert(testCard(new Uint8Array())), 'protocol');
    await linkError(slot.insert(testCard(new Uint8Array(34))), 'protocol');
    expect(problems.map(({ kind }) => kind)).to.deep.equal(['card', 'card']);
    expect(sockets).to.deep.equal([]);
  });
  it('answers every command, however the stream is cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }),
        async (commands, cuts) => {
          const reader = await inserted();
          card.heard.length = 0;
          card.respond = apdu => Uint8Array.of(...apdu, 0x90, 0x00);
          const stream = Buffer.concat(commands.map(c => Buffer.concat([Buffer.of(c.length >> 8, c.length & 0xff), c])));
          const answers = collected(reader, stream.length + 2 * commands.length);
          let at = 0;
          for (const cut of cuts) {
            reader.write(stream.subarray(at, at + cut));
            at += cut;
          }
          reader.write(stream.subarray(at));
          await answers;
          expect(card.heard).to.deep.equal(commands.map(hexOf));
          const removed = slot.remove();
          reader.destroy();
          await removed;
        },
      ),
      { numRuns: 50 },
    ));
});
