/** What a correct IPA sends next, given what it received so far. SGP.32 3.1.1.1, 3.2.3.2, 3.3.1 */

import { pendingNotifications } from './euicc-data.js';
import { REASONS } from './reasons.js';
import type { Device, Download } from './state.js';

/** Types of the requests an IPA sends over ESipa. */
export type EsipaRequest =
  | 'GetEimPackageRequest'
  | 'ProvideEimPackageResult'
  | 'HandleNotificationEsipa'
  | 'InitiateAuthenticationRequestEsipa'
  | 'AuthenticateClientRequestEsipa'
  | 'GetBoundProfilePackageRequestEsipa'
  | 'CancelSessionRequestEsipa';

/** The next message of a download; undefined when it came to its end. */
const nextOfDownload = (download: Download): EsipaRequest | undefined => {
  if (download.isOver || download.installationResult || download.cancelled) return undefined;
  if (download.cancelReason !== undefined) return 'CancelSessionRequestEsipa';
  if (download.failure !== undefined) {
    // A server that was refused before the card saw it leaves nothing to cancel.
    if (!download.authenticated) return undefined;
    download.cancelReason = REASONS.undefinedReason;
    return 'CancelSessionRequestEsipa';
  }
  if (download.offer) return 'GetBoundProfilePackageRequestEsipa';
  if (download.server) return 'AuthenticateClientRequestEsipa';
  return 'InitiateAuthenticationRequestEsipa';
};

/** The type of the next request; undefined: nothing to do until the next poll. */
export const nextRequest = async (device: Device): Promise<EsipaRequest | undefined> => {
  const { download, config, tasks } = device;
  const ofDownload = download && nextOfDownload(download);
  if (ofDownload) return ofDownload;
  const byNotification = config.installationResultBy === 'notification';
  const isWaiting = (kind: string) => !(byNotification && kind === 'downloadTrigger' && download?.installationResult);
  if (tasks.some(t => !t.wasSent && isWaiting(t.kind))) return 'ProvideEimPackageResult';
  if ((await pendingNotifications(device)).length > 0) return 'HandleNotificationEsipa';
  return device.hasNoPackage ? undefined : 'GetEimPackageRequest';
};
