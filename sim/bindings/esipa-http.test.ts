import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { typeNamed } from '#protocol/registry.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import { ESIPA_MEDIA_TYPE, ESIPA_PATH, esipaHttpClient, esipaHttpServer } from './esipa-http.js';

const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const NO_PACKAGE = 'BF4F03020101';
const HEADERS = { 'content-type': ESIPA_MEDIA_TYPE, 'x-admin-protocol': 'gsma/rsp/v2.1.0' };
const client = esipaHttpClient({ spec: '1.2' });
const server = esipaHttpServer({ spec: '1.2' });
const type = (name: string) => {
  const found = typeNamed(name);
  if (!found) throw new Error(name);
  return found;
};
const reply = (meta: Readonly<Record<string, string | undefined>> = {}, body = NO_PACKAGE): Frame => ({
  meta: Object.fromEntries(
    Object.entries({ ':status': '200', ...HEADERS, ...meta }).flatMap(([k, v]): [string, string][] => (v === undefined ? [] : [[k, v]])),
  ),
  body: octets(body),
});
/** Ids of the checks that a reply fails. */
const failed = (frame: Frame, request = 'GetEimPackageRequest') =>
  client.read(frame, request).checks.flatMap(check => (check.ok ? [] : [check.requirement]));

describe('ESipa over HTTP: replies of an eIM', () => {
  it('takes a correct reply with its type and octets', () => {
    const read = client.read(reply(), 'GetEimPackageRequest');
    expect('type' in read && [read.type.name, hex(read.octets)]).to.deep.equal(['GetEimPackageResponse', NO_PACKAGE]);
    expect(failed(reply())).to.deep.equal([]);
  });

  it('notices each rule that a reply breaks', () => {
    expect(failed(reply({ ':status': '500' }))).to.deep.equal(['SGP32-6.1-01']);
    expect(failed(reply({ 'content-type': 'application/json' }))).to.deep.equal(['SGP32-6.1-02']);
    expect(failed(reply({ 'x-admin-protocol': 'gsma/rsp/v2.1' }))).to.deep.equal(['SGP32-6.1-03']);
    expect(failed(reply({ 'x-admin-protocol': undefined }))).to.deep.equal(['SGP32-6.1-03']);
    expect(failed(reply({}, 'BF50023000'))).to.deep.equal(['SGP32-6.1-04']);
    expect(failed(reply({}, `${NO_PACKAGE}00`))).to.deep.equal(['SGP32-6.1-07']);
    expect(failed(reply({ ':status': '204', 'content-type': undefined }, ''))).to.deep.equal(['SGP32-6.1-01', 'SGP32-6.1-04']);
  });

  it('says what was expected and what came', () => {
    const [check] = client.read(reply({}, 'BF50023000'), 'GetEimPackageRequest').checks.filter(c => !c.ok);
    expect(check).to.deep.include({ what: 'function', expected: 'GetEimPackageResponse (BF4F)', actual: 'BF50' });
  });

  it('takes parameters of the media type, and the answer of another function by its own type', () => {
    expect(failed(reply({ 'content-type': 'Application/X-GSMA-RSP-ASN1; charset=binary' }))).to.deep.equal([]);
    const read = client.read(reply({}, 'BF50023000'), 'GetEimPackageRequest');
    expect('type' in read && read.type.name).to.equal('ProvideEimPackageResultResponse');
  });

  it('tells HTTP errors, empty answers and unreadable ones apart', () => {
    const nothing = (frame: Frame, request = 'GetEimPackageRequest') => {
      const read = client.read(frame, request);
      return 'nothing' in read ? read.nothing : undefined;
    };
    expect(nothing(reply({ ':status': '404' }, ''))).to.equal('httpError');
    expect(nothing(reply({}, ''))).to.equal('empty');
    expect(nothing(reply({}, '3C68746D6C3E'))).to.equal('unreadable');
    expect(nothing(reply({ ':status': '500' }, ''), 'HandleNotificationEsipa')).to.equal('httpError');
  });

  it('wants 204 without a body for HandleNotification, and tolerates 200 as a finding', () => {
    const bare = { 'content-type': undefined };
    expect(failed(reply({ ...bare, ':status': '204' }, ''), 'HandleNotificationEsipa')).to.deep.equal([]);
    expect(failed(reply({ ...bare, ':status': '200' }, ''), 'HandleNotificationEsipa')).to.deep.equal(['SGP32-6.1-08']);
    expect(failed(reply({ ':status': '204' }, ''), 'HandleNotificationEsipa')).to.deep.equal(['SGP32-6.1-06']);
    expect(failed(reply({ ':status': '204' }, NO_PACKAGE), 'HandleNotificationEsipa')).to.deep.equal(['SGP32-6.1-05']);
  });

  it('wants the version of SGP.32 in X-Admin-Protocol since v1.3', () => {
    const read = esipaHttpClient({ spec: '1.3' }).read(reply({ 'x-admin-protocol': 'gsma/rsp/v1.3.0' }), 'GetEimPackageRequest');
    expect(read.checks.every(check => check.ok)).to.equal(true);
  });
});

