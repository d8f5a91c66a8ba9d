import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { GetEimPackageRequest } from '#protocol/iot/esipa.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Client, Listener, Reply } from '../../adapters/adapter.js';
import { openCoapClient } from '../../adapters/coap-client.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { es9plusServer } from '../bindings/es9plus-http.js';
import { esipaCoapClient } from '../bindings/esipa-coap.js';
import { ESIPA_MEDIA_TYPE, esipaHttpClient } from '../bindings/esipa-http.js';
import { esipaJsonClient } from '../bindings/esipa-json.js';
import { EIM_OPTIONS, OptionError, type RunningEim, readEimOptions, startEim } from './eim.js';
import { openRspHttps } from './rsp-https.js';
import { seededRandom } from './seeded-random.js';

const EID = '89049032123451234512345678901235';
const pki = testPki();
const CI = pem('CERTIFICATE', pki.certificate('CERT_CI') ?? new Uint8Array());
const certificate = (name: string) => hex(pki.certificate(name) ?? new Uint8Array());
const signal = new AbortController().signal;

describe('reference eIM process', () => {
  let running: RunningEim;
  let client: Client;
  const problems: string[] = [];
  const binding = esipaHttpClient({ spec: '1.2' });
  const poll = (link = {}): Promise<Reply> =>
    client.exchange(binding.write(GetEimPackageRequest, encode(GetEimPackageRequest, { eidValue: Buffer.from(EID, 'hex') }), link), {
      signal,
    });
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${running.control}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  before(async () => {
    running = await startEim(readEimOptions({ seed: '1', coap: '127.0.0.1:0' }), { report: problem => problems.push(problem) });
    client = openHttpsClient({ url: running.esipa, serverName: 'eim.example.com', trust: [CI] });
  });
  after(async () => {
    await client.close();
    await running.close();
  });

  it('serves GetEimPackage over HTTPS, with every transport rule kept', async () => {
    const reply = await poll();
    const read = binding.read(reply, 'GetEimPackageRequest');
    expect('octets' in read && hex(read.octets)).to.equal('BF4F03020102');
    expect(read.checks.filter(check => !check.ok)).to.deep.equal([]);
  });

  it('serves it in JSON on the same port and over CoAPs on its own, and each in its own form', async () => {
    const type = GetEimPackageRequest;
    const octets = encode(type, { eidValue: Buffer.from(EID, 'hex') });
    const inJson = esipaJsonClient({ spec: '1.2' });
    const json = await client.exchange(inJson.write(type, octets), { signal });
    expect(JSON.parse(Buffer.from(json.body).toString())).to.deep.include({ eimPackageError: 2 });
    const overCoap = esipaCoapClient();
    const coap = openCoapClient({ url: running.coaps ?? '', serverName: 'eim.example.com', trust: [CI] });
    try {
      const reply = await coap.exchange(overCoap.write(type, octets), { signal });
      for (const read of [inJson.read(json, type.name), overCoap.read(reply, type.name)]) {
        expect('octets' in read && hex(read.octets)).to.equal('BF4F03020102');
        expect(read.checks.filter(check => !check.ok)).to.deep.equal([]);
      }
    } finally {
      await coap.close();
    }
  });

  it('refuses what is no request, and serves the next one', async () => {
    for (const [link, status] of [
      [{ method: 'GET', body: '' }, '405'],
      [{ path: '/gsma/rsp2/esipa/getPackage' }, '404'],
      [{ path: '/gsma/rsp2/esipa/getEimPackage' }, '415'],
      [{ contentType: 'text/plain' }, '415'],
      [{ body: 'BF4F125A10' }, '400'],
      [{ body: 'BF4F00BF4F00' }, '400'],
      [{ body: `BF4F035A0100`.replace('5A0100', '800100') }, '400'],
    ] as const)
      expect((await poll(link)).meta[':status'], JSON.stringify(link)).to.equal(status);
    expect((await poll()).meta[':status']).to.equal('200');
    expect(problems.filter(p => p.startsWith('refused:'))).to.have.length(7);
  });

  it('serves a request without headers that only tell who asks', async () => {
    const reply = await poll({ userAgent: null, headers: { 'x-admin-protocol': null } });
    expect([reply.meta[':status'], reply.meta['content-type']]).to.deep.equal(['200', ESIPA_MEDIA_TYPE]);
  });

  it('does what its operator asks for over the control API', async () => {
    const euicc = { eid: EID, euiccCertificate: certificate('CERT_EUICC'), eumCertificate: { der: certificate('CERT_EUM') }, counter: '5' };
    expect(await control('POST', '/euiccs', { ...euicc, euiccInfo1: null, ipaCapabilities: ['minimizeEsipaBytes'] })).to.deep.equal({
      status: 201,
      body: { eid: EID },
    });
    const { status, body } = await control('POST', `/euiccs/${EID}/orders`, {
      operations: [{ enable: { iccid: '989209012143658709F5' } }],
    });
    const operations = [{ operation: 'enable', executed: false }];
    expect(status).to.equal(202);
    expect(await control('GET', `/orders/${body.order}`)).to.deep.equal({
      status: 200,
      body: { order: body.order, eid: EID, state: 'pending', operations },
    });
    expect(hex((await poll()).body).slice(0, 4)).to.equal('BF4F');
    expect((await control('GET', `/euiccs/${EID}`)).body).to.deep.include({
      profiles: [],
      stale: false,
      counter: 6,
      capabilities: ['minimizeEsipaBytes'],
    });
    const own = await control('POST', `/euiccs/${EID}/orders`, { operations: [{ updateOwnKey: {} }] });
    expect(own.body.publicKey).to.match(/^3059/);
    expect((await control('GET', '/eim')).body).to.include({ eimId: 'testeim1', fqdn: 'eim.example.com' });
    expect((await control('GET', `/eim?eid=${EID}`)).body.eimConfigurationData).to.match(/^3081/);
    expect((await control('DELETE', `/euiccs/${EID}`)).status).to.equal(204);
    expect((await control('GET', `/orders/${body.order}`)).status).to.equal(404);
  });

  it('answers mistakes of its operator with the reason', async () => {
    const wrong = async (method: string, path: string, body?: unknown) => control(method, path, body);
    expect(await wrong('POST', '/euiccs', { eid: '12' })).to.deep.include({ status: 400 });
    expect(
      (await wrong('POST', '/euiccs', { eid: EID, euiccCertificate: certificate('CERT_EUICC2'), eumCertificate: certificate('CERT_EUM') }))
        .body.error,
    ).to.match(/expected the EID/);
    expect(await wrong('POST', `/euiccs/${EID}/orders`, {})).to.deep.include({ status: 404 });
    expect(await wrong('GET', '/nowhere')).to.deep.include({ status: 404 });
    expect(await wrong('PATCH', '/eim')).to.deep.include({ status: 405 });
    const malformed = await fetch(`${running.control}/euiccs`, { method: 'POST', body: '{' });
    expect(malformed.status).to.equal(400);
    const long = await fetch(`${running.control}/euiccs`, { method: 'POST', body: `"${'x'.repeat(300_000)}"` });
    expect(long.status).to.equal(413);
    expect((await fetch(`${running.control}/euiccs/%E0%A4%A`)).status).to.equal(400);
  });
});

