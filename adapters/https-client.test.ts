import { createHash, X509Certificate } from 'node:crypto';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { expect } from 'chai';
import type { Client, TlsOffer } from './adapter.js';
import { clientContract, linkError } from './client-contract.js';
import { authority, identity } from './fixtures/certificates.js';
import { type HttpsClientOptions, openHttpsClient } from './https-client.js';
import { openHttpsListener } from './https-listener.js';

const signal = new AbortController().signal;
const NAME = 'eim.example.com';
const ping = { meta: { 'content-type': 'application/x-gsma-rsp-asn1' }, body: new Uint8Array([1, 2, 3]) };

clientContract('https', async () => {
  const listener = await openHttpsListener({ listen: '127.0.0.1:0', identities: new Map([['*', identity('good')]]) });
  const client = openHttpsClient({ url: `https://${listener.address}/x`, serverName: NAME, trust: [authority('ca')] });
  return {
    client,
    listener,
    close: async () => {
      await client.close();
      await listener.close();
    },
  };
});

describe('https client', () => {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const listen = async (server: Server | HttpServer): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise(resolve => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  };
  const clientFor = (url: string, options: Partial<HttpsClientOptions> = {}): Client => {
    const client = openHttpsClient({ url, serverName: NAME, trust: [authority('ca')], ...options });
    closing.push(() => client.close());
    return client;
  };
  /** A server that answers every first octets with the same text, then does as told. */
  const answering = async (text: string, after: (socket: Socket) => void = () => {}): Promise<string> => {
    const server = createServer(socket => socket.once('data', () => socket.write(text, () => after(socket))));
    return `http://127.0.0.1:${await listen(server)}/`;
  };
  const tlsServer = async (name: Parameters<typeof identity>[0], options: TlsOptions = {}): Promise<string> => {
    const { certificateChain, privateKey } = identity(name);
    const server = createTlsServer({ cert: certificateChain, key: privateKey, ecdhCurve: 'P-256:brainpoolP256r1', ...options }, socket => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    });
    server.on('tlsClientError', () => {});
    return `https://127.0.0.1:${await listen(server)}/`;
  };

  it('sends HTTP/1.1 with Host, Content-Length and nothing that was not asked for', async () => {
    const received = new Promise<string>(resolve => {
      const server = createServer(socket =>
        socket.once('data', data => {
          resolve(data.toString('latin1'));
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        }),
      );
      listen(server).then(port => clientFor(`http://127.0.0.1:${port}/gsma/rsp2/asn1`).exchange(ping, { signal }));
    });
    const [head] = (await received).split('\r\n\r\n');
    const [line, ...fields] = (head ?? '').split('\r\n');
    expect(line).to.equal('POST /gsma/rsp2/asn1 HTTP/1.1');
    expect(fields.map(field => field.replace(/:\d+$/, ':PORT')).sort()).to.deep.equal([
      'connection: keep-alive',
      'content-length: 3',
      'content-type: application/x-gsma-rsp-asn1',
      `host: ${NAME}:PORT`,
    ]);
  });
  it('sends a body in chunks where the frame says so', async () => {
    const server = createHttpServer((request, response) => {
      request.resume();
      request.once('end', () => response.end(`${request.headers['transfer-encoding']} ${request.headers['content-length']}`));
    });
    const client = clientFor(`http://127.0.0.1:${await listen(server)}/a`);
    const reply = await client.exchange({ meta: { 'transfer-encoding': 'chunked' }, body: ping.body }, { signal });
    expect(Buffer.from(reply.body).toString()).to.equal('chunked undefined');
  });
  it('leaves the judgement of a server to whoever wants it, whatever the certificate is', async () => {
    const seen: (readonly [number, string | undefined])[] = [];
    const judge = (verdict: string | undefined) => (chain: readonly Uint8Array[], misnamed: string | undefined) => {
      seen.push([chain.length, misnamed]);
      return verdict;
    };
    const url = await tlsServer('untrusted');
    const reply = await clientFor(url, { judge: judge(undefined) }).exchange(ping, { signal });
    expect(Buffer.from(reply.body).toString()).to.equal('ok');
    const misnamed = clientFor(url, { serverName: 'other.example.com', judge: judge('not the key wanted') });
    await linkError(misnamed.exchange(ping, { signal }), 'handshake');
    expect(seen[0]).to.deep.equal([1, undefined]);
    expect(seen[1]?.[1]).to.match(/bears another name/);
  });
  it('takes method, path and fields from the frame', async () => {
    const server = createHttpServer((request, response) =>
      response.end(`${request.method} ${request.url} ${request.headers['user-agent']}`),
    );
    const client = clientFor(`http://127.0.0.1:${await listen(server)}/a`);
    const reply = await client.exchange(
      { meta: { ':method': 'GET', ':path': '/b?c=1', 'user-agent': 'gsma-rsp-ipad' }, body: new Uint8Array() },
      { signal },
    );
    expect(Buffer.from(reply.body).toString()).to.equal('GET /b?c=1 gsma-rsp-ipad');
  });
  it('accepts chunked answers and gives redirects back unfollowed', async () => {
    const client = clientFor(
      await answering('HTTP/1.1 303 See Other\r\nLocation: /order/7\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'),
    );
    const reply = await client.exchange(ping, { signal });
    expect(reply.meta).to.include({ ':status': '303', location: '/order/7' });
    expect(Buffer.from(reply.body).toString()).to.equal('abcde');
  });
  it('tells version, suite, chain and keys of a TLS connection', async () => {
    const lines: string[] = [];
    const client = clientFor(await tlsServer('good'), { keyLog: line => lines.push(line) });
    const { connection } = await client.exchange(ping, { signal });
    expect(connection.tls?.version).to.equal('TLSv1.3');
    expect(connection.tls?.cipher).to.equal('TLS_AES_256_GCM_SHA384');
    expect(connection.tls?.serverName).to.equal(NAME);
    expect(connection.tls?.peerCertificates.map(der => createHash('sha256').update(der).digest('hex'))).to.deep.equal([
      createHash('sha256')
        .update(new X509Certificate(identity('good').certificateChain).raw)
        .digest('hex'),
    ]);
    expect(lines.some(line => line.startsWith('CLIENT_HANDSHAKE_TRAFFIC_SECRET '))).to.equal(true);
    expect(connection.tls?.keyLog).to.deep.equal(lines);
  });
  it('tells the whole chain as it was presented, leaf first', async () => {
    const url = await tlsServer('good', { cert: identity('good').certificateChain + authority('ca') });
    const { connection } = await clientFor(url).exchange(ping, { signal });
    expect(connection.tls?.peerCertificates.map(der => new X509Certificate(der).subject)).to.deep.equal([
      'CN=eim.example.com',
      'CN=sgp32 adapter test ca',
    ]);
  });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`shows a fresh ephemeral key of the server in each ${maxVersion} handshake`, async () => {
      const client = clientFor(await tlsServer('good', { maxVersion }));
      const keys = await Promise.all([1, 2].map(async () => (await client.handshake?.({ signal }))?.tls?.serverKeyShare ?? ''));
      for (const key of keys) expect(key).to.match(/^04[0-9A-F]{128}$/);
      expect(keys[0]).not.to.equal(keys[1]);
    });
  it('exchanges over a probed connection too', async () => {
    const client = clientFor(await tlsServer('good'));
    const reply = await client.exchange(ping, { signal, tls: { probe: true } });
    expect(Buffer.from(reply.body).toString()).to.equal('ok');
    expect(reply.connection.tls?.serverKeyShare).to.have.length(130);
  });
  it('resumes a session only when told to', async () => {
    const client = clientFor(await tlsServer('good', { maxVersion: 'TLSv1.2' }));
    const resumed = async (tls: TlsOffer) => (await client.exchange(ping, { signal, connection: 'new', tls })).connection.tls?.resumed;
    expect(await resumed({})).to.equal(false);
    expect(await resumed({})).to.equal(false);
    expect(await resumed({ resume: true })).to.equal(true);
  });
  it('speaks TLS with a brainpool certificate', async () => {
    const client = clientFor(await tlsServer('brainpool', { maxVersion: 'TLSv1.2' }), { trust: [authority('brainpool-ca')] });
    const { connection } = await client.exchange(ping, { signal });
    expect(connection.tls?.cipher).to.equal('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  });
  it('shows the chain to whoever inspects it, and sends nothing to a server that is refused', async () => {
    const url = await tlsServer('good');
    const subjects: string[] = [];
    const client = clientFor(url, {
      inspect: chain => {
        subjects.push(...chain.map(der => new X509Certificate(der).subject));
        return 'its certificate is not for this purpose';
      },
    });
    const error = await linkError(client.exchange(ping, { signal }), 'handshake');
    expect(error.message).to.contain('its certificate is not for this purpose');
    expect(subjects).to.deep.equal(['CN=eim.example.com']);
  });
  it('trusts a leaf certificate that is named itself', async () => {
    const client = clientFor(await tlsServer('good'), { trust: [identity('good').certificateChain] });
    expect((await client.exchange(ping, { signal })).meta[':status']).to.equal('200');
  });

  describe('against a server that misbehaves', () => {
    const handshakeError = async (url: string, options: Partial<HttpsClientOptions> = {}, tls: TlsOffer = {}) =>
      (await linkError(clientFor(url, options).exchange(ping, { signal, tls }), 'handshake')).message;

    it('names a CA that is not trusted', async () => {
      expect(await handshakeError(await tlsServer('untrusted'))).to.contain('its certificate was issued by an unknown CA');
    });
    it('names a certificate that has expired', async () => {
      expect(await handshakeError(await tlsServer('expired'))).to.contain('its certificate has expired');
    });
    it('names a certificate that is not yet valid', async () => {
      expect(await handshakeError(await tlsServer('not-yet-valid'))).to.contain('its certificate is not yet valid');
    });
    it('names both names when the certificate bears another one', async () => {
      const message = await handshakeError(await tlsServer('good'), { serverName: 'smdp.example.com' });
      expect(message).to.contain('expected smdp.example.com, got DNS:eim.example.com');
    });
    it('names the alert with which the server refuses TLS 1.1', async () => {
      const message = await handshakeError(await tlsServer('good', { minVersion: 'TLSv1.2' }), {}, { maxVersion: 'TLSv1.1' });
      expect(message).to.contain('it sent the alert protocol_version');
    });
    it('reaches a server that still accepts TLS 1.1, and says so', async () => {
      const url = await tlsServer('good', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' });
      const reply = await clientFor(url).exchange(ping, { signal, tls: { maxVersion: 'TLSv1.1' } });
      expect(reply.connection.tls?.version).to.equal('TLSv1.1');
    });
    it('names the alert when no suite is in common', async () => {
      const message = await handshakeError(await tlsServer('good'), {}, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
      expect(message).to.contain('it sent the alert handshake_failure');
    });
    it('says so when the server does not speak TLS', async () => {
      const plain = await answering('HTTP/1.1 400 Bad Request\r\n\r\n');
      expect(await handshakeError(plain.replace('http:', 'https:'))).to.contain('it does not speak TLS');
    });
    it('says so when the server closes in the middle of the handshake', async () => {
      const server = createServer(socket => socket.once('data', () => socket.destroy()));
      expect(await handshakeError(`https://127.0.0.1:${await listen(server)}/`)).to.contain('closed the connection');
    });
    it('says so when an offer cannot be made', async () => {
      expect(await handshakeError(await tlsServer('good'), {}, { ciphers: 'NO-SUCH-SUITE' })).to.contain('the TLS offer cannot be made');
    });
    it('says that nothing listens', async () => {
      const server = createServer();
      const port = await listen(server);
      await closing.pop()?.();
      const error = await linkError(clientFor(`https://127.0.0.1:${port}/`).exchange(ping, { signal }), 'refused');
      expect(error.message).to.equal(`127.0.0.1:${port} refused the connection: nothing listens there`);
    });
    it('says that a host cannot be reached', async () => {
      // The kernel refuses a TCP connection to the broadcast address itself; a name without an address would ask a server.
      const error = await linkError(clientFor('https://255.255.255.255:1/').exchange(ping, { signal }), 'unreachable');
      expect(error.message).to.contain('cannot be reached');
    });
    it('keeps the octets that came before the server closed in the middle of a body', async () => {
      const url = await answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', socket => socket.end());
      const error = await linkError(clientFor(url).exchange(ping, { signal }), 'closed');
      expect(Buffer.from(error.partial).toString()).to.equal('abc');
      expect(error.message).to.contain('after the status line and 3 octets of the body');
    });
    it('gives up an answer that comes too late', async () => {
      const server = createServer(() => {});
      const client = clientFor(`http://127.0.0.1:${await listen(server)}/`, { responseTimeout: { seconds: 0.02 } });
      const error = await linkError(client.exchange(ping, { signal }), 'timeout');
      expect(error.message).to.match(/^the exchange with 127\.0\.0\.1:\d+ did not end within 0\.02 s$/);
    });
    it('gives up an answer whose body never ends, and keeps what came', async () => {
      const url = await answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
      const error = await linkError(clientFor(url, { responseTimeout: { seconds: 0.05 } }).exchange(ping, { signal }), 'timeout');
      expect(Buffer.from(error.partial).toString()).to.equal('abc');
    });
    it('stops reading a body of 10 MB at the limit', async () => {
      let sent = 0;
      const server = createHttpServer((_request, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const more = () => {
          while (sent < 10_000_000 && !response.destroyed) {
            sent += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      });
      const client = clientFor(`http://127.0.0.1:${await listen(server)}/`, { bodyLimit: 100_000 });
      const error = await linkError(client.exchange(ping, { signal }), 'tooLarge');
      expect(error.partial).to.have.length(100_000);
      expect(error.message).to.contain('longer than 100000 octets');
      expect(sent).to.be.lessThan(10_000_000);
    });
    it('calls HTML without a status line no HTTP', async () => {
      const error = await linkError(
        clientFor(await answering('<html><body>It works</body></html>\r\n\r\n')).exchange(ping, { signal }),
        'protocol',
      );
      expect(error.message).to.contain('did not answer in HTTP/1.1');
    });
    it('calls garbage no HTTP', async () => {
      await linkError(clientFor(await answering('\u0000\u0001\u0002\u0003')).exchange(ping, { signal }), 'protocol');
    });
    it('sends the request again, and says so, when the kept connection was closed meanwhile', async () => {
      let connections = 0;
      const server = createServer(socket => {
        const first = ++connections === 1;
        let requests = 0;
        socket.on('data', () => {
          requests++;
          // The second request of the first connection meets a peer that has just decided to close.
          if (first && requests === 2) socket.destroy();
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        });
      });
      const client = clientFor(`http://127.0.0.1:${await listen(server)}/`);
      expect((await client.exchange(ping, { signal })).connection.resent).to.equal(undefined);
      const second = await client.exchange(ping, { signal });
      expect(second.connection).to.include({ id: 2, resent: true });
    });
    it('does not send a request again on a connection of its own', async () => {
      let connections = 0;
      const server = createServer(socket => {
        connections++;
        socket.once('data', () => socket.destroy());
      });
      await linkError(clientFor(`http://127.0.0.1:${await listen(server)}/`).exchange(ping, { signal }), 'closed');
      expect(connections).to.equal(1);
    });
    it('opens a new connection after an answer that announced the close', async () => {
      const client = clientFor(await answering('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'));
      await client.exchange(ping, { signal });
      expect((await client.exchange(ping, { signal })).connection.id).to.equal(2);
    });
    it('cuts after so many octets of the request', async () => {
      const received = new Promise<string>(resolve => {
        const server = createServer(socket => {
          let text = '';
          socket.on('data', data => {
            text += data.toString('latin1');
          });
          socket.on('close', () => resolve(text));
        });
        listen(server).then(port => linkError(clientFor(`http://127.0.0.1:${port}/`).exchange(ping, { signal, cut: 9 }), 'cut'));
      });
      expect(await received).to.equal('POST / HT');
    });
    it('refuses a URL of another kind', () => {
      expect(() => openHttpsClient({ url: 'coaps://x/' })).to.throw('expected an https: or http: URL, got coaps://x/');
    });
  });
});
