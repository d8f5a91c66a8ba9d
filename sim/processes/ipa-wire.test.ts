import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { GetEimPackageRequest, GetEimPackageResponse, HandleNotificationEsipa } from '#protocol/iot/esipa.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { testPki } from '#protocol/x509/test-pki.js';
import type { Frame, HandshakeFailure, Inbound, Listener, Outbound } from '../../adapters/adapter.js';
import { openCoapListener } from '../../adapters/coap-listener.js';
import { openHttpsListener } from '../../adapters/https-listener.js';
import { esipaCoapServer } from '../bindings/esipa-coap.js';
import { ESIPA_MEDIA_TYPE } from '../bindings/esipa-http.js';
import { esipaJsonServer } from '../bindings/esipa-json.js';
import { ipaDefects } from '../defects/ipa.js';
import { combinedIpa } from '../defects/ipa-deviation.js';
import { ipaVariants } from '../defects/ipa-variants.js';
import { decisionsWith } from '../roles/ipa/decisions.js';
import { type EsipaEncoding, type IpaWire, openIpaWire, type WireAnswer } from './ipa-wire.js';
import { tlsIdentity } from './process.js';

const pki = testPki();
const POLL = { type: GetEimPackageRequest, octets: encode(GetEimPackageRequest, { eidValue: new Uint8Array(16) }) };
const NONE = encode(GetEimPackageResponse, { eimPackageError: 1 });
const NOTICE = { type: HandleNotificationEsipa, octets: Buffer.from('BF3D02A000', 'hex') };
const message = (body: Uint8Array, meta: Readonly<Record<string, string>> = {}): Frame => ({
  meta: { ':status': '200', 'content-type': ESIPA_MEDIA_TYPE, 'x-admin-protocol': 'gsma/rsp/v2.1.0', ...meta },
  body,
});
const empty = (status: string): Frame => ({ meta: { ':status': status }, body: new Uint8Array() });

