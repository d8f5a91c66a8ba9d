/** Profile installation results and notifications (SGP.22 2.5.6, 5.7.9 to 5.7.11). */
import { growingInteger } from '../asn1/growing.js';
import { choice, define, explicit, integer, octets, oid, optional, sequence, sequenceOf, tagged, utf8 } from '../asn1/type.js';
import { Certificate, Iccid, NotificationEvent, TransactionId } from './basic.js';
import { BPP_COMMANDS, ERROR_REASONS } from './installation-codes.js';

/** Sequence number, event and receiver of a notification. */
export const NotificationMetadata = define(
  'NotificationMetadata',
  'SGP.22 2.5.6',
  sequence('BF2F', {
    seqNumber: integer('80'),
    profileManagementOperation: tagged('81', NotificationEvent),
    notificationAddress: utf8(),
    iccid: optional(Iccid),
  }),
);

/** AID of the new ISD-P and the eUICC's response to the Profile elements. */
export const SuccessResult = define(
  'SuccessResult',
  'SGP.22 2.5.6',
  sequence('30', {
    aid: octets('4F', 5, 16),
    simaResponse: octets(),
  }),
);

/** The command of a Bound Profile Package at which an installation failed. */
export const BppCommandId = define('BppCommandId', 'SGP.22 2.5.6', integer('02', BPP_COMMANDS));

/** Why an installation failed. */
export const ErrorReason = define(
  'ErrorReason',
  'SGP.22 2.5.6',
  growingInteger('02', ERROR_REASONS, {
    '1.3': { installFailedDueToInsufficientMinimumSecurityLevel: 31, installFailedDueToServerAddressAbsentInEuiccAllowList: 32 },
  }),
);

/** Where and why an installation failed. */
export const ErrorResult = define(
  'ErrorResult',
  'SGP.22 2.5.6',
  sequence('30', {
    bppCommandId: tagged('80', BppCommandId),
    errorReason: tagged('81', ErrorReason),
    simaResponse: optional(octets('82')),
  }),
);

/** Outcome of an installation, as the eUICC signs it. */
export const ProfileInstallationResultData = define(
  'ProfileInstallationResultData',
  'SGP.22 2.5.6',
  sequence('BF27', {
    transactionId: tagged('80', TransactionId),
    notificationMetadata: NotificationMetadata,
    smdpOid: oid(),
    finalResult: explicit(
      'A2',
      choice(undefined, {
        successResult: tagged('A0', SuccessResult),
        errorResult: tagged('A1', ErrorResult),
      }),
    ),
  }),
);

/** eUICC signature over ProfileInstallationResultData, r and s with 32 octets each. */
export const EuiccSignPIR = define('EuiccSignPIR', 'SGP.22 2.5.6', octets('5F37'));

/** Signed outcome of an installation; answers the last segment of a Bound Profile Package. */
export const ProfileInstallationResult = define(
  'ProfileInstallationResult',
  'SGP.22 2.5.6',
  sequence('BF37', {
    profileInstallationResultData: ProfileInstallationResultData,
    euiccSignPIR: EuiccSignPIR,
  }),
);

/** Signed notification of enabling, disabling or deleting a Profile. */
export const OtherSignedNotification = define(
  'OtherSignedNotification',
  'SGP.22 5.7.10',
  sequence('30', {
    tbsOtherNotification: NotificationMetadata,
    euiccNotificationSignature: octets('5F37'),
    euiccCertificate: Certificate,
    eumCertificate: Certificate,
  }),
);

/** A notification kept by the eUICC until it is removed. */
export const PendingNotification = define(
  'PendingNotification',
  'SGP.22 5.7.10',
  choice(undefined, {
    profileInstallationResult: ProfileInstallationResult,
    otherSignedNotification: OtherSignedNotification,
  }),
);

/** Asks for the metadata of pending notifications, optionally of some events only. */
export const ListNotificationRequest = define(
  'ListNotificationRequest',
  'SGP.22 5.7.9',
  sequence('BF28', {
    profileManagementOperation: optional(tagged('81', NotificationEvent)),
  }),
);

/** Metadata of pending notifications. */
export const ListNotificationResponse = define(
  'ListNotificationResponse',
  'SGP.22 5.7.9',
  choice('BF28', {
    notificationMetadataList: sequenceOf('A0', NotificationMetadata),
    listNotificationsResultError: integer('81', { undefinedError: 127 }),
  }),
);

/** Asks for pending notifications: all, one, or those of some events. */
export const RetrieveNotificationsListRequest = define(
  'RetrieveNotificationsListRequest',
  'SGP.22 5.7.10',
  sequence('BF2B', {
    searchCriteria: optional(
      explicit(
        'A0',
        choice(undefined, {
          seqNumber: integer('80'),
          profileManagementOperation: tagged('81', NotificationEvent),
        }),
      ),
    ),
  }),
);

/** Pending notifications. */
export const RetrieveNotificationsListResponse = define(
  'RetrieveNotificationsListResponse',
  'SGP.22 5.7.10',
  choice('BF2B', {
    notificationList: sequenceOf('A0', PendingNotification),
    notificationsListResultError: integer('81', { undefinedError: 127 }),
  }),
);

/** Removes a delivered notification from the eUICC (RemoveNotificationFromList). */
export const NotificationSentRequest = define(
  'NotificationSentRequest',
  'SGP.22 5.7.11',
  sequence('BF30', {
    seqNumber: integer('80'),
  }),
);

/** Result of removing a notification. */
export const NotificationSentResponse = define(
  'NotificationSentResponse',
  'SGP.22 5.7.11',
  sequence('BF30', {
    deleteNotificationStatus: integer('80', { ok: 0, nothingToDelete: 1, undefinedError: 127 }),
  }),
);
