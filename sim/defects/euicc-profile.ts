/** Seeded defects of an eUICC in profile state management operations. SGP.32 3.4, 5.13 */
import { equal } from '#protocol/asn1/tlv.js';
import { contained, contentAt } from './edits.js';
import { answering, deciding, type EuiccDeviations, overlooking, signing, without } from './euicc-deviation.js';
import { octets } from './euicc-edits.js';

const RESULT = 'euiccPackageResultDataSigned';
const OK = 0;
const UNDEFINED_ERROR = 127;
const IOT_TAGS: readonly string[] = ['9F7B', '9F26', '9F67'];
const ICON = '94';

const swapped = (iccid: Uint8Array): Uint8Array => iccid.map(octet => ((octet << 4) | (octet >> 4)) & 0xff);

/** Defects of enable, disable and delete. */
export const euiccProfileDefects: EuiccDeviations = {
  confirmsEnableOnly: without('It says that it enabled a profile, and does not.', 'enable'),
  leavesFormerEnabled: without('It enables a profile beside the one that is enabled.', 'disable'),
  confirmsAbsentEnabled: answering('It says that it enabled a profile that it does not have.', 'enable', OK, 'found'),
  confirmsEnabledAgain: answering('It says ok where the profile is enabled already.', 'enable', OK, 'state'),
  enablesTwice: overlooking('It carries out two enables of one package.', 'enable', 'oneChange'),
  ignoresPpr1OnEnable: overlooking('It disables a profile with PPR1 in favour of another.', 'enable', 'policy'),
  ignoresPpr1OnDisable: overlooking('It disables a profile with PPR1.', 'disable', 'policy'),
  permitsRollbackToNothing: overlooking('It permits a rollback where no profile is enabled.', 'enable', 'rollbackReference'),
  confirmsDisabledAgain: answering('It says ok where the profile is disabled already.', 'disable', OK, 'state'),
  confirmsAbsentDisabled: answering('It says that it disabled a profile that it does not have.', 'disable', OK, 'found'),
  keepsDeletedProfile: without('It says that it deleted a profile, and does not.', 'delete'),
  deletesEnabledProfile: overlooking('It deletes the enabled profile.', 'delete', 'state'),
  confirmsAbsentDeleted: answering('It says that it deleted a profile that it does not have.', 'delete', OK, 'found'),
  ignoresPpr2: overlooking('It deletes a profile with PPR2.', 'delete', 'policy'),
  deletesRollbackReference: overlooking('It deletes the profile to roll back to.', 'delete', 'rollbackReference'),
  deletesFallbackReturn: overlooking('It deletes the profile to return to from the fallback.', 'delete', 'fallbackReturn'),
  readsPlainDigits: deciding('It also finds a profile by an ICCID in the order of its digits.', {
    matchesIccid: (held, asked) => equal(held, asked) || equal(swapped(held), asked),
  }),
};

/** Defects of listProfileInfo and getRAT. */
export const euiccListDefects: EuiccDeviations = {
  ignoresTagList: deciding('It lists the same data whatever tags are asked for.', { listsTags: (_asked, byDefault) => byDefault }),
  ignoresListCriteria: without('It lists all profiles whichever is asked for.', 'filterProfiles'),
  listsDuringChange: overlooking('It lists profiles behind a change in the same package.', 'listProfileInfo', 'changeOngoing'),
  answersUndefinedErrorToCriteria: answering(
    'It answers search criteria that it cannot read with undefinedError.',
    'listProfileInfo',
    UNDEFINED_ERROR,
    'form',
  ),
  hidesIotMetadata: deciding('It does not list what SGP.32 added to profiles.', {
    listsTags: (asked, byDefault) => (asked ?? byDefault).filter(tag => !IOT_TAGS.includes(tag)),
  }),
  hidesIcon: deciding('It does not list icons.', { listsTags: (asked, byDefault) => (asked ?? byDefault).filter(tag => tag !== ICON) }),
  listsEveryProfileDisabled: signing(
    'It lists profiles as disabled.',
    RESULT,
    '30 BF2D A0 E3 9F70',
    contained(() => octets('00')),
  ),
  refusesEmptyList: signing('It answers a list without profiles with undefinedError.', RESULT, '30 BF2D', list =>
    contentAt(list, 'A0')?.length === 0 ? octets('BF2D0381017F') : list,
  ),
  hidesRat: signing('It answers getRAT with no rule.', RESULT, '30 A6', () => octets('A600')),
};

/** Defects of immediate enabling, the Fallback Attribute and the default SM-DP+ address. */
export const euiccSettingDefects: EuiccDeviations = {
  ignoresImmediateEnableOrder: without('It says that it switched immediate enabling on, and does not.', 'setImmediateEnable'),
  keepsImmediateEnableOn: without('It says that it switched immediate enabling off, and does not.', 'clearImmediateEnable'),
  confirmsFallbackOnly: without('It says that it set the Fallback Attribute, and does not.', 'setFallbackAttribute'),
  givesFallbackToSeveral: without('Several of its profiles can have the Fallback Attribute.', 'moveFallbackAttribute'),
  allowsEveryFallback: overlooking('It sets the Fallback Attribute whether the owner allows it or not.', 'setFallbackAttribute', 'allowed'),
  confirmsAbsentFallback: answering(
    'It says that it set the Fallback Attribute of an absent profile.',
    'setFallbackAttribute',
    OK,
    'found',
  ),
  movesEnabledFallback: overlooking('It takes the Fallback Attribute from an enabled profile.', 'setFallbackAttribute', 'carrierEnabled'),
  keepsFallbackAttribute: without('It says that it removed the Fallback Attribute, and does not.', 'unsetFallbackAttribute'),
  unsetsEnabledFallback: overlooking(
    'It removes the Fallback Attribute of an enabled profile.',
    'unsetFallbackAttribute',
    'carrierEnabled',
  ),
  confirmsAbsentAttribute: answering(
    'It says that it removed a Fallback Attribute that there is not.',
    'unsetFallbackAttribute',
    OK,
    'carrier',
  ),
  forgetsDpAddress: without('It says that it set the default SM-DP+ address, and does not.', 'setDefaultDpAddress'),
  keepsDpAddress: without('An empty default SM-DP+ address does not remove the one before.', 'clearDefaultDpAddress'),
};
