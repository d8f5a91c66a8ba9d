import { expect } from 'chai';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex, hex, tlv } from '#protocol/asn1/tlv.js';
import { AuthenticateClientResponseEs11, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { es11Client, es11Server } from './es11-http.js';
import { inbound, jsonOf, knownMessages, posted, sent } from './test-frames.js';

const client = es11Client();
const server = es11Server();

describe('ES11 in JSON', () => {
  it('carries requests octet for octet, and the address as smdpAddress under the folder of ES9+', () => {
    const [request] = knownMessages('InitiateAuthenticationRequest');
    if (!request) throw new Error('no known message');
    const frame = client.write(request.type, request.octets);
    expect(frame.meta).to.include({ ':path': '/gsma/rsp2/es9plus/initiateAuthentication', 'user-agent': 'gsma-rsp-lpad' });
    expect(Object.keys(jsonOf(frame))).to.have.members(['euiccChallenge', 'euiccInfo1', 'smdpAddress']);
    const carried = server.read(inbound(frame));
    expect('octets' in carried && hex(carried.octets)).to.equal(hex(request.octets));
  });

  it('understands the folder es11 and the member smdsAddress', () => {
    const [request] = knownMessages('InitiateAuthenticationRequest');
    if (!request) throw new Error('no known message');
    const { smdpAddress, ...members } = jsonOf(client.write(request.type, request.octets));
    const carried = server.read(posted('es11/initiateAuthentication', { ...members, smdsAddress: smdpAddress }));
    expect('octets' in carried && hex(carried.octets)).to.equal(hex(request.octets));
    expect(carried.checks.filter(c => !c.ok)).to.deep.equal([]);
  });

  it('carries event entries and failures octet for octet', () => {
    for (const { name, type, octets } of knownMessages('AuthenticateClientResponseEs11')) {
      const frame = sent(server.write(posted('es9plus/authenticateClient', {}), { type, octets }));
      const carried = client.read(frame, 'AuthenticateClientRequest');
      expect('octets' in carried && hex(carried.octets), name).to.equal(hex(octets));
    }
    const two = [
      { eventId: 'A', rspServerAddress: 'a.example.com' },
      { eventId: 'B', rspServerAddress: 'b.example.com' },
    ];
    const octets = encode(AuthenticateClientResponseEs11, { authenticateClientOk: { transactionId: Uint8Array.of(1), eventEntries: two } });
    const frame = sent(server.write(posted('es9plus/authenticateClient', {}), { type: AuthenticateClientResponseEs11, octets }));
    expect(jsonOf(frame).eventEntries).to.deep.equal(two);
    expect(client.answerTo('AuthenticateClientRequest')).to.equal(AuthenticateClientResponseEs11);
  });

  it('has codes of its own', () => {
    const octets = encode(InitiateAuthenticationResponse, { initiateAuthenticationError: 1 });
    const frame = sent(server.write(posted('es9plus/initiateAuthentication', {}), { type: InitiateAuthenticationResponse, octets }));
    const carried = client.read(frame, 'InitiateAuthenticationRequest');
    expect('status' in carried && carried.status).to.include({ subjectCode: '8.9.1', reasonCode: '3.8' });
  });

  it('finds malformed event entries', () => {
    const body = {
      header: { functionExecutionStatus: { status: 'Executed-Success' } },
      transactionId: '01',
      eventEntries: [{ eventId: 1 }],
    };
    const { meta, body: octets } = posted('', body);
    const carried = client.read({ meta: { ...meta, ':status': '200' }, body: octets }, 'AuthenticateClientRequest');
    expect('reason' in carried && carried.reason).to.equal('malformed eventEntries');
  });

  it('has no functions of the SM-DP+', () => {
    const frame = posted('es9plus/getBoundProfilePackage', {});
    const carried = server.read(frame);
    expect('nothing' in carried && sent(server.refuse(frame, carried)).meta[':status']).to.equal('404');
    const asn1 = posted('asn1', tlv(0xa2, fromHex('BF3A00') ?? new Uint8Array()));
    expect(server.read(asn1)).to.include({ nothing: 'unreadable', reason: 'no request of ES11 in A2' });
  });
});
