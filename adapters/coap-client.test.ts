import { expect } from 'chai';
import type { Client, Inbound, Listener } from './adapter.js';
import { type Endpoint, endpointText, parseAddress } from './address.js';
import { clientContract, linkError } from './client-contract.js';
import { type CoapClientOptions, openCoapClient } from './coap-client.js';
import { type CoapListenerOptions, openCoapListener } from './coap-listener.js';
import { bindDatagrams } from './datagram.js';
import { authority, identity } from './fixtures/certificates.js';
import { standingClock } from './testing-datagrams.js';

const NAME = 'eim.example.com';
const PATH = '/gsma/rsp2/asn1';
const signal = new AbortController().signal;

clientContract(
  'coaps',
  async () => {
    const listener = await openCoapListener({ listen: '127.0.0.1:0', identities: new Map([['*', identity('good')]]) });
    const client = openCoapClient({ url: `coaps://${listener.address}${PATH}`, serverName: NAME, trust: [authority('ca')] });
    return {
      client,
      listener,
      close: async () => {
        await client.close();
        await listener.close();
      },
    };
  },
  { ':code': '2.05' },
);

describe('coap client and listener', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const pair = async (
    scheme: 'coap' | 'coaps',
    ofClient: Partial<CoapClientOptions> = {},
    ofListener: Partial<CoapListenerOptions> = {},
  ): Promise<{ client: Client; listener: Listener; seen: Inbound[] }> => {
    const identities = scheme === 'coaps' ? { identities: new Map([['*', identity('good')]]) } : {};
    const listener = await openCoapListener({ listen: '127.0.0.1:0', ...identities, ...ofListener });
    closing.push(() => listener.close());
    const url = `${scheme}://${listener.address}${PATH}`;
    const client = openCoapClient({ url, serverName: NAME, trust: [authority('ca')], ...ofClient });
    closing.push(() => client.close());
    const seen: Inbound[] = [];
    listener.onFrame(async frame => {
      seen.push(frame);
      return { meta: { ':code': '2.04' }, body: frame.body };
    });
    return { client, listener, seen };
  };
  const body = Uint8Array.from({ length: 12_000 }, (_, i) => (i * 7) % 251);

  for (const scheme of ['coap', 'coaps'] as const)
    it(`carries 12 kB in blocks both ways in one exchange over ${scheme}`, async () => {
      const { client, seen } = await pair(scheme);
      const reply = await client.exchange({ meta: { 'content-format': '42' }, body }, { signal });
      expect(Buffer.compare(reply.body, body)).to.equal(0);
      expect(reply.meta).to.include({ ':code': '2.04', ':blocks': '12', ':sent-blocks': '12', ':block-size': '1024', ':repeated': '0' });
      expect(seen).to.have.length(1);
      expect(seen[0]?.meta).to.include({ ':method': 'POST', ':path': PATH, ':blocks': '12', ':block-size': '1024', ':copies': '1' });
      expect(seen[0]?.meta).to.include({ 'content-format': '42', 'uri-host': NAME });
      expect(reply.connection.exchanges).to.equal(1);
    });

  it('asks for smaller blocks when told so, and takes those that the server wants', async () => {
    const { client, seen } = await pair('coap', {}, { blockSize: 64 });
    const asked = await client.exchange({ meta: { ':block-size': '32' }, body: body.subarray(0, 100) }, { signal });
    expect(asked.meta).to.include({ ':sent-blocks': '4', ':blocks': '4', ':block-size': '32' });
    const wanted = await client.exchange({ meta: {}, body: body.subarray(0, 2000) }, { signal });
    expect(Buffer.compare(wanted.body, body.subarray(0, 2000))).to.equal(0);
    expect(wanted.meta).to.include({ ':block-size': '64', ':blocks': '32' });
    expect(seen[1]?.meta[':blocks']).to.equal('17');
  });

  it('tells TLS facts of both ends', async () => {
    const { client, listener } = await pair('coaps');
    const facts = new Promise<Parameters<Parameters<Listener['onConnection']>[0]>[0]>(resolve => listener.onConnection(resolve));
    const reply = await client.exchange({ meta: {}, body: body.subarray(0, 3) }, { signal });
    expect(reply.connection.tls).to.include({
      version: 'DTLSv1.2',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      serverName: NAME,
      resumed: false,
    });
    expect(reply.connection.tls?.peerCertificates).to.have.length(1);
    expect(reply.connection.tls?.serverKeyShare).to.match(/^04[0-9A-F]{128}$/);
    expect(reply.connection.tls?.keyLog[0]).to.match(/^CLIENT_RANDOM /);
    const { tls } = await facts;
    expect(tls).to.include({ version: 'DTLSv1.2', serverName: NAME });
    expect(tls?.clientHello?.versions).to.deep.equal(['DTLSv1.2']);
    expect(tls?.clientHello?.cipherSuites.slice(0, 4)).to.deep.equal(['C02B', 'C02C', 'C0AE', 'C0AC']);
  });

  it('makes a new session with a server that has lost the old one without a farewell', async () => {
    const clock = standingClock();
    const front = await bindDatagrams('127.0.0.1:0');
    closing.push(() => front.close());
    const [before, after] = [await pair('coaps'), await pair('coaps')];
    let server = before;
    const routes = new Map<string, Endpoint>();
    front.receive({
      datagram: (octets, from) => {
        const isClient = ![before, after].some(({ listener }) => listener.address === endpointText(from));
        if (isClient) routes.set('client', from);
        const to = isClient ? parseAddress(server.listener.address) : routes.get('client');
        if (to !== undefined) front.send(octets, to);
      },
      failed: () => {},
    });
    const url = `coaps://${endpointText(front.local)}${PATH}`;
    const client = openCoapClient({ url, serverName: NAME, trust: [authority('ca')], clock });
    closing.push(() => client.close());
    const exchange = () => client.exchange({ meta: {}, body: Uint8Array.of(1) }, { signal });
    const ids = [(await exchange()).connection.id];
    await clock.pass(2);
    ids.push((await exchange()).connection.id);
    expect(before.seen, 'it was asked whether it is there').to.have.length(2);
    server = after;
    await clock.pass(2);
    const anew = exchange();
    await clock.pass(7);
    const { connection } = await anew;
    expect([...ids, connection.id, connection.resent]).to.deep.equal([1, 1, 2, undefined]);
    expect(after.seen).to.have.length(1);
  });

  it('finds nobody at a closed port of plain CoAP', async () => {
    const { client, listener } = await pair('coap');
    await listener.close();
    await linkError(client.exchange({ meta: {}, body }, { signal }), 'refused');
  });

  it('rejects a cut of plain CoAP with a reset', async () => {
    const { client, listener } = await pair('coap');
    listener.onFrame(async () => ({ fault: 'cut' }));
    expect((await linkError(client.exchange({ meta: {}, body }, { signal }), 'closed')).message).to.contain('reset');
  });

  it('answers 5.03 while there is no handler, and 5.00 when it fails', async () => {
    const listener = await openCoapListener({ listen: '127.0.0.1:0' });
    closing.push(() => listener.close());
    const client = openCoapClient({ url: `coap://${listener.address}` });
    closing.push(() => client.close());
    const code = async () => (await client.exchange({ meta: {}, body }, { signal })).meta[':code'];
    expect(await code()).to.equal('5.03');
    listener.onFrame(async () => {
      throw new Error('no');
    });
    expect(await code()).to.equal('5.00');
  });
});
