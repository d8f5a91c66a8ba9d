import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { AuthenticateClientResponseEs9, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { ComposeError } from '../../role.js';
import {
  ADDRESS,
  authenticate,
  ciKeyId,
  decodedValue,
  EID1,
  EID2,
  euiccInfo2,
  initiate,
  octets,
  testWorld,
} from '../rsp-server/test-euicc.js';
import type { ProfileConfig } from './config.js';
import { answerTo, MATCHING_ID, offered, opened, orderState, refusalOf, smdpWith } from './test-smdp.js';

describe('InitiateAuthentication of the SM-DP+', () => {
  it('signs challenge, address and TransactionID with CERT.DPauth', async () => {
    const smdp = smdpWith();
    const message = decode(InitiateAuthenticationResponse, await opened(smdp));
    const ok = message.value.initiateAuthenticationOk;
    expect(message.diagnostics).to.deep.equal([]);
    expect(ok?.serverSigned1.serverAddress).to.equal(ADDRESS);
    expect(hex(ok?.serverSigned1.euiccChallenge ?? octets(''))).to.equal('000102030405060708090A0B0C0D0E0F');
    expect(hex(ok?.transactionId ?? octets(''))).to.equal(hex(ok?.serverSigned1.transactionId ?? octets('00')));
    expect(hex(ok?.euiccCiPKIdToBeUsed ?? octets(''))).to.equal(hex(ciKeyId()));
    expect(ok?.serverCertificate).to.deep.equal(testWorld().pki.certificate('CERT_S_SM_DPauth'));
    const key = testWorld().pki.publicKey('CERT_S_SM_DPauth');
    const signed = fieldOctets(message, 'initiateAuthenticationOk.serverSigned1') ?? octets('');
    expect(key && verify(key, signed, ok?.serverSignature1 ?? octets(''))).to.equal(true);
  });

  it('uses a new TransactionID and challenge each time, the same ones for the same seed', async () => {
    const smdp = smdpWith();
    const signed = async (server: typeof smdp): Promise<string> =>
      hex(
        fieldOctets(decode(InitiateAuthenticationResponse, await opened(server)), 'initiateAuthenticationOk.serverSigned1') ?? octets(''),
      );
    const [first, second] = [await signed(smdp), await signed(smdp)];
    expect(first).to.match(/^30/).and.not.equal(second);
    expect(await signed(smdpWith())).to.equal(first);
  });

  it('takes the certificates of the CI that stands first in the lists of the eUICC', async () => {
    const both = [ciKeyId('CERT_CI_BRP'), ciKeyId()];
    const ok = decodedValue(InitiateAuthenticationResponse, await answerTo(smdpWith(), initiate({ verification: both, signing: both })));
    expect(ok.initiateAuthenticationOk?.serverCertificate).to.deep.equal(testWorld().pki.certificate('CERT_S_SM_DPauth_BRP'));
    expect(ok.initiateAuthenticationOk?.euiccCiPKIdToBeUsed).to.deep.equal(ciKeyId('CERT_CI_BRP'));
  });

  it('presents the certificate that the test case names, right or wrong', async () => {
    const smdp = smdpWith({}, { certificates: { auth: 'CERT_S_SM_DPauth_BAD_SIGNATURE' } });
    const { initiateAuthenticationOk: ok } = decodedValue(InitiateAuthenticationResponse, await opened(smdp));
    expect(ok?.serverCertificate).to.deep.equal(testWorld().pki.certificate('CERT_S_SM_DPauth_BAD_SIGNATURE'));
  });

  it('chooses its certificates by OID', async () => {
    const smdp = smdpWith({}, { oid: '2.999.12' });
    const { initiateAuthenticationOk: ok } = decodedValue(InitiateAuthenticationResponse, await opened(smdp));
    expect(ok?.serverCertificate).to.deep.equal(testWorld().pki.certificate('CERT_S_SM_DPauth2'));
    expect(smdp.state.oid).to.equal('2.999.12');
    expect(() => smdpWith({}, { oid: '2.999.77' })).to.throw(ComposeError, 'got 2.999.77');
  });

  it('refuses another address, an SVN out of range, unknown CIs and a CI without certificate', async () => {
    const known = [ciKeyId()];
    const unknown = [octets('00112233')];
    const brainpool = [ciKeyId('CERT_CI_BRP')];
    expect(await refusalOf(smdpWith(), initiate({ address: 'other.example.com' }))).to.equal('8.8.1/3.8 1');
    expect(await refusalOf(smdpWith(), initiate({ svn: '020100' }))).to.equal('8.8.3/3.1 2');
    expect(await refusalOf(smdpWith(), initiate({ svn: '030000' }))).to.equal('8.8.3/3.1 2');
    expect(await refusalOf(smdpWith(), initiate({ signing: unknown }))).to.equal('8.8.2/3.1 3');
    expect(await refusalOf(smdpWith(), initiate({ signing: known, verification: unknown }))).to.equal('8.8.4/3.7 3');
    expect(await refusalOf(smdpWith({}, { curve: 'P-256' }), initiate({ signing: brainpool }))).to.equal('8.8.2/3.1 3');
  });
});

describe('AuthenticateClient of the SM-DP+', () => {
  it('offers the Profile of the MatchingID and covers the eUICC signature with its own', async () => {
    const smdp = smdpWith({ metadata: { profileName: 'IoT 1', profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: '62F210' } } });
    const request = authenticate(await opened(smdp), { matchingId: MATCHING_ID });
    const message = decode(AuthenticateClientResponseEs9, await answerTo(smdp, request));
    expect(message.diagnostics).to.deep.equal([]);
    const ok = message.value.authenticateClientOk;
    expect(ok?.profileMetaData).to.include({ profileName: 'IoT 1' });
    expect(ok?.profileMetaData.profilePolicyRules).to.deep.equal(['ppr1']);
    expect(ok?.smdpSigned2.ccRequiredFlag).to.equal(false);
    expect(ok?.smdpSigned2.bppEuiccOtpk).to.equal(undefined);
    const signed = fieldOctets(message, 'authenticateClientOk.smdpSigned2') ?? octets('');
    const euiccSignature1 = fieldOctets(request.message, 'authenticateServerResponse.authenticateResponseOk.euiccSignature1') ?? octets('');
    const key = testWorld().pki.publicKey('CERT_S_SM_DPpb');
    expect(key && verify(key, concat(signed, euiccSignature1), ok?.smdpSignature2 ?? octets(''))).to.equal(true);
  });

  it('finds an order without MatchingID by EID', async () => {
    const smdp = smdpWith({ eid: EID1 });
    const answer = await answerTo(smdp, authenticate(await opened(smdp), {}));
    expect(decodedValue(AuthenticateClientResponseEs9, answer).authenticateClientOk).to.not.equal(undefined);
    const empty = await answerTo(smdp, authenticate(await opened(smdp), { matchingId: '' }));
    expect(decodedValue(AuthenticateClientResponseEs9, empty).authenticateClientOk).to.not.equal(undefined);
  });

  it('gives the same answer to the same request, without counting it again', async () => {
    const smdp = smdpWith({ retries: 0 });
    const session = await opened(smdp);
    const request = authenticate(session, { matchingId: MATCHING_ID });
    const first = await answerTo(smdp, request);
    const resent = await answerTo(smdp, { ...request, message: { ...request.message } });
    expect(hex(resent)).to.equal(hex(first));
    expect(smdp.orders[0]?.downloads).to.equal(1);
  });

  const refusals: readonly [string, string, Parameters<typeof authenticate>[1]][] = [
    ['an EUM certificate with a broken signature', '8.1.2/6.1 1', { eum: 'CERT_EUM_BAD_SIGNATURE' }],
    ['an expired EUM certificate', '8.1.2/6.3 2', { eum: 'CERT_EUM_EXPIRED' }],
    ['an eUICC certificate with a broken signature', '8.1.3/6.1 3', { euicc: 'CERT_EUICC_BAD_SIGNATURE' }],
    ['an EID that the EUM may not certify', '8.1.3/6.1 3', { euicc: 'CERT_EUICC_OTHER_EID' }],
    ['an expired eUICC certificate', '8.1.3/6.3 4', { euicc: 'CERT_EUICC_EXPIRED' }],
    ['a broken euiccSignature1', '8.1/6.1 5', { spoil: true }],
    ['the signature of another eUICC', '8.1/6.1 5', { key: 'CERT_EUICC2' }],
    ['another serverChallenge', '8.1/6.1 5', { serverChallenge: octets('00'.repeat(16)) }],
    ['another serverAddress', '8.1/6.1 5', { serverAddress: 'other.example.com' }],
    ['an unknown MatchingID', '8.2.6/3.8 6', { matchingId: 'XXXX' }],
    ['no MatchingID when no order has the EID', '8.1.1/3.8 7', { matchingId: undefined }],
    ['certificates of an unknown CI', '8.11.1/3.9 9', { euicc: 'CERT_EUICC_UNKNOWN_CI', eum: 'CERT_EUM_UNKNOWN_CI' }],
    ['an unknown TransactionID', '8.10.1/3.9 10', { outer: octets('0102') }],
    ['another TransactionID inside the signed object', '8.10.1/3.9 10', { inner: octets('0102') }],
    ['too little memory', '8.1/4.8 11', { info: Object.assign({}, euiccInfo2, { extCardResource: octets('810100820203E8') }) }],
    ['an eUICC that refused the server', '8.1/4.2 127', { error: 2 }],
  ];
  for (const [what, code, over] of refusals) {
    it(`refuses ${what}`, async () => {
      const smdp = smdpWith();
      expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID, ...over }))).to.equal(code);
      expect(orderState(smdp)).to.equal('released');
    });
  }

  const orders: readonly [string, string, Partial<ProfileConfig>][] = [
    ['an order for another EID', '8.1.1/3.8 7', { eid: EID2 }],
    ['a Profile that needs what the eUICC lacks', '8.2.5/4.3 8', { requires: ['suciCalculatorApi'] }],
    ['a test Profile for an eUICC that has no support for it', '8.2.5/4.3 8', { metadata: { profileClass: 'test' } }],
    ['a Profile that is not released', '8.2/1.2 127', { state: 'confirmed' }],
    ['an order that is over', '8.2.6/3.8 6', { state: 'installed' }],
    ['an expired order', '8.8.5/4.10 127', { expired: 'yes' }],
  ];
  for (const [what, code, over] of orders) {
    it(`refuses ${what}`, async () => {
      const smdp = smdpWith(over);
      expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID }))).to.equal(code);
    });
  }

  it('knows the integer for an expired order since v1.3', async () => {
    const smdp = smdpWith({ expired: true }, {}, testWorld('1.3'));
    expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID, spec: '1.3' }))).to.equal('8.8.5/4.10 18');
  });

  it('ends an order after too many downloads', async () => {
    const smdp = smdpWith({ retries: 1 });
    await offered(smdp);
    await offered(smdp);
    expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID }))).to.equal('8.8.5/6.4 127');
    expect(orderState(smdp)).to.equal('error');
  });

  it('refuses a second eUICC answer in the same session, and takes one in a new session after a refused MatchingID', async () => {
    const smdp = smdpWith();
    const session = await opened(smdp);
    expect(await refusalOf(smdp, authenticate(session, { matchingId: 'XXXX' }))).to.equal('8.2.6/3.8 6');
    expect(await refusalOf(smdp, authenticate(session, { matchingId: MATCHING_ID }))).to.equal('8.10.1/3.9 10');
    expect(decodedValue(AuthenticateClientResponseEs9, await offered(smdp)).authenticateClientOk).to.not.equal(undefined);
  });

  it('refuses an EUM certificate after its validity', async () => {
    const smdp = smdpWith({}, {}, testWorld('1.2', '2056-01-01T00:00:00Z'));
    expect(await refusalOf(smdp, authenticate(await opened(smdp), { matchingId: MATCHING_ID }))).to.equal('8.1.2/6.3 2');
  });
});
