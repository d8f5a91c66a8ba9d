/** Triggers of a Profile download and their results (SGP.32 2.11.1.3, 2.11.2.3). */
import { choice, define, explicit, integer, nil, octets, optional, sequence, since, tagged, utf8, versions } from '../asn1/type.js';
import { TransactionId } from '../rsp/basic.js';
import { ProfileInstallationResult } from './notification.js';

/** Where the Profile comes from: an Activation Code, the default SM-DP+ or an SM-DS. */
export const ProfileDownloadData = define(
  'ProfileDownloadData',
  'SGP.32 2.11.1.3',
  choice(undefined, {
    activationCode: utf8('80', 0, 255),
    contactDefaultSmdp: nil('81'),
    contactSmds: sequence('A2', {
      smdsAddress: optional(utf8('80')),
    }),
  }),
);

/** Starts a download; `BF54 00` when the eIM keeps the download data itself. */
export const ProfileDownloadTriggerRequest = define(
  'ProfileDownloadTriggerRequest',
  'SGP.32 2.11.1.3',
  sequence('BF54', {
    profileDownloadData: optional(explicit('A0', ProfileDownloadData)),
    eimTransactionId: optional(tagged('82', TransactionId)),
  }),
);

/** Outcome of a triggered download: the eUICC's signed result, or why there was none. */
export const ProfileDownloadTriggerResult = define(
  'ProfileDownloadTriggerResult',
  'SGP.32 2.11.2.3',
  sequence('BF54', {
    eimTransactionId: optional(tagged('82', TransactionId)),
    profileDownloadTriggerResultData: choice(undefined, {
      profileInstallationResult: ProfileInstallationResult,
      profileDownloadError: sequence('30', {
        profileDownloadErrorReason: since('1.1', integer('80', { ecallActive: 104, undefinedError: 127 })),
        errorResponse: optional(versions({ '1.0': octets('80') }, '1.1', octets('04'))),
      }),
    }),
  }),
);
