import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '#protocol/asn1/decode.js';
import { concat, fromHex, hex, tlv } from '#protocol/asn1/tlv.js';
import { InitiateAuthenticationRequest } from '#protocol/rsp/es9plus.js';
import { es9plusClient, es9plusServer } from './es9plus-http.js';
import { inbound, jsonOf, knownMessages, posted, sent } from './test-frames.js';

const client = es9plusClient();
const server = es9plusServer();
const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const base64 = (text: string): string => Buffer.from(text, 'hex').toString('base64');

const INITIATE = {
  euiccChallenge: base64('11'.repeat(16)),
  euiccInfo1: base64('BF200B8203020500A9020400AA00'),
  smdpAddress: 'smdp.example.com',
};
const INITIATE_DER = 'BF3932811011111111111111111111111111111111' + '8310736D64702E6578616D706C652E636F6D' + 'BF200B8203020500A9020400AA00';

const failed = (frame: Parameters<typeof server.read>[0]): string[] =>
  server
    .read(frame)
    .checks.filter(c => !c.ok)
    .map(c => c.requirement);

describe('ES9+ requests in JSON', () => {
  it('become the message of the ASN.1 binding', () => {
    const carried = server.read(posted('es9plus/initiateAuthentication', INITIATE));
    expect('octets' in carried && hex(carried.octets)).to.equal(INITIATE_DER);
    expect('octets' in carried && carried.type).to.equal(InitiateAuthenticationRequest);
    expect(carried.checks.filter(c => !c.ok)).to.deep.equal([]);
  });

  for (const request of [
    'InitiateAuthenticationRequest',
    'AuthenticateClientRequest',
    'GetBoundProfilePackageRequest',
    'HandleNotification',
    'CancelSessionRequestEs9',
  ]) {
    it(`carry ${request} octet for octet`, () => {
      const known = knownMessages(request);
      expect(known).to.not.have.length(0);
      for (const { name, type, octets: message } of known) {
        const frame = client.write(type, message);
        const carried = server.read(inbound(frame));
        expect('octets' in carried && hex(carried.octets), name).to.equal(hex(message));
        expect(carried.checks.filter(c => !c.ok)).to.deep.equal([]);
        const wrapped = inbound({
          meta: { ...frame.meta, ':path': '/gsma/rsp2/asn1', 'content-type': 'application/x-gsma-rsp-asn1' },
          body: tlv(0xa2, message),
        });
        const asn1 = server.read(wrapped);
        expect('octets' in asn1 && hex(asn1.octets), name).to.equal(hex(message));
        expect(asn1.checks.filter(c => !c.ok)).to.deep.equal([]);
      }
    });
  }

  it('keep signed objects as they are: unknown elements, and lengths that are not DER', () => {
    // euiccSigned1 with a length in three octets and an element that no version knows.
    const inner = octets('30820007800101DF7F0142');
    const response = tlv(0xbf38, tlv(0xa0, concat(inner, octets('5F37020102'))));
    const carried = server.read(
      posted('es9plus/authenticateClient', { transactionId: '01', authenticateServerResponse: Buffer.from(response).toString('base64') }),
    );
    expect('octets' in carried && hex(carried.octets)).to.equal(hex(tlv(0xbf3b, octets('800101'), response)));
  });

  it('put the pending notification under its EXPLICIT tag, and the cancellation under A1 in place of BF41', () => {
    const notification = server.read(posted('es9plus/handleNotification', { pendingNotification: base64('BF3703800101') }));
    expect('octets' in notification && hex(notification.octets)).to.equal('BF3D08A006BF3703800101');
    const cancellation = server.read(
      posted('es9plus/cancelSession', { transactionId: 'AB', cancelSessionResponse: base64('BF4103810105') }),
    );
    expect('octets' in cancellation && hex(cancellation.octets)).to.equal('BF41088001ABA103810105');
  });

  it('leave it to the decoder to judge what a well-formed member holds', () => {
    const carried = server.read(posted('es9plus/initiateAuthentication', { ...INITIATE, euiccChallenge: base64('1122') }));
    expect('octets' in carried && decode(InitiateAuthenticationRequest, carried.octets).diagnostics.map(d => d.code)).to.contain('size');
  });
});

