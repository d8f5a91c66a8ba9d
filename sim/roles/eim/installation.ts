/** What an installation result means for the download and for the view. SGP.32 3.2.3 */
import { decode } from '#protocol/asn1/decode.js';
import { find } from '#protocol/asn1/element.js';
import { hex } from '#protocol/asn1/tlv.js';
import { ProfileInstallationResult } from '#protocol/iot/notification.js';
import { digest, type EimContext } from './context.js';
import { codeName } from './outcome.js';
import { type Download, type EuiccRecord, failOrder, settleOrder } from './state.js';
import { withProfileEvent } from './view.js';

/** Ends a download with the result `BF37 …` that the eUICC signed. */
export const settleInstallation = (
  eim: EimContext,
  record: EuiccRecord | undefined,
  download: Download | undefined,
  octets: Uint8Array,
): void => {
  const message = decode(ProfileInstallationResult, octets, { spec: eim.world.spec });
  const data = message.value.profileInstallationResultData;
  const { iccid } = data.notificationMetadata;
  const isInstalled = data.finalResult.successResult !== undefined;
  if (record && isInstalled && iccid && eim.decisions.appliesView('install'))
    record.view = withProfileEvent(record.view, 'install', hex(iccid));
  if (!download || !record || download.installation !== undefined) return;
  download.installation = digest(octets);
  download.phase = 'closed';
  const reason = find(message.root, 'profileInstallationResultData.finalResult.errorResult.errorReason');
  if (!eim.decisions.settlesDownload(isInstalled))
    failOrder(download.order, 'element' in reason ? codeName(reason.element) : 'undefinedError');
  settleOrder(record, download.order);
};
