/** The state of a card under test before a run, and putting back what of it can be put back. SGP.32 5.9.4, 5.9.5, 5.9.18 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, find, octetsOf } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, hex } from '#protocol/asn1/tlv.js';
import { type InputOf, raw, type Spec, type Type, type ValueOf } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  EimConfigurationData,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { EuiccMemoryResetRequest, EuiccMemoryResetResponse } from '#protocol/iot/es10b.js';
import { SetDefaultDpAddressRequest } from '#protocol/iot/package.js';
import { ProfileInfoListResponse } from '#protocol/iot/profile.js';
import { SetDefaultDpAddressResponse } from '#protocol/iot/result.js';
import { EuiccConfiguredAddressesRequest, EuiccConfiguredAddressesResponse } from '#protocol/rsp/info.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';

/** Sends one command to the card; rejects with LinkError when it does not answer with 9000. */
export type AskCard = <Q, A>(request: Type<Q>, value: InputOf<Q>, response: Type<A>) => Promise<Decoded<A>>;

/** What the card told, or why it did not: "none" and "not told" must never be taken for each other. */
type Told<T> = { readonly told: T } | { readonly refusal: string };

/** What was on the card. */
export interface CardState {
  /** ICCID and state of each profile. */
  readonly profiles: Told<readonly string[]>;
  /** EimConfigurationData `30 …` of each eIM. */
  readonly eims: Told<readonly Uint8Array[]>;
  readonly defaultDpAddress: Told<string | undefined>;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const told = async <T>(ask: () => Promise<Told<T>>): Promise<Told<T>> => ask().catch(error => ({ refusal: reasonOf(error) }));

/** Reads the state, and for each part that the card does not tell the reason. */
export const readCardState = async (ask: AskCard): Promise<CardState> => ({
  profiles: await told(async () => {
    const { value } = await ask(ProfileInfoListRequest, {}, ProfileInfoListResponse);
    if (!value.profileInfoListOk) return { refusal: `profileInfoListError ${value.profileInfoListError ?? 'missing'}` };
    return {
      told: value.profileInfoListOk.map(
        ({ iccid, profileState }) => `${iccid ? hex(iccid) : 'without ICCID'} ${profileState === 1 ? 'enabled' : 'disabled'}`,
      ),
    };
  }),
  eims: await told(async () => {
    const eims = await ask(GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse);
    const found = find(eims.root, 'eimConfigurationDataList');
    if (!('element' in found)) return { refusal: 'an answer without eimConfigurationDataList' };
    return { told: found.element.children.map(child => Uint8Array.from(octetsOf(eims, child))) };
  }),
  defaultDpAddress: await told(async () => ({
    told: (await ask(EuiccConfiguredAddressesRequest, {}, EuiccConfiguredAddressesResponse)).value.defaultDpAddress,
  })),
});

const describe = <T>(part: Told<T>, show: (value: T) => string): string =>
  'told' in part ? show(part.told) || 'none' : `not told (${part.refusal})`;

const eimNames = (eims: readonly Uint8Array[], spec: Spec): string =>
  eims.map(data => decode(EimConfigurationData, data, { spec }).value.eimId).join(', ');

/** For the title page: what was on the card before the run. */
export const describeCardState = ({ profiles, eims, defaultDpAddress }: CardState, spec: Spec): Record<string, string> => ({
  Profiles: describe(profiles, list => list.join(', ')),
  eIMs: describe(eims, list => eimNames(list, spec)),
  'Default SM-DP+': describe(defaultDpAddress, address => address ?? ''),
});

/** An eIM as it can be added again: with its present counter, and a token of its own only if it had one. SGP.32 2.11.1.1.1 */
const asInitial = (data: Uint8Array, spec: Spec): Uint8Array => {
  const { value } = decode(EimConfigurationData, data, { spec });
  const again: ValueOf<typeof EimConfigurationData> = value.associationToken === undefined ? value : { ...value, associationToken: -1 };
  return encode(EimConfigurationData, again, { spec });
};

const sameEims = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((one, n) => equal(one, b[n] ?? new Uint8Array()));

/** Both sides of a comparison; a line instead where one of them is unknown: what nobody knows is neither removed nor put back. */
const compared = <T>(name: string, before: Told<T>, now: Told<T>): { readonly was: T; readonly is: T } | string => {
  if ('refusal' in before) return `not known whether as before: ${name} (not told before the run: ${before.refusal})`;
  if ('refusal' in now) return `not known whether as before: ${name} (not told after the run: ${now.refusal})`;
  return { was: before.told, is: now.told };
};

/** Puts back what can be put back; one line for each thing that is not as it was, was put back, or cannot be known. */
export const restoreCardState = async (before: CardState, ask: AskCard, spec: Spec): Promise<readonly string[]> => {
  const now = await readCardState(ask);
  const eims = compared('eIMs', before.eims, now.eims);
  const address = compared('default SM-DP+ address', before.defaultDpAddress, now.defaultDpAddress);
  const profiles = compared('profiles', before.profiles, now.profiles);
  const lines: string[] = [];
  if (typeof eims === 'string') lines.push(eims);
  else if (!sameEims(eims.was, eims.is)) lines.push(await restoreEims(eims.was, ask, spec));
  if (typeof address === 'string') lines.push(address);
  else if (address.was !== address.is) lines.push(await restoreAddress(address.was, ask));
  if (typeof profiles === 'string') return [...lines, profiles];
  const lost = profiles.was.filter(profile => !profiles.is.includes(profile));
  return lost.length > 0 ? [...lines, `not as before: profiles ${lost.join(', ')}`] : lines;
};

const restoreEims = async (eims: readonly Uint8Array[], ask: AskCard, spec: Spec): Promise<string> => {
  const names = eimNames(eims, spec);
  try {
    await ask(EuiccMemoryResetRequest, { resetOptions: ['resetEimConfigData'] }, EuiccMemoryResetResponse);
    if (eims.length === 0) return 'removed the eIMs of the test';
    const list = eims.map(data => raw(asInitial(data, spec)));
    const { value } = await ask(AddInitialEimRequest, { eimConfigurationDataList: list }, AddInitialEimResponse);
    return value.addInitialEimOk
      ? `put back: eIMs ${names}`
      : `not as before: eIMs ${names} (AddInitialEim error ${value.addInitialEimError})`;
  } catch (error) {
    return `not as before: eIMs ${names || 'none'} (${reasonOf(error)})`;
  }
};

const restoreAddress = async (defaultDpAddress = '', ask: AskCard): Promise<string> => {
  try {
    const { value } = await ask(SetDefaultDpAddressRequest, { defaultDpAddress }, SetDefaultDpAddressResponse);
    if (value.setDefaultDpAddressResult === 0) return `put back: default SM-DP+ address ${defaultDpAddress || '(none)'}`;
    return `not as before: default SM-DP+ address ${defaultDpAddress || '(none)'} (error ${value.setDefaultDpAddressResult})`;
  } catch (error) {
    return `not as before: default SM-DP+ address (${reasonOf(error)})`;
  }
};
