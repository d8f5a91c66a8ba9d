import { expect } from 'chai';
import type { Client, Inbound, Listener } from './adapter.js';
import { linkError } from './client-contract.js';
import { type CoapClientOptions, openCoapClient } from './coap-client.js';
import { type CoapDelivery, type CoapListenerOptions, openCoapListener } from './coap-listener.js';
import { decodeMessage } from './coap-message.js';
import type { CoapTrace } from './coap-world.js';
import type { ListenerProblem } from './https-listener.js';

const signal = new AbortController().signal;
const timing = { ackTimeout: { seconds: 0.01 }, maxRetransmit: 10 };
const body = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);

describe('coap listener', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const pair = async (ofListener: Partial<CoapListenerOptions> = {}, ofClient: Partial<CoapClientOptions> = {}) => {
    const seen: Inbound[] = [];
    const problems: ListenerProblem[] = [];
    const listener: Listener = await openCoapListener({ listen: '127.0.0.1:0', onProblem: one => void problems.push(one), ...ofListener });
    closing.push(() => listener.close());
    const client: Client = openCoapClient({ url: `coap://${listener.address}/x`, ...ofClient });
    closing.push(() => client.close());
    let meta: Readonly<Record<string, string>> = {};
    listener.onFrame(async frame => {
      seen.push(frame);
      return { meta: { ':code': '2.04', ...meta }, body: frame.body };
    });
    return {
      seen,
      problems,
      listener,
      /** One exchange, with wishes for the request and for its answer. */
      exchange: (length: number, request: Readonly<Record<string, string>> = {}, answer: Readonly<Record<string, string>> = {}) => {
        meta = answer;
        return client.exchange({ meta: request, body: body(length) }, { signal });
      },
    };
  };

  it('refuses unknown critical options with 4.02 and proxying with 5.05, and ignores unknown elective ones', async () => {
    const { exchange, seen } = await pair();
    const refused = await exchange(1, { 'option-9': '00', 'option-2049': '' });
    expect([refused.meta[':code'], Buffer.from(refused.body).toString()]).to.deep.equal(['4.02', 'critical option 9, 2049']);
    expect((await exchange(1, { 'proxy-uri': 'coap://x' })).meta[':code']).to.equal('5.05');
    expect(seen).to.have.length(0);
    expect((await exchange(1, { 'option-2048': 'AB' })).meta[':code']).to.equal('2.04');
    expect(seen[0]?.meta['option-2048']).to.equal('AB');
  });

  it('refuses a request with a block left out with 4.08 and carries nothing out, unless that is its fault', async () => {
    const right = await pair();
    expect((await right.exchange(200, { ':block-size': '64', ':skip-block': '1' })).meta[':code']).to.equal('4.08');
    expect(right.seen).to.have.length(0);
    const wrong = await pair({ faults: { gaps: true } });
    expect((await wrong.exchange(200, { ':block-size': '64', ':skip-block': '1' })).body).to.have.length(136);
  });

  it('rejects malformed requests with a reset and tells them', async () => {
    const { exchange, problems } = await pair();
    for (const malformed of ['tokenLength', 'codeClass', 'payloadMarker', 'optionDelta', 'optionLength'])
      expect((await exchange(3, { ':malformed': malformed })).meta, malformed).to.include({ ':type': 'RST', ':code': '0.00' });
    expect(problems.map(({ kind }) => kind)).to.deep.equal(Array(5).fill('malformed'));
  });

  it('carries out a request once that comes twice, unless that is its fault', async () => {
    const right = await pair();
    await right.exchange(3, { ':twice': 'true' });
    await right.exchange(3);
    expect(right.seen).to.have.length(2);
    const wrong = await pair({ faults: { repeats: true } });
    await wrong.exchange(3, { ':twice': 'true' });
    await wrong.exchange(3);
    expect(wrong.seen).to.have.length(3);
  });

  it('refuses bodies beyond the limit with 4.13 and tells them', async () => {
    const { exchange, problems } = await pair({ bodyLimit: 2000 });
    expect((await exchange(3000)).meta).to.include({ ':code': '4.13', size1: '2000' });
    expect(problems.map(({ kind }) => kind)).to.deep.equal(['tooLarge']);
    expect((await exchange(2000)).body).to.have.length(2000);
  });

  it('answers in a message of its own when told so, and tells that it was acknowledged', async () => {
    const deliveries: CoapDelivery[] = [];
    const { exchange } = await pair({ onDelivery: one => void deliveries.push(one) });
    expect((await exchange(3, {}, { ':separate': 'true' })).meta[':type']).to.equal('CON');
    expect((await exchange(3, { ':type': 'NON' })).meta[':type']).to.equal('NON');
    expect((await exchange(3, {}, { ':type': 'NON' })).meta[':type']).to.equal('NON');
    expect(deliveries.map(({ outcome }) => outcome)).to.deep.equal(['acknowledged', 'sent', 'sent']);
  });

  it('loses answers when told so, so that the client has to send its request again', async () => {
    const delivered: CoapDelivery[] = [];
    const { exchange, seen } = await pair({ onDelivery: one => void delivered.push(one) }, { timing });
    const reply = await exchange(3, {}, { ':lose': '2' });
    expect(Number(reply.meta[':repeated'])).to.be.at.least(2);
    expect(seen).to.have.length(1);
    expect(delivered[0]).to.deep.include({ outcome: 'sent', copies: 3 });
  });

  const confusions: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['another token', { ':wrong-token': 'true' }, 'with the token'],
    ['another ETag in each block', { ':etag': 'changing' }, 'changed the ETag'],
    ['a wrong block number', { ':wrong-block-number': 'true' }, 'goes on at octet'],
  ];
  for (const [what, meta, reason] of confusions)
    it(`confuses a client by ${what}, which notices`, async () => {
      const { exchange } = await pair();
      const error = await linkError(exchange(3000, {}, meta), 'protocol');
      expect(error.message).to.contain(reason);
    });

  it('confuses a client that does not look', async () => {
    const { exchange } = await pair({}, { faults: { anyToken: true, anyEtag: true } });
    expect((await exchange(3000, {}, { ':etag': 'changing' })).body).to.have.length(3000);
    expect((await exchange(30, {}, { ':wrong-token': 'true' })).body).to.have.length(30);
  });

  it('skips a block of its answer when told so, and the client cannot know', async () => {
    const { exchange } = await pair();
    expect((await exchange(3000, {}, { ':skip-block': '1' })).body).to.have.length(3000 - 1024);
  });

  it('never answers for a block that it has to lose', async () => {
    const { exchange } = await pair({}, { timing: { ...timing, maxRetransmit: 1 } });
    await linkError(exchange(3000, {}, { ':lose-block': '1' }), 'timeout');
  });

  it('blames its own handler for wishes that nobody knows', async () => {
    const { exchange, problems } = await pair();
    expect((await exchange(3, {}, { ':nonsense': '1' })).meta[':code']).to.equal('5.00');
    expect(problems[0]).to.include({ kind: 'handler' });
    let caught: unknown;
    await exchange(3, { ':nonsense': '1' }).catch((error: unknown) => {
      caught = error;
    });
    expect(caught).to.be.instanceOf(TypeError);
  });

  it('carries out so many requests of a peer at a time, and no more', async () => {
    const { listener } = await pair();
    const asked: Inbound[] = [];
    let all = () => {};
    const sixteen = new Promise<void>(resolve => {
      all = resolve;
    });
    listener.onFrame(frame => {
      asked.push(frame);
      if (asked.length === 16) all();
      return new Promise(() => {});
    });
    const { socket, remote } = await (await import('./datagram.js')).connectDatagrams(
      { host: '127.0.0.1', port: Number(listener.address.split(':')[1]) },
      signal,
    );
    closing.push(() => socket.close());
    const refused = new Promise<Uint8Array>(resolve => socket.receive({ datagram: resolve, failed: () => {} }));
    for (let id = 0; id < 17; id++) socket.send(Uint8Array.of(0x40, 2, 0, id), remote);
    await sixteen;
    expect(decodeMessage(await refused)).to.include({ code: '5.03', messageId: 16 });
  });

  it('shows the datagrams of both ends to whoever wants to see them', async () => {
    const [ours, theirs]: CoapTrace[][] = [[], []];
    const { exchange } = await pair({ trace: one => void theirs?.push(one) }, { trace: one => void ours?.push(one) });
    await exchange(3);
    expect(ours?.map(({ direction }) => direction)).to.deep.equal(['out', 'in']);
    expect(theirs?.map(({ octets }) => octets)).to.deep.equal(ours?.map(({ octets }) => octets));
  });
});
