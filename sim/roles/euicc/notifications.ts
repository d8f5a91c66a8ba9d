/** Notifications of a simulated eUICC: making, listing, retrieving and removing them. SGP.22 3.5, 5.7.9-5.7.11; SGP.32 5.9.11, 5.9.12 */
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import type { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import { type ListNotificationResponse, NotificationMetadata, OtherSignedNotification } from '#protocol/rsp/notification.js';
import { oneOf, PROFILE_EVENTS, type ProfileEvent, sizedOctets } from './config.js';
import { credentialFor } from './credentials.js';
import { refusal } from './judgement.js';
import { nextSeqNumber } from './results.js';
import { signObject } from './signing.js';
import { breaksDown, type Chip, type Profile, type StoredNotification } from './state.js';

const UNDEFINED_ERROR = 127;

/** Name of the bit that stands for an event. SGP.22 Annex H, NotificationEvent */
export const eventBit = (event: ProfileEvent): string => `notification${event[0]?.toUpperCase()}${event.slice(1)}`;

const otherNotification = (
  chip: Chip,
  profile: Pick<Profile, 'iccid' | 'ciPKId'>,
  event: ProfileEvent,
  address: string,
): StoredNotification => {
  const credential = credentialFor(chip.credentials, profile.ciPKId) ?? chip.credentials[0];
  const seqNumber = nextSeqNumber(chip, 'notification');
  const { iccid } = profile;
  const metadata = encode(NotificationMetadata, {
    seqNumber,
    profileManagementOperation: [eventBit(event)],
    notificationAddress: address,
    iccid,
  });
  const { object, signature } = signObject(chip, 'tbsOtherNotification', credential, metadata);
  const octets = encode(OtherSignedNotification, {
    tbsOtherNotification: raw(object),
    euiccNotificationSignature: signature,
    euiccCertificate: credential.euiccCertificate,
    eumCertificate: credential.eumCertificate,
  });
  return { seqNumber, event, address, iccid, octets };
};

/** One notification per address that the profile's metadata configure for the event; returns their sequence numbers. */
export const notify = (chip: Chip, profile: Profile, event: ProfileEvent): readonly number[] => {
  const configured = profile.notifications.filter(({ events }) => events.includes(event)).map(({ address }) => address);
  const made = chip.decisions.notifies(event, configured).map(address => otherNotification(chip, profile, event, address));
  chip.memory.notifications.push(...made);
  return made.map(({ seqNumber }) => seqNumber);
};

/** Those that wait from before, as the configuration states them; throws ComposeError when it cannot be read. */
export const storeNotifications = (chip: Chip): void => {
  const { ciPKId } = chip.credentials[0];
  for (const [n, given] of (chip.config.notifications ?? []).entries()) {
    const iccid = sizedOctets(given.iccid, 10, `notifications.${n}.iccid`);
    const event = oneOf(given.event, PROFILE_EVENTS, `notifications.${n}.event`);
    chip.memory.notifications.push(otherNotification(chip, { iccid, ciPKId }, event, given.address));
  }
};

const isOfEvents = (bits: readonly string[]) => (n: StoredNotification) => bits.includes(eventBit(n.event));

/** ES10b.ListNotification: the metadata of all notifications, or of those of some events. */
export const listNotifications = (chip: Chip, bits: readonly string[] | undefined): InputOf<ValueOf<typeof ListNotificationResponse>> => {
  const code = refusal(chip, 'listNotification', [['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'listNotification')]]);
  if (code !== undefined) return { listNotificationsResultError: code };
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
  const code = refusal(chip, 'retrieveNotificationsList', [['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'retrieveNotificationsList')]]);
  if (code !== undefined) return { notificationsListResultError: code };
  if (criteria?.euiccPackageResults === null) return { euiccPackageResultList: results.map(r => raw(r.octets)) };
  const { seqNumber, profileManagementOperation } = criteria ?? {};
  const result = results.find(r => r.seqNumber === seqNumber);
  if (result) return { euiccPackageResultList: [raw(result.octets)] };
  const isAll = seqNumber === undefined && profileManagementOperation === undefined;
  // v1.0 can hand out both at once. docs/interpretations.md
  if (isAll && results.length > 0 && chip.world.spec === '1.0')
    return {
      notificationAndEprList: {
        notificationList: notifications.map(n => raw(n.octets)),
        euiccPackageResultList: results.map(r => raw(r.octets)),
      },
    };
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
  const { memory, decisions } = chip;
  const isOther = (kept: { readonly seqNumber: number }) => kept.seqNumber !== seqNumber;
  const code = refusal(chip, 'removeNotificationFromList', [
    ['breakdown', UNDEFINED_ERROR, breaksDown(chip, 'removeNotificationFromList')],
    ['found', 1, [...memory.notifications, ...memory.results].every(isOther)],
  ]);
  if (code !== undefined) return code;
  if (decisions.performs('removeNotification')) memory.notifications = memory.notifications.filter(isOther);
  if (decisions.performs('removeResult')) memory.results = memory.results.filter(isOther);
  return 0;
};
