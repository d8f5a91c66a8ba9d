/** Seeded defects of an SM-DP+ in notifications and cancellations. SGP.22 5.6.4, 5.6.5 */

import type { Frame } from '../../adapters/adapter.js';
import type { SmdpOverride } from '../roles/smdp/index.js';
import { contentAt } from './edits.js';
import { answering } from './frames.js';
import { deciding, type SmdpDeviations } from './smdp-deviation.js';
import { isCallOf, jsonMember, refusedInHeader } from './smdp-frames.js';

/** The PendingNotification of a request; undefined when it carries none. */
const notificationOf = (request: Frame): Uint8Array | undefined => {
  const member = isCallOf(request, 'handleNotification') ? jsonMember(request, 'pendingNotification') : undefined;
  return typeof member === 'string' ? new Uint8Array(Buffer.from(member, 'base64')) : undefined;
};

const refusesRepetitions: SmdpOverride = correct => {
  const seen = new Set<string>();
  return {
    frame: (answer, request) => {
      const octets = notificationOf(request);
      const text = octets && Buffer.from(octets).toString('base64');
      if (text === undefined) return correct.frame(answer, request);
      const isRepeated = seen.has(text);
      seen.add(text);
      return isRepeated ? refusedInHeader('8.10.1', '3.9') : correct.frame(answer, request);
    },
  };
};

/** Refuses notifications for which `is` holds. */
const refusingNotifications = (does: string, is: (notification: Uint8Array) => boolean) => ({
  does,
  override: answering((answer, request) => {
    const octets = notificationOf(request);
    return octets && is(octets) ? refusedInHeader('8.1', '6.1') : answer;
  }),
});

/** Defects of notifications. */
export const smdpNotificationDefects: SmdpDeviations = {
  refusesRepeatedNotifications: { does: 'It answers a notification that comes again by an error.', override: refusesRepetitions },
  refusesFailedInstallations: refusingNotifications(
    'It answers installation results that tell of a failure by an error.',
    octets => contentAt(octets, 'BF27 A2 A1') !== undefined,
  ),
  refusesOtherNotifications: refusingNotifications('It takes installation results only.', octets => octets[0] === 0x30),
  answersNotificationsWithBody: {
    does: 'It answers notifications by a header although they have no answer.',
    override: answering((answer, request) => (isCallOf(request, 'handleNotification') ? refusedInHeader() : answer)),
  },
};

/** Defects of cancellations. */
export const smdpCancelDefects: SmdpDeviations = {
  losesPostponedOrder: deciding('It gives up an order whatever the reason of the cancellation.', { stateAfterCancel: () => 'error' }),
  keepsRefusedOrder: deciding('It keeps an order whatever the reason of the cancellation.', { stateAfterCancel: state => state }),
  ignoresCancelOid: deciding('It takes cancellations that are meant for another SM-DP+.', { acceptsCancelOid: () => true }),
  endsSessionByRefusedCancel: deciding('A cancellation that it refuses ends the session all the same.', { endsByCancel: () => true }),
  deliversAfterCancel: deciding('It goes on with sessions that were cancelled.', { endsByCancel: () => false }),
  confirmsNoCancellation: {
    does: 'It answers every cancellation by an execution error.',
    override: answering((answer, request) => (isCallOf(request, 'cancelSession') ? refusedInHeader('8.8', '4.2') : answer)),
  },
};
