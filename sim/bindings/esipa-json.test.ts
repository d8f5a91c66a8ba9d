import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '#protocol/asn1/decode.js';
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import type { LinkEdits } from './binding.js';
import { tagOf, typeOf } from './esipa-functions.js';
import { esipaJsonClient, esipaJsonServer } from './esipa-json.js';
import { inbound, jsonOf, knownMessages, posted, sent } from './test-frames.js';

const client = esipaJsonClient({ spec: '1.2' });
const server = esipaJsonServer({ spec: '1.2' });
const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const base64 = (text: string): string => Buffer.from(text, 'hex').toString('base64');
const EID = '89049032123451234512345678901235';
const AGENT = { 'user-agent': 'gsma-rsp-ipad', 'x-admin-protocol': 'gsma/rsp/v2.1.0' };
const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } };
const failure = (subjectCode: string, reasonCode: string) => ({
  header: { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode, reasonCode } } },
});

type Meta = Readonly<Record<string, string | undefined>>;
const request = (name: string, body: unknown, over: Meta = {}) => posted(`esipa/${name}`, body, { ...AGENT, ...over });
const reply = (body: unknown, over: Meta = {}) =>
  inbound(posted('', body, { ':status': '200', 'x-admin-protocol': 'gsma/rsp/v2.1.0', ...over }));
const messageOf = (read: ReturnType<typeof client.read>): string =>
  'octets' in read ? hex(read.octets) : `${read.nothing}: ${read.reason}`;
const failed = (read: ReturnType<typeof client.read>): string[] => read.checks.flatMap(c => (c.ok ? [] : [c.requirement]));
const asked = (name: string, body: unknown, over: Meta = {}) => server.read(request(name, body, over));
const answered = (body: unknown, of = 'GetEimPackageRequest', over: Meta = {}) => client.read(reply(body, over), of);

/** JSON and the message that it stands for, put together by hand from SGP.32 6.4.1. */
const REQUESTS: readonly [string, unknown, string][] = [
  ['getEimPackage', { eidValue: EID }, `BF4F125A10${EID}`],
  ['getEimPackage', { eidValue: EID, notifyStateChange: true, stateChangeCause: 5, rPlmn: 'YvIQ' }, `BF4F1C5A10${EID}8000810105820362F210`],
  [
    'initiateAuthentication',
    { eimTransactionId: 'A1A2', euiccInfo1: base64('BF200101'), smdpAddress: 'a.b', euiccChallenge: base64('11'.repeat(16)) },
    `BF391F8110${'11'.repeat(16)}8303612E62BF2001018202A1A2`,
  ],
  ['authenticateClient', { transactionId: '01', authenticateServerResponse: base64('BF3803810101') }, 'BF3B09800101BF3803810101'],
  ['getBoundProfilePackage', { transactionId: '01', prepareDownloadResponse: base64('BF2103810101') }, 'BF3A09800101BF2103810101'],
  ['cancelSession', { transactionId: 'AB', cancelSessionResponse: base64('BF4103810105') }, 'BF41088001ABA103810105'],
  ['handleNotification', { pendingNotification: base64('BF3703800101') }, 'BF3D08A006BF3703800101'],
  ['handleNotification', { provideEimPackageResult: base64('BF5005A003020101') }, 'BF3D08BF5005A003020101'],
  ['provideEimPackageResult', { eidValue: EID, eimPackageResult: base64('A003020101') }, `BF50175A10${EID}A003020101`],
  ['transferEimPackage', { eimAcknowledgements: base64('BF5303800105') }, 'BF4E06BF5303800105'],
];
const ANSWERS: readonly [string, unknown, string][] = [
  ['GetEimPackageRequest', { ...SUCCESS, eimPackageError: 1 }, 'BF4F03020101'],
  ['GetEimPackageRequest', { ...SUCCESS, profileDownloadTriggerRequest: base64('BF5400') }, 'BF4F03BF5400'],
  ['ProvideEimPackageResult', { ...SUCCESS, eimAcknowledgements: base64('BF5306800101800102') }, 'BF5009BF5306800101800102'],
  ['ProvideEimPackageResult', SUCCESS, 'BF50023000'],
  ['CancelSessionRequestEsipa', SUCCESS, 'BF4102A000'],
  [
    'InitiateAuthenticationRequestEsipa',
    {
      ...SUCCESS,
      transactionId: '01',
      serverSigned1: base64('300101'),
      serverSignature1: base64('5F370102'),
      euiccCiPKIdentifierToBeUsed: base64('040103'),
      serverCertificate: base64('300104'),
      matchingId: 'M',
      ctxParams1: base64('A00105'),
    },
    'BF391AA018800101300101' + '5F3701020401033001040C014DA203A00105',
  ],
  [
    'AuthenticateClientRequestEsipa',
    { ...SUCCESS, smdpSigned2: base64('300101'), smdpSignature2: base64('5F370102'), smdpCertificate: base64('300103') },
    'BF3B0CA00A3001015F370102300103',
  ],
  [
    'AuthenticateClientRequestEsipa',
    { ...SUCCESS, transactionId: '01', profileDownloadTrigger: base64('BF5400') },
    'BF3B08A106800101BF5400',
  ],
  ['GetBoundProfilePackageRequestEsipa', { ...SUCCESS, boundProfilePackage: base64('BF360101') }, 'BF3A06A004BF360101'],
  ['TransferEimPackageRequest', SUCCESS, 'BF4E020500'],
  [
    'TransferEimPackageRequest',
    { ...SUCCESS, ePRAndNotifications: { euiccPackageResult: base64('BF510101'), notificationList: base64('A000') } },
    'BF4E083006BF510101A000',
  ],
];

