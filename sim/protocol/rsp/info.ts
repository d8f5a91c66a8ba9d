/** What an eUICC and its Device say about themselves, and the ES10 functions that ask (SGP.22 5.7.2 to 5.7.8, 5.7.20, 5.7.22). */
import { growingBits } from '../asn1/growing.js';
import { bits, bitText, define, integer, octets, oid, optional, sequence, sequenceOf, since, tagged, utf8 } from '../asn1/type.js';
import { CertificationDataObject, Octet8, PprIds, RulesAuthorisationTable, VersionType } from './basic.js';

const UICC_CAPABILITY = {
  contactlessSupport: 0,
  usimSupport: 1,
  isimSupport: 2,
  csimSupport: 3,
  akaMilenage: 4,
  akaCave: 5,
  akaTuak128: 6,
  akaTuak256: 7,
  usimTestAlgorithm: 8,
  rfu2: 9,
  gbaAuthenUsim: 10,
  gbaAuthenISim: 11,
  mbmsAuthenUsim: 12,
  eapClient: 13,
  javacard: 14,
  multos: 15,
  multipleUsimSupport: 16,
  multipleIsimSupport: 17,
  multipleCsimSupport: 18,
  berTlvFileSupport: 19,
  dfLinkSupport: 20,
  catTp: 21,
  getIdentity: 22,
  'profile-a-x25519': 23,
  'profile-b-p256': 24,
  suciCalculatorApi: 25,
  'dns-resolution': 26,
  scp11ac: 27,
  'scp11c-authorization-mechanism': 28,
  s16mode: 29,
  eaka: 30,
  iotminimal: 31,
};

const RSP_CAPABILITY = {
  additionalProfile: 0,
  crlSupport: 1,
  rpmSupport: 2,
  testProfileSupport: 3,
  deviceInfoExtensibilitySupport: 4,
  serviceSpecificDataSupport: 5,
};

/** Asks for EUICCInfo1: always `BF20 00`. */
export const GetEuiccInfo1Request = define('GetEuiccInfo1Request', 'SGP.22 5.7.8', sequence('BF20', {}));

/** Version and CI keys of an eUICC, sent at the start of every session. */
export const EUICCInfo1 = define(
  'EUICCInfo1',
  'SGP.22 5.7.8',
  sequence('BF20', {
    svn: tagged('82', VersionType),
    euiccCiPKIdListForVerification: sequenceOf('A9', octets()),
    euiccCiPKIdListForSigning: sequenceOf('AA', octets()),
  }),
);

/** Asks for EUICCInfo2: always `BF22 00`. */
export const GetEuiccInfo2Request = define('GetEuiccInfo2Request', 'SGP.22 5.7.8', sequence('BF22', {}));

/** UICC features of an eUICC. */
export const UICCCapability = define('UICCCapability', 'SGP.22 5.7.8', bits('03', UICC_CAPABILITY));

/** Optional features of Remote SIM Provisioning that an eUICC supports. */
export const RspCapability = define(
  'RspCapability',
  'SGP.22 5.7.8',
  growingBits('03', RSP_CAPABILITY, {
    '1.3': { osUpdateSupport: 19, iotSpecificMetadataSupport: 26, mslCheckSupport: 27, rspServerTestProfileAllowlistCheckSupport: 28 },
  }),
);

/** Members of EUICCInfo2 up to SGP.22 v2.5, in wire order (99 stands before 04); SGP.32 appends others than SGP.22 v2.7. */
export const euiccInfo2Members = {
  profileVersion: tagged('81', VersionType),
  svn: tagged('82', VersionType),
  euiccFirmwareVer: tagged('83', VersionType),
  extCardResource: octets('84'),
  uiccCapability: tagged('85', UICCCapability),
  ts102241Version: optional(tagged('86', VersionType)),
  globalplatformVersion: optional(tagged('87', VersionType)),
  rspCapability: tagged('88', RspCapability),
  euiccCiPKIdListForVerification: sequenceOf('A9', octets()),
  euiccCiPKIdListForSigning: sequenceOf('AA', octets()),
  euiccCategory: optional(integer('8B', { other: 0, basicEuicc: 1, mediumEuicc: 2, contactlessEuicc: 3 })),
  forbiddenProfilePolicyRules: optional(tagged('99', PprIds)),
  ppVersion: VersionType,
  sasAcreditationNumber: utf8('0C', 0, 64),
  certificationDataObject: optional(tagged('AC', CertificationDataObject)),
  treProperties: optional(bits('8D', { isDiscrete: 0, isIntegrated: 1, usesRemoteMemory: 2 })),
  treProductReference: optional(utf8('8E')),
  additionalEuiccProfilePackageVersions: optional(sequenceOf('AF', VersionType)),
} as const;

/** Which LPA of an eUICC is active. */
export const LpaMode = define('LpaMode', 'SGP.22 Annex H', integer());

/** Versions, resources and capabilities of an eUICC; part of the signed answer in mutual authentication. */
export const EUICCInfo2 = define(
  'EUICCInfo2',
  'SGP.22 5.7.8',
  sequence('BF22', {
    ...euiccInfo2Members,
    lpaMode: since('1.3', optional(tagged('90', LpaMode))),
    euiccCiPKIdListForSigningV3: since('1.3', optional(sequenceOf('B1', octets()))),
    additionalEuiccInfo: since('1.3', optional(octets('92', 0, 32))),
    highestSvn: since('1.3', optional(tagged('93', VersionType))),
    iotSpecificInfo: since('1.3', optional(sequence('B4', {}))),
    euiccMinimumSecurityLevel: since('1.3', optional(octets('95', 1))),
  }),
);

