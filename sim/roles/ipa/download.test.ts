import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Type, type ValueOf } from '#protocol/asn1/type.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import * as authentication from '#protocol/iot/authentication.js';
import * as downloads from '#protocol/iot/download.js';
import * as esipa from '#protocol/iot/esipa.js';
import type { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import type { EuiccConfig } from '../euicc/index.js';
import { ICCID1, ICCID3, octets, testEuicc } from '../euicc/test-bench.js';
import { ADDRESS, boundPackage, CTX_PARAMS_1, metadata, offer, proof, TRANSACTION } from '../euicc/test-server.js';
import { createIpa, type IpaConfig } from './index.js';

const CODE = `1$${ADDRESS}$04386-AGYFT`;

/** An IPA with a card, and the eIM's side of the conversation in a few words. */
const setUp = (ipaConfig: Partial<IpaConfig> = {}, euiccConfig: Partial<EuiccConfig> = {}) => {
  const euicc = testEuicc(euiccConfig);
  const ipa = createIpa({ euicc, ...ipaConfig }, euicc.chip.world);
  const take = async <V>(type: Type<V>, value: InputOf<V>) => ipa.take({ type, message: decode(type, encode(type, value)) });
  const sent = async <V>(type: Type<V>): Promise<V> => {
    const message = decode(type, (await ipa.compose(type.name)).octets);
    expect(message.diagnostics).deep.equals([]);
    return message.value;
  };
  const trigger = (
    value: InputOf<ValueOf<typeof ProfileDownloadTriggerRequest>> = {
      profileDownloadData: { activationCode: CODE },
      eimTransactionId: octets('AA'),
    },
  ) => take(esipa.GetEimPackageResponse, { profileDownloadTriggerRequest: value });
  const initiate = async (given: Parameters<typeof proof>[1] = {}, more: object = {}) => {
    const request = await sent(authentication.InitiateAuthenticationRequestEsipa);
    const keyId = euicc.chip.credentials[0].ciPKId;
    const ok = {
      transactionId: TRANSACTION,
      ...proof(request.euiccChallenge, given),
      euiccCiPKIdentifierToBeUsed: keyId.subarray(0, 4),
      ...more,
    };
    await take(authentication.InitiateAuthenticationResponseEsipa, { initiateAuthenticationOkEsipa: ok });
    return request;
  };
  const authenticate = async (more: object = {}, given: Parameters<typeof offer>[1] = {}) => {
    const request = await sent(authentication.AuthenticateClientRequestEsipa);
    const signature = euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array();
    await take(authentication.AuthenticateClientResponseEsipa, { authenticateClientOkDPEsipa: { ...offer(signature, given), ...more } });
    return request;
  };
  const fetch = async (given: Parameters<typeof boundPackage>[1] = {}) => {
    const request = await sent(downloads.GetBoundProfilePackageRequestEsipa);
    const bpp = boundPackage(euicc.chip.memory.session?.otKey?.point ?? new Uint8Array(), given);
    await take(downloads.GetBoundProfilePackageResponseEsipa, { getBoundProfilePackageOkEsipa: { boundProfilePackage: raw(bpp) } });
    return request;
  };
  const result = async () => (await sent(esipa.ProvideEimPackageResult)).eimPackageResult;
  return { euicc, ipa, take, sent, trigger, initiate, authenticate, fetch, result };
};

describe('the simulated IPA, downloading through the eIM', () => {
  it('installs the profile and gives the result to the trigger, message by message', async () => {
    const { euicc, ipa, trigger, initiate, authenticate, fetch, result, take } = setUp();
    await trigger();
    expect((await ipa.next())?.type).equals('InitiateAuthenticationRequestEsipa');
    const first = await initiate();
    expect(first).to.deep.include({ smdpAddress: ADDRESS, eimTransactionId: octets('AA') });
    expect(first.euiccInfo1?.svn).deep.equals(octets('020500'));
    expect((await ipa.next())?.type).equals('AuthenticateClientRequestEsipa');
    const second = await authenticate();
    const signed1 = second.authenticateServerResponse.authenticateResponseOk?.euiccSigned1;
    expect(second.transactionId).deep.equals(TRANSACTION);
    expect(signed1?.ctxParams1.ctxParamsForCommonAuthentication.matchingId).equals('04386-AGYFT');
    expect((await ipa.next())?.type).equals('GetBoundProfilePackageRequestEsipa');
    const third = await fetch();
    expect(third.prepareDownloadResponse.downloadResponseOk?.euiccSigned2.transactionId).deep.equals(TRANSACTION);
    expect((await ipa.next())?.type).equals('ProvideEimPackageResult');
    const { profileDownloadTriggerResult } = await result();
    expect(profileDownloadTriggerResult?.eimTransactionId).deep.equals(octets('AA'));
    const pir = profileDownloadTriggerResult?.profileDownloadTriggerResultData.profileInstallationResult?.profileInstallationResultData;
    expect(pir?.finalResult.successResult).not.equals(undefined);
    await take(esipa.ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    expect(euicc.chip.memory.notifications).deep.equals([]);
    expect(ipa.state).deep.include({ installed: [octets(ICCID3)], transactionId: TRANSACTION, eimTransactionId: octets('AA') });
    expect((await ipa.next())?.type).equals('GetEimPackageRequest');
  });

  it('asks the card once per message, however often a request is composed', async () => {
    const { trigger, initiate, sent, take, euicc } = setUp();
    await trigger();
    await initiate();
    const authenticated = await sent(authentication.AuthenticateClientRequestEsipa);
    expect(await sent(authentication.AuthenticateClientRequestEsipa)).deep.equals(authenticated);
    const signature = euicc.chip.memory.session?.euiccSignature1?.subarray(3) ?? new Uint8Array();
    await take(authentication.AuthenticateClientResponseEsipa, { authenticateClientOkDPEsipa: offer(signature) });
    const prepared = await sent(downloads.GetBoundProfilePackageRequestEsipa);
    expect(await sent(downloads.GetBoundProfilePackageRequestEsipa)).deep.equals(prepared);
  });

  it('can deliver the installation result as a notification', async () => {
    const { ipa, trigger, initiate, authenticate, fetch, sent, euicc } = setUp({ installationResultBy: 'notification' });
    await trigger();
    await initiate();
    await authenticate();
    await fetch();
    expect((await ipa.next())?.type).equals('HandleNotificationEsipa');
    const sentPir = (await sent(esipa.HandleNotificationEsipa)).pendingNotification?.profileInstallationResult;
    expect(sentPir?.profileInstallationResultData.notificationMetadata.seqNumber).equals(1);
    await ipa.delivered();
    expect(euicc.chip.memory.notifications).deep.equals([]);
    expect(ipa.state.results).to.have.nested.property('0.isOpen', false);
    expect((await ipa.next())?.type).equals('GetEimPackageRequest');
  });

  it('uses compact forms throughout when told to, down to the notification of the result', async () => {
    const { trigger, initiate, authenticate, fetch, sent } = setUp({ compact: true, installationResultBy: 'notification' });
    await trigger();
    expect(await initiate()).not.to.have.property('euiccInfo1');
    expect((await authenticate()).authenticateServerResponse).to.have.key('compactAuthenticateResponseOk');
    expect((await fetch()).prepareDownloadResponse).to.have.key('compactDownloadResponseOk');
    const { pendingNotification } = await sent(esipa.HandleNotificationEsipa);
    expect(pendingNotification?.compactProfileInstallationResult?.compactProfileInstallationResultData).to.deep.include({ seqNumber: 1 });
  });

  it('uses ctxParams1, matchingId and hashCc of the eIM, or makes its own', async () => {
    const hash = hashCc('12345', TRANSACTION);
    const supplied = setUp();
    await supplied.trigger({});
    await supplied.initiate({}, { ctxParams1: CTX_PARAMS_1 });
    const { authenticateServerResponse } = await supplied.authenticate({ hashCc: hash });
    expect(authenticateServerResponse.authenticateResponseOk?.euiccSigned1.ctxParams1).deep.equals(CTX_PARAMS_1);
    expect((await supplied.fetch()).prepareDownloadResponse.downloadResponseOk?.euiccSigned2.hashCc).deep.equals(hash);
    const own = setUp({ confirmationCode: '12345' });
    await own.trigger({});
    await own.initiate({}, { matchingId: 'EIM-1' });
    const request = await own.authenticate({}, { ccRequired: true });
    expect(
      request.authenticateServerResponse.authenticateResponseOk?.euiccSigned1.ctxParams1.ctxParamsForCommonAuthentication.matchingId,
    ).equals('EIM-1');
    expect((await own.fetch()).prepareDownloadResponse.downloadResponseOk?.euiccSigned2.hashCc).deep.equals(hash);
  });

  it('reports a trigger that leads nowhere: refused by the server, another server, an emergency', async () => {
    const failed = async (act: (bench: ReturnType<typeof setUp>) => Promise<unknown>, euiccConfig: Partial<EuiccConfig> = {}) => {
      const bench = setUp({}, euiccConfig);
      await bench.trigger();
      await act(bench);
      expect((await bench.ipa.next())?.type).equals('ProvideEimPackageResult');
      return (await bench.result()).profileDownloadTriggerResult?.profileDownloadTriggerResultData.profileDownloadError;
    };
    const refuse = async (bench: ReturnType<typeof setUp>) => {
      await bench.sent(authentication.InitiateAuthenticationRequestEsipa);
      await bench.take(authentication.InitiateAuthenticationResponseEsipa, { initiateAuthenticationErrorEsipa: 1 });
    };
    const undefinedError = { profileDownloadErrorReason: 127 };
    expect(await failed(refuse)).deep.equals(undefinedError);
    expect(await failed(bench => bench.initiate({ address: 'other.example.com' }))).deep.equals(undefinedError);
    expect(
      await failed(bench =>
        bench
          .initiate()
          .then(() => bench.initiate())
          .then(() =>
            bench.take(authentication.InitiateAuthenticationResponseEsipa, {
              initiateAuthenticationOkEsipa: { ...proof(octets('00'.repeat(16))), euiccCiPKIdentifierToBeUsed: octets('') },
            }),
          ),
      ),
    ).deep.equals(undefinedError);
    const emergency = { profiles: [{ iccid: ICCID1, state: 'enabled' as const, ecall: true }] };
    expect(await failed(async () => undefined, emergency)).deep.equals({ profileDownloadErrorReason: 104 });
  });

  it('cancels the session for the reason that the situation has', async () => {
    const reason = async (
      act: (bench: ReturnType<typeof setUp>) => Promise<unknown>,
      ipaConfig: Partial<IpaConfig> = {},
      euiccConfig: Partial<EuiccConfig> = {},
    ) => {
      const bench = setUp(ipaConfig, euiccConfig);
      await bench.trigger();
      await bench.initiate();
      await act(bench);
      expect((await bench.ipa.next())?.type).equals('CancelSessionRequestEsipa');
      const request = await bench.sent(downloads.CancelSessionRequestEsipa);
      expect(await bench.sent(downloads.CancelSessionRequestEsipa)).deep.equals(request);
      await bench.take(downloads.CancelSessionResponseEsipa, { cancelSessionOk: {} });
      expect((await bench.ipa.next())?.type).equals('ProvideEimPackageResult');
      return request.cancelSessionResponse.cancelSessionResponseOk?.euiccCancelSessionSigned.reason ?? request.cancelSessionResponse;
    };
    type Bench = ReturnType<typeof setUp>;
    const refusal = (code: number) => async (bench: Bench) => {
      await bench.sent(authentication.AuthenticateClientRequestEsipa);
      await bench.take(authentication.AuthenticateClientResponseEsipa, { authenticateClientErrorEsipa: code });
    };
    expect(await reason(refusal(50))).equals(3);
    expect(await reason(refusal(8))).equals(127);
    const noPackage = (code: number) => async (bench: Bench) => {
      await bench.authenticate();
      await bench.sent(downloads.GetBoundProfilePackageRequestEsipa);
      await bench.take(downloads.GetBoundProfilePackageResponseEsipa, { getBoundProfilePackageErrorEsipa: code });
    };
    expect(await reason(noPackage(50))).equals(4);
    expect(await reason(noPackage(3))).equals(127);
    const rules = { profileMetaData: raw(metadata({ profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: octets('62F210') } })) };
    const rat = (consentRequired: boolean): Partial<EuiccConfig> => ({
      rat: [{ ppr: ['ppr1'], operators: [{ mccMnc: '62F210' }], consentRequired }],
    });
    expect(await reason(bench => bench.authenticate(rules)), 'rules not allowed').equals(3);
    expect(await reason(bench => bench.authenticate(rules), {}, rat(true)), 'nobody to consent').equals(0);
    const unreadable = async (bench: Bench) => {
      await bench.authenticate();
      await bench.sent(downloads.GetBoundProfilePackageRequestEsipa);
      const initialise = {
        remoteOpId: 1,
        transactionId: TRANSACTION,
        controlRefTemplate: { keyType: octets('88'), keyLen: octets('10'), hostId: octets('01') },
        smdpOtpk: octets('04'),
        smdpSign: octets('00'),
      };
      const boundProfilePackage = { initialiseSecureChannelRequest: initialise, firstSequenceOf87: [], sequenceOf88: [], sequenceOf86: [] };
      await bench.take(downloads.GetBoundProfilePackageResponseEsipa, { getBoundProfilePackageOkEsipa: { boundProfilePackage } });
    };
    expect(await reason(unreadable)).equals(5);
    const minimal = await reason(refusal(50), { compact: true });
    expect(minimal).to.have.nested.property('compactCancelSessionResponseOk.compactEuiccCancelSessionSigned').that.deep.equals({});
  });

  it('leaves the rules to an eIM that verifies them', async () => {
    const { ipa, trigger, initiate, authenticate } = setUp({
      features: ['indirectRspServerCommunication', 'eimDownloadDataHandling', 'eimProfileMetadataVerification'],
    });
    await trigger();
    await initiate();
    await authenticate({ profileMetaData: raw(metadata({ profilePolicyRules: ['ppr1'] })) });
    expect((await ipa.next())?.type).equals('GetBoundProfilePackageRequestEsipa');
  });

  it('goes on to the server that an SM-DS event names, or ends without event', async () => {
    const { ipa, trigger, initiate, sent, take } = setUp();
    await trigger({ profileDownloadData: { contactSmds: { smdsAddress: 'ds.example.com' } }, eimTransactionId: octets('AA') });
    await initiate({ name: 'S_SM_DSauth', address: 'ds.example.com' });
    await sent(authentication.AuthenticateClientRequestEsipa);
    const profileDownloadTrigger = { profileDownloadData: { activationCode: `1$${ADDRESS}$EVENT-1` } };
    await take(authentication.AuthenticateClientResponseEsipa, {
      authenticateClientOkDSEsipa: { transactionId: TRANSACTION, profileDownloadTrigger },
    });
    expect((await ipa.next())?.type).equals('InitiateAuthenticationRequestEsipa');
    expect(await initiate()).to.deep.include({ smdpAddress: ADDRESS, eimTransactionId: octets('AA') });
    await sent(authentication.AuthenticateClientRequestEsipa);
    await take(authentication.AuthenticateClientResponseEsipa, { authenticateClientOkDSEsipa: { transactionId: TRANSACTION } });
    expect((await ipa.next())?.type).equals('ProvideEimPackageResult');
  });

  it('enables the profile at once when told to, and reports that with the next poll', async () => {
    const { ipa, trigger, initiate, authenticate, fetch, sent, euicc } = setUp(
      { immediateEnable: true },
      { immediateEnable: { flag: true, smdpAddress: ADDRESS } },
    );
    await trigger();
    await initiate();
    await authenticate();
    await fetch();
    expect(euicc.state).to.deep.include({ enabledProfile: octets(ICCID3) });
    expect(await sent(esipa.GetEimPackageRequest)).to.deep.include({ notifyStateChange: null, stateChangeCause: 5 });
    expect(ipa.state).deep.include({ stateChangeCause: 'immediateEnableProfile' });
  });

  it('delivers an installation that failed as well', async () => {
    const { trigger, initiate, authenticate, fetch, result, ipa } = setUp({}, { profiles: [{ iccid: ICCID3 }] });
    await trigger();
    await initiate();
    await authenticate();
    await fetch();
    const data = (await result()).profileDownloadTriggerResult?.profileDownloadTriggerResultData.profileInstallationResult
      ?.profileInstallationResultData;
    expect(data?.finalResult.errorResult).deep.equals({ bppCommandId: 2, errorReason: 9 });
    expect(ipa.state).deep.include({ installed: [] });
    expect(hex(data?.notificationMetadata.iccid ?? new Uint8Array())).equals(ICCID3);
  });
});
