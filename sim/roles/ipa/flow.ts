/** What a correct IPA sends next, given what it received so far. SGP.32 3.1.1.1, 3.2.3, 3.3.1 */
import { hasSession } from './authentication.js';
import type { IpaDecisions } from './decisions.js';
import { addressOfNotice, nextNotice } from './notices.js';
import { REASONS } from './reasons.js';
import { continueWithEvents, ownDownload } from './source.js';
import type { Device, Download, IpaInterface, Task } from './state.js';
import { finishTask, takeUpLeftOvers } from './tasks.js';

/** Types of the requests an IPA sends over ESipa. */
export type EsipaRequest =
  | 'GetEimPackageRequest'
  | 'ProvideEimPackageResult'
  | 'HandleNotificationEsipa'
  | 'InitiateAuthenticationRequestEsipa'
  | 'AuthenticateClientRequestEsipa'
  | 'GetBoundProfilePackageRequestEsipa'
  | 'CancelSessionRequestEsipa';

/** Types of the requests an IPA sends to RSP servers. */
export type RspRequest =
  | 'InitiateAuthenticationRequest'
  | 'AuthenticateClientRequest'
  | 'GetBoundProfilePackageRequest'
  | 'CancelSessionRequestEs9'
  | 'HandleNotification';

/** A request that is due; one to an RSP server says where that is. */
export type NextRequest =
  | { readonly type: EsipaRequest; readonly interface: 'ESipa' }
  | { readonly type: RspRequest; readonly interface: Exclude<IpaInterface, 'ESipa'>; readonly address: string };

type Stage = 'initiate' | 'authenticate' | 'fetch' | 'cancel';
const STAGES: Readonly<Record<Stage, readonly [EsipaRequest, RspRequest]>> = {
  initiate: ['InitiateAuthenticationRequestEsipa', 'InitiateAuthenticationRequest'],
  authenticate: ['AuthenticateClientRequestEsipa', 'AuthenticateClientRequest'],
  fetch: ['GetBoundProfilePackageRequestEsipa', 'GetBoundProfilePackageRequest'],
  cancel: ['CancelSessionRequestEsipa', 'CancelSessionRequestEs9'],
};

/** Where a download stands; undefined when it came to its end. */
const stageOf = (download: Download, decide: IpaDecisions): Stage | undefined => {
  if (download.isOver || download.cancelled || download.isRefused) return undefined;
  if (download.installationResult && !decide.cancelsAfterResult()) return undefined;
  if (download.failure !== undefined && download.cancelReason === undefined) {
    // A server that was refused before the card took it leaves nothing to cancel.
    if (!hasSession(download)) return undefined;
    download.cancelReason = REASONS.undefinedReason;
  }
  // An SM-DS knows no cancellation. SGP.22 5.8
  if (download.cancelReason !== undefined) {
    const isCancelled = download.via !== 'ES11' && decide.cancels(download.cancelReason) !== undefined;
    return isCancelled ? 'cancel' : undefined;
  }
  if (download.offer) return 'fetch';
  return download.server ? 'authenticate' : 'initiate';
};

const nextOfDownload = (download: Download, decide: IpaDecisions): NextRequest | undefined => {
  const stage = stageOf(download, decide);
  if (!stage) return undefined;
  const [overEsipa, direct] = STAGES[stage];
  const { via, source } = download;
  return via === 'ESipa' ? { type: overEsipa, interface: via } : { type: direct, interface: via, address: source.smdpAddress ?? '' };
};

/** Whether the outcome of a task goes as a result: that of a download may go as a notification, or to its server alone. */
const isReported = ({ config, decide, download }: Device, task: Task): boolean => {
  if (task.kind !== 'downloadTrigger' || download?.task !== task) return true;
  const hasSucceeded = download.installationResult !== undefined || download.reported !== undefined;
  if (download.via !== 'ESipa') return decide.reportsTo('eim', hasSucceeded);
  return !(config.installationResultBy === 'notification' && hasSucceeded);
};

/** A download that is over and that the eIM is not told of leaves nothing to do. */
const forgetUnreported = (device: Device): void => {
  const { download, decide } = device;
  if (!download?.task || download.isOver) return;
  const hasSucceeded = download.installationResult !== undefined || download.reported !== undefined;
  const isTold = download.via === 'ESipa' ? hasSucceeded || decide.reportsRelayedFailure() : decide.reportsTo('eim', hasSucceeded);
  if (!isTold) finishTask(device, download.task);
};

/** A download that the IPA is told to do by its configuration. */
const startsOwn = ({ config: { activationCode, smdpAddress, smdsAddress } }: Device): boolean =>
  activationCode !== undefined || smdpAddress !== undefined || smdsAddress !== undefined;

/** The next request; undefined: nothing to do until the next poll. */
export const nextRequest = async (device: Device): Promise<NextRequest | undefined> => {
  const { tasks } = device;
  if (!device.download && startsOwn(device)) device.download = await ownDownload(device);
  const ofDownload = device.download && nextOfDownload(device.download, device.decide);
  if (ofDownload) return ofDownload;
  forgetUnreported(device);
  const notice = await nextNotice(device, 'server');
  if (notice) return { type: 'HandleNotification', interface: 'ES9+', address: addressOfNotice(device, notice) };
  if (continueWithEvents(device)) return nextRequest(device);
  await takeUpLeftOvers(device);
  if (tasks.some(t => !t.wasSent && isReported(device, t))) return { type: 'ProvideEimPackageResult', interface: 'ESipa' };
  if (await nextNotice(device, 'eim')) return { type: 'HandleNotificationEsipa', interface: 'ESipa' };
  return device.hasNoPackage ? undefined : { type: 'GetEimPackageRequest', interface: 'ESipa' };
};
