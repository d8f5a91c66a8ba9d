/** IPA eUICC data: what an answer tells about eUICC and IPA, and what it delivers. SGP.32 2.11.2.2, 3.3.2 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, find, retagged } from '#protocol/asn1/element.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { type IpaEuiccData, IpaEuiccDataResponse } from '#protocol/iot/data.js';
import type { EimContext } from './context.js';
import { identityOf, learnIdentity } from './identity.js';
import { takeNotifications } from './notifications.js';
import { codeName } from './outcome.js';
import { type Taken, takeEuiccPackageResult } from './results.js';
import { type DataRequest, type EuiccRecord, failOrder, settleOrder } from './state.js';

const requestOf = (eim: EimContext, record: EuiccRecord, id: Uint8Array | undefined): DataRequest | undefined =>
  record.packages
    .flatMap(p => (p.kind === 'dataRequest' && p.phase === 'outstanding' ? [p] : []))
    // Data of v1.0 name no transaction.
    .find(p => eim.world.spec === '1.0' || eim.decisions.acceptsTransactionId(p.eimTransactionId, id));

/** Takes the octets `BF52 …` of an answer for an eUICC. */
export const takeDataResponse = (eim: EimContext, record: EuiccRecord, octets: Uint8Array): Taken => {
  const message = decode(IpaEuiccDataResponse, octets, { spec: eim.world.spec });
  if (!message.ok) return { discarded: 'undecodable' };
  const { ipaEuiccData, ipaEuiccDataResponseError } = message.value;
  const request = requestOf(eim, record, ipaEuiccData?.eimTransactionId ?? ipaEuiccDataResponseError?.eimTransactionId);
  if (!request) return { discarded: 'noPackage' };
  if (!ipaEuiccData) return takeError(eim, record, request, message);
  // Data of another eUICC are as if they had not come: the request stays open for the genuine ones.
  if (!learnCertificates(eim, record, ipaEuiccData)) return { discarded: 'certificate' };
  request.phase = 'closed';
  learnData(record, message, ipaEuiccData);
  settleOrder(record, request.order);
  return {
    acknowledge: [...takeResults(eim, record, message), ...takeNotifications(eim, record, message, 'ipaEuiccData.notificationsList')],
  };
};

const takeError = (eim: EimContext, record: EuiccRecord, request: DataRequest, message: Decoded): Taken => {
  const code = find(message.root, 'ipaEuiccDataResponseError.ipaEuiccDataErrorCode');
  request.phase = 'closed';
  const cause = 'element' in code ? codeName(code.element) : 'undefinedError';
  if (!eim.decisions.isSuccess(request.kind, cause)) failOrder(request.order, cause);
  settleOrder(record, request.order);
  return { acknowledge: [] };
};

/** The answer is not signed; certificates count because they chain to a trusted CI and name the EID. SGP.22 4.5.2 */
const learnCertificates = (eim: EimContext, record: EuiccRecord, data: ValueOf<typeof IpaEuiccData>): boolean => {
  const { euiccCertificate } = data;
  if (!euiccCertificate) return true;
  const eumCertificate = data.eumCertificate ?? record.identities[0]?.eumCertificate;
  const identity = eumCertificate && identityOf(eim, { euiccCertificate, eumCertificate }, record.eid);
  if (!identity || 'fault' in identity) return false;
  learnIdentity(record, identity);
  return true;
};

const learnData = (record: EuiccRecord, message: Decoded, data: ValueOf<typeof IpaEuiccData>): void => {
  const copy = (path: string): Uint8Array | undefined => {
    const octets = fieldOctets(message, `ipaEuiccData.${path}`);
    return octets && Uint8Array.from(octets);
  };
  const deviceInfo = find(message.root, 'ipaEuiccData.deviceInfo');
  const euiccInfo1 = copy('euiccInfo1');
  const euiccInfo2 = copy('euiccInfo2');
  if (euiccInfo1) record.data.euiccInfo1 = euiccInfo1;
  if (euiccInfo2) record.data.euiccInfo2 = euiccInfo2;
  if ('element' in deviceInfo) record.data.deviceInfo = Uint8Array.from(retagged(message, deviceInfo.element, 0x30));
  if (data.ipaCapabilities) record.data.ipaFeatures = data.ipaCapabilities.ipaFeatures;
  if (data.associationToken !== undefined) record.associationToken = data.associationToken;
  const { defaultSmdpAddress, rootSmdsAddress } = data;
  if (defaultSmdpAddress !== undefined) record.view = { ...record.view, defaultSmdpAddress };
  if (rootSmdsAddress !== undefined) record.view = { ...record.view, rootSmdsAddress };
};

const takeResults = (eim: EimContext, record: EuiccRecord, message: Decoded): readonly number[] => {
  const found = find(message.root, 'ipaEuiccData.euiccPackageResultList');
  const items = 'element' in found ? found.element.children : [];
  return items.flatMap(item => {
    const taken = takeEuiccPackageResult(eim, record, message.octets.subarray(item.start, item.end));
    return 'discarded' in taken ? [] : taken.acknowledge;
  });
};