describe('ESipa in JSON', () => {
  it('says without a correlation id what it has no members for', () => {
    const later = esipaJsonServer({ spec: '1.3' });
    const said = (message: string) => {
      const type = TransferEimPackageResponse;
      const answer = later.write(request('transferEimPackage', {}), { type, octets: new Uint8Array(Buffer.from(message, 'hex')) });
      return 'fault' in answer ? answer.fault : JSON.parse(Buffer.from(answer.body).toString('utf8'));
    };
    expect(said('BF4E08BF6005A003800111')).to.deep.equal(SUCCESS);
    expect(said('BF4E06BF6103810102')).to.deep.equal({ ...SUCCESS, eimPackageError: 2 });
    expect(said('BF4E0BBF6108A003800111810101')).to.deep.equal({ ...SUCCESS, eimPackageError: 1 });
  });

  it('stands for the messages of the ASN.1 binding, both ways', () => {
    for (const [name, body, message] of REQUESTS) {
      const read = asked(name, body);
      expect(messageOf(read), name).to.equal(message);
      expect(failed(read)).to.deep.equal([]);
      if (!('octets' in read)) continue;
      const frame = client.write(read.type, octets(message));
      expect(jsonOf(frame)).to.deep.equal(body);
      expect(frame.meta[':path']).to.equal(`/gsma/rsp2/esipa/${name}`);
    }
    for (const [name, body, message] of ANSWERS) {
      const read = answered(body, name);
      expect(messageOf(read), name).to.equal(message);
      expect(failed(read), name).to.deep.equal([]);
      if ('octets' in read)
        expect(jsonOf(sent(server.write(request('', {}), { type: read.type, octets: octets(message) })))).to.deep.equal(body);
    }
  });

  const known = (direction: 'request' | 'response') =>
    [
      ['EsipaMessageFromIpaToEim', 'request'],
      ['EsipaMessageFromEimToIpa', 'response'],
    ].flatMap(([name = '', way]) =>
      way === direction
        ? knownMessages(name, 'SGP.32').flatMap(one => {
            const type = typeOf(tagOf(one.octets), direction);
            return type ? [{ ...one, type }] : [];
          })
        : [],
    );

  it('carries every request octet for octet', () => {
    const messages = known('request');
    expect(messages.length).to.be.greaterThan(15);
    for (const { name, type, octets: message } of messages) {
      const read = server.read(inbound(client.write(type, message)));
      expect(messageOf(read), name).to.equal(hex(message));
      expect(failed(read), name).to.deep.equal([]);
    }
  });

  it('carries every response octet for octet', () => {
    const messages = known('response');
    expect(messages.length).to.be.greaterThan(10);
    for (const { name, type, octets: message } of messages) {
      const [asking = ''] = ANSWERS.flatMap(([of]) => (client.answerTo(of) === type ? [of] : []));
      const read = client.read(sent(server.write(request('', {}), { type, octets: message })), asking);
      expect(messageOf(read), name).to.equal(hex(message));
      expect(failed(read), name).to.deep.equal([]);
    }
  });

  it('keeps signed objects as they are: unknown elements, and lengths that are not DER', () => {
    // euiccSigned1 with a length in three octets and an element that no version knows.
    const inner = 'BF3811A00F30820007800101DF7F01425F370102';
    const read = asked('authenticateClient', { transactionId: '01', authenticateServerResponse: base64(inner) });
    expect(messageOf(read)).to.equal(`BF3B17800101${inner}`);
  });

  it('follows v1.0, where the home network stands under another tag and nothing is acknowledged by an empty answer', () => {
    const old: { spec: Spec } = { spec: '1.0' };
    expect(messageOf(esipaJsonServer(old).read(request('getEimPackage', { eidValue: EID, rPlmn: 'YvIQ' })))).to.equal(
      `BF4F175A10${EID}810362F210`,
    );
    expect(messageOf(esipaJsonClient(old).read(reply(SUCCESS), 'ProvideEimPackageResult'))).to.equal('BF5000');
  });
});

