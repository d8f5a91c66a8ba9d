import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect } from 'chai';
import { LinkError } from './adapter.js';
import type { Endpoint } from './address.js';
import { linkError } from './client-contract.js';
import { type CoapClientOptions, openCoapClient } from './coap-client.js';
import { type CoapListenerOptions, openCoapListener } from './coap-listener.js';
import type { DatagramSocket } from './datagram.js';
import { authority, identity } from './fixtures/certificates.js';
import { openHttpsClient } from './https-client.js';
import { openHttpsListener } from './https-listener.js';
import { skyOf, standingClock } from './testing-datagrams.js';
import { chances, fateOf, underWeather, type Weather } from './weather.js';
import { cutOf, openWeatherRelay } from './weather-relay.js';

const PEER: Endpoint = { host: '192.0.2.1', port: 1 };
const signal = new AbortController().signal;

describe('weather around datagrams', () => {
  /** Sends datagrams 0, 1, 2 … through the weather; what passed, in order. */
  const sent = async (weather: Omit<Weather, 'seed'>, count = 200, seconds = 10) => {
    const clock = standingClock();
    const passed: number[] = [];
    let arrive = (_octets: Uint8Array, _from: Endpoint) => {};
    const raw: DatagramSocket = {
      local: PEER,
      send: ([number = 0]) => void passed.push(number),
      receive: handlers => {
        arrive = handlers.datagram;
      },
      close: async () => {},
    };
    const arrived: number[] = [];
    const socket = underWeather(raw, skyOf({ seed: 'abc', ...weather }), clock);
    socket.receive({ datagram: ([number = 0]) => void arrived.push(number), failed: () => {} });
    for (let i = 0; i < count; i++) {
      socket.send(Uint8Array.of(i), PEER);
      arrive(Uint8Array.of(i), PEER);
    }
    await clock.pass(seconds);
    return { passed, arrived, socket, clock };
  };
  const all = Array.from({ length: 200 }, (_, i) => i);

  it('is fine when nothing is said', async () => {
    const { passed, arrived } = await sent({});
    expect([passed, arrived]).to.deep.equal([all, all]);
  });

  it('loses about the share said, others in each direction, and always the same from the same seed', async () => {
    const { passed, arrived } = await sent({ loss: 0.3 });
    for (const some of [passed, arrived]) expect(some.length).to.be.within(110, 170);
    expect(passed).to.not.deep.equal(arrived);
    expect((await sent({ loss: 0.3 })).passed).to.deep.equal(passed);
    expect((await sent({ loss: 1 })).passed).to.deep.equal([]);
  });

  it('brings some twice', async () => {
    const { passed } = await sent({ duplicate: 0.3 });
    expect(passed.length).to.be.within(230, 290);
    expect([...new Set(passed)]).to.deep.equal(all);
  });

  it('lets the next one overtake, and loses none by that', async () => {
    const { passed } = await sent({ reorder: 0.3 });
    expect(passed).to.not.deep.equal(all);
    expect([...passed].sort((a, b) => a - b)).to.deep.equal(all);
    expect((await sent({ reorder: 1 }, 1)).passed, 'nobody came to overtake it').to.deep.equal([0]);
    expect((await sent({ reorder: 1 }, 1, 0.4)).passed).to.deep.equal([]);
  });

  it('delays each between the bounds', async () => {
    const delay = { min: { seconds: 1 }, max: { seconds: 2 } };
    expect((await sent({ delay }, 200, 0.9)).passed).to.have.length(0);
    const { passed } = await sent({ delay }, 200, 2);
    expect([...passed].sort((a, b) => a - b)).to.deep.equal(all);
    expect((await sent({ delay }, 2000, 2)).passed, 'no more under way than a network holds').to.have.length.below(1025);
  });

  it('holds nothing back after the socket is closed', async () => {
    const { socket, clock, passed } = await sent({ delay: { min: { seconds: 1 }, max: { seconds: 1 } } }, 5, 0);
    await socket.close();
    await clock.pass(5);
    socket.send(Uint8Array.of(1), PEER);
    expect([passed, clock.pending()]).to.deep.equal([[], 0]);
  });

  it('gives each peer its own fate', () => {
    const weather = { seed: 'x', loss: 0.5 };
    const fates = (peer: number) => all.map(count => fateOf(weather, 'in', peer, count).isLost);
    expect(fates(0)).to.not.deep.equal(fates(1));
    expect(chances('x', 'y')).to.have.length(8);
    expect(chances('x', 'y')).to.deep.equal(chances('x', 'y'));
  });
});

