import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '#protocol/asn1/tlv.js';
import { pem } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { type Client, LinkError } from '../../adapters/adapter.js';
import { openHttpsClient } from '../../adapters/https-client.js';
import { es9plusClient, es9plusServer } from '../bindings/es9plus-http.js';
import { codeText } from '../bindings/status-codes.js';
import { inbound, posted, sent } from '../bindings/test-frames.js';
import type { Received } from '../role.js';
import { ADDRESS, authenticate, EID1, EID2, ICCID1, initiate, installed, prepare } from '../roles/rsp-server/test-euicc.js';
import { smdpWith } from '../roles/smdp/test-smdp.js';
import { answerFrame, OptionError, type RunningSmdp, readSmdpOptions, SMDP_OPTIONS, startSmdp } from './smdp.js';

const CI = pem('CERTIFICATE', testPki().certificate('CERT_CI') ?? new Uint8Array());
const CI_BRP = pem('CERTIFICATE', testPki().certificate('CERT_CI_BRP') ?? new Uint8Array());
const binding = es9plusClient();
const signal = new AbortController().signal;
const clientTo = (es9plus: string): Client => openHttpsClient({ url: `${es9plus}/`, serverName: ADDRESS, trust: [CI, CI_BRP] });

describe('reference SM-DP+ process', () => {
  let running: RunningSmdp;
  let client: Client;
  const problems: string[] = [];
  const call = async ({ type, message }: Received) =>
    binding.read(await client.exchange(binding.write(type, message.octets), { signal }), type.name);
  const octetsOf = async (request: Received): Promise<Uint8Array> => {
    const answer = await call(request);
    return 'octets' in answer ? answer.octets : new Uint8Array();
  };
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${running.control}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  before(async () => {
    running = await startSmdp(readSmdpOptions({ seed: '1' }), { report: problem => problems.push(problem) });
    client = clientTo(running.es9plus);
  });
  after(async () => {
    await client.close();
    await running.close();
  });

  it('serves a download of what its operator ordered, with every transport rule kept', async () => {
    const { status, body } = await control('POST', '/orders', { iccid: ICCID1, uppSize: '2000', confirmationCode: 12345 });
    expect(status).to.equal(201);
    expect(body).to.include({ order: '1', state: 'released', downloads: 0, codeFailures: 0, expired: false });
    expect(body.matchingId).to.match(/^([A-Z2-9]{5}-){3}[A-Z2-9]{5}$/);
    expect(body.activationCode).to.equal(`1$${ADDRESS}$${body.matchingId}$$1`);
    const offer = await octetsOf(authenticate(await octetsOf(initiate()), { matchingId: body.matchingId }));
    const answer = await call(prepare(offer, { code: '12345' }));
    expect('octets' in answer && answer.octets.length).to.be.above(2000);
    expect(answer.checks.filter(check => !check.ok)).to.deep.equal([]);
    const { transactionId } = running.smdp.state;
    if (!(transactionId instanceof Uint8Array)) throw new Error('expected a transactionId');
    expect(await call(installed(transactionId))).to.include({ nothing: 'empty' });
    const { body: done } = await control('GET', '/orders/1');
    expect(done).to.include({ state: 'installed', eid: EID1, iccid: ICCID1 });
    expect(done.notifications).to.have.length(1);
    expect(done.notifications[0]).to.include({ kind: 'profileInstallationResult', genuine: true, result: 'successResult' });
    expect((await control('GET', '/notifications')).body.notifications).to.deep.equal(done.notifications);
    expect((await control('DELETE', '/orders/1')).status).to.equal(204);
    expect((await control('GET', '/orders/1')).status).to.equal(404);
  });

  it('finds an order by EID where the operator wants no MatchingID, and releases one later', async () => {
    const { body } = await control('POST', '/orders', { iccid: ICCID1, matchingId: '', eid: EID1, released: 'no' });
    const refusal = async () => {
      const answer = await call(authenticate(await octetsOf(initiate()), {}));
      return 'status' in answer && answer.status ? codeText(answer.status) : 'ok';
    };
    expect(body.matchingId).to.equal('');
    expect(await refusal()).to.equal('8.2/1.2');
    expect((await control('PATCH', `/orders/${body.order}`, { state: 'released' })).body.state).to.equal('released');
    expect(await refusal()).to.equal('ok');
    expect((await control('PATCH', `/orders/${body.order}`, { expired: 'yes' })).body.expired).to.equal(true);
    expect(await refusal()).to.equal('8.8.5/4.10');
    expect((await control('PATCH', `/orders/${body.order}`, { expired: false })).body.expired).to.equal(false);
    expect(await refusal()).to.equal('ok');
    await control('DELETE', `/orders/${body.order}`);
  });

  it('takes everything that an order can say', async () => {
    const order = {
      iccid: ICCID1,
      matchingId: 'ABC',
      eid: EID2,
      state: 'released',
      expired: 'getBoundProfilePackage',
      confirmationCode: '1',
      confirmationCodeRetries: '7',
      downloadRetries: 2,
      metadata: { profileName: 'X', profilePolicyRules: ['ppr1'] },
      packageMetadata: { profileName: 'Y' },
      randomKeys: 'yes',
      longMetadata: 'yes',
      fallbackAllowed: true,
      requires: ['suciCalculatorApi'],
      reuse: false,
      rebinding: null,
    };
    const { status, body } = await control('POST', '/orders', order);
    expect(status).to.equal(201);
    const taken = running.smdp.orders.at(-1);
    expect(taken).to.include({ matchingId: 'ABC', codeRetries: 7, downloadRetries: 2, ppk: true, reuse: false, rebinding: true });
    expect(taken).to.deep.include({ requires: ['suciCalculatorApi'], policyRules: ['ppr1'], expiredAt: 'getBoundProfilePackage' });
    expect(taken?.metadata).to.have.length.above(1024);
    expect(hex(taken?.metadata ?? new Uint8Array())).to.match(/9F6701FF$/);
    await control('DELETE', `/orders/${body.order}`);
  });

  it('answers mistakes of its operator with the reason', async () => {
    const wrong = async (body: unknown, reason: string) => {
      const answer = await control('POST', '/orders', body);
      expect(answer.status, reason).to.equal(400);
      expect(answer.body.error).to.contain(reason);
    };
    await wrong({}, 'expected "iccid", got nothing');
    await wrong({ iccid: '12' }, 'expected 10 octets in hex as "iccid"');
    await wrong({ iccid: ICCID1, icid: 1 }, 'got "icid"');
    await wrong({ iccid: ICCID1, state: 'gone' }, 'as "state", got gone');
    await wrong({ iccid: ICCID1, metadata: 'x' }, 'expected an object as "metadata"');
    await wrong({ iccid: ICCID1, metadata: { profileNam: 'x' } }, 'metadata of');
    await wrong({ iccid: ICCID1, requires: [1] }, 'expected a list of names as "requires"');
    await wrong({ iccid: ICCID1, uppSize: 4 }, 'expected at least 100 octets');
    expect((await control('PATCH', '/orders/99', {})).status).to.equal(404);
    const { body } = await control('POST', '/orders', { iccid: ICCID1 });
    expect((await control('PATCH', `/orders/${body.order}`, { sate: 'x' })).body.error).to.contain('got "sate"');
    await control('DELETE', `/orders/${body.order}`);
    expect((await control('GET', '/smdp')).body).to.deep.equal({ address: ADDRESS, oid: '2.999.10' });
  });

  it('tells what it refuses, and serves the next request', async () => {
    const { type, message } = initiate();
    const before = problems.length;
    const status = async (link: Record<string, unknown>) =>
      (await client.exchange(binding.write(type, message.octets, link), { signal })).meta[':status'];
    expect(await status({ method: 'GET', body: '' })).to.equal('405');
    expect(await status({ path: '/gsma/rsp2/es9plus/none' })).to.equal('404');
    expect(await status({ body: '{' })).to.equal('400');
    expect(await status({ contentType: 'text/plain' })).to.equal('400');
    expect(await status({ body: '{}' })).to.equal('200');
    expect(await status({ userAgent: null, headers: { 'x-admin-protocol': null } })).to.equal('200');
    expect(problems.slice(before).map(p => p.slice(0, 8))).to.deep.equal(['refused:', 'refused:', 'refused:', 'refused:', 'refused:']);
  });
});

