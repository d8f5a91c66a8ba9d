/** The eIM's picture of an eUICC: how the success of each operation and each notification changes it. SGP.32 3.4, 3.5 */
import { hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { EuiccResultData } from '#protocol/iot/result.js';
import type { Operation } from './operations.js';
import type { EuiccView, ProfileView } from './state.js';

/** A Profile and what happened to it. */
export type ProfileEvent = 'enable' | 'disable' | 'delete' | 'install';

/** The view after an event of a Profile; enabling one disables the others. SGP.32 3.4.1 */
export const withProfileEvent = (view: EuiccView, event: ProfileEvent, iccid: string): EuiccView => {
  const others = view.profiles.filter(p => p.iccid !== iccid);
  const known = view.profiles.find(p => p.iccid === iccid);
  const disabled = (p: ProfileView): ProfileView => ({ ...p, state: 'disabled' });
  switch (event) {
    case 'delete':
      return { ...view, profiles: others };
    case 'enable':
      return { ...view, profiles: [...others.map(disabled), { ...known, iccid, state: 'enabled' }] };
    case 'disable':
      return { ...view, profiles: [...others, { ...known, iccid, state: 'disabled' }] };
    case 'install':
      return known ? view : { ...view, profiles: [...others, { iccid, state: 'disabled' }] };
  }
};

const withFallback = (view: EuiccView, iccid: string | undefined): EuiccView => ({
  ...view,
  profiles: view.profiles.map(({ fallbackAttribute: _, ...p }) => (p.iccid === iccid ? { ...p, fallbackAttribute: true } : p)),
});

const listed = (view: EuiccView, result: Partial<ValueOf<typeof EuiccResultData>>): EuiccView => {
  const list = result.listProfileInfoResult?.profileInfoListOk;
  // A list that was asked for with a selection of tags may not tell state or ICCID; such a list changes nothing.
  if (!list?.every(p => p.iccid !== undefined && p.profileState !== undefined)) return view;
  const profiles = list.map(
    (p): ProfileView => ({
      iccid: hex(p.iccid ?? new Uint8Array()),
      state: p.profileState === 1 ? 'enabled' : 'disabled',
      ...(p.fallbackAttribute ? { fallbackAttribute: true } : {}),
      ...(p.profileClass === undefined ? {} : { profileClass: p.profileClass }),
    }),
  );
  return { ...view, profiles };
};

/** The view after an operation succeeded; `token` is the one that addEim returned, as far as the eIM remembers it. */
export const afterOperation = (
  view: EuiccView,
  { name, subject = '' }: Operation,
  result: Partial<ValueOf<typeof EuiccResultData>>,
  token: number | undefined,
): EuiccView => {
  const otherEims = view.eims.filter(e => e.eimId !== subject);
  switch (name) {
    case 'enable':
    case 'disable':
    case 'delete':
      return withProfileEvent(view, name, subject);
    case 'listProfileInfo':
      return listed(view, result);
    case 'setFallbackAttribute':
      return withFallback(view, subject);
    case 'unsetFallbackAttribute':
      return withFallback(view, undefined);
    case 'setDefaultDpAddress':
      return { ...view, defaultSmdpAddress: subject || undefined };
    case 'addEim':
      return { ...view, eims: [...otherEims, { eimId: subject, ...(token === undefined ? {} : { associationToken: token }) }] };
    case 'deleteEim':
      return { ...view, eims: otherEims };
    case 'listEim':
      return {
        ...view,
        eims: (result.listEimResult?.eimIdList ?? []).map(({ eimId }) => view.eims.find(e => e.eimId === eimId) ?? { eimId }),
      };
    default:
      return view;
  }
};
