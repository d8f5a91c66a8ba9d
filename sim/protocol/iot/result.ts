/** eUICC Package Results: what an eUICC made of a package (SGP.32 2.11.2.1). */
import { growingInteger } from '../asn1/growing.js';
import {
  choice,
  define,
  explicit,
  formerly,
  integer,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  tagged,
  versions,
} from '../asn1/type.js';
import { RulesAuthorisationTable, TransactionId } from '../rsp/basic.js';
import { EimIdType, eimId } from './eim-configuration.js';
import { ProfileInfoListResponse } from './profile.js';

/** Result of enabling a Profile. */
export const EnableProfileResult = define(
  'EnableProfileResult',
  'SGP.32 2.11.2.1',
  growingInteger(
    '02',
    { ok: 0, iccidOrAidNotFound: 1, profileNotInDisabledState: 2, undefinedError: 127 },
    {
      '1.1': { disallowedByPolicy: 3, catBusy: 5, rollbackNotAvailable: 20 },
    },
  ),
);

/** Result of disabling a Profile. */
export const DisableProfileResult = define(
  'DisableProfileResult',
  'SGP.32 2.11.2.1',
  growingInteger(
    '02',
    { ok: 0, iccidOrAidNotFound: 1, profileNotInEnabledState: 2, undefinedError: 127 },
    {
      '1.1': { disallowedByPolicy: 3, catBusy: 5 },
    },
  ),
);

/** Result of deleting a Profile; returnFallbackProfile: the Profile is the one to return to after a fallback. */
export const DeleteProfileResult = define(
  'DeleteProfileResult',
  'SGP.32 2.11.2.1',
  growingInteger(
    '02',
    { ok: 0, iccidOrAidNotFound: 1, profileNotInDisabledState: 2, undefinedError: 127 },
    {
      '1.1': { disallowedByPolicy: 3, rollbackNotAvailable: 20, returnFallbackProfile: 21 },
    },
  ),
);

/** Result of configuring automatic enabling, v1.0. */
export const ConfigureAutoEnableResult = define(
  'ConfigureAutoEnableResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, insufficientMemory: 1, commandError: 7, undefinedError: 127 }),
);

/** Result of configuring immediate enabling. */
export const ConfigureImmediateEnableResult = define(
  'ConfigureImmediateEnableResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, insufficientMemory: 1, commandError: 7, undefinedError: 127 }),
);

/** Result of a rollback that the IPA asked for. */
export const RollbackProfileResult = define('RollbackProfileResult', 'SGP.32 2.11.2.1', integer('02', { ok: 0, undefinedError: 127 }));

/** Result of setting the Fallback Attribute. */
export const SetFallbackAttributeResult = define(
  'SetFallbackAttributeResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, iccidOrAidNotFound: 1, fallbackNotAllowed: 2, fallbackProfileEnabled: 3, undefinedError: 127 }),
);

/** Result of removing the Fallback Attribute. */
export const UnsetFallbackAttributeResult = define(
  'UnsetFallbackAttributeResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, noFallbackAttribute: 2, fallbackProfileEnabled: 3, commandError: 7, undefinedError: 127 }),
);

/** Result of adding an eIM: a generated token, or a code. */
export const AddEimResult = define(
  'AddEimResult',
  'SGP.32 2.11.2.1',
  choice(undefined, {
    associationToken: integer('84'),
    addEimResultCode: growingInteger(
      '02',
      {
        ok: 0,
        insufficientMemory: 1,
        ciPKUnknown: 3,
        invalidAssociationToken: 5,
        counterValueOutOfRange: 6,
        commandError: 7,
        undefinedError: 127,
      },
      {
        '1.1': { associatedEimAlreadyExists: 2 },
      },
    ),
  }),
);

/** Result of deleting an eIM; lastEimDeleted is a success. */
export const DeleteEimResult = define(
  'DeleteEimResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, eimNotFound: 1, lastEimDeleted: 2, commandError: 7, undefinedError: 127 }),
);

/** Result of updating an eIM. */
export const UpdateEimResult = define(
  'UpdateEimResult',
  'SGP.32 2.11.2.1',
  integer('02', { ok: 0, eimNotFound: 1, ciPKUnknown: 3, counterValueOutOfRange: 6, commandError: 7, undefinedError: 127 }),
);

/** One associated eIM; its type stands under 84 in v1.0. */
export const EimIdInfo = define(
  'EimIdInfo',
  'SGP.32 2.11.2.1',
  sequence('30', {
    eimId,
    eimIdType: optional(versions({ '1.0': tagged('84', EimIdType) }, '1.1', tagged('82', EimIdType))),
  }),
);

/** The associated eIMs. */
export const ListEimResult = define(
  'ListEimResult',
  'SGP.32 2.11.2.1',
  choice(undefined, {
    eimIdList: sequenceOf('A0', EimIdInfo),
    listEimError: versions(
      { '1.0': integer('81', { commandError: 7, undefinedError: 127 }) },
      '1.1',
      integer('81', { undefinedError: 127 }),
    ),
  }),
);

