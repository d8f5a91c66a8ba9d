/** Against implementations of other authors: libcoap with OpenSSL and GnuTLS, OpenSSL's own tools, node-coap. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Agent, createServer, type IncomingMessage, request as nodeCoap } from 'coap';
import type { HandshakeFailure, Inbound } from './adapter.js';
import { systemClock } from './clock.js';
import { type CoapClientOptions, openCoapClient } from './coap-client.js';
import { pathOptions } from './coap-frame.js';
import { openCoapListener } from './coap-listener.js';
import { type CoapMessage, decodeMessage, encodeMessage } from './coap-message.js';
import { connectDatagrams } from './datagram.js';
import { dtlsOpener } from './dtls-client.js';
import { authority, identity } from './fixtures/certificates.js';
import { freePorts, isThere, type RunningProgram, run, startProgram } from './testing-programs.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../adapters/fixtures/${name}`, import.meta.url));
const PATH = '/gsma/rsp2/asn1';
const NAME = 'eim.example.com';
const signal = new AbortController().signal;
/** GetEimPackage with an EID, and a body in the size of a bound profile package; a real one is in the tests of the binding. */
const GET_EIM_PACKAGE = Buffer.from('BF4F125A1089049032123451234512345678901235', 'hex');
const BIG = Buffer.from(Uint8Array.from({ length: 12_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

describe('coap with other implementations', () => {
  const closing: (() => unknown)[] = [];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-coap-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (program: string, words: readonly string[], ready: RegExp): Promise<RunningProgram> => {
    const running = await startProgram(program, words, ready);
    closing.push(() => running.close());
    return running;
  };
  const listen = async (isSecure: boolean) => {
    const seen: Inbound[] = [];
    const identities = isSecure
      ? {
          identities: new Map([
            [NAME, identity('good')],
            ['*', identity('good')],
          ]),
        }
      : {};
    const listener = await openCoapListener({ listen: '127.0.0.1:0', ...identities });
    closing.push(() => listener.close());
    listener.onFrame(async frame => {
      seen.push(frame);
      return { meta: { ':code': '2.04', 'content-format': '42' }, body: frame.body.length > 100 ? frame.body : BIG };
    });
    return { listener, seen };
  };
  const clientFor = (url: string, options: Partial<CoapClientOptions> = {}) => {
    const client = openCoapClient({ url, serverName: NAME, trust: [authority('ca')], ...options });
    closing.push(() => client.close());
    return client;
  };

  for (const flavour of ['openssl', 'gnutls'] as const)
    describe(`libcoap with ${flavour}`, () => {
      const [server, client] = [`coap-server-${flavour}`, `coap-client-${flavour}`];
      before(async function () {
        if (!((await isThere(server)) && (await isThere(client)))) {
          console.log(`      skipped: ${server} and ${client} (Debian: libcoap3-bin) are not installed`);
          this.skip();
        }
      });

      it('echoes GetEimPackage and 12 kB to our client, plain and over DTLS', async () => {
        const port = await freePorts();
        const words = ['-A', '127.0.0.1', '-p', String(port), '-v', '7', '-e', '-d', '4', '-n'];
        await start(server, [...words, '-c', fixture('good.pem'), '-j', fixture('good.key')], /created DTLS/);
        for (const url of [`coap://127.0.0.1:${port}${PATH}`, `coaps://127.0.0.1:${port + 1}${PATH}`]) {
          const ours = clientFor(url);
          for (const [body, blocks] of [
            [GET_EIM_PACKAGE, '1'],
            [BIG, '12'],
          ] as const) {
            const reply = await ours.exchange({ meta: { ':method': 'PUT' }, body }, { signal });
            expect(Buffer.compare(reply.body, body), url).to.equal(0);
            expect(reply.meta).to.include({ ':sent-blocks': blocks, ':blocks': blocks, ':repeated': '0' });
          }
          const small = await ours.exchange({ meta: { ':method': 'PUT', ':block-size': '64' }, body: BIG.subarray(0, 1000) }, { signal });
          expect(small.meta).to.include({ ':sent-blocks': '16', ':blocks': '16', ':block-size': '64' });
        }
      });

      it('speaks AES_128_CCM_8 with our client', async () => {
        const port = await freePorts();
        const words = ['-A', '127.0.0.1', '-p', String(port), '-v', '7', '-e', '-d', '4', '-n'];
        await start(server, [...words, '-c', fixture('good.pem'), '-j', fixture('good.key')], /created DTLS/);
        const ours = clientFor(`coaps://127.0.0.1:${port + 1}${PATH}`, { defaultTls: { ciphers: 'ECDHE-ECDSA-AES128-CCM8' } });
        const reply = await ours.exchange({ meta: { ':method': 'PUT' }, body: BIG }, { signal });
        expect(reply.connection.tls?.cipher).to.equal('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8');
        expect(Buffer.compare(reply.body, BIG)).to.equal(0);
      });

      it('resumes a session with our client when that offers it', async () => {
        const port = await freePorts();
        const words = ['-A', '127.0.0.1', '-p', String(port), '-v', '7', '-n'];
        await start(server, [...words, '-c', fixture('good.pem'), '-j', fixture('good.key')], /created DTLS/);
        const ours = clientFor(`coaps://127.0.0.1:${port + 1}/`);
        const resumed = async (resume: boolean) =>
          (await ours.exchange({ meta: { ':method': 'GET' }, body: new Uint8Array() }, { signal, connection: 'new', tls: { resume } }))
            .connection.tls?.resumed;
        expect([await resumed(false), await resumed(true), await resumed(false)]).to.deep.equal([false, flavour === 'openssl', false]);
      });

      for (const scheme of ['coap', 'coaps'] as const)
        it(`gets 12 kB for GetEimPackage from our server, and its own 12 kB back, over ${scheme}`, async () => {
          const { listener, seen } = await listen(scheme === 'coaps');
          const url = `${scheme}://${listener.address}${PATH}`;
          const [asked, got] = [join(folder, 'asked'), join(folder, 'got')];
          const trust = scheme === 'coaps' ? ['-C', fixture('ca.pem')] : [];
          for (const body of [GET_EIM_PACKAGE, BIG]) {
            writeFileSync(asked, body);
            const { output } = await run(client, ['-m', 'post', '-f', asked, '-o', got, '-B', '5', ...trust, url]);
            expect(Buffer.compare(readFileSync(got), BIG), output).to.equal(0);
            expect(Buffer.compare(seen.at(-1)?.body ?? new Uint8Array(), body)).to.equal(0);
          }
          expect(seen).to.have.length(2);
          expect(seen[1]?.meta).to.include({ ':method': 'POST', ':path': PATH, ':blocks': '12' });
          if (scheme === 'coaps') expect(seen[1]?.connection.tls?.version).to.equal('DTLSv1.2');
        });
    });

  describe('the tools of OpenSSL', () => {
    before(async function () {
      if (!(await isThere('openssl'))) {
        console.log('      skipped: openssl is not installed');
        this.skip();
      }
    });
    const suites = 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0';

    it('serve our client, with cookies and CCM_8', async () => {
      const port = await freePorts();
      const words = ['s_server', '-dtls1_2', '-listen', '-accept', `127.0.0.1:${port}`, '-cipher', suites];
      const server = await start('openssl', [...words, '-cert', fixture('good.pem'), '-key', fixture('good.key')], /ACCEPT/);
      const { socket, remote } = await connectDatagrams({ host: '127.0.0.1', port }, signal);
      const opener = dtlsOpener({ trust: [authority('ca')], clock: systemClock, retransmit: { seconds: 1 } });
      closing.push(() => opener.close());
      const line = await opener.open(socket, remote, { serverName: NAME }, signal);
      closing.push(() => line.close());
      expect(line.tls).to.include({ version: 'DTLSv1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8' });
      const answered = new Promise<Uint8Array>(resolve => line.receive({ datagram: resolve, closed: () => {} }));
      const arrived = new Promise<void>(resolve => server.child.stdout?.on('data', data => data.includes('hello') && resolve()));
      line.send(Buffer.from('hello\n'));
      await arrived;
      server.child.stdin?.write('good day\n');
      expect(Buffer.from(await answered).toString()).to.equal('good day\n');
    });

    it('are served by our listener, and check its certificate', async () => {
      const { listener, seen } = await listen(true);
      const words = ['s_client', '-dtls1_2', '-connect', listener.address, '-servername', NAME, '-cipher', suites, '-quiet'];
      const child = spawn('openssl', [...words, '-CAfile', fixture('ca.pem'), '-verify_return_error', '-verify_hostname', NAME]);
      closing.push(() => child.kill('SIGKILL'));
      const request: CoapMessage = {
        type: 'CON',
        code: '0.02',
        messageId: 1,
        token: Uint8Array.of(7),
        options: pathOptions(PATH),
        payload: GET_EIM_PACKAGE,
      };
      child.stdin.write(encodeMessage(request));
      const [octets]: Buffer[] = await once(child.stdout, 'data');
      expect(decodeMessage(octets ?? new Uint8Array())).to.deep.include({
        type: 'ACK',
        code: '2.04',
        messageId: 1,
        token: Uint8Array.of(7),
      });
      expect(seen[0]?.connection.tls).to.include({ cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', serverName: NAME });
    });

    it('refuse our listener where they trust another CA, and say so by an alert', async () => {
      const { listener } = await listen(true);
      const failure = new Promise<HandshakeFailure>(resolve => listener.onHandshakeFailure(resolve));
      const words = ['s_client', '-dtls1_2', '-connect', listener.address, '-CAfile', fixture('unknown-ca.pem'), '-verify_return_error'];
      const child = spawn('openssl', words, { stdio: ['pipe', 'ignore', 'ignore'] });
      closing.push(() => child.kill('SIGKILL'));
      expect(await failure).to.include({ by: 'iut', reason: 'alert unknown_ca' });
    });
  });

  describe('node-coap', () => {
    it('is served 12 kB in blocks, and uploads in blocks', async () => {
      const { listener, seen } = await listen(false);
      const [hostname = '', port = ''] = listener.address.split(':');
      const agent = new Agent({ type: 'udp4' });
      closing.push(() => agent.close());
      const post = (body: Buffer): Promise<IncomingMessage> =>
        new Promise((resolve, reject) => {
          const out = nodeCoap({ hostname, port: Number(port), method: 'POST', pathname: PATH, agent });
          if (body.length > 1024) out.setOption('Block1', Buffer.of(6));
          out.on('response', resolve);
          out.on('error', reject);
          out.end(body);
        });
      const got = await post(GET_EIM_PACKAGE);
      expect([got.code, Buffer.compare(got.payload, BIG)]).to.deep.equal(['2.04', 0]);
      const echoed = await post(BIG);
      expect([echoed.code, Buffer.compare(echoed.payload, BIG)]).to.deep.equal(['2.04', 0]);
      expect(seen.map(({ body }) => body.length)).to.deep.equal([GET_EIM_PACKAGE.length, BIG.length]);
    });

    it('serves our client', async () => {
      const server = createServer((request, response) => {
        response.code = '2.05';
        response.end(Buffer.concat([request.payload, BIG]));
      });
      closing.push(() => new Promise<void>(resolve => void server.close(() => resolve())));
      const port = await freePorts();
      await new Promise<void>(resolve => void server.listen(port, '127.0.0.1', () => resolve()));
      const reply = await clientFor(`coap://127.0.0.1:${port}${PATH}`).exchange(
        { meta: { ':method': 'GET' }, body: new Uint8Array() },
        { signal },
      );
      expect([reply.meta[':code'], Buffer.compare(reply.body, BIG)]).to.deep.equal(['2.05', 0]);
    });
  });
});
