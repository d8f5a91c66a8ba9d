import { expect } from 'chai';
import fc from 'fast-check';
import { LinkError } from './adapter.js';
import { linkError } from './client-contract.js';
import { type CoapEndpoint, coapEndpoint, type EndpointHandlers } from './coap-endpoint.js';
import type { CoapContent, Incoming, Outcome } from './coap-incoming.js';
import { type CoapMessage, decodeMessage, encodeMessage } from './coap-message.js';
import type { CoapProblem } from './coap-world.js';
import { testLine, testWorld } from './testing-datagrams.js';

const none = new Uint8Array();
const signal = new AbortController().signal;
const CON = { type: 'CON' } as const;
const text = (value: string) => new Uint8Array(Buffer.from(value));
const content = (code: string, payload = ''): CoapContent => ({ code, options: [], payload: text(payload) });
const read = (octets: Uint8Array | undefined): CoapMessage => {
  const message = decodeMessage(octets ?? none);
  if ('malformed' in message) throw new Error(message.malformed);
  return message;
};
const brief = ({ type, code, messageId, token }: CoapMessage) =>
  `${type} ${code} ${messageId} ${Buffer.from(token).toString('hex')}`.trim();

const bench = (handlers: EndpointHandlers = {}) => {
  const line = testLine();
  const world = testWorld();
  const problems: CoapProblem[] = [];
  const endpoint: CoapEndpoint = coapEndpoint(line, world, { problem: one => void problems.push(one), ...handlers });
  return {
    line,
    world,
    problems,
    endpoint,
    /** Messages sent so far, and a message that arrives. */
    sent: () => line.sent.map(octets => brief(read(octets))),
    last: () => read(line.sent.at(-1)),
    arrive: (message: Partial<CoapMessage>) =>
      line.arrive(encodeMessage({ type: 'CON', code: '0.00', messageId: 1, token: none, options: [], payload: none, ...message })),
  };
};

