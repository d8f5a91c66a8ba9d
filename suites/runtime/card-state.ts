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

/** What was on the card. */
export interface CardState {
  /** ICCID and state of each profile. */
  readonly profiles: readonly string[];
  /** EimConfigurationData `30 …` of each eIM. */
  readonly eims: readonly Uint8Array[];
  readonly defaultDpAddress: string | undefined;
}

/** Reads the state; what the card does not tell is empty. */
export const readCardState = async (ask: AskCard): Promise<CardState> => {
  const list = await ask(ProfileInfoListRequest, {}, ProfileInfoListResponse).catch(() => undefined);
  const eims = await ask(GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse).catch(() => undefined);
  const addresses = await ask(EuiccConfiguredAddressesRequest, {}, EuiccConfiguredAddressesResponse).catch(() => undefined);
  const found = eims && find(eims.root, 'eimConfigurationDataList');
  return {
    profiles: (list?.value.profileInfoListOk ?? []).map(
      ({ iccid, profileState }) => `${iccid ? hex(iccid) : 'without ICCID'} ${profileState === 1 ? 'enabled' : 'disabled'}`,
    ),
    eims: eims && found && 'element' in found ? found.element.children.map(child => Uint8Array.from(octetsOf(eims, child))) : [],
    defaultDpAddress: addresses?.value.defaultDpAddress,
  };
};

/** For the report: what was on the card before the run. */
export const describeCardState = ({ profiles, eims, defaultDpAddress }: CardState, spec: Spec): Record<string, string> => ({
  profiles: profiles.join(', ') || 'none',
  eims: eims.map(data => decode(EimConfigurationData, data, { spec }).value.eimId).join(', ') || 'none',
  defaultDpAddress: defaultDpAddress ?? 'none',
});

/** An eIM as it can be added again: with its present counter, and a token of its own only if it had one. SGP.32 2.11.1.1.1 */
const asInitial = (data: Uint8Array, spec: Spec): Uint8Array => {
  const { value } = decode(EimConfigurationData, data, { spec });
  const again: ValueOf<typeof EimConfigurationData> = value.associationToken === undefined ? value : { ...value, associationToken: -1 };
  return encode(EimConfigurationData, again, { spec });
};

const sameEims = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((one, n) => equal(one, b[n] ?? new Uint8Array()));

/** Puts back what can be put back; one line for each thing that is or is not as it was. */
export const restoreCardState = async (before: CardState, ask: AskCard, spec: Spec): Promise<readonly string[]> => {
  const now = await readCardState(ask);
  const lines: string[] = [];
  if (!sameEims(before.eims, now.eims)) lines.push(await restoreEims(before, ask, spec));
  if (before.defaultDpAddress !== now.defaultDpAddress) lines.push(await restoreAddress(before, ask));
  const lost = before.profiles.filter(profile => !now.profiles.includes(profile));
  if (lost.length > 0) lines.push(`not as before: profiles ${lost.join(', ')}`);
  return lines;
};

const restoreEims = async ({ eims }: CardState, ask: AskCard, spec: Spec): Promise<string> => {
  const names = eims.map(data => decode(EimConfigurationData, data, { spec }).value.eimId).join(', ');
  try {
    await ask(EuiccMemoryResetRequest, { resetOptions: ['resetEimConfigData'] }, EuiccMemoryResetResponse);
    if (eims.length === 0) return 'removed the eIMs of the test';
    const list = eims.map(data => raw(asInitial(data, spec)));
    const { value } = await ask(AddInitialEimRequest, { eimConfigurationDataList: list }, AddInitialEimResponse);
    return value.addInitialEimOk
      ? `put back: eIMs ${names}`
      : `not as before: eIMs ${names} (AddInitialEim error ${value.addInitialEimError})`;
  } catch (error) {
    return `not as before: eIMs ${names || 'none'} (${error instanceof Error ? error.message : String(error)})`;
  }
};

const restoreAddress = async ({ defaultDpAddress = '' }: CardState, ask: AskCard): Promise<string> => {
  try {
    const { value } = await ask(SetDefaultDpAddressRequest, { defaultDpAddress }, SetDefaultDpAddressResponse);
    if (value.setDefaultDpAddressResult === 0) return `put back: default SM-DP+ address ${defaultDpAddress || '(none)'}`;
    return `not as before: default SM-DP+ address ${defaultDpAddress || '(none)'} (error ${value.setDefaultDpAddressResult})`;
  } catch (error) {
    return `not as before: default SM-DP+ address (${error instanceof Error ? error.message : String(error)})`;
  }
};
