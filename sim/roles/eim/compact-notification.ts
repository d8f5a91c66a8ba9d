/** Notifications in the form of SGP.22 from their compact forms. SGP.32 5.14.7 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, find, octetsOf } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { fromHex } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { type PendingNotification, ProfileInstallationResult } from '#protocol/iot/notification.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { OtherSignedNotification, ProfileInstallationResultData } from '#protocol/rsp/notification.js';
import type { Rebuilt } from './compact.js';
import { signerAmong } from './identity.js';
import type { Session } from './sessions.js';
import type { EuiccIdentity } from './state.js';

type Notification = Decoded<ValueOf<typeof PendingNotification>>;

const AID_START = fromHex('A0000005591010FFFFFFFF8900') ?? new Uint8Array();
/** EUICCResponse of an installation without anything to say: PEStatus ok. SGP.32 5.14.7 */
export const STANDARD_SIMA_RESPONSE = fromHex('3007A0053003800100') ?? new Uint8Array();

/** AID of an ISD-P: only octets 14 and 15 tell one from another. SGP.02 2.2.3 */
export const isdpAid = (compactAid: Uint8Array): Uint8Array => Uint8Array.of(...AID_START, ...compactAid, 0);

const signature = (message: Notification, path: string): { readonly value: Uint8Array; readonly octets: Uint8Array } | undefined => {
  const found = find(message.root, path);
  if (!('element' in found)) return undefined;
  return { value: message.octets.subarray(found.element.content, found.element.end), octets: octetsOf(message, found.element) };
};

/** ProfileInstallationResult from its compact form and the session it ends. */
export const rebuildInstallationResult = (
  message: Notification,
  session: Session,
  identities: readonly EuiccIdentity[],
): Rebuilt | undefined => {
  const { spec } = message;
  const compact = message.value.compactProfileInstallationResult?.compactProfileInstallationResultData;
  const signed = signature(message, 'compactProfileInstallationResult.euiccSignPIR');
  const metadata = session.metadata && decode(StoreMetadataRequest, session.metadata, { spec });
  const iccid = compact?.iccidPresent === false ? undefined : metadata?.value.iccid;
  if (!compact || !signed || session.serverOid === undefined) return undefined;
  if (iccid === undefined && compact.iccidPresent !== false) return undefined;
  const success = compact.compactFinalResult.compactSuccessResult;
  const errorPath = 'compactProfileInstallationResult.compactProfileInstallationResultData.compactFinalResult.errorResult';
  const error = fieldOctets(message, errorPath);
  const finalResult = success
    ? { successResult: { aid: isdpAid(success.compactAid), simaResponse: success.simaResponse ?? STANDARD_SIMA_RESPONSE } }
    : { errorResult: raw(error ?? new Uint8Array()) };
  const data = encode(
    ProfileInstallationResultData,
    {
      transactionId: compact.transactionId,
      notificationMetadata: {
        seqNumber: compact.seqNumber,
        profileManagementOperation: ['notificationInstall'],
        notificationAddress: session.address,
        iccid,
      },
      smdpOid: session.serverOid,
      finalResult,
    },
    { spec },
  );
  const octets = encode(
    ProfileInstallationResult,
    { profileInstallationResultData: raw(data), euiccSignPIR: raw(signed.octets) },
    { spec },
  );
  return { octets, identity: signerAmong(identities, data, signed.value) };
};

/** OtherSignedNotification from its compact form: only the certificates are missing. */
export const rebuildNotification = (message: Notification, identities: readonly EuiccIdentity[]): Rebuilt | undefined => {
  const metadata = fieldOctets(message, 'compactOtherSignedNotification.tbsOtherNotification');
  const signed = signature(message, 'compactOtherSignedNotification.euiccNotificationSignature');
  if (!metadata || !signed) return undefined;
  const identity = signerAmong(identities, metadata, signed.value);
  const shown = identity ?? identities[0];
  if (!shown) return undefined;
  const octets = encode(
    OtherSignedNotification,
    {
      tbsOtherNotification: raw(metadata),
      euiccNotificationSignature: raw(signed.octets),
      euiccCertificate: shown.euiccCertificate,
      eumCertificate: shown.eumCertificate,
    },
    { spec: message.spec },
  );
  return { octets, identity };
};
