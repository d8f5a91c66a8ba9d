import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { AuthenticateClientRequestEsipa, InitiateAuthenticationRequestEsipa } from '#protocol/iot/authentication.js';
import { CancelSessionRequestEsipa, CancelSessionResponseEsipa, GetBoundProfilePackageRequestEsipa } from '#protocol/iot/download.js';
import { GetEimPackageResponse } from '#protocol/iot/esipa.js';
import { AuthenticateClientRequest, InitiateAuthenticationResponse } from '#protocol/rsp/es9plus.js';
import { certificate, EID2, octets, registration, SMDP_ADDRESS } from './test-bench.js';

import { bound, CODE, ES9, initiated, offered, ordered, replaced, STEPS, types } from './test-download.js';

describe('eIM: relayed downloads that it refuses', () => {
  const CHALLENGE = octets('00112233445566778899AABBCCDDEEFF');
  const initiate = async (b: ReturnType<typeof ordered>, given: { address?: string; id?: Uint8Array }) => {
    const value = { euiccChallenge: CHALLENGE, smdpAddress: given.address, eimTransactionId: given.id };
    const answer = await b.eim.handle('InitiateAuthenticationRequestEsipa', encode(InitiateAuthenticationRequestEsipa, value));
    return 'message' in answer ? initiated(answer.message.octets).initiateAuthenticationErrorEsipa : answer;
  };

  it('answers invalidEimTransactionId to an id of no download, without asking any server', async () => {
    const b = ordered();
    await b.poll();
    expect(await initiate(b, { id: octets('00DEADBEEF00'), address: SMDP_ADDRESS })).to.equal(52);
    expect(await initiate(b, {})).to.equal(52);
    expect(b.servers.calls).to.deep.equal([]);
  });

  it('answers smdpAddressMismatch to another address than that of the download', async () => {
    const b = ordered();
    const id = (await b.poll()).profileDownloadTriggerRequest?.eimTransactionId;
    expect(id).to.not.equal(undefined);
    if (id) expect(await initiate(b, { id, address: 'other.example' })).to.equal(50);
    expect(b.servers.calls).to.deep.equal([]);
  });

  it('answers undefinedError when it knows no euiccInfo1', async () => {
    const b = ordered();
    const id = (await b.poll()).profileDownloadTriggerRequest?.eimTransactionId;
    if (!id) throw new Error('expected an eimTransactionId');
    expect(await initiate(b, { id })).to.equal(127);
  });

  it('answers smdpAddressMismatch and smdpOidMismatch when the server is not the one expected', async () => {
    const wrongOid = ordered({ order: { smdpOid: '2.999.12' } });
    expect(initiated((await wrongOid.until('InitiateAuthenticationRequestEsipa')).response)).to.deep.equal({
      initiateAuthenticationErrorEsipa: 51,
    });
    expect(wrongOid.order.state).to.equal('failed');
    const wrongAddress = ordered();
    wrongAddress.servers.edit = answer => replaced(answer, SMDP_ADDRESS, 'testsmdpplus2.example.com');
    expect(initiated((await wrongAddress.until('InitiateAuthenticationRequestEsipa')).response)).to.deep.equal({
      initiateAuthenticationErrorEsipa: 50,
    });
    expect(types(wrongAddress)).to.deep.equal(['ES9+ InitiateAuthenticationRequest']);
  });

  it('stops when the server answers to another challenge', async () => {
    const b = ordered();
    b.servers.edit = answer => {
      const { euiccChallenge } = decode(InitiateAuthenticationResponse, answer).value.initiateAuthenticationOk?.serverSigned1 ?? {};
      return replaced(answer, euiccChallenge ?? '', CHALLENGE);
    };
    expect(initiated((await b.until('InitiateAuthenticationRequestEsipa')).response)).to.deep.equal({
      initiateAuthenticationErrorEsipa: 127,
    });
  });

  it('answers invalidTransactionId to a session that it does not know', async () => {
    const b = ordered();
    await b.until('AuthenticateClientRequestEsipa');
    const transactionId = octets('00DEADBEEF00');
    const answerTo = async (name: string, sent: Uint8Array) => {
      const answer = await b.eim.handle(name, sent);
      return 'message' in answer ? hex(answer.message.octets) : answer;
    };
    const response = { authenticateResponseError: { transactionId, authenticateErrorCode: 2 } };
    expect(
      await answerTo(
        'AuthenticateClientRequestEsipa',
        encode(AuthenticateClientRequestEsipa, { transactionId, authenticateServerResponse: response }),
      ),
    ).to.equal('BF3B0382010A');
    const prepared = { downloadResponseError: { transactionId, downloadErrorCode: 2 } };
    expect(
      await answerTo(
        'GetBoundProfilePackageRequestEsipa',
        encode(GetBoundProfilePackageRequestEsipa, { transactionId, prepareDownloadResponse: prepared }),
      ),
    ).to.equal('BF3A0381015F');
    const cancelled = { cancelSessionResponseError: 5 };
    expect(
      await answerTo('CancelSessionRequestEsipa', encode(CancelSessionRequestEsipa, { transactionId, cancelSessionResponse: cancelled })),
    ).to.equal('BF4103810101');
    expect(types(b), 'the server hears nothing of it').to.deep.equal(ES9.slice(0, 2));
  });

  it('relays an error of the eUICC in place of its answer', async () => {
    const b = ordered();
    await b.until('InitiateAuthenticationRequestEsipa');
    const [transactionId = new Uint8Array()] = [b.smdp.state.transactionId].filter(id => id instanceof Uint8Array);
    const authenticateServerResponse = { authenticateResponseError: { transactionId, authenticateErrorCode: 2 } };
    const request = encode(AuthenticateClientRequestEsipa, { transactionId, authenticateServerResponse });
    await b.eim.handle('AuthenticateClientRequestEsipa', request);
    const sent = decode(AuthenticateClientRequest, b.servers.calls.at(-1)?.octets ?? new Uint8Array()).value;
    expect(sent.authenticateServerResponse).to.have.property('authenticateResponseError');
  });

  it('answers eidMismatch when another eUICC than the ordered one authenticates', async () => {
    const b = ordered();
    await b.step('GetEimPackageRequest');
    await b.step('InitiateAuthenticationRequestEsipa');
    const composed = await b.ipa.compose('AuthenticateClientRequestEsipa');
    const swapped = replaced(composed.octets, certificate('CERT_EUICC'), certificate('CERT_EUICC2'));
    const answer = await b.eim.handle('AuthenticateClientRequestEsipa', swapped);
    expect('message' in answer && hex(answer.message.octets)).to.equal('BF3B03820107');
    expect(types(b)).to.deep.equal(ES9.slice(0, 1));
  });

  it('answers euiccSignatureInvalid when what it rebuilds is not what the eUICC signed', async () => {
    for (const [type, answer, broken] of [
      ['AuthenticateClientRequestEsipa', 'BF3B03820105', 'compactAuthenticateResponseOk.euiccSignature1'],
      ['GetBoundProfilePackageRequestEsipa', 'BF3A03810101', 'compactDownloadResponseOk.euiccSignature2'],
    ] as const) {
      const b = ordered({ ipa: { compact: true } });
      b.eim.take(b.record, { dataRequest: {} });
      b.record.packages.reverse();
      await b.step('GetEimPackageRequest');
      await b.step('ProvideEimPackageResult');
      for (const step of STEPS.slice(0, STEPS.indexOf(type))) await b.step(step);
      const composed = await b.ipa.compose(type);
      const found = decode(composed.type, composed.octets);
      const field = type === 'AuthenticateClientRequestEsipa' ? 'authenticateServerResponse' : 'prepareDownloadResponse';
      const signature = fieldOctets(found, `${field}.${broken}`) ?? new Uint8Array();
      const calls = b.servers.calls.length;
      const got = await b.eim.handle(
        type,
        replaced(
          composed.octets,
          signature,
          signature.map((octet, i) => (i === 20 ? octet ^ 1 : octet)),
        ),
      );
      expect('message' in got && hex(got.message.octets)).to.equal(answer);
      expect(b.servers.calls).to.have.length(calls);
      expect(b.order.state).to.equal('failed');
    }
  });

  it('answers euiccSignatureInvalid to a compact cancellation that does not verify', async () => {
    const b = ordered();
    await b.until('AuthenticateClientRequestEsipa');
    const [transactionId = new Uint8Array()] = [b.smdp.state.transactionId].filter(id => id instanceof Uint8Array);
    const compactEuiccCancelSessionSigned = { reason: 1 };
    const compactCancelSessionResponseOk = { compactEuiccCancelSessionSigned, euiccCancelSessionSignature: new Uint8Array(64) };
    const request = encode(CancelSessionRequestEsipa, { transactionId, cancelSessionResponse: { compactCancelSessionResponseOk } });
    const answer = await b.eim.handle('CancelSessionRequestEsipa', request);
    expect('message' in answer && decode(CancelSessionResponseEsipa, answer.message.octets).value).to.deep.equal({ cancelSessionError: 2 });
    expect(b.order.state).to.equal('pending');
  });

  it('does not let a Profile through whose policy rules the eUICC does not allow, and tells the reason of the cancellation', async () => {
    const metadata = { profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: '62F210' } };
    const features = ['indirectRspServerCommunication', 'eimProfileMetadataVerification'];
    const operators = [{ pprIds: ['ppr1'], allowedOperators: [{ mccMnc: '62F210' }], pprFlags: [] }];
    const refused = ordered({ ipa: { features }, register: { ipaCapabilities: features, rat: [] }, profile: { metadata } });
    expect(offered((await refused.until('AuthenticateClientRequestEsipa')).response)).to.deep.equal({ authenticateClientErrorEsipa: 50 });
    await refused.run();
    expect(refused.order).to.deep.include({ state: 'failed', cause: 'pprNotAllowed' });
    const allowed = ordered({ ipa: { features }, register: { ipaCapabilities: features, rat: operators }, profile: { metadata } });
    expect(offered((await allowed.until('AuthenticateClientRequestEsipa')).response)).to.have.property('authenticateClientOkDPEsipa');
  });

  it('answers metadataMismatch when the package holds other metadata than were offered', async () => {
    const b = ordered({ profile: { packageMetadata: { profileName: 'Another' } } });
    expect(bound((await b.until('GetBoundProfilePackageRequestEsipa')).response)).to.deep.equal({ getBoundProfilePackageErrorEsipa: 50 });
    await b.run();
    expect(b.order).to.deep.include({ state: 'failed', cause: 'metadataMismatch' });
  });

  it('keeps sessions of two eUICCs apart', async () => {
    const b = ordered();
    const other = b.eim.register(registration(EID2, 'EUICC2'));
    b.eim.take(other, { download: { activationCode: CODE } });
    const first = initiated((await b.until('InitiateAuthenticationRequestEsipa')).response).initiateAuthenticationOkEsipa?.transactionId;
    const poll = await b.eim.handle('GetEimPackageRequest', octets(`BF4F125A10${EID2}`));
    const id =
      'message' in poll && decode(GetEimPackageResponse, poll.message.octets).value.profileDownloadTriggerRequest?.eimTransactionId;
    expect(id).to.be.instanceOf(Uint8Array);
    await b.run();
    expect([b.order.state, first?.length]).to.deep.equal(['succeeded', 16]);
    expect(other.packages.map(p => p.phase)).to.deep.equal(['outstanding']);
  });
});
