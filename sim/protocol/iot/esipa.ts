/** ESipa messages (SGP.32 6.3): retrieving and pushing eIM Packages, returning results, and the two message envelopes. */
import { growingInteger } from '../asn1/growing.js';
import {
  bare,
  choice,
  define,
  explicit,
  formerly,
  implied,
  integer,
  nil,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  type Type,
  tagged,
  versions,
  whenEmpty,
} from '../asn1/type.js';
import { TransactionId } from '../rsp/basic.js';
import {
  AuthenticateClientRequestEsipa,
  AuthenticateClientResponseEsipa,
  InitiateAuthenticationRequestEsipa,
  InitiateAuthenticationResponseEsipa,
} from './authentication.js';
import { IpaEuiccDataRequest, IpaEuiccDataResponse } from './data.js';
import {
  CancelSessionRequestEsipa,
  CancelSessionResponseEsipa,
  GetBoundProfilePackageRequestEsipa,
  GetBoundProfilePackageResponseEsipa,
} from './download.js';
import { PendingNotification, PendingNotificationList, retrievedNotifications } from './notification.js';
import { EuiccPackageRequest } from './package.js';
import { EuiccPackageResult } from './result.js';
import { ProfileDownloadTriggerRequest, ProfileDownloadTriggerResult } from './trigger.js';

const ePRAndNotifications = sequence('30', {
  euiccPackageResult: EuiccPackageResult,
  notificationList: versions({ '1.0': retrievedNotifications }, '1.1', tagged('A0', PendingNotificationList)),
});

const packageErrors = { invalidPackageFormat: 1, unknownPackage: 2, undefinedError: 127 };

const correlationId = optional(
  explicit(
    'A0',
    choice(undefined, {
      eimTransactionId: tagged('80', TransactionId),
      eidValue: octets('5A', 16),
    }),
  ),
);

/** Why the state of an eUICC changed; local is reserved, deviceChange comes from an IPAe only. */
export const StateChangeCause = define(
  'StateChangeCause',
  'SGP.32 6.3.2.6',
  integer('02', {
    otherEim: 0,
    fallback: 1,
    emergencyProfile: 2,
    local: 3,
    reset: 4,
    immediateEnableProfile: 5,
    deviceChange: 6,
    undefined: 127,
  }),
);

/** The IPA polls the eIM; rPLMN stands under 81 in v1.0. */
export const GetEimPackageRequest = define(
  'GetEimPackageRequest',
  'SGP.32 6.3.2.6',
  sequence('BF4F', {
    eidValue: octets('5A', 16),
    notifyStateChange: optional(nil('80')),
    stateChangeCause: since('1.1', optional(tagged('81', StateChangeCause))),
    rPLMN: optional(versions({ '1.0': octets('81', 3) }, '1.1', octets('82', 3))),
  }),
);

/** One eIM Package, or why there is none. */
export const GetEimPackageResponse = define(
  'GetEimPackageResponse',
  'SGP.32 6.3.2.6',
  choice('BF4F', {
    euiccPackageRequest: EuiccPackageRequest,
    ipaEuiccDataRequest: IpaEuiccDataRequest,
    profileDownloadTriggerRequest: ProfileDownloadTriggerRequest,
    eimPackageError: growingInteger(
      '02',
      { noEimPackageAvailable: 1, undefinedError: 127 },
      {
        '1.1': { eidNotFound: 2, invalidEid: 3, missingEid: 4 },
      },
    ),
  }),
);

/** Sequence number of a notification or an eUICC Package Result, inside EimAcknowledgements. */
export const SequenceNumber = define('SequenceNumber', 'SGP.32 2.11.1.4', integer('80'));

/** Sequence numbers that the IPA may now remove from the eUICC. */
export const EimAcknowledgements = define('EimAcknowledgements', 'SGP.32 2.11.1.4', sequenceOf('BF53', SequenceNumber));

/** Why an IPA could not handle an eIM Package. */
export const EimPackageResultErrorCode = define('EimPackageResultErrorCode', 'SGP.32 6.3.2.7', integer('02', packageErrors));

/** The IPA could not handle an eIM Package at all. */
export const EimPackageResultResponseError = define(
  'EimPackageResultResponseError',
  'SGP.32 6.3.2.7',
  sequence('30', {
    eimTransactionId: optional(tagged('80', TransactionId)),
    eimPackageResultErrorCode: EimPackageResultErrorCode,
  }),
);

/** In v1.1 the code of an error may also stand alone, as in v1.0. */
const orCodeAlone = <V>(type: Type<V>): Type<V> => ({
  ...type,
  fields: [
    ...(type.fields ?? []),
    {
      name: 'eimPackageResultResponseError',
      type: bare('eimPackageResultErrorCode', EimPackageResultErrorCode, {}),
      optional: false,
      since: '1.1',
      until: '1.1',
    },
  ],
});

/** Outcome of one eIM Package; the code alone went out after v1.1. */
export const EimPackageResult = define(
  'EimPackageResult',
  'SGP.32 6.3.2.7',
  orCodeAlone(
    choice(undefined, {
      euiccPackageResult: EuiccPackageResult,
      ePRAndNotifications,
      ipaEuiccDataResponse: IpaEuiccDataResponse,
      profileDownloadTriggerResult: ProfileDownloadTriggerResult,
      eimPackageResultResponseError: formerly(
        'eimPackageError',
        versions(
          {
            '1.0': bare('eimPackageResultErrorCode', EimPackageResultErrorCode, {
              eimTransactionId: since('1.1', optional(tagged('80', TransactionId))),
            }),
          },
          '1.1',
          tagged('A0', EimPackageResultResponseError),
        ),
      ),
    }),
  ),
);

