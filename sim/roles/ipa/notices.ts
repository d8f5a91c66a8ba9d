/** Notifications on their way: to the eIM, or to the servers that they name. SGP.32 3.7, 6.3.2.4; SGP.22 3.5 */
import { encode } from '#protocol/asn1/encode.js';
import { equal, tlv } from '#protocol/asn1/tlv.js';
import { raw } from '#protocol/asn1/type.js';
import { HandleNotificationEsipa } from '#protocol/iot/esipa.js';
import { HandleNotification } from '#protocol/rsp/es9plus.js';
import { ComposeError } from '../../role.js';
import { type PendingNotice, pendingNotifications, removeAcknowledged } from './euicc-data.js';
import { notifiesServers } from './source.js';
import type { Device } from './state.js';
import { carryOutPackages, composeResult, finishTask, nextTask } from './tasks.js';

/** The result of a download from the server itself belongs to that server, wherever other notifications go. SGP.32 3.2.3.1 */
const isOfDirectDownload = ({ download, decide }: Device, { octets }: PendingNotice): boolean =>
  download !== undefined &&
  decide.reportsTo('server', true) &&
  download.via !== 'ESipa' &&
  [download.installationResult, download.reported].some(result => result !== undefined && equal(result, octets));

/** The oldest notification that may go now: a receiver that did not take an earlier one has to take that first. SGP.32 3.7 */
export const nextNotice = async (device: Device, to: 'eim' | 'server'): Promise<PendingNotice | undefined> => {
  const { postponed, decide } = device;
  if (!decide.looksForNotifications()) return undefined;
  const all = await notifiesServers(device);
  return decide.orders(await pendingNotifications(device)).find(notice => {
    const receiver = all || isOfDirectDownload(device, notice) ? 'server' : 'eim';
    const mark = decide.waitsForUntaken() ? (receiver === 'eim' ? 'eim' : addressOfNotice(device, notice)) : `${notice.seqNumber}`;
    return receiver === to && !postponed.has(mark) && !postponed.has(`${notice.seqNumber}`);
  });
};

/** Address of the server that a notification goes to. */
export const addressOfNotice = ({ decide, download }: Device, { address }: PendingNotice): string =>
  decide.notificationAddress(address, download?.source.smdpAddress).toLowerCase();

/** The oldest notification for the eIM; without one, a result that waits. SGP.32 6.3.2.4 */
export const composeNotificationEsipa = async (device: Device): Promise<Uint8Array> => {
  await carryOutPackages(device);
  const oldest = (await nextNotice(device, 'eim')) ?? device.decide.orders(await pendingNotifications(device))[0];
  const { spec } = device.world;
  device.notifying = oldest && { seqNumber: oldest.seqNumber, receiver: 'eim' };
  // A compact installation result starts with the same tag as the EXPLICIT wrapper, so that the wrapper is made here.
  if (oldest) return encode(HandleNotificationEsipa, { pendingNotification: raw(tlv(0xa0, oldest.forEim)) }, { spec });
  if (!nextTask(device))
    throw new ComposeError('the IPA has nothing to notify: the eUICC keeps no notification, and no package was received');
  return encode(HandleNotificationEsipa, { provideEimPackageResult: raw(await composeResult(device)) }, { spec });
};

/** The oldest notification for a server. SGP.22 5.6.4 */
export const composeNotification = async (device: Device): Promise<Uint8Array> => {
  const oldest = (await nextNotice(device, 'server')) ?? device.decide.orders(await pendingNotifications(device))[0];
  if (!oldest) throw new ComposeError('the IPA has nothing to notify: the eUICC keeps no notification');
  device.notifying = { seqNumber: oldest.seqNumber, receiver: addressOfNotice(device, oldest) };
  return encode(HandleNotification, { pendingNotification: raw(tlv(0xa0, oldest.octets)) }, { spec: device.world.spec });
};

/** The receiver took the notification composed last. */
export const takeDelivery = async (device: Device): Promise<void> => {
  const { notifying } = device;
  device.notifying = undefined;
  if (!notifying) return;
  // A card that does not let go of it would have it sent again and again.
  device.postponed.add(`${notifying.seqNumber}`);
  await removeAcknowledged(device, [notifying.seqNumber]);
  // With its installation result the eIM knows all about a download that it relayed.
  const { download, config } = device;
  const isOutcome = config.installationResultBy === 'notification' && download?.via === 'ESipa';
  if (isOutcome && download.task && download.resultNumber === notifying.seqNumber) finishTask(device, download.task);
};

/** The receiver did not take it: it stays on the card, and what is younger waits with it. SGP.32 3.7 */
export const postpone = async (device: Device): Promise<void> => {
  const { notifying, decide } = device;
  device.notifying = undefined;
  if (!notifying) return;
  device.postponed.add(decide.waitsForUntaken() ? notifying.receiver : `${notifying.seqNumber}`);
  if (!decide.keepsUntaken()) await removeAcknowledged(device, [notifying.seqNumber]);
};
