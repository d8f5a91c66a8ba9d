import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { GetEimPackageRequest, GetEimPackageResponse } from '#protocol/iot/esipa.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Frame, Inbound, Listener, Outbound } from '../../adapters/adapter.js';
import { openCoapListener } from '../../adapters/coap-listener.js';
import { ipaCoapDefects, ipaDtlsDefects } from '../defects/ipa-coap.js';
import { combinedIpa } from '../defects/ipa-deviation.js';
import { ipaVariants } from '../defects/ipa-variants.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import { openIpaWire, type WireAnswer } from './ipa-wire.js';
import { tlsIdentity } from './process.js';

const pki = testPki();
const REQUEST = { type: GetEimPackageRequest, octets: encode(GetEimPackageRequest, { eidValue: new Uint8Array(16) }) };
/** A request that takes three blocks of 1024 octets. */
const LONG = { ...REQUEST, octets: Uint8Array.from({ length: 3000 }, (_, i) => REQUEST.octets[i] ?? 0) };
const NONE = encode(GetEimPackageResponse, { eimPackageError: 1 });
/** An answer that takes several blocks of 16 octets; as a message it is whole or not. */
const DATA = encode(GetEimPackageResponse, { ipaEuiccDataRequest: { tagList: new Uint8Array(40).fill(0x80) } });
const SHOWN: string[] = [];