describe('requests to an eIM in JSON', () => {
  const good = { eidValue: EID };

  it('are checked by every rule', () => {
    expect(failed(asked('getEimPackage', good, { ':method': 'PUT' }))).to.deep.equal(['SGP32-6.1-11']);
    expect(failed(asked('getEimPackage', good, { 'x-admin-protocol': 'gsma/rsp/v2.5.0' }))).to.deep.equal(['SGP32-6.1-14']);
    expect(failed(asked('getEimPackage', good, { 'user-agent': 'curl' }))).to.deep.equal(['SGP32-6.1-15']);
    expect(failed(asked('geteimpackage', good))).to.deep.equal(['SGP32-6.4-11']);
    expect(failed(asked('getEimPackage?x', good))).to.deep.equal(['SGP32-6.4-11']);
    expect(failed(asked('getEimPackage', good, { 'content-type': 'text/plain' }))).to.deep.equal(['SGP32-6.4-12']);
    expect(failed(asked('getEimPackage', [good]))).to.deep.equal(['SGP32-6.4-13']);
    expect(failed(asked('getEimPackage', { ...good, header: {} }))).to.deep.equal(['SGP32-6.4-14']);
    expect(failed(asked('getEimPackage', { rPlmn: 'YvIQ' }))).to.deep.equal(['SGP32-6.4-15']);
    const wrong = {
      eidValue: EID.slice(1),
      notifyStateChange: false,
      stateChangeCause: '5',
      rPlmn: 'YvI',
    };
    for (const [name, value] of Object.entries(wrong))
      expect(failed(asked('getEimPackage', { ...good, [name]: value })), name).to.deep.equal(['SGP32-6.4-16']);
    expect(failed(asked('cancelSession', { transactionId: 'ab', cancelSessionResponse: base64('BF4100') }))).to.deep.equal([
      'SGP32-6.4-16',
    ]);
    expect(failed(asked('cancelSession', { transactionId: 'AB', cancelSessionResponse: base64('A100') }))).to.deep.equal(['SGP32-6.4-16']);
    const both = { pendingNotification: base64('BF3703800101'), provideEimPackageResult: base64('BF5000') };
    expect(failed(asked('handleNotification', both))).to.deep.equal(['SGP32-6.4-17']);
  });

  it('become messages as far as they can, so that the eIM judges what is missing in them', () => {
    expect(messageOf(asked('getEimPackage', { rPlmn: 'YvIQ' }))).to.equal('BF4F05820362F210');
    expect(messageOf(asked('getEimPackage', { eidValue: '8904' }))).to.equal('BF4F045A028904');
    expect(messageOf(asked('getEimPackage', { eidValue: '890' }))).to.equal('unreadable: malformed eidValue');
    expect(messageOf(asked('getEimPackage', {}))).to.equal('BF4F00');
    expect(messageOf(asked('handleNotification', {}))).to.equal('unreadable: without members of handleNotification');
  });

  it('are refused by the status that HTTP has for the reason', () => {
    const status = (name: string, body: unknown, over: Meta = {}) => {
      const frame = request(name, body, over);
      const read = server.read(frame);
      return 'nothing' in read ? sent(server.refuse(frame, read)).meta[':status'] : 'served';
    };
    expect(status('elsewhere', good)).to.equal('404');
    expect(status('getEimPackage', good, { ':method': 'GET' })).to.equal('405');
    expect(status('getEimPackage', '{', { 'content-type': 'text/plain' })).to.equal('415');
    expect(status('getEimPackage', '{')).to.equal('400');
    expect(status('getEimPackage', good, { 'content-type': 'text/plain' })).to.equal('served');
  });

  it('are changed as a script says', () => {
    const [read] = REQUESTS.map(([name, body]) => asked(name, body));
    if (!read || !('octets' in read)) throw new Error('no message');
    const link = { members: { eidValue: '89', header: {} }, drop: ['eimTransactionId'], path: '/x', headers: { a: 'b' } };
    const frame = client.write(read.type, read.octets, link);
    expect(jsonOf(frame)).to.deep.equal({ eidValue: '89', header: {} });
    expect(frame.meta).to.include({ ':path': '/x', a: 'b', 'content-type': 'application/json;charset=UTF-8' });
    expect(jsonOf(client.write(read.type, read.octets, { drop: 'eidValue' }))).to.deep.equal({});
    expect(hex(client.write(read.type, read.octets, { body: 'FF' }).body)).to.equal('FF');
  });
});

