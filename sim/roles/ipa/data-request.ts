/** Answering an IPA eUICC data request. SGP.32 2.11.1.2, 2.11.2.2, 3.3.2 */
import { decode } from '#protocol/asn1/decode.js';
import { fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { type InputOf, raw, type ValueOf } from '#protocol/asn1/type.js';
import { type IpaEuiccData, IpaEuiccDataRequest, IpaEuiccDataResponse } from '#protocol/iot/data.js';
import { GetCertsRequest, GetCertsResponse } from '#protocol/iot/es10b.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { RetrieveNotificationsListRequest, RetrieveNotificationsListResponse } from '#protocol/iot/notification.js';
import {
  EUICCInfo1,
  EuiccConfiguredAddressesRequest,
  EuiccConfiguredAddressesResponse,
  GetEuiccInfo1Request,
  GetEuiccInfo2Request,
} from '#protocol/rsp/info.js';
import { readTagList } from '../tag-list.js';
import { ask } from './card.js';
import { capabilitiesOf, DEVICE_INFO } from './config.js';
import { isEmergency, pendingNotifications, selectedEim } from './euicc-data.js';
import type { Device } from './state.js';

/** IpaEuiccDataErrorCode. SGP.32 2.11.2.2 */
const ERRORS = { incorrectTagList: 1, euiccCiPKIdNotFound: 5, ecallActive: 104, undefinedError: 127 } as const;
type Problem = keyof typeof ERRORS;
type Request = ValueOf<typeof IpaEuiccDataRequest>;
type Data = InputOf<ValueOf<typeof IpaEuiccData>>;
type Part = (device: Device, request: Request) => Promise<Data | Problem>;

const notifications: Part = async (device, request) => {
  const criteria = device.decide.usesCriteria('notifications') ? request.searchCriteriaNotification : undefined;
  return { notificationsList: (await pendingNotifications(device, criteria)).map(n => raw(n.forEim)) };
};

/** v1.0 has notifications and results under the same tag; the criterion tells which. */
const retrieved: Part = async (device, request) => {
  if (request.searchCriteriaNotification?.euiccPackageResults === undefined) return notifications(device, request);
  const found = await packageResults(device, request);
  if (typeof found === 'string' || !('euiccPackageResultList' in found)) return found;
  const { euiccPackageResultList } = found;
  return { notificationsList: { euiccPackageResultList } };
};

const packageResults: Part = async ({ config, decide, world: { spec } }, request) => {
  const seqNumber = decide.usesCriteria('packageResults') ? request.searchCriteriaEuiccPackageResult?.seqNumber : undefined;
  const searchCriteria = seqNumber === undefined ? { euiccPackageResults: null } : { seqNumber };
  const message = await ask(config.euicc, spec, RetrieveNotificationsListRequest, { searchCriteria }, RetrieveNotificationsListResponse);
  const count = message.value.euiccPackageResultList?.length ?? 0;
  const list = Array.from({ length: count }, (_, n) => fieldOctets(message, `euiccPackageResultList.${n}`));
  return { euiccPackageResultList: list.flatMap(octets => (octets ? [raw(octets)] : [])) };
};

const addresses = async ({ config, world: { spec } }: Device) =>
  (await ask(config.euicc, spec, EuiccConfiguredAddressesRequest, {}, EuiccConfiguredAddressesResponse)).value;

const certificates = async ({ config, world: { spec } }: Device, request: Request) => {
  const euiccCiPKId = request.euiccCiPKIdentifierToBeUsed;
  return (await ask(config.euicc, spec, GetCertsRequest, { euiccCiPKId }, GetCertsResponse)).value;
};

const certificate =
  (name: 'eumCertificate' | 'euiccCertificate'): Part =>
  async (device, request) => {
    const { certs, getCertsError } = await certificates(device, request);
    return certs ? { [name]: certs[name] } : getCertsError === 1 ? 'euiccCiPKIdNotFound' : 'undefinedError';
  };

const token: Part = async device => ({ associationToken: (await selectedEim(device))?.associationToken });

const defaultAddress: Part = async device => ({ defaultSmdpAddress: (await addresses(device)).defaultDpAddress });

/** Tags that every version has. SGP.32 2.11.1.2 */
const COMMON: readonly (readonly [string, Part])[] = [
  [
    'BF20',
    async ({ config, world: { spec } }) => ({
      euiccInfo1: raw((await ask(config.euicc, spec, GetEuiccInfo1Request, {}, EUICCInfo1)).octets),
    }),
  ],
  [
    'BF22',
    async ({ config, world: { spec } }) => ({
      euiccInfo2: raw((await ask(config.euicc, spec, GetEuiccInfo2Request, {}, EUICCInfo2)).octets),
    }),
  ],
  ['83', async device => ({ rootSmdsAddress: (await addresses(device)).rootDsAddress })],
  ['84', token],
  ['A5', certificate('eumCertificate')],
  ['A6', certificate('euiccCertificate')],
  ['A8', async ({ config }) => ({ ipaCapabilities: capabilitiesOf(config) })],
  ['A9', async () => ({ deviceInfo: DEVICE_INFO })],
];
/** Every tag an eIM may ask for. SGP.32 2.11.1.2 */
const PARTS: ReadonlyMap<string, Part> = new Map([['A0', notifications], ['81', defaultAddress], ['A2', packageResults], ...COMMON]);
const OLD_PARTS: ReadonlyMap<string, Part> = new Map([['80', defaultAddress], ['BF2B', retrieved], ...COMMON]);

const collect = async (device: Device, request: Request): Promise<Data | Problem> => {
  const tags = readTagList(request.tagList);
  const parts = device.world.spec === '1.0' ? OLD_PARTS : PARTS;
  if (!tags?.every(tag => device.decide.knowsTag(tag, parts.has(tag)))) return 'incorrectTagList';
  if (device.decide.withholdsInEmergency() && (await isEmergency(device))) return 'ecallActive';
  let data: Data = { eimTransactionId: device.decide.echoes(request.eimTransactionId) };
  for (const tag of tags) {
    const found = (await parts.get(tag)?.(device, request)) ?? {};
    if (typeof found === 'string') return found;
    data = { ...data, ...found };
  }
  return data;
};

/** The complete IpaEuiccDataResponse (BF52) to a request that decodes. */
export const answerDataRequest = async (device: Device, octets: Uint8Array): Promise<Uint8Array> => {
  const { spec } = device.world;
  const request = decode(IpaEuiccDataRequest, octets, { spec }).value;
  const data = await collect(device, request);
  if (typeof data !== 'string') return encode(IpaEuiccDataResponse, { ipaEuiccData: data }, { spec });
  const ipaEuiccDataErrorCode = device.decide.dataError(data, ERRORS[data]);
  const ipaEuiccDataResponseError = { eimTransactionId: device.decide.echoes(request.eimTransactionId), ipaEuiccDataErrorCode };
  return encode(IpaEuiccDataResponse, { ipaEuiccDataResponseError }, { spec });
};