describe('coap message layer: requests', () => {
  it('sends again with doubled pauses and gives up after the last', async () => {
    const { endpoint, world, sent } = bench();
    const failing = linkError(endpoint.request(content('0.02'), CON, signal), 'timeout');
    await world.clock.pass(61.9);
    expect(world.traced.map(({ at }) => at)).to.deep.equal([0, 2, 6, 14, 30]);
    expect(new Set(sent()).size, 'always the same message').to.equal(1);
    await world.clock.pass(0.2);
    expect((await failing).message).to.contain('none of 5 transmissions');
    expect(world.clock.pending()).to.equal(0);
  });

  it('takes the response that comes with the acknowledgement', async () => {
    const { endpoint, last, arrive, world } = bench();
    const answer = endpoint.request(content('0.02'), CON, signal);
    await world.clock.pass(3);
    arrive({ ...last(), type: 'ACK', code: '2.05', payload: text('hello') });
    const { message, repeated } = await answer;
    expect([Buffer.from(message.payload).toString(), repeated]).to.deep.equal(['hello', 1]);
    expect(world.clock.pending()).to.equal(0);
  });

  it('waits for a response of its own message once it is acknowledged, and acknowledges that each time it comes', async () => {
    const { endpoint, last, arrive, world, sent } = bench();
    const answer = endpoint.request(content('0.02'), CON, signal);
    const { token, messageId } = last();
    arrive({ type: 'ACK', messageId });
    await world.clock.pass(100);
    expect(sent()).to.have.length(1);
    arrive({ messageId: 777, code: '2.05', token });
    expect((await answer).message.messageId).to.equal(777);
    arrive({ messageId: 777, code: '2.05', token });
    expect(sent().slice(1)).to.deep.equal(['ACK 0.00 777', 'ACK 0.00 777']);
  });

  it('takes a response that overtakes its acknowledgement', async () => {
    const { endpoint, last, arrive, world, sent } = bench();
    const answer = endpoint.request(content('0.02'), CON, signal);
    const { token, messageId } = last();
    arrive({ type: 'NON', messageId: 778, code: '2.05', token });
    await answer;
    arrive({ type: 'ACK', messageId });
    await world.clock.pass(100);
    expect(sent()).to.have.length(1);
  });

  it('fails when the response in an acknowledgement bears another token', async () => {
    const { endpoint, last, arrive } = bench();
    const failing = linkError(endpoint.request(content('0.02'), CON, signal), 'protocol');
    arrive({ ...last(), type: 'ACK', code: '2.05', token: text('x') });
    expect((await failing).message).to.match(/with the token 78, expected/);
  });

  it('rejects a response that belongs to no request', () => {
    const { arrive, sent } = bench();
    arrive({ messageId: 5, code: '2.05', token: text('x') });
    arrive({ type: 'NON', messageId: 6, code: '2.05', token: text('x') });
    expect(sent()).to.deep.equal(['RST 0.00 5']);
  });

  it('fails when the request is rejected with a reset', async () => {
    const { endpoint, last, arrive } = bench();
    const failing = linkError(endpoint.request(content('0.02'), CON, signal), 'closed');
    arrive({ type: 'RST', messageId: last().messageId });
    await failing;
  });

  it('sends what wants no confirmation once', async () => {
    const { endpoint, last, arrive, world, sent } = bench();
    const answer = endpoint.request(content('0.02'), { type: 'NON' }, signal);
    await world.clock.pass(100);
    expect(sent()).to.have.length(1);
    arrive({ type: 'NON', code: '2.04', messageId: 9, token: last().token });
    expect((await answer).repeated).to.equal(0);
  });

  it('ends with its line, with its caller, and is not begun for a caller who is gone', async () => {
    const { endpoint, line, world } = bench();
    const caller = new AbortController();
    const given = linkError(endpoint.request(content('0.02'), CON, caller.signal), 'timeout');
    caller.abort(new Error('the step is over'));
    expect((await given).message).to.contain('the step is over');
    const cut = linkError(endpoint.request(content('0.02'), CON, signal), 'closed');
    line.end(new LinkError('closed', 'gone'));
    await cut;
    await linkError(endpoint.request(content('0.02'), CON, signal), 'closed');
    await linkError(bench().endpoint.request(content('0.02'), CON, AbortSignal.abort(new Error('over'))), 'timeout');
    expect(world.clock.pending()).to.equal(0);
  });

  it('commits the faults asked for', async () => {
    const { endpoint, last, arrive, line, sent } = bench({ anyToken: true });
    const resets = endpoint.request(content('0.02'), { ...CON, malformed: 'tokenLength' }, signal);
    expect(decodeMessage(line.sent[0] ?? none)).to.have.property('malformed');
    arrive({ type: 'RST', messageId: ((line.sent[0]?.[2] ?? 0) << 8) | (line.sent[0]?.[3] ?? 0) });
    expect((await resets).message.type).to.equal('RST');
    line.sent.length = 0;
    const twice = endpoint.request(content('0.02'), { ...CON, twice: true, unacknowledged: true }, signal);
    expect(sent().at(-1)).to.equal(sent().at(-2));
    arrive({ type: 'ACK', messageId: last().messageId });
    const before = line.sent.length;
    arrive({ code: '2.05', messageId: 50, token: last().token });
    await twice;
    expect(line.sent, 'no acknowledgement').to.have.length(before);
    const blind = endpoint.request(content('0.02'), CON, signal);
    arrive({ ...last(), type: 'ACK', code: '2.05', token: text('x') });
    await blind;
  });

  it('takes the acknowledgement of another message, and none without a response, where these are the faults asked for', async () => {
    const { endpoint, last, arrive } = bench({ anyMessageId: true, onlyPiggybacked: true });
    const misled = endpoint.request(content('0.02'), CON, signal);
    arrive({ ...last(), type: 'ACK', code: '2.05', messageId: last().messageId + 1 });
    expect((await misled).message.code).to.equal('2.05');
    const hasty = linkError(endpoint.request(content('0.02'), CON, signal), 'protocol');
    arrive({ type: 'ACK', messageId: last().messageId });
    expect((await hasty).message).to.contain('without a response');
  });
});

