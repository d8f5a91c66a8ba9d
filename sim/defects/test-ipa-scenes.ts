/** Scenes in which the deviations of an IPA show; for the tests of the deviations. */

import { encode } from '#protocol/asn1/encode.js';
import { concat, readTlv, tlv, tlvContent } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import * as authentication from '#protocol/iot/authentication.js';
import { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import * as esipa from '#protocol/iot/esipa.js';
import type { Euicc } from '../roles/euicc/index.js';
import { EID1, ICCID1, ICCID2, octets, signedPackage, testEim } from '../roles/euicc/test-bench.js';
import { contained, edit, spoilt } from './edits.js';
import { answering, association, DP, DS, type Scene, type Scripted } from './test-ipa-lab.js';

const eim = testEim();
const iccid = octets(ICCID2);
const OTHER = 'other.example.com';
const notify = [
  { address: DP, events: ['enable', 'disable', 'delete'] as const },
  { address: OTHER, events: ['enable'] as const },
];
const profiles = [
  { iccid: ICCID1, state: 'enabled' as const, notify },
  { iccid: ICCID2, notify },
];

const enabling = (counter: number, rollback = false) =>
  signedPackage(eim, { counter, trid: 'AA', psmo: [{ enable: { iccid, ...(rollback && { rollbackFlag: null }) } }] });
const disabling = (counter: number) => signedPackage(eim, { counter, psmo: [{ disable: { iccid } }] });
const brought = (value: InputOf<ValueOf<typeof esipa.TransferEimPackageRequest>>): Uint8Array =>
  encode(esipa.TransferEimPackageRequest, value);
const give = (bf51: Uint8Array): Scripted => answering(esipa.GetEimPackageResponse, { euiccPackageRequest: raw(bf51) });
const none = (code = 1): Scripted => answering(esipa.GetEimPackageResponse, { eimPackageError: code });
const ack = (...seqNumbers: readonly number[]): Scripted =>
  answering(esipa.ProvideEimPackageResultResponse, { eimAcknowledgements: seqNumbers });
const GET = 'GetEimPackageRequest';
const PROVIDE = 'ProvideEimPackageResult';

/** Answers by request type, one after the other; then there is no package, and everything is done. */
const scripted =
  (answers: Readonly<Record<string, readonly Scripted[]>>): NonNullable<Scene['script']> =>
  (type, count) =>
    answers[type]?.[count] ?? (type === GET ? none() : type.startsWith('HandleNotification') ? 'done' : undefined);

const data = (tagList: string, more: object = {}): Scripted =>
  answering(esipa.GetEimPackageResponse, {
    ipaEuiccDataRequest: { tagList: octets(tagList), eimTransactionId: octets('BB'), ...more },
  });
const trigger = (profileDownloadData: object | undefined, more: object = { eimTransactionId: octets('CC') }): Scripted =>
  answering(esipa.GetEimPackageResponse, {
    profileDownloadTriggerRequest: { ...(profileDownloadData && { profileDownloadData }), ...more },
  });
const directly = { eims: [association({ indirectProfileDownload: false })] };
const CODE = `1$${DP}$AB-1`;
const download = (code = CODE) => scripted({ [GET]: [trigger({ activationCode: code })], [PROVIDE]: [ack()] });
const ppr1 = { profilePolicyRules: ['ppr1'], profileOwner: { mccMnc: '62F210' } };
const rat = [{ ppr: ['ppr1' as const], operators: [{ mccMnc: '62F210' }] }];

const provisioned = encode(EimConfigurationData, {
  eimId: eim.eimId,
  eimFqdn: 'eim.example.com',
  counterValue: 1,
  eimPublicKeyData: { eimPublicKey: eim.publicKey },
  eimSupportedProtocol: ['eimRetrieveHttps'],
});
/** Leaves a result and two notifications on the card. */
const used = (euicc: Euicc): void => void euicc.execute(enabling(1));
/** Behind the fields of a signed object one that no definition knows, and a length that could be shorter. */
const foreign = contained(content => concat(content, octets('9F7F0100')));
const loosely = (element: Uint8Array): Uint8Array => {
  const t = readTlv(element);
  const content = t ? tlvContent(element, t) : element;
  return concat(octets('BF5183'), Uint8Array.of(0, content.length >> 8, content.length & 255), content);
};
const withUnknownSection = contained(content => {
  const first = readTlv(content);
  return first ? concat(content.subarray(0, first.end), tlv(0xa7, octets('8700')), content.subarray(first.end)) : content;
});
const inPackage =
  (change: (bpp: Uint8Array) => Uint8Array): NonNullable<Scene['servers']> =>
  (message, type) =>
    type === 'GetBoundProfilePackageResponse' ? edit(message, 'A0 BF36', change) : message;
/** The signature of a server with one bit turned. */
const spoiling =
  (type: string): NonNullable<Scene['servers']> =>
  (message, name) =>
    name === type ? edit(message, 'A0 5F37', spoilt) : message;

/** Scenes by name. */
export const SCENES: Readonly<Record<string, Scene>> = {
  start: {
    euicc: { profiles, eims: [association(), association({ eimId: 'testeim2', fqdn: 'eim2.example.com' })] },
    before: used,
    polls: 2,
    withApdus: true,
    script: scripted({}),
  },
  networks: { script: scripted({}) },
  noEim: { euicc: { eims: [] }, initialEim: provisioned, script: scripted({}), withApdus: true },
  refusedEim: {
    euicc: { eims: [] },
    initialEim: provisioned,
    script: scripted({}),
    withApdus: true,
    euiccOverrides: [
      () => ({
        outgoing: (type, message) => (type === 'AddInitialEimResponse' ? octets('BF5703810102') : message),
        performs: effect => effect !== 'addEim',
      }),
    ],
  },
  refusedOnce: {
    euicc: { eims: [] },
    initialEim: provisioned,
    script: scripted({}),
    euiccOverrides: [() => ({ outgoing: (type, message) => (type === 'AddInitialEimResponse' ? octets('BF5703810102') : message) })],
  },
  formerEim: {
    polls: 2,
    script: scripted({}),
    after: (_polling, _poll, { euicc }) => void euicc.chip.memory.eims.splice(0),
  },
  otherName: {
    polls: 2,
    script: scripted({}),
    after: (_polling, _poll, { euicc }) => {
      const [first] = euicc.chip.memory.eims;
      if (first) first.data = { ...first.data, eimFqdn: 'new.example.com' };
    },
  },
  enable: { euicc: { profiles }, script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1, 99, 2)] }), withApdus: true },
  emptyAfterwards: { script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1)] }), withApdus: true },
  refusedBlock: {
    euicc: directly,
    script: download(),
    withApdus: true,
    uiccOverrides: [() => ({ refusesBlock: ({ number, isLast }) => (number === 1 && !isLast ? '6A80' : undefined) })],
  },
  enableSilently: {
    euicc: { profiles },
    script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1)] }),
    uiccOverrides: [() => ({ announcesRefresh: () => 'silent' })],
  },
  noNotification: { script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1)] }) },
  emptyAnswer: {
    euicc: { profiles },
    script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [answering(esipa.ProvideEimPackageResultResponse, { emptyResponse: {} })] }),
  },
  refusedResult: {
    euicc: { profiles },
    script: scripted({
      [GET]: [give(enabling(1))],
      [PROVIDE]: [answering(esipa.ProvideEimPackageResultResponse, { provideEimPackageResultError: 2 })],
    }),
  },
  repeatedPackage: { script: scripted({ [GET]: [give(enabling(0))], [PROVIDE]: [ack()] }) },
  longResult: { script: scripted({ [GET]: [give(signedPackage(eim, { counter: 1, psmo: [{ listProfileInfo: {} }] }))] }), withApdus: true },
  refusedEimRequests: { script: scripted({ [GET]: [none(2)] }) },
  foreignPackage: {
    script: scripted({ [GET]: [give(edit(enabling(1), '30', foreign))], [PROVIDE]: [ack(1)] }),
    withApdus: true,
  },
  foreignResult: {
    script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1)] }),
    euiccOverrides: [() => ({ outgoing: (type, message) => (type === 'EuiccPackageResult' ? loosely(message) : message) })],
  },
  missingResult: {
    script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: [ack(1)] }),
    euiccOverrides: [() => ({ outgoing: (type, message) => (type === 'EuiccPackageResult' ? new Uint8Array() : message) })],
  },
  unknownPackage: {
    script: scripted({ [GET]: [{ type: esipa.GetEimPackageResponse, octets: octets('BF4F04BF6F0100') }] }),
  },
  rollback: { script: scripted({ [GET]: [give(enabling(1, true))], [PROVIDE]: ['lost', 'lost', ack(2)] }) },
  rollbackLost: {
    script: scripted({ [GET]: [give(enabling(1, true))], [PROVIDE]: Array<Scripted>(12).fill('lost') }),
    polls: 2,
    withApdus: true,
  },
  noRollback: { script: scripted({ [GET]: [give(enabling(1))], [PROVIDE]: ['lost', 'lost'] }), withApdus: true },
  failedEnable: {
    script: scripted({
      [GET]: [give(signedPackage(eim, { counter: 1, psmo: [{ enable: { iccid: octets(ICCID1), rollbackFlag: null } }] }))],
      [PROVIDE]: ['lost', 'lost'],
    }),
    withApdus: true,
  },
  data: { script: scripted({ [GET]: [data('BF20BF22A5A68184A8A983')], [PROVIDE]: [ack()] }), euicc: { defaultDpAddress: '' } },
  dataWithoutId: { script: scripted({ [GET]: [data('A8', { eimTransactionId: undefined })], [PROVIDE]: [ack()] }) },
  unknownTags: { script: scripted({ [GET]: [data('5A')], [PROVIDE]: [ack()] }) },
  unknownCi: { script: scripted({ [GET]: [data('A5', { euiccCiPKIdentifierToBeUsed: octets('00'.repeat(20)) })], [PROVIDE]: [ack()] }) },
  chosenNotification: {
    euicc: { profiles },
    before: used,
    script: scripted({ [GET]: [data('A0', { searchCriteriaNotification: { seqNumber: 3 } })], HandleNotificationEsipa: ['lost', 'lost'] }),
  },
  chosenResult: {
    before: euicc => {
      used(euicc);
      euicc.execute(signedPackage(eim, { counter: 2, psmo: [{ getRAT: {} }] }));
    },
    script: scripted({
      [PROVIDE]: [ack(), ack(), ack()],
      [GET]: [data('A2', { searchCriteriaEuiccPackageResult: { seqNumber: 2 } })],
    }),
  },
  emergency: {
    euicc: { profiles: [{ iccid: ICCID1, state: 'enabled', ecall: true }] },
    script: scripted({ [GET]: [data('A8')], [PROVIDE]: [ack()] }),
  },
  stateChange: { polls: 2, config: { stateChangeCause: 'reset' }, script: scripted({}) },
  notifications: {
    euicc: { profiles },
    before: used,
    polls: 2,
    script: scripted({ [PROVIDE]: [ack(1)], HandleNotificationEsipa: ['lost', 'lost'] }),
  },
  direct: { euicc: directly, script: download(), withApdus: true },
  directNotifications: {
    euicc: { ...directly, profiles },
    before: used,
    script: scripted({ [GET]: [trigger({ activationCode: CODE })], [PROVIDE]: [ack(1)], HandleNotification: ['lost'] }),
    polls: 2,
  },
  announced: {
    orders: [{ dataRequest: { tagList: 'BF20BF22A5A6A8' } }, { download: { activationCode: CODE } }],
  },
  compactNotices: { euicc: { profiles }, before: used, config: { compact: true }, script: scripted({ [PROVIDE]: [ack(1)] }) },
  notifyingProfile: {
    euicc: directly,
    script: download(),
    profile: {
      metadata: {
        notificationConfigurationInfo: [{ profileManagementOperation: ['notificationInstall'], notificationAddress: OTHER }],
      },
    },
  },
  indirect: { orders: [{ download: { activationCode: CODE } }], withApdus: true },
  enabledImmediately: {
    euicc: { ...directly, immediateEnable: { flag: true, smdpAddress: DP } },
    script: download(),
    withApdus: true,
  },
  prefixed: { euicc: directly, script: download(`LPA:${CODE}`) },
  otherFormat: { euicc: directly, script: download(`2$${DP}$AB-1`) },
  noToken: { euicc: directly, script: download(`1$${DP}`) },
  noDefault: { euicc: directly, script: scripted({ [GET]: [trigger({ contactDefaultSmdp: null })], [PROVIDE]: [ack()] }) },
  default: {
    euicc: { ...directly, defaultDpAddress: DP },
    profile: { matchingId: '', eid: EID1 },
    script: scripted({ [GET]: [trigger({ contactDefaultSmdp: null })], [PROVIDE]: [ack()] }),
  },
  eimHoldsData: {
    script: scripted({ [GET]: [trigger(undefined)], [PROVIDE]: [ack()], InitiateAuthenticationRequestEsipa: [refusedByEim()] }),
  },
  namedSmds: {
    euicc: { ...directly, rootDsAddress: OTHER, defaultDpAddress: DP },
    events: [{ eventId: 'AB-1', eid: EID1, rspServerAddress: DP }],
    script: scripted({ [GET]: [trigger({ contactSmds: { smdsAddress: DS } })], [PROVIDE]: [ack()] }),
  },
  otherServer: {
    euicc: directly,
    script: download(),
    servers: (message, type) =>
      type === 'InitiateAuthenticationResponse'
        ? edit(
            message,
            'A0 30 83',
            contained(name => name.map((octet, n) => (n === 0 ? octet ^ 1 : octet))),
          )
        : message,
  },
  otherChallenge: {
    euicc: directly,
    script: download(),
    servers: (message, type) =>
      type === 'InitiateAuthenticationResponse'
        ? edit(
            message,
            'A0 30 81',
            contained(challenge => challenge.map(octet => octet ^ 1)),
          )
        : message,
  },
  expiredServer: { euicc: directly, script: download(), now: '2099-01-01T00:00:00Z' },
  otherOid: { euicc: directly, script: download(`${CODE}$2.999.7`) },
  refusedServer: { euicc: directly, script: download(), servers: spoiling('InitiateAuthenticationResponse') },
  refusedOffer: { euicc: directly, script: download(), servers: spoiling('AuthenticateClientResponseEs9') },
  rules: { euicc: directly, profile: { metadata: ppr1 }, script: download() },
  foreignServer: {
    euicc: directly,
    script: download(),
    servers: (message, type) => (type === 'InitiateAuthenticationResponse' ? edit(message, 'A0 30', foreign) : message),
    withApdus: true,
  },
  foreignEuicc: { euicc: { ...directly, futureElements: ['euiccSigned1'] }, script: download() },
  foreignNotifications: {
    euicc: { profiles, futureElements: ['tbsOtherNotification'] },
    before: used,
    script: scripted({ [PROVIDE]: [ack(1)] }),
  },
  allowedRules: { euicc: { ...directly, rat, profiles: [] }, profile: { metadata: ppr1 }, script: download() },
  twoDownloads: {
    euicc: directly,
    script: scripted({ [GET]: [trigger({ activationCode: CODE }), trigger({ activationCode: CODE })], [PROVIDE]: [ack(), ack()] }),
  },
  refusedSegment: {
    euicc: directly,
    script: download(),
    withApdus: true,
    uiccOverrides: [
      () => ({
        writesAnswer: (command, answer) => (command[0] === 0xa1 ? { ...answer, sw: '6A80', octets: new Uint8Array() } : answer),
      }),
    ],
  },
  rulesBesideOperational: { euicc: { ...directly, rat }, profile: { metadata: ppr1 }, script: download() },
  code: { euicc: directly, profile: { confirmationCode: '22222' }, config: { confirmationCode: ['11111', '22222'] }, script: download() },
  refusedByServer: { euicc: directly, script: download(`1$${DP}$OTHER`) },
  refusedByEim: {
    orders: [{ download: { activationCode: CODE } }],
    withApdus: true,
    script: type => (type === 'AuthenticateClientRequestEsipa' ? refusedClient() : undefined),
  },
  brought: { brings: [[brought({ euiccPackageRequest: raw(enabling(1)) })], [brought({ eimAcknowledgements: [1] })]] },
  broughtUnknown: { brings: [[octets('BF4E04BF7E0101')]] },
  broughtTwice: {
    withApdus: true,
    brings: [[brought({ euiccPackageRequest: raw(enabling(1)) }), brought({ euiccPackageRequest: raw(disabling(2)) })]],
  },
  unknownSection: { euicc: directly, script: download(), servers: inPackage(withUnknownSection), withApdus: true },
  spoiltPackage: {
    euicc: directly,
    script: download(),
    servers: inPackage(bpp =>
      edit(
        bpp,
        'A1 88',
        contained(block => block.map(octet => octet ^ 1)),
      ),
    ),
    withApdus: true,
  },
};

function refusedByEim(): Scripted {
  return answering(authentication.InitiateAuthenticationResponseEsipa, { initiateAuthenticationErrorEsipa: 1 });
}
function refusedClient(): Scripted {
  return answering(authentication.AuthenticateClientResponseEsipa, { authenticateClientErrorEsipa: 6 });
}
