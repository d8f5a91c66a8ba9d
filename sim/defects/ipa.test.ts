import { expect } from 'chai';
import type { Spec } from '#protocol/asn1/type.js';
import { ipaDefects } from './ipa.js';
import { ipaCoapDefects, ipaDtlsDefects } from './ipa-coap.js';
import { ipaJsonDefects } from './ipa-json.js';
import { ipaVariantGroups, ipaVariants } from './ipa-variants.js';
import { ipaVersionVariants } from './ipa-versions.js';
import { play } from './test-ipa-lab.js';
import { SCENES } from './test-ipa-scenes.js';

/** The scene in which each deviation shows; those of TLS, HTTP and the control API show in tests of the process. */
const SHOWS: Readonly<Record<string, keyof typeof SCENES>> = {
  omitsTerminalCapability: 'start',
  contactsFixedAddress: 'start',
  givesUpAfterRefusedAssociation: 'refusedOnce',
  marksEveryBlockAsLast: 'direct',
  numbersBlocksFromOne: 'direct',
  interleavesCommands: 'direct',
  readsFirstPartOnly: 'direct',
  sendsOnAfterRefusal: 'refusedBlock',
  leavesProactiveCommands: 'enable',
  refusesRefresh: 'enable',
  ignoresRefresh: 'enable',
  givesUpAfterSwitch: 'enableSilently',
  cutsPackagesByLength: 'direct',
  sendsSectionsWhole: 'direct',
  loadsOnAfterResult: 'spoiltPackage',
  skipsUnknownSections: 'unknownSection',
  forgetsResultsAtStart: 'start',
  forgetsNotifications: 'start',
  pollsFormerEim: 'formerEim',
  retriesAssociation: 'refusedEim',
  asksForOwnToken: 'noEim',
  omitsInitialCounter: 'noEim',
  usesAddressOfFirstEim: 'start',
  keepsFirstAddress: 'otherName',
  repeatsAtOnce: 'noRollback',
  swapsEid: 'start',
  stopsAfterOnePackage: 'enable',
  pollsOnWithoutPackage: 'start',
  pollsOnAfterRefusal: 'refusedEimRequests',
  ignoresUnknownPackages: 'unknownPackage',
  answersUnknownPackagesUndefined: 'unknownPackage',
  keepsStateChanges: 'stateChange',
  announcesWithoutCause: 'stateChange',
  announcesForEver: 'stateChange',
  announcesUndefinedCauses: 'stateChange',
  dropsTransactionIds: 'data',
  inventsTransactionIds: 'dataWithoutId',
  reencodesPackages: 'foreignPackage',
  reencodesResults: 'foreignResult',
  reportsErrorsAsItsOwn: 'repeatedPackage',
  sendsEmptyList: 'noNotification',
  providesForOtherEid: 'enable',
  removesNothing: 'enable',
  removesWhatItSent: 'emptyAnswer',
  removesAfterRefusal: 'refusedResult',
  removesOneMore: 'emptyAfterwards',
  stopsAtUnknownNumber: 'enable',
  keepsMissingResults: 'missingResult',
  forgetsWhatItTook: 'brought',
  providesLater: 'brought',
  speaksV10: 'enable',
  joinsNotificationsLikeV10: 'enable',
  refusesDataLikeV10: 'unknownTags',
  tellsAddressLikeV10: 'data',
  reportsPackagesLikeV10: 'unknownPackage',
  answersWithCorrelation: 'brought',
  namesEidInV10: 'enable',
  joinsNotificationsLikeV12InV10: 'enable',
  refusesDataLikeV12InV10: 'unknownTags',
  takesErrorsSilently: 'broughtUnknown',
  forgetsPackagesWhileBusy: 'broughtTwice',
  mixesPackages: 'broughtTwice',
  neverRollsBack: 'rollback',
  alwaysRollsBack: 'noRollback',
  rollsBackAgain: 'rollbackLost',
  rollsBackWithoutChange: 'failedEnable',
  reversesNotifications: 'start',
  removesUntaken: 'notifications',
  abandonsUntaken: 'notifications',
  reencodesServerObjects: 'foreignServer',
  reencodesEuiccObjects: 'foreignEuicc',
  reencodesNotifications: 'foreignNotifications',
  leavesOutTooMuch: 'announced',
  goesOnAfterUntaken: 'notifications',
  notifiesOneServer: 'notifyingProfile',
  omitsCertificates: 'data',
  omitsInfo: 'data',
  inventsDefaultAddress: 'data',
  toleratesUnknownTags: 'unknownTags',
  answersUnknownCiUndefined: 'unknownCi',
  ignoresCiOfRequest: 'unknownCi',
  namesNoProtocols: 'data',
  answersAllNotifications: 'chosenNotification',
  answersAllResults: 'chosenResult',
  padsCapabilities: 'data',
  misstatesCapabilities: 'data',
  answersInEmergency: 'emergency',
  refusesPrefixedCodes: 'prefixed',
  acceptsOtherFormats: 'otherFormat',
  acceptsCodesWithoutToken: 'noToken',
  reportsMissingDataUndefined: 'noDefault',
  asksForEmptyAddress: 'eimHoldsData',
  omitsTransactionIdOfTrigger: 'indirect',
  alwaysGoesThroughEim: 'direct',
  alwaysGoesDirectly: 'indirect',
  usesRootSmds: 'namedSmds',
  usesDefaultServerForSmds: 'namedSmds',
  ignoresServerAddress: 'otherServer',
  leavesChallengeToEuicc: 'otherChallenge',
  goesOnAfterErrors: 'refusedByEim',
  takesOneDownload: 'twoDownloads',
  takesEmptyTriggers: 'data',
  keepsDownloadData: 'eimHoldsData',
  refusesAllowedRules: 'allowedRules',
  loadsOnAfterRefusal: 'refusedSegment',
  cancelsRefusedOffers: 'refusedOffer',
  reportsTriggersAsDownloads: 'noDefault',
  reportsNoRelayedFailure: 'refusedByEim',
  ignoresServerValidity: 'expiredServer',
  ignoresServerOid: 'otherOid',
  sendsOwnMatchingId: 'default',
  keepsServerRefusals: 'refusedServer',
  keepsOfferRefusals: 'refusedOffer',
  ignoresPolicyRules: 'rules',
  ignoresInstalledProfiles: 'rulesBesideOperational',
  neverCancels: 'rules',
  cancelsWithoutReason: 'rules',
  leavesFailedLoads: 'unknownSection',
  cancelsAfterResult: 'direct',
  dropsHashCc: 'code',
  repeatsRefusedCode: 'code',
  removesResultAtOnce: 'direct',
  neverEnablesImmediately: 'enabledImmediately',
  reportsNoDirectDownload: 'direct',
  reportsNoFailure: 'refusedByServer',
  reportsNothingToServer: 'direct',
  ignoresEvents: 'namedSmds',
  dropsEventIds: 'namedSmds',
  triesOnce: 'noRollback',
  sendsSmallBlocks: 'direct',
  appendsLe: 'start',
  selectsWithoutOccurrence: 'start',
  namesItsChannel: 'start',
  declaresItselfAsLpa: 'start',
  declaresBothRoles: 'start',
  sendsTerminalProfile: 'start',
  startsInOtherOrder: 'start',
  readsMoreAtStart: 'start',
  readsCertificatesAtStart: 'start',
  asksByEvent: 'start',
  resetsCardBeforePolls: 'start',
  pollsTwice: 'start',
  notifiesSeparately: 'enable',
  notifiesInstallation: 'indirect',
  omitsEidInResults: 'enable',
  compactsMessages: 'announced',
  omitsEidInNotifications: 'compactNotices',
  namesItsNetwork: 'start',
  sendsEmptyMatchingId: 'default',
  cancelsEveryRefusal: 'refusedByServer',
  cancelsNoRefusal: 'refusedByEim',
};

