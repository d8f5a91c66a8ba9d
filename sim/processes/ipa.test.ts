import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { subjectPublicKeyInfo } from '#protocol/crypto/ecdsa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { type Card, LinkError } from '../../adapters/adapter.js';
import { openStdioCard } from '../../adapters/apdu-stdio-card.js';
import { openStdioSlot } from '../../adapters/apdu-stdio-slot.js';
import { memoryReader } from '../../adapters/memory-reader.js';
import type { EuiccConfig } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, ICCID3, testEuicc } from '../roles/euicc/test-bench.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc } from '../uicc/index.js';
import { type RunningEim, readEimOptions, startEim } from './eim.js';
import { type RunningIpa, readIpaOptions, startIpa } from './ipa.js';
import { OptionError } from './process-options.js';

const pki = testPki();
const certificate = (name: string) => hex(pki.certificate(name) ?? new Uint8Array());

describe('reference IPA process', () => {
  let eim: RunningEim;
  const open: { close(): Promise<void> }[] = [];
  const control = async (base: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${base}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const order = (body: unknown) => control(eim.control, 'POST', `/euiccs/${EID1}/orders`, body).then(answer => answer.body.order);
  const stateOf = (id: string) => control(eim.control, 'GET', `/orders/${id}`).then(answer => answer.body.state);

  const signing = pki.privateKey('SK_S_EIMsign');
  const association = {
    eimId: 'testeim1',
    publicKey: signing ? subjectPublicKeyInfo(signing) : '',
    fqdn: 'eim.example.com',
    supportedProtocol: ['eimRetrieveHttps'],
    trustedCertificateTls: certificate('CERT_EIM_TLS'),
  };
  const cardWith = (config: Partial<EuiccConfig> = {}) => {
    const profiles = [{ iccid: ICCID1, state: 'enabled' as const }, { iccid: ICCID2 }];
    const euicc = testEuicc({ profiles, eims: [association], ...config });
    return { euicc, uicc: createUicc({ port: portOf(euicc) }) };
  };
  const startWith = async (card: Card, given: Readonly<Record<string, string>> = {}) => {
    const problems: string[] = [];
    const resolve = `eim.example.com=${new URL(eim.esipa).host}`;
    const options = readIpaOptions({ resolve, pause: '0.01', ...given });
    const ipa: RunningIpa = await startIpa(options, { card, report: problem => problems.push(problem) });
    open.push(ipa);
    return { ipa, problems };
  };
  const start = async (config: Partial<EuiccConfig> = {}, given: Readonly<Record<string, string>> = {}) => {
    const { euicc, uicc } = cardWith(config);
    return { euicc, uicc, ...(await startWith(memoryReader(uicc), given)) };
  };

  beforeEach(async () => {
    eim = await startEim(readEimOptions({ seed: '1' }));
    open.push(eim);
    await control(eim.control, 'POST', '/euiccs', {
      eid: EID1,
      euiccCertificate: certificate('CERT_EUICC'),
      eumCertificate: certificate('CERT_EUM'),
    });
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  it('carries out the packages of its eIM, through TLS, APDUs and REFRESH', async () => {
    const enable = await order({ operations: [{ enable: { iccid: ICCID2 } }] });
    const list = await order({ operations: [{ listProfileInfo: {} }] });
    const { ipa, euicc, problems } = await start();
    const { status, body } = await control(ipa.control, 'POST', '/poll');
    expect(problems).deep.equals([]);
    expect(status).equals(200);
    expect(body.conversations).deep.equals([
      {
        eimId: 'testeim1',
        requests: [
          'GetEimPackageRequest',
          'ProvideEimPackageResult',
          'GetEimPackageRequest',
          'ProvideEimPackageResult',
          'GetEimPackageRequest',
        ],
        problems: [],
      },
    ]);
    expect([await stateOf(enable), await stateOf(list)]).deep.equals(['succeeded', 'succeeded']);
    expect(euicc.chip.memory.results).deep.equals([]);
  });

  it('begins anew with a card that was put in between two polls', async () => {
    const slot = openStdioSlot();
    open.push(slot);
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    slot.attach({ stdin, stdout }).resume();
    const { ipa } = await startWith(openStdioCard({ input: stdin, output: stdout }));
    const seen: string[] = [];
    for (const firstSeqNumber of [1, 50]) {
      const { euicc } = cardWith({ firstSeqNumber });
      await slot.insert(createUicc({ port: portOf(euicc), onApdu: ({ command }) => seen.push(hex(command.subarray(0, 2))) }));
      expect((await ipa.poll()).conversations.map(c => c.requests)).deep.equals([['GetEimPackageRequest']]);
      expect(seen.splice(0).slice(0, 3)).deep.equals(['80AA', '0070', '01A4']);
    }
    await slot.remove();
    expect((await ipa.poll()).problem).to.match(/card/);
  });

  it('tells what is missing: a card with an eIM', async () => {
    const { ipa } = await start({ eims: [] });
    expect(await ipa.poll()).deep.equals({ eid: EID1, problem: 'the eUICC has no eIM that can be polled', conversations: [] });
  });

  it('adds the eIM that it was provisioned with to a card without one', async () => {
    const { body } = await control(eim.control, 'GET', '/eim');
    const { ipa, euicc } = await start({ eims: [] }, { 'initial-eim': body.eimConfigurationData });
    const { conversations } = await ipa.poll();
    expect(conversations.map(c => [c.requests, c.problems])).deep.equals([[['GetEimPackageRequest'], []]]);
    expect(euicc.chip.memory.eims.map(e => e.eimId)).deep.equals(['testeim1']);
  });

  it('takes what it is provisioned with from its operator as well, or nothing', async () => {
    const { body } = await control(eim.control, 'GET', '/eim');
    const { ipa, euicc } = await start({ eims: [] });
    expect((await control(ipa.control, 'POST', '/provision', { eimConfigurationData: 'no hex' })).status).equals(400);
    await control(ipa.control, 'POST', '/provision', { eimConfigurationData: body.eimConfigurationData });
    await control(ipa.control, 'POST', '/provision', {});
    await ipa.poll();
    expect(euicc.chip.memory.eims).deep.equals([]);
    await control(ipa.control, 'POST', '/provision', { eimConfigurationData: body.eimConfigurationData });
    await ipa.poll();
    expect(euicc.chip.memory.eims.map(e => e.eimId)).deep.equals(['testeim1']);
  });

  it('takes confirmation codes from its operator, and nothing else for them', async () => {
    const { ipa } = await start({});
    const given = async (codes: unknown) => (await control(ipa.control, 'POST', '/confirmation-codes', { codes })).status;
    expect([await given(['1', '2']), await given([]), await given('1'), await given([1])]).deep.equals([204, 204, 400, 400]);
  });

  it('ends in the middle of a poll when it is told to', async () => {
    const { ipa } = await startWith({
      address: 'silent',
      transmit: (_apdu, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      reset: async () => new Uint8Array(),
      close: async () => undefined,
    });
    const poll = ipa.poll();
    await ipa.close();
    expect((await poll).problem).equals('the IPA is shut down');
  });

  it('sends nothing to an eIM whose certificate is not the one trusted, and says why', async () => {
    const other = { ...association, trustedCertificateTls: certificate('CERT_S_SM_DP_TLS') };
    const { ipa, problems } = await start({ eims: [other] });
    expect((await ipa.poll()).conversations[0]?.requests).deep.equals(['GetEimPackageRequest']);
    expect(problems.join()).to.match(/TLS handshake with .* failed: no certificate of/);
  });

  it('does what its operator asks for, and tells the eIM with the next poll', async () => {
    const profiles = [
      { iccid: ICCID1, state: 'enabled' as const },
      { iccid: ICCID2, fallbackAllowed: true, fallbackAttribute: true },
      { iccid: ICCID3, ecall: true },
    ];
    const { ipa, euicc } = await start({ profiles });
    const enabled = () => hex(euicc.chip.memory.profiles.find(p => p.state === 'enabled')?.iccid ?? new Uint8Array());
    const act = async (path: string) => (await control(ipa.control, 'POST', path)).body;
    expect([await act('/return'), enabled()]).deep.equals([{ result: 6 }, ICCID1]);
    expect([await act('/fallback'), enabled()]).deep.equals([{ result: 0 }, ICCID2]);
    expect([await act('/return'), enabled()]).deep.equals([{ result: 0 }, ICCID1]);
    await ipa.poll();
    expect((await control(eim.control, 'GET', `/euiccs/${EID1}`)).body).to.include({ stale: true, staleCause: 'fallback' });
    expect([await act('/emergency/enable'), enabled()]).deep.equals([{ result: 0 }, ICCID3]);
    expect([await act('/emergency/disable'), enabled()]).deep.equals([{ result: 0 }, ICCID1]);
    expect(await act('/memory-reset')).deep.equals({ result: 0 });
    await ipa.poll();
    expect((await control(eim.control, 'GET', `/euiccs/${EID1}`)).body).to.include({ staleCause: 'reset' });
  });

  it('gives way to the IPA in the eUICC until the card is reset', async () => {
    const { ipa, problems } = await start({ supports: { ipae: true } });
    expect(await control(ipa.control, 'POST', '/ipae')).deep.equals({ status: 200, body: { result: 0 } });
    for (const path of ['/poll', '/fallback']) expect((await control(ipa.control, 'POST', path)).status, path).equals(409);
    const { length } = problems;
    for (const path of ['/poll/start', '/poll/end']) expect((await control(ipa.control, 'POST', path)).status, path).within(202, 204);
    expect(problems, 'told to poll, it does not even ask the card').to.have.length(length);
    expect((await control(ipa.control, 'POST', '/reset')).status).equals(204);
    expect((await control(ipa.control, 'POST', '/poll')).body.conversations).to.have.length(1);
  });

  it('shows the defects of what a device does by itself', async () => {
    const fallback = [
      { iccid: ICCID1, state: 'enabled' as const },
      { iccid: ICCID2, fallbackAllowed: true, fallbackAttribute: true },
    ];
    const stateAfter = async (defect: string, ...paths: readonly string[]) => {
      const { ipa, euicc } = await start({ profiles: fallback }, { defect });
      for (const path of paths) await control(ipa.control, 'POST', path);
      return hex(euicc.chip.memory.profiles.find(p => p.state === 'enabled')?.iccid ?? new Uint8Array());
    };
    expect(await stateAfter('ignoresLossOfConnectivity', '/fallback')).equals(ICCID1);
    expect(await stateAfter('neverReturns', '/fallback', '/return')).equals(ICCID2);
    const { ipa } = await start({ supports: { ipae: true } }, { defect: 'staysActive' });
    await control(ipa.control, 'POST', '/ipae');
    expect((await control(ipa.control, 'POST', '/poll')).status).equals(200);
  });

  it('answers its operator when there is no card', async () => {
    const { ipa, problems } = await startWith({
      address: 'nowhere',
      transmit: () => Promise.reject(new LinkError('closed', 'the card was taken out')),
      reset: () => Promise.reject(new LinkError('unreachable', 'there is no card')),
      close: async () => undefined,
    });
    expect((await control(ipa.control, 'POST', '/poll')).body).deep.equals({ problem: 'there is no card', conversations: [] });
    expect(await control(ipa.control, 'POST', '/fallback')).deep.equals({ status: 400, body: { error: 'there is no card' } });
    expect(problems).deep.equals(['there is no card']);
  });

  it('polls of its own accord, and less often while the eIM does not answer', async () => {
    const enable = await order({ operations: [{ enable: { iccid: ICCID2 } }] });
    const { problems } = await start({}, { interval: '0.01' });
    while ((await stateOf(enable)) === 'pending') await new Promise(resolve => setImmediate(resolve));
    expect(await stateOf(enable)).equals('succeeded');
    expect(problems).deep.equals([]);
  });

  it('refuses options that it cannot use', () => {
    for (const [name, value] of [
      ['card', 'reader'],
      ['once', 'maybe'],
      ['interval', '-1'],
      ['attempts', '0'],
      ['notifies', 'nobody'],
      ['initial-eim', '/no/such/file'],
      ['defect', 'unknown'],
      ['colour', 'red'],
    ] as const)
      expect(() => readIpaOptions({ [name]: value }), name).to.throw(OptionError);
    expect(readIpaOptions({ 'initial-eim': '3000', notifies: 'server' })).to.deep.include({
      initialEim: Uint8Array.of(0x30, 0),
      notifies: 'server',
      card: 'stdio',
    });
  });
});
