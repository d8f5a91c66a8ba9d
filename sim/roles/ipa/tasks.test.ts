import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, hex, tlv } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Type, type ValueOf } from '#protocol/asn1/type.js';
import {
  GetEimPackageRequest,
  GetEimPackageResponse,
  HandleNotificationEsipa,
  ProvideEimPackageResult,
  ProvideEimPackageResultResponse,
  TransferEimPackageRequest,
  TransferEimPackageResponse,
} from '#protocol/iot/esipa.js';
import { type Composed, ComposeError } from '../../role.js';
import type { EuiccConfig } from '../euicc/index.js';
import { EID1, ICCID1, ICCID2, octets, signedPackage, testEim, testEuicc } from '../euicc/test-bench.js';
import { createIpa, type Ipa, type IpaConfig } from './index.js';

const eim = testEim();
const DP = 'testsmdpplus1.example.com';
const profiles: NonNullable<EuiccConfig['profiles']> = [
  { iccid: ICCID1, state: 'enabled' },
  { iccid: ICCID2, notify: [{ address: DP, events: ['enable', 'delete'] }] },
];

const setUp = (ipaConfig: Partial<IpaConfig> = {}, euiccConfig: Partial<EuiccConfig> = {}) => {
  const euicc = testEuicc({ profiles, ...euiccConfig });
  return { euicc, ipa: createIpa({ euicc, ...ipaConfig }, euicc.chip.world) };
};
const take = <V>(ipa: Ipa, type: Type<V>, value: InputOf<V>) => takeOctets(ipa, type, encode(type, value));
const takeOctets = (ipa: Ipa, type: Type, data: Uint8Array) => ipa.take({ type, message: decode(type, data) });
const give = (ipa: Ipa, bf51: Uint8Array) => take(ipa, GetEimPackageResponse, { euiccPackageRequest: raw(bf51) });
const read = <V>(type: Type<V>, composed: Composed): V => {
  const message = decode(type, composed.octets);
  expect(message.diagnostics).deep.equals([]);
  return message.value;
};
const result = async (ipa: Ipa): Promise<ValueOf<typeof ProvideEimPackageResult>> =>
  read(ProvideEimPackageResult, await ipa.compose('ProvideEimPackageResult'));
const enable = (counter: number, rollback = false) =>
  signedPackage(eim, {
    counter,
    trid: `0${counter}`,
    psmo: [{ enable: { iccid: octets(ICCID2), ...(rollback && { rollbackFlag: null }) } }],
  });
const openResults = (ipa: Ipa) => (Array.isArray(ipa.state.results) ? ipa.state.results : ['none']).filter(r => r.isOpen);
const list = (counter: number) => signedPackage(eim, { counter, psmo: [{ getRAT: {} }] });