describe('the checks on ES9+ requests', () => {
  const good = posted('es9plus/initiateAuthentication', INITIATE);
  const cases: readonly [string, readonly string[], Parameters<typeof server.read>[0]][] = [
    ['another method', ['SGP22-6.2-01'], inbound(good, { ':method': 'PUT' })],
    ['another path', ['SGP22-6.2-02'], inbound(good, { ':path': '/gsma/rsp2/es9plus/initiateauthentication' })],
    ['a query', ['SGP22-6.2-02'], inbound(good, { ':path': '/gsma/rsp2/es9plus/initiateAuthentication?x=1' })],
    ['the folder of ES11', ['SGP22-6.2-02'], inbound(good, { ':path': '/gsma/rsp2/es11/initiateAuthentication' })],
    ['another Content-Type', ['SGP22-6.2-03'], inbound(good, { 'content-type': 'text/plain' })],
    ['another charset', ['SGP22-6.2-03'], inbound(good, { 'content-type': 'application/json;charset=latin1' })],
    ['no Content-Type', ['SGP22-6.2-03'], inbound(good, { 'content-type': undefined })],
    ['no X-Admin-Protocol', ['SGP22-6.2-04'], inbound(good, { 'x-admin-protocol': undefined })],
    ['X-Admin-Protocol of version 3', ['SGP22-6.2-04'], inbound(good, { 'x-admin-protocol': 'gsma/rsp/v3.0.0' })],
    ['X-Admin-Protocol without revision', ['SGP22-6.2-04'], inbound(good, { 'x-admin-protocol': 'gsma/rsp/v2.2' })],
    ['a body that is no JSON', ['SGP22-6.5.1-01'], posted('es9plus/initiateAuthentication', '{')],
    ['a JSON list', ['SGP22-6.5.1-01'], posted('es9plus/initiateAuthentication', [INITIATE])],
    ['a missing member', ['SGP22-6.5.2-01'], posted('es9plus/initiateAuthentication', { ...INITIATE, smdpAddress: undefined })],
    [
      'base64 with line breaks',
      ['SGP22-6.5.2-02'],
      posted('es9plus/initiateAuthentication', { ...INITIATE, euiccChallenge: 'ERER\nEQ==' }),
    ],
    ['base64url', ['SGP22-6.5.2-02'], posted('es9plus/initiateAuthentication', { ...INITIATE, euiccInfo1: '_-8=' })],
    [
      'a member under another tag',
      ['SGP22-6.5.2-02'],
      posted('es9plus/initiateAuthentication', { ...INITIATE, euiccInfo1: base64('3000') }),
    ],
    [
      'a member with octets after it',
      ['SGP22-6.5.2-02'],
      posted('es9plus/initiateAuthentication', { ...INITIATE, euiccInfo1: base64('BF200000') }),
    ],
    ['a number for a text', ['SGP22-6.5.2-02'], posted('es9plus/initiateAuthentication', { ...INITIATE, smdpAddress: 5 })],
    ['an ASN.1 body without A2', ['SGP22-6.6.2-01'], posted('asn1', octets('BF3900'), { 'content-type': 'application/x-gsma-rsp-asn1' })],
    [
      'an ASN.1 body with two messages',
      ['SGP22-6.6.2-01'],
      posted('asn1', octets('A206BF3900BF3900'), { 'content-type': 'application/x-gsma-rsp-asn1' }),
    ],
  ];
  for (const [what, requirements, frame] of cases) {
    it(`find ${what}`, () => {
      expect(failed(frame)).to.deep.equal(requirements);
    });
  }

  it('accept every spelling of the charset', () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON;Charset="UTF-8"',
      'application/json ; charset=UTF8',
    ]) {
      expect(failed(inbound(good, { 'content-type': type })), type).to.deep.equal([]);
    }
  });

  it('do not ask for a header object, and do not mind one', () => {
    const header = { functionRequesterIdentifier: '1', functionCallIdentifier: '2' };
    expect(failed(posted('es9plus/initiateAuthentication', { header, ...INITIATE, unknown: 1 }))).to.deep.equal([]);
  });

  it('find lower-case hex, which is still read', () => {
    const frame = posted('es9plus/cancelSession', { transactionId: 'ab', cancelSessionResponse: base64('BF4103810105') });
    expect(failed(frame)).to.deep.equal(['SGP22-6.5.2-02']);
    expect('octets' in server.read(frame)).to.equal(true);
  });

  it('name requirements that the catalogue has', () => {
    const root = new URL('../../../', import.meta.url);
    const catalogue = readFileSync(new URL('test-cases/requirements/es9plus.yaml', root), 'utf8');
    const known = [...catalogue.matchAll(/^(SGP22-[\d.]+-\d+):/gm)].map(m => m[1]);
    const used = ['rsp-frame', 'rsp-json', 'rsp-answer', 'rsp-server', 'rsp-client'].flatMap(file =>
      [...readFileSync(new URL(`sim/bindings/${file}.ts`, root), 'utf8').matchAll(/'(SGP22-[\d.]+-\d+)'/g)].map(m => m[1]),
    );
    expect([...new Set(used)].sort()).to.deep.equal(known.sort());
  });
});

