import { expect } from 'chai';
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { InputOf, Type, ValueOf } from '#protocol/asn1/type.js';
import { GetEimPackageResponse, ProvideEimPackageResult } from '#protocol/iot/esipa.js';
import type { ProfileDownloadData } from '#protocol/iot/trigger.js';
import * as es9 from '#protocol/rsp/es9plus.js';
import type { Actor } from '../../role.js';
import type { EuiccConfig } from '../euicc/index.js';
import { EID1, ICCID1, ICCID2, octets, testEim, testEuicc, testWorld } from '../euicc/test-bench.js';
import type { ProfileConfig } from '../smdp/config.js';
import { createSmdp } from '../smdp/index.js';
import { createSmds, type SmdsConfig } from '../smds/index.js';
import { createIpa, type IpaConfig } from './index.js';

const DP = 'testsmdpplus1.example.com';
const DS = 'testrootsmds.example.com';
const CODE = `1$${DP}$AB-1`;
const DIRECT: Partial<IpaConfig> = { features: ['directRspServerCommunication'] };

interface Given {
  readonly ipa?: Partial<IpaConfig>;
  readonly euicc?: Partial<EuiccConfig>;
  readonly profile?: Partial<ProfileConfig>;
  readonly events?: SmdsConfig['events'];
}

/** An IPA between its card, an SM-DP+ and an SM-DS; `run` carries out what is due until something is for the eIM. */
const setUp = ({ ipa: ipaConfig = {}, euicc: euiccConfig = {}, profile = {}, events = [] }: Given = {}) => {
  const world = testWorld();
  const euicc = testEuicc(euiccConfig, world);
  const profiles = [
    { iccid: ICCID1, matchingId: 'AB-1', ...profile },
    { iccid: ICCID2, matchingId: 'AB-2' },
  ];
  const smdp = createSmdp({ address: DP, profiles }, world);
  const smds = createSmds({ address: DS, events }, world);
  const servers = new Map<string, Pick<Actor, 'react'>>([
    [DP, smdp],
    [DS, smds],
  ]);
  const ipa = createIpa({ euicc, ...ipaConfig }, world);
  const take = <V>(type: Type<V>, value: InputOf<V>) => ipa.take({ type, message: decode(type, encode(type, value)) });
  const run = async (silent?: string): Promise<readonly string[]> => {
    const sent: string[] = [];
    for (let next = await ipa.next(); next && next.interface !== 'ESipa'; next = await ipa.next()) {
      sent.push(`${next.interface} ${next.type} ${next.address}`);
      const { type, octets: request } = await ipa.compose(next.type);
      const answer = await servers.get(next.address)?.react({ type, message: decode(type, request) });
      if (next.type === 'HandleNotification' && next.address === silent) ipa.failed(next.type);
      else if (next.type === 'HandleNotification') await ipa.delivered();
      else if (answer && 'octets' in answer) await ipa.take({ type: answer.type, message: decode(answer.type, answer.octets) });
      else ipa.failed(next.type);
      if (sent.length > 30) throw new Error(sent.join('\n'));
    }
    return sent;
  };
  const trigger = (profileDownloadData: InputOf<ValueOf<typeof ProfileDownloadData>>) =>
    take(GetEimPackageResponse, { profileDownloadTriggerRequest: { profileDownloadData, eimTransactionId: octets('AA') } });
  const result = async () => {
    const { eimPackageResult } = decode(ProvideEimPackageResult, (await ipa.compose('ProvideEimPackageResult')).octets).value;
    return eimPackageResult.profileDownloadTriggerResult ?? eimPackageResult.eimPackageResultResponseError;
  };
  return { ipa, euicc, smdp, smds, take, run, trigger, result };
};

const FULL = ['InitiateAuthenticationRequest', 'AuthenticateClientRequest', 'GetBoundProfilePackageRequest', 'HandleNotification'];
const at = (address: string, types: readonly string[], over = 'ES9+') => types.map(type => `${over} ${type} ${address}`);

