/** Profile metadata of SGP.32: the members of SGP.22 and those for emergency and fallback (SGP.32 2.11.2.1, 4.4, 5.5). */
import { boolean, choice, define, integer, optional, sequence, sequenceOf, since, tagged, withDefault } from '../asn1/type.js';
import { metadataMembers, profileInfoMembers, updateMembers } from '../rsp/profile.js';

/** Metadata of a Profile with the SGP.32 members; v1.0 has the SGP.22 members only. */
export const StoreMetadataRequest = define(
  'StoreMetadataRequest',
  'SGP.32 5.5',
  sequence('BF25', {
    ...metadataMembers,
    ecallIndication: since('1.1', optional(boolean('9F7B'))),
    fallbackAllowed: since('1.1', optional(boolean('9F67'))),
    iotSpecificMetadata: since('1.3', optional(sequence('BF64', {}))),
  }),
);

/** New metadata of an installed Profile, sent over ES6. */
export const UpdateMetadataRequest = define(
  'UpdateMetadataRequest',
  'SGP.32 5.4',
  sequence('BF2A', {
    ...updateMembers,
    fallbackAllowed: since('1.3', optional(boolean('9F67'))),
  }),
);

/** What an IoT eUICC says about an installed Profile; v1.0 has the SGP.22 members only. */
export const ProfileInfo = define(
  'ProfileInfo',
  'SGP.32 4.4',
  sequence('E3', {
    ...profileInfoMembers,
    ecallIndication: since('1.1', optional(boolean('9F7B'))),
    fallbackAttribute: since('1.1', withDefault(boolean('9F26'), false)),
    fallbackAllowed: since('1.1', optional(boolean('9F67'))),
    iotSpecificProfileInfo: since('1.3', optional(sequence('BF64', {}))),
  }),
);

/** Why Profiles are not listed; profileChangeOngoing exists here only. */
export const ProfileInfoListError = define(
  'ProfileInfoListError',
  'SGP.32 2.11.2.1',
  integer('02', { incorrectInputValues: 1, profileChangeOngoing: 11, undefinedError: 127 }),
);

/** Lists the Profiles of an IoT eUICC. */
export const ProfileInfoListResponse = define(
  'ProfileInfoListResponse',
  'SGP.32 2.11.2.1',
  choice('BF2D', {
    profileInfoListOk: sequenceOf('A0', ProfileInfo),
    profileInfoListError: tagged('81', ProfileInfoListError),
  }),
);