describe('what is no ES9+ request', () => {
  const refusal = (frame: Parameters<typeof server.read>[0]) => {
    const carried = server.read(frame);
    if ('octets' in carried) throw new Error('expected a refusal');
    return sent(server.refuse(frame, carried));
  };
  const status = (frame: Parameters<typeof server.read>[0]) => refusal(frame).meta[':status'];

  it('is refused by the status that HTTP has for it', () => {
    const good = posted('es9plus/initiateAuthentication', INITIATE);
    expect(status(inbound(good, { ':path': '/elsewhere' }))).to.equal('404');
    expect(status(inbound(good, { ':path': '/gsma/rsp2/es9plus/constructor' }))).to.equal('404');
    expect(status(inbound(good, { ':method': 'GET' }))).to.equal('405');
    expect(status(posted('es9plus/initiateAuthentication', 'null'))).to.equal('400');
    expect(status(posted('es9plus/initiateAuthentication', Uint8Array.of(0xff, 0x7b)))).to.equal('400');
    expect(status(posted('asn1', octets('A203BF4E00')))).to.equal('400');
  });

  it('is refused in JSON where an element is missing or malformed', () => {
    const body = (over: object) => jsonOf(refusal(posted('es9plus/initiateAuthentication', { ...INITIATE, ...over }))).header;
    const code = (reasonCode: string, message: string) => ({
      functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode: '1.3.1', reasonCode, message } },
    });
    expect(body({ smdpAddress: null })).to.deep.equal(code('2.2', 'without smdpAddress'));
    expect(body({ euiccInfo1: '!' })).to.deep.equal(code('2.1', 'malformed euiccInfo1'));
  });

  it('never breaks the binding', () => {
    const path = fc.constantFrom(
      'initiateAuthentication',
      'authenticateClient',
      'getBoundProfilePackage',
      'handleNotification',
      'cancelSession',
    );
    const names = [
      'euiccChallenge',
      'euiccInfo1',
      'smdpAddress',
      'transactionId',
      'authenticateServerResponse',
      'prepareDownloadResponse',
      'pendingNotification',
      'cancelSessionResponse',
      'header',
      '__proto__',
      'constructor',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.base64String({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 80 }).map(o => Buffer.from(o).toString('base64')),
    );
    const value = fc.oneof(text, fc.jsonValue());
    const object = fc.dictionary(fc.constantFrom(...names), value).map(o => new Uint8Array(Buffer.from(JSON.stringify(o))));
    const body = fc.oneof(
      object,
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map(t => new Uint8Array(Buffer.from(t))),
    );
    const place = fc.oneof(
      path.map(p => `es9plus/${p}`),
      fc.constant('asn1'),
      fc.string(),
    );
    fc.assert(
      fc.property(place, body, (where, octetsSent) => {
        const frame = posted(where, octetsSent);
        const carried = server.read(frame);
        if ('octets' in carried) decode(carried.type, carried.octets);
        else sent(server.refuse(frame, carried));
        client.read({ meta: { ':status': '200' }, body: octetsSent }, 'AuthenticateClientRequest');
      }),
      { numRuns: 500, seed: 22 },
    );
  });

  it('may be as large as the listener lets through', () => {
    const huge = { ...INITIATE, smdpAddress: 'x'.repeat(2_000_000), euiccInfo1: Buffer.alloc(1_000_000).toString('base64') };
    expect('nothing' in server.read(posted('es9plus/initiateAuthentication', huge))).to.equal(true);
    const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect('nothing' in server.read(posted('es9plus/initiateAuthentication', nested))).to.equal(true);
  });
});