/** Letter classes of the Card Application Toolkit that a Device supports; reserved for SGP.22 v3. */
export const CatSupportedClasses = define('CatSupportedClasses', 'SGP.22 4.2', bitText());

/** Form factor of an eUICC; reserved for SGP.22 v3. */
export const EuiccFormFactorType = define('EuiccFormFactorType', 'SGP.22 4.2', integer());

/** Further features of a Device. */
export const DeviceAdditionalFeatureSupport = define(
  'DeviceAdditionalFeatureSupport',
  'SGP.22 4.2',
  sequence('30', {
    naiSupport: optional(tagged('80', VersionType)),
    groupOfDeviceManufacturerOid: since('1.3', optional(oid('81'))),
  }),
);

/** Highest release of each access technology that a Device fully supports. */
export const DeviceCapabilities = define(
  'DeviceCapabilities',
  'SGP.22 4.2',
  sequence('30', {
    gsmSupportedRelease: optional(tagged('80', VersionType)),
    utranSupportedRelease: optional(tagged('81', VersionType)),
    cdma2000onexSupportedRelease: optional(tagged('82', VersionType)),
    cdma2000hrpdSupportedRelease: optional(tagged('83', VersionType)),
    cdma2000ehrpdSupportedRelease: optional(tagged('84', VersionType)),
    eutranEpcSupportedRelease: optional(tagged('85', VersionType)),
    contactlessSupportedRelease: optional(tagged('86', VersionType)),
    rspCrlSupportedVersion: optional(tagged('87', VersionType)),
    nrEpcSupportedRelease: optional(tagged('88', VersionType)),
    nr5gcSupportedRelease: optional(tagged('89', VersionType)),
    eutran5gcSupportedRelease: optional(tagged('8A', VersionType)),
    lpaSvn: optional(tagged('8B', VersionType)),
    catSupportedClasses: optional(tagged('8C', CatSupportedClasses)),
    euiccFormFactorType: optional(tagged('8D', EuiccFormFactorType)),
    deviceAdditionalFeatureSupport: optional(tagged('AE', DeviceAdditionalFeatureSupport)),
  }),
);

/** TAC (first eight digits of the IMEI), capabilities and IMEI of a Device. */
export const DeviceInfo = define(
  'DeviceInfo',
  'SGP.22 4.2',
  sequence('30', {
    tac: octets('80', 4),
    deviceCapabilities: tagged('A1', DeviceCapabilities),
    imei: optional(tagged('82', Octet8)),
  }),
);

/** Template in the FCI of the ISD-R, returned by SELECT. */
export const ISDRProprietaryApplicationTemplate = define(
  'ISDRProprietaryApplicationTemplate',
  'SGP.22 5.7.2',
  sequence('E0', {
    svn: tagged('82', VersionType),
    lpaeSupport: optional(bits('03', { lpaeUsingCat: 0, lpaeUsingScws: 1 })),
  }),
);

/** Activates the LPA in the eUICC. */
export const LpaeActivationRequest = define(
  'LpaeActivationRequest',
  'SGP.22 5.7.2',
  sequence('BF42', {
    lpaeOption: bits('80', { activateCatBasedLpae: 0, activateScwsBasedLpae: 1 }),
  }),
);

/** Result of activating the LPA in the eUICC. */
export const LpaeActivationResponse = define(
  'LpaeActivationResponse',
  'SGP.22 5.7.2',
  sequence('BF42', {
    lpaeActivationResult: integer('80', { ok: 0, notSupported: 1 }),
  }),
);

/** Asks for the EID: always `BF3E 03 5C 01 5A`. */
export const GetEuiccDataRequest = define(
  'GetEuiccDataRequest',
  'SGP.22 5.7.20',
  sequence('BF3E', {
    tagList: octets('5C', 1),
  }),
);

/** Returns the EID. */
export const GetEuiccDataResponse = define(
  'GetEuiccDataResponse',
  'SGP.22 5.7.20',
  sequence('BF3E', {
    eidValue: octets('5A', 16),
  }),
);

/** Asks for the configured server addresses: always `BF3C 00`. */
export const EuiccConfiguredAddressesRequest = define('EuiccConfiguredAddressesRequest', 'SGP.22 5.7.3', sequence('BF3C', {}));

/** Default SM-DP+ and root SM-DS address. */
export const EuiccConfiguredAddressesResponse = define(
  'EuiccConfiguredAddressesResponse',
  'SGP.22 5.7.3',
  sequence('BF3C', {
    defaultDpAddress: optional(utf8('80')),
    rootDsAddress: utf8('81'),
  }),
);

/** Sets the default SM-DP+ address of a consumer eUICC. */
export const SetDefaultDpAddressRequest = define(
  'SetDefaultDpAddressRequest',
  'SGP.22 5.7.4',
  sequence('BF3F', {
    defaultDpAddress: utf8('80'),
  }),
);

/** Result of setting the default SM-DP+ address. */
export const SetDefaultDpAddressResponse = define(
  'SetDefaultDpAddressResponse',
  'SGP.22 5.7.4',
  sequence('BF3F', {
    setDefaultDpAddressResult: integer('80', { ok: 0, undefinedError: 127 }),
  }),
);

/** Asks for the Rules Authorisation Table: always `BF43 00`. */
export const GetRatRequest = define('GetRatRequest', 'SGP.22 5.7.22', sequence('BF43', {}));

/** Returns the Rules Authorisation Table. */
export const GetRatResponse = define(
  'GetRatResponse',
  'SGP.22 5.7.22',
  sequence('BF43', {
    rat: tagged('A0', RulesAuthorisationTable),
  }),
);
