/** GetBoundProfilePackage: the eUICC's acceptance to the SM-DP+, the package back, untouched. SGP.32 5.14.2, 6.3.2.3 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { metadataIn } from '#protocol/bpp/metadata.js';
import {
  type GetBoundProfilePackageRequestEsipa,
  GetBoundProfilePackageResponseEsipa,
  PrepareDownloadResponse,
} from '#protocol/iot/download.js';
import { GetBoundProfilePackageRequest, GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import { rebuildPrepareDownload } from './compact.js';
import { type Answer, answerWith, type EimContext } from './context.js';
import { relay } from './relay.js';
import { type Session, sessionOf } from './sessions.js';
import { failOrder, settleOrder } from './state.js';

const EUICC_SIGNATURE_INVALID = 1;
const METADATA_MISMATCH = 50;
const INVALID_TRANSACTION_ID = 95;
const UNDEFINED_ERROR = 127;
/** CancelSessionReason metadataMismatch. */
const REASON_METADATA_MISMATCH = 4;

const refuse = (eim: EimContext, code: number): Answer =>
  answerWith(eim, GetBoundProfilePackageResponseEsipa, { getBoundProfilePackageErrorEsipa: code });

const fail = (eim: EimContext, session: Session, code: number): Answer => {
  const { download, record } = session;
  // After a mismatch the IPA cancels; the reason it gives is the better cause.
  if (download && record && code !== METADATA_MISMATCH) {
    download.phase = 'closed';
    failOrder(download.order, `GetBoundProfilePackage: error ${code}`);
    settleOrder(record, download.order);
  }
  return refuse(eim, code);
};

const fullResponse = (eim: EimContext, session: Session, octets: Uint8Array): Uint8Array | undefined => {
  const { spec } = eim.world;
  const response = decode(PrepareDownloadResponse, octets, { spec });
  if (!response.value.compactDownloadResponseOk) return octets;
  const rebuilt = rebuildPrepareDownload(response, session);
  if (!rebuilt || !eim.decisions.acceptsRebuilt(rebuilt.identity !== undefined)) return undefined;
  return encode(PrepareDownloadResponse, { downloadResponseOk: raw(rebuilt.octets) }, { spec });
};

/** Answers GetBoundProfilePackage. */
export const getBoundProfilePackage = async (
  eim: EimContext,
  request: Decoded<ValueOf<typeof GetBoundProfilePackageRequestEsipa>>,
): Promise<Answer> => {
  const { decisions } = eim;
  const session = sessionOf(eim, request.value.transactionId);
  if (session?.interface !== 'ES9+') return refuse(eim, INVALID_TRANSACTION_ID);
  const response = fullResponse(eim, session, fieldOctets(request, 'prepareDownloadResponse') ?? new Uint8Array());
  if (!response) return fail(eim, session, EUICC_SIGNATURE_INVALID);
  const octets = encode(
    GetBoundProfilePackageRequest,
    { transactionId: request.value.transactionId, prepareDownloadResponse: raw(decisions.relays('prepareDownloadResponse', response)) },
    { spec: eim.world.spec },
  );
  const step = {
    name: 'GetBoundProfilePackage',
    interface: 'ES9+',
    address: session.address,
    request: 'GetBoundProfilePackageRequest',
    response: GetBoundProfilePackageResponse,
    error: 'getBoundProfilePackageError',
  } as const;
  const relayed = await relay(eim, step, octets);
  return 'error' in relayed ? fail(eim, session, relayed.error) : passOn(eim, session, relayed.message);
};

const passOn = (eim: EimContext, session: Session, message: Decoded<ValueOf<typeof GetBoundProfilePackageResponse>>): Answer => {
  const { decisions } = eim;
  const ok = message.value.getBoundProfilePackageOk;
  const bpp = fieldOctets(message, 'getBoundProfilePackageOk.boundProfilePackage');
  if (!ok || !bpp) return fail(eim, session, UNDEFINED_ERROR);
  const isSame = session.metadata === undefined || equal(session.metadata, metadataIn(ok.boundProfilePackage));
  if (!decisions.acceptsMetadata(isSame)) {
    session.impliedReason = REASON_METADATA_MISMATCH;
    return fail(eim, session, METADATA_MISMATCH);
  }
  return answerWith(eim, GetBoundProfilePackageResponseEsipa, {
    getBoundProfilePackageOkEsipa: {
      transactionId: decisions.minimizes(session.record?.data.ipaFeatures) ? undefined : session.transactionId,
      boundProfilePackage: raw(decisions.relays('boundProfilePackage', bpp)),
    },
  });
};