const resultWithoutEid = (tag: string) =>
  sequence(tag, { eidValue: since('1.1', optional(octets('5A', 16))), eimPackageResult: implied(EimPackageResult) });

/** Brings an outcome to the eIM; in v1.0 without the EID. */
export const ProvideEimPackageResult = define(
  'ProvideEimPackageResult',
  'SGP.32 6.3.2.7',
  versions(
    { '1.0': resultWithoutEid('BF50') },
    '1.1',
    sequence('BF50', {
      eidValue: optional(octets('5A', 16)),
      eimPackageResult: EimPackageResult,
    }),
  ),
);

/** Answer of the eIM to an outcome; v1.0 acknowledges with an empty BF50. */
export const ProvideEimPackageResultResponse = define(
  'ProvideEimPackageResultResponse',
  'SGP.32 6.3.2.7',
  versions(
    { '1.0': whenEmpty('emptyResponse', choice('BF50', { eimAcknowledgements: EimAcknowledgements, emptyResponse: sequence('30', {}) })) },
    '1.1',
    choice('BF50', {
      eimAcknowledgements: EimAcknowledgements,
      emptyResponse: sequence('30', {}),
      provideEimPackageResultError: versions(
        { '1.1': integer('02', { undefinedError: 127 }) },
        '1.2',
        integer('02', { eidNotFound: 2, invalidEid: 3, missingEid: 4, undefinedError: 127 }),
      ),
    }),
  ),
);

/** The eIM pushes a package or acknowledgements. */
export const TransferEimPackageRequest = define(
  'TransferEimPackageRequest',
  'SGP.32 6.3.3.1',
  choice('BF4E', {
    euiccPackageRequest: EuiccPackageRequest,
    ipaEuiccDataRequest: IpaEuiccDataRequest,
    eimAcknowledgements: EimAcknowledgements,
    profileDownloadTriggerRequest: ProfileDownloadTriggerRequest,
  }),
);

/** The IPA took a package, with its correlation id; since v1.3. */
export const EimPackageReceivedWithCid = define('EimPackageReceivedWithCid', 'SGP.32 6.3.3.1', sequence('30', { correlationId }));

/** The IPA cannot process a package, with its correlation id; since v1.3. */
export const EimPackageErrorWithCid = define(
  'EimPackageErrorWithCid',
  'SGP.32 6.3.3.1',
  sequence('30', {
    correlationId,
    eimPackageError: integer('81', packageErrors),
  }),
);

/** Answer of the IPA to a pushed package. */
export const TransferEimPackageResponse = define(
  'TransferEimPackageResponse',
  'SGP.32 6.3.3.1',
  choice('BF4E', {
    euiccPackageResult: EuiccPackageResult,
    ePRAndNotifications,
    ipaEuiccDataResponse: IpaEuiccDataResponse,
    eimPackageReceived: nil(),
    eimPackageError: integer('02', packageErrors),
    eimPackageReceivedWithCid: since('1.3', tagged('BF60', EimPackageReceivedWithCid)),
    eimPackageErrorWithCid: since('1.3', tagged('BF61', EimPackageErrorWithCid)),
  }),
);

/** Delivers a notification or a result; no message answers it. */
export const HandleNotificationEsipa = define(
  'HandleNotificationEsipa',
  'SGP.32 6.3.2.4',
  choice('BF3D', {
    pendingNotification: explicit('A0', PendingNotification),
    provideEimPackageResult: versions({ '1.0': resultWithoutEid('A1') }, '1.1', ProvideEimPackageResult),
  }),
);

/** Every body from IPA to eIM; the tag of the message is the first octet. */
export const EsipaMessageFromIpaToEim = define(
  'EsipaMessageFromIpaToEim',
  'SGP.32 6.3.1',
  choice(undefined, {
    initiateAuthenticationRequestEsipa: InitiateAuthenticationRequestEsipa,
    authenticateClientRequestEsipa: AuthenticateClientRequestEsipa,
    getBoundProfilePackageRequestEsipa: GetBoundProfilePackageRequestEsipa,
    cancelSessionRequestEsipa: CancelSessionRequestEsipa,
    handleNotificationEsipa: HandleNotificationEsipa,
    transferEimPackageResponse: TransferEimPackageResponse,
    getEimPackageRequest: GetEimPackageRequest,
    provideEimPackageResult: ProvideEimPackageResult,
  }),
);

/** Every body from eIM to IPA; HandleNotification has no counterpart here. */
export const EsipaMessageFromEimToIpa = define(
  'EsipaMessageFromEimToIpa',
  'SGP.32 6.3.1',
  choice(undefined, {
    initiateAuthenticationResponseEsipa: InitiateAuthenticationResponseEsipa,
    authenticateClientResponseEsipa: AuthenticateClientResponseEsipa,
    getBoundProfilePackageResponseEsipa: GetBoundProfilePackageResponseEsipa,
    cancelSessionResponseEsipa: CancelSessionResponseEsipa,
    transferEimPackageRequest: TransferEimPackageRequest,
    getEimPackageResponse: GetEimPackageResponse,
    provideEimPackageResultResponse: ProvideEimPackageResultResponse,
  }),
);