describe('wires of the reference IPA', () => {
  let listener: Listener;
  let answer: (frame: Inbound) => Outbound;
  let frames: Inbound[];
  let failures: HandshakeFailure[];
  const open: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    frames = [];
    failures = [];
    answer = () => message(NONE);
    const identity = tlsIdentity(pki, 'CERT_EIM_TLS');
    listener = await openHttpsListener({ listen: '127.0.0.1:0', identities: new Map([['*', identity]]) });
    listener.onFrame(async frame => {
      frames.push(frame);
      return answer(frame);
    });
    listener.onHandshakeFailure(why => failures.push(why));
    open.push(listener);
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  const wireWith = (...names: readonly string[]) => speaking('asn1', new Map(), names);
  const speaking = (
    encoding: EsipaEncoding,
    places: ReadonlyMap<string, string>,
    names: readonly string[] = [],
  ): IpaWire & { readonly died: string[] } => {
    const world = { spec: '1.2' as const, pki, now: () => new Date(), random: () => new Uint8Array() };
    const deviations = names.flatMap(name => ipaDefects[name] ?? ipaVariants[name] ?? []);
    const died: string[] = [];
    const wire = openIpaWire({
      spec: '1.2',
      decide: decisionsWith(combinedIpa(deviations).overrides, world),
      encoding: () => encoding,
      resolve: new Map([['eim.example.com', listener.address], ['other.example.com', listener.address], ...places]),
      anchors: [pki.certificate('CERT_CI') ?? new Uint8Array()],
      responseTimeout: { seconds: 5 },
      report: () => undefined,
      die: why => died.push(why),
    });
    open.push(wire);
    return { ...wire, died };
  };
  const target = (address = 'eim.example.com') => ({ eim: { eimId: 'testeim1' }, address });
  const poll = (wire: IpaWire, address?: string): Promise<WireAnswer> =>
    wire.send({ type: 'GetEimPackageRequest', interface: 'ESipa' }, POLL, target(address));
  const notify = (wire: IpaWire): Promise<WireAnswer> =>
    wire.send({ type: 'HandleNotificationEsipa', interface: 'ESipa' }, NOTICE, target());
  const outcome = (given: WireAnswer): string =>
    'received' in given ? given.received.type.name : 'done' in given ? 'done' : given.again ? 'failed, again' : 'failed';
  const metaWith = async (...names: readonly string[]) => {
    await poll(wireWith(...names));
    return frames.at(-1)?.meta ?? {};
  };

  it('carry a request as ESipa wants it, on a connection that is kept', async () => {
    const wire = wireWith();
    expect(outcome(await poll(wire))).equals('GetEimPackageResponse');
    await poll(wire);
    expect(frames.map(f => f.connection.exchanges)).deep.equals([1, 2]);
    expect(frames[0]?.meta).to.include({
      ':method': 'POST',
      ':path': '/gsma/rsp2/asn1',
      host: `eim.example.com:${listener.address.split(':')[1]}`,
      'content-type': ESIPA_MEDIA_TYPE,
      'x-admin-protocol': 'gsma/rsp/v2.1.0',
      'user-agent': 'gsma-rsp-ipad',
    });
    expect(frames[0]?.connection.tls?.serverName).equals('eim.example.com');
    expect(hex(frames[0]?.body ?? new Uint8Array())).equals(hex(POLL.octets));
  });

  it('speak JSON over HTTPS where they are told to', async () => {
    const server = esipaJsonServer({ spec: '1.2' });
    answer = frame => server.write(frame, { type: GetEimPackageResponse, octets: NONE });
    expect(outcome(await poll(speaking('json', new Map())))).equals('GetEimPackageResponse');
    expect(frames[0]?.meta).to.include({ ':path': '/gsma/rsp2/esipa/getEimPackage', 'content-type': 'application/json;charset=UTF-8' });
  });

  it('go over CoAPs to an eIM that offers nothing else, and trust it as the eUICC says', async () => {
    const identities = new Map([['*', tlsIdentity(pki, 'CERT_EIM_TLS')]]);
    const coap = await openCoapListener({ listen: '127.0.0.1:0', identities });
    open.push(coap);
    const server = esipaCoapServer();
    coap.onFrame(async frame => {
      frames.push(frame);
      return server.write(frame, { type: GetEimPackageResponse, octets: NONE });
    });
    const keyOf = (name: string) => {
      const parsed = parseCertificate(pki.certificate(name) ?? new Uint8Array());
      return isProblem(parsed) ? new Uint8Array() : parsed.spki;
    };
    const pollWith = async (eimSupportedProtocol: readonly string[], trustedBy: string) => {
      const wire = speaking('asn1', new Map([['coaps://eim.example.com', coap.address]]));
      const eim = { eimId: 'testeim1', eimSupportedProtocol, trustedPublicKeyDataTls: { trustedEimPkTls: keyOf(trustedBy) } };
      return outcome(await wire.send({ type: 'GetEimPackageRequest', interface: 'ESipa' }, POLL, { eim, address: 'eim.example.com' }));
    };
    expect(await pollWith(['eimRetrieveCoaps'], 'CERT_EIM_TLS')).equals('GetEimPackageResponse');
    expect(frames.map(f => f.meta[':token'] !== undefined)).deep.equals([true]);
    expect(await pollWith(['eimRetrieveCoaps'], 'CERT_S_EIMsign')).equals('failed');
    expect(await pollWith(['eimRetrieveHttps', 'eimRetrieveCoaps'], 'CERT_EIM_TLS')).equals('GetEimPackageResponse');
    expect(frames.map(f => f.meta[':token'] !== undefined)).deep.equals([true, false]);
  });

  it('tell answers from what is none, and what may be another the next time', async () => {
    const wire = wireWith();
    const outcomeOf = async (given: Outbound, send = poll) => {
      answer = () => given;
      return outcome(await send(wire));
    };
    expect(await outcomeOf(empty('500'))).equals('failed, again');
    expect(await outcomeOf({ fault: 'cut' })).equals('failed, again');
    expect(await outcomeOf(message(Uint8Array.of(1, 2, 3)))).equals('failed');
    expect(await outcomeOf(message(Buffer.from('BF50023000', 'hex')))).equals('failed');
    expect(await outcomeOf(empty('204'))).equals('failed');
    expect(await outcomeOf(message(NONE, { 'x-admin-protocol': 'gsma/rsp/v9.9.9' }))).equals('GetEimPackageResponse');
    expect(await outcomeOf(message(NONE, { 'content-type': 'text/html' }))).equals('GetEimPackageResponse');
    expect(await outcomeOf(empty('204'), notify)).equals('done');
    expect(await outcomeOf(empty('200'), notify)).equals('done');
    expect(await outcomeOf(message(Uint8Array.of(1)), notify)).equals('failed');
  });

  it('send nothing to a server that is not the one wanted', async () => {
    expect(outcome(await poll(wireWith(), 'other.example.com'))).equals('failed');
    const other = {
      eimId: 'testeim1',
      trustedPublicKeyDataTls: { trustedCertificateTls: pki.certificate('CERT_EIM_TLS2') ?? new Uint8Array() },
    };
    const refused = await wireWith().send({ type: 'GetEimPackageRequest', interface: 'ESipa' }, POLL, { ...target(), eim: other });
    expect(outcome(refused)).equals('failed');
    expect(frames).deep.equals([]);
  });

  it('say that there is no server', async () => {
    await listener.close();
    expect(outcome(await poll(wireWith()))).equals('failed, again');
    const direct = { type: 'HandleNotification' as const, interface: 'ES9+' as const, address: 'eim.example.com' };
    const notice = { type: HandleNotification, octets: NOTICE.octets };
    expect(outcome(await wireWith().send(direct, notice, target()))).equals('failed');
  });

  it('show the defects of the HTTP client', async () => {
    expect((await metaWith('putsPackages'))[':method']).equals('PUT');
    expect((await metaWith('postsToOtherPath'))[':path']).equals('/gsma/rsp2/esipa');
    expect((await metaWith('statesOtherMediaType'))['content-type']).equals('application/octet-stream');
    expect(await metaWith('omitsAdminProtocolInRequests')).not.to.have.property('x-admin-protocol');
    expect((await metaWith('statesOwnVersion'))['x-admin-protocol']).equals('gsma/rsp/v1.2.0');
    expect((await metaWith('omitsUserAgent'))['user-agent']).equals(undefined);
    expect((await metaWith('claimsToBeAnLpa'))['user-agent']).equals('gsma-rsp-lpad');
    await metaWith('appendsOctet');
    expect(frames.at(-1)?.body.length).equals(POLL.octets.length + 1);
  });

  it('show the defects in taking answers', async () => {
    answer = () => empty('500');
    const dying = wireWith('diesOnServerErrors');
    await poll(dying);
    expect(dying.died).deep.equals(['500']);
    answer = () => empty('200');
    expect(outcome(await notify(wireWith('refusesEmptyOk')))).equals('failed, again');
    answer = () => empty('204');
    expect(outcome(await notify(wireWith('refusesNoContent')))).equals('failed, again');
    answer = () => message(Buffer.from('BF50023000', 'hex'));
    expect(outcome(await poll(wireWith('takesAnyFunction')))).equals('ProvideEimPackageResultResponse');
    answer = () => message(Uint8Array.of(0x30, 1, 0));
    const executed = await poll(wireWith('executesUnreadableAnswers'));
    expect('received' in executed && hex(executed.received.message.octets)).equals('BF4F06BF5103300100');
  });

  it('show the variants of the HTTP client', async () => {
    expect(await metaWith('chunksRequests')).to.include({ 'transfer-encoding': 'chunked' });
    expect(hex(frames.at(-1)?.body ?? new Uint8Array())).equals(hex(POLL.octets));
    expect(await metaWith('addsHeaders')).to.include({ 'x-device': '00101700' });
    expect((await metaWith('namesItsVersion'))['user-agent']).equals('gsma-rsp-ipad;vendor/1.2');
    const closing = wireWith('closesEveryConnection');
    await poll(closing);
    await poll(closing);
    expect(frames.slice(-2).map(f => f.connection.exchanges)).deep.equals([1, 1]);
  });

  it('show what is offered in handshakes', async () => {
    const helloOf = async (...names: readonly string[]) => {
      await poll(wireWith(...names));
      const hello = frames.at(-1)?.connection.tls?.clientHello ?? failures.at(-1)?.clientHello;
      if (!hello) throw new Error('no ClientHello');
      return hello;
    };
    const usual = await helloOf();
    expect(usual.cipherSuites).to.include.members(['C02B', 'C023']);
    expect(usual.signatureAlgorithms).to.include('0403');
    expect([usual.versions.at(-1), usual.serverName]).deep.equals(['TLSv1.2', 'eim.example.com']);
    expect((await helloOf('speaksTls12Only')).versions).deep.equals(['TLSv1.2']);
    expect((await helloOf('speaksOldTls')).versions).to.include('TLSv1.1');
    expect((await helloOf('omitsServerName')).serverName).equals('');
    expect((await helloOf('offersOtherSuites')).cipherSuites).not.to.include('C02B');
  });
});
