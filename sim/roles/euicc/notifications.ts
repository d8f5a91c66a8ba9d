/** Notifications of a simulated eUICC: making, listing, retrieving and removing them. SGP.22 3.5, 5.7.9-5.7.11; SGP.32 5.9.11, 5.9.12 */
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import type { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import { type ListNotificationResponse, NotificationMetadata, OtherSignedNotification } from '#protocol/rsp/notification.js';
import type { ProfileEvent } from './config.js';
import { credentialFor } from './credentials.js';
import { nextSeqNumber } from './results.js';
import { breaksDown, type Chip, type Profile, type StoredNotification } from './state.js';

const UNDEFINED_ERROR = 127;

/** Name of the bit that stands for an event. SGP.22 Annex H, NotificationEvent */
export const eventBit = (event: ProfileEvent): string => `notification${event[0]?.toUpperCase()}${event.slice(1)}`;

const otherNotification = (chip: Chip, profile: Profile, event: ProfileEvent, address: string): StoredNotification => {
  const credential = credentialFor(chip.credentials, profile.ciPKId) ?? chip.credentials[0];
  const seqNumber = nextSeqNumber(chip);
  const { iccid } = profile;
  const metadata = encode(NotificationMetadata, {
    seqNumber,
    profileManagementOperation: [eventBit(event)],
    notificationAddress: address,
    iccid,
  });
  const octets = encode(OtherSignedNotification, {
    tbsOtherNotification: raw(metadata),
    euiccNotificationSignature: sign(credential.key, metadata),
    euiccCertificate: credential.euiccCertificate,
    eumCertificate: credential.eumCertificate,
  });
  return { seqNumber, event, address, iccid, octets };
};

/** One notification per address that the profile's metadata configure for the event; returns their sequence numbers. */
export const notify = (chip: Chip, profile: Profile, event: ProfileEvent): readonly number[] => {
  const made = profile.notifications
    .filter(({ events }) => events.includes(event))
    .map(({ address }) => otherNotification(chip, profile, event, address));
  chip.memory.notifications.push(...made);
  return made.map(({ seqNumber }) => seqNumber);
};

const isOfEvents = (bits: readonly string[]) => (n: StoredNotification) => bits.includes(eventBit(n.event));

/** ES10b.ListNotification: the metadata of all notifications, or of those of some events. */
export const listNotifications = (chip: Chip, bits: readonly string[] | undefined): InputOf<ValueOf<typeof ListNotificationResponse>> => {
  if (breaksDown(chip, 'listNotification')) return { listNotificationsResultError: UNDEFINED_ERROR };
  const chosen = bits ? chip.memory.notifications.filter(isOfEvents(bits)) : chip.memory.notifications;
  return {
    notificationMetadataList: chosen.map(({ seqNumber, event, address, iccid }) => ({
      seqNumber,
      profileManagementOperation: [eventBit(event)],
      notificationAddress: address,
      iccid,
    })),
  };
};

type Criteria = ValueOf<typeof RetrieveNotificationsListRequest>['searchCriteria'];

/** ES10b.RetrieveNotificationsList: notifications, or the results of packages. SGP.32 5.9.11 */
export const retrieveNotifications = (chip: Chip, criteria: Criteria): InputOf<ValueOf<typeof RetrieveNotificationsListResponse>> => {
  const { notifications, results } = chip.memory;
  if (breaksDown(chip, 'retrieveNotificationsList')) return { notificationsListResultError: UNDEFINED_ERROR };
  if (criteria?.euiccPackageResults === null) return { euiccPackageResultList: results.map(r => raw(r.octets)) };
  const { seqNumber, profileManagementOperation } = criteria ?? {};
  const result = results.find(r => r.seqNumber === seqNumber);
  if (result) return { euiccPackageResultList: [raw(result.octets)] };
  const chosen =
    seqNumber !== undefined
      ? notifications.filter(n => n.seqNumber === seqNumber)
      : profileManagementOperation
        ? notifications.filter(isOfEvents(profileManagementOperation))
        : notifications;
  return { notificationList: chosen.map(n => raw(n.octets)) };
};

/** ES10b.RemoveNotificationFromList: ok(0), nothingToDelete(1), undefinedError(127). SGP.32 5.9.12 */
export const removeNotification = (chip: Chip, seqNumber: number): number => {
  const { memory } = chip;
  if (breaksDown(chip, 'removeNotificationFromList')) return UNDEFINED_ERROR;
  const before = memory.notifications.length + memory.results.length;
  memory.notifications = memory.notifications.filter(n => n.seqNumber !== seqNumber);
  memory.results = memory.results.filter(r => r.seqNumber !== seqNumber);
  return before === memory.notifications.length + memory.results.length ? 1 : 0;
};
