import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from './clock.js';
import { clientSide, serverSide } from './dtls-context.js';
import { loadOpenssl, type Openssl, type Pointer } from './dtls-openssl.js';
import { dtlsSession, type Ending } from './dtls-session.js';
import { authority, identity } from './fixtures/certificates.js';

describe('dtls session', () => {
  let openssl: Openssl;
  let contexts: { readonly server: Pointer; readonly client: Pointer };
  before(async () => {
    openssl = await loadOpenssl();
    contexts = { server: serverSide(openssl, identity('good'), {}), client: clientSide(openssl, [authority('ca')], {}) };
  });
  after(() => {
    openssl.SSL_CTX_free(contexts.client);
    openssl.SSL_CTX_free(contexts.server);
  });

  /** A handshake in memory and a datagram each way, through a tamperer; how both ends came out of it. */
  const run = (tamper: (datagram: Uint8Array) => readonly Uint8Array[]) => {
    const came: { connected: number; got: number; ended: Ending['by'][] } = { connected: 0, got: 0, ended: [] };
    const queue: (() => void)[] = [];
    const events = {
      connected: () => void came.connected++,
      datagram: () => void came.got++,
      ended: ({ by }: Ending) => void came.ended.push(by),
    };
    const shared = { openssl, clock: systemClock, retransmit: { seconds: 60 }, events };
    const client = dtlsSession({
      ...shared,
      context: contexts.client,
      role: 'client',
      verify: () => ({ chain: [] }),
      send: datagram => void queue.push(...tamper(datagram).map(one => () => server.feed(one))),
    });
    const server = dtlsSession({
      ...shared,
      context: contexts.server,
      role: 'server',
      cookie: () => new Uint8Array(20),
      contextFor: () => contexts.server,
      send: datagram => void queue.push(...tamper(datagram).map(one => () => client.feed(one))),
    });
    const deliver = () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) next();
    };
    client.start();
    deliver();
    for (const end of [client, server]) end.send(new Uint8Array(30));
    deliver();
    client.close();
    deliver();
    server.close();
    for (const end of [client, server]) {
      end.feed(Uint8Array.of(22));
      end.send(new Uint8Array(1));
      end.close();
      end.abandon();
    }
    return came;
  };

  it('connects, carries datagrams and says farewell', () => {
    expect(run(one => [one])).to.deep.equal({ connected: 2, got: 2, ended: ['farewell'] });
  });

  it('is not disturbed by copies and rubbish', () => {
    expect(run(one => [one, one, Uint8Array.of(22), new Uint8Array()])).to.deep.equal({ connected: 2, got: 2, ended: ['farewell'] });
  });

  it('never crashes, whichever octets of a handshake and of its session are changed or cut off', () => {
    let attacked = 0;
    fc.assert(
      fc.property(fc.nat(12), fc.nat(600), fc.integer({ min: 1, max: 255 }), fc.boolean(), (which, at, change, isCut) => {
        let count = 0;
        const { connected, got } = run(datagram => {
          if (count++ !== which) return [datagram];
          attacked++;
          const position = at % datagram.length;
          return [isCut ? datagram.slice(0, position) : datagram.map((octet, i) => (i === position ? octet ^ change : octet))];
        });
        expect(connected).to.be.at.most(2);
        expect(got).to.be.at.most(2);
      }),
      { numRuns: 250 },
    );
    expect(attacked).to.be.greaterThan(100);
  });

  it('never crashes on datagrams of any kind', () => {
    const record = fc
      .tuple(
        fc.constantFrom(20, 21, 22, 23, 24),
        fc.constantFrom(0xff, 0xfd),
        fc.nat(1),
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        fc.uint8Array({ maxLength: 90 }),
      )
      .map(([type, minor, epoch, sequence, body]) => Uint8Array.of(type, 0xfe, minor, 0, epoch, ...sequence, 0, body.length, ...body));
    fc.assert(
      fc.property(fc.array(fc.oneof(record, fc.uint8Array({ maxLength: 80 })), { maxLength: 4 }), datagrams => {
        run(one => [...datagrams, one]);
      }),
      { numRuns: 100 },
    );
  });

  it('is not made of an SSL_CTX without room for its suites', () => {
    expect(() => clientSide(openssl, [], { ciphers: 'NONSENSE' })).to.throw('no cipher match');
    expect(() => serverSide(openssl, { certificateChain: '', privateKey: '' }, {})).to.throw('expected PEM certificates');
    expect(() => clientSide(openssl, [], { curves: 'P-1' })).to.throw();
  });
});