describe('coap message layer: answers', () => {
  /** An endpoint that keeps its requests for the test to answer. */
  const server = (handlers: EndpointHandlers = {}) => {
    const incoming: Incoming[] = [];
    return { ...bench({ request: one => void incoming.push(one), ...handlers }), incoming };
  };
  const request = { code: '0.02', messageId: 7, token: text('t') };

  it('go with the acknowledgement, and again to every copy of the request, which is carried out once', async () => {
    const { arrive, incoming, sent } = server();
    arrive(request);
    expect(await incoming[0]?.respond(content('2.04'))).to.equal('sent');
    arrive(request);
    arrive(request);
    expect(incoming).to.have.length(1);
    expect(incoming[0]?.copies()).to.equal(3);
    expect(sent()).to.deep.equal(Array(3).fill('ACK 2.04 7 74'));
  });

  it('come in a message of their own after the acknowledgement when they take long', async () => {
    const { arrive, incoming, sent, world, last } = server();
    arrive(request);
    arrive(request);
    await world.clock.pass(1);
    expect(sent()).to.deep.equal(['ACK 0.00 7']);
    arrive(request);
    const outcome = incoming[0]?.respond(content('2.04'));
    const { messageId, type } = last();
    expect([type, sent().length]).to.deep.equal(['CON', 3]);
    await world.clock.pass(2);
    expect(sent().at(-1)).to.equal(sent().at(-2));
    arrive({ type: 'ACK', messageId });
    expect(await outcome).to.equal('acknowledged');
    expect(world.clock.pending()).to.equal(0);
  });

  it('tell when they were rejected or never acknowledged', async () => {
    const { arrive, incoming, world, last } = server();
    const outcome = (messageId: number): Promise<Outcome> | undefined => {
      arrive({ ...request, messageId });
      return incoming.at(-1)?.respond(content('2.04'), { separate: true });
    };
    const rejected = outcome(1);
    arrive({ type: 'RST', messageId: last().messageId });
    expect(await rejected).to.equal('reset');
    const lost = outcome(2);
    await world.clock.pass(100);
    expect(await lost).to.equal('lost');
  });

  it('are of the type of the request where it wants no confirmation, or of the type wished', () => {
    const { arrive, incoming, last } = server();
    arrive({ ...request, type: 'NON' });
    void incoming[0]?.respond(content('2.04'));
    expect(last().type).to.equal('NON');
    arrive({ ...request, messageId: 8 });
    void incoming[1]?.respond(content('2.04'), { type: 'NON', separate: true });
    expect(last().type).to.equal('NON');
  });

  it('are spoilt as asked for', async () => {
    const { arrive, incoming, sent, line } = server();
    const next = (messageId: number): Incoming | undefined => {
      line.sent.length = 0;
      arrive({ ...request, messageId });
      return incoming.at(-1);
    };
    await next(10)?.respond(content('2.04'), { wrongToken: true });
    expect(sent()).to.deep.equal(['ACK 2.04 10 2e']);
    await next(11)?.respond(content('2.04'), { wrongMessageId: true });
    expect(sent()).to.deep.equal(['ACK 2.04 12 74']);
    await next(13)?.respond(content('2.04'), { twice: true });
    expect(sent()).to.have.length(2);
    await next(14)?.respond(content('2.04'), { malformed: 'version' });
    expect(decodeMessage(line.sent[0] ?? none)).to.have.property('malformed');
    const lost = next(15)?.respond(content('2.04'), { lose: 2 });
    arrive({ ...request, messageId: 15 });
    expect(sent()).to.have.length(0);
    arrive({ ...request, messageId: 15 });
    expect([await lost, sent()]).to.deep.equal(['sent', ['ACK 2.04 15 74']]);
    next(16)?.reset();
    arrive({ ...request, messageId: 16 });
    expect(sent()).to.deep.equal(['RST 0.00 16', 'RST 0.00 16']);
  });

  it('are not given when ignored, and not prepared for a peer that is gone', async () => {
    const { arrive, incoming, line, world, sent } = server();
    arrive(request);
    incoming[0]?.ignore();
    await world.clock.pass(10);
    expect(sent()).to.deep.equal([]);
    arrive({ ...request, messageId: 8 });
    line.end(new LinkError('closed', 'gone'));
    expect(incoming[1]?.signal.aborted).to.equal(true);
  });

  it('are given anew by an endpoint that does not look for copies', () => {
    const { arrive, incoming } = server({ repeats: true });
    arrive(request);
    arrive(request);
    expect(incoming).to.have.length(2);
  });

  it('belong to a new request when its Message ID is used again after its lifetime, and earlier for another message with a remark', async () => {
    const { arrive, incoming, problems, world } = server();
    arrive(request);
    arrive({ ...request, token: text('u') });
    expect([incoming.length, problems.map(({ kind }) => kind)]).to.deep.equal([2, ['reused']]);
    await world.clock.pass(248);
    arrive({ ...request, token: text('u') });
    expect(incoming).to.have.length(3);
  });
});