describe('answers of an eIM in JSON', () => {
  const good = { ...SUCCESS, eimPackageError: 1 };

  it('are checked by every rule', () => {
    const nothing = { 'content-type': undefined };
    expect(failed(answered(good, undefined, { ':status': '500' }))).to.deep.equal(['SGP32-6.1-01']);
    expect(failed(answered(good, undefined, { 'x-admin-protocol': undefined }))).to.deep.equal(['SGP32-6.1-03']);
    expect(failed(answered(good, undefined, { 'content-type': 'text/html' }))).to.deep.equal(['SGP32-6.4-01']);
    expect(failed(answered('no'))).to.deep.equal(['SGP32-6.4-02']);
    expect(failed(answered('', 'CancelSessionRequestEsipa', { ':status': '204', ...nothing }))).to.deep.equal([
      'SGP32-6.1-01',
      'SGP32-6.4-02',
    ]);
    expect(failed(answered({ eimPackageError: 1 }))).to.deep.equal(['SGP32-6.4-03']);
    const status = { functionExecutionStatus: { status: 'Executed-WithWarning' } };
    expect(failed(answered({ ...good, header: status }))).to.deep.equal(['SGP32-6.4-03']);
    const halfCode = { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode: '8.1.1' } } };
    expect(failed(answered({ header: halfCode }))).to.deep.equal(['SGP32-6.4-04']);
    expect(failed(answered({ ...SUCCESS, transactionId: '01' }, 'GetBoundProfilePackageRequestEsipa'))).to.deep.equal(['SGP32-6.4-05']);
    expect(failed(answered({ ...SUCCESS, eimPackageError: '1' }))).to.deep.equal(['SGP32-6.4-06']);
    expect(failed(answered({ ...SUCCESS, euiccPackageRequest: 'BF510101' }))).to.deep.equal(['SGP32-6.4-06']);
    expect(failed(answered({ ...good, euiccPackageRequest: base64('BF5100') }))).to.deep.equal(['SGP32-6.4-07']);
    expect(failed(answered(SUCCESS))).to.deep.equal(['SGP32-6.4-07']);
    expect(failed(answered({ ...failure('8.1.1', '3.7'), eimPackageError: 1 }))).to.deep.equal(['SGP32-6.4-08']);
    expect(failed(answered('', 'HandleNotificationEsipa', { ':status': '204', ...nothing }))).to.deep.equal([]);
    expect(failed(answered(SUCCESS, 'HandleNotificationEsipa'))).to.deep.equal(['SGP32-6.1-05', 'SGP32-6.1-08']);
  });

  it('tell failures by the status codes of SGP.32 and SGP.22', () => {
    const integer = (of: string, subject: string, reason: string) => messageOf(answered(failure(subject, reason), of));
    expect(integer('GetEimPackageRequest', '8.1.1', '3.7')).to.equal('BF4F03020101');
    expect(integer('GetEimPackageRequest', '8.1.1', '2.2')).to.equal('BF4F03020104');
    expect(integer('ProvideEimPackageResult', '8.1.1', '3.9')).to.equal('BF5003020102');
    expect(integer('InitiateAuthenticationRequestEsipa', '8.31.2', '3.10')).to.equal('BF3903810134');
    expect(integer('AuthenticateClientRequestEsipa', '8.2.8', '1.2')).to.equal('BF3B03820132');
    expect(integer('GetBoundProfilePackageRequestEsipa', '8.2.9', '3.11')).to.equal('BF3A03810132');
    expect(integer('CancelSessionRequestEsipa', '8.10.1', '3.9')).to.equal('BF4103810101');
    expect(integer('CancelSessionRequestEsipa', '1.1', '1.1')).to.equal('BF410381017F');
    expect(messageOf(answered({ header: { functionExecutionStatus: { status: 'Failed' } } }))).to.equal('BF4F0302017F');
  });

  it('are unreadable without members and header, and where a member is no octets', () => {
    expect(messageOf(answered({}, 'CancelSessionRequestEsipa'))).to.equal('unreadable: without header');
    expect(messageOf(answered({ ...SUCCESS, eimPackageError: '1' }))).to.equal('unreadable: malformed eimPackageError');
    expect(messageOf(answered(SUCCESS))).to.match(/^unreadable: without euiccPackageRequest/);
    expect(messageOf(answered('', undefined, { ':status': '404' }))).to.equal('httpError: status 404');
    expect(messageOf(answered(''))).to.equal('empty: status 200');
  });

  it('are written with the code or the faults that a script asks for', () => {
    const type = client.answerTo('GetEimPackageRequest');
    if (!type) throw new Error('no type');
    const write = (link: LinkEdits) => server.write(request('getEimPackage', {}), { type, octets: octets('BF4F03020101') }, link);
    expect(jsonOf(sent(write({ code: '8.1.1/3.7' })))).to.deep.equal(failure('8.1.1', '3.7'));
    expect(jsonOf(sent(write({ drop: 'header' })))).to.deep.equal({ eimPackageError: 1 });
    expect(sent(write({ status: '503' })).meta[':status']).to.equal('503');
    expect(write({ cut: true })).to.deep.equal({ fault: 'cut' });
    expect(sent(server.write(request('handleNotification', {}), undefined))).to.deep.equal({
      meta: { ':status': '204', 'x-admin-protocol': 'gsma/rsp/v2.1.0' },
      body: new Uint8Array(),
    });
  });
});

