/** ES10b functions that SGP.32 adds or changes (SGP.32 5.9). */
import { growingInteger } from '../asn1/growing.js';
import {
  bits,
  boolean,
  choice,
  define,
  formerly,
  integer,
  nil,
  octets,
  oid,
  optional,
  sequence,
  since,
  tagged,
  utf8,
  versions,
} from '../asn1/type.js';
import { Certificate } from '../rsp/basic.js';
import { ConfigureAutoProfileEnablingRequest, ConfigureAutoProfileEnablingResponse, EnableUsingDDResponse } from './es10b-superseded.js';
import { EuiccPackageResult } from './result.js';

/** Resets parts of an IoT eUICC; v1.0 uses the tag of SGP.22 with options of its own. */
export const EuiccMemoryResetRequest = define(
  'EuiccMemoryResetRequest',
  'SGP.32 5.9.5',
  versions(
    {
      '1.0': sequence('BF34', {
        resetOptions: bits('82', {
          deleteOperationalProfiles: 0,
          deleteFieldLoadedTestProfiles: 1,
          resetDefaultSmdpAddress: 2,
          resetEimConfigData: 3,
          resetAutoEnableConfig: 4,
          resetImmediateEnableConfig: 4,
        }),
      }),
    },
    '1.1',
    sequence('BF64', {
      resetOptions: bits('82', {
        deleteOperationalProfiles: 0,
        deleteFieldLoadedTestProfiles: 1,
        resetDefaultSmdpAddress: 2,
        deletePreLoadedTestProfiles: 3,
        deleteProvisioningProfiles: 4,
        resetEimConfigData: 5,
        resetImmediateEnableConfig: 6,
      }),
    }),
  ),
);

/** Results of a reset, one per part. */
export const EuiccMemoryResetResponse = define(
  'EuiccMemoryResetResponse',
  'SGP.32 5.9.5',
  versions(
    {
      '1.0': sequence('BF34', {
        resetResult: integer('02', { ok: 0, nothingToDelete: 1, catBusy: 5, undefinedError: 127 }),
        resetEimResult: optional(integer('81', { ok: 0, nothingToDelete: 1, eimResetNotSupported: 2, undefinedError: 127 })),
        resetImmediateEnableConfigResult: formerly(
          'resetAutoEnableConfigResult',
          optional(integer('82', { ok: 0, resetAECNotSupported: 1, resetIECNotSupported: 1, undefinedError: 127 })),
        ),
      }),
    },
    '1.1',
    sequence('BF64', {
      resetResult: integer('80', { ok: 0, nothingToDelete: 1, catBusy: 5, ecallActive: 104, undefinedError: 127 }),
      resetEimResult: optional(integer('81', { ok: 0, nothingToDelete: 1, eimResetNotSupported: 2, undefinedError: 127 })),
      resetImmediateEnableConfigResult: optional(integer('82', { ok: 0, resetIECNotSupported: 1, undefinedError: 127 })),
    }),
  ),
);

/** Asks for the certificate chain of a CI key, by default of the first key for signing. */
export const GetCertsRequest = define(
  'GetCertsRequest',
  'SGP.32 5.9.10',
  sequence('BF56', {
    euiccCiPKId: optional(octets('80')),
  }),
);

/** Certificates of EUM and eUICC; the specification spells undfinedError. */
export const GetCertsResponse = define(
  'GetCertsResponse',
  'SGP.32 5.9.10',
  choice('BF56', {
    certs: sequence('A0', {
      eumCertificate: tagged('A5', Certificate),
      euiccCertificate: tagged('A6', Certificate),
    }),
    getCertsError: integer('81', { invalidCiPKId: 1, undfinedError: 127 }),
  }),
);

/** Enables a Profile right after its download; EnableUsingDD in v1.0. */
export const ImmediateEnableRequest = define(
  'ImmediateEnableRequest',
  'SGP.32 5.9.15',
  versions(
    { '1.0': sequence('BF5A', { refreshFlag: since('1.1', boolean('80')) }) },
    '1.1',
    sequence('BF5A', {
      refreshFlag: boolean('80'),
    }),
  ),
);

/** Result of immediate enabling. */
export const ImmediateEnableResponse = define(
  'ImmediateEnableResponse',
  'SGP.32 5.9.15',
  versions(
    { '1.0': EnableUsingDDResponse },
    '1.1',
    sequence('BF5A', {
      immediateEnableResult: integer('80', {
        ok: 0,
        immediateEnableNotAvailable: 1,
        noSessionContext: 4,
        catBusy: 5,
        undefinedError: 127,
      }),
    }),
  ),
);

/** Returns to the Profile enabled before. */
export const ProfileRollbackRequest = define(
  'ProfileRollbackRequest',
  'SGP.32 5.9.16',
  sequence('BF58', {
    refreshFlag: boolean('80'),
  }),
);

/** Result of a rollback, with the result to deliver in place of the earlier one. */
export const ProfileRollbackResponse = define(
  'ProfileRollbackResponse',
  'SGP.32 5.9.16',
  sequence('BF58', {
    cmdResult: integer('02', { ok: 0, rollbackNotAllowed: 1, catBusy: 5, commandError: 7, undefinedError: 127 }),
    eUICCPackageResult: optional(EuiccPackageResult),
  }),
);

