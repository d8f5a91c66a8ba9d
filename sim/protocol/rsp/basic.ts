/** Small types that many messages share (SGP.22 Annex H) and the X.509 objects they carry. */
import { bits, define, der, explicit, integer, octets, oid, open, optional, sequence, sequenceOf, tagged, utf8 } from '../asn1/type.js';

/** An X.509 certificate, complete with its own tag 30. */
export const Certificate = define('Certificate', 'RFC 5280 4.1', der());

/** A certificate revocation list, complete with its own tag 30. */
export const CertificateList = define('CertificateList', 'RFC 5280 5.1', der());

/** A public key with its algorithm, complete with its own tag 30. */
export const SubjectPublicKeyInfo = define('SubjectPublicKeyInfo', 'RFC 5280 4.1.2.7', der());

/** One octet. */
export const Octet1 = define('Octet1', 'SGP.22 Annex H', octets('04', 1));

/** Two octets. */
export const Octet2 = define('Octet2', 'SGP.22 Annex H', octets('04', 2));

/** Eight octets; the IMEI in DeviceInfo. */
export const Octet8 = define('Octet8', 'SGP.22 Annex H', octets('04', 8));

/** Major, minor and revision, one octet each: `020500` is 2.5.0. */
export const VersionType = define('VersionType', 'SGP.22 Annex H', octets('04', 3));

/** ICCID as in EF.ICCID: nibble-swapped digits, filled up with F. */
export const Iccid = define('Iccid', 'SGP.22 Annex H', octets('5A', 10));

/** Identifier of a session with an RSP server, chosen by the server. */
export const TransactionId = define('TransactionId', 'SGP.22 Annex H', octets('04', 1, 16));

/** The remote operation that a secure channel is opened for. */
export const RemoteOpId = define('RemoteOpId', 'SGP.22 5.5.1', integer('82', { installBoundProfilePackage: 1 }));

/** Profile Policy Rules. */
export const PprIds = define('PprIds', 'SGP.22 Annex H', bits('03', { pprUpdateControl: 0, ppr1: 1, ppr2: 2 }));

/** A Profile Owner: PLMN as in TS 24.008, and optionally the contents of EF.GID1 and EF.GID2. */
export const OperatorId = define(
  'OperatorId',
  'SGP.22 Annex H',
  sequence('30', {
    mccMnc: octets('80', 3),
    gid1: optional(octets('81')),
    gid2: optional(octets('82')),
  }),
);

/** Profile events that lead to notifications; exactly one of them in NotificationMetadata. */
export const NotificationEvent = define(
  'NotificationEvent',
  'SGP.22 Annex H',
  bits('03', { notificationInstall: 0, notificationEnable: 1, notificationDisable: 2, notificationDelete: 3 }),
);

/** Where notifications of some events go. */
export const NotificationConfigurationInformation = define(
  'NotificationConfigurationInformation',
  'SGP.22 Annex H',
  sequence('30', {
    profileManagementOperation: tagged('80', NotificationEvent),
    notificationAddress: utf8('81'),
  }),
);

/** Data of vendors, each under the OID of its owner. */
export const VendorSpecificExtension = define(
  'VendorSpecificExtension',
  'SGP.22 Annex H',
  sequenceOf(
    '30',
    sequence('30', {
      vendorOid: oid('80'),
      vendorSpecificData: explicit('A1', open()),
    }),
  ),
);

/** Data an SM-DP+ keeps with its Profile, at most 128 octets with tag and length. */
export const DpProprietaryData = define(
  'DpProprietaryData',
  'SGP.22 5.5.2',
  sequence('30', {
    dpOid: oid('80'),
  }),
);

/** Image format of a Profile icon. */
export const IconType = define('IconType', 'SGP.22 Annex H', integer('02', { jpg: 0, png: 1 }));

/** State of an installed Profile. */
export const ProfileState = define('ProfileState', 'SGP.22 Annex H', integer('02', { disabled: 0, enabled: 1 }));

/** Class of a Profile. */
export const ProfileClass = define('ProfileClass', 'SGP.22 Annex H', integer('02', { test: 0, provisioning: 1, operational: 2 }));

/** Operators that may use some Profile Policy Rules. */
export const ProfilePolicyAuthorisationRule = define(
  'ProfilePolicyAuthorisationRule',
  'SGP.22 Annex H',
  sequence('30', {
    pprIds: tagged('80', PprIds),
    allowedOperators: sequenceOf('A1', OperatorId),
    pprFlags: bits('82', { consentRequired: 0 }),
  }),
);

/** Rules Authorisation Table of an eUICC. */
export const RulesAuthorisationTable = define(
  'RulesAuthorisationTable',
  'SGP.22 Annex H',
  sequenceOf('30', ProfilePolicyAuthorisationRule),
);

/** Where the Digital Letter of Approval of an eUICC platform is found. */
export const CertificationDataObject = define(
  'CertificationDataObject',
  'SGP.22 5.7.8',
  sequence('30', {
    platformLabel: utf8('80'),
    discoveryBaseURL: utf8('81'),
  }),
);

/** Legacy list of certificate options; no message carries it any more. */
export const CertificateInfo = define(
  'CertificateInfo',
  'SGP.22 Annex H',
  bits('03', { reserved: 0, certSigningX509: 1, rfu2: 2, rfu3: 3, reserved2: 4, certVerificationX509: 5 }),
);

/** Number of a part of a segmented CRL. */
export const PartialCrlNumber = define('PartialCrlNumber', 'SGP.22 Annex H', integer());
