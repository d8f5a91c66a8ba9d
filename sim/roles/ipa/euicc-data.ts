/** What an IPA reads from its eUICC and removes from it. SGP.32 5.9.11, 5.9.12, 5.9.14, 5.9.18 */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import {
  type EimConfigurationData,
  GetEimConfigurationDataRequest,
  GetEimConfigurationDataResponse,
} from '#protocol/iot/eim-configuration.js';
import { PendingNotification, RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import { ProfileInfoListResponse } from '#protocol/iot/profile.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { GetEuiccDataRequest, GetEuiccDataResponse } from '#protocol/rsp/info.js';
import { NotificationSentRequest, NotificationSentResponse } from '#protocol/rsp/notification.js';
import { ProfileInfoListRequest } from '#protocol/rsp/profile.js';
import { ask } from './card.js';
import { compactNotification } from './compact.js';
import { compactFormOf, usesCompact } from './compact-use.js';
import type { Device } from './state.js';

/** The EID, read once. */
export const eidOf = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  device.eid ??= (
    await ask(config.euicc, world.spec, GetEuiccDataRequest, { tagList: Uint8Array.of(0x5a) }, GetEuiccDataResponse)
  ).value.eidValue;
  return device.eid;
};

/** An eIM as the eUICC has it. */
export type EimEntry = ValueOf<typeof EimConfigurationData>;

/** Configuration of the eIM this IPA works for. */
export const selectedEim = async (device: Device): Promise<EimEntry | undefined> => {
  const { config, known, world } = device;
  if (known.eim) return known.eim.selected;
  const { eimConfigurationDataList: eims } = (
    await ask(config.euicc, world.spec, GetEimConfigurationDataRequest, {}, GetEimConfigurationDataResponse)
  ).value;
  const selected = config.eimId === undefined ? eims[0] : eims.find(eim => eim.eimId === config.eimId);
  known.eim = { selected };
  return selected;
};

/** A signed object on the card. */
export interface Pending {
  readonly seqNumber: number;
  /** Complete. */
  readonly octets: Uint8Array;
}
/** A notification on the card: complete PendingNotification. */
export interface PendingNotice extends Pending {
  /** Where the notification itself says that it is to go. */
  readonly address: string;
  /** As it travels to the eIM: in compact form when the IPA uses those. */
  readonly forEim: Uint8Array;
}

const metadataOf = (octets: Uint8Array) => {
  const { profileInstallationResult, otherSignedNotification } = decode(PendingNotification, octets).value;
  const metadata =
    profileInstallationResult?.profileInstallationResultData.notificationMetadata ?? otherSignedNotification?.tbsOtherNotification;
  return metadata && { ...metadata, isResult: profileInstallationResult !== undefined };
};

type Criteria = ValueOf<typeof RetrieveNotificationsListRequest>['searchCriteria'];

const EVERY_EVENT = {
  profileManagementOperation: ['notificationInstall', 'notificationEnable', 'notificationDisable', 'notificationDelete'],
} as const;

/** Notifications on the card in their order. */
export const pendingNotifications = async (device: Device, searchCriteria?: Criteria): Promise<readonly PendingNotice[]> => {
  const { config, known, world } = device;
  if (!searchCriteria && known.pending) return known.pending;
  const message = await ask(
    config.euicc,
    world.spec,
    RetrieveNotificationsListRequest,
    { searchCriteria: searchCriteria ?? (device.decide.asksForNotifications() === 'all' ? undefined : EVERY_EVENT) },
    RetrieveNotificationsListResponse,
  );
  const eid = await eidOf(device);
  // An eUICC of v1.0 may hand out the results of packages beside the notifications.
  const both = message.value.notificationAndEprList;
  const path = both ? 'notificationAndEprList.notificationList' : 'notificationList';
  const list = both?.notificationList ?? message.value.notificationList ?? [];
  const found = list.flatMap((_, n): PendingNotice[] => {
    const full = fieldOctets(message, `${path}.${n}`);
    const metadata = full && metadataOf(full);
    if (!full || metadata?.seqNumber === undefined) return [];
    const form = compactFormOf(device, full, metadata.isResult);
    const about = { spec: world.spec, eid: device.decide.namesEidInNotifications() ? eid : undefined };
    const forEim = form && usesCompact(device, form) ? compactNotification(full, about) : full;
    return [{ seqNumber: metadata.seqNumber, octets: full, address: metadata.notificationAddress, forEim }];
  });
  if (!searchCriteria) known.pending = found;
  return found;
};

/** eUICC Package Results on the card in their order, complete BF51. */
export const storedResults = async ({ config, world: { spec } }: Device): Promise<readonly Pending[]> => {
  const searchCriteria = { euiccPackageResults: null };
  const message = await ask(config.euicc, spec, RetrieveNotificationsListRequest, { searchCriteria }, RetrieveNotificationsListResponse);
  const list = message.value.euiccPackageResultList ?? [];
  return list.flatMap((result, n) => {
    const octets = fieldOctets(message, `euiccPackageResultList.${n}`);
    const seqNumber = result.euiccPackageResultSigned?.euiccPackageResultDataSigned.seqNumber;
    return octets && seqNumber !== undefined ? [{ seqNumber, octets }] : [];
  });
};

/** What a signed result says, of complete BF51; errors say nothing of it. */
export const resultDataOf = (result: Uint8Array, device: Device) =>
  decode(EuiccPackageResult, result, { spec: device.world.spec }).value.euiccPackageResultSigned?.euiccPackageResultDataSigned;

/** Removes what the eIM acknowledged; a number that the card does not know is no harm. SGP.32 3.3.1 */
export const removeAcknowledged = async (device: Device, seqNumbers: readonly number[]): Promise<void> => {
  const { config, world } = device;
  for (const seqNumber of seqNumbers) {
    const { value } = await ask(config.euicc, world.spec, NotificationSentRequest, { seqNumber }, NotificationSentResponse);
    device.acknowledged.push(seqNumber);
    if (!device.decide.removesOn(value.deleteNotificationStatus)) return;
  }
};

const STATE_CLASS_ECALL = fromHex('9F70959F7B') ?? new Uint8Array();

/** State, class and emergency mark of every profile. */
export const profiles = async ({ config, world: { spec } }: Device) =>
  (await ask(config.euicc, spec, ProfileInfoListRequest, { tagList: STATE_CLASS_ECALL }, ProfileInfoListResponse)).value
    .profileInfoListOk ?? [];

/** Whether the emergency profile is enabled. SGP.32 5.9.22 */
export const isEmergency = async (device: Device): Promise<boolean> =>
  (await profiles(device)).some(p => p.ecallIndication === true && p.profileState === 1);
