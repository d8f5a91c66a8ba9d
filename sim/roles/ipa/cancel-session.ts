/** Cancelling a download, through the eIM or directly. SGP.32 6.3.2.5, 3.2.3.3; SGP.22 5.6.5, 5.7.14 */
import { encode } from '#protocol/asn1/encode.js';
import { raw } from '#protocol/asn1/type.js';
import { CancelSessionRequestEsipa, CancelSessionResponse } from '#protocol/iot/download.js';
import { CancelSessionRequest } from '#protocol/rsp/download.js';
import { CancelSessionRequestEs9 } from '#protocol/rsp/es9plus.js';
import { serverOf } from './authentication.js';
import { ask } from './card.js';
import { compactCancellation } from './compact.js';
import { usesCompact } from './compact-use.js';
import { REASONS } from './reasons.js';
import type { Device, Download } from './state.js';

/** Cancels the session on the card, once. */
const cancel = async (device: Device, download: Download, transactionId: Uint8Array): Promise<Uint8Array> => {
  const { config, world } = device;
  download.cancelReason ??= REASONS[config.cancelReason ?? 'undefinedReason'];
  const reason = device.decide.cancels(download.cancelReason) ?? download.cancelReason;
  const request = { transactionId, reason };
  download.cancelled ??= (await ask(config.euicc, world.spec, CancelSessionRequest, request, CancelSessionResponse)).octets;
  download.failure ??= 'cancelled';
  return download.cancelled;
};

/** A cancellation for the eIM, perhaps in compact form. SGP.32 6.3.2.5 */
export const composeCancelEsipa = async (device: Device): Promise<Uint8Array> => {
  const { world } = device;
  const { spec } = world;
  const { download, server } = serverOf(device, 'CancelSessionRequestEsipa');
  const full = await cancel(device, download, server.transactionId);
  const { cancelReason } = download;
  const reasonFromEim =
    cancelReason === REASONS.metadataMismatch || (cancelReason === REASONS.pprNotAllowed && download.offer === undefined);
  const response = usesCompact(device, 'cancellation') ? compactCancellation(full, { spec, reasonFromEim }) : full;
  return encode(CancelSessionRequestEsipa, { transactionId: server.transactionId, cancelSessionResponse: raw(response) }, { spec });
};

/** A cancellation for the SM-DP+ itself. SGP.22 5.6.5 */
export const composeCancel = async (device: Device): Promise<Uint8Array> => {
  const { download, server } = serverOf(device, 'CancelSessionRequestEs9');
  const cancelSessionResponse = raw(await cancel(device, download, server.transactionId));
  const { transactionId } = server;
  return encode(CancelSessionRequestEs9, { transactionId, cancelSessionResponse }, { spec: device.world.spec });
};