describe('reference SM-DP+: TLS', () => {
  const probe = async (options: Readonly<Record<string, string>>, tls = {}) => {
    const running = await startSmdp(readSmdpOptions({ seed: '1', ...options }));
    const client = clientTo(running.es9plus);
    const { type, message } = initiate();
    try {
      const reply = await client.exchange(binding.write(type, message.octets), { signal, tls });
      return `${reply.meta[':status']} ${reply.connection.tls?.version} ${reply.connection.tls?.cipher}`;
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return error.code;
    } finally {
      await client.close();
      await running.close();
    }
  };

  it('refuses what is older than TLS 1.2, unless it has the defect to take it', async () => {
    expect(await probe({}, { maxVersion: 'TLSv1.1' })).to.equal('handshake');
    expect(await probe({ defect: 'acceptsOldTls' }, { maxVersion: 'TLSv1.1' })).to.match(/^200 TLSv1\.1 /);
  });

  it('deviates as its options say', async () => {
    expect(await probe({ variant: 'speaksTls12Only' })).to.match(/^200 TLSv1\.2 /);
    expect(await probe({ variant: 'choosesCbcSuite' })).to.equal('200 TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256');
    expect(await probe({ variant: 'presentsBrainpoolCertificate' })).to.match(/^200 /);
    expect(await probe({ defect: 'speaksTls13Only' }, { maxVersion: 'TLSv1.2' })).to.equal('handshake');
    expect(await probe({ defect: 'reusesEphemeralKey' })).to.match(/^200 TLSv1\.2 /);
  });
});