/** What shows in the wires and in the control API. */
const ELSEWHERE: readonly string[] = [
  'trustsOtherKeys',
  'trustsUnknownCas',
  'ignoresCertificateSignatures',
  'ignoresValidity',
  'ignoresNames',
  'ignoresUsage',
  'acceptsForeignKeys',
  'speaksOldTls',
  'omitsServerName',
  'resumesSessions',
  'knowsNoCertificateAnchors',
  'abandonsRefusedEims',
  'offersOtherSuites',
  'trustsAnyServer',
  'ignoresValidityOfServers',
  'ignoresNamesOfServers',
  'ignoresUsageOfServers',
  'acceptsForeignKeysOfServers',
  'putsPackages',
  'postsToOtherPath',
  'statesOtherMediaType',
  'omitsAdminProtocolInRequests',
  'statesOwnVersion',
  'omitsUserAgent',
  'claimsToBeAnLpa',
  'appendsOctet',
  'diesOnServerErrors',
  'refusesEmptyOk',
  'refusesNoContent',
  'abandonsOddServers',
  'takesAnyFunction',
  'executesUnreadableAnswers',
  'answersTransfersAsCreated',
  'answersTransfersAsOctets',
  'answersTransfersWithoutVersion',
  'answersTransfersAsPolls',
  'appendsOctetToAnswers',
  'answersTransfersAsText',
  'answersTransfersInList',
  'omitsHeaderOfAnswers',
  'answersWithoutTag',
  'answersWithErrorBesides',
  'answersTransfersWithErrorCode',
  'answersTransfersAsCoapPolls',
  'appendsOctetToCoapAnswers',
  'answersJsonFormat',
  'givesUpAfterTransferErrors',
  'staysActive',
  'ignoresLossOfConnectivity',
  'neverReturns',
  'speaksTls12Only',
  'speaksV11',
  'speaksV13',
  'closesEveryConnection',
  'chunksRequests',
  'addsHeaders',
  'namesItsVersion',
  'sendsUnconfirmedRequests',
  'sendsSmallCoapBlocks',
  'statesOctetStream',
  ...Object.keys({ ...ipaCoapDefects, ...ipaDtlsDefects, ...ipaJsonDefects }),
];