/** Configures immediate enabling while no eIM is associated. */
export const ConfigureImmediateProfileEnablingRequest = define(
  'ConfigureImmediateProfileEnablingRequest',
  'SGP.32 5.9.17',
  versions(
    { '1.0': ConfigureAutoProfileEnablingRequest },
    '1.1',
    sequence('BF59', {
      immediateEnableFlag: optional(nil('80')),
      defaultSmdpOid: optional(oid('81')),
      defaultSmdpAddress: optional(utf8('82')),
    }),
  ),
);

/** Result of configuring immediate enabling. */
export const ConfigureImmediateProfileEnablingResponse = define(
  'ConfigureImmediateProfileEnablingResponse',
  'SGP.32 5.9.17',
  versions(
    { '1.0': ConfigureAutoProfileEnablingResponse },
    '1.1',
    sequence('BF59', {
      configImmediateEnableResult: integer('80', { ok: 0, insufficientMemory: 1, associatedEimAlreadyExists: 2, undefinedError: 127 }),
    }),
  ),
);

/** Enables the Fallback Profile. */
export const ExecuteFallbackMechanismRequest = define(
  'ExecuteFallbackMechanismRequest',
  'SGP.32 5.9.20',
  sequence('BF5D', {
    refreshFlag: boolean('80'),
  }),
);

/** Result of the fallback; fallbackNotAvailable: no Profile has the Fallback Attribute. */
export const ExecuteFallbackMechanismResponse = define(
  'ExecuteFallbackMechanismResponse',
  'SGP.32 5.9.20',
  sequence('BF5D', {
    executeFallbackMechanismResult: integer('80', {
      ok: 0,
      profileNotInDisabledState: 2,
      catBusy: 5,
      fallbackNotAvailable: 6,
      commandError: 7,
      ecallActive: 104,
      undefinedError: 127,
    }),
  }),
);

/** Returns to the Profile enabled before the fallback. */
export const ReturnFromFallbackRequest = define(
  'ReturnFromFallbackRequest',
  'SGP.32 5.9.21',
  sequence('BF5E', {
    refreshFlag: boolean('80'),
  }),
);

/** Result of the return. */
export const ReturnFromFallbackResponse = define(
  'ReturnFromFallbackResponse',
  'SGP.32 5.9.21',
  sequence('BF5E', {
    returnFromFallbackResult: integer('80', { ok: 0, catBusy: 5, fallbackNotAvailable: 6, commandError: 7, undefinedError: 127 }),
  }),
);

/** Enables the Emergency Profile. */
export const EnableEmergencyProfileRequest = define(
  'EnableEmergencyProfileRequest',
  'SGP.32 5.9.22',
  sequence('BF5B', {
    refreshFlag: boolean('80'),
  }),
);

/** Result of enabling it; ecallNotAvailable: there is no Emergency Profile. */
export const EnableEmergencyProfileResponse = define(
  'EnableEmergencyProfileResponse',
  'SGP.32 5.9.22',
  sequence('BF5B', {
    enableEmergencyProfileResult: integer('80', {
      ok: 0,
      profileNotInDisabledState: 2,
      catBusy: 5,
      ecallNotAvailable: 8,
      undefinedError: 127,
    }),
  }),
);

/** Disables the Emergency Profile. */
export const DisableEmergencyProfileRequest = define(
  'DisableEmergencyProfileRequest',
  'SGP.32 5.9.23',
  sequence('BF5C', {
    refreshFlag: boolean('80'),
  }),
);

/** Result of disabling the Emergency Profile. */
export const DisableEmergencyProfileResponse = define(
  'DisableEmergencyProfileResponse',
  'SGP.32 5.9.23',
  sequence('BF5C', {
    disableEmergencyProfileResult: growingInteger(
      '80',
      { ok: 0, profileNotInEnabledState: 2, catBusy: 5, undefinedError: 127 },
      { '1.3': { ecallNotAvailable: 8 } },
    ),
  }),
);

/** Asks for the connectivity parameters of the enabled Profile: always `BF5F 00`. */
export const GetConnectivityParametersRequest = define('GetConnectivityParametersRequest', 'SGP.32 5.9.24', sequence('BF5F', {}));

/** Connectivity parameters of the enabled Profile, for HTTP and CoAP alike. */
export const ConnectivityParameters = define(
  'ConnectivityParameters',
  'SGP.32 5.9.24',
  sequence('30', {
    httpParams: optional(octets('81')),
  }),
);

/** Why there are no connectivity parameters. */
export const ConnectivityParametersError = define(
  'ConnectivityParametersError',
  'SGP.32 5.9.24',
  integer('02', { parametersNotAvailable: 1, undefinedError: 127 }),
);

/** Returns the connectivity parameters. */
export const GetConnectivityParametersResponse = define(
  'GetConnectivityParametersResponse',
  'SGP.32 5.9.24',
  choice('BF5F', {
    connectivityParameters: tagged('A0', ConnectivityParameters),
    connectivityParametersError: tagged('81', ConnectivityParametersError),
  }),
);
