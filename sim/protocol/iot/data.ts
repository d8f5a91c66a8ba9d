/** Data of an IPA and its eUICC that an eIM can ask for (SGP.32 2.11.1.2, 2.11.2.2, 4.1). */
import {
  bare,
  bits,
  choice,
  define,
  explicit,
  formerly,
  integer,
  nil,
  octets,
  optional,
  sequence,
  since,
  tagged,
  until,
  utf8,
  versions,
} from '../asn1/type.js';
import { Certificate, NotificationEvent, TransactionId, VendorSpecificExtension } from '../rsp/basic.js';
import { DeviceInfo, EUICCInfo1 } from '../rsp/info.js';
import { EUICCInfo2 } from './info.js';
import { PendingNotificationList, retrievedNotifications } from './notification.js';
import { EuiccPackageResultList } from './result.js';

/** Features and ESipa transports of an IPA. */
export const IpaCapabilities = define(
  'IpaCapabilities',
  'SGP.32 4.1',
  sequence('30', {
    ipaFeatures: bits('80', {
      directRspServerCommunication: 0,
      indirectRspServerCommunication: 1,
      eimDownloadDataHandling: 2,
      eimCtxParams1Generation: 3,
      eimProfileMetadataVerification: 4,
      minimizeEsipaBytes: 5,
    }),
    ipaSupportedProtocols: optional(
      bits('81', { ipaRetrieveHttps: 0, ipaRetrieveCoaps: 1, ipaInjectHttps: 2, ipaInjectCoaps: 3, ipaProprietary: 4 }),
    ),
    eSipaProprietaryProtocolInformation: since('1.3', optional(tagged('A2', VendorSpecificExtension))),
  }),
);

/** Asks for data by their tags: 81 83 84 A0 A2 A5 A6 A8 A9 BF20 BF22. */
export const IpaEuiccDataRequest = define(
  'IpaEuiccDataRequest',
  'SGP.32 2.11.1.2',
  sequence('BF52', {
    tagList: octets('5C'),
    euiccCiPKIdentifierToBeUsed: formerly('euiccCiPKId', optional(octets())),
    searchCriteriaNotification: formerly(
      'searchCriteria',
      optional(
        explicit(
          'A1',
          choice(undefined, {
            seqNumber: integer('80'),
            profileManagementOperation: tagged('81', NotificationEvent),
            euiccPackageResults: until('1.0', nil('82')),
          }),
        ),
      ),
    ),
    searchCriteriaEuiccPackageResult: since('1.1', optional(explicit('A2', choice(undefined, { seqNumber: integer('80') })))),
    eimTransactionId: since('1.1', optional(tagged('83', TransactionId))),
  }),
);

/** The data asked for; wire order is not numeric. v1.0 has other tags and returns notifications as BF2B at the end. */
export const IpaEuiccData = define(
  'IpaEuiccData',
  'SGP.32 2.11.2.2',
  versions(
    {
      '1.0': sequence('30', {
        defaultSmdpAddress: optional(utf8('80')),
        euiccInfo1: optional(EUICCInfo1),
        euiccInfo2: optional(EUICCInfo2),
        rootSmdsAddress: optional(utf8('83')),
        associationToken: optional(integer('84')),
        eumCertificate: optional(tagged('A5', Certificate)),
        euiccCertificate: optional(tagged('A6', Certificate)),
        ipaCapabilities: optional(tagged('A8', IpaCapabilities)),
        deviceInfo: optional(tagged('A9', DeviceInfo)),
        notificationsList: optional(retrievedNotifications),
        eimTransactionId: since('1.1', optional(tagged('87', TransactionId))),
      }),
    },
    '1.1',
    sequence('30', {
      notificationsList: optional(tagged('A0', PendingNotificationList)),
      defaultSmdpAddress: optional(utf8('81')),
      euiccPackageResultList: optional(tagged('A2', EuiccPackageResultList)),
      euiccInfo1: optional(EUICCInfo1),
      euiccInfo2: optional(EUICCInfo2),
      rootSmdsAddress: optional(utf8('83')),
      associationToken: optional(integer('84')),
      eumCertificate: optional(tagged('A5', Certificate)),
      euiccCertificate: optional(tagged('A6', Certificate)),
      eimTransactionId: optional(tagged('87', TransactionId)),
      ipaCapabilities: optional(tagged('A8', IpaCapabilities)),
      deviceInfo: optional(tagged('A9', DeviceInfo)),
    }),
  ),
);

/** Why the data are not available. */
export const IpaEuiccDataErrorCode = define(
  'IpaEuiccDataErrorCode',
  'SGP.32 2.11.2.2',
  integer('02', { incorrectTagList: 1, euiccCiPKIdNotFound: 5, ecallActive: 104, undefinedError: 127 }),
);

/** Refusal of a request for data, since v1.1. */
export const IpaEuiccDataResponseError = define(
  'IpaEuiccDataResponseError',
  'SGP.32 2.11.2.2',
  sequence('30', {
    eimTransactionId: optional(tagged('80', TransactionId)),
    ipaEuiccDataErrorCode: IpaEuiccDataErrorCode,
  }),
);

/** Answer to a request for data. */
export const IpaEuiccDataResponse = define(
  'IpaEuiccDataResponse',
  'SGP.32 2.11.2.2',
  choice('BF52', {
    ipaEuiccData: tagged('A0', IpaEuiccData),
    ipaEuiccDataResponseError: formerly(
      'ipaEuiccDataError',
      versions(
        {
          '1.0': bare('ipaEuiccDataErrorCode', integer('81', { incorrectTagList: 1, euiccCiPKIdNotFound: 5, undefinedError: 127 }), {
            eimTransactionId: since('1.1', optional(tagged('80', TransactionId))),
          }),
        },
        '1.1',
        tagged('A1', IpaEuiccDataResponseError),
      ),
    ),
  }),
);
