/** Where a profile download starts: the content of ProfileDownloadTriggerRequest. SGP.32 2.11.1.3, 3.2.3.2; SGP.22 4.1 */
import type { ValueOf } from '#protocol/asn1/type.js';
import type { ProfileDownloadTriggerRequest } from '#protocol/iot/trigger.js';

/** What the IPA needs to open the session; without address the eIM chooses it. */
export interface Source {
  readonly smdpAddress: string | undefined;
  readonly matchingId: string | undefined;
  /** The address is that of an SM-DS. */
  readonly isSmds?: boolean;
  /** OID that CERT.DPauth must carry. */
  readonly smdpOid?: string;
  readonly needsConfirmationCode?: boolean;
  readonly activationCode?: string;
}

const FQDN = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/;
const MATCHING_ID = /^[0-9A-Z-]*$/;
const OID = /^[0-2](\.\d+)+$/;

/** Reads `1$address$matchingId[$oid[$1]]`, with or without `LPA:`; undefined when malformed. SGP.22 4.1 */
export const parseActivationCode = (text: string): Source | undefined => {
  const parts = text.replace(/^LPA:/, '').split('$');
  const [format, smdpAddress = '', matchingId, smdpOid = '', confirmation = ''] = parts;
  if (format !== '1' || matchingId === undefined || parts.length > 5) return undefined;
  if (!FQDN.test(smdpAddress) || !MATCHING_ID.test(matchingId)) return undefined;
  if ((smdpOid !== '' && !OID.test(smdpOid)) || !['', '0', '1'].includes(confirmation)) return undefined;
  return {
    smdpAddress,
    matchingId,
    activationCode: text,
    ...(smdpOid !== '' && { smdpOid }),
    ...(confirmation === '1' && { needsConfirmationCode: true }),
  };
};

/** Addresses of the eUICC and whether the eIM keeps download data itself. */
export interface Addresses {
  readonly defaultDpAddress: string | undefined;
  readonly rootDsAddress: string;
  readonly eimHoldsData: boolean;
}

/** The source a trigger names; undefined when data that it needs are missing or malformed. */
export const sourceOf = (
  trigger: ValueOf<typeof ProfileDownloadTriggerRequest>,
  addresses: Addresses,
  readCode: (text: string) => Source | undefined = parseActivationCode,
): Source | undefined => {
  const data = trigger.profileDownloadData;
  if (data?.activationCode !== undefined) return readCode(data.activationCode);
  if (data?.contactSmds)
    return { smdpAddress: data.contactSmds.smdsAddress ?? addresses.rootDsAddress, matchingId: undefined, isSmds: true };
  const { defaultDpAddress } = addresses;
  if (!data && addresses.eimHoldsData) return { smdpAddress: undefined, matchingId: undefined };
  return defaultDpAddress === undefined ? undefined : { smdpAddress: defaultDpAddress, matchingId: undefined };
};