describe('coap message layer: what is no request', () => {
  it('asks whether the peer is there', async () => {
    const { endpoint, arrive, world, sent, line, last } = bench();
    const there = endpoint.ping({ seconds: 6 }, signal);
    expect(sent()[0]).to.match(/^CON 0.00/);
    arrive({ type: 'RST', messageId: last().messageId });
    expect(await there).to.equal(true);
    line.sent.length = 0;
    const silent = endpoint.ping({ seconds: 6 }, signal);
    await world.clock.pass(6);
    expect([await silent, sent().length, world.clock.pending()]).to.deep.equal([false, 2, 0]);
    const caller = new AbortController();
    const given = endpoint.ping({ seconds: 6 }, caller.signal);
    caller.abort();
    expect([await given, await endpoint.ping({ seconds: 6 }, caller.signal)]).to.deep.equal([false, false]);
    line.end(new LinkError('closed', 'gone'));
    expect(await endpoint.ping({ seconds: 6 }, signal)).to.equal(false);
  });

  it('answers a ping with a reset', () => {
    const { arrive, sent } = bench();
    arrive({ messageId: 3 });
    arrive({ type: 'NON', messageId: 4 });
    expect(sent()).to.deep.equal(['RST 0.00 3']);
  });

  it('rejects requests where nobody serves them', () => {
    const { arrive, sent } = bench();
    arrive({ code: '0.02', messageId: 3 });
    arrive({ type: 'NON', code: '0.02', messageId: 4 });
    expect(sent()).to.deep.equal(['RST 0.00 3']);
  });

  it('rejects what is malformed and says so; acknowledgements of nothing are ignored', () => {
    const { arrive, line, problems, sent } = bench();
    line.arrive(Uint8Array.of(0x40, 2, 0, 9, 0xff));
    line.arrive(Uint8Array.of(1, 2));
    arrive({ type: 'ACK', messageId: 5 });
    arrive({ type: 'RST', messageId: 5 });
    expect(sent()).to.deep.equal(['RST 0.00 9']);
    expect(problems.map(({ message }) => message)).to.have.length(2);
  });

  it('stands any datagrams in any order, and remembers a bounded number of them', () => {
    const header = fc.tuple(fc.constantFrom(0x40, 0x50, 0x60, 0x70, 0x44), fc.constantFrom(0, 1, 2, 0x45, 0x84), fc.nat(255), fc.nat(255));
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.tuple(header, fc.uint8Array({ maxLength: 20 })).map(([head, rest]) => Uint8Array.of(...head, ...rest)),
    );
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 50 }), datagrams => {
        const { line, world, endpoint } = bench({ request: incoming => void incoming.respond(content('2.04')) });
        endpoint.request(content('0.02'), CON, signal).catch(() => {});
        for (const one of datagrams) line.arrive(one);
        endpoint.close(new LinkError('closed', 'over'));
        expect(world.clock.pending()).to.equal(0);
      }),
      { numRuns: 200 },
    );
  });

  it('remembers the latest messages only', () => {
    let carriedOut = 0;
    const { arrive } = bench({ request: () => void carriedOut++ });
    for (let id = 0; id < 300; id++) arrive({ code: '0.02', messageId: id });
    arrive({ code: '0.02', messageId: 299 });
    arrive({ code: '0.02', messageId: 0 });
    expect(carriedOut).to.equal(301);
  });
});
