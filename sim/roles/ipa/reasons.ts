/** Why a download is cancelled. SGP.22 5.7.14, SGP.32 3.2.3.3 */

/** CancelSessionReason. SGP.22 5.7.14 */
export const REASONS = {
  endUserRejection: 0,
  postponed: 1,
  timeout: 2,
  pprNotAllowed: 3,
  metadataMismatch: 4,
  loadBppExecutionError: 5,
  undefinedReason: 127,
} as const;
/** Code 50 of AuthenticateClientResponseEsipa and GetBoundProfilePackageResponseEsipa: the eIM's own verdict on the metadata. */
export const EIM_VERDICT = 50;
