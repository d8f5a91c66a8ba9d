import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { typeNamed } from '#protocol/registry.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import { openCoapClient } from '../../adapters/coap-client.js';
import { openCoapListener } from '../../adapters/coap-listener.js';
import { esipaCoapClient, esipaCoapServer } from './esipa-coap.js';
import { ESIPA_PATH } from './esipa-functions.js';

const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const NO_OCTETS = new Uint8Array();
const NO_PACKAGE = 'BF4F03020101';
const client = esipaCoapClient();
const server = esipaCoapServer();
const type = (name: string) => {
  const found = typeNamed(name);
  if (!found) throw new Error(name);
  return found;
};
const reply = (meta: Readonly<Record<string, string>> = {}, body = NO_PACKAGE): Frame => ({
  meta: { ':code': '2.05', ':type': 'ACK', ...meta },
  body: octets(body),
});
/** Ids of the checks that a reply fails. */
const failed = (frame: Frame, request = 'GetEimPackageRequest') =>
  client.read(frame, request).checks.flatMap(check => (check.ok ? [] : [check.requirement]));

describe('ESipa over CoAP: replies of an eIM', () => {
  it('takes a correct reply with its type and octets, whichever success code and format it has', () => {
    const read = client.read(reply(), 'GetEimPackageRequest');
    expect('type' in read && [read.type.name, hex(read.octets)]).to.deep.equal(['GetEimPackageResponse', NO_PACKAGE]);
    for (const meta of [{}, { ':code': '2.04' }, { 'content-format': '42' }, { 'content-format': '65000' }])
      expect(failed(reply(meta))).to.deep.equal([]);
  });

  it('notices each rule that a reply breaks', () => {
    expect(failed(reply({ ':code': '5.00' }))).to.deep.equal(['SGP32-6.2-01']);
    expect(failed(reply({}, 'BF50023000'))).to.deep.equal(['SGP32-6.2-02']);
    expect(failed(reply({}, ''))).to.deep.equal(['SGP32-6.2-02']);
    expect(failed(reply({}, `${NO_PACKAGE}00`))).to.deep.equal(['SGP32-6.2-03']);
    expect(failed(reply({}, 'BF4F0302'))).to.deep.equal(['SGP32-6.2-03']);
    expect(failed(reply({ ':code': '2.01' }))).to.deep.equal(['SGP32-6.2-05']);
    expect(failed(reply({ 'content-format': '50' }))).to.deep.equal(['SGP32-6.2-07']);
  });

  it('tells refusals, empty answers and unreadable ones apart', () => {
    const nothing = (frame: Frame, request = 'GetEimPackageRequest') => {
      const read = client.read(frame, request);
      return 'nothing' in read ? `${read.nothing}: ${read.reason}` : undefined;
    };
    expect(nothing(reply({ ':code': '4.04' }, ''))).to.equal('httpError: code 4.04');
    expect(nothing(reply({}, ''))).to.equal('empty: code 2.05');
    expect(nothing(reply({}, '3C68746D6C3E'))).to.equal('unreadable: no response of ESipa starts with 3C');
    expect(nothing(reply({ ':code': '5.03' }, ''), 'HandleNotificationEsipa')).to.equal('httpError: code 5.03');
  });

  it('wants success without a payload for HandleNotification, 2.04 by preference', () => {
    const read = (meta: Readonly<Record<string, string>>, body = '') => failed(reply(meta, body), 'HandleNotificationEsipa');
    expect(read({ ':code': '2.04' })).to.deep.equal([]);
    expect(read({ ':code': '2.05' })).to.deep.equal(['SGP32-6.2-06']);
    expect(read({ ':code': '2.04' }, NO_PACKAGE)).to.deep.equal(['SGP32-6.2-04']);
    expect(read({ ':code': '4.00' })).to.deep.equal(['SGP32-6.2-04', 'SGP32-6.2-06']);
  });

  it('knows no other requests', () => {
    expect(() => client.read(reply(), 'Certificate')).to.throw('no request of ESipa');
    expect(client.answerTo('GetEimPackageRequest')?.name).to.equal('GetEimPackageResponse');
    expect(client.answerTo('HandleNotificationEsipa')).to.equal(undefined);
  });
});

