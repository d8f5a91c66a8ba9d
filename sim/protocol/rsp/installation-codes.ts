/** Commands of a BoundProfilePackage with the numbers of BppCommandId. SGP.22 2.5.6 */
export const BPP_COMMANDS = {
  initialiseSecureChannel: 0,
  configureISDP: 1,
  storeMetadata: 2,
  storeMetadata2: 3,
  replaceSessionKeys: 4,
  loadProfileElements: 5,
} as const;
/** Name of a BppCommandId. SGP.22 2.5.6 */
export type BppCommandId = keyof typeof BPP_COMMANDS;

/** Reasons for a failed installation with the numbers of ErrorReason. SGP.22 2.5.6 */
export const ERROR_REASONS = {
  incorrectInputValues: 1,
  invalidSignature: 2,
  invalidTransactionId: 3,
  unsupportedCrtValues: 4,
  unsupportedRemoteOperationType: 5,
  unsupportedProfileClass: 6,
  scp03tStructureError: 7,
  scp03tSecurityError: 8,
  installFailedDueToIccidAlreadyExistsOnEuicc: 9,
  installFailedDueToInsufficientMemoryForProfile: 10,
  installFailedDueToInterruption: 11,
  installFailedDueToPEProcessingError: 12,
  installFailedDueToDataMismatch: 13,
  testProfileInstallFailedDueToInvalidNaaKey: 14,
  pprNotAllowed: 15,
  installFailedDueToUnknownError: 127,
} as const;
/** Name of an ErrorReason. SGP.22 2.5.6 */
export type ErrorReason = keyof typeof ERROR_REASONS;
