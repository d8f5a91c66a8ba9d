import { expect } from 'chai';
import { testWorld } from '../roles/rsp-server/test-euicc.js';
import type { ProfileConfig } from '../roles/smdp/config.js';
import type { SmdpOverride } from '../roles/smdp/index.js';
import { smdpWith } from '../roles/smdp/test-smdp.js';
import { smdpDefects } from './smdp.js';
import { smdpVariantGroups, smdpVariants } from './smdp-variants.js';
import * as frames from './test-smdp-frame-probes.js';
import * as probes from './test-smdp-probes.js';

const maker =
  (...overrides: SmdpOverride[]): probes.Maker =>
  (order: Partial<ProfileConfig> = {}) =>
    smdpWith(order, {}, testWorld(), overrides);

type Probe = 'initiation' | 'trust' | 'orders' | 'offers' | 'packages' | 'codes' | 'ends' | 'exchanges' | 'requests' | 'notifications';
const PROBES: Readonly<Record<Probe, (make: probes.Maker) => Promise<string>>> = {
  initiation: probes.initiation,
  trust: probes.trust,
  orders: probes.orders,
  offers: probes.offers,
  packages: probes.packages,
  codes: probes.codes,
  ends: probes.ends,
  exchanges: frames.exchanges,
  requests: frames.requests,
  notifications: frames.notifications,
};

/** What the conversations show of a correct SM-DP+. */
const CORRECT: Readonly<Record<Probe, string>> = {
  initiation:
    'objections: none; transactionId: fresh; length: 16; challenge: fresh; other euiccChallenge: euiccChallenge; address: 8.8.1/3.8; address in capitals: ok; unknown CI: 8.8.2/3.1; no CI to verify: 8.8.4/3.7; svn 2.1: 8.8.3/3.1; svn 2.2.1: ok; svn 255: 8.8.3/3.1',
  trust:
    'correct: ok; EUM forged: 8.1.2/6.1; EUM expired: 8.1.2/6.3; eUICC forged: 8.1.3/6.1; eUICC expired: 8.1.3/6.3; EID out of range: 8.1.3/6.1; unknown CI: 8.11.1/3.9; signature: 8.1/6.1; challenge: 8.1/6.1; unknown transaction: 8.10.1/3.9; other transaction inside: 8.10.1/3.9; known info only: ok; two at once: ok',
  orders:
    'unknown MatchingID: 8.2.6/3.8; and then the right one: ok; no MatchingID: ok; other EID: 8.1.1/3.8; unreleased: 8.2/1.2; expired: 8.8.5/4.10; too many downloads: 8.8.5/6.4; second eUICC: 8.1.1/3.8; ineligible: 8.2.5/4.3',
  offers:
    'offer: Operational Profile 1 989209012143658709F5; with a code: code, Operational Profile 1 989209012143658709F5; of the IoT: IoT metadata, Operational Profile 1 989209012143658709F5; repeated: former otpk, Operational Profile 1 989209012143658709F5',
  packages:
    'package: installed, its own metadata of 49 octets in 1, profile in 3; random keys: installed, its own metadata of 49 octets in 1, profile in 3, random keys; long metadata: installed, its own metadata of 1082 octets in 2, profile in 3; signature: 8.1/6.1; one-time keys: fresh; same key again: installed, its own metadata of 49 octets in 1, profile in 3; same package again: true; other key: installed, its own metadata of 49 octets in 1, profile in 3',
  codes: '8.2.7/2.2 8.2.7/3.8 ok 8.2.7/3.8 8.2.7/3.8 8.2.7/6.4',
  ends: 'postponed: ok, order released; rejected: ok, order error; bad signature: 8.1/6.1, then ok; other OID: 8.8/3.10, then ok; package after it: 8.10.1/3.9; request repeated: ok; installed: installed',
  exchanges:
    'success: read; failure: read 8.8.1/3.8; cancellation: read 8.10.1/3.9; headers: ; members: header,transactionId,serverSigned1,serverSignature1,euiccCiPKIdToBeUsed,serverCertificate',
  requests: 'unreadable: status 400; session after it: ok; other User-Agent: ok; other connection: ok',
  notifications: 'result: empty; again: empty; failed: empty; other: empty',
};

