/** Configuration data of eIMs, and the ES10b functions for them (SGP.32 2.11.1.1.1, 5.9.4, 5.9.18). */
import {
  bits,
  choice,
  define,
  explicit,
  integer,
  nil,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  tagged,
  utf8,
  versions,
} from '../asn1/type.js';
import { Certificate, SubjectPublicKeyInfo, VendorSpecificExtension } from '../rsp/basic.js';

/** eimId as most structures carry it: of any length in v1.0, 1 to 128 characters since. */
export const eimId = versions({ '1.0': utf8('80') }, '1.1', utf8('80', 1, 128));

/** How an eimId is to be read. */
export const EimIdType = define(
  'EimIdType',
  'SGP.32 2.11.1.1.1',
  integer('02', { eimIdTypeOid: 1, eimIdTypeFqdn: 2, eimIdTypeProprietary: 3 }),
);

/** ESipa transports of an eIM; retrieve: the IPA polls, inject: the eIM pushes. */
export const EimSupportedProtocol = define(
  'EimSupportedProtocol',
  'SGP.32 2.11.1.1.1',
  bits('03', { eimRetrieveHttps: 0, eimRetrieveCoaps: 1, eimInjectHttps: 2, eimInjectCoaps: 3, eimProprietary: 4 }),
);

/** What an eUICC keeps about an eIM; an associationToken of -1 asks the eUICC for a new one. */
export const EimConfigurationData = define(
  'EimConfigurationData',
  'SGP.32 2.11.1.1.1',
  sequence('30', {
    eimId,
    eimFqdn: optional(utf8('81')),
    eimIdType: optional(tagged('82', EimIdType)),
    counterValue: optional(integer('83')),
    associationToken: optional(integer('84')),
    eimPublicKeyData: optional(
      explicit(
        'A5',
        choice(undefined, {
          eimPublicKey: tagged('A0', SubjectPublicKeyInfo),
          eimCertificate: tagged('A1', Certificate),
        }),
      ),
    ),
    trustedPublicKeyDataTls: optional(
      explicit(
        'A6',
        choice(undefined, {
          trustedEimPkTls: tagged('A0', SubjectPublicKeyInfo),
          trustedCertificateTls: tagged('A1', Certificate),
        }),
      ),
    ),
    eimSupportedProtocol: optional(tagged('87', EimSupportedProtocol)),
    euiccCiPKId: optional(octets('88')),
    indirectProfileDownload: since('1.1', optional(nil('89'))),
    eSipaProprietaryProtocolInformation: since('1.3', optional(tagged('AA', VendorSpecificExtension))),
  }),
);

/** Associates the first eIMs, while there is none. */
export const AddInitialEimRequest = define(
  'AddInitialEimRequest',
  'SGP.32 5.9.4',
  sequence('BF57', {
    eimConfigurationDataList: sequenceOf('A0', EimConfigurationData),
  }),
);

/** Result per eIM, in the order of the request. */
export const AddInitialEimResponse = define(
  'AddInitialEimResponse',
  'SGP.32 5.9.4',
  choice('BF57', {
    addInitialEimOk: sequenceOf(
      'A0',
      choice(undefined, {
        associationToken: integer('84'),
        addOk: nil(),
      }),
    ),
    addInitialEimError: versions(
      {
        '1.0': integer('81', {
          insufficientMemory: 1,
          unsignedEimConfigDisallowed: 2,
          associatedEimAlreadyExists: 2,
          ciPKUnknown: 3,
          invalidAssociationToken: 5,
          counterValueOutOfRange: 6,
          undefinedError: 127,
        }),
      },
      '1.1',
      integer('81', {
        insufficientMemory: 1,
        associatedEimAlreadyExists: 2,
        ciPKUnknown: 3,
        invalidAssociationToken: 5,
        counterValueOutOfRange: 6,
        commandError: 7,
        undefinedError: 127,
      }),
    ),
  }),
);

/** Asks for the associated eIMs: all (`BF55 00`) or one. */
export const GetEimConfigurationDataRequest = define(
  'GetEimConfigurationDataRequest',
  'SGP.32 5.9.18',
  sequence('BF55', {
    searchCriteria: since('1.1', optional(explicit('A0', choice(undefined, { eimId: utf8('80', 1, 128) })))),
  }),
);

/** Lists the associated eIMs. */
export const GetEimConfigurationDataResponse = define(
  'GetEimConfigurationDataResponse',
  'SGP.32 5.9.18',
  sequence('BF55', {
    eimConfigurationDataList: sequenceOf('A0', EimConfigurationData),
  }),
);