describe('weather around exchanges', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const timing = {
    ackTimeout: { seconds: 0.01 },
    maxRetransmit: 8,
    handshakeRetransmit: { seconds: 0.01 },
  };
  const weather: Weather = { seed: 'storm', loss: 0.15, duplicate: 0.15, reorder: 0.1, patience: { seconds: 0.005 } };
  const pair = async (isSecure: boolean, ofClient: Partial<CoapClientOptions> = {}, ofListener: Partial<CoapListenerOptions> = {}) => {
    const identities = isSecure ? { identities: new Map([['*', identity('good')]]) } : {};
    const listener = await openCoapListener({ listen: '127.0.0.1:0', ...identities, timing, ...ofListener });
    closing.push(() => listener.close());
    const scheme = isSecure ? 'coaps' : 'coap';
    const client = openCoapClient({
      url: `${scheme}://${listener.address}/x`,
      serverName: 'eim.example.com',
      trust: [authority('ca')],
      timing,
      ...ofClient,
    });
    closing.push(() => client.close());
    return { client, listener };
  };

  for (const isSecure of [false, true])
    it(`neither loses, doubles nor mixes anything up over ${isSecure ? 'coaps' : 'coap'}, handshakes and separate answers included`, async () => {
      const { client, listener } = await pair(isSecure, { sky: skyOf(weather) }, { sky: skyOf({ ...weather, seed: 'gale', loss: 0 }) });
      let carriedOut = 0;
      listener.onFrame(async ({ body }) => {
        carriedOut++;
        return { meta: { ':code': '2.04', ':separate': String(carriedOut % 2 === 0) }, body: body.map(octet => octet ^ 0xff) };
      });
      for (const length of [1, 3000, 2, 5000]) {
        const body = Uint8Array.from({ length }, (_, i) => (i * length) & 0xff);
        const reply = await client.exchange(
          { meta: { ':block-size': '512' }, body },
          { signal, connection: length === 2 ? 'new' : 'keep' },
        );
        expect(
          Buffer.compare(
            reply.body,
            body.map(octet => octet ^ 0xff),
          ),
        ).to.equal(0);
      }
      expect(carriedOut).to.equal(4);
    });

  it('ends in a timeout where nothing passes', async () => {
    const { client } = await pair(false, {
      sky: skyOf({ seed: 'x', loss: 1 }),
      timing: { ...timing, ackTimeout: { seconds: 0.001 }, maxRetransmit: 2 },
    });
    const error = await linkError(client.exchange({ meta: {}, body: new Uint8Array(1) }, { signal }), 'timeout');
    expect(error.message).to.contain('none of 3 transmissions');
  });
});

describe('weather around streams', () => {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const server = async (): Promise<Endpoint> => {
    const echo = createServer(socket => socket.on('error', () => {}).pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    closing.push(() => echo.close());
    const bound = echo.address();
    return { host: '127.0.0.1', port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
  };
  const relay = async (to: Endpoint, weather: Omit<Weather, 'seed'>, clock = standingClock()) => {
    const opened = await openWeatherRelay({ listen: '127.0.0.1:0', to, sky: skyOf({ seed: 'abc', ...weather }), clock });
    closing.push(() => opened.close());
    return { address: opened.address, port: Number(opened.address.split(':')[1]), clock };
  };
  /** What comes back of so many octets until the stream ends. */
  const echoed = (port: number, length: number): Promise<number> =>
    new Promise(resolve => {
      let got = 0;
      const socket = connect(port, '127.0.0.1');
      closing.push(() => socket.destroy());
      socket.on('error', () => {});
      socket.on('data', data => {
        got += data.length;
        if (got === length) socket.end();
      });
      socket.on('close', () => resolve(got));
      socket.write(new Uint8Array(length));
    });

  it('passes everything when nothing is said', async () => {
    const { port } = await relay(await server(), {});
    expect(await echoed(port, 100_000)).to.equal(100_000);
  });

  it('cuts after the octets of the seed, in one direction', async () => {
    const weather = { cut: 1, cutAfter: { min: 10, max: 20 } };
    const { port } = await relay(await server(), weather);
    for (let stream = 0; stream < 4; stream++) {
      const cut = cutOf({ seed: 'abc', ...weather }, stream);
      expect(cut?.after).to.be.within(10, 20);
      const got = await echoed(port, 1000);
      expect(got).to.be.at.most(cut?.after ?? 0);
      if (cut?.direction === 'out') expect(got).to.be.at.most(cut.after);
    }
    expect(cutOf({ seed: 'abc', cut: 0 }, 0)).to.equal(undefined);
  });

  it('makes a stream slow', async () => {
    const { port, clock } = await relay(await server(), { rate: 1000 });
    let isDone = false;
    const done = echoed(port, 300).then(got => {
      isDone = true;
      return got;
    });
    const step = async (): Promise<void> => {
      await clock.pass(0.1);
      if (!isDone) return step();
    };
    await step();
    expect(await done).to.equal(300);
    expect(clock.now(), 'three pieces in, and as long out').to.be.at.least(0.35);
  });

  it('ends the stream of a client when nobody listens behind it', async () => {
    const { port } = await relay({ host: '127.0.0.1', port: 1 }, {});
    expect(await echoed(port, 10)).to.equal(0);
  });

  it('goes around HTTPS, whose client keeps the name and is led through the relay', async () => {
    const listener = await openHttpsListener({ listen: '127.0.0.1:0', identities: new Map([['*', identity('good')]]) });
    closing.push(() => listener.close());
    listener.onFrame(async frame => ({ meta: { ':status': '200', host: frame.meta.host ?? '' }, body: frame.body }));
    const to = { host: '127.0.0.1', port: Number(listener.address.split(':')[1]) };
    const through = async (weather: Omit<Weather, 'seed'>) => {
      const { port } = await relay(to, weather);
      const client = openHttpsClient({
        url: 'https://eim.example.com/',
        trust: [authority('ca')],
        via: { host: '127.0.0.1', port },
      });
      closing.push(() => client.close());
      return client.exchange({ meta: {}, body: new Uint8Array(5000) }, { signal });
    };
    const reply = await through({});
    expect([reply.body.length, reply.meta.host]).to.deep.equal([5000, 'eim.example.com']);
    const error = await through({ cut: 1, cutAfter: { min: 3000, max: 3500 } }).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(LinkError);
  });
});