describe('the simulated IPA, with eIM packages', () => {
  it('polls with the EID, and reports a state change until an answer came', async () => {
    const { ipa } = setUp({ stateChangeCause: 'fallback', rPlmn: '62F210' });
    const poll = async () => read(GetEimPackageRequest, await ipa.compose('GetEimPackageRequest'));
    const first = { eidValue: octets(EID1), notifyStateChange: null, stateChangeCause: 1, rPLMN: octets('62F210') };
    expect(await poll()).deep.equals(first);
    expect(await poll()).deep.equals(first);
    await take(ipa, GetEimPackageResponse, { eimPackageError: 1 });
    expect(await poll()).deep.equals({ eidValue: octets(EID1), rPLMN: octets('62F210') });
  });

  it('takes the cause of a state change by number as well', async () => {
    const { ipa } = setUp({ stateChangeCause: 0 });
    expect(read(GetEimPackageRequest, await ipa.compose('GetEimPackageRequest'))).to.deep.include({
      notifyStateChange: null,
      stateChangeCause: 0,
    });
  });

  it('runs a package once and forwards the result unchanged, with the notifications it caused', async () => {
    const { ipa, euicc } = setUp();
    await give(ipa, enable(1));
    const sent = await result(ipa);
    expect(await result(ipa)).deep.equals(sent);
    const stored = euicc.chip.memory.results.map(r => r.octets);
    expect(stored).to.have.length(1);
    const { ePRAndNotifications } = sent.eimPackageResult;
    expect(sent.eidValue).deep.equals(octets(EID1));
    expect(ePRAndNotifications?.euiccPackageResult.euiccPackageResultSigned?.euiccPackageResultDataSigned).deep.include({
      seqNumber: 1,
      eimTransactionId: octets('01'),
    });
    expect(ePRAndNotifications?.notificationList.map(n => n.otherSignedNotification?.tbsOtherNotification.seqNumber)).deep.equals([2]);
    const composed = await ipa.compose('ProvideEimPackageResult');
    expect(hex(composed.octets)).to.include(hex(stored[0] ?? new Uint8Array()));
  });

  it('sends the result alone when nothing is pending, when told to, and for operations on eIMs', async () => {
    const alone = setUp();
    await give(alone.ipa, list(1));
    expect((await result(alone.ipa)).eimPackageResult).to.have.key('euiccPackageResult');
    const separate = setUp({ pendingWithResult: false, eidInResult: false });
    await give(separate.ipa, enable(1));
    const sent = await result(separate.ipa);
    expect(sent.eimPackageResult).to.have.key('euiccPackageResult');
    expect(sent).not.to.have.property('eidValue');
    const eco = setUp();
    await give(eco.ipa, enable(1));
    await result(eco.ipa);
    await take(eco.ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    await give(eco.ipa, signedPackage(eim, { counter: 2, eco: [{ listEim: {} }] }));
    expect((await result(eco.ipa)).eimPackageResult).to.have.key('euiccPackageResult');
  });

  it('removes exactly what the eIM acknowledged', async () => {
    const { ipa, euicc } = setUp();
    await give(ipa, enable(1));
    await result(ipa);
    await take(ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [1, 77] });
    expect(euicc.chip.memory.results).deep.equals([]);
    expect(euicc.chip.memory.notifications.map(n => n.seqNumber)).deep.equals([2]);
    expect(ipa.state).deep.include({ acknowledged: [1, 77] });
    expect(openResults(ipa)).deep.equals([]);
  });

  it('keeps a result that was not acknowledged and sends it again when nothing newer waits', async () => {
    for (const refusal of [{ emptyResponse: {} }, { provideEimPackageResultError: 127 }]) {
      const { ipa, euicc } = setUp();
      await give(ipa, list(1));
      const first = await result(ipa);
      await take(ipa, ProvideEimPackageResultResponse, refusal);
      expect(euicc.chip.memory.results).to.have.length(1);
      expect(await result(ipa)).deep.equals(first);
      await give(ipa, list(2));
      expect(
        (await result(ipa)).eimPackageResult.euiccPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned.counterValue,
      ).equals(2);
      await take(ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [2] });
      expect(await result(ipa)).deep.equals(first);
    }
  });

  it('delivers several results oldest first, and results that the card keeps from before', async () => {
    const { ipa, euicc } = setUp();
    await give(ipa, list(1));
    await give(ipa, list(2));
    const counter = async (from: Ipa) =>
      (await result(from)).eimPackageResult.euiccPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned.counterValue;
    expect(await counter(ipa)).equals(1);
    expect(euicc.chip.memory.results).to.have.length(2);
    const restarted = createIpa({ euicc }, euicc.chip.world);
    expect(await counter(restarted)).equals(1);
    await take(ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    expect(await counter(ipa)).equals(2);
  });

  it('does not run a package that is handed out again, and sends its result once more', async () => {
    const { ipa, euicc } = setUp();
    const command = list(1);
    await give(ipa, command);
    const first = await result(ipa);
    await give(ipa, command.slice());
    const again = signedPackage(eim, { counter: 1, psmo: [{ getRAT: {} }] });
    expect(await result(ipa)).deep.equals(first);
    await take(ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    await give(ipa, again);
    expect(
      (await result(ipa)).eimPackageResult.euiccPackageResult?.euiccPackageErrorSigned?.euiccPackageErrorDataSigned.euiccPackageErrorCode,
    ).equals(4);
    await take(ipa, ProvideEimPackageResultResponse, { emptyResponse: {} });
    expect(openResults(ipa)).deep.equals([]);
    expect(euicc.chip.memory.results).deep.equals([]);
  });

  it('answers what it cannot handle with an error object that echoes the transaction where it can be read', async () => {
    const error = async (data: Uint8Array) => {
      const { ipa } = setUp();
      await takeOctets(ipa, GetEimPackageResponse, tlv(0xbf4f, data));
      return (await result(ipa)).eimPackageResult.eimPackageResultResponseError;
    };
    expect(await error(octets('BF7003800101'))).deep.equals({ eimPackageResultErrorCode: 2 });
    expect(await error(octets('BF5205 0401AA 8300'))).deep.equals({ eimPackageResultErrorCode: 1 });
    expect(await error(octets('BF5205 0401AA 830107'))).deep.equals({ eimPackageResultErrorCode: 1 });
    expect(await error(octets('BF5403 820107'))).equals(undefined);
    expect(await error(concat(octets('BF540B A006 8004 32244124 820107')))).deep.equals({
      eimTransactionId: octets('07'),
      eimPackageResultErrorCode: 1,
    });
    expect(await error(octets('BF51020500'))).deep.equals({ eimPackageResultErrorCode: 127 });
  });

  it('notifies the oldest notification first, and a result when there is none', async () => {
    const { ipa, euicc } = setUp({ pendingWithResult: false });
    await give(ipa, enable(1));
    const first = read(HandleNotificationEsipa, await ipa.compose('HandleNotificationEsipa'));
    expect(first.pendingNotification?.otherSignedNotification?.tbsOtherNotification).deep.include({
      seqNumber: 2,
      notificationAddress: DP,
    });
    await ipa.delivered();
    expect(euicc.chip.memory.notifications).deep.equals([]);
    const second = read(HandleNotificationEsipa, await ipa.compose('HandleNotificationEsipa'));
    expect(second.provideEimPackageResult?.eimPackageResult).to.have.key('euiccPackageResult');
  });

  it('says what it lacks when nothing leads to a message', async () => {
    const { ipa } = setUp();
    for (const type of [
      'ProvideEimPackageResult',
      'HandleNotificationEsipa',
      'AuthenticateClientRequestEsipa',
      'GetBoundProfilePackageRequestEsipa',
      'GetEimPackageResponse',
    ]) {
      const error: unknown = await ipa.compose(type).catch((e: unknown) => e);
      expect(error, type).instanceOf(ComposeError);
    }
  });

  it('rolls back when the result cannot be delivered, and then delivers the new one', async () => {
    const { ipa, euicc } = setUp();
    expect(await ipa.rollBack()).equals(false);
    await give(ipa, enable(1, true));
    await result(ipa);
    expect(await ipa.rollBack()).equals(true);
    expect(await ipa.rollBack()).equals(false);
    const data = (await result(ipa)).eimPackageResult.euiccPackageResult?.euiccPackageResultSigned?.euiccPackageResultDataSigned;
    expect(data?.euiccResult).deep.equals([{ enableResult: 0 }, { rollbackResult: 0 }]);
    expect(euicc.state).deep.include({ enabledProfile: octets(ICCID1), seqNumber: 3 });
    expect(data?.seqNumber).equals(3);
  });

  it('as a server runs what it is given and takes acknowledgements', async () => {
    const { ipa, euicc } = setUp();
    const transfer = async (value: InputOf<ValueOf<typeof TransferEimPackageRequest>>) => {
      const data = encode(TransferEimPackageRequest, value);
      const answer = await ipa.react({ type: TransferEimPackageRequest, message: decode(TransferEimPackageRequest, data) });
      if (!answer) throw new Error('expected an answer');
      return read(TransferEimPackageResponse, answer);
    };
    expect(await transfer({ euiccPackageRequest: raw(enable(1)) })).to.have.key('ePRAndNotifications');
    expect(await transfer({ eimAcknowledgements: [1, 2] })).deep.equals({ eimPackageReceived: null });
    expect(euicc.chip.memory).deep.include({ results: [], notifications: [] });
    expect(await transfer({ ipaEuiccDataRequest: { tagList: octets('A8') } })).to.have.key('ipaEuiccDataResponse');
    expect(await transfer({ profileDownloadTriggerRequest: {} })).deep.equals({ eimPackageReceived: null });
    expect((await ipa.next())?.type).equals('InitiateAuthenticationRequestEsipa');
    expect(await transfer({ profileDownloadTriggerRequest: { profileDownloadData: { activationCode: 'x' } } })).deep.equals({
      eimPackageError: 1,
    });
  });

  it('says what comes next, from poll to poll', async () => {
    const { ipa } = setUp({ pendingWithResult: false });
    expect((await ipa.next())?.type).equals('GetEimPackageRequest');
    await give(ipa, enable(1));
    expect((await ipa.next())?.type).equals('ProvideEimPackageResult');
    await result(ipa);
    await take(ipa, ProvideEimPackageResultResponse, { eimAcknowledgements: [1] });
    expect((await ipa.next())?.type).equals('HandleNotificationEsipa');
    await ipa.compose('HandleNotificationEsipa');
    await ipa.delivered();
    expect((await ipa.next())?.type).equals('GetEimPackageRequest');
    await take(ipa, GetEimPackageResponse, { eimPackageError: 1 });
    expect((await ipa.next())?.type).equals(undefined);
  });
});
