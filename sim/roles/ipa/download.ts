/** Fetching the package of a download and installing it. SGP.32 3.2.3, 6.3.2.3; SGP.22 3.1.3 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { metadataIn } from '#protocol/bpp/metadata.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import {
  GetBoundProfilePackageRequestEsipa,
  type GetBoundProfilePackageResponseEsipa,
  PrepareDownloadResponse,
} from '#protocol/iot/download.js';
import { ImmediateEnableRequest, ImmediateEnableResponse } from '#protocol/iot/es10b.js';
import { BoundProfilePackage, PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { GetBoundProfilePackageRequest, type GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { ComposeError } from '../../role.js';
import { ask, type Card, type CardAnswer, transmit } from './card.js';
import { compactPrepareDownload } from './compact.js';
import { usesCompact } from './compact-use.js';
import { removeAcknowledged } from './euicc-data.js';
import { EIM_VERDICT, REASONS } from './reasons.js';
import type { Offer } from './session.js';
import type { Device, Download } from './state.js';

/** Hash of the confirmation code that the user would type now; one that the server refused is not typed again. SGP.22 4.7 */
const ownHashCc = (
  { config, decide }: Device,
  { codesRefused = 0 }: Download,
  { ccRequired, transactionId }: Offer,
): Uint8Array | undefined => {
  const code = [config.confirmationCode ?? []].flat()[decide.nextCode(codesRefused)];
  return ccRequired && code !== undefined ? hashCc(code, transactionId) : undefined;
};

/** Runs PrepareDownload on the card, once per offer and confirmation code. SGP.32 6.3.2.3 */
const prepare = async (device: Device, request: string) => {
  const { config, world, download } = device;
  const { spec } = world;
  const offer = download?.offer;
  if (!download || !offer) throw new ComposeError(`${request} needs the offer of an SM-DP+ before it`);
  if (download.prepared) return { download, offer, prepared: download.prepared };
  const command = encode(
    PrepareDownloadRequest,
    {
      smdpSigned2: raw(offer.smdpSigned2),
      smdpSignature2: offer.signature,
      hashCc: device.decide.confirms(offer.hashCc, ownHashCc(device, download, offer)),
      smdpCertificate: offer.certificate,
    },
    { spec },
  );
  const prepared = await transmit(config.euicc, 'PrepareDownload', command);
  download.prepared = prepared;
  if (!decode(PrepareDownloadResponse, prepared, { spec }).value.downloadResponseOk) {
    download.cancelReason = REASONS.undefinedReason;
    if (!device.decide.tellsRefusal('offer')) throw new ComposeError('the eUICC refused the offer');
  }
  return { download, offer, prepared };
};

/** Asks the eIM for the package, perhaps in compact form. SGP.32 6.3.2.3 */
export const composeGetPackageEsipa = async (device: Device): Promise<Uint8Array> => {
  const { world } = device;
  const { spec } = world;
  const { offer, prepared } = await prepare(device, 'GetBoundProfilePackageRequestEsipa');
  const { transactionId, hashCc: hashOfEim, bppEuiccOtpk } = offer;
  const about = { spec, hashCcFromEim: hashOfEim !== undefined, bppEuiccOtpk };
  const response = usesCompact(device, 'preparation') ? compactPrepareDownload(prepared, about) : prepared;
  return encode(GetBoundProfilePackageRequestEsipa, { transactionId, prepareDownloadResponse: raw(response) }, { spec });
};

/** Asks the SM-DP+ itself for the package. SGP.22 5.6.2 */
export const composeGetPackage = async (device: Device): Promise<Uint8Array> => {
  const { offer, prepared } = await prepare(device, 'GetBoundProfilePackageRequest');
  const { transactionId } = offer;
  return encode(GetBoundProfilePackageRequest, { transactionId, prepareDownloadResponse: raw(prepared) }, { spec: device.world.spec });
};

