/** Seeded defects of an IPA in answering data requests. SGP.32 2.11.1.2, 2.11.2.2, 4.1 */
import { concat, fromHex, readHeader, tlv } from '#protocol/asn1/tlv.js';
import { contained, removed } from './edits.js';
import { deciding, editing, type IpaDeviations } from './ipa-deviation.js';

const RESULT = 'ProvideEimPackageResult';
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'utf8'));

const GET_FIRST_CERTS = fromHex('BF5600') ?? new Uint8Array();
const startsGetCerts = (octets: Uint8Array): boolean => readHeader(octets)?.tag === 0xbf56;

/** Defects in data. */
export const ipaDataDefects: IpaDeviations = {
  omitsCertificates: editing('It leaves the certificate of the eUICC out of its answer.', RESULT, 'BF52 A0 A6', removed),
  omitsInfo: editing('It leaves EUICCInfo2 out of its answer.', RESULT, 'BF52 A0 BF22', removed),
  inventsDefaultAddress: editing(
    'It answers a default SM-DP+ address where there is none.',
    RESULT,
    'BF52 A0',
    contained(data => concat(tlv(0x81, text('smdp.example.com')), data)),
  ),
  toleratesUnknownTags: deciding('It passes over tags that it does not know.', { knowsTag: () => true }),
  answersUnknownCiUndefined: deciding('It answers an undefined error where the CI is unknown.', {
    dataError: (problem, code) => (problem === 'euiccCiPKIdNotFound' ? 127 : code),
  }),
  ignoresCiOfRequest: {
    does: 'It answers the certificates of the CI that comes first, whichever is asked for.',
    override: correct => ({ command: octets => correct.command(startsGetCerts(octets) ? GET_FIRST_CERTS : octets) }),
  },
  namesNoProtocols: editing('It does not say which protocols it speaks.', RESULT, 'BF52 A0 A8 81', removed),
  answersAllNotifications: deciding('It answers all notifications, whatever is asked for.', {
    usesCriteria: of => of !== 'notifications',
  }),
  answersAllResults: deciding('It answers all package results, whatever is asked for.', { usesCriteria: of => of !== 'packageResults' }),
  padsCapabilities: editing(
    'It encodes its features with trailing zero bits.',
    RESULT,
    'BF52 A0 A8 80',
    contained(([, ...bits]) => Uint8Array.of(0, ...bits, 0)),
  ),
  misstatesCapabilities: editing(
    'It announces a feature that it does not have.',
    RESULT,
    'BF52 A0 A8 80',
    contained(() => Uint8Array.of(2, 0xfc)),
  ),
  answersInEmergency: deciding('It answers data while the emergency profile is enabled.', { withholdsInEmergency: () => false }),
};