const all = { ...ipaDefects, ...ipaVariants };

describe('deviations of an IPA', () => {
  it('each say in one sentence what such an IPA does', () => {
    for (const [name, { does }] of Object.entries(all)) {
      expect(name).to.match(/^[a-z][A-Za-z0-9]+$/);
      expect(does, name).to.match(/^\S[^.]*(\.\d[^.]*)*\.$/);
    }
  });

  it('have one name each: no variant is a defect too', () => {
    expect(Object.keys(ipaVariants).filter(name => Object.hasOwn(ipaDefects, name))).deep.equals([]);
  });

  it('are tried all: every variant is in one group', () => {
    expect(ipaVariantGroups.flat().toSorted()).deep.equals(Object.keys(ipaVariants).toSorted());
  });

  it('are shown all, in a scene or elsewhere', () => {
    expect([...Object.keys(SHOWS), ...ELSEWHERE].toSorted()).deep.equals(Object.keys(all).toSorted());
  });

  const usual = new Map<string, Promise<string>>();
  /** A scene as it is without a deviation: with an IPA of v1.0 for one that does something else in v1.0. */
  const without = (name: string, spec?: Spec): Promise<string> => {
    const version = spec === '1.0' ? [ipaVersionVariants.speaksV10].flatMap(one => one ?? []) : [];
    const known = usual.get(`${name} ${spec}`) ?? play(SCENES[name] ?? {}, version);
    usual.set(`${name} ${spec}`, known);
    return known;
  };

  it('show against a device that acts the same whenever it is asked', async () => {
    for (const [name, scene] of Object.entries(SCENES)) expect(await play(scene, []), name).equals(await without(name));
  });

  for (const [name, scene] of Object.entries(SHOWS))
    it(`${name} shows in the scene ${scene}`, async () => {
      const deviation = all[name];
      if (!deviation) throw new Error('no such deviation');
      const spec = Object.hasOwn(ipaVariants, name) ? undefined : deviation.declares?.spec;
      expect(await play(SCENES[scene] ?? {}, [deviation])).not.equals(await without(scene, spec));
    });

  it('leave a device working: each variant carries out a package, and both downloads', async () => {
    const done = /left: $/;
    for (const group of ipaVariantGroups) {
      const together = group.flatMap(name => ipaVariants[name] ?? []);
      for (const scene of ['enable', 'direct', 'indirect', 'announced'] as const)
        expect(await play(SCENES[scene] ?? {}, together), `${group.join()}: ${scene}`).to.match(done);
    }
  });
});
