/** What a device reads of its card when it starts, and the eIM that it adds to a card without one. SGP.32 3.5.2, 3.8 */
import { encode } from '#protocol/asn1/encode.js';
import { raw, type Spec } from '#protocol/asn1/type.js';
import {
  AddInitialEimRequest,
  AddInitialEimResponse,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { GetCertsRequest } from '#protocol/iot/es10b.js';
import { RetrieveNotificationsListRequest } from '#protocol/iot/notification.js';
import { GetEuiccDataRequest, GetEuiccDataResponse, GetEuiccInfo1Request, GetEuiccInfo2Request } from '#protocol/rsp/info.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { ComposeError } from '../role.js';
import { ask, type Card } from '../roles/ipa/card.js';
import type { EimEntry } from '../roles/ipa/euicc-data.js';
import type { IpaDecisions } from '../roles/ipa/index.js';
import type { StartStep } from '../roles/ipa/wire-decisions.js';

/** The card of a device, and how it decides. */
export interface StartOptions {
  readonly card: Card;
  readonly spec: Spec;
  readonly decide: IpaDecisions;
  readonly report: (problem: string) => void;
}

/** Every eIM that the eUICC has. */
export const readEims = async ({ card, spec }: StartOptions): Promise<readonly EimEntry[]> =>
  (await ask(card, spec, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)).value.eimConfigurationDataList;

const readEid = async ({ card, spec }: StartOptions): Promise<Uint8Array> =>
  (await ask(card, spec, GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) }, GetEuiccDataResponse)).value.eidValue;

/** What else a device reads, whatever the answers are. */
const readings = (step: Exclude<StartStep, 'eid' | 'configuration'>, spec: Spec): readonly Uint8Array[] => {
  switch (step) {
    case 'notifications':
      return [encode(RetrieveNotificationsListRequest, {}, { spec })];
    case 'info':
      return [encode(GetEuiccInfo1Request, {}, { spec }), encode(GetEuiccInfo2Request, {}, { spec })];
    case 'certificates':
      return [encode(GetCertsRequest, {}, { spec })];
    case 'profiles':
      return [encode(ProfileInfoListRequest, {}, { spec })];
  }
};

/** What is known of a card that was just started. */
export interface Started {
  readonly eid: Uint8Array | undefined;
  readonly eims: readonly EimEntry[];
}

/** Reads a card that is new. */
export const readNewCard = async (options: StartOptions): Promise<Started> => {
  const { card, spec, decide } = options;
  let eid: Uint8Array | undefined;
  let eims: readonly EimEntry[] | undefined;
  for (const step of decide.startsWith()) {
    if (step === 'eid') eid = await readEid(options);
    else if (step === 'configuration') eims = await readEims(options);
    else for (const command of readings(step, spec)) await card.execute(decide.command(command));
  }
  return { eid, eims: eims ?? (await readEims(options)) };
};

/** Why the card did not take an eIM; undefined when it did. */
const refusal = async ({ card, spec, decide }: StartOptions, initialEim: Uint8Array): Promise<string | undefined> => {
  const value = { eimConfigurationDataList: [raw(decide.initialEim(initialEim))] };
  try {
    const { addInitialEimError: code } = (await ask(card, spec, AddInitialEimRequest, value, AddInitialEimResponse)).value;
    return code === undefined ? undefined : `AddInitialEim failed with ${code}`;
  } catch (cause) {
    if (cause instanceof ComposeError) return cause.message;
    throw cause;
  }
};

/** Adds the eIM of the device's own provisioning while the card has none; `refusals` so far, and the eIMs afterwards. */
export const associate = async (
  options: StartOptions,
  known: readonly EimEntry[],
  initialEim: Uint8Array,
  refusals: number,
): Promise<{ readonly eims: readonly EimEntry[]; readonly refusals: number }> => {
  if (!options.decide.associates({ known: known.length, refusals })) return { eims: known, refusals };
  const why = await refusal(options, initialEim);
  if (why !== undefined) options.report(why);
  return associate(options, await readEims(options), initialEim, why === undefined ? refusals : refusals + 1);
};
