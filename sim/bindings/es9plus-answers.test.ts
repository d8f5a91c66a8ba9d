import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex, hex, tlv } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import {
  AuthenticateClientResponseEs9,
  CancelSessionResponseEs9,
  GetBoundProfilePackageResponse,
  InitiateAuthenticationResponse,
} from '#protocol/rsp/es9plus.js';
import { ComposeError } from '../role.js';
import { es9plusClient, es9plusServer } from './es9plus-http.js';
import { jsonOf, knownMessages, posted, sent } from './test-frames.js';

const client = es9plusClient();
const server = es9plusServer();
const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

const ANSWERS: readonly [request: string, path: string, response: Type][] = [
  ['InitiateAuthenticationRequest', 'initiateAuthentication', InitiateAuthenticationResponse],
  ['AuthenticateClientRequest', 'authenticateClient', AuthenticateClientResponseEs9],
  ['GetBoundProfilePackageRequest', 'getBoundProfilePackage', GetBoundProfilePackageResponse],
  ['CancelSessionRequestEs9', 'cancelSession', CancelSessionResponseEs9],
];

describe('ES9+ answers', () => {
  for (const [request, path, type] of ANSWERS) {
    it(`carry ${type.name} octet for octet, success and failure`, () => {
      const known = knownMessages(type.name);
      for (const { name, octets: message } of known) {
        const frame = sent(server.write(posted(`es9plus/${path}`, {}), { type, octets: message }));
        expect(frame.meta).to.include({
          ':status': '200',
          'content-type': 'application/json;charset=UTF-8',
          'x-admin-protocol': 'gsma/rsp/v2.5.0',
        });
        const carried = client.read(frame, request);
        expect('octets' in carried && hex(carried.octets), name).to.equal(hex(message));
        expect(carried.checks.filter(c => !c.ok)).to.deep.equal([]);
        expect(client.answerTo(request)).to.equal(type);
        const asn1 = sent(server.write(posted('asn1', tlv(0xa2, octets('BF3900'))), { type, octets: message }));
        expect(hex(asn1.body), name).to.equal(hex(tlv(0xa2, message)));
        expect(asn1.meta['content-type']).to.equal('application/x-gsma-rsp-asn1');
      }
    });
  }

  const refused = { type: AuthenticateClientResponseEs9, octets: encode(AuthenticateClientResponseEs9, { authenticateClientError: 127 }) };
  const request = posted('es9plus/authenticateClient', {});

  it('keep a status code that has no integer in ASN.1', () => {
    const status = { subjectCode: '8.8.5', reasonCode: '6.4', message: 'too often' };
    const carried = client.read(sent(server.write(request, { ...refused, status })), 'AuthenticateClientRequest');
    expect('status' in carried && carried.status).to.deep.equal(status);
    expect('octets' in carried && hex(carried.octets)).to.equal('BF3B0381017F');
  });

  it('tell the code of the integer when a script has put another error in place of the one of the status', () => {
    const other = { type: refused.type, octets: octets('BF3B03810106'), status: { subjectCode: '8.8.5', reasonCode: '6.4' } };
    const carried = client.read(sent(server.write(request, other)), 'AuthenticateClientRequest');
    expect('status' in carried && carried.status).to.include({ subjectCode: '8.2.6', reasonCode: '3.8' });
  });

  it('to a notification are 204 without a body', () => {
    const frame = sent(server.write(posted('es9plus/handleNotification', {}), undefined));
    expect(frame).to.deep.equal({ meta: { ':status': '204', 'x-admin-protocol': 'gsma/rsp/v2.5.0' }, body: new Uint8Array() });
    expect(client.read(frame, 'HandleNotification')).to.include({ nothing: 'empty' });
    expect(client.answerTo('HandleNotification')).to.equal(undefined);
  });

  it('to a cancellation hold the header alone', () => {
    const ok = encode(CancelSessionResponseEs9, { cancelSessionOk: {} });
    const frame = sent(server.write(posted('es9plus/cancelSession', {}), { type: CancelSessionResponseEs9, octets: ok }));
    expect(jsonOf(frame)).to.deep.equal({ header: { functionExecutionStatus: { status: 'Executed-Success' } } });
  });
});

