import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { fromHex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { SequenceRecord } from '../reports/record.js';
import { prepareCatalogue, prepareIxit } from './prepare.js';
import { packageRoot } from './root.js';
import { run } from './run.js';

const NOTHING = fromHex('BF4F03020101') ?? new Uint8Array();
const HEADERS = 'Content-Type: application/x-gsma-rsp-asn1\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\n';
const catalogue = () => prepareCatalogue(join(packageRoot, 'suites', 'fixtures', 'small'));

/** Answers every request of a connection by writing octets of its own choice. */
type Misbehaviour = (socket: TLSSocket) => void;
const answering =
  (head: string, body: Uint8Array | string = ''): Misbehaviour =>
  socket => {
    socket.write(`${head}\r\n\r\n`);
    socket.write(body);
  };
const ok = (length: number) => `HTTP/1.1 200 OK\r\n${HEADERS}Content-Length: ${length}`;

describe('an IUT that misbehaves', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sgp32-hostile-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A TLS server with a certificate of the test PKI; the request is read, then it is answered as told. */
  const serve = async (misbehave: Misbehaviour, certificate = 'CERT_EIM_TLS') => {
    const pki = testPki();
    const cert = pki
      .chain(certificate)
      .map(der => pem('CERTIFICATE', der))
      .join('');
    const server = createServer({ cert, key: pki.privateKeyPem(certificate) }, socket => {
      socket.on('error', () => undefined);
      socket.on('data', () => misbehave(socket));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return { port, close: () => new Promise(resolve => server.close(resolve)) };
  };

  const testAgainst = async (
    port: number,
    more = '',
    response = '5s',
  ): Promise<{ readonly sequence: SequenceRecord; readonly exitCode: number; readonly text: string }> => {
    const file = join(folder, `iut-${port}.ixit.yaml`);
    writeFileSync(
      file,
      `iut: eim\nname: Hostile eIM\nversion: "1"\nsupplier: nobody\nsettings: { IUT_EIM_ID: testeim1 }\noptions: { O_S_ESIPA_HTTPS: yes }\ntrust: { eim: CERT_S_EIMsign }\nlinks:\n  esipa:\n    https: { url: "https://127.0.0.1:${port}/gsma/rsp2/asn1", serverName: eim.example.com, encoding: asn1, trust: [CERT_CI] }\ntimeouts: { response: ${response} }\n${more}`,
    );
    const known = catalogue();
    let text = '';
    const out = mkdtempSync(join(folder, 'run-'));
    const result = await run({
      ixits: [prepareIxit(file, known)],
      catalogue: known,
      only: [],
      out,
      command: ['sgp32', 'run'],
      allureHtml: false,
      screen: { write: t => (text += t) },
    });
    expect(result.summary.recorded).to.equal(result.summary.planned);
    const [sequence] = result.record.sequences;
    if (!sequence) throw new Error('no sequence was recorded');
    expect(readFileSync(join(out, 'summary.html'), 'utf8')).to.contain('Hostile eIM');
    return { sequence, exitCode: result.exitCode, text };
  };

  const judged = async (misbehave: Misbehaviour, certificate?: string, response?: string) => {
    const server = await serve(misbehave, certificate);
    try {
      const { sequence, exitCode, text } = await testAgainst(server.port, '', response);
      return { verdict: sequence.verdict, reason: sequence.reason, exitCode, text };
    } finally {
      await server.close();
    }
  };

  it('passes when it answers as it should', async () => {
    const { verdict, exitCode } = await judged(answering(ok(NOTHING.length), NOTHING));
    expect({ verdict, exitCode }).to.deep.equal({ verdict: 'pass', exitCode: 0 });
  });

  const fails: readonly (readonly [string, Misbehaviour, RegExp])[] = [
    [
      'closes the connection in the middle of a body',
      s => s.end(`${ok(100)}\r\n\r\nBF4F`),
      /expected GetEimPackageResponse, got close, .*clos/,
    ],
    ['closes the connection without an answer', s => s.end(), /expected GetEimPackageResponse, got close/],
    ['does not answer in time', () => undefined, /got close, .*within 1\.5 s/],
    ['stops in the middle of a body', s => s.write(`${ok(100)}\r\n\r\nBF4F`), /got close, .*within 1\.5 s/],
    ['sends 10 MB', answering(ok(10_000_000), new Uint8Array(10_000_000)), /got close, .*2097152 octets/],
    [
      'sends HTML',
      answering('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\nContent-Length: 15', '<html>hi</html>'),
      /got refusal, HTTP 200/,
    ],
    ['sends something that is not HTTP', s => s.write('\u0000\u0001\u0002 no such protocol\r\n\r\n'), /got close, /],
    ['sends octets that are no message', answering(ok(4), new Uint8Array([0xff, 0xff, 0xff, 0xff])), /got refusal, HTTP 200/],
    ['answers with another function', answering(ok(6), fromHex('BF5003020103') ?? ''), /ProvideEimPackageResultResponse|refusal/],
    ['answers with octets behind the message', answering(ok(8), fromHex('BF4F030201010000') ?? ''), /./],
    ['answers with another code', answering(ok(6), fromHex('BF4F03020102') ?? ''), /eimPackageError: expected noEimPackageAvailable/],
    ['answers 500', answering('HTTP/1.1 500 Oops\r\nContent-Length: 0'), /got refusal, HTTP 500/],
  ];
  for (const [what, misbehave, reason] of fails)
    it(`fails when it ${what}`, async () => {
      // Patience only costs time where the answer never comes.
      const result = await judged(misbehave, undefined, reason.source.includes('within') ? '1500ms' : undefined);
      expect(result.verdict, result.reason).to.equal('fail');
      expect(result.reason, result.reason).to.match(reason);
      expect(result.exitCode).to.equal(1);
      expect(result.text).to.contain('FAIL eim.poll.01[https]');
    });

  it('fails for a length that is not the shortest, with the place of the octet', async () => {
    const octets = fromHex('BF4F8103020101') ?? new Uint8Array();
    const { verdict, reason } = await judged(answering(ok(octets.length), octets));
    expect(verdict).to.equal('fail');
    expect(reason).to.contain('is DER: expected the shortest length, got 8103 at octet 2');
  });

  for (const [certificate, cause] of [
    ['CERT_EIM_TLS_UNKNOWN_CI', /issuer|self.signed|unable to/i],
    ['CERT_EIM_TLS_EXPIRED', /expired/i],
    ['CERT_EIM_TLS_OTHER_NAME', /name/i],
  ] as const)
    it(`is inconclusive, with the cause, when its TLS certificate cannot be trusted (${certificate})`, async () => {
      const { verdict, reason, exitCode } = await judged(answering(ok(NOTHING.length), NOTHING), certificate);
      expect({ verdict, exitCode }).to.deep.equal({ verdict: 'inconclusive', exitCode: 4 });
      expect(reason)
        .to.match(/^the IUT cannot be reached at https:\/\/127\.0\.0\.1/)
        .and.to.match(cause);
    });

  it('is inconclusive when nobody listens', async () => {
    const { sequence, exitCode } = await testAgainst(1);
    expect({ verdict: sequence.verdict, exitCode }).to.deep.equal({ verdict: 'inconclusive', exitCode: 4 });
    expect(sequence.reason).to.match(/the IUT cannot be reached at https:\/\/127\.0\.0\.1:1.*(refused|ECONNREFUSED)/);
  });

  it('is inconclusive when its process ends before it is ready, with its last words', async () => {
    const { sequence } = await testAgainst(
      1,
      'start:\n  command: [node, -e, "console.error(\'no licence\'); process.exit(7)"]\n  ready: { stdout: json, within: 5s }\n',
    );
    expect(sequence.verdict).to.equal('inconclusive');
    expect(sequence.reason).to.contain('exit code 7').and.to.contain('no licence');
  });
});
