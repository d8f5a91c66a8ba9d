import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { GetEimPackageRequest, GetEimPackageResponse } from '#protocol/iot/esipa.js';
import type { Frame } from '../../adapters/adapter.js';
import type { LinkEdits } from './binding.js';
import { esipaCoapsServer } from './esipa-both.js';
import { esipaCoapClient } from './esipa-coap.js';
import { esipaCoapJsonClient, esipaCoapJsonServer } from './esipa-coap-json.js';
import { inbound, jsonOf, knownMessages, sent } from './test-frames.js';

const client = esipaCoapJsonClient({ spec: '1.2' });
const server = esipaCoapJsonServer({ spec: '1.2' });
const PATH = '/gsma/rsp2/esipa/getEimPackage';
const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const NO_PACKAGE = octets('BF4F03020101');
const REQUEST = octets('BF4F125A1089049032123451234512345678901235');
const EID = '89049032123451234512345678901235';
const text = (json: unknown) => new Uint8Array(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));
const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } };
const reply = (json: unknown, meta: Readonly<Record<string, string>> = {}): Frame => ({
  meta: { ':code': '2.04', ...meta },
  body: text(json),
});
const request = (json: unknown, meta: Readonly<Record<string, string>> = {}) =>
  inbound({ meta: { ':method': 'POST', ':path': PATH, ...meta }, body: text(json) });

describe('ESipa in JSON over CoAP', () => {
  it('posts the members to the Uri-Path of the function, without anything of HTTP', () => {
    const { meta, body } = client.write(GetEimPackageRequest, REQUEST);
    expect(meta).to.deep.equal({ ':method': 'POST', ':path': PATH });
    expect(jsonOf({ meta, body })).to.deep.equal({ eidValue: EID });
    expect(client.write(GetEimPackageRequest, REQUEST, { contentFormat: '50', blockSize: '64', path: '/x' }).meta).to.deep.equal({
      ':method': 'POST',
      ':path': '/x',
      ':block-size': '64',
      'content-format': '50',
    });
  });

  it('carries every message of the catalogue there and back', () => {
    for (const name of ['GetEimPackageRequest', 'ProvideEimPackageResult', 'HandleNotificationEsipa'])
      for (const { type, octets: known } of knownMessages(name, 'SGP.32')) {
        const read = server.read(inbound(client.write(type, known)));
        expect('octets' in read && hex(read.octets), `${name} ${hex(known)}`).to.equal(hex(known));
      }
    for (const { type, octets: known } of knownMessages('GetEimPackageResponse', 'SGP.32')) {
      const read = client.read(sent(server.write(request({ eidValue: EID }), { type, octets: known })), 'GetEimPackageRequest');
      expect('octets' in read && hex(read.octets)).to.equal(hex(known));
    }
    expect(client.answerTo('GetEimPackageRequest')?.name).to.equal('GetEimPackageResponse');
    expect(client.answerTo('HandleNotificationEsipa')).to.equal(undefined);
  });

  const failedIn = (frame: Frame, of = 'GetEimPackageRequest') =>
    client.read(frame, of).checks.flatMap(({ ok, requirement }) => (ok ? [] : [requirement]));
  it('notices each rule that a reply breaks', () => {
    const none = { ...SUCCESS, eimPackageError: 1 };
    for (const meta of [{}, { ':code': '2.05' }, { 'content-format': '50' }, { 'content-format': '42' }])
      expect(failedIn(reply(none, meta))).to.deep.equal([]);
    expect(failedIn(reply(none, { ':code': '5.00' }))).to.deep.equal(['SGP32-6.2-01']);
    expect(failedIn(reply(none, { ':code': '2.01' }))).to.deep.equal(['SGP32-6.2-05']);
    expect(failedIn(reply(none, { 'content-format': '60' }))).to.deep.equal(['SGP32-6.2-07']);
    expect(failedIn(reply('[]'))).to.deep.equal(['SGP32-6.4-02']);
    expect(failedIn(reply(''))).to.deep.equal(['SGP32-6.4-02']);
    expect(failedIn(reply({ eimPackageError: 1 }))).to.deep.equal(['SGP32-6.4-03']);
    expect(failedIn({ meta: { ':code': '2.05' }, body: new Uint8Array() }, 'HandleNotificationEsipa')).to.deep.equal(['SGP32-6.2-06']);
  });

  it('notices each rule that a request breaks, and refuses what is none', () => {
    const failed = (frame: ReturnType<typeof request>) =>
      server.read(frame).checks.flatMap(({ ok, requirement }) => (ok ? [] : [requirement]));
    const code = (frame: ReturnType<typeof request>) => {
      const read = server.read(frame);
      return 'nothing' in read ? sent(server.refuse(frame, read)).meta[':code'] : 'taken';
    };
    const eid = { eidValue: EID };
    expect([failed(request(eid)), code(request(eid, { 'content-format': '50' }))]).to.deep.equal([[], 'taken']);
    for (const [frame, requirement, refusal] of [
      [request(eid, { ':method': 'PUT' }), 'SGP32-6.2-11', '4.05'],
      [request(eid, { ':path': '/gsma/rsp2/esipa/x' }), 'SGP32-6.4-11', '4.04'],
      [request(eid, { 'content-format': '60' }), 'SGP32-6.2-14', 'taken'],
      [request('{'), 'SGP32-6.4-13', '4.00'],
      [request({ ...eid, header: {} }), 'SGP32-6.4-14', 'taken'],
    ] as const)
      expect([failed(frame), code(frame)]).to.deep.equal([[requirement], refusal]);
  });

  it('answers as a script wants it: members, codes of RSP and of CoAP, nothing', () => {
    const written = (link: LinkEdits, message: { type: typeof GetEimPackageResponse; octets: Uint8Array } | undefined = undefined) =>
      server.write(request({ eidValue: EID }), message, link);
    const none = { type: GetEimPackageResponse, octets: NO_PACKAGE };
    expect(jsonOf(sent(written({ members: { laterVersion: 'new' } }, none)))).to.have.property('laterVersion', 'new');
    const failure = sent(written({ code: '8.1.1/3.7' }, none));
    expect([failure.meta[':code'], jsonOf(failure).header]).to.deep.equal([
      '2.04',
      { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode: '8.1.1', reasonCode: '3.7' } } },
    ]);
    expect(sent(written({ code: '4.08' }, none)).meta[':code']).to.equal('4.08');
    expect(sent(written({ status: '503' })).meta[':code']).to.equal('5.03');
    expect(sent(written({})).body).to.have.length(0);
    expect(written({ silence: 'yes' }, none)).to.deep.equal({ fault: 'silence' });
  });

  it('is served beside ASN.1, by the path', () => {
    const both = esipaCoapsServer('1.2');
    const asn1 = inbound(esipaCoapClient().write(GetEimPackageRequest, REQUEST));
    for (const frame of [asn1, request({ eidValue: EID })]) {
      const read = both.read(frame);
      expect('octets' in read && hex(read.octets)).to.equal(hex(REQUEST));
    }
    const none = { type: GetEimPackageResponse, octets: NO_PACKAGE };
    expect(hex(sent(both.write(asn1, none)).body)).to.equal(hex(NO_PACKAGE));
    expect(jsonOf(sent(both.write(request({ eidValue: EID }), none)))).to.have.property('header');
    const odd = request('{');
    const read = both.read(odd);
    if ('nothing' in read) expect(sent(both.refuse(odd, read)).meta[':code']).to.equal('4.00');
  });
});
