import { createPublicKey, X509Certificate } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Client, ConnectionFacts, HandshakeFailure, Listener, TlsIdentity, TlsOffer } from './adapter.js';
import { linkError } from './client-contract.js';
import { systemClock } from './clock.js';
import { type CoapClientOptions, openCoapClient } from './coap-client.js';
import { type CoapListenerOptions, openCoapListener } from './coap-listener.js';
import { bindDatagrams, connectDatagrams } from './datagram.js';
import { dtlsOpener } from './dtls-client.js';
import { clientSide } from './dtls-context.js';
import { loadOpenssl } from './dtls-openssl.js';
import { dtlsSession } from './dtls-session.js';
import { authority, identity } from './fixtures/certificates.js';

const NAME = 'eim.example.com';
const signal = new AbortController().signal;
const ping = { meta: {}, body: new Uint8Array([1, 2, 3]) };
const spki = (name: 'good' | 'other' | 'brainpool') =>
  new Uint8Array(createPublicKey(identity(name).certificateChain).export({ type: 'spki', format: 'der' }));
const spkiOf = (pem: string) => new Uint8Array(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));

describe('dtls', () => {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const listenerWith = async (options: Partial<CoapListenerOptions> = {}): Promise<Listener> => {
    const identities = new Map<string, TlsIdentity>([['*', identity('good')]]);
    const listener = await openCoapListener({ listen: '127.0.0.1:0', identities, ...options });
    closing.push(() => listener.close());
    listener.onFrame(async frame => ({ meta: { ':code': '2.04' }, body: frame.body }));
    return listener;
  };
  const showing = (name: Parameters<typeof identity>[0], more: Partial<CoapListenerOptions> = {}) =>
    listenerWith({ identities: new Map([['*', identity(name)]]), ...more });
  const clientFor = (listener: Listener, options: Partial<CoapClientOptions> = {}): Client => {
    const client = openCoapClient({ url: `coaps://${listener.address}/x`, serverName: NAME, trust: [authority('ca')], ...options });
    closing.push(() => client.close());
    return client;
  };
  const failure = (listener: Listener) => new Promise<HandshakeFailure>(resolve => listener.onHandshakeFailure(resolve));
  const port = (listener: Listener) => Number(listener.address.split(':').at(-1));
  const rawSocket = async (listener: Listener): Promise<Socket> => {
    const socket = createSocket('udp4');
    closing.push(() => socket.close());
    socket.connect(port(listener), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  describe('trust', () => {
    const refusals: readonly (readonly [string, Parameters<typeof identity>[0], Partial<CoapClientOptions>, string, string])[] = [
      ['was issued by an unknown CA', 'untrusted', {}, 'was issued by an unknown CA', 'unknown_ca'],
      ['has expired', 'expired', {}, 'has expired', 'certificate_expired'],
      ['is not yet valid', 'not-yet-valid', {}, 'is not yet valid', 'bad_certificate'],
      ['bears another name', 'good', { serverName: 'other.example.com' }, 'bears another name', 'bad_certificate'],
      ['has another key than the pinned one', 'good', { trust: [], pins: [spki('other')] }, 'trusted public key', 'unknown_ca'],
      [
        'has the pinned key but has expired',
        'expired',
        { trust: [], pins: [spkiOf(identity('expired').certificateChain)] },
        'has expired',
        'certificate_expired',
      ],
      [
        'has the pinned key and another name',
        'good',
        { trust: [], pins: [spki('good')], serverName: 'x.example.com' },
        'another name',
        'bad_certificate',
      ],
      ['displeases its judge', 'good', { judge: () => 'it is not the one' }, 'it is not the one', 'handshake_failure'],
      ['displeases whoever looks at it', 'good', { inspect: () => 'its key is too old' }, 'its key is too old', 'handshake_failure'],
    ];
    for (const [what, shown, options, reason, alert] of refusals)
      it(`refuses a certificate that ${what}, and the server learns it by an alert`, async () => {
        const listener = await showing(shown);
        const seen = failure(listener);
        const error = await linkError(clientFor(listener, options).exchange(ping, { signal }), 'handshake');
        expect(error.message).to.contain(reason);
        expect(await seen).to.include({ by: 'iut', reason: `alert ${alert}` });
        expect((await seen).clientHello?.versions).to.deep.equal(['DTLSv1.2']);
      });

    it('refuses by the public roots when nothing is trusted', async () => {
      const listener = await showing('good');
      const error = await linkError(clientFor(listener, { trust: [] }).exchange(ping, { signal }), 'handshake');
      expect(error.message).to.contain('unknown CA');
    });

    const chain = (): TlsIdentity => ({ ...identity('good'), certificateChain: identity('good').certificateChain + authority('ca') });
    const accepted: readonly (readonly [string, TlsIdentity, Partial<CoapClientOptions>])[] = [
      ['the leaf itself', identity('good'), { trust: [identity('good').certificateChain] }],
      ['the key of the leaf', identity('good'), { trust: [], pins: [spki('other'), spki('good')] }],
      ['the key at the top of the chain shown', chain(), { trust: [], pins: [spkiOf(authority('ca'))] }],
      ['a CA of brainpool', identity('brainpool'), { trust: [authority('brainpool-ca')] }],
      ['what its judge takes, whatever else is wrong', identity('untrusted'), { judge: () => undefined, serverName: 'x.example.com' }],
      ['anything, where that is the fault asked for', identity('untrusted'), { faults: { anyCertificate: true } }],
    ];
    for (const [what, shown, options] of accepted)
      it(`may be in ${what}`, async () => {
        const listener = await listenerWith({ identities: new Map([['*', shown]]) });
        const reply = await clientFor(listener, options).exchange(ping, { signal });
        const shownDer = (shown.certificateChain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
          pem => new Uint8Array(new X509Certificate(pem).raw),
        );
        expect(reply.connection.tls?.peerCertificates).to.deep.equal(shownDer);
      });

    it('does not lie in a key in the middle of a chain', async () => {
      const shown: TlsIdentity = {
        ...identity('good'),
        certificateChain: identity('good').certificateChain + authority('ca') + authority('unknown-ca'),
      };
      const listener = await listenerWith({ identities: new Map([['*', shown]]) });
      await linkError(clientFor(listener, { trust: [], pins: [spkiOf(authority('ca'))] }).exchange(ping, { signal }), 'handshake');
    });

    it('is left to a judge, who learns of another name', async () => {
      const listener = await showing('good');
      const judged: (string | undefined)[] = [];
      for (const serverName of ['eim.example.com', 'x.example.com']) {
        const judge = (_chain: readonly Uint8Array[], misnamed: string | undefined) => void judged.push(misnamed);
        await clientFor(listener, { judge, serverName }).exchange(ping, { signal });
      }
      expect(judged[0]).to.equal(undefined);
      expect(judged[1]).to.contain('another name: expected x.example.com');
    });

    it('cannot be in a key that is none', async () => {
      const listener = await showing('good');
      expect(() => clientFor(listener, { pins: [new Uint8Array(3)] })).to.throw();
    });
  });

  describe('what is offered', () => {
    it('changes with what is presented, and back', async () => {
      const listener = await showing('good');
      const versions = async () =>
        (await clientFor(listener, { defaultTls: { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } }).exchange(ping, { signal }))
          .connection.tls?.version;
      await listener.present('*', identity('good'), { maxVersion: 'TLSv1.1' });
      expect(await versions()).to.equal('DTLSv1');
      await linkError(clientFor(listener).exchange(ping, { signal }), 'handshake');
      await listener.present('*', identity('good'));
      expect(await versions()).to.equal('DTLSv1.2');
    });

    const suites: readonly (readonly [string, string])[] = [
      ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
      ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
      ['ECDHE-ECDSA-AES128-CCM', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'],
      ['ECDHE-ECDSA-AES128-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
    ];
    it('decides the suite', async () => {
      const client = clientFor(await showing('good'));
      for (const [ciphers, name] of suites)
        expect((await client.exchange(ping, { signal, tls: { ciphers } })).connection.tls?.cipher).to.equal(name);
    });

    it('is refused without a suite or version in common, by alerts that both ends tell', async () => {
      const listener = await showing('good', { tls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } });
      const client = clientFor(listener);
      const ends: readonly (readonly [TlsOffer, string, string])[] = [
        [{ ciphers: 'ECDHE-ECDSA-AES128-CCM8' }, 'alert handshake_failure', 'no cipher suite in common'],
        [{ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }, 'alert protocol_version', 'no TLS version in common'],
      ];
      for (const [tls, ours, theirs] of ends) {
        const seen = failure(listener);
        const error = await linkError(client.exchange(ping, { signal, tls }), 'handshake');
        expect(error.message).to.contain(ours);
        expect(await seen).to.include({ by: 'harness' });
        expect((await seen).reason).to.contain(theirs);
      }
    });

    it('may be DTLS 1.0 where both ends want it', async () => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
      const listener = await showing('good', { tls: old });
      const { connection } = await clientFor(listener, { defaultTls: old }).exchange(ping, { signal });
      expect(connection.tls?.version).to.equal('DTLSv1');
    });

    it('cannot be made of suites that do not exist', async () => {
      const error = await linkError(
        clientFor(await showing('good'), { defaultTls: { ciphers: 'NONSENSE' } }).exchange(ping, { signal }),
        'handshake',
      );
      expect(error.message).to.contain('the DTLS offer cannot be made');
    });

    it('is not resumed, as our listeners want to show their certificate each time', async () => {
      const client = clientFor(await showing('good'), { defaultTls: { resume: true } });
      for (const _ of [1, 2]) expect((await client.handshake?.({ signal }))?.tls?.resumed).to.equal(false);
    });

    it('brings keys that are fresh each time, told by a key log', async () => {
      const lines: string[] = [];
      const client = clientFor(await showing('good'), { keyLog: line => void lines.push(line) });
      const shares = new Set<string | undefined>();
      for (const _ of [1, 2, 3]) shares.add((await client.handshake?.({ signal }))?.tls?.serverKeyShare);
      expect([shares.size, new Set(lines).size]).to.deep.equal([3, 3]);
    });
  });

  describe('server names', () => {
    it('get each its own identity', async () => {
      const identities = new Map([
        [NAME, identity('good')],
        ['localhost', identity('other')],
      ]);
      const listener = await listenerWith({ identities });
      const leaf = async (serverName: string) =>
        (await clientFor(listener, { serverName }).handshake?.({ signal }))?.tls?.peerCertificates[0];
      for (const [name, who] of [
        [NAME, 'good'],
        ['localhost', 'other'],
      ] as const)
        expect(await leaf(name)).to.deep.equal(new Uint8Array(new X509Certificate(identity(who).certificateChain).raw));
    });

    it('that nobody bears are refused with unrecognized_name, as is a client without one', async () => {
      const listener = await listenerWith({ identities: new Map([['smdp.example.com', identity('good')]]) });
      for (const [serverName, reason] of [
        [NAME, `no identity for the server name ${NAME}`],
        ['127.0.0.1', 'no identity for a client that sends no server name'],
      ] as const) {
        const seen = failure(listener);
        const error = await linkError(clientFor(listener, { serverName }).exchange(ping, { signal }), 'handshake');
        expect(error.message).to.contain('alert unrecognized_name');
        expect(await seen).to.include({ by: 'harness', reason, serverName: serverName === NAME ? NAME : '' });
      }
    });

    it('cannot be given an identity that is none', async () => {
      const listener = await showing('good');
      const broken = { ...identity('good'), privateKey: identity('other').privateKey };
      let caught: unknown;
      await listener.present('*', broken).catch((error: unknown) => {
        caught = error;
      });
      expect(caught).to.be.instanceOf(Error);
      await clientFor(listener).exchange(ping, { signal });
    });
  });

  describe('peers', () => {
    it('are served many at a time over one socket, and not mixed up', async () => {
      const listener = await showing('good');
      const clients = Array.from({ length: 40 }, () => clientFor(listener));
      const body = (index: number) => Uint8Array.from({ length: 3000 }, (_, i) => (i * index) & 0xff);
      const replies = await Promise.all(
        clients.map((client, index) => client.exchange({ meta: {}, body: body(index) }, { signal: new AbortController().signal })),
      );
      for (const [index, reply] of replies.entries()) expect(Buffer.compare(reply.body, body(index))).to.equal(0);
    });

    it('that are too many make the one that was silent for longest go', async () => {
      const listener = await showing('good', { maxPeers: 2 });
      const [first, second, third] = [clientFor(listener), clientFor(listener), clientFor(listener)];
      const ids = [];
      for (const client of [first, second, third, first, third]) ids.push((await client.exchange(ping, { signal })).connection.id);
      expect(ids, 'the first one had to begin again').to.deep.equal([1, 1, 1, 2, 1]);
    });

    /** A session with the server over a socket that the test holds. */
    const sessionOver = async (listener: Listener, socketPort = 0) => {
      const socket = await bindDatagrams(`127.0.0.1:${socketPort}`);
      const remote = { host: '127.0.0.1', port: port(listener) };
      const opener = dtlsOpener({ trust: [authority('ca')], clock: systemClock, retransmit: { seconds: 1 } });
      const line = await opener.open(socket, remote, { serverName: NAME }, signal);
      opener.close();
      return { socket, line };
    };

    it('that lose their session begin a new one from the same port', async () => {
      const listener = await showing('good');
      const connections: ConnectionFacts[] = [];
      const failures: HandshakeFailure[] = [];
      listener.onConnection(facts => void connections.push(facts));
      listener.onHandshakeFailure(why => void failures.push(why));
      const one = await sessionOver(listener);
      const { port: same } = one.socket.local;
      await one.socket.close();
      const two = await sessionOver(listener, same);
      expect(connections.map(({ id, remote }) => [id, remote])).to.deep.equal([
        [1, `127.0.0.1:${same}`],
        [2, `127.0.0.1:${same}`],
      ]);
      expect(failures).to.deep.equal([]);
      two.line.close();
    });

    it('that end the session before they send a request are told as a failure of theirs', async () => {
      const listener = await showing('good');
      const seen = failure(listener);
      const { line } = await sessionOver(listener);
      line.close();
      expect((await seen).by).to.equal('iut');
      expect((await seen).reason).to.contain('after the handshake');
    });

    it('that speak no DTLS are told as a failure of theirs, once', async () => {
      const listener = await showing('good');
      let failures = 0;
      const seen = new Promise<HandshakeFailure>(resolve =>
        listener.onHandshakeFailure(why => {
          failures++;
          resolve(why);
        }),
      );
      const socket = await rawSocket(listener);
      for (const octets of ['40021234', '40021234', 'ffff']) socket.send(Buffer.from(octets, 'hex'));
      expect((await seen).reason).to.equal('it does not speak DTLS');
      await clientFor(listener).exchange(ping, { signal });
      expect(failures).to.equal(1);
    });

    it('have to prove by a cookie that they receive what is sent to them', async () => {
      const listener = await showing('good', { handshakeTimeout: { seconds: 0.02 } });
      const seen = failure(listener);
      const socket = await rawSocket(listener);
      const answered = once(socket, 'message');
      const openssl = await loadOpenssl();
      const context = clientSide(openssl, [authority('ca')], {});
      const events = { connected: () => {}, datagram: () => {}, ended: () => {} };
      const hello = dtlsSession({
        openssl,
        context,
        role: 'client',
        clock: systemClock,
        retransmit: { seconds: 1 },
        send: octets => socket.send(octets),
        events,
      });
      hello.start();
      hello.abandon();
      openssl.SSL_CTX_free(context);
      const [reply]: Buffer[] = await answered;
      expect([reply?.[0], reply?.[13]], 'a HelloVerifyRequest').to.deep.equal([22, 3]);
      expect(await seen).to.include({ by: 'iut', reason: 'it did not answer the HelloVerifyRequest' });
    });
  });

  it('goes on beside a peer that sends anything', async () => {
    const listener = await showing('good', { maxPeers: 8 });
    const client = clientFor(listener);
    await client.exchange(ping, { signal });
    const socket = await rawSocket(listener);
    const record = fc
      .tuple(fc.constantFrom(20, 21, 22, 23), fc.nat(1), fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.uint8Array({ maxLength: 90 }))
      .map(([type, epoch, sequence, body]) => Uint8Array.of(type, 0xfe, 0xfd, 0, epoch, ...sequence, 0, body.length, ...body));
    for (const octets of fc.sample(fc.oneof(record, fc.uint8Array({ maxLength: 80 })), 100)) socket.send(octets);
    const reply = await client.exchange(ping, { signal });
    expect([reply.connection.exchanges, reply.connection.resent ?? false]).to.deep.equal([2, false]);
    await clientFor(listener).exchange(ping, { signal });
  });

  it('has fixtures whose signature verifies, so that refusals have the reasons said', () => {
    expect(new X509Certificate(identity('good').certificateChain).verify(new X509Certificate(authority('ca')).publicKey)).to.equal(true);
  });

  it('ends a connection attempt of a caller who gives up', async () => {
    const silent = createSocket('udp4');
    silent.bind(0, '127.0.0.1');
    await once(silent, 'listening');
    closing.push(() => silent.close());
    const caller = new AbortController();
    silent.once('message', () => caller.abort(new Error('the step is over')));
    const client = openCoapClient({ url: `coaps://127.0.0.1:${silent.address().port}`, serverName: NAME, trust: [authority('ca')] });
    closing.push(() => client.close());
    const error = await linkError(client.exchange(ping, { signal: caller.signal }), 'timeout');
    expect(error.message).to.contain('the step is over');
    const { socket } = await connectDatagrams({ host: '127.0.0.1', port: silent.address().port }, signal);
    await socket.close();
  });
});