describe('the reference IPA over CoAP', () => {
  let listener: Listener;
  let answer: (frame: Inbound) => Outbound;
  let frames: Inbound[];
  const open: { close(): Promise<void> }[] = [];

  const listen = async (certificate = 'CERT_EIM_TLS') => {
    listener = await openCoapListener({ listen: '127.0.0.1:0', identities: new Map([['*', tlsIdentity(pki, certificate)]]) });
    listener.onFrame(async frame => {
      frames.push(frame);
      return answer(frame);
    });
    open.push(listener);
  };
  beforeEach(async () => {
    frames = [];
    answer = () => reply({});
    await listen();
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  const reply = (meta: Readonly<Record<string, string>>, body: Uint8Array = NONE): Frame => ({ meta: { ':code': '2.04', ...meta }, body });
  const outcome = (given: WireAnswer): string => {
    if (!('received' in given)) return 'done' in given ? 'done' : given.again ? 'failed, again' : 'failed';
    const { message } = given.received;
    return decode(given.received.type, message.octets).ok ? 'taken' : 'taken in part';
  };
  /** What an IPA with these deviations makes of an exchange; `died`: what it did not survive. */
  const exchange = async (names: readonly string[], composed = REQUEST) => {
    SHOWN.push(...names);
    const deviations = names.flatMap(name => ({ ...ipaCoapDefects, ...ipaDtlsDefects, ...ipaVariants })[name] ?? []);
    const { overrides, coap } = combinedIpa(deviations);
    const world = { spec: '1.2' as const, pki, now: () => new Date(), random: () => new Uint8Array() };
    const died: string[] = [];
    const wire = openIpaWire({
      spec: '1.2',
      decide: decisionsWith(overrides, world),
      encoding: () => 'asn1',
      resolve: new Map([['eim.example.com', listener.address]]),
      anchors: [pki.certificate('CERT_CI') ?? new Uint8Array()],
      responseTimeout: { seconds: 0.5 },
      coap: { ...coap, ackTimeout: { seconds: 0.05 } },
      report: () => undefined,
      die: why => died.push(why),
    });
    open.push(wire);
    const eim = { eimId: 'testeim1', eimSupportedProtocol: ['eimRetrieveCoaps'] };
    const given = await wire.send({ type: 'GetEimPackageRequest', interface: 'ESipa' }, composed, { eim, address: 'eim.example.com' });
    return { outcome: outcome(given), died, meta: frames.at(-1)?.meta ?? {}, octets: frames.at(-1)?.body.length };
  };

  const requests: readonly (readonly [name: string, meta: Readonly<Record<string, string>>])[] = [
    ['putsOverCoap', { ':method': 'PUT' }],
    ['postsToOtherUriPath', { ':path': '/gsma/rsp2/esipa' }],
    ['statesJsonInRequests', { 'content-format': '50' }],
    ['statesOctetStream', { 'content-format': '42' }],
    ['sendsUnconfirmedRequests', { ':type': 'NON' }],
  ];
  it('posts a confirmable request of one message to the Uri-Path of the binding', async () => {
    const { meta, octets } = await exchange([]);
    expect(meta).to.include({ ':method': 'POST', ':path': '/gsma/rsp2/asn1', ':type': 'CON', ':blocks': '1' });
    expect(meta).not.to.have.property('content-format');
    expect(octets).to.equal(REQUEST.octets.length);
  });
  for (const [name, expected] of requests)
    it(`shows ${name} in its requests`, async () => {
      expect((await exchange([name])).meta).to.include(expected);
    });
  it('shows appendsOctetToRequests in its requests', async () => {
    expect((await exchange(['appendsOctetToRequests'])).octets).to.equal(REQUEST.octets.length + 1);
  });
  it('shows in its requests that it wants small blocks, and that one is missing', async () => {
    answer = () => reply({}, DATA);
    expect((await exchange(['sendsSmallCoapBlocks'])).outcome).to.equal('taken');
    frames.splice(0);
    expect([(await exchange(['losesFirstBlockOfRequests'], LONG)).outcome, frames.length]).to.deep.equal(['failed, again', 0]);
    expect([(await exchange([], LONG)).outcome, frames.at(-1)?.body.length]).to.deep.equal(['taken', 3000]);
  });

  /** What a correct IPA makes of an answer, and what one with the defect does. */
  const answers: readonly (readonly [name: string, answer: Frame, correct: string, defective: string])[] = [
    ['takesFirstBlockOnly', reply({ ':block-size': '16' }, DATA), 'taken', 'taken in part'],
    ['takesIncompleteAnswers', reply({ ':block-size': '16', ':lose-block': '1' }, DATA), 'failed, again', 'taken in part'],
    ['ignoresEtags', reply({ ':block-size': '16', ':etag': 'changing' }, DATA), 'failed', 'taken'],
    ['ignoresBlockNumbers', reply({ ':block-size': '16', ':wrong-block-number': 'true' }, DATA), 'failed', 'taken'],
    ['ignoresTokens', reply({ ':wrong-token': 'true' }), 'failed', 'taken'],
    ['ignoresMessageIds', reply({ ':wrong-message-id': 'true' }), 'failed, again', 'taken'],
    ['ignoresCriticalOptions', reply({ 'option-65001': '01' }), 'failed', 'taken'],
    ['knowsNoSeparateAnswers', reply({ ':separate': 'true' }), 'taken', 'failed'],
    ['takesRefusals', reply({ ':code': '5.00' }, DATA), 'failed, again', 'taken'],
    ['refusesContent', reply({ ':code': '2.05' }), 'taken', 'failed, again'],
    ['refusesContentFormats', reply({ 'content-format': '42' }), 'taken', 'failed, again'],
    ['demandsContentFormat', reply({}), 'taken', 'failed, again'],
    ['refusesUnknownOptions', reply({ 'option-65000': '01' }), 'taken', 'failed, again'],
    ['repeatsNothing', reply({ ':lose': '1' }), 'taken', 'failed, again'],
  ];
  for (const [name, given, correct, defective] of answers)
    it(`shows ${name} in what it makes of an answer`, async () => {
      answer = () => given;
      expect([(await exchange([])).outcome, (await exchange([name])).outcome]).to.deep.equal([correct, defective]);
    });

  it('shows diesOnErrorCodes', async () => {
    answer = () => reply({ ':code': '5.03' });
    expect([(await exchange([])).died, (await exchange(['diesOnErrorCodes'])).died]).to.deep.equal([[], ['503']]);
  });

  it('shows in the handshake whom it trusts and what it speaks', async () => {
    await listen('CERT_EIM_TLS_UNKNOWN_CI');
    expect([(await exchange([])).outcome, (await exchange(['trustsAnyDtlsServer'])).outcome]).to.deep.equal(['failed', 'taken']);
    await listen();
    await listener.present('eim.example.com', tlsIdentity(pki, 'CERT_EIM_TLS'), { maxVersion: 'TLSv1.1' });
    expect([(await exchange([])).outcome, (await exchange(['speaksOldDtls'])).outcome]).to.deep.equal(['failed', 'taken']);
    await listener.present('eim.example.com', tlsIdentity(pki, 'CERT_EIM_TLS'));
    expect((await exchange([])).outcome, 'as before').to.equal('taken');
  });

  it('shows every defect of CoAP and DTLS', () => {
    const all = Object.keys({ ...ipaCoapDefects, ...ipaDtlsDefects });
    expect(all.filter(name => !SHOWN.includes(name))).to.deep.equal([]);
  });
});
