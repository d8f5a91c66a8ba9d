import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import type { Client, ConnectionFacts, HandshakeFailure, Listener, TlsIdentity } from './adapter.js';
import { linkError } from './client-contract.js';
import { authority, identity } from './fixtures/certificates.js';
import { type HttpsClientOptions, openHttpsClient } from './https-client.js';
import { type HttpsListenerOptions, type ListenerProblem, openHttpsListener } from './https-listener.js';

const signal = new AbortController().signal;
const NAME = 'eim.example.com';
const ping = { meta: {}, body: new Uint8Array([1, 2, 3]) };

describe('https listener', () => {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const waiting: ((problem: ListenerProblem) => void)[] = [];
  const told = (one: ListenerProblem): void => {
    for (const report of waiting.splice(0)) report(one);
  };
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    waiting.length = 0;
  });

  const listenerWith = async (options: Partial<HttpsListenerOptions> = {}): Promise<Listener> => {
    const listener = await openHttpsListener({
      listen: '127.0.0.1:0',
      identities: new Map([['*', identity('good')]]),
      onProblem: told,
      ...options,
    });
    closing.push(() => listener.close());
    listener.onFrame(async frame => ({ meta: { ':status': '200' }, body: frame.body }));
    return listener;
  };
  const problem = () => new Promise<ListenerProblem>(resolve => waiting.push(resolve));
  const failure = (listener: Listener) => new Promise<HandshakeFailure>(resolve => listener.onHandshakeFailure(resolve));
  const clientFor = (listener: Listener, options: Partial<HttpsClientOptions> = {}): Client => {
    const client = openHttpsClient({ url: `https://${listener.address}/`, serverName: NAME, trust: [authority('ca')], ...options });
    closing.push(() => client.close());
    return client;
  };
  const port = (listener: Listener) => Number(listener.address.split(':').at(-1));
  const raw = (listener: Listener): Socket => {
    const socket = connect(port(listener), '127.0.0.1');
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
    return socket;
  };
  const tls = (listener: Listener, options: ConnectionOptions = {}): TLSSocket => {
    const socket = tlsConnect({
      port: port(listener),
      host: '127.0.0.1',
      servername: NAME,
      ca: authority('ca'),
      ecdhCurve: 'P-256',
      ...options,
    });
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
    return socket;
  };
  const text = (socket: Socket): Promise<string> =>
    new Promise(resolve => {
      let all = '';
      socket.on('data', data => {
        all += data.toString('latin1');
      });
      socket.on('close', () => resolve(all));
    });

  it('shows each server name its own identity', async () => {
    const identities = new Map<string, TlsIdentity>([
      [NAME, identity('good')],
      ['localhost', identity('other')],
    ]);
    const listener = await listenerWith({ identities });
    const leaf = async (serverName: string) =>
      Buffer.from((await clientFor(listener, { serverName }).handshake?.({ signal }))?.tls?.peerCertificates[0] ?? []).toString('base64');
    const pem = (name: 'good' | 'other') => identity(name).certificateChain.replace(/-----[^-]+-----|\n/g, '');
    expect(await leaf(NAME)).to.equal(pem('good'));
    expect(await leaf('localhost')).to.equal(pem('other'));
  });
  it('refuses a server name that it does not bear with the alert unrecognized_name', async () => {
    const listener = await listenerWith({ identities: new Map([['smdp.example.com', identity('good')]]) });
    const seen = failure(listener);
    const error = await linkError(clientFor(listener).exchange(ping, { signal }), 'handshake');
    expect(error.message).to.contain('it sent the alert unrecognized_name');
    expect(await seen).to.include({ by: 'harness', serverName: NAME, reason: `no identity for the server name ${NAME}` });
  });
  it('refuses a client without a server name when there is no identity for all', async () => {
    const listener = await listenerWith({ identities: new Map([[NAME, identity('good')]]) });
    const seen = failure(listener);
    tls(listener, { servername: '' });
    expect((await seen).reason).to.equal('no identity for a client that sends no server name');
  });
  it('tells what the client offered in its ClientHello', async () => {
    const listener = await listenerWith();
    const seen = new Promise<ConnectionFacts>(resolve => listener.onConnection(resolve));
    const client = clientFor(listener, {
      defaultTls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256', maxVersion: 'TLSv1.2' },
    });
    await client.exchange(ping, { signal });
    const facts = (await seen).tls;
    expect(facts).to.include({ version: 'TLSv1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', serverName: NAME, resumed: false });
    expect(facts?.clientHello).to.deep.include({
      versions: ['TLSv1.2'],
      serverName: NAME,
      groups: ['0017', '001A', '001D', '0018'],
      applicationProtocols: ['http/1.1'],
    });
    expect(facts?.clientHello?.cipherSuites.slice(0, 2)).to.deep.equal(['C02B', 'C023']);
    expect(facts?.clientHello?.signatureAlgorithms).to.include('0403');
    expect(facts?.keyLog.some(line => line.startsWith('CLIENT_RANDOM '))).to.equal(true);
  });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`speaks ${version}`, async () => {
      const reply = await clientFor(await listenerWith(), { defaultTls: { minVersion: version, maxVersion: version } }).exchange(ping, {
        signal,
      });
      expect(reply.connection.tls?.version).to.equal(version);
    });
  it('tells that a session was resumed', async () => {
    const listener = await listenerWith();
    const resumed: (boolean | undefined)[] = [];
    listener.onFrame(async frame => {
      resumed.push(frame.connection.tls?.resumed);
      return { meta: {}, body: frame.body };
    });
    const client = clientFor(listener, { defaultTls: { maxVersion: 'TLSv1.2' } });
    await client.exchange(ping, { signal, connection: 'new' });
    await client.exchange(ping, { signal, connection: 'new', tls: { resume: true } });
    expect(resumed).to.deep.equal([false, true]);
  });
  it('serves a brainpool certificate to a client that would rather speak TLS 1.3', async () => {
    const listener = await listenerWith({ identities: new Map([['*', identity('brainpool')]]) });
    const reply = await clientFor(listener, { trust: [authority('brainpool-ca')] }).exchange(ping, { signal });
    expect(reply.connection.tls?.version).to.equal('TLSv1.2');
  });
  it('presents a new identity from the next connection on', async () => {
    const listener = await listenerWith();
    const client = clientFor(listener);
    await client.exchange(ping, { signal });
    await listener.present('*', identity('untrusted'));
    const error = await linkError(client.exchange(ping, { signal }), 'handshake');
    expect(error.message).to.contain('unknown CA');
  });
  it('offers other TLS with an identity that it presents', async () => {
    const listener = await listenerWith();
    await listener.present('*', identity('good'), { maxVersion: 'TLSv1.1' });
    const client = clientFor(listener);
    await linkError(client.exchange(ping, { signal }), 'handshake');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const reply = await client.exchange(ping, { signal, connection: 'new', tls: old });
    expect(reply.connection.tls?.version).to.equal('TLSv1.1');
  });

  describe('reports a handshake that fails', () => {
    const rejecting = async (options: ConnectionOptions, act?: (socket: TLSSocket) => void) => {
      const listener = await listenerWith();
      const seen = failure(listener);
      const socket = tls(listener, options);
      act?.(socket);
      return seen;
    };
    it('by a client that sends an alert', async () => {
      const listener = await listenerWith();
      const seen = failure(listener);
      // A ClientHello of our own client, then the alert unknown_ca (48) in a plain record, as before the keys are there.
      const socket = raw(listener);
      const hello = new Promise<void>(resolve => socket.once('data', () => resolve()));
      const { clientHello } = await import('./fixtures/client-hello.js');
      socket.write(clientHello);
      await hello;
      socket.write(Uint8Array.of(21, 3, 3, 0, 2, 2, 48));
      expect(await seen).to.include({ by: 'iut', reason: 'alert unknown_ca', serverName: NAME });
    });
    it('by a client that closes after it saw the certificate', async () => {
      const seen = await rejecting({ ca: authority('unknown-ca') });
      expect(seen).to.include({ by: 'iut', serverName: NAME });
      expect(seen.reason).to.match(/closed the connection/);
    });
    it('by a client that closes at once', async () => {
      const listener = await listenerWith();
      const seen = failure(listener);
      raw(listener).end();
      expect(await seen).to.include({ by: 'iut', serverName: '' });
    });
    it('because the client speaks no version of ours', async () => {
      const seen = await rejecting({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' });
      expect(seen).to.include({ by: 'harness' });
      expect(seen.reason).to.contain('no TLS version in common');
      expect(seen.clientHello?.versions).to.deep.equal(['TLSv1.1']);
    });
    it('because no cipher suite is in common', async () => {
      const seen = await rejecting({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
      expect(seen).to.include({ by: 'harness' });
      expect(seen.reason).to.contain('no cipher suite in common');
    });
    it('because the client does not speak TLS', async () => {
      const listener = await listenerWith();
      const seen = failure(listener);
      raw(listener).write('GET / HTTP/1.1\r\n\r\n');
      expect((await seen).reason).to.contain('plain HTTP came where TLS was expected');
    });
    it('because it takes too long', async () => {
      const listener = await listenerWith({ handshakeTimeout: { seconds: 0.02 } });
      const seen = failure(listener);
      raw(listener);
      expect(await seen).to.include({ by: 'iut', reason: 'the handshake did not end within 0.02 s' });
    });
    it('once, and not because the listener ended it', async () => {
      const listener = await listenerWith({ handshakeTimeout: { seconds: 0.02 } });
      const reasons: string[] = [];
      listener.onHandshakeFailure(({ reason }) => reasons.push(reason));
      await once(raw(listener), 'close');
      const early = await listenerWith();
      early.onHandshakeFailure(({ reason }) => reasons.push(reason));
      const silent = raw(early);
      await once(silent, 'connect');
      // The answer to a whole exchange shows that the silent connection, made earlier, has been accepted.
      await clientFor(early).exchange(ping, { signal });
      await Promise.all([once(silent, 'close'), early.close()]);
      expect(reasons).to.deep.equal(['the handshake did not end within 0.02 s']);
    });
    it('because there are too many connections', async () => {
      const listener = await listenerWith({ maxConnections: 1 });
      await clientFor(listener).exchange(ping, { signal });
      const seen = failure(listener);
      raw(listener);
      expect(await seen).to.include({ by: 'harness', reason: 'more than 1 connections at a time' });
    });
    it('but not when a request was made', async () => {
      const listener = await listenerWith();
      let failures = 0;
      listener.onHandshakeFailure(() => failures++);
      await clientFor(listener).exchange(ping, { signal, connection: 'new' });
      await clientFor(listener).exchange(ping, { signal, connection: 'new' });
      expect(failures).to.equal(0);
    });
  });

  describe('over HTTP', () => {
    const plain = async (options: Partial<HttpsListenerOptions> = {}): Promise<Listener> => {
      const listener = await openHttpsListener({ listen: '127.0.0.1:0', onProblem: told, ...options });
      closing.push(() => listener.close());
      return listener;
    };
    it('gives method, path and fields of a chunked request to the handler', async () => {
      const listener = await plain();
      listener.onFrame(async frame => {
        expect(frame.meta).to.include({ ':method': 'POST', ':path': '/gsma/rsp2/asn1', 'x-admin-protocol': 'gsma/rsp/v2.1.0' });
        return { meta: { ':status': '200', 'x-admin-protocol': 'gsma/rsp/v2.1.0' }, body: frame.body };
      });
      const socket = raw(listener);
      const answer = text(socket);
      socket.write(
        'POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: x\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
      );
      expect(await answer).to.match(
        /^HTTP\/1\.1 200 OK\r\nx-admin-protocol: gsma\/rsp\/v2\.1\.0\r\ncontent-length: 3\r\n[\s\S]*\r\n\r\nabc$/,
      );
    });
    it('sends a body in chunks when the answer says so', async () => {
      const listener = await plain();
      listener.onFrame(async () => ({ meta: { ':status': '200', 'transfer-encoding': 'chunked' }, body: new Uint8Array([97, 98, 99]) }));
      const socket = raw(listener);
      const answer = text(socket);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      expect(await answer)
        .to.match(/\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n$/)
        .and.not.match(/content-length/i);
    });
    it('sends no body and no length with a 204', async () => {
      const listener = await plain();
      listener.onFrame(async () => ({ meta: { ':status': '204' }, body: new Uint8Array() }));
      const socket = raw(listener);
      const answer = text(socket);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      expect(await answer)
        .to.match(/^HTTP\/1\.1 204 No Content\r\n/)
        .and.not.match(/content-length/i);
    });
    it('answers 413 to a body over the limit and reports it', async () => {
      const listener = await listenerWith({ bodyLimit: 1000 });
      const seen = problem();
      const reply = await clientFor(listener).exchange({ meta: {}, body: new Uint8Array(1001) }, { signal });
      expect(reply.meta[':status']).to.equal('413');
      expect(await seen).to.include({ kind: 'tooLarge', message: 'the body of a request is longer than 1000 octets; answered 413' });
    });
    it('answers 413 to a chunked body as soon as it is over the limit', async () => {
      const listener = await plain({ bodyLimit: 4 });
      const socket = raw(listener);
      const answer = text(socket);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
      expect(await answer).to.match(/^HTTP\/1\.1 413 /);
    });
    it('answers 500 when the handler fails, and reports why', async () => {
      const listener = await listenerWith();
      listener.onFrame(async () => {
        throw new Error('no such order');
      });
      const seen = problem();
      expect((await clientFor(listener).exchange(ping, { signal })).meta[':status']).to.equal('500');
      expect(await seen).to.include({ kind: 'handler', message: 'the handler failed, answered 500: no such order' });
    });
    it('answers 500 when the handler gives fields that cannot be sent', async () => {
      const listener = await listenerWith();
      listener.onFrame(async () => ({ meta: { ':status': '200', 'x-a': 'line\nbreak' }, body: new Uint8Array() }));
      const seen = problem();
      expect((await clientFor(listener).exchange(ping, { signal })).meta[':status']).to.equal('500');
      expect((await seen).kind).to.equal('handler');
    });
    it('answers 503 while nobody handles frames', async () => {
      const client = openHttpsClient({ url: `http://${(await plain()).address}/` });
      closing.push(() => client.close());
      expect((await client.exchange(ping, { signal })).meta[':status']).to.equal('503');
    });
    it('reports a request that is no HTTP', async () => {
      const listener = await plain();
      const seen = problem();
      raw(listener).write('BF4F0381\r\n\r\n');
      expect((await seen).kind).to.equal('malformed');
    });
    it('reports a client that goes away in the middle of its request', async () => {
      const listener = await plain();
      const seen = problem();
      const socket = raw(listener);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', () => socket.destroy());
      expect((await seen).kind).to.equal('aborted');
    });
    it('gives up a request that does not become complete', async () => {
      const listener = await plain({ requestTimeout: { seconds: 0.02 } });
      const seen = problem();
      raw(listener).write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
      expect(await seen).to.include({ kind: 'slow', message: 'the request was not complete within 0.02 s' });
    });
    it('closes a connection on which no request comes', async () => {
      const listener = await plain({ idleTimeout: { seconds: 0.02 } });
      expect(await text(raw(listener))).to.equal('');
    });
    it('keeps quiet with "silence" until it is closed', async () => {
      const listener = await plain();
      const asked = new Promise<void>(resolve =>
        listener.onFrame(async () => {
          resolve();
          return { fault: 'silence' };
        }),
      );
      const socket = raw(listener);
      const answer = text(socket);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
      await asked;
      await listener.close();
      expect(await answer).to.equal('');
    });
  });

  it('says why it cannot listen', async () => {
    const { address } = await listenerWith();
    const error = await linkError(openHttpsListener({ listen: address }), 'unreachable');
    expect(error.message).to.match(/^cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
    await openHttpsListener({ listen: 'nonsense' }).then(
      () => expect.fail('listened on nonsense'),
      cause => expect(cause.message).to.equal('expected host:port, got nonsense'),
    );
  });
});
