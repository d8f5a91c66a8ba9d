/** Building of eIM Packages: counters, signatures, triggers and data requests. SGP.32 2.11.1 */
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { sign } from '#protocol/crypto/ecdsa.js';
import { IpaEuiccDataRequest } from '#protocol/iot/data.js';
import { EuiccPackageRequest, EuiccPackageSigned, type EuiccPackage as EuiccPackageType } from '#protocol/iot/package.js';
import { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import type { EimContext } from './context.js';
import type { DataRequest, Download, EimPackage, EuiccPackage, EuiccRecord } from './state.js';

const contentOf = (pack: EuiccPackage): InputOf<ValueOf<typeof EuiccPackageType>> => {
  const psmoList = pack.operations.flatMap(o => (o.kind === 'psmo' ? [o.value] : []));
  return psmoList.length > 0 ? { psmoList } : { ecoList: pack.operations.flatMap(o => (o.kind === 'eco' ? [o.value] : [])) };
};

/** Signs a package with the next counter; the value is used up even when the package never arrives. SGP.32 2.11.1.1 */
const buildEuiccPackage = (eim: EimContext, record: EuiccRecord, pack: EuiccPackage): Uint8Array => {
  const { decisions, world, config } = eim;
  const options = { spec: world.spec };
  const previous = decisions.keepsCounterPerEuicc() ? record.counter : Math.max(...[...eim.euiccs.values()].map(e => e.counter));
  record.counter = decisions.nextCounter(previous);
  pack.counterValue = record.counter;
  const content = {
    eimId: config.eimId,
    eidValue: record.eidValue,
    counterValue: pack.counterValue,
    eimTransactionId: pack.eimTransactionId,
    euiccPackage: contentOf(pack),
  };
  const signed = decisions.writesSigned(encode(EuiccPackageSigned, content, options));
  const token = associationTokenTlv(decisions.tokenForSigning(record.associationToken));
  const signature = sign(decisions.signingKey(record.signingKey), decisions.covers(signed, token));
  const value = { euiccPackageSigned: raw(signed), eimSignature: decisions.writesSignature(signature) };
  return decisions.outgoing('EuiccPackageRequest', encode(EuiccPackageRequest, value, options));
};

const buildDataRequest = (eim: EimContext, request: DataRequest): Uint8Array =>
  encode(
    IpaEuiccDataRequest,
    { tagList: eim.decisions.dataTags(request.tagList), eimTransactionId: request.eimTransactionId },
    { spec: eim.world.spec },
  );

/** Where the IPA finds the Profile; nothing when the eIM keeps that to itself. SGP.32 2.11.1.3 */
const downloadData = (eim: EimContext, record: EuiccRecord, download: Download) => {
  if (eim.decisions.sendsEmptyTrigger(download.holdsData, record.data.ipaFeatures)) return undefined;
  if (download.interface === 'ES11') return { contactSmds: { smdsAddress: download.address } };
  return { activationCode: download.activationCode ?? '' };
};

const buildTrigger = (eim: EimContext, record: EuiccRecord, download: Download): Uint8Array =>
  encode(
    ProfileDownloadTriggerRequest,
    { profileDownloadData: downloadData(eim, record, download), eimTransactionId: download.eimTransactionId },
    { spec: eim.world.spec },
  );

/** The message of a package as it goes to the IPA; built on the first delivery, the same octets afterwards. */
export const packageOctets = (eim: EimContext, record: EuiccRecord, pack: EimPackage): Uint8Array => {
  if (pack.octets && eim.decisions.repeatsOctets()) return pack.octets;
  pack.octets = build(eim, record, pack);
  pack.phase = 'outstanding';
  return pack.octets;
};

const build = (eim: EimContext, record: EuiccRecord, pack: EimPackage): Uint8Array => {
  switch (pack.kind) {
    case 'euiccPackage':
      return buildEuiccPackage(eim, record, pack);
    case 'dataRequest':
      return buildDataRequest(eim, pack);
    case 'download':
      return buildTrigger(eim, record, pack);
  }
};
