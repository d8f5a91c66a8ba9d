import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, hex } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { PrepareDownloadResponse } from '#protocol/iot/download.js';
import { GetCertsRequest } from '#protocol/iot/es10b.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { GetEuiccChallengeResponse } from '#protocol/rsp/authentication.js';
import { PrepareDownloadRequest, SmdpSigned2 } from '#protocol/rsp/download.js';
import { es10FunctionNamed, LOAD_PROFILE } from '../../bindings/es10.js';
import { ComposeError } from '../../role.js';
import { createEimActor, type EimActor } from '../eim/actor.js';
import { createEuicc } from '../euicc/index.js';
import { EID1, ICCID1, octets, PKI, testWorld } from '../euicc/test-bench.js';
import { createSmdp } from '../smdp/index.js';
import { type CardUser, type CardUserConfig, createCardUser } from './index.js';

const key = PKI.privateKey('SK_S_EIMsign');
const smdpAddress = 'testsmdpplus1.example.com';

/** A card, an eIM, an SM-DP+, and the IPA between them. */
const setUp = (config: CardUserConfig = {}, withServer = true) => {
  const world = testWorld();
  const euicc = createEuicc({ eid: EID1, curve: 'both' }, world);
  if (!key) throw new Error('no signing key');
  const eim: EimActor = createEimActor({ fqdn: 'eim.example.com' }, world, {
    servers: { call: async () => ({ failure: 'no server' }) },
    signingKey: key,
    otherSigningKeys: [],
    tlsPublicKey: undefined,
    protocols: ['eimRetrieveHttps'],
    anchors: ['CERT_CI', 'CERT_CI_BRP'].flatMap(name => PKI.certificate(name) ?? []),
    later: () => undefined,
  });
  const [credential] = euicc.chip.credentials;
  eim.manage({
    eid: EID1,
    euiccCertificate: hex(credential?.euiccCertificate ?? new Uint8Array()),
    eumCertificate: hex(credential?.eumCertificate ?? new Uint8Array()),
  });
  const smdp = createSmdp({ address: smdpAddress, profiles: [{ iccid: ICCID1, matchingId: 'TOKEN', uppSize: 200 }] }, world);
  const euiccInfo1 = euicc.execute(octets('BF2000')).octets;
  const ipa = createCardUser(config, { eid: octets(EID1), euiccInfo1, eims: [eim], server: withServer ? smdp : undefined }, world);
  return { euicc, eim, smdp, ipa };
};