describe('ESipa over HTTP: requests to an eIM', () => {
  const request = type('GetEimPackageRequest');
  const body = octets('BF4F00');

  it('writes what an IPA sends', () => {
    expect(client.write(request, body)).to.deep.equal({
      meta: { ':method': 'POST', ':path': ESIPA_PATH, ...HEADERS, 'user-agent': 'gsma-rsp-ipad' },
      body,
    });
  });

  it('changes what a script changes', () => {
    const link = {
      method: 'GET',
      path: '/x',
      contentType: null,
      userAgent: 'ipa',
      headers: { 'X-Admin-Protocol': Symbol('absent'), 'X-More': '1' },
      body: 'BF',
    };
    expect(client.write(request, body, link)).to.deep.equal({
      meta: { ':method': 'GET', ':path': '/x', 'user-agent': 'ipa', 'x-more': '1' },
      body: octets('BF'),
    });
    expect(client.write(request, body, { body: 'no hex' }).body).to.deep.equal(new Uint8Array(Buffer.from('no hex')));
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
    expect(broken({ method: 'PUT' })).to.deep.equal(['SGP32-6.1-11']);
    expect(broken({ path: '/other' })).to.deep.equal(['SGP32-6.1-12']);
    expect(broken({ contentType: 'text/plain' })).to.deep.equal(['SGP32-6.1-13']);
    expect(broken({ headers: { 'x-admin-protocol': 'x' } })).to.deep.equal(['SGP32-6.1-14']);
    for (const userAgent of ['gsma-rsp-lpad', 'gsma-rsp-ipad/1.0']) expect(broken({ userAgent })).to.deep.equal(['SGP32-6.1-15']);
    for (const userAgent of ['gsma-rsp-ipae', 'gsma-rsp-ipad;vendor/1.2']) expect(broken({ userAgent })).to.deep.equal([]);
    expect(broken({}, octets('BF4F00BF4F00'))).to.deep.equal(['SGP32-6.1-16']);
    expect(broken({}, octets('BF4F0500'))).to.deep.equal(['SGP32-6.1-16']);
  });

  it('refuses with the status that HTTP has for the reason', () => {
    const status = (link: object, octetsSent?: Uint8Array<ArrayBuffer>) => {
      const frame = sent(link, octetsSent);
      const read = server.read(frame);
      const answer = 'nothing' in read ? server.refuse(frame, read) : undefined;
      return answer && 'meta' in answer ? answer.meta[':status'] : 'served';
    };
    expect(status({ method: 'GET' })).to.equal('405');
    expect(status({ path: '/other' })).to.equal('404');
    expect(status({ contentType: 'text/plain' }, octets('FF'))).to.equal('415');
    expect(status({}, octets('30'))).to.equal('400');
    expect(status({}, NO_OCTETS)).to.equal('400');
  });

  it('answers with the message, or with 204 and no Content-Type when there is none', () => {
    const message = { type: type('GetEimPackageResponse'), octets: octets(NO_PACKAGE) };
    expect(server.write(sent(), message)).to.deep.equal({ meta: { ':status': '200', ...HEADERS }, body: message.octets });
    expect(server.write(sent(), undefined)).to.deep.equal({
      meta: { ':status': '204', 'x-admin-protocol': 'gsma/rsp/v2.1.0' },
      body: NO_OCTETS,
    });
    expect(server.write(sent(), message, { cut: true })).to.deep.equal({ fault: 'cut' });
    expect(server.write(sent(), message, { status: 500 })).to.have.nested.property('meta.:status', '500');
  });
});
const NO_OCTETS = new Uint8Array();