describe('the JSON binding of ESipa', () => {
  it('knows no other requests', () => {
    const [read] = REQUESTS.map(([name, body]) => asked(name, body));
    expect(() => client.read(reply(SUCCESS), 'Certificate')).to.throw('no request of ESipa');
    expect(client.answerTo('HandleNotificationEsipa')).to.equal(undefined);
    expect(read).to.not.equal(undefined);
  });

  it('names requirements that the catalogue has', () => {
    const root = new URL('../../../', import.meta.url);
    const known = [...readFileSync(new URL('test-cases/requirements/esipa-json.yaml', root), 'utf8').matchAll(/^(SGP32-[\d.]+-\d+):/gm)];
    const used = ['', '-frame', '-message'].flatMap(file =>
      [...readFileSync(new URL(`sim/bindings/esipa-json${file}.ts`, root), 'utf8').matchAll(/'(SGP32-6\.4-\d+)'/g)].map(m => m[1]),
    );
    expect([...new Set(used)].sort()).to.deep.equal(known.map(m => m[1]).sort());
  });

  it('never breaks, whatever comes', () => {
    const names = REQUESTS.flatMap(([, body]) => Object.keys(Object(body)));
    const text = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 60 }).map(o => Buffer.from(o).toString('base64')),
      fc.constantFrom(base64('BF5100'), base64('3000'), EID, '01'),
    );
    const value = fc.oneof(text, fc.jsonValue());
    const members = fc.dictionary(fc.constantFrom(...names, 'header', '__proto__', 'ePRAndNotifications'), value);
    const body = fc.oneof(
      members,
      members.map(m => ({ ...m, ...SUCCESS })),
      fc.uint8Array({ maxLength: 100 }),
      fc.json(),
    );
    const at = fc.constantFrom(...REQUESTS.map(([name]) => name), 'x');
    const asking = fc.constantFrom(...ANSWERS.map(([name]) => name), 'HandleNotificationEsipa');
    fc.assert(
      fc.property(at, asking, body, (name, of, content) => {
        const read = asked(name, content);
        if ('octets' in read) decode(read.type, read.octets, { spec: '1.2' });
        else sent(server.refuse(request(name, content), read));
        const back = answered(content, of);
        if ('octets' in back) decode(back.type, back.octets, { spec: '1.2' });
      }),
      { numRuns: 500, seed: 32 },
    );
  });

  it('writes whatever octets a script made of a message', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REQUESTS), fc.nat(40), fc.nat(255), ([name, body], at, octet) => {
        const read = asked(name, body);
        if (!('octets' in read)) return;
        const changed = Uint8Array.from(read.octets, (o, n) => (n === at ? octet : o));
        jsonOf(client.write(read.type, changed));
      }),
      { numRuns: 300, seed: 33 },
    );
  });
});
