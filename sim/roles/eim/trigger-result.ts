/** Results of download triggers. SGP.32 2.11.2.3 */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets, find } from '#protocol/asn1/element.js';
import { ProfileDownloadTriggerResult } from '#protocol/iot/trigger.js';
import type { EimContext } from './context.js';
import { takeNotification } from './notifications.js';
import { codeName } from './outcome.js';
import type { Taken } from './results.js';
import { type EuiccRecord, failOrder, settleOrder } from './state.js';

/** Takes the octets `BF54 …` of a trigger result for an eUICC. */
export const takeTriggerResult = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): Taken => {
  const message = decode(ProfileDownloadTriggerResult, octets, { spec: eim.world.spec });
  if (!message.ok) return { discarded: 'undecodable' };
  const { eimTransactionId } = message.value;
  const handedOut = record.packages.flatMap(p => (p.kind === 'download' && p.octets ? [p] : []));
  const matching = handedOut.filter(d => eim.decisions.acceptsTransactionId(d.eimTransactionId, eimTransactionId));
  // After an SM-DS event the IPA may still name the first trigger; the download of the event belongs to the same order.
  const related = handedOut.find(d => d.phase === 'outstanding' && matching.some(m => m.order === d.order));
  const download = matching.find(d => d.phase === 'outstanding') ?? related ?? matching.at(-1);
  if (!download) return { discarded: 'noPackage' };
  const installation = fieldOctets(message, 'profileDownloadTriggerResultData.profileInstallationResult');
  if (installation) return takeNotification(eim, record, installation, download);
  if (download.installation !== undefined) return { discarded: 'repeated' };
  const reason = find(message.root, 'profileDownloadTriggerResultData.profileDownloadError.profileDownloadErrorReason');
  download.phase = 'closed';
  const cause = 'element' in reason ? codeName(reason.element) : 'undefinedError';
  if (!eim.decisions.isSuccess(download.kind, cause)) failOrder(download.order, cause);
  settleOrder(record, download.order);
  return { acknowledge: [] };
};