/** Result of setting the default SM-DP+ address: of a package and of ES10b. */
export const SetDefaultDpAddressResponse = define(
  'SetDefaultDpAddressResponse',
  'SGP.32 5.9.25',
  sequence('BF65', {
    setDefaultDpAddressResult: integer('80', { ok: 0, undefinedError: 127 }),
  }),
);

/** Result of one operation; processingTerminated ends the list. */
export const EuiccResultData = define(
  'EuiccResultData',
  'SGP.32 2.11.2.1',
  choice(undefined, {
    enableResult: tagged('83', EnableProfileResult),
    disableResult: tagged('84', DisableProfileResult),
    deleteResult: tagged('85', DeleteProfileResult),
    listProfileInfoResult: ProfileInfoListResponse,
    getRATResult: tagged('A6', RulesAuthorisationTable),
    configureImmediateEnableResult: formerly('configureAutoEnableResult', tagged('87', ConfigureImmediateEnableResult)),
    addEimResult: explicit('A8', AddEimResult),
    deleteEimResult: tagged('89', DeleteEimResult),
    updateEimResult: tagged('8A', UpdateEimResult),
    listEimResult: explicit('AB', ListEimResult),
    rollbackResult: tagged('8C', RollbackProfileResult),
    setFallbackAttributeResult: since('1.1', tagged('8D', SetFallbackAttributeResult)),
    unsetFallbackAttributeResult: since('1.1', tagged('8E', UnsetFallbackAttributeResult)),
    processingTerminated: integer('02', { resultSizeOverflow: 1, unknownOrDamagedCommand: 2, interruption: 3, undefinedError: 127 }),
    setDefaultDpAddressResult: since('1.1', SetDefaultDpAddressResponse),
  }),
);

/** What the eUICC signs after executing a package. */
export const EuiccPackageResultDataSigned = define(
  'EuiccPackageResultDataSigned',
  'SGP.32 2.11.2.1',
  sequence('30', {
    eimId,
    counterValue: integer('81'),
    eimTransactionId: formerly('transactionId', optional(tagged('82', TransactionId))),
    seqNumber: integer('83'),
    euiccResult: sequenceOf('30', EuiccResultData),
  }),
);

/** Signed result of an executed package. */
export const EuiccPackageResultSigned = define(
  'EuiccPackageResultSigned',
  'SGP.32 2.11.2.1',
  sequence('30', {
    euiccPackageResultDataSigned: EuiccPackageResultDataSigned,
    euiccSignEPR: octets('5F37'),
  }),
);

/** Why an authentic package was not executed. */
export const EuiccPackageErrorCode = define(
  'EuiccPackageErrorCode',
  'SGP.32 2.11.2.1',
  growingInteger(
    '02',
    { invalidEid: 3, replayError: 4, counterValueOutOfRange: 6, sizeOverflow: 15, undefinedError: 127 },
    { '1.1': { ecallActive: 104 } },
  ),
);

/** What the eUICC signs when it refuses an authentic package. */
export const EuiccPackageErrorDataSigned = define(
  'EuiccPackageErrorDataSigned',
  'SGP.32 2.11.2.1',
  sequence('30', {
    eimId,
    counterValue: integer('81'),
    eimTransactionId: formerly('transactionId', optional(tagged('82', TransactionId))),
    euiccPackageErrorCode: EuiccPackageErrorCode,
  }),
);

/** Signed refusal of an authentic package. */
export const EuiccPackageErrorSigned = define(
  'EuiccPackageErrorSigned',
  'SGP.32 2.11.2.1',
  sequence('30', {
    euiccPackageErrorDataSigned: EuiccPackageErrorDataSigned,
    euiccSignEPE: octets('5F37'),
  }),
);

/** Why a package could not be authenticated, since v1.3. */
export const EuiccPackageUnsignedErrorCode = define(
  'EuiccPackageUnsignedErrorCode',
  'SGP.32 2.11.2.1',
  integer('02', { sizeOverflow: 15, undefinedError: 127 }),
);

/** Refusal of a package that could not be authenticated. */
export const EuiccPackageErrorUnsigned = define(
  'EuiccPackageErrorUnsigned',
  'SGP.32 2.11.2.1',
  sequence('30', {
    eimId,
    eimTransactionId: since('1.1', optional(tagged('82', TransactionId))),
    associationToken: optional(integer('84')),
    euiccPackageUnsignedErrorCode: since('1.3', optional(tagged('8F', EuiccPackageUnsignedErrorCode))),
  }),
);

/** Answer of the eUICC to a package; BF51 stands there once, whatever embeds it. */
export const EuiccPackageResult = define(
  'EuiccPackageResult',
  'SGP.32 2.11.2.1',
  choice('BF51', {
    euiccPackageResultSigned: tagged('A0', EuiccPackageResultSigned),
    euiccPackageErrorSigned: tagged('A1', EuiccPackageErrorSigned),
    euiccPackageErrorUnsigned: tagged('A2', EuiccPackageErrorUnsigned),
  }),
);

/** Results that the eUICC still keeps. */
export const EuiccPackageResultList = define('EuiccPackageResultList', 'SGP.32 2.11.2.2', sequenceOf('30', EuiccPackageResult));
