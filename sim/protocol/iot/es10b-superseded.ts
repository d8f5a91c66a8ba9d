/** ES10b functions of SGP.32 v1.0 that v1.1 replaced under the same tags (SGP.32 v1.0 5.9.15, 5.9.17). */
import { define, formerly, integer, nil, oid, optional, sequence, utf8 } from '../asn1/type.js';

/** Enables the Profile of the default SM-DP+ right after its download: `BF5A 00`, v1.0. */
export const EnableUsingDDRequest = define('EnableUsingDDRequest', 'SGP.32 5.9.15', sequence('BF5A', {}));

/** Result of EnableUsingDD, v1.0. */
export const EnableUsingDDResponse = define(
  'EnableUsingDDResponse',
  'SGP.32 5.9.15',
  sequence('BF5A', {
    immediateEnableResult: formerly(
      'enableUsingDDResult',
      integer('80', { ok: 0, autoEnableNotAvailable: 1, immediateEnableNotAvailable: 1, noSessionContext: 4, undefinedError: 127 }),
    ),
  }),
);

/** Configures automatic enabling while no eIM is associated, v1.0. */
export const ConfigureAutoProfileEnablingRequest = define(
  'ConfigureAutoProfileEnablingRequest',
  'SGP.32 5.9.17',
  sequence('BF59', {
    immediateEnableFlag: formerly('autoEnableFlag', optional(nil('80'))),
    defaultSmdpOid: formerly('smdpOid', optional(oid('81'))),
    defaultSmdpAddress: formerly('smdpAddress', optional(utf8('82'))),
  }),
);

/** Result of configuring automatic enabling, v1.0. */
export const ConfigureAutoProfileEnablingResponse = define(
  'ConfigureAutoProfileEnablingResponse',
  'SGP.32 5.9.17',
  sequence('BF59', {
    configImmediateEnableResult: formerly(
      'configAutoEnableResult',
      integer('80', {
        ok: 0,
        insufficientMemory: 1,
        unsignedAutoEnableConfigDisallowed: 2,
        associatedEimAlreadyExists: 2,
        undefinedError: 127,
      }),
    ),
  }),
);
