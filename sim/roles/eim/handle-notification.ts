/** HandleNotification: notifications and results without an answer. SGP.32 5.14.7 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { readTlv, tlvContent } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { HandleNotificationEsipa } from '#protocol/iot/esipa.js';
import type { Answer, EimContext } from './context.js';
import { takeNotification } from './notifications.js';
import { takeDelivery } from './provide.js';

/**
 * Takes what was delivered. The IPA removes a notification once it was accepted, so one that is not taken over is
 * refused; a result is only removed when it was acknowledged.
 */
export const handleNotification = (eim: EimContext, message: Decoded<ValueOf<typeof HandleNotificationEsipa>>): Answer => {
  const { provideEimPackageResult } = message.value;
  const notification = fieldOctets(message, 'pendingNotification');
  if (notification) {
    // The field is an EXPLICIT tag A0 around the notification.
    const taken = takeNotification(eim, undefined, contentOf(notification));
    return 'discarded' in taken ? { refused: `notification not taken over: ${taken.discarded}` } : { empty: true };
  }
  if (!provideEimPackageResult) return { refused: 'neither notification nor result' };
  if (!eim.decisions.takesResultByNotification()) return { empty: true };
  const delivery = takeDelivery(eim, message, provideEimPackageResult, 'provideEimPackageResult.');
  if ('error' in delivery) return { refused: `result not taken: error ${delivery.error}` };
  return 'discarded' in delivery ? { refused: `result not taken: ${delivery.discarded}` } : { empty: true };
};

const contentOf = (wrapped: Uint8Array): Uint8Array => {
  const outer = readTlv(wrapped);
  return outer ? tlvContent(wrapped, outer) : new Uint8Array();
};
