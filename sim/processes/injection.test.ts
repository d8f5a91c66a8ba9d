import { connect } from 'node:tls';
import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { pem } from '#protocol/crypto/key.js';
import { TransferEimPackageRequest, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Frame, Listener, Outbound } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import { injectionHttpClient } from '../bindings/injection.js';
import type { EuiccConfig } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, signedPackage, testEim, testEuicc } from '../roles/euicc/test-bench.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc } from '../uicc/index.js';
import { type RunningEim, readEimOptions, startEim } from './eim.js';
import { type RunningIpa, readIpaOptions, startIpa } from './ipa.js';
import { tlsIdentity } from './process.js';

const pki = testPki();
const certificate = (name: string) => hex(pki.certificate(name) ?? new Uint8Array());
const CI = pem('CERTIFICATE', pki.certificate('CERT_CI') ?? new Uint8Array());
const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const signing = pki.privateKey('SK_S_EIMsign');
const association = {
  eimId: 'testeim1',
  publicKey: signing ? subjectPublicKeyInfo(signing) : '',
  fqdn: 'eim.example.com',
  supportedProtocol: ['eimRetrieveHttps', 'eimInjectHttps'],
  trustedCertificateTls: certificate('CERT_EIM_TLS'),
};

describe('eIM package injection between the reference eIM and the reference IPA', () => {
  const open: { close(): Promise<void> }[] = [];
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    problems.length = 0;
  });

  const eimWith = async (): Promise<RunningEim> => {
    const eim = await startEim(readEimOptions({ seed: '1', coap: '127.0.0.1:0' }), { report });
    open.push(eim);
    return eim;
  };
  const ipaWith = async (eim: RunningEim | undefined, config: Partial<EuiccConfig> = {}, given: Readonly<Record<string, string>> = {}) => {
    const euicc = testEuicc({
      profiles: [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }],
      eims: [association],
      ...config,
    });
    const names = eim
      ? { resolve: `eim.example.com=${new URL(eim.esipa).host},coaps://eim.example.com=${new URL(eim.coaps ?? '').host}` }
      : {};
    const options = readIpaOptions({ listen: '127.0.0.1:0', coap: '127.0.0.1:0', pause: '0.01', ...names, ...given });
    const ipa = await startIpa(options, { card: memoryReader(createUicc({ port: portOf(euicc) })), report });
    open.push(ipa);
    return { ipa, euicc };
  };
  const managed = (eim: RunningEim, ipaUrl: string | undefined) =>
    eim.eim.register({
      eid: EID1,
      euiccCertificate: certificate('CERT_EUICC'),
      eumCertificate: certificate('CERT_EUM'),
      ipaUrl,
      ipaName: 'ipa.example.com',
    });
  const ordered = async (eim: RunningEim, body: unknown) => {
    const answer = await fetch(`${eim.control}/euiccs/${EID1}/orders`, { method: 'POST', body: JSON.stringify(body) });
    const { order } = JSON.parse(await answer.text());
    await eim.idle();
    return eim.eim.order(order);
  };

  for (const wire of ['injection', 'injectionJson', 'injectionCoaps'] as const)
    it(`brings packages of every kind, and takes results and acknowledgements (${wire})`, async () => {
      const eim = await eimWith();
      const { ipa, euicc } = await ipaWith(eim);
      managed(eim, ipa.injection[wire]);
      expect((await ordered(eim, { operations: [{ enable: { iccid: ICCID2 } }] }))?.state).to.equal('succeeded');
      expect((await ordered(eim, { dataRequest: {} }))?.state).to.equal('succeeded');
      expect((await ordered(eim, { download: { activationCode: '1$testsmdpplus1.example.com$' } }))?.state).to.equal('pending');
      expect(euicc.chip.memory.results).to.deep.equal([]);
      expect(problems.filter(problem => problem.startsWith('injection'))).to.deep.equal([]);
    });

  it('gets a result later from an IPA that takes its time, and then brings the next package', async () => {
    const eim = await eimWith();
    const { ipa } = await ipaWith(eim, {}, { variant: 'providesLater' });
    managed(eim, ipa.injection.injection);
    const first = await ordered(eim, { operations: [{ listProfileInfo: {} }] });
    const second = await ordered(eim, { operations: [{ listProfileInfo: {} }] });
    for (let turn = 0; turn < 2; turn++) {
      await ipa.idle();
      await eim.idle();
    }
    await ipa.idle();
    expect([first?.state, second?.state]).to.deep.equal(['succeeded', 'succeeded']);
  });

  it('hears of a card that knows no eIM', async () => {
    const eim = await eimWith();
    const { ipa } = await ipaWith(eim, { eims: [] });
    managed(eim, ipa.injection.injection);
    expect(await ordered(eim, { operations: [{ listProfileInfo: {} }] })).to.deep.include({
      state: 'failed',
      cause: 'euiccPackageErrorUnsigned',
    });
  });

  describe('an IPA that listens', () => {
    const binding = injectionHttpClient({ spec: '1.2' });
    const clientOf = ({ injection }: RunningIpa) => {
      const client = openHttpsClient({ url: injection.injection ?? '', serverName: 'ipa.example.com', trust: [CI] });
      open.push(client);
      return async (frame: Frame) => client.exchange(frame, { signal: AbortSignal.timeout(5000) });
    };
    const request = (value: InputOf<ValueOf<typeof TransferEimPackageRequest>>): Frame =>
      binding.write(TransferEimPackageRequest, encode(TransferEimPackageRequest, value));
    const listing = (counter: number) =>
      request({ euiccPackageRequest: raw(signedPackage(testEim(), { counter, psmo: [{ listProfileInfo: {} }] })) });
    const works = async (exchange: ReturnType<typeof clientOf>, counter: number): Promise<void> => {
      const reply = binding.read(await exchange(listing(counter)), 'TransferEimPackageRequest');
      expect('octets' in reply && Object.keys(decode(TransferEimPackageResponse, reply.octets).value)).to.deep.equal([
        'euiccPackageResult',
      ]);
    };

    it('refuses garbage, the messages of others and too much, and serves the next one', async () => {
      const { ipa } = await ipaWith(undefined);
      const exchange = clientOf(ipa);
      const good = listing(1);
      const statusOf = async (change: Partial<Frame>) => (await exchange({ ...good, ...change })).meta[':status'];
      expect(await statusOf({ body: octets('FFFFFFFF') })).to.equal('400');
      expect(await statusOf({ body: octets('BF4F125A1089049032123451234512345678901235') })).to.equal('400');
      expect(await statusOf({ body: octets('BF4E065303800105') })).to.equal('400');
      expect(await statusOf({ body: new Uint8Array([...good.body, 0]) })).to.equal('400');
      expect(await statusOf({ meta: { ...good.meta, ':method': 'GET' }, body: new Uint8Array() })).to.equal('405');
      expect(await statusOf({ meta: { ...good.meta, 'content-type': 'text/html' } })).to.equal('415');
      expect(await statusOf({ meta: { ...good.meta, ':path': '/gsma/rsp2/esipa/getEimPackage' } })).to.equal('404');
      expect(await statusOf({ body: new Uint8Array(3 * 1024 * 1024) })).to.equal('413');
      await works(exchange, 1);
    });

    it('answers what it cannot carry out with the errors of ESipa', async () => {
      const { ipa } = await ipaWith(undefined);
      const exchange = clientOf(ipa);
      const answered = async (body: string) => hex((await exchange({ ...listing(1), body: octets(body) })).body);
      expect(await answered('BF4E04BF7E0101')).to.equal('BF4E03020102');
      expect(await answered('BF4E06BF52035D0120')).to.equal('BF4E03020101');
      expect(await answered('BF4E00')).to.equal('BF4E03020101');
      await works(exchange, 1);
    });

    it('survives a request that never becomes whole, and one whose sender goes away', async () => {
      const { ipa } = await ipaWith(undefined);
      const exchange = clientOf(ipa);
      const { port } = new URL(ipa.injection.injection ?? '');
      const head = 'POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: ipa.example.com\r\nContent-Type: application/x-gsma-rsp-asn1\r\n';
      const begun = await new Promise<ReturnType<typeof connect>>(resolve => {
        const socket = connect({ port: Number(port), host: '127.0.0.1', servername: 'ipa.example.com', ca: CI }, () => resolve(socket));
        socket.on('error', () => undefined);
      });
      begun.write(`${head}Content-Length: 100\r\n\r\nBF4E`);
      await works(exchange, 1);
      begun.destroy();
      await works(exchange, 2);
    });

    it('answers any octets', async () => {
      const { ipa } = await ipaWith(undefined);
      const exchange = clientOf(ipa);
      const valid = listing(1).body;
      await fc.assert(
        fc.asyncProperty(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const reply = await exchange({ ...listing(1), body: valid.map((octet, n) => (n === at ? octet ^ flip : octet)) });
          expect(reply.meta[':status']).to.match(/^(200|400)$/);
        }),
        { numRuns: 60 },
      );
      expect(problems.filter(problem => problem.startsWith('unexpected'))).to.deep.equal([]);
      await works(exchange, 1000);
    });
  });

  describe('an eIM that brings packages', () => {
    const listenerWith = async (answer: (frame: Frame) => Outbound): Promise<Listener> => {
      const listener = await openHttpsListener({
        listen: '127.0.0.1:0',
        identities: new Map([['*', tlsIdentity(pki, 'CERT_IPA_TLS')]]),
      });
      listener.onFrame(async frame => answer(frame));
      open.push(listener);
      return listener;
    };
    const headers = { 'content-type': 'application/x-gsma-rsp-asn1', 'x-admin-protocol': 'gsma/rsp/v2.1.0' };
    const replying = (body: string, meta = {}): Frame => ({ meta: { ':status': '200', ...headers, ...meta }, body: octets(body) });
    const MISBEHAVIOURS: readonly (readonly [string, Outbound])[] = [
      ['sends octets that are no message', replying('FFFFFFFF')],
      ['answers another function', replying('BF4F03020101')],
      ['stops in the middle of a message', replying('BF4E0302')],
      ['answers nothing', replying('')],
      ['sends HTML', { meta: { ':status': '200', 'content-type': 'text/html' }, body: Buffer.from('<html></html>') }],
      ['answers 500', replying('', { ':status': '500' })],
      ['sends 3 MB', { meta: { ':status': '200', ...headers }, body: new Uint8Array(3 * 1024 * 1024) }],
      ['closes the connection', { fault: 'cut' }],
      ['has a result of nothing', replying('BF4E04BF510001')],
    ];
    for (const [what, misbehaviour] of MISBEHAVIOURS)
      it(`keeps its package when the IPA ${what}, says why, and goes on serving`, async () => {
        const eim = await eimWith();
        const listener = await listenerWith(() => misbehaviour);
        managed(eim, `https://${listener.address}/gsma/rsp2/asn1`);
        expect((await ordered(eim, { operations: [{ listProfileInfo: {} }] }))?.state).to.equal('pending');
        expect(problems).to.have.length(1);
        expect(problems[0]).to.match(/^injection: /);
        expect((await fetch(`${eim.control}/eim`)).status).to.equal(200);
      });

    it('brings the same package again, octet for octet, with the next order', async () => {
      const eim = await eimWith();
      const seen: string[] = [];
      const listener = await listenerWith(({ body }) => {
        seen.push(hex(body));
        return replying('FFFFFFFF');
      });
      managed(eim, `https://${listener.address}/gsma/rsp2/asn1`);
      await ordered(eim, { operations: [{ listProfileInfo: {} }] });
      await ordered(eim, { operations: [{ getRAT: {} }] });
      expect(seen).to.have.length(2);
      expect(seen[1]).to.equal(seen[0]);
    });

    it('does not talk to an IPA whose certificate it cannot trust', async () => {
      const eim = await eimWith();
      const listener = await openHttpsListener({
        listen: '127.0.0.1:0',
        identities: new Map([['*', tlsIdentity(pki, 'CERT_EIM_TLS_UNKNOWN_CI')]]),
      });
      open.push(listener);
      managed(eim, `https://${listener.address}/gsma/rsp2/asn1`);
      expect((await ordered(eim, { operations: [{ listProfileInfo: {} }] }))?.state).to.equal('pending');
      expect(problems.join()).to.match(/handshake|certificate|issuer/i);
    });

    it('ends although an IPA never answers', async () => {
      const eim = await eimWith();
      let wasAsked: () => void = () => undefined;
      const asked = new Promise<void>(resolve => {
        wasAsked = resolve;
      });
      const listener = await listenerWith(() => {
        wasAsked();
        return { fault: 'silence' };
      });
      managed(eim, `https://${listener.address}/gsma/rsp2/asn1`);
      void fetch(`${eim.control}/euiccs/${EID1}/orders`, {
        method: 'POST',
        body: JSON.stringify({ operations: [{ listProfileInfo: {} }] }),
      }).catch(() => undefined);
      await asked;
    });
  });
});
