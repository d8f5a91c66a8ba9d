import { expect } from 'chai';
import { hex } from '#protocol/asn1/tlv.js';
import { TransferEimPackageRequest, TransferEimPackageResponse } from '#protocol/iot/esipa.js';
import type { Frame, Inbound } from '../../adapters/adapter.js';
import type { ClientBinding, ServerBinding } from './binding.js';
import {
  injectionCoapClient,
  injectionCoapServer,
  injectionHttpClient,
  injectionHttpServer,
  injectionHttpsServer,
  injectionJsonClient,
  injectionJsonServer,
  injectionUrl,
} from './injection.js';

const octets = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const spec = '1.2';
const ACKNOWLEDGEMENTS = 'BF4E06BF5303800105';
const ERROR = 'BF4E03020102';
const RECEIVED = 'BF4E020500';
const inbound = (frame: Frame): Inbound => ({
  ...frame,
  connection: { id: 1, remote: '127.0.0.1:1', exchanges: 1 },
  signal: new AbortController().signal,
});
const [http, json, coap] = [injectionHttpClient({ spec }), injectionJsonClient({ spec }), injectionCoapClient({ spec })];
const [httpServer, jsonServer, bothServer] = [injectionHttpServer({ spec }), injectionJsonServer({ spec }), injectionHttpsServer({ spec })];
const coapServer = injectionCoapServer();
const WIRES: readonly (readonly [string, ClientBinding, ServerBinding])[] = [
  ['HTTPS with ASN.1', http, httpServer],
  ['HTTPS with JSON', json, jsonServer],
  ['HTTPS with either, in ASN.1', http, bothServer],
  ['HTTPS with either, in JSON', json, bothServer],
  ['CoAP', coap, coapServer],
];
const request = (client: ClientBinding): Frame => client.write(TransferEimPackageRequest, octets(ACKNOWLEDGEMENTS));
const failed = ({ checks }: ReturnType<ServerBinding['read']>) => checks.flatMap(check => (check.ok ? [] : [check.requirement]));
const refused = (server: ServerBinding, frame: Frame): string | undefined => {
  const read = server.read(inbound(frame));
  if (!('nothing' in read)) return undefined;
  const answer = server.refuse(inbound(frame), read);
  return 'fault' in answer ? answer.fault : (answer.meta[':status'] ?? answer.meta[':code']);
};
const changed = (frame: Frame, meta: Readonly<Record<string, string>>, body = frame.body): Frame => ({
  meta: { ...frame.meta, ...meta },
  body,
});

describe('ESipa where the eIM calls', () => {
  for (const [wire, client, server] of WIRES)
    it(`carries a transfer and its answers over ${wire}, and every rule is kept`, () => {
      const read = server.read(inbound(request(client)));
      expect('octets' in read && [read.type.name, hex(read.octets)]).to.deep.equal(['TransferEimPackageRequest', ACKNOWLEDGEMENTS]);
      expect(failed(read)).to.deep.equal([]);
      for (const message of [RECEIVED, ERROR]) {
        const answer = server.write(inbound(request(client)), { type: TransferEimPackageResponse, octets: octets(message) });
        if ('fault' in answer) throw new Error(answer.fault);
        const reply = client.read(answer, 'TransferEimPackageRequest');
        expect('octets' in reply && [reply.type.name, hex(reply.octets)]).to.deep.equal(['TransferEimPackageResponse', message]);
        expect(failed(reply)).to.deep.equal([]);
      }
    });

  it('has requirements of its own for the rules of both sides', () => {
    const other = { 'content-type': 'text/plain', 'x-admin-protocol': '2.1.0', 'content-format': '50' };
    expect(failed(httpServer.read(inbound(changed(request(http), other))))).to.deep.equal(['SGP32-6.1-73', 'SGP32-6.1-74']);
    expect(failed(jsonServer.read(inbound(changed(request(json), other))))).to.deep.equal(['SGP32-6.4-72', 'SGP32-6.1-74']);
    expect(failed(coapServer.read(inbound(changed(request(coap), other))))).to.deep.equal(['SGP32-6.2-74']);
    const reply = { meta: { ':status': '200', ':code': '2.04', ...other }, body: octets('BF4F03020101') };
    const failedOf = (client: ClientBinding) => failed(client.read(reply, 'TransferEimPackageRequest'));
    expect(failedOf(http)).to.deep.equal(['SGP32-6.1-63', 'SGP32-6.1-62', 'SGP32-6.1-64']);
    expect(failedOf(json)).to.deep.equal(['SGP32-6.1-63', 'SGP32-6.4-61', 'SGP32-6.4-62']);
    expect(failedOf(coap)).to.deep.equal(['SGP32-6.2-62', 'SGP32-6.2-67']);
  });

  it('asks no eIM for the User-Agent of an IPA, and names itself', () => {
    const { 'user-agent': named, ...meta } = request(http).meta;
    expect(named).to.equal('gsma-rsp-eim');
    expect(failed(httpServer.read(inbound({ ...request(http), meta })))).to.deep.equal([]);
  });

  it('takes the ASN.1 binding at another path too, which no specification names, and calls it where the IPA is', () => {
    for (const [client, server] of [
      [injectionHttpClient({ spec, path: '/inject' }), httpServer],
      [injectionCoapClient({ spec, path: '/inject' }), coapServer],
    ] as const) {
      expect(request(client).meta[':path']).to.equal('/inject');
      const read = server.read(inbound(request(client)));
      expect('octets' in read).to.equal(true);
      expect(failed(read)).to.have.length(1);
    }
  });

  it('refuses what is no transfer by the status of its wire', () => {
    const poll = octets('BF4F125A1089049032123451234512345678901235');
    expect(refused(httpServer, changed(request(http), {}, poll))).to.equal('400');
    expect(refused(httpServer, changed(request(http), { ':method': 'PUT' }))).to.equal('405');
    expect(refused(httpServer, changed(request(http), { 'content-type': 'text/plain' }, octets('00')))).to.equal('415');
    expect(refused(jsonServer, changed(request(json), { ':path': '/gsma/rsp2/esipa/getEimPackage' }))).to.equal('404');
    expect(refused(jsonServer, changed(request(json), {}, octets('7B')))).to.equal('400');
    expect(refused(coapServer, changed(request(coap), {}, poll))).to.equal('4.00');
  });

  it('tells where an IPA is by a URL whose path names the binding', () => {
    expect(injectionUrl('https', 'h:1')).to.equal('https://h:1/gsma/rsp2/asn1');
    expect(injectionUrl('json', 'h:1')).to.equal('https://h:1/gsma/rsp2/esipa/');
    expect(injectionUrl('coaps', 'h:1')).to.equal('coaps://h:1/gsma/rsp2/asn1');
  });
});