/** Where each deviation shows, and what the conversation says there instead. */
const SHOWS: Readonly<Record<string, readonly [Probe, string]>> = {
  ignoresAddress: ['initiation', 'address: ok'],
  acceptsUnknownCi: ['initiation', 'unknown CI: ok'],
  ignoresVerificationList: ['initiation', 'no CI to verify: ok'],
  acceptsOldSvn: ['initiation', 'svn 2.1: ok'],
  acceptsLaterSvn: ['initiation', 'svn 255: ok'],
  demandsSvn25: ['initiation', 'svn 2.2.1: 8.8.3/3.1'],
  confusesInitiationCodes: ['initiation', 'unknown CI: 8.8.1/3.8; no CI to verify: 8.8.1/3.8; svn 2.1: 8.8.1/3.8'],
  answersAddressUndefined: ['initiation', 'address: 8.8/4.2'],
  reusesTransactionId: ['initiation', 'transactionId: repeated'],
  reusesServerChallenge: ['initiation', 'challenge: repeated'],
  spoilsServerSignature: ['initiation', 'objections: signature;'],
  sendsDerServerSignature: ['initiation', 'objections: signature;'],
  signsWithOtherServerKey: ['initiation', 'objections: signature;'],
  presentsBindingCertificate: ['initiation', 'objections: certificate role;'],
  presentsExpiredCertificate: ['initiation', 'objections: certificate expired;'],
  presentsCertificateOfUnknownCi: ['initiation', 'objections: certificate unknownIssuer;'],
  presentsCertificateOfOtherCi: ['initiation', 'objections: certificate unknownIssuer;'],
  namesOtherCiKey: ['initiation', 'objections: euiccCiPKIdToBeUsed;'],
  echoesFirstChallenge: ['initiation', 'other euiccChallenge: none'],
  signsOtherAddress: ['initiation', 'objections: serverAddress;'],
  signsOtherTransactionId: ['initiation', 'objections: transactionId beside;'],
  statesOtherTransactionId: ['initiation', 'objections: transactionId beside;'],
  shortTransactionIds: ['initiation', 'length: 4;'],
  comparesAddressExactly: ['initiation', 'address in capitals: 8.8.1/3.8'],

  acceptsForgedCertificates: ['trust', 'eUICC forged: ok'],
  acceptsExpiredCertificates: ['trust', 'EUM expired: ok'],
  acceptsEidOutOfRange: ['trust', 'EID out of range: ok'],
  blamesRangeByItsCode: ['trust', 'EID out of range: 8.1.4/6.1'],
  trustsUnknownCi: ['trust', 'unknown CI: ok'],
  ignoresEuiccSignature1: ['trust', 'signature: ok'],
  ignoresServerChallenge: ['trust', 'challenge: ok'],
  ignoresSignedTransactionId: ['trust', 'other transaction inside: ok'],
  answersUnknownTransaction: ['trust', 'unknown transaction: ok'],
  remembersLatestSessionOnly: ['trust', 'two at once: 8.10.1/3.9'],
  refusesUnknownInfo: ['trust', 'correct: 8.2.5/4.3'],
  confusesCertificates: ['trust', 'EUM forged: 8.1.3/6.1; EUM expired: 8.1.3/6.3; eUICC forged: 8.1.2/6.1; eUICC expired: 8.1.2/6.3'],
  confusesExpiredAndInvalid: ['trust', 'EUM expired: 8.1.2/6.1'],
  answersVerificationUndefined: ['trust', 'signature: 8.8/4.2; challenge: 8.8/4.2'],

  ignoresMatchingId: ['orders', 'unknown MatchingID: ok'],
  ignoresEid: ['orders', 'other EID: ok'],
  deliversToEverybody: ['orders', 'second eUICC: ok'],
  offersUnreleased: ['orders', 'unreleased: ok'],
  ignoresExpiry: ['orders', 'expired: ok'],
  neverEndsDownloads: ['orders', 'too many downloads: ok'],
  ignoresCapabilities: ['orders', 'ineligible: ok'],
  demandsMatchingId: ['orders', 'no MatchingID: 8.2.6/3.8'],
  locksAfterRefusal: ['orders', 'and then the right one: 8.2.6/3.8'],
  confusesOrderCodes: ['orders', 'unreleased: 8.1.1/3.8; expired: 8.1.1/3.8; too many downloads: 8.1.1/3.8'],
  answersEidByMatchingId: ['orders', 'other EID: 8.2.6/3.8'],

  presentsAuthenticationCertificateForBinding: ['offers', 'offer: signature,'],
  omitsIotMetadata: ['offers', 'of the IoT: Operational'],
  signsOfferWithAuthenticationKey: ['offers', 'offer: signature,'],
  spoilsOfferSignature: ['offers', 'offer: signature,'],
  offersOtherTransactionId: ['offers', 'offer: transactionId,'],
  hidesConfirmationCode: ['offers', 'with a code: Operational'],
  inventsConfirmationCode: ['offers', 'offer: code,'],
  offersOtherMetadata: ['offers', 'offer: Another Profile'],
  offersOtherIccid: ['offers', 'Operational Profile 1 989209012143658709F4'],
  offersUnknownOtpk: ['offers', 'repeated: other otpk'],
  neverOffersOtpk: ['offers', 'repeated: Operational'],

  ignoresEuiccSignature2: ['packages', 'signature: ok'],
  bindsForOtherEid: ['packages', 'package: scp03tSecurityError'],
  namesOtherTransactionInPackage: ['packages', 'package: invalidTransactionId'],
  reusesOneTimeKey: ['packages', 'one-time keys: repeated'],
  bindsOtherMetadata: ['packages', 'package: installed, other metadata'],
  ignoresRandomKeys: ['packages', 'random keys: installed, its own metadata of 49 octets in 1, profile in 3; long'],
  cutsMetadataOff: ['packages', 'long metadata: incorrectInputValues'],
  sendsLongMetadataBlocks: ['packages', 'long metadata: scp03tStructureError'],
  sendsLongBlocks: ['packages', 'package: scp03tStructureError'],
  spoilsPackage: ['packages', 'package: scp03tSecurityError'],
  signsPackageWithAuthenticationKey: ['packages', 'package: invalidSignature'],
  usesUpOrderByDelivery: ['offers', 'repeated: refused'],
  refusesSameOtpk: ['packages', 'same key again: refused'],
  sendsFormerPackage: ['packages', 'other key: invalidSignature'],
  protectsByRandomKeys: ['packages', 'package: installed, its own metadata of 49 octets in 1, profile in 3, random keys'],
  cutsMetadata: ['packages', 'metadata of 49 octets in 2'],
  sendsSmallBlocks: ['packages', 'profile in 13'],
  bindsAnew: ['packages', 'same package again: false'],
  refusesRebinding: ['packages', 'other key: refused'],

  acceptsMissingCode: ['codes', 'ok 8.2.7/3.8 ok'],
  acceptsWrongCode: ['codes', '8.2.7/2.2 ok ok ok ok ok'],
  neverEndsCodeAttempts: ['codes', '8.2.7/3.8 8.2.7/3.8 8.2.7/3.8'],
  endsAfterFirstWrongCode: ['codes', '8.2.7/2.2 8.2.7/3.8 8.2.7/3.8'],
  confusesCodeErrors: ['codes', '8.2.7/3.8 8.2.7/3.8 ok'],
  answersCodeUndefined: ['codes', '8.2.7/2.2 8.8/4.2 ok'],
  allowsFewAttempts: ['codes', 'ok 8.2.7/3.8 8.2.7/6.4'],

  ignoresCancelSignature: ['ends', 'bad signature: ok'],
  losesPostponedOrder: ['ends', 'postponed: ok, order error'],
  keepsRefusedOrder: ['ends', 'rejected: ok, order released'],
  ignoresCancelOid: ['ends', 'other OID: ok'],
  endsSessionByRefusedCancel: ['ends', '8.1/6.1, then 8.10.1/3.9'],
  deliversAfterCancel: ['ends', 'package after it: ok'],
  answersRepetitionsAnew: ['ends', 'request repeated: 8.10.1/3.9'],

  confirmsNoCancellation: ['exchanges', 'cancellation: read 8.8/4.2'],
  omitsAdminProtocol: ['exchanges', 'success: read, X-Admin-Protocol absent'],
  answersOtherMediaType: ['exchanges', 'success: read, Content-Type text/html'],
  answersCreated: ['exchanges', 'success: status 201'],
  failsByHttp: ['exchanges', 'failure: status 400'],
  omitsHeader: ['exchanges', 'header.functionExecutionStatus.status absent'],
  omitsTransactionId: ['exchanges', 'success: without transactionId'],
  writesTransactionIdInBase64: ['exchanges', 'success: malformed transactionId'],
  writesSignatureWithoutTag: ['exchanges', 'success: malformed serverSignature1'],
  writesBase64ForUrls: ['exchanges', 'success: malformed serverCertificate'],
  closesEveryConnection: ['exchanges', 'headers: connection: close'],
  announcesKeepAlive: ['exchanges', 'keep-alive: timeout=5, max=100'],
  chunkedBodies: ['exchanges', 'headers: transfer-encoding: chunked'],
  extraHeaders: ['exchanges', 'headers: server: smdp/7.3'],
  writesMediaTypeWithoutCharset: ['exchanges', 'headers: content-type: Application/JSON'],
  extraMembers: ['exchanges', 'members: x-trace,header'],
  indentsJson: [
    'exchanges',
    'members: header,transactionId,serverSigned1,serverSignature1,euiccCiPKIdToBeUsed,serverCertificate, in lines',
  ],
  reordersMembers: ['exchanges', 'members: serverCertificate,euiccCiPKIdToBeUsed'],
  omitsMessageTexts: ['exchanges', 'failure: read 8.8.1/3.8 without text'],

  losesSessionsOnBadRequest: ['requests', 'session after it: 8.10.1/3.9'],
  demandsUserAgent: ['requests', 'other User-Agent: status 400'],
  correlatesByConnection: ['requests', 'other connection: status 500'],
  refusesByClosing: ['requests', 'unreadable: cut'],

  refusesRepeatedNotifications: ['notifications', 'again: unreadable'],
  refusesFailedInstallations: ['notifications', 'failed: unreadable'],
  refusesOtherNotifications: ['notifications', 'other: unreadable'],
  answersNotificationsWithBody: ['notifications', 'result: unreadable'],
};