describe('ESipa over CoAP: requests to an eIM', () => {
  const request = type('GetEimPackageRequest');
  const body = octets('BF4F00');

  it('writes what an IPA sends', () => {
    expect(client.write(request, body)).to.deep.equal({ meta: { ':method': 'POST', ':path': ESIPA_PATH }, body });
    const framed = esipaCoapClient({ path: '/e', contentFormat: 42 }).write(request, body);
    expect(framed.meta).to.deep.equal({ ':method': 'POST', ':path': '/e', 'content-format': '42' });
  });

  it('changes what a script changes', () => {
    const link = {
      method: 'PUT',
      path: '/x',
      contentFormat: 50,
      accept: '42',
      options: { 'Option-9': '00', 'content-format': null, etag: Symbol('absent') },
      type: 'NON',
      blockSize: 64,
      skipBlock: 2,
      twice: 'yes',
      unacknowledged: true,
      malformed: 'payloadMarker',
      separate: 'yes',
      connection: 'new',
      body: 'BF',
    };
    expect(client.write(request, body, link)).to.deep.equal({
      meta: {
        ':method': 'PUT',
        ':path': '/x',
        ':type': 'NON',
        ':block-size': '64',
        ':skip-block': '2',
        ':malformed': 'payloadMarker',
        ':twice': 'true',
        ':unacknowledged': 'true',
        'content-format': '50',
        accept: '42',
        'option-9': '00',
      },
      body: octets('BF'),
    });
  });

  const inbound = (frame: Frame): Inbound => ({
    ...frame,
    connection: { id: 1, remote: 'x', exchanges: 1 },
    signal: new AbortController().signal,
  });
  const sent = (link = {}, octetsSent = body) => inbound(client.write(request, octetsSent, link));

  it('takes a correct request, and notices each rule that one breaks', () => {
    const read = server.read(sent());
    expect('type' in read && read.type).to.equal(request);
    const broken = (link: object, octetsSent?: Uint8Array<ArrayBuffer>) =>
      server.read(sent(link, octetsSent)).checks.flatMap(c => (c.ok ? [] : [c.requirement]));
    expect(broken({})).to.deep.equal([]);
    expect(broken({ contentFormat: 42 })).to.deep.equal([]);
    expect(broken({ method: 'PUT' })).to.deep.equal(['SGP32-6.2-11']);
    for (const path of ['/gsma/rsp2/asn1/', '/gsma%2Frsp2%2Fasn1', '/gsma/rsp2/asn1?x'])
      expect(broken({ path })).to.deep.equal(['SGP32-6.2-12']);
    expect(broken({}, octets('BF4F00BF4F00'))).to.deep.equal(['SGP32-6.2-13']);
    expect(broken({ contentFormat: 0 })).to.deep.equal(['SGP32-6.2-14']);
  });

  it('refuses with the code that CoAP has for the reason', () => {
    const code = (link: object, octetsSent?: Uint8Array<ArrayBuffer>) => {
      const frame = sent(link, octetsSent);
      const read = server.read(frame);
      const answer = 'nothing' in read ? server.refuse(frame, read) : undefined;
      return answer && 'meta' in answer ? answer.meta[':code'] : 'served';
    };
    expect(code({ method: 'GET' })).to.equal('4.05');
    expect(code({ path: '/other' })).to.equal('4.04');
    expect(code({}, octets('30'))).to.equal('4.00');
    expect(code({}, octets('BF4F0500'))).to.equal('4.00');
    expect(code({}, NO_OCTETS)).to.equal('4.00');
  });

  it('answers with the message, or with 2.04 alone when there is none, and commits the faults asked for', () => {
    const message = { type: type('GetEimPackageResponse'), octets: octets(NO_PACKAGE) };
    expect(server.write(sent(), message)).to.deep.equal({ meta: { ':code': '2.04' }, body: message.octets });
    expect(server.write(sent(), undefined)).to.deep.equal({ meta: { ':code': '2.04' }, body: NO_OCTETS });
    expect(esipaCoapServer({ contentFormat: 42 }).write(sent(), undefined))
      .to.have.property('meta')
      .deep.equal({ ':code': '2.04' });
    expect(server.write(sent(), message, { cut: true })).to.deep.equal({ fault: 'cut' });
    for (const [status, code] of [
      ['503', '5.03'],
      ['404', '4.04'],
      ['204', '2.04'],
    ])
      expect(server.write(sent(), undefined, { status }))
        .to.have.property('meta')
        .deep.equal({ ':code': code });
    const link = { code: '2.05', separate: 'yes', lose: 2, loseBlock: '1', etag: 'changing', wrongToken: true, contentFormat: 50 };
    expect(server.write(sent(), message, link))
      .to.have.property('meta')
      .deep.equal({
        ':code': '2.05',
        ':lose': '2',
        ':lose-block': '1',
        ':etag': 'changing',
        ':separate': 'true',
        ':wrong-token': 'true',
        'content-format': '50',
      });
  });
});

describe('ESipa over CoAP: on the wire', () => {
  it('takes every word that a script may say from the binding to the adapter, and one message there and back', async () => {
    const listener = await openCoapListener({ listen: '127.0.0.1:0' });
    const wire = openCoapClient({ url: `coap://${listener.address}`, timing: { ackTimeout: { seconds: 0.01 }, maxRetransmit: 9 } });
    try {
      const message = { type: type('GetEimPackageResponse'), octets: octets(NO_PACKAGE) };
      const exchange = async (asked: object, answered: object) => {
        listener.onFrame(async frame => {
          const read = server.read(frame);
          return 'nothing' in read ? server.refuse(frame, read) : server.write(frame, message, { ...answered });
        });
        const { signal } = new AbortController();
        const got = await wire.exchange(client.write(type('GetEimPackageRequest'), octets('BF4F00'), { ...asked }), { signal });
        return { meta: got.meta, read: client.read(got, 'GetEimPackageRequest') };
      };
      const plain = await exchange({}, {});
      expect('type' in plain.read && [plain.read.type.name, hex(plain.read.octets)]).to.deep.equal(['GetEimPackageResponse', NO_PACKAGE]);
      const asked = { type: 'NON', blockSize: 16, skipBlock: 5, twice: true, unacknowledged: true, options: { 'option-2048': '01' } };
      const answered = { code: '2.05', separate: true, blockSize: 16, skipBlock: 7, loseBlock: 7, etag: 'absent', twice: true, lose: 0 };
      const wished = await exchange(asked, { ...answered, contentFormat: 42 });
      expect(wished.meta).to.include({ ':code': '2.05', ':type': 'NON', 'content-format': '42' });
      expect('type' in wished.read && wished.read.checks.every(({ ok }) => ok)).to.equal(true);
      expect((await exchange({ path: '/other' }, {})).meta[':code']).to.equal('4.04');
      expect((await exchange({ malformed: 'payloadMarker' }, {})).meta[':type']).to.equal('RST');
    } finally {
      await wire.close();
      await listener.close();
    }
  });
});
