/** Listing the installed profiles, for ES10b and for packages. SGP.22 5.7.15; SGP.32 5.9.14, 5.13.4 */
import { equal, tagHex } from '#protocol/asn1/tlv.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { ProfileInfo, type ProfileInfoListResponse } from '#protocol/iot/profile.js';
import type { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { readTagList } from '../tag-list.js';
import { refusal } from './judgement.js';
import { eventBit } from './notifications.js';
import { breaksDown, type Chip, type Profile } from './state.js';

const INCORRECT_INPUT_VALUES = 1;

/** ProfileInfoListError of a request that cannot be read. SGP.22 5.7.15 */
export const unreadableList = (chip: Chip): { readonly profileInfoListError: number } => ({
  profileInfoListError: refusal(chip, 'listProfileInfo', [['form', INCORRECT_INPUT_VALUES, true]]) ?? INCORRECT_INPUT_VALUES,
});

const STATES = { disabled: 0, enabled: 1 } as const;
/** Numbers of the profile classes. SGP.22 Annex H, ProfileClass */
export const CLASSES = { test: 0, provisioning: 1, operational: 2 } as const;

/** What is listed without a tag list. SGP.32 5.9.14 */
const DEFAULT_TAGS: readonly string[] = ['5A', '4F', '9F70', '91', '92', '95', '9F7B', '9F26', '9F67'];
const tagsByField = new Map((ProfileInfo.fields ?? []).map(({ name, type }) => [name, tagHex(type.tag ?? 0)]));

const infoOf = (profile: Profile): ValueOf<typeof ProfileInfo> => ({
  ...profile.further,
  iccid: profile.iccid,
  isdpAid: profile.aid,
  profileState: STATES[profile.state],
  ...(profile.nickname !== undefined && { profileNickname: profile.nickname }),
  serviceProviderName: profile.serviceProviderName,
  profileName: profile.profileName,
  profileClass: CLASSES[profile.profileClass],
  ...(profile.notifications.length > 0 && {
    notificationConfigurationInfo: profile.notifications.map(({ address, events }) => ({
      profileManagementOperation: events.map(eventBit),
      notificationAddress: address,
    })),
  }),
  ...(profile.owner && { profileOwner: profile.owner }),
  ...(profile.policyRules.length > 0 && { profilePolicyRules: profile.policyRules }),
  ...(profile.ecall && { ecallIndication: true }),
  fallbackAttribute: profile.fallbackAttribute,
  ...(profile.fallbackAllowed && { fallbackAllowed: true }),
});

type Request = ValueOf<typeof ProfileInfoListRequest>;

const isSought = (profile: Profile, criteria: Request['searchCriteria']): boolean => {
  if (!criteria) return true;
  if (criteria.isdpAid) return equal(criteria.isdpAid, profile.aid);
  if (criteria.iccid) return equal(criteria.iccid, profile.iccid);
  return criteria.profileClass === CLASSES[profile.profileClass];
};

/** The profiles that fit the criteria, with the members asked for. v1.0 has none of the IoT members. */
export const listProfiles = (chip: Chip, request: Request): InputOf<ValueOf<typeof ProfileInfoListResponse>> => {
  const { decisions } = chip;
  const asked = request.tagList && readTagList(request.tagList);
  const tags = decisions.listsTags(asked, DEFAULT_TAGS);
  const code = refusal(chip, 'listProfileInfo', [
    ['breakdown', 127, breaksDown(chip, 'listProfileInfo')],
    ['form', INCORRECT_INPUT_VALUES, request.tagList !== undefined && asked === undefined],
  ]);
  if (code !== undefined) return { profileInfoListError: code };
  const isListed = (name: string) => {
    const tag = tagsByField.get(name);
    return tag !== undefined && tags.includes(tag) && !(chip.world.spec === '1.0' && tag.startsWith('9F') && tag !== '9F70');
  };
  return {
    profileInfoListOk: chip.memory.profiles
      .filter(profile => !decisions.performs('filterProfiles') || isSought(profile, request.searchCriteria))
      .map(profile => Object.fromEntries(Object.entries(infoOf(profile)).filter(([name]) => isListed(name)))),
  };
};