describe('the simulated IPA, downloading from the SM-DP+ itself', () => {
  it('repeats a download whose package got lost before it reached the card, with the same one-time key', async () => {
    const { ipa, smdp, euicc } = setUp({ ipa: { activationCode: CODE, losesPackages: 1 } });
    const ask = async (request: string) => {
      const { type, octets: sent } = await ipa.compose(request);
      const answer = await smdp.react({ type, message: decode(type, sent) });
      if (answer) await ipa.take({ type: answer.type, message: decode(answer.type, answer.octets) });
    };
    const download = async () => {
      for (const request of FULL.slice(0, 3)) await ask(request);
      return ipa.state;
    };
    expect(await download()).to.include({ failure: 'the package got lost before it reached the card', bppEuiccOtpk: undefined });
    expect(euicc.chip.memory.profiles).deep.equals([]);
    const { bppEuiccOtpk, offeredMetadata, deliveredMetadata, installed } = await download();
    expect(bppEuiccOtpk).deep.equals(smdp.orders[0]?.binding?.euiccOtpk);
    expect([installed, offeredMetadata]).deep.equals([[octets(ICCID1)], smdp.orders[0]?.metadata]);
    expect(deliveredMetadata).deep.equals(offeredMetadata);
  });

  it('installs what an activation code names, without any eIM', async () => {
    const { ipa, euicc, smdp, run } = setUp({ ipa: { activationCode: CODE } });
    expect(await run()).deep.equals(at(DP, FULL));
    expect(smdp.orders[0]?.state).equals('installed');
    expect(euicc.chip.memory.profiles.map(p => hex(p.iccid))).deep.equals([ICCID1]);
    expect(euicc.chip.memory.notifications).deep.equals([]);
    expect(ipa.state).to.deep.include({ failure: undefined, installed: [octets(ICCID1)] });
  });

  it('composes at once what a script asks for, from address and matchingId or from the card', async () => {
    const configured = setUp({ ipa: { smdpAddress: DP, matchingId: 'AB-1' } });
    const first = decode(es9.InitiateAuthenticationRequest, (await configured.ipa.compose('InitiateAuthenticationRequest')).octets);
    expect(first.diagnostics).deep.equals([]);
    expect(first.value.smdpAddress).equals(DP);
    const again = await configured.ipa.compose('InitiateAuthenticationRequest');
    expect(decode(es9.InitiateAuthenticationRequest, again.octets).value.euiccChallenge).not.deep.equals(first.value.euiccChallenge);
    const fromCard = setUp({ euicc: { defaultDpAddress: DP } });
    const request = await fromCard.ipa.compose('InitiateAuthenticationRequest');
    expect(decode(es9.InitiateAuthenticationRequest, request.octets).value.smdpAddress).equals(DP);
  });

  it('says what is missing when a message is asked for too early', async () => {
    const { ipa } = setUp({ ipa: { smdpAddress: DP } });
    for (const type of ['AuthenticateClientRequest', 'GetBoundProfilePackageRequest', 'CancelSessionRequestEs9', 'HandleNotification'])
      expect(await ipa.compose(type).catch((cause: unknown) => (cause as Error).message), type).to.match(/needs|nothing to notify/);
    const nowhere = setUp();
    expect(await nowhere.ipa.compose('InitiateAuthenticationRequest').catch((cause: unknown) => (cause as Error).message)).to.match(
      /knows no server/,
    );
    const malformed = setUp({ ipa: { activationCode: '2$x' } });
    expect(await malformed.ipa.compose('InitiateAuthenticationRequest').catch((cause: unknown) => (cause as Error).message)).to.match(
      /activationCode: expected/,
    );
  });

  it('carries out a trigger and tells server and eIM the result', async () => {
    const { trigger, run, result, ipa } = setUp({ ipa: DIRECT });
    await trigger({ activationCode: CODE });
    expect(await run()).deep.equals(at(DP, FULL));
    expect(await ipa.next()).deep.equals({ type: 'ProvideEimPackageResult', interface: 'ESipa' });
    expect(await result()).to.have.nested.property('profileDownloadTriggerResultData.profileInstallationResult');
  });

  it('goes directly or through the eIM as the eIM relays or not', async () => {
    const features = ['directRspServerCommunication', 'indirectRspServerCommunication'];
    for (const indirectProfileDownload of [true, false]) {
      const { eimId, publicKey } = testEim();
      const eims = [{ eimId, publicKey, indirectProfileDownload }];
      const { trigger, ipa } = setUp({ ipa: { features }, euicc: { eims } });
      await trigger({ activationCode: CODE });
      expect((await ipa.next())?.interface).equals(indirectProfileDownload ? 'ESipa' : 'ES9+');
    }
  });

  it('asks the default SM-DP+ without matchingId, and refuses the trigger when the card has none', async () => {
    const withDefault = setUp({ ipa: DIRECT, euicc: { defaultDpAddress: DP }, profile: { matchingId: '', eid: EID1 } });
    await withDefault.trigger({ contactDefaultSmdp: null });
    expect(await withDefault.run()).deep.equals(at(DP, FULL));
    const without = setUp({ ipa: DIRECT });
    await without.trigger({ contactDefaultSmdp: null });
    expect(await without.run()).deep.equals([]);
    expect(await without.result()).deep.equals({ eimTransactionId: octets('AA'), eimPackageResultErrorCode: 1 });
  });

  it('fetches events from the SM-DS that the trigger or the card names, and downloads each', async () => {
    const event = (eventId: string) => ({ eventId, eid: EID1, rspServerAddress: DP });
    for (const [contactSmds, rootDsAddress] of [
      [{ smdsAddress: DS }, 'other.example.com'],
      [{}, DS],
    ] as const) {
      const { trigger, run, smdp, result } = setUp({ ipa: DIRECT, euicc: { rootDsAddress }, events: [event('AB-1'), event('AB-2')] });
      await trigger({ contactSmds });
      const asking = at(DS, FULL.slice(0, 2), 'ES11');
      expect(await run()).deep.equals([...asking, ...at(DP, FULL), ...at(DP, FULL)]);
      expect(smdp.orders.map(o => o.state)).deep.equals(['installed', 'installed']);
      expect(await result()).to.have.nested.property('profileDownloadTriggerResultData.profileInstallationResult');
    }
  });

  it('goes on from one SM-DS to another, and ends where there is no event', async () => {
    const { trigger, run, result, ipa } = setUp({ ipa: DIRECT, events: [] });
    await trigger({ contactSmds: { smdsAddress: DS } });
    expect(await run()).deep.equals(at(DS, FULL.slice(0, 2), 'ES11'));
    expect(await result()).to.have.nested.property('profileDownloadTriggerResultData.profileDownloadError.profileDownloadErrorReason', 127);
    expect(ipa.state.failure).to.match(/8\.9|event|AuthenticateClient failed/);
    const cascaded = setUp({ ipa: DIRECT, events: [{ eventId: 'EV', eid: EID1, rspServerAddress: DP }] });
    await cascaded.take(GetEimPackageResponse, {
      profileDownloadTriggerRequest: { profileDownloadData: { activationCode: `1$${DS}$EV` } },
    });
    expect((await cascaded.run()).slice(0, 3)).deep.equals([
      ...at(DS, ['InitiateAuthenticationRequest']),
      ...at(DS, ['AuthenticateClientRequest'], 'ES11'),
      ...at(DP, ['InitiateAuthenticationRequest']),
    ]);
  });

  it('comes with the next confirmation code when one is refused, and gives up when there is none', async () => {
    const twice = setUp({ ipa: { activationCode: CODE, confirmationCode: ['11111', '22222'] }, profile: { confirmationCode: '22222' } });
    const [initiate = '', authenticate = '', fetch = '', notify = ''] = at(DP, FULL);
    expect(await twice.run()).deep.equals([initiate, authenticate, fetch, fetch, notify]);
    const once = setUp({ ipa: { activationCode: CODE, confirmationCode: '11111' }, profile: { confirmationCode: '22222' } });
    expect(await once.run()).deep.equals([initiate, authenticate, fetch]);
    expect(once.ipa.state.failure).to.match(/GetBoundProfilePackage failed with 3/);
  });

  it('cancels for rules that are not allowed, and not after the refusal of the server', async () => {
    const rules = { profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: '62F210' } };
    const { run, smdp, ipa } = setUp({ ipa: { activationCode: CODE }, profile: { metadata: rules } });
    const [initiate = '', authenticate = ''] = at(DP, FULL);
    expect(await run()).deep.equals([initiate, authenticate, ...at(DP, ['CancelSessionRequestEs9'])]);
    expect(ipa.state.failure).to.match(/pprNotAllowed/);
    expect(smdp.orders[0]?.state).equals('error');
    const refused = setUp({ ipa: { activationCode: `1$${DP}$OTHER` } });
    expect(await refused.run()).deep.equals([initiate, authenticate]);
    expect(refused.ipa.state.failure).to.match(/AuthenticateClient failed with 6/);
  });

  it('refuses a server whose OID is not that of the activation code', async () => {
    const { run, ipa } = setUp({ ipa: { activationCode: `${CODE}$2.999.1.2.3` } });
    expect(await run()).deep.equals(at(DP, FULL.slice(0, 1)));
    expect(ipa.state.failure).to.match(/does not name the OID 2\.999\.1\.2\.3/);
  });

  it('gives up when a server does not answer, and cancels what the card has open', async () => {
    const { ipa } = setUp({ ipa: { activationCode: CODE } });
    await ipa.compose('InitiateAuthenticationRequest');
    ipa.failed('InitiateAuthenticationRequest');
    expect((await ipa.next())?.interface).equals('ESipa');
    const later = setUp({ ipa: { activationCode: CODE } });
    const initiate = await later.ipa.compose('InitiateAuthenticationRequest');
    const proof = await later.smdp.react({ type: initiate.type, message: decode(initiate.type, initiate.octets) });
    if (!proof) throw new Error('no answer');
    await later.ipa.take({ type: proof.type, message: decode(proof.type, proof.octets) });
    await later.ipa.compose('AuthenticateClientRequest');
    later.ipa.failed('AuthenticateClientRequest');
    expect(await later.ipa.next()).deep.equals({ type: 'CancelSessionRequestEs9', interface: 'ES9+', address: DP });
    await later.ipa.compose('CancelSessionRequestEs9');
    later.ipa.failed('CancelSessionRequestEs9');
    expect((await later.ipa.next())?.interface).equals('ESipa');
  });

  it('cancels for the reason it is told to', async () => {
    const { ipa, smdp } = setUp({ ipa: { activationCode: CODE, cancelReason: 'postponed' } });
    const initiate = await ipa.compose('InitiateAuthenticationRequest');
    const proof = await smdp.react({ type: initiate.type, message: decode(initiate.type, initiate.octets) });
    if (!proof) throw new Error('no answer');
    await ipa.take({ type: proof.type, message: decode(proof.type, proof.octets) });
    await ipa.compose('AuthenticateClientRequest');
    const { value } = decode(es9.CancelSessionRequestEs9, (await ipa.compose('CancelSessionRequestEs9')).octets);
    expect(value.cancelSessionResponse.cancelSessionResponseOk?.euiccCancelSessionSigned.reason).equals(1);
  });

  it('sends nothing more to a receiver that did not take a notification, until the next poll', async () => {
    const metadata = {
      notificationConfigurationInfo: [{ profileManagementOperation: ['notificationInstall'], notificationAddress: 'other.example.com' }],
    };
    const { ipa, run, euicc } = setUp({ ipa: { activationCode: CODE }, profile: { metadata } });
    const [toServer = '', toOther = ''] = [...at(DP, ['HandleNotification']), ...at('other.example.com', ['HandleNotification'])];
    expect((await run(DP)).slice(3)).deep.equals([toServer, toOther]);
    expect(euicc.chip.memory.notifications.map(n => n.address)).deep.equals([DP]);
    expect(await run()).deep.equals([]);
    ipa.wake();
    expect(await run()).deep.equals([toServer]);
    expect(euicc.chip.memory.notifications).deep.equals([]);
  });
});
