/**
 * Full structures from their compact forms: what the IPA left out comes from the session and from what the eIM knows of
 * the eUICC. The eUICC signed the full structure, so the signature tells whether every octet is back. SGP.32 5.14
 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, find, octetsOf } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, tlv } from '#protocol/asn1/tlv.js';
import { raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { AuthenticateResponseOk, type AuthenticateServerResponse, EuiccSigned1 } from '#protocol/iot/authentication.js';
import type { CancelSessionResponse, PrepareDownloadResponse } from '#protocol/iot/download.js';
import { EUICCInfo2 } from '#protocol/iot/info.js';
import { ServerSigned1 } from '#protocol/rsp/authentication.js';
import {
  CancelSessionResponseOk,
  EUICCSigned2,
  EuiccCancelSessionSigned,
  PrepareDownloadResponseOk,
  SmdpSigned2,
} from '#protocol/rsp/download.js';
import { signerAmong } from './identity.js';
import type { Session } from './sessions.js';
import type { EuiccIdentity } from './state.js';

/** A full structure `30 …` or `BF37 …`; `identity`: whose key made the signature over it, undefined when none known did. */
export interface Rebuilt {
  readonly octets: Uint8Array;
  readonly identity: EuiccIdentity | undefined;
}

const NOTHING = new Uint8Array();
const signatureAt = (message: Decoded, path: string): { readonly value: Uint8Array; readonly octets: Uint8Array } => {
  const found = find(message.root, path);
  if (!('element' in found)) return { value: NOTHING, octets: NOTHING };
  const { element } = found;
  return { value: message.octets.subarray(element.content, element.end), octets: octetsOf(message, element) };
};

/** EUICCInfo2 as known, with the card resources of this moment. */
const currentInfo2 = (known: Uint8Array | undefined, extCardResource: Uint8Array, spec: Spec): Uint8Array | undefined => {
  const info = known && decode(EUICCInfo2, known, { spec });
  if (!info?.ok) return undefined;
  // Every other member keeps its octets: a re-encoding of what the eUICC wrote might differ from what it signed.
  const members = info.root.children.map(c => (c.name === 'extCardResource' ? tlv(0x84, extCardResource) : octetsOf(info, c)));
  return tlv(0xbf22, ...members);
};

const signed1Of = (message: Decoded<ValueOf<typeof AuthenticateServerResponse>>, session: Session): Uint8Array | undefined => {
  const { spec } = message;
  const compact = message.value.compactAuthenticateResponseOk?.signedData.compactEuiccSigned1;
  if (!compact) return fieldOctets(message, 'compactAuthenticateResponseOk.signedData.euiccSigned1');
  const server = decode(ServerSigned1, session.serverSigned1, { spec });
  const info2 = currentInfo2(session.record?.data.euiccInfo2, compact.extCardResource, spec);
  const received = find(message.root, 'compactAuthenticateResponseOk.signedData.compactEuiccSigned1.ctxParams1');
  const ctxParams1 = 'element' in received ? message.octets.subarray(received.element.content, received.element.end) : session.ctxParams1;
  if (!server.ok || !info2 || !ctxParams1) return undefined;
  const { transactionId, serverAddress, serverChallenge } = server.value;
  const value = { transactionId, serverAddress, serverChallenge, euiccInfo2: raw(info2), ctxParams1: raw(ctxParams1) };
  return encode(EuiccSigned1, value, { spec });
};

/** AuthenticateResponseOk from its compact form; undefined when the eIM lacks something. SGP.32 5.14.3 */
export const rebuildAuthenticateResponse = (
  message: Decoded<ValueOf<typeof AuthenticateServerResponse>>,
  session: Session,
  identities: readonly EuiccIdentity[],
): Rebuilt | undefined => {
  const signed = signed1Of(message, session);
  const signature = signatureAt(message, 'compactAuthenticateResponseOk.euiccSignature1');
  const identity = signed && signerAmong(identities, signed, signature.value);
  const shown = identity ?? identities[0];
  if (!signed || !shown) return undefined;
  const octets = encode(
    AuthenticateResponseOk,
    {
      euiccSigned1: raw(signed),
      euiccSignature1: raw(signature.octets),
      euiccCertificate: shown.euiccCertificate,
      eumCertificate: shown.eumCertificate,
    },
    { spec: message.spec },
  );
  return { octets, identity };
};

/** PrepareDownloadResponseOk from its compact form. SGP.32 5.14.2 */
export const rebuildPrepareDownload = (
  message: Decoded<ValueOf<typeof PrepareDownloadResponse>>,
  session: Session,
): Rebuilt | undefined => {
  const { spec } = message;
  const compact = message.value.compactDownloadResponseOk?.compactEuiccSigned2;
  const offer = session.smdpSigned2 && decode(SmdpSigned2, session.smdpSigned2, { spec });
  const euiccOtpk = compact?.euiccOtpk ?? offer?.value.bppEuiccOtpk;
  if (!compact || !euiccOtpk || !session.smdpSignature2) return undefined;
  const hashCc = compact.hashCc ?? session.hashCc;
  const signed = encode(EUICCSigned2, { transactionId: session.transactionId, euiccOtpk, hashCc }, { spec });
  const signature = signatureAt(message, 'compactDownloadResponseOk.euiccSignature2');
  const identities = session.identity ? [session.identity] : [];
  const identity = signerAmong(identities, concat(signed, session.smdpSignature2), signature.value);
  const octets = encode(PrepareDownloadResponseOk, { euiccSigned2: raw(signed), euiccSignature2: raw(signature.octets) }, { spec });
  return { octets, identity };
};

/** CancelSessionResponseOk from its compact form. SGP.32 5.14.8 */
export const rebuildCancelSession = (
  message: Decoded<ValueOf<typeof CancelSessionResponse>>,
  session: Session,
  identities: readonly EuiccIdentity[],
): Rebuilt | undefined => {
  const { spec } = message;
  const compact = message.value.compactCancelSessionResponseOk?.compactEuiccCancelSessionSigned;
  const reason = compact?.reason ?? session.impliedReason;
  if (!compact || reason === undefined || session.serverOid === undefined) return undefined;
  const value = { transactionId: session.transactionId, smdpOid: session.serverOid, reason };
  const signed = encode(EuiccCancelSessionSigned, value, { spec });
  const signature = signatureAt(message, 'compactCancelSessionResponseOk.euiccCancelSessionSignature');
  const parts = { euiccCancelSessionSigned: raw(signed), euiccCancelSessionSignature: raw(signature.octets) };
  return { octets: encode(CancelSessionResponseOk, parts, { spec }), identity: signerAmong(identities, signed, signature.value) };
};
