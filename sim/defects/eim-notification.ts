/** Seeded defects of an eIM in taking over and forwarding notifications. SGP.32 3.7, 5.14.7 */
import { createHash } from 'node:crypto';
import type { EimOverride } from '../roles/eim/index.js';
import type { EimDeviation, EimDeviations } from './deviation.js';
import { edit, spoilt } from './edits.js';
import { refusal, startsWith } from './frames.js';

const deciding = (does: string, decisions: ReturnType<EimOverride>): EimDeviation => ({ does, override: () => decisions });

/** Forwards octets that are not those of the eUICC. */
const forwarding = (does: string, change: (octets: Uint8Array) => Uint8Array): EimDeviation =>
  deciding(does, { forwardsNotification: (octets, address) => ({ octets: change(octets), address }) });

const refusesRepeatedNotification: EimOverride = correct => {
  const seen = new Set<string>();
  return {
    frame: (answer, request) => {
      if (!startsWith(request, 'BF3D')) return correct.frame(answer, request);
      const digest = createHash('sha256').update(request.body).digest('hex');
      if (seen.has(digest)) return refusal(409);
      seen.add(digest);
      return correct.frame(answer, request);
    },
  };
};

/** Defects of notifications. */
export const eimNotificationDefects: EimDeviations = {
  dropsNotifications: deciding('It forwards no notification.', { forwardsNotification: () => undefined }),
  spoilsNotifications: forwarding('It spoils the last octet of notifications.', spoilt),
  forwardsOtherCertificate: {
    does: 'It forwards notifications with the certificate of another eUICC.',
    override: (_correct, { pki }) => ({
      forwardsNotification: (octets, address) => ({
        octets: octets[0] === 0x30 ? edit(octets, '30', certificate => pki.certificate('CERT_EUICC2') ?? certificate) : octets,
        address,
      }),
    }),
  },
  forwardsResultsOnly: deciding('It forwards installation results and no other notification.', {
    forwardsNotification: (octets, address) => (octets[0] === 0xbf ? { octets, address } : undefined),
  }),
  forwardsAllToOneAddress: deciding('It forwards every notification to the same SM-DP+.', {
    forwardsNotification: octets => ({ octets, address: 'testsmdpplus1.example.com' }),
  }),
  forwardsLatestFirst: deciding('It collects notifications and forwards the latest one first.', {
    postpones: () => ({ seconds: 0.3 }),
    ordersQueue: numbers => [...numbers].sort((a, b) => b - a),
  }),
  forwardsPastUnaccepted: deciding('It forwards the latest notification although an earlier one was not accepted.', {
    withholds: () => false,
    ordersQueue: numbers => [...numbers].sort((a, b) => b - a),
  }),
  neverRetries: deciding('It does not try again when an SM-DP+ did not accept a notification.', { retries: () => false }),
  refusesRepeatedNotification: {
    does: 'It refuses a notification that it has seen before, so that the IPA never gets rid of it.',
    override: refusesRepeatedNotification,
  },
};
