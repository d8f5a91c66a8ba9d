/** Profile metadata and lists of Profiles (SGP.22 5.5.3, 5.7.15). */
import {
  boolean,
  choice,
  define,
  explicit,
  integer,
  octets,
  optional,
  sequence,
  sequenceOf,
  since,
  tagged,
  utf8,
  withDefault,
} from '../asn1/type.js';
import {
  DpProprietaryData,
  Iccid,
  IconType,
  NotificationConfigurationInformation,
  OperatorId,
  PprIds,
  ProfileClass,
  ProfileState,
  VendorSpecificExtension,
} from './basic.js';

/** Members of StoreMetadataRequest up to SGP.22 v2.5. */
export const metadataMembers = {
  iccid: Iccid,
  serviceProviderName: utf8('91', 0, 32),
  profileName: utf8('92', 0, 64),
  iconType: optional(tagged('93', IconType)),
  icon: optional(octets('94', 0, 1024)),
  // DEFAULT operational
  profileClass: withDefault(tagged('95', ProfileClass), 2),
  notificationConfigurationInfo: optional(sequenceOf('B6', NotificationConfigurationInformation)),
  profileOwner: optional(tagged('B7', OperatorId)),
  profilePolicyRules: optional(tagged('99', PprIds)),
  serviceSpecificDataStoredInEuicc: optional(tagged('BF22', VendorSpecificExtension)),
  serviceSpecificDataNotStoredInEuicc: optional(tagged('BF23', VendorSpecificExtension)),
} as const;

/** Metadata of a Profile: shown before the download and stored with it. */
export const StoreMetadataRequest = define(
  'StoreMetadataRequest',
  'SGP.22 5.5.3',
  sequence('BF25', {
    ...metadataMembers,
    ecallIndication: since('1.3', optional(boolean('9F7B'))),
    fallbackAllowed: since('1.3', optional(boolean('9F67'))),
    iotSpecificMetadata: since('1.3', optional(sequence('BF64', {}))),
  }),
);

/** Members of UpdateMetadataRequest up to SGP.22 v2.5. */
export const updateMembers = {
  serviceProviderName: optional(utf8('91', 0, 32)),
  profileName: optional(utf8('92', 0, 64)),
  iconType: optional(tagged('93', IconType)),
  icon: optional(octets('94', 0, 1024)),
  profilePolicyRules: optional(tagged('99', PprIds)),
  serviceSpecificDataStoredInEuicc: optional(tagged('BF22', VendorSpecificExtension)),
} as const;

/** New metadata of an installed Profile, sent over ES6; 9F67 is only reserved here and gets its meaning from SGP.32. */
export const UpdateMetadataRequest = define(
  'UpdateMetadataRequest',
  'SGP.22 5.4.1',
  sequence('BF2A', {
    ...updateMembers,
    reserved103: since('1.3', optional(boolean('9F67'))),
  }),
);

/** Members of ProfileInfo up to SGP.22 v2.5, in wire order. */
export const profileInfoMembers = {
  iccid: optional(Iccid),
  isdpAid: optional(octets('4F', 1, 16)),
  profileState: optional(tagged('9F70', ProfileState)),
  profileNickname: optional(utf8('90', 0, 64)),
  serviceProviderName: optional(utf8('91', 0, 32)),
  profileName: optional(utf8('92', 0, 64)),
  iconType: optional(tagged('93', IconType)),
  icon: optional(octets('94', 0, 1024)),
  profileClass: optional(tagged('95', ProfileClass)),
  notificationConfigurationInfo: optional(sequenceOf('B6', NotificationConfigurationInformation)),
  profileOwner: optional(tagged('B7', OperatorId)),
  dpProprietaryData: optional(tagged('B8', DpProprietaryData)),
  profilePolicyRules: optional(tagged('99', PprIds)),
  serviceSpecificDataStoredInEuicc: optional(tagged('BF22', VendorSpecificExtension)),
} as const;

/** What an eUICC says about an installed Profile; only the members asked for are present. */
export const ProfileInfo = define(
  'ProfileInfo',
  'SGP.22 5.7.15',
  sequence('E3', {
    ...profileInfoMembers,
    ecallIndication: since('1.3', optional(boolean('9F7B'))),
    fallbackAttribute: since('1.3', withDefault(boolean('9F26'), false)),
    fallbackAllowed: since('1.3', optional(boolean('9F67'))),
    iotSpecificProfileInfo: since('1.3', optional(sequence('BF64', {}))),
  }),
);

/** Asks for installed Profiles: one of them or a class, and the tags wanted. */
export const ProfileInfoListRequest = define(
  'ProfileInfoListRequest',
  'SGP.22 5.7.15',
  sequence('BF2D', {
    searchCriteria: optional(
      explicit(
        'A0',
        choice(undefined, {
          isdpAid: octets('4F', 1, 16),
          iccid: Iccid,
          profileClass: tagged('95', ProfileClass),
        }),
      ),
    ),
    tagList: optional(octets('5C')),
    iotSpecificTagList: since('1.3', optional(octets('5D'))),
  }),
);

/** Why Profiles are not listed. */
export const ProfileInfoListError = define(
  'ProfileInfoListError',
  'SGP.22 5.7.15',
  integer('02', { incorrectInputValues: 1, undefinedError: 127 }),
);

/** Lists installed Profiles. */
export const ProfileInfoListResponse = define(
  'ProfileInfoListResponse',
  'SGP.22 5.7.15',
  choice('BF2D', {
    profileInfoListOk: sequenceOf('A0', ProfileInfo),
    profileInfoListError: tagged('81', ProfileInfoListError),
  }),
);
