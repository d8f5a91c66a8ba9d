/** Cancelling an indirect download. SGP.32 6.3.2.5, 3.2.3.3; SGP.22 5.7.14 */
import { encode } from '#protocol/asn1/encode.js';
import { raw } from '#protocol/asn1/type.js';
import { CancelSessionRequestEsipa, CancelSessionResponse } from '#protocol/iot/download.js';
import { CancelSessionRequest } from '#protocol/rsp/download.js';
import { serverOf } from './authentication.js';
import { ask } from './card.js';
import { compactCancellation } from './compact.js';
import { REASONS } from './reasons.js';
import type { Device } from './state.js';

/** Cancels the session on the card, once. SGP.32 6.3.2.5 */
export const composeCancel = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download, ok } = serverOf(device, 'CancelSessionRequestEsipa');
  const { transactionId } = ok.serverSigned1;
  const reason = download.cancelReason ?? REASONS.undefinedReason;
  download.cancelled ??= (await ask(config.euicc, spec, CancelSessionRequest, { transactionId, reason }, CancelSessionResponse)).octets;
  download.failure ??= 'cancelled';
  const reasonFromEim = reason === REASONS.metadataMismatch || (reason === REASONS.pprNotAllowed && download.offer === undefined);
  const response = config.compact ? compactCancellation(download.cancelled, { spec, reasonFromEim }) : download.cancelled;
  return encode(CancelSessionRequestEsipa, { transactionId, cancelSessionResponse: raw(response) }, { spec });
};