/** Sends what the IPA composes to the card, and gives the IPA what the card answers. */
const ask = async ({ euicc, ipa }: ReturnType<typeof setUp>, type: string) => {
  const { octets: command } = await ipa.compose(type);
  ipa.sent?.({ type: (es10FunctionNamed(type) ?? LOAD_PROFILE).request, octets: command });
  const answer = euicc.execute(command);
  const of = type === LOAD_PROFILE.request.name ? LOAD_PROFILE : es10FunctionNamed(type);
  if (!of) throw new Error(`no ${type}`);
  const message = decode(of.response, answer.octets);
  await ipa.take({ type: of.response, message });
  return message.value;
};
const failure = async (ipa: CardUser, type: string): Promise<string> => {
  try {
    await ipa.compose(type);
  } catch (error) {
    expect(error).to.be.instanceOf(ComposeError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error(`${type} was composed`);
};

describe('the IPA towards a card under test', () => {
  it('associates the eIMs of the case and has the card execute what they sign', async () => {
    const lab = setUp();
    expect(await ask(lab, 'AddInitialEimRequest')).to.have.property('addInitialEimOk');
    const result = await ask(lab, 'EuiccPackageRequest');
    expect(result).to.have.nested.property('euiccPackageResultSigned.euiccPackageResultDataSigned.counterValue', 1);
    expect(lab.eim.eim.context.orders.values().next().value).to.include({ state: 'succeeded' });
    expect(await ask(lab, 'EuiccPackageRequest')).to.have.nested.property(
      'euiccPackageResultSigned.euiccPackageResultDataSigned.counterValue',
      2,
    );
  });

  it('downloads from the server of the case, each command built on the answer before', async () => {
    const lab = setUp();
    await ask(lab, 'GetEuiccChallengeRequest');
    expect(await ask(lab, 'AuthenticateServerRequest')).to.have.property('authenticateResponseOk');
    expect(await ask(lab, 'PrepareDownloadRequest')).to.have.property('downloadResponseOk');
    expect(await ask(lab, 'BoundProfilePackage')).to.have.nested.property('profileInstallationResultData.finalResult.successResult');
    expect(lab.euicc.chip.memory.profiles).to.have.length(1);
    expect(lab.smdp.notifications[0]).to.include({ kind: 'profileInstallationResult', genuine: true });
    expect(lab.ipa.state).to.include({ serverAddress: smdpAddress, ccRequired: false });
  });

  it('lets the SM-DP+ stand by an offer that was changed and signed anew on its way to the card', async () => {
    const lab = setUp();
    const { ipa, smdp, euicc } = lab;
    for (const type of ['GetEuiccChallengeRequest', 'AuthenticateServerRequest']) await ask(lab, type);
    const { octets: composed } = await ipa.compose('PrepareDownloadRequest');
    const pbKey = smdp.signing.keyFor('dpPb');
    const { smdpSigned2, ...rest } = decode(PrepareDownloadRequest, composed).value;
    const signed = encode(SmdpSigned2, { ...smdpSigned2, bppEuiccOtpk: new Uint8Array(65).fill(4) });
    const covered = concat(signed, smdp.signing.context().euiccSignature1 ?? octets(''));
    const smdpSignature2 = pbKey ? sign(pbKey, covered) : octets('');
    const changed = encode(PrepareDownloadRequest, { ...rest, smdpSigned2: raw(signed), smdpSignature2 });
    ipa.sent?.({ type: PrepareDownloadRequest, octets: changed });
    await ipa.take({ type: PrepareDownloadResponse, message: decode(PrepareDownloadResponse, euicc.execute(changed).octets) });
    expect(hex(smdp.signing.context().smdpSignature2 ?? octets(''))).to.equal(`5F3740${hex(smdpSignature2)}`);
    expect(await ask(lab, 'BoundProfilePackage')).to.have.nested.property('profileInstallationResultData.finalResult.successResult');
  });

  it('names the notification to remove that it saw last', async () => {
    const lab = setUp();
    for (const type of ['GetEuiccChallengeRequest', 'AuthenticateServerRequest', 'PrepareDownloadRequest', 'BoundProfilePackage'])
      await ask(lab, type);
    await ask(lab, 'RetrieveNotificationsListRequest');
    expect(await ask(lab, 'NotificationSentRequest')).to.deep.equal({ deleteNotificationStatus: 0 });
  });

  it('says what is missing for a command that builds on another', async () => {
    const { ipa } = setUp();
    expect(await failure(ipa, 'PrepareDownloadRequest')).to.equal('PrepareDownloadRequest needs an AuthenticateServerResponse before it');
    expect(await failure(ipa, 'BoundProfilePackage')).to.equal('BoundProfilePackage needs a PrepareDownloadResponse before it');
    expect(await failure(ipa, 'SetDefaultDpAddressRequest')).to.match(/fields that only the script can state/);
    expect(await failure(ipa, 'GetEimPackageRequest')).to.equal('GetEimPackageRequest is no command of ES10');
    const without = setUp({}, false);
    expect(await failure(without.ipa, 'AuthenticateServerRequest')).to.equal(
      'AuthenticateServerRequest needs an SM-DP+ or SM-DS in the case',
    );
  });

  it('says why a server opens no session', async () => {
    const refused = (info: string) => {
      const world = testWorld();
      const server = createSmdp({ address: smdpAddress }, world);
      return failure(
        createCardUser({}, { eid: octets(EID1), euiccInfo1: octets(info), eims: [], server }, world),
        'AuthenticateServerRequest',
      );
    };
    const ids = `A916041400112233445566778899AABBCCDDEEFF00112233AA16041400112233445566778899AABBCCDDEEFF00112233`;
    expect(await refused(`BF20358203020500${ids}`)).to.match(/opens no session: it has no CI in common/);
    expect(await refused(`BF20358203030100${ids}`)).to.match(/opens no session: it does not support the SVN/);
  });

  it('tells what the certificates of the card are worth, and for which CIs it has not asked yet', async () => {
    const lab = setUp();
    const [first, second] = lab.euicc.chip.credentials;
    expect(lab.ipa.state.chainsLeft).to.deep.equal([first?.ciPKId, second?.ciPKId]);
    await ask(lab, 'GetCertsRequest');
    expect(lab.ipa.state.chain).to.deep.equal({ eid: EID1, curve: 'P-256', ciPKId: first?.ciPKId });
    lab.ipa.sent?.({ type: GetCertsRequest, octets: encode(GetCertsRequest, { euiccCiPKId: first?.ciPKId ?? octets('') }) });
    expect(lab.ipa.state.chainsLeft).to.deep.equal([second?.ciPKId]);
  });

  it('tells what the certificates are worth that stand beside the proof of the card', async () => {
    const lab = setUp();
    await ask(lab, 'GetEuiccChallengeRequest');
    await ask(lab, 'AuthenticateServerRequest');
    expect(lab.ipa.state.chain).to.deep.equal({ eid: EID1, curve: 'P-256', ciPKId: lab.euicc.chip.credentials[0]?.ciPKId });
  });

  it('counts every challenge of the card once', async () => {
    const lab = setUp();
    await ask(lab, 'GetEuiccChallengeRequest');
    await ask(lab, 'GetEuiccChallengeRequest');
    expect(lab.ipa.state.challenges).to.have.length(2);
    const message = decode(GetEuiccChallengeResponse, octets(`BF2E128010${'11'.repeat(16)}`));
    for (let time = 0; time < 2; time++) await lab.ipa.take({ type: GetEuiccChallengeResponse, message });
    expect(lab.ipa.state.challenges).to.have.length(3);
  });

  it('goes on with an association from before, with the larger of the counters', async () => {
    const lab = setUp();
    await ask(lab, 'AddInitialEimRequest');
    const [eim] = lab.euicc.chip.memory.eims;
    if (!eim) throw new Error('no eIM');
    Object.assign(eim, { counterValue: 40, associationToken: 9 });
    await ask(lab, 'GetEimConfigurationDataRequest');
    expect(lab.eim.associationToken).to.equal(9);
    expect(lab.eim.state.counter).to.equal(40);
    expect(await ask(lab, 'EuiccPackageRequest')).to.have.nested.property(
      'euiccPackageResultSigned.euiccPackageResultDataSigned.counterValue',
      41,
    );
    eim.counterValue = 3;
    await ask(lab, 'GetEimConfigurationDataRequest');
    expect(lab.eim.state.counter).to.equal(41);
  });

  it('does not count a package in the name of nobody, and begins anew with a new association', async () => {
    const lab = setUp();
    await ask(lab, 'AddInitialEimRequest');
    const counterOf = async () => {
      const { octets: command } = await lab.ipa.compose('EuiccPackageRequest');
      return decode(EuiccPackageRequest, command).value.euiccPackageSigned.counterValue;
    };
    const { octets: composed } = await lab.ipa.compose('EuiccPackageRequest');
    const { euiccPackageSigned, eimSignature } = decode(EuiccPackageRequest, composed).value;
    const named = (eimId: string) =>
      encode(EuiccPackageRequest, { euiccPackageSigned: { ...euiccPackageSigned, eimId, counterValue: 90 }, eimSignature });
    lab.ipa.sent?.({ type: EuiccPackageRequest, octets: named('testeim2') });
    expect(await counterOf()).to.equal(1);
    lab.ipa.sent?.({ type: EuiccPackageRequest, octets: named('testeim1') });
    expect(await counterOf()).to.equal(90);
    lab.euicc.chip.memory.eims = [];
    await ask(lab, 'AddInitialEimRequest');
    lab.eim.countsFrom(0);
    expect(await counterOf()).to.equal(1);
  });

  it('says so when the eIM is not associated any more, until it is again', async () => {
    const lab = setUp();
    await ask(lab, 'AddInitialEimRequest');
    const record = [...lab.eim.eim.context.euiccs.values()][0];
    if (!record) throw new Error('no record');
    record.associated = false;
    expect(await failure(lab.ipa, 'EuiccPackageRequest')).to.equal('the eIM has no eUICC package for this card');
    lab.eim.associated(undefined);
    expect(await ask(lab, 'EuiccPackageRequest')).to.have.property('euiccPackageResultSigned');
  });
});
