import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { fromHex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { prepareIxit, prepareSelection } from './prepare.js';
import { packageRoot } from './root.js';
import { run } from './run.js';

const pki = testPki();
const identity = (name: string) => ({
  cert: pki
    .chain(name)
    .map(der => pem('CERTIFICATE', der))
    .join(''),
  key: pki.privateKeyPem(name),
});
const CI = pem('CERTIFICATE', pki.certificate('CERT_CI') ?? new Uint8Array());
const HEADERS = 'Content-Type: application/x-gsma-rsp-asn1\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\n';
const NO_PACKAGE = fromHex('BF4F03020101') ?? new Uint8Array();

/** The options of a reference product as its IXIT file answers them. */
const optionsOf = (kind: 'eim' | 'ipa'): string =>
  /^options:\n(?: {2}.*\n)+/m.exec(readFileSync(join(packageRoot, 'test-cases', 'ixit', `reference-${kind}.ixit.yaml`), 'utf8'))?.[0] ?? '';

const portOf = (server: Pick<Server, 'address'>): number => {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

describe('injection with an IUT that misbehaves', () => {
  const closers: (() => Promise<unknown> | unknown)[] = [];
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-hostile-injection-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const catalogues = new Map<string, ReturnType<typeof prepareSelection>>();
  const judged = async (only: string, ixit: string) => {
    const catalogue = catalogues.get(only) ?? prepareSelection(undefined, [only]);
    catalogues.set(only, catalogue);
    const file = join(folder, 'iut.ixit.yaml');
    writeFileSync(file, ixit);
    const { record, summary } = await run({
      ixits: [prepareIxit(file, catalogue)],
      catalogue,
      only: [only],
      out: mkdtempSync(join(folder, 'run-')),
      command: ['sgp32', 'run'],
      allureHtml: false,
      screen: { write: () => undefined },
    });
    expect(summary.recorded).to.equal(summary.planned);
    const [sequence] = record.sequences.filter(({ over }) => over === 'https');
    if (!sequence) throw new Error('no sequence was recorded');
    return sequence;
  };
  const serve = async (certificate: string, misbehave: (socket: TLSSocket) => void): Promise<number> => {
    const sockets = new Set<TLSSocket>();
    const server = createServer(identity(certificate), socket => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => misbehave(socket));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return portOf(server);
  };

  describe('an IPA that answers our eIM', () => {
    const answered = async (misbehave: (socket: TLSSocket) => void, certificate = 'CERT_IPA_TLS') =>
      answeredAt(await serve(certificate, misbehave));
    const answeredAt = (port: number) =>
      judged(
        'ipa.http.07',
        `iut: ipa
name: Hostile IPA
version: "1"
supplier: nobody
settings: { IUT_DELIVERY_TIME: 300ms }
${optionsOf('ipa')}
start: { command: [node, -e, "process.stdin.resume()"] }
links:
  es10: { apdu-stdio: {} }
  esipa: { https: { listen: "127.0.0.1:0", certificate: CERT_EIM_TLS, encoding: asn1 } }
  injection: { https: { url: "https://127.0.0.1:${port}/", serverName: ipa.example.com, encoding: asn1, trust: [CERT_CI] } }
timeouts: { response: 300ms }
`,
      );
    const ok = (length: number) => `HTTP/1.1 200 OK\r\n${HEADERS}Content-Length: ${length}\r\n\r\n`;
    const with200 =
      (hexadecimal: string) =>
      (socket: TLSSocket): void => {
        const body = fromHex(hexadecimal) ?? new Uint8Array();
        socket.write(ok(body.length));
        socket.write(body);
      };
    const FAILS: readonly (readonly [string, (socket: TLSSocket) => void, RegExp])[] = [
      ['closes the connection', socket => socket.end(), /expected TransferEimPackageResponse, got close/],
      ['never answers', () => undefined, /got close|did not receive/],
      ['stops in the middle of a body', socket => socket.write(`${ok(100)}BF4E`), /got close|did not receive/],
      ['sends 10 MB', socket => socket.write(Buffer.concat([Buffer.from(ok(10_000_000)), Buffer.alloc(10_000_000)])), /got close/],
      ['sends octets that are no message', with200('FFFFFFFF'), /got refusal, HTTP 200/],
      ['answers another function', with200('BF4F03020101'), /got refusal, HTTP 200/],
      ['answers half a message', with200('BF4E0302'), /./],
      ['answers an alternative that there is not', with200('BF4E03990101'), /./],
      ['promises a result that never comes', with200('BF4E020500'), /expected succeeded, got pending/],
      ['answers 500', socket => socket.write('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n'), /got refusal, HTTP 500/],
      ['sends something that is not HTTP', socket => socket.write('\u0000\u0001 no such protocol\r\n\r\n'), /got close/],
    ];
    for (const [what, misbehave, reason] of FAILS)
      it(`fails when it ${what}`, async () => {
        const sequence = await answered(misbehave);
        expect(sequence.verdict, sequence.reason).to.equal('fail');
        expect(sequence.reason).to.match(reason);
      });

    it('is inconclusive when nobody listens, or when its certificate cannot be trusted', async () => {
      for (const sequence of [await answeredAt(1), await answered(() => undefined, 'CERT_EIM_TLS_UNKNOWN_CI')]) {
        expect(sequence.verdict, sequence.reason).to.equal('inconclusive');
        expect(sequence.reason).to.match(/the IUT cannot be reached/);
      }
    });
  });

  describe('an eIM that calls our IPA', () => {
    /** An eIM with an operator's API that does the acts of the case; what is queued is brought as told. */
    const brought = async (misbehave: (socket: TLSSocket) => void) => {
      const esipa = await serve('CERT_EIM_TLS', socket => {
        socket.write(`HTTP/1.1 200 OK\r\n${HEADERS}Content-Length: ${NO_PACKAGE.length}\r\n\r\n`);
        socket.write(NO_PACKAGE);
      });
      let ipa = '';
      const control = createHttpServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { ipaUrl } = JSON.parse(Buffer.concat(chunks).toString() || '{}');
          if (ipaUrl) ipa = ipaUrl;
          if (request.url === '/queue') {
            const socket = tlsConnect({ port: Number(new URL(ipa).port), host: '127.0.0.1', servername: 'ipa.example.com', ca: CI }, () =>
              misbehave(socket),
            );
            socket.on('error', () => undefined);
            closers.push(() => socket.destroy());
          }
          response.end(JSON.stringify({ order: '1', state: 'pending' }));
        });
      });
      await new Promise<void>(resolve => control.listen(0, '127.0.0.1', resolve));
      closers.push(() => {
        control.closeAllConnections();
        control.close();
      });
      const api = `http://127.0.0.1:${portOf(control)}`;
      return judged(
        'eim.http.11',
        `iut: eim
name: Hostile eIM
version: "1"
supplier: nobody
settings: { IUT_EIM_ID: testeim1, IUT_EIM_ADDRESS: eim.example.com }
${optionsOf('eim')}
trust: { eim: CERT_S_EIMsign }
links:
  esipa: { https: { url: "https://127.0.0.1:${esipa}/", serverName: eim.example.com, encoding: asn1, trust: [CERT_CI] } }
  injection: { https: { listen: "127.0.0.1:0", certificate: CERT_IPA_TLS, encoding: asn1 } }
operator:
  registerEuicc: { rest: POST ${api}/register, json: { ipaUrl: "\${ipaUrl}" } }
  queueEnable: { rest: POST ${api}/queue, json: {}, result: { order: $body.order } }
  orderState: { rest: GET ${api}/order, result: { state: $body.state } }
  forgetEuicc: { rest: POST ${api}/forget, json: {} }
timeouts: { response: 300ms, operator: 300ms }
`,
      );
    };
    const head = (length: number) =>
      `POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: ipa.example.com\r\n${HEADERS}Content-Length: ${length}\r\n\r\n`;
    const posting =
      (hexadecimal: string) =>
      (socket: TLSSocket): void => {
        const body = fromHex(hexadecimal) ?? new Uint8Array();
        socket.write(head(body.length));
        socket.write(body);
      };
    const FAILS: readonly (readonly [string, (socket: TLSSocket) => void])[] = [
      ['brings nothing', () => undefined],
      ['brings octets that are no message', posting('FFFFFFFF')],
      ['polls in place of bringing', posting('BF4F125A1089049032123451234512345678901235')],
      ['brings half a message', posting('BF4E20BF51')],
      ['brings a package that cannot be decoded', posting('BF4E05BF51023000')],
      ['brings an alternative that there is not', posting('BF4E04BF7E0101')],
      ['stops in the middle of a body', socket => socket.write(`${head(100)}BF4E`)],
      ['goes away in the middle of a body', socket => socket.end(`${head(100)}BF4E`)],
      ['sends 10 MB', socket => socket.write(Buffer.concat([Buffer.from(head(10_000_000)), Buffer.alloc(10_000_000)]))],
      ['sends something that is not HTTP', socket => socket.write('\u0000\u0001 no such protocol\r\n\r\n')],
    ];
    for (const [what, misbehave] of FAILS)
      it(`fails when it ${what}`, async () => {
        const sequence = await brought(misbehave);
        expect(sequence.verdict, sequence.reason).to.equal('fail');
      });
  });
});
