/** eUICC Packages: what an eIM asks of an eUICC (SGP.32 2.11.1.1). */
import { choice, define, formerly, integer, nil, octets, oid, optional, sequence, sequenceOf, since, tagged, utf8 } from '../asn1/type.js';
import { Iccid, TransactionId } from '../rsp/basic.js';
import { ProfileInfoListRequest } from '../rsp/profile.js';
import { EimConfigurationData, eimId } from './eim-configuration.js';

/** Sets the default SM-DP+ address: an operation of a package and an ES10b command; an empty text removes it. */
export const SetDefaultDpAddressRequest = define(
  'SetDefaultDpAddressRequest',
  'SGP.32 5.9.25',
  sequence('BF65', {
    defaultDpAddress: utf8('80'),
  }),
);

/** A Profile state management operation. */
export const Psmo = define(
  'Psmo',
  'SGP.32 2.11.1.1.3',
  choice(undefined, {
    enable: sequence('A3', {
      iccid: Iccid,
      rollbackFlag: optional(nil()),
    }),
    disable: sequence('A4', {
      iccid: Iccid,
    }),
    delete: sequence('A5', {
      iccid: Iccid,
    }),
    listProfileInfo: ProfileInfoListRequest,
    getRAT: sequence('A6', {}),
    configureImmediateEnable: formerly(
      'configureAutoEnable',
      sequence('A7', {
        immediateEnableFlag: formerly('autoEnableFlag', optional(nil('80'))),
        defaultSmdpOid: formerly('smdpOid', optional(oid('81'))),
        defaultSmdpAddress: formerly('smdpAddress', optional(utf8('82'))),
      }),
    ),
    setFallbackAttribute: since(
      '1.1',
      sequence('A8', {
        iccid: Iccid,
      }),
    ),
    unsetFallbackAttribute: since('1.1', sequence('A9', {})),
    setDefaultDpAddress: since('1.1', SetDefaultDpAddressRequest),
  }),
);

/** An eIM configuration operation. */
export const Eco = define(
  'Eco',
  'SGP.32 2.11.1.1.2',
  choice(undefined, {
    addEim: tagged('A8', EimConfigurationData),
    deleteEim: sequence('A9', {
      eimId: utf8('80'),
    }),
    updateEim: tagged('AA', EimConfigurationData),
    listEim: sequence('AB', {}),
  }),
);

/** Operations of one kind, executed in their order. */
export const EuiccPackage = define(
  'EuiccPackage',
  'SGP.32 2.11.1.1',
  choice(undefined, {
    psmoList: sequenceOf('A0', Psmo),
    ecoList: sequenceOf('A1', Eco),
  }),
);

/** What the eIM signs: counter, target and operations. */
export const EuiccPackageSigned = define(
  'EuiccPackageSigned',
  'SGP.32 2.11.1.1',
  sequence('30', {
    eimId,
    eidValue: octets('5A', 16),
    counterValue: integer('81'),
    eimTransactionId: formerly('transactionId', optional(tagged('82', TransactionId))),
    euiccPackage: EuiccPackage,
  }),
);

/** A signed package; also the command ES10b.LoadEuiccPackage. */
export const EuiccPackageRequest = define(
  'EuiccPackageRequest',
  'SGP.32 2.11.1.1',
  sequence('BF51', {
    euiccPackageSigned: EuiccPackageSigned,
    eimSignature: octets('5F37'),
  }),
);