describe('edits of ES9+ answers', () => {
  const [message] = knownMessages('InitiateAuthenticationResponse');
  const request = posted('es9plus/initiateAuthentication', {});
  const answer = message && { type: message.type, octets: message.octets };
  const write = (link: Readonly<Record<string, unknown>>) => sent(server.write(request, answer, link));

  it('replace the answer by a status code', () => {
    const carried = client.read(write({ code: '8.8.4/3.7' }), 'InitiateAuthenticationRequest');
    expect('status' in carried && carried.status).to.deep.equal({
      subjectCode: '8.8.4',
      reasonCode: '3.7',
      message: 'no SM-DP+ certificate for the CI public keys of the eUICC',
    });
    expect('octets' in carried && hex(carried.octets)).to.equal('BF3903810103');
  });

  it('replace it in the ASN.1 binding by the integer', () => {
    const frame = sent(server.write(posted('asn1', tlv(0xa2, octets('BF3900'))), answer, { code: '8.8.1/3.8' }));
    expect(hex(frame.body)).to.equal('A206BF3903810101');
    const notification = posted('asn1', tlv(0xa2, octets('BF3D00')));
    expect(() => server.write(notification, undefined, { code: '8.8.1/3.8' })).to.throw(ComposeError, 'handleNotification has no answer');
  });

  it('refuse a code that is none', () => {
    expect(() => write({ code: 'refused' })).to.throw(ComposeError, 'expected subject/reason');
    expect(() => write({ code: 3.8 })).to.throw(ComposeError, 'got 3.8');
  });

  it('drop members, also of the header', () => {
    expect(jsonOf(write({ drop: 'serverSigned1' }))).to.not.have.property('serverSigned1');
    expect(jsonOf(write({ drop: ['header.functionExecutionStatus', 'transactionId'] })))
      .to.include({})
      .and.not.have.property('transactionId');
    expect(jsonOf(write({ drop: 'header.functionExecutionStatus' })).header).to.deep.equal({});
    const carried = client.read(write({ drop: 'serverSigned1' }), 'InitiateAuthenticationRequest');
    expect('reason' in carried && carried.reason).to.equal('without serverSigned1');
  });

  it('change status, headers, Content-Type and body', () => {
    expect(write({ status: 500 }).meta[':status']).to.equal('500');
    expect(write({ contentType: 'text/html' }).meta['content-type']).to.equal('text/html');
    expect(write({ headers: { 'X-Admin-Protocol': null } }).meta).to.not.have.property('x-admin-protocol');
    expect(Buffer.from(write({ body: '{"header":' }).body).toString()).to.equal('{"header":');
  });

  it('commit faults in place of an answer', () => {
    expect(server.write(request, answer, { cut: 'yes' })).to.deep.equal({ fault: 'cut' });
    expect(server.write(request, answer, { silence: true })).to.deep.equal({ fault: 'silence' });
  });
});

describe('reading an answer of an SM-DP+', () => {
  const read = (body: unknown, over: Readonly<Record<string, string>> = {}) =>
    client.read(
      {
        meta: { ':status': '200', 'content-type': 'application/json', 'x-admin-protocol': 'gsma/rsp/v2.2.0', ...over },
        body: new Uint8Array(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))),
      },
      'CancelSessionRequestEs9',
    );
  const header = (status: unknown, statusCodeData?: unknown) => ({ header: { functionExecutionStatus: { status, statusCodeData } } });
  const broken = (...given: Parameters<typeof read>) =>
    read(...given)
      .checks.filter(c => !c.ok)
      .map(c => c.requirement);

  it('finds what is wrong with it', () => {
    expect(broken(header('Executed-Success'))).to.deep.equal([]);
    expect(broken(header('Failed', { subjectCode: '8.1', reasonCode: '6.1' }))).to.deep.equal([]);
    expect(broken(header('Failed'))).to.deep.equal([]);
    expect(broken(header('Executed-WithWarning'))).to.deep.equal(['SGP22-6.5.1-02']);
    expect(broken({})).to.deep.equal(['SGP22-6.5.1-02']);
    expect(broken(header('Failed', { subjectCode: '8.1' }))).to.deep.equal(['SGP22-6.5.1-03']);
    expect(broken('[]')).to.deep.equal(['SGP22-6.5.1-01']);
    expect(broken(header('Executed-Success'), { 'content-type': 'text/html' })).to.deep.equal(['SGP22-6.2-03']);
    expect(broken(header('Executed-Success'), { 'x-admin-protocol': 'v2' })).to.deep.equal(['SGP22-6.2-04']);
    expect(broken(header('Executed-Success'), { ':status': '500' })).to.deep.equal(['SGP22-6.2-05']);
  });

  it('takes a failure without a code as undefinedError', () => {
    const carried = read(header('Failed'));
    expect('octets' in carried && hex(carried.octets)).to.equal('BF410381017F');
    expect(carried).to.not.have.property('status');
  });

  it('does not take a body without header for a success of a function without output', () => {
    expect(read({})).to.include({ nothing: 'unreadable', reason: 'without header' });
  });

  it('tells HTTP errors and bodies where none belong', () => {
    expect(read('', { ':status': '503' })).to.include({ nothing: 'httpError', reason: 'status 503' });
    const notification = (status: string, body: string) =>
      client.read(
        { meta: { ':status': status, 'x-admin-protocol': 'gsma/rsp/v2.2.0' }, body: new Uint8Array(Buffer.from(body)) },
        'HandleNotification',
      );
    expect(notification('200', '')).to.include({ nothing: 'empty' });
    expect(
      notification('200', '')
        .checks.filter(c => !c.ok)
        .map(c => c.requirement),
    ).to.deep.equal(['SGP22-6.2-05']);
    expect(notification('200', '{}')).to.include({ nothing: 'unreadable' });
    expect(notification('500', '')).to.include({ nothing: 'httpError' });
  });

  it('does not know requests of other interfaces', () => {
    expect(() => client.answerTo('GetEimPackageRequest')).to.throw(TypeError, 'got GetEimPackageRequest');
  });

  it('finds a field of the message by its path as if it had come in ASN.1', () => {
    const [known] = knownMessages('InitiateAuthenticationResponse');
    if (!known) throw new Error('no known message');
    const frame = sent(server.write(posted('es9plus/initiateAuthentication', {}), { type: known.type, octets: known.octets }));
    const carried = client.read(frame, 'InitiateAuthenticationRequest');
    const message = 'octets' in carried ? decode(carried.type, carried.octets) : undefined;
    expect(message && fieldOctets(message, 'initiateAuthenticationOk.serverSigned1')).to.have.length.above(10);
  });
});
