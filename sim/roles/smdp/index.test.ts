import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { tlv } from '#protocol/asn1/tlv.js';
import { ComposeError } from '../../role.js';
import { ADDRESS, initiate, octets, oneTimeKey, prepare, testWorld } from '../rsp-server/test-euicc.js';
import { answerTo, MATCHING_ID, offered, opened, refusalOf, smdpWith } from './test-smdp.js';

describe('the SM-DP+ as an actor', () => {
  it('composes the answer to the request that it took note of, once', async () => {
    const smdp = smdpWith();
    const request = initiate();
    await smdp.take(request);
    const composed = await smdp.compose('InitiateAuthenticationResponse');
    expect(await smdp.react(request)).to.equal(composed);
    expect(smdp.state.sessions).to.have.length(1);
  });

  it('has nothing to send before a request, or of another type', async () => {
    const smdp = smdpWith();
    const failure = async (type: string) =>
      smdp.compose(type).then(
        () => 'composed',
        (cause: unknown) => cause instanceof ComposeError && cause.message,
      );
    expect(await failure('InitiateAuthenticationResponse')).to.contain('no request so far');
    await smdp.take(initiate());
    expect(await failure('CancelSessionResponseEs9')).to.contain('the last request was InitiateAuthenticationRequest');
  });

  it('shows address, activation code and session', async () => {
    const smdp = smdpWith();
    expect(smdp.state).to.include({
      address: ADDRESS,
      oid: '2.999.10',
      activationCode: `1$${ADDRESS}$${MATCHING_ID}`,
      transactionId: undefined,
    });
    expect(smdpWith({ confirmationCode: '1' }).state.activationCode).to.equal(`1$${ADDRESS}$${MATCHING_ID}$$1`);
    await opened(smdp);
    expect(smdp.state.transactionId).to.have.length(16);
    expect(smdp.state.serverChallenge).to.have.length(16);
  });

  it('hands out the keys of the session for messages that are signed anew', async () => {
    const smdp = smdpWith();
    await answerTo(smdp, prepare(await offered(smdp)));
    expect(smdp.signing.keyFor('serverAuth')).to.equal(testWorld().pki.privateKey('CERT_S_SM_DPauth'));
    expect(smdp.signing.keyFor('dpPb')).to.equal(testWorld().pki.privateKey('CERT_S_SM_DPpb'));
    expect(smdp.signing.context().euiccOtpk).to.deep.equal(tlv(0x5f49, oneTimeKey().point));
    expect(smdp.signing.context().euiccSignature1?.subarray(0, 3)).to.deep.equal(octets('5F3740'));
  });

  it('answers a request that is no value of its type with a format error', async () => {
    const smdp = smdpWith();
    const request = initiate();
    const broken = { ...request, message: decode(request.type, request.message.octets.slice(0, 30)) };
    expect(await refusalOf(smdp, broken)).to.equal('1.3.1/2.1 127');
  });

  it('refuses a configuration that cannot be', () => {
    expect(() => smdpWith({ iccid: '1234' })).to.throw(ComposeError, 'iccid: expected 10 octets');
    expect(() => smdpWith({ metadata: { profileNmae: 'x' } })).to.throw(ComposeError, 'profileNmae');
    expect(() => smdpWith({ uppSize: 20 })).to.throw(ComposeError, 'uppSize');
    expect(() => smdpWith({}, { certificates: { pb: 'CERT_NONE' } })).to.throw(ComposeError, 'CERT_NONE');
  });
});
