/** Names by which a deviation says what it changes: functions, their checks, their effects, the objects that the eUICC signs. */
import type { ErrorReason } from '#protocol/rsp/installation-codes.js';

/** Operations of packages, and functions of ES10 that can refuse. */
export type FunctionName =
  | 'enable'
  | 'disable'
  | 'delete'
  | 'listProfileInfo'
  | 'configureImmediateEnable'
  | 'setFallbackAttribute'
  | 'unsetFallbackAttribute'
  | 'setDefaultDpAddress'
  | 'addEim'
  | 'deleteEim'
  | 'updateEim'
  | 'listEim'
  | 'addInitialEim'
  | 'getCerts'
  | 'getConnectivityParameters'
  | 'loadEuiccPackage'
  | 'authenticateServer'
  | 'prepareDownload'
  | 'loadBoundProfilePackage'
  | 'cancelSession'
  | 'listNotification'
  | 'retrieveNotificationsList'
  | 'removeNotificationFromList'
  | 'immediateEnable'
  | 'configureImmediateProfileEnabling'
  | 'profileRollback'
  | 'executeFallbackMechanism'
  | 'returnFromFallback'
  | 'enableEmergencyProfile'
  | 'disableEmergencyProfile'
  | 'euiccMemoryReset'
  | 'ipaeActivation'
  | 'loadCrl';

/** What a function checks; what each means follows from the function. An installation names its checks by the reasons of SGP.22. */
export type CheckName =
  | 'breakdown'
  | 'support'
  | 'found'
  | 'state'
  | 'policy'
  | 'busy'
  | 'oneChange'
  | 'changeOngoing'
  | 'rollbackReference'
  | 'fallbackReturn'
  | 'allowed'
  | 'carrier'
  | 'carrierEnabled'
  | 'form'
  | 'memory'
  | 'associated'
  | 'exists'
  | 'ciPKId'
  | 'associationToken'
  | 'counter'
  | 'eid'
  | 'replay'
  | 'range'
  | 'size'
  | 'emergency'
  | 'configuration'
  | 'session'
  | 'challenge'
  | 'certificate'
  | 'signature'
  | 'transactionId'
  | 'oid'
  | 'secondChannel'
  | 'commandOrder'
  | 'address'
  | 'issuer'
  | 'curve'
  | 'role'
  | ErrorReason;

/** What functions bring about, each on its own. */
export type Effect =
  | 'enable'
  | 'disable'
  | 'delete'
  | 'grantRollback'
  | 'withdrawRollback'
  | 'useRollback'
  | 'rollBack'
  | 'discardUndone'
  | 'setImmediateEnable'
  | 'clearImmediateEnable'
  | 'setFallbackAttribute'
  | 'moveFallbackAttribute'
  | 'unsetFallbackAttribute'
  | 'rememberFallbackReturn'
  | 'rememberEmergencyReturn'
  | 'setDefaultDpAddress'
  | 'clearDefaultDpAddress'
  | 'addEim'
  | 'addAllOrNothing'
  | 'deleteEim'
  | 'updateKey'
  | 'updateCounter'
  | 'keepUnnamedData'
  | 'filterEims'
  | 'filterProfiles'
  | 'answerUnreadable'
  | 'resetProfiles'
  | 'resetDefaultDpAddress'
  | 'resetEims'
  | 'resetImmediateEnable'
  | 'removeNotification'
  | 'removeResult'
  | 'forgetChallenge'
  | 'endSession'
  | 'endInstallation'
  | 'renewSession'
  | 'renewOneTimeKey'
  | 'installProfile'
  | 'removeFailedProfile'
  | 'noteInterruption'
  | 'reuseOneTimeKey';

/** Objects that the eUICC signs. SGP.32 2.11.2.1, SGP.22 2.6.2 */
export const SIGNED_OBJECTS = [
  'euiccPackageResultDataSigned',
  'euiccPackageErrorDataSigned',
  'euiccSigned1',
  'euiccSigned2',
  'profileInstallationResultData',
  'tbsOtherNotification',
  'euiccCancelSessionSigned',
] as const;
/** One of SIGNED_OBJECTS. */
export type SignedObject = (typeof SIGNED_OBJECTS)[number];

/** What outlasts a reset, except the session, which does not. */
export type Lasting =
  | 'results'
  | 'notifications'
  | 'seqNumber'
  | 'counters'
  | 'profileStates'
  | 'rollback'
  | 'emergencyReturn'
  | 'defaultDpAddress'
  | 'session';