const all = Object.entries({ ...smdpDefects, ...smdpVariants });

describe('deviations of an SM-DP+', () => {
  it('each say in one sentence what such an SM-DP+ does', () => {
    for (const [name, { does }] of all) {
      expect(name).to.match(/^[a-z][A-Za-z0-9]+$/);
      expect(does, name).to.match(/^\S[^.]*(\.\d[^.]*)*\.$/);
    }
  });

  it('have one name each: no variant is a defect too', () => {
    expect(Object.keys(smdpVariants).filter(name => Object.hasOwn(smdpDefects, name))).to.deep.equal([]);
  });

  it('are tried all: every variant is in one group', () => {
    expect(smdpVariantGroups.flat().toSorted()).to.deep.equal(Object.keys(smdpVariants).toSorted());
  });

  it('do not get in the way of each other within a group', () => {
    for (const group of smdpVariantGroups)
      for (const part of ['certificate', 'offer'] as const)
        expect(group.filter(name => smdpVariants[name]?.tls?.[part] !== undefined)).to.have.length.below(2);
  });

  it('have a row here, or differ in TLS or time alone', () => {
    const rest = all.filter(([, { override }]) => override).map(([name]) => name);
    expect(Object.keys(SHOWS).toSorted()).to.deep.equal(rest.toSorted());
    for (const [name, { override, tls, pause }] of all) expect(override ?? tls ?? pause, name).to.not.equal(undefined);
  });

  for (const [name, text] of Object.entries(CORRECT))
    it(`would not be seen in the reference: ${name}`, async () => {
      expect(await PROBES[name as Probe](maker())).to.equal(text);
    });

  for (const [name, { does, override }] of all) {
    const [probe, text] = SHOWS[name] ?? [];
    if (override && probe && text)
      it(`${name}: ${does}`, async () => {
        expect(CORRECT[probe]).to.not.contain(text);
        expect(await PROBES[probe](maker(override))).to.contain(text);
      });
  }
});
