/** Local Profile management, memory reset and CRLs (SGP.22 5.7.12, 5.7.16 to 5.7.21); an IoT eUICC has eUICC Packages instead. */
import { bits, boolean, choice, define, explicit, integer, octets, optional, sequence, sequenceOf, tagged, utf8 } from '../asn1/type.js';
import { CertificateList, Iccid } from './basic.js';

/** Enables a Profile locally. */
export const EnableProfileRequest = define(
  'EnableProfileRequest',
  'SGP.22 5.7.16',
  sequence('BF31', {
    profileIdentifier: explicit(
      'A0',
      choice(undefined, {
        isdpAid: octets('4F', 1, 16),
        iccid: Iccid,
      }),
    ),
    refreshFlag: boolean('81'),
  }),
);

/** Result of enabling a Profile locally. */
export const EnableProfileResponse = define(
  'EnableProfileResponse',
  'SGP.22 5.7.16',
  sequence('BF31', {
    enableResult: integer('80', {
      ok: 0,
      iccidOrAidNotFound: 1,
      profileNotInDisabledState: 2,
      disallowedByPolicy: 3,
      wrongProfileReenabling: 4,
      catBusy: 5,
      undefinedError: 127,
    }),
  }),
);

/** Disables a Profile locally. */
export const DisableProfileRequest = define(
  'DisableProfileRequest',
  'SGP.22 5.7.17',
  sequence('BF32', {
    profileIdentifier: explicit(
      'A0',
      choice(undefined, {
        isdpAid: octets('4F', 1, 16),
        iccid: Iccid,
      }),
    ),
    refreshFlag: boolean('81'),
  }),
);

/** Result of disabling a Profile locally. */
export const DisableProfileResponse = define(
  'DisableProfileResponse',
  'SGP.22 5.7.17',
  sequence('BF32', {
    disableResult: integer('80', {
      ok: 0,
      iccidOrAidNotFound: 1,
      profileNotInEnabledState: 2,
      disallowedByPolicy: 3,
      catBusy: 5,
      undefinedError: 127,
    }),
  }),
);

/** Deletes a Profile locally; BF33 stands directly around 4F or 5A. */
export const DeleteProfileRequest = define(
  'DeleteProfileRequest',
  'SGP.22 5.7.18',
  choice('BF33', {
    isdpAid: octets('4F', 1, 16),
    iccid: Iccid,
  }),
);

/** Result of deleting a Profile locally. */
export const DeleteProfileResponse = define(
  'DeleteProfileResponse',
  'SGP.22 5.7.18',
  sequence('BF33', {
    deleteResult: integer('80', { ok: 0, iccidOrAidNotFound: 1, profileNotInDisabledState: 2, disallowedByPolicy: 3, undefinedError: 127 }),
  }),
);

/** Resets a consumer eUICC; an IoT eUICC has its own command. */
export const EuiccMemoryResetRequest = define(
  'EuiccMemoryResetRequest',
  'SGP.22 5.7.19',
  sequence('BF34', {
    resetOptions: bits('82', { deleteOperationalProfiles: 0, deleteFieldLoadedTestProfiles: 1, resetDefaultSmdpAddress: 2 }),
  }),
);

/** Result of resetting a consumer eUICC. */
export const EuiccMemoryResetResponse = define(
  'EuiccMemoryResetResponse',
  'SGP.22 5.7.19',
  sequence('BF34', {
    resetResult: integer('80', { ok: 0, nothingToDelete: 1, catBusy: 5, undefinedError: 127 }),
  }),
);

/** Gives a Profile a nickname. */
export const SetNicknameRequest = define(
  'SetNicknameRequest',
  'SGP.22 5.7.21',
  sequence('BF29', {
    iccid: Iccid,
    profileNickname: utf8('90', 0, 64),
  }),
);

/** Result of giving a Profile a nickname. */
export const SetNicknameResponse = define(
  'SetNicknameResponse',
  'SGP.22 5.7.21',
  sequence('BF29', {
    setNicknameResult: integer('80', { ok: 0, iccidNotFound: 1, undefinedError: 127 }),
  }),
);

/** Loads a certificate revocation list into the eUICC. */
export const LoadCRLRequest = define(
  'LoadCRLRequest',
  'SGP.22 5.7.12',
  sequence('BF35', {
    crl: tagged('A0', CertificateList),
  }),
);

/** Numbers of the CRL parts that are still missing. */
export const LoadCRLResponseOk = define(
  'LoadCRLResponseOk',
  'SGP.22 5.7.12',
  sequence('30', {
    missingParts: optional(sequenceOf('A0', integer())),
  }),
);

/** Why a CRL is not loaded. SGP.22 5.7.12 */
export const loadCrlErrors = {
  invalidSignature: 1,
  invalidCRLFormat: 2,
  notEnoughMemorySpace: 3,
  verificationKeyNotFound: 4,
  fresherCrlAlreadyLoaded: 5,
  baseCrlMissing: 6,
  undefinedError: 127,
} as const;

/** Why a CRL was not loaded. */
export const LoadCRLResponseError = define('LoadCRLResponseError', 'SGP.22 5.7.12', integer('02', loadCrlErrors));

/** Result of loading a CRL. */
export const LoadCRLResponse = define(
  'LoadCRLResponse',
  'SGP.22 5.7.12',
  choice('BF35', {
    loadCRLResponseOk: tagged('A0', LoadCRLResponseOk),
    loadCRLResponseError: tagged('81', LoadCRLResponseError),
  }),
);
