/** Notifications with their compact forms, and the ES10b function that retrieves them (SGP.32 5.14.7, 5.9.11). */
import {
  boolean,
  choice,
  define,
  explicit,
  integer,
  nil,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  tagged,
  until,
  usually,
  withDefault,
} from '../asn1/type.js';
import { NotificationEvent, TransactionId } from '../rsp/basic.js';
import {
  ErrorResult,
  EuiccSignPIR,
  NotificationMetadata,
  OtherSignedNotification,
  ProfileInstallationResultData,
} from '../rsp/notification.js';
import { EuiccPackageResultList } from './result.js';

/** Signed outcome of an installation, as in SGP.22. */
export const ProfileInstallationResult = define(
  'ProfileInstallationResult',
  'SGP.32 5.14.7',
  sequence('BF37', {
    profileInstallationResultData: ProfileInstallationResultData,
    euiccSignPIR: EuiccSignPIR,
  }),
);

/** Octets 14 and 15 of the ISD-P AID; the response only when it is not the standard success. */
export const CompactSuccessResult = define(
  'CompactSuccessResult',
  'SGP.32 5.14.7',
  sequence('30', {
    compactAid: octets('4F', 2),
    simaResponse: optional(octets()),
  }),
);

/** ProfileInstallationResultData without what the eIM knows already. */
export const CompactProfileInstallationResultData = define(
  'CompactProfileInstallationResultData',
  'SGP.32 5.14.7',
  sequence('30', {
    transactionId: tagged('80', TransactionId),
    seqNumber: integer(),
    iccidPresent: withDefault(boolean(), true),
    compactFinalResult: explicit(
      'A2',
      choice(undefined, {
        compactSuccessResult: tagged('A0', CompactSuccessResult),
        errorResult: tagged('A1', ErrorResult),
      }),
    ),
  }),
);

/** Compact form of a Profile installation result; the signature is over the full one. */
export const CompactProfileInstallationResult = define(
  'CompactProfileInstallationResult',
  'SGP.32 5.14.7',
  sequence('30', {
    compactProfileInstallationResultData: tagged('A0', CompactProfileInstallationResultData),
    euiccSignPIR: EuiccSignPIR,
  }),
);

/** A notification without certificates. */
export const CompactOtherSignedNotification = define(
  'CompactOtherSignedNotification',
  'SGP.32 5.14.7',
  sequence('30', {
    eidValue: since('1.2', optional(octets('5A', 16))),
    tbsOtherNotification: NotificationMetadata,
    euiccNotificationSignature: octets('5F37'),
    euiccCiPKIdentifierToBeUsed: since('1.3', optional(octets())),
  }),
);

/** A notification of an IoT eUICC, full or compact. */
export const PendingNotification = define(
  'PendingNotification',
  'SGP.32 5.14.7',
  choice(undefined, {
    profileInstallationResult: ProfileInstallationResult,
    otherSignedNotification: OtherSignedNotification,
    compactProfileInstallationResult: tagged('A0', CompactProfileInstallationResult),
    compactOtherSignedNotification: tagged('A1', CompactOtherSignedNotification),
  }),
);

/** Notifications that the eUICC still keeps. */
export const PendingNotificationList = define('PendingNotificationList', 'SGP.32 2.11.2.2', sequenceOf('30', PendingNotification));

/** Asks for notifications (all, one, some events) or for all eUICC Package Results. */
export const RetrieveNotificationsListRequest = define(
  'RetrieveNotificationsListRequest',
  'SGP.32 5.9.11',
  sequence('BF2B', {
    searchCriteria: optional(
      explicit(
        'A0',
        choice(undefined, {
          seqNumber: integer('80'),
          profileManagementOperation: tagged('81', NotificationEvent),
          euiccPackageResults: nil('82'),
        }),
      ),
    ),
  }),
);

const otherRetrievals = {
  notificationsListResultError: integer('81', { undefinedError: 127 }),
  euiccPackageResultList: tagged('A2', EuiccPackageResultList),
  notificationAndEprList: until(
    '1.0',
    sequence('A3', {
      notificationList: tagged('A0', PendingNotificationList),
      euiccPackageResultList: tagged('A1', EuiccPackageResultList),
    }),
  ),
};

/** Notifications or eUICC Package Results; v1.0 can return both together. */
export const RetrieveNotificationsListResponse = define(
  'RetrieveNotificationsListResponse',
  'SGP.32 5.9.11',
  choice('BF2B', {
    notificationList: tagged('A0', PendingNotificationList),
    ...otherRetrievals,
  }),
);

/** The same in messages to the eIM in v1.0, which later versions have as a list of notifications alone. */
export const retrievedNotifications = usually('BF2B', 'notificationList', tagged('A0', PendingNotificationList), otherRetrievals);