describe('reference eIM: way to the RSP servers', () => {
  const ADDRESS = 'testsmdpplus1.example.com';
  const certificates = {
    euiccCertificate: pki.certificate('CERT_EUICC') ?? new Uint8Array(),
    eumCertificate: pki.certificate('CERT_EUM') ?? new Uint8Array(),
  };
  const tbsOtherNotification = { seqNumber: 1, profileManagementOperation: ['notificationEnable'], notificationAddress: ADDRESS };
  // Nobody verifies the signature here.
  const otherSignedNotification = { tbsOtherNotification, euiccNotificationSignature: new Uint8Array(64), ...certificates };
  const notification = encode(HandleNotification, { pendingNotification: { otherSignedNotification } });

  let listener: Listener;
  let status = '204';
  const problems: string[] = [];
  const call = async (trust: string) => {
    const way = openRspHttps({
      spec: '1.2',
      resolve: new Map([[ADDRESS, listener.address]]),
      trust: [trust],
      report: p => problems.push(p),
    });
    const answer = await way.call('ES9+', ADDRESS, 'HandleNotification', notification);
    await way.close();
    return answer;
  };

  before(async () => {
    const certificateChain = pem('CERTIFICATE', pki.certificate('CERT_S_SM_DP_TLS') ?? new Uint8Array());
    const identity = { certificateChain, privateKey: pki.privateKeyPem('SK_S_SM_DP_TLS') ?? '' };
    listener = await openHttpsListener({ listen: '127.0.0.1:0', identities: new Map([['*', identity]]) });
    const server = es9plusServer();
    listener.onFrame(async frame => {
      const read = server.read(frame);
      return 'nothing' in read ? server.refuse(frame, read) : server.write(frame, undefined, { status });
    });
  });
  after(() => listener.close());

  it('calls by name where the options say, and takes 204 for done', async () => {
    expect(await call(CI)).to.deep.equal({ done: true });
  });

  it('tells what kept a call from being answered', async () => {
    status = '500';
    expect(await call(CI)).to.deep.equal({ failure: 'status 500' });
    const unknown = pem('CERTIFICATE', pki.certificate('CERT_CI_UNKNOWN') ?? new Uint8Array());
    expect(await call(unknown)).to.have.property('failure');
    expect(problems).to.have.length(2);
    expect(problems[0]).to.equal(`HandleNotification to ${ADDRESS}: status 500`);
  });
});

describe('reference eIM: options', () => {
  it('have a default that can be read, a name and a text', () => {
    expect(() => readEimOptions({})).to.not.throw();
    for (const option of Object.values(EIM_OPTIONS)) expect(option.text, option.name).to.match(/^\S.{10,}$/);
  });

  it('are refused with what was expected', () => {
    const wrong = (given: Record<string, string>, message: RegExp) => expect(() => readEimOptions(given)).to.throw(OptionError, message);
    wrong({ curve: 'P-384' }, /expected P-256 or brainpoolP256r1, got P-384/);
    wrong({ resolve: 'name' }, /expected name=host:port, got name/);
    wrong({ trust: '/nowhere.pem' }, /cannot read \/nowhere.pem/);
    wrong({ defect: 'constructor' }, /expected one of .*ignoresResultSignature.*, got constructor/);
    wrong({ variant: 'x' }, /--variant/);
    wrong({ nmae: 'x' }, /expected one of --listen/);
  });

  it('read lists and names', () => {
    const options = readEimOptions({ resolve: 'A.example=127.0.0.1:1, b=h:2', defect: 'ignoresResultSignature,reusesCounter' });
    expect([...options.resolve]).to.deep.equal([
      ['a.example', '127.0.0.1:1'],
      ['b', 'h:2'],
    ]);
    expect(options.defect).to.have.length(2);
  });
});

describe('seeded random', () => {
  it('repeats by seed, differs by label, and does not depend on how it is drawn', () => {
    const [a, b, c] = [seededRandom('1', 'x'), seededRandom('1', 'x'), seededRandom('1', 'y')];
    const whole = hex(a(40));
    expect(whole).to.equal(hex(b(7)) + hex(b(33)));
    expect(hex(c(40))).to.not.equal(whole);
    expect(a(0)).to.have.length(0);
  });
});
