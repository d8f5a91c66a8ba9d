/** Fetching and installing the package of an indirect download. SGP.32 3.2.3.2, 6.3.2.3; SGP.22 3.1.3 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import {
  GetBoundProfilePackageRequestEsipa,
  type GetBoundProfilePackageResponseEsipa,
  PrepareDownloadResponse,
} from '#protocol/iot/download.js';
import { ImmediateEnableRequest, ImmediateEnableResponse } from '#protocol/iot/es10b.js';
import { PrepareDownloadRequest } from '#protocol/rsp/download.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { ComposeError } from '../../role.js';
import { ask, transmit } from './card.js';
import { compactPrepareDownload } from './compact.js';
import { EIM_VERDICT, REASONS } from './reasons.js';
import type { Device, Download } from './state.js';

/** Runs PrepareDownload on the card, once per offer. SGP.32 6.3.2.3 */
export const composeGetPackage = async (device: Device): Promise<Uint8Array> => {
  const { config, world } = device;
  const { spec } = world;
  const { download } = device;
  const offer = download?.offer;
  const ok = offer?.value.authenticateClientOkDPEsipa;
  if (!download || !offer || !ok)
    throw new ComposeError('GetBoundProfilePackageRequestEsipa needs an authenticateClientOkDPEsipa before it');
  const { transactionId, ccRequiredFlag, bppEuiccOtpk } = ok.smdpSigned2;
  const own = ccRequiredFlag && config.confirmationCode !== undefined ? hashCc(config.confirmationCode, transactionId) : undefined;
  if (!download.prepared) {
    const command = encode(
      PrepareDownloadRequest,
      {
        smdpSigned2: raw(fieldOctets(offer, 'authenticateClientOkDPEsipa.smdpSigned2') ?? new Uint8Array()),
        smdpSignature2: ok.smdpSignature2,
        hashCc: ok.hashCc ?? own,
        smdpCertificate: ok.smdpCertificate,
      },
      { spec },
    );
    download.prepared = await transmit(config.euicc, 'PrepareDownload', command);
    if (!decode(PrepareDownloadResponse, download.prepared, { spec }).value.downloadResponseOk)
      download.cancelReason = REASONS.undefinedReason;
  }
  const full = download.prepared;
  const response = config.compact ? compactPrepareDownload(full, { spec, hashCcFromEim: ok.hashCc !== undefined, bppEuiccOtpk }) : full;
  return encode(GetBoundProfilePackageRequestEsipa, { transactionId, prepareDownloadResponse: raw(response) }, { spec });
};

/** Loads the package into the card; the installation result is a pending notification then. SGP.22 3.1.3 */
export const takePackageToInstall = async (
  device: Device,
  message: Decoded<ValueOf<typeof GetBoundProfilePackageResponseEsipa>>,
): Promise<void> => {
  const { config } = device;
  const { download } = device;
  if (!download) return;
  const code = message.value.getBoundProfilePackageErrorEsipa;
  if (code !== undefined) {
    download.failure = `GetBoundProfilePackage failed with ${code}`;
    download.cancelReason = code === EIM_VERDICT ? REASONS.metadataMismatch : REASONS.undefinedReason;
    return;
  }
  const bpp = fieldOctets(message, 'getBoundProfilePackageOkEsipa.boundProfilePackage');
  const segments = bpp && splitSegments(bpp);
  if (!segments) {
    download.failure = 'the bound profile package has no segments';
    download.cancelReason = REASONS.loadBppExecutionError;
    return;
  }
  for (const segment of segments) {
    const { sw, octets } = await config.euicc.execute(segment);
    if (sw !== '9000') break;
    if (octets.length > 0) return installed(device, download, octets);
  }
  download.failure = 'the eUICC gave no installation result';
  download.cancelReason = REASONS.loadBppExecutionError;
};

const installed = async (device: Device, download: Download, result: Uint8Array): Promise<void> => {
  const { config, world } = device;
  const { finalResult, notificationMetadata } = decode(ProfileInstallationResult, result).value.profileInstallationResultData;
  download.installationResult = result;
  if (!finalResult.successResult) return;
  if (notificationMetadata.iccid) device.installed.push(notificationMetadata.iccid);
  if (!config.immediateEnable) return;
  const { value } = await ask(config.euicc, world.spec, ImmediateEnableRequest, { refreshFlag: true }, ImmediateEnableResponse);
  if (value.immediateEnableResult === 0) device.cause = 'immediateEnableProfile';
};
