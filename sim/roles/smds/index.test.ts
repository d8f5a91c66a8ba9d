import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { AuthenticateClientResponseEs11, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { codeText } from '../../bindings/status-codes.js';
import { ComposeError, type Received } from '../../role.js';
import { authenticate, ciKeyId, decodedValue, EID1, EID2, initiate, octets, testWorld } from '../rsp-server/test-euicc.js';
import { createSmds, type Smds, type SmdsConfig } from './index.js';

const ADDRESS = 'testrootsmds.example.com';
const events = [
  { eventId: 'EVENT-1', eid: EID1, rspServerAddress: 'testsmdpplus1.example.com' },
  { eventId: 'EVENT-2', eid: EID1, rspServerAddress: 'testsmdpplus2.example.com' },
  { eventId: 'EVENT-3', eid: EID2, rspServerAddress: 'testsmdpplus1.example.com' },
];
const smdsWith = (config: Partial<SmdsConfig> = {}, world = testWorld()): Smds =>
  createSmds({ address: ADDRESS, events, ...config }, world);
const answerTo = async (smds: Smds, request: Received): Promise<Uint8Array> => (await smds.react(request))?.octets ?? new Uint8Array();
const opened = async (smds: Smds): Promise<Uint8Array> => answerTo(smds, initiate({ address: ADDRESS }));
const entries = async (smds: Smds, matchingId?: string): Promise<readonly string[] | undefined> => {
  const answer = await answerTo(smds, authenticate(await opened(smds), matchingId === undefined ? {} : { matchingId }));
  return decodedValue(AuthenticateClientResponseEs11, answer).authenticateClientOk?.eventEntries.map(
    e => `${e.eventId} ${e.rspServerAddress}`,
  );
};
const refusalOf = async (smds: Smds, request: Received): Promise<string> => {
  const answer = await smds.react(request);
  const [alternative] = answer ? decode(answer.type, answer.octets).root.children : [];
  return `${answer?.status ? codeText(answer.status) : 'none'} ${alternative?.value}`;
};

describe('the SM-DS', () => {
  it('authenticates with CERT.DSauth and its own address', async () => {
    const { initiateAuthenticationOk: ok } = decodedValue(InitiateAuthenticationResponse, await opened(smdsWith()));
    expect(ok?.serverSigned1.serverAddress).to.equal(ADDRESS);
    expect(ok?.serverCertificate).to.deep.equal(testWorld().pki.certificate('CERT_S_SM_DSauth'));
  });

  it('takes an eUICC of any version where it is told to', async () => {
    const request = initiate({ address: ADDRESS, svn: '030100' });
    expect(await refusalOf(smdsWith(), request)).to.equal('8.9.3/3.1 2');
    const lenient = createSmds({ address: ADDRESS }, testWorld(), { acceptsSvn: () => true });
    expect(decodedValue(InitiateAuthenticationResponse, await answerTo(lenient, request))).to.have.property('initiateAuthenticationOk');
  });

  it('lists the events of the eUICC, or the one that it asks for', async () => {
    const all = ['EVENT-1 testsmdpplus1.example.com', 'EVENT-2 testsmdpplus2.example.com'];
    expect(await entries(smdsWith())).to.deep.equal(all);
    expect(await entries(smdsWith(), '')).to.deep.equal(all);
    expect(await entries(smdsWith(), 'EVENT-2')).to.deep.equal(all.slice(1));
  });

  it('answers with an empty list when it holds nothing', async () => {
    expect(await entries(smdsWith({ events: [] }))).to.deep.equal([]);
  });

  it('refuses a session for another address, SVN or CI', async () => {
    const smds = smdsWith();
    const unknown = [octets('00112233')];
    expect(await refusalOf(smds, initiate({ address: 'other.example.com' }))).to.equal('8.9.1/3.8 1');
    expect(await refusalOf(smds, initiate({ address: ADDRESS, svn: '030000' }))).to.equal('8.9.3/3.1 2');
    expect(await refusalOf(smds, initiate({ address: ADDRESS, signing: unknown }))).to.equal('8.9.2/3.1 3');
    expect(await refusalOf(smds, initiate({ address: ADDRESS, signing: [ciKeyId()], verification: unknown }))).to.equal('8.9.4/3.7 3');
  });

  const refusals: readonly [string, string, Parameters<typeof authenticate>[1]][] = [
    ['an EUM certificate with a broken signature', '8.1.2/6.1 1', { eum: 'CERT_EUM_BAD_SIGNATURE' }],
    ['an expired EUM certificate', '8.1.2/6.3 2', { eum: 'CERT_EUM_EXPIRED' }],
    ['an eUICC certificate with a broken signature', '8.1.3/6.1 3', { euicc: 'CERT_EUICC_BAD_SIGNATURE' }],
    ['an expired eUICC certificate', '8.1.3/6.3 4', { euicc: 'CERT_EUICC_EXPIRED' }],
    ['a broken euiccSignature1', '8.1/6.1 5', { spoil: true }],
    ['an unknown EventID', '8.9.5/3.9 6', { matchingId: 'EVENT-9' }],
    ['the EventID of another eUICC', '8.9.5/3.9 6', { matchingId: 'EVENT-3' }],
    ['an unknown TransactionID', '8.10.1/3.9 7', { outer: octets('0102') }],
    ['certificates of an unknown CI', '8.11.1/3.9 127', { euicc: 'CERT_EUICC_UNKNOWN_CI', eum: 'CERT_EUM_UNKNOWN_CI' }],
  ];
  for (const [what, code, over] of refusals) {
    it(`refuses ${what}`, async () => {
      const smds = smdsWith();
      expect(await refusalOf(smds, authenticate(await opened(smds), over))).to.equal(code);
    });
  }

  it('ends a session with its answer, but repeats it for the same request', async () => {
    const smds = smdsWith();
    const session = await opened(smds);
    const request = authenticate(session);
    const first = await answerTo(smds, request);
    expect(await answerTo(smds, { ...request, message: { ...request.message } })).to.deep.equal(first);
    expect(await refusalOf(smds, authenticate(session))).to.equal('8.10.1/3.9 7');
  });

  it('shows address, session and events', async () => {
    const smds = smdsWith();
    await opened(smds);
    expect(smds.state.address).to.equal(ADDRESS);
    expect(smds.state.transactionId).to.have.length(16);
    expect(smds.state.events).to.have.length(3);
    expect(smds.signing.keyFor('serverAuth')).to.equal(testWorld().pki.privateKey('CERT_S_SM_DSauth'));
  });

  it('composes only what it was asked for', async () => {
    const smds = smdsWith();
    await smds.take(initiate({ address: ADDRESS }));
    expect((await smds.compose('InitiateAuthenticationResponse')).type).to.equal(InitiateAuthenticationResponse);
    const failure = await smds.compose('AuthenticateClientResponseEs11').catch((cause: unknown) => cause);
    expect(failure).to.be.instanceOf(ComposeError);
  });

  it('refuses functions that it does not have, malformed requests and a configuration that cannot be', async () => {
    const smds = smdsWith();
    const request = initiate({ address: ADDRESS });
    const broken = { ...request, message: decode(request.type, request.message.octets.slice(0, 30)) };
    expect(await refusalOf(smds, broken)).to.equal('1.3.1/2.1 127');
    const other = { type: AuthenticateClientResponseEs11, message: decode(AuthenticateClientResponseEs11, octets('BF4003810106')) };
    expect(await smds.react(other).catch((cause: unknown) => cause)).to.be.instanceOf(ComposeError);
    expect(() => smdsWith({ certificates: { auth: 'CERT_NONE' } })).to.throw(ComposeError, 'CERT_NONE');
    expect(() => smdsWith({ events: [{ eventId: 'E', eid: '12', rspServerAddress: 'x' }] })).to.throw(ComposeError, 'eid of event E');
  });
});