describe('reference SM-DP+: whatever is sent', () => {
  const server = es9plusServer();
  const paths = ['initiateAuthentication', 'authenticateClient', 'getBoundProfilePackage', 'handleNotification', 'cancelSession'];
  const base64 = fc.uint8Array({ maxLength: 40 }).map(o => Buffer.from(o).toString('base64'));
  const body = fc.record(
    {
      transactionId: fc.oneof(fc.uint8Array({ maxLength: 17 }).map(hex), fc.anything()),
      euiccChallenge: base64,
      euiccInfo1: base64,
      smdpAddress: fc.string(),
      authenticateServerResponse: base64,
      prepareDownloadResponse: base64,
      pendingNotification: base64,
      cancelSessionResponse: base64,
    },
    { requiredKeys: [] },
  );

  it('there is an answer', async () => {
    const smdp = smdpWith();
    const answer = async (frame: Parameters<typeof answerFrame>[2]) =>
      Number(sent(await answerFrame(smdp, server, frame, () => undefined)).meta[':status']);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths, 'x'), fc.oneof(body, fc.json(), fc.uint8Array()), async (path, content) => {
        expect(await answer(posted(`es9plus/${path}`, content))).to.be.within(200, 499);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async octets => {
        const asn1 = { ...posted('asn1', octets), meta: { ...posted('asn1', octets).meta, 'content-type': 'application/x-gsma-rsp-asn1' } };
        expect(await answer(asn1)).to.be.within(200, 499);
      }),
      { numRuns: 100 },
    );
  });

  it('there is an answer to damaged messages of a real download', async () => {
    const smdp = smdpWith();
    const requests = [initiate(), authenticate((await smdp.react(initiate()))?.octets, {})];
    for (const { type, message } of requests) {
      const frame = inbound(binding.write(type, message.octets));
      await fc.assert(
        fc.asyncProperty(fc.nat(frame.body.length - 1), fc.integer({ min: 0, max: 255 }), async (at, octet) => {
          const damaged = frame.body.map((o, i) => (i === at ? octet : o));
          const status = Number(sent(await answerFrame(smdp, server, { ...frame, body: damaged }, () => undefined)).meta[':status']);
          expect(status).to.be.within(200, 499);
        }),
        { numRuns: 100 },
      );
    }
  });
});

describe('reference SM-DP+: options', () => {
  it('have a default that can be read, a name and a text', () => {
    expect(() => readSmdpOptions({})).to.not.throw();
    for (const option of Object.values(SMDP_OPTIONS)) expect(option.text, option.name).to.match(/^\S.{10,}$/);
  });

  it('are refused with what was expected', () => {
    const wrong = (given: Record<string, string>, message: RegExp) => expect(() => readSmdpOptions(given)).to.throw(OptionError, message);
    wrong({ curve: 'P-384' }, /expected P-256 or brainpoolP256r1, got P-384/);
    wrong({ defect: 'constructor' }, /expected one of .*reusesTransactionId.*, got constructor/);
    wrong({ variant: 'x' }, /--variant/);
    wrong({ adress: 'x' }, /expected one of --listen/);
  });

  it('choose the only curve that it signs on', async () => {
    const running = await startSmdp(readSmdpOptions({ curve: 'brainpoolP256r1', seed: '1' }));
    const answer = await running.smdp.react(initiate());
    expect(answer?.status && codeText(answer.status)).to.equal('8.8.2/3.1');
    await running.close();
  });
});