/** Takes the eIM's answer to the request for the package. */
export const takePackageOfEim = async (
  device: Device,
  message: Decoded<ValueOf<typeof GetBoundProfilePackageResponseEsipa>>,
): Promise<void> => {
  const { download } = device;
  const code = message.value.getBoundProfilePackageErrorEsipa;
  if (!download) return;
  if (code === undefined) return install(device, download, fieldOctets(message, 'getBoundProfilePackageOkEsipa.boundProfilePackage'));
  download.failure = `GetBoundProfilePackage failed with ${code}`;
  download.cancelReason = code === EIM_VERDICT ? REASONS.metadataMismatch : REASONS.undefinedReason;
};

const CODE_REFUSED = 3;

/** Takes the SM-DP+'s own answer; while the user has another confirmation code, a refused one is no end. SGP.22 3.1.3 */
export const takePackageOfServer = async (
  device: Device,
  message: Decoded<ValueOf<typeof GetBoundProfilePackageResponse>>,
): Promise<void> => {
  const { download, config } = device;
  const code = message.value.getBoundProfilePackageError;
  if (!download) return;
  if (code === undefined) return install(device, download, fieldOctets(message, 'getBoundProfilePackageOk.boundProfilePackage'));
  const refused = (download.codesRefused ?? 0) + 1;
  if (code === CODE_REFUSED && refused < [config.confirmationCode ?? []].flat().length) {
    download.codesRefused = refused;
    delete download.prepared;
    return;
  }
  download.failure = `GetBoundProfilePackage failed with ${code}`;
  download.isRefused = !device.decide.cancelsRefused(download.via);
};

/** Loads the package into the card; the installation result is a pending notification then. SGP.22 3.1.3 */
const install = async (device: Device, download: Download, bpp: Uint8Array | undefined): Promise<void> => {
  const { config, decide, world } = device;
  const opened = bpp && decode(BoundProfilePackage, bpp, { spec: world.spec });
  if (opened?.ok) download.deliveredMetadata = metadataIn(opened.value);
  if (device.lostPackages < (config.losesPackages ?? 0)) {
    device.lostPackages++;
    download.failure = 'the package got lost before it reached the card';
    return;
  }
  const answer = bpp && (await load(config.euicc, decide.unpacks(bpp)));
  if (answer?.sw === '9000' && answer.octets.length > 0) return installed(device, download, answer.octets);
  download.failure = answer ? 'the eUICC gave no installation result' : 'the bound profile package has no segments';
  download.cancelReason = REASONS.loadBppExecutionError;
};

/** Segment by segment up to the first one that is answered or refused; a device may cut the package by itself. SGP.22 5.7.6 */
const load = async (card: Card, bpp: Uint8Array): Promise<CardAnswer | undefined> => {
  if (card.installProfile) return card.installProfile(bpp);
  let answer: CardAnswer | undefined;
  for (const segment of splitSegments(bpp) ?? []) {
    answer = await card.execute(segment);
    if (answer.sw !== '9000' || answer.octets.length > 0) return answer;
  }
  return answer;
};

const installed = async (device: Device, download: Download, result: Uint8Array): Promise<void> => {
  const { config, decide, world } = device;
  const { finalResult, notificationMetadata } = decode(ProfileInstallationResult, result).value.profileInstallationResultData;
  download.installationResult = result;
  download.resultNumber = notificationMetadata.seqNumber;
  if (decide.cancelsAfterResult()) download.cancelReason = REASONS.undefinedReason;
  if (decide.removesResultAtOnce()) await removeAcknowledged(device, [notificationMetadata.seqNumber]);
  if (!finalResult.successResult) return;
  if (notificationMetadata.iccid) device.installed.push(notificationMetadata.iccid);
  if (!decide.enablesImmediately(config.immediateEnable === true)) return;
  const { value } = await ask(config.euicc, world.spec, ImmediateEnableRequest, { refreshFlag: true }, ImmediateEnableResponse);
  if (value.immediateEnableResult === 0) device.cause = 'immediateEnableProfile';
};
