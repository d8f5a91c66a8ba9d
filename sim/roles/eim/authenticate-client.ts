/** AuthenticateClient: the eUICC's proof to the server, the server's offer or events back. SGP.32 5.14.3, 6.3.2.2, 3.9.2.2 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import {
  type AuthenticateClientRequestEsipa,
  AuthenticateClientResponseEsipa,
  AuthenticateServerResponse,
} from '#protocol/iot/authentication.js';
import { AuthenticateClientRequest, AuthenticateClientResponseEs9, AuthenticateClientResponseEs11 } from '#protocol/rsp/es9plus.js';
import { rebuildAuthenticateResponse } from './compact.js';
import { type Answer, answerWith, type EimContext } from './context.js';
import { eidOfCertificate, identityOf, learnIdentity } from './identity.js';
import { downloadOfEvent } from './orders.js';
import { packageOctets } from './packages.js';
import { allowsPolicyRules } from './policy-rules.js';
import { relay } from './relay.js';
import { type Session, sessionOf } from './sessions.js';
import { type EuiccIdentity, failOrder, settleOrder } from './state.js';

const EUICC_SIGNATURE_INVALID = 5;
const EID_MISMATCH = 7;
const INVALID_TRANSACTION_ID = 10;
const PPR_NOT_ALLOWED = 50;
/** CancelSessionReason pprNotAllowed. */
const REASON_PPR_NOT_ALLOWED = 3;

const refuse = (eim: EimContext, code: number): Answer =>
  answerWith(eim, AuthenticateClientResponseEsipa, { authenticateClientErrorEsipa: code });

const fail = (eim: EimContext, session: Session, code: number): Answer => {
  const { download, record } = session;
  // After a refused policy the IPA cancels; the reason it gives is the better cause.
  if (download && record && code !== PPR_NOT_ALLOWED) {
    download.phase = 'closed';
    failOrder(download.order, `AuthenticateClient: error ${code}`);
    settleOrder(record, download.order);
  }
  return refuse(eim, code);
};

/** The certificates sent along, else those known of the eUICC. */
const identitiesFor = (
  eim: EimContext,
  session: Session,
  response: Decoded<ValueOf<typeof AuthenticateServerResponse>>,
): readonly EuiccIdentity[] => {
  const known = session.record?.identities ?? [];
  const sent = response.value.authenticateResponseOk ?? response.value.compactAuthenticateResponseOk;
  const euiccCertificate = sent?.euiccCertificate;
  if (!euiccCertificate) return known;
  const eumCertificate = sent.eumCertificate ?? known[0]?.eumCertificate;
  const eid = session.record?.eid ?? eidOfCertificate(euiccCertificate) ?? '';
  const identity = eumCertificate && identityOf(eim, { euiccCertificate, eumCertificate }, eid);
  if (!identity || 'fault' in identity) return known;
  if (session.record) learnIdentity(session.record, identity);
  return [identity, ...known];
};

/** The eUICC's answer in the full form that a server understands, or the integer of the reason why not. */
const fullResponse = (eim: EimContext, session: Session, octets: Uint8Array): Uint8Array | number => {
  const { decisions, world } = eim;
  const response = decode(AuthenticateServerResponse, octets, { spec: world.spec });
  const ok = response.value.authenticateResponseOk;
  const compact = response.value.compactAuthenticateResponseOk;
  if (!ok && !compact) return octets;
  const certificate = ok?.euiccCertificate ?? compact?.euiccCertificate;
  if (session.record && certificate && !decisions.acceptsSessionEid(session.record.eid, eidOfCertificate(certificate))) return EID_MISMATCH;
  const identities = identitiesFor(eim, session, response);
  const [first] = identities;
  const path = ok ? 'authenticateResponseOk' : 'compactAuthenticateResponseOk';
  const signature = fieldOctets(response, `${path}.euiccSignature1`);
  if (signature) session.euiccSignature1 = Uint8Array.from(signature);
  if (ok) {
    if (first) session.identity = first;
    const info2 = fieldOctets(response, 'authenticateResponseOk.euiccSigned1.euiccInfo2');
    if (info2 && session.record) session.record.data.euiccInfo2 = Uint8Array.from(info2);
    return octets;
  }
  const rebuilt = rebuildAuthenticateResponse(response, session, identities);
  if (!rebuilt || !decisions.acceptsRebuilt(rebuilt.identity !== undefined)) return EUICC_SIGNATURE_INVALID;
  const signer = rebuilt.identity ?? first;
  if (signer) session.identity = signer;
  return encode(AuthenticateServerResponse, { authenticateResponseOk: raw(rebuilt.octets) }, { spec: world.spec });
};

/** Answers AuthenticateClient. */
export const authenticateClient = async (
  eim: EimContext,
  request: Decoded<ValueOf<typeof AuthenticateClientRequestEsipa>>,
): Promise<Answer> => {
  const session = sessionOf(eim, request.value.transactionId);
  if (!session) return refuse(eim, INVALID_TRANSACTION_ID);
  const response = fullResponse(eim, session, fieldOctets(request, 'authenticateServerResponse') ?? new Uint8Array());
  if (typeof response === 'number') return fail(eim, session, response);
  const octets = encode(
    AuthenticateClientRequest,
    {
      transactionId: request.value.transactionId,
      authenticateServerResponse: raw(eim.decisions.relays('authenticateServerResponse', response)),
    },
    { spec: eim.world.spec },
  );
  return session.interface === 'ES11' ? askForEvents(eim, session, octets) : askForOffer(eim, session, octets);
};

const step = { name: 'AuthenticateClient', request: 'AuthenticateClientRequest', error: 'authenticateClientError' } as const;

const askForOffer = async (eim: EimContext, session: Session, octets: Uint8Array): Promise<Answer> => {
  const relayed = await relay(
    eim,
    { ...step, interface: 'ES9+', address: session.address, response: AuthenticateClientResponseEs9 },
    octets,
  );
  if ('error' in relayed) return fail(eim, session, relayed.error);
  const { message } = relayed;
  const ok = message.value.authenticateClientOk;
  if (!ok) return fail(eim, session, 127);
  const { decisions } = eim;
  const field = (name: string): Uint8Array => Uint8Array.from(fieldOctets(message, `authenticateClientOk.${name}`) ?? []);
  session.smdpSigned2 = field('smdpSigned2');
  session.smdpSignature2 = field('smdpSignature2');
  session.metadata = field('profileMetaData');
  const features = session.record?.data.ipaFeatures;
  const isVerified = decisions.verifiesMetadata(features);
  if (isVerified && !decisions.acceptsPolicyRules(allowsPolicyRules(session.metadata, session.record))) {
    session.impliedReason = REASON_PPR_NOT_ALLOWED;
    return fail(eim, session, PPR_NOT_ALLOWED);
  }
  const code = session.download?.confirmationCode;
  const hash =
    ok.smdpSigned2.ccRequiredFlag && code !== undefined ? decisions.writesHashCc(hashCc(code, session.transactionId)) : undefined;
  if (hash) session.hashCc = hash;
  const minimizes = decisions.minimizes(features);
  const relayedField = (name: string, octetsOfField: Uint8Array) => raw(decisions.relays(name, octetsOfField));
  return answerWith(eim, AuthenticateClientResponseEsipa, {
    authenticateClientOkDPEsipa: {
      transactionId: minimizes ? undefined : session.transactionId,
      profileMetaData: minimizes && isVerified ? undefined : relayedField('profileMetaData', session.metadata),
      smdpSigned2: relayedField('smdpSigned2', session.smdpSigned2),
      smdpSignature2: relayedField('smdpSignature2', session.smdpSignature2),
      smdpCertificate: relayedField('smdpCertificate', field('smdpCertificate')),
      hashCc: hash,
    },
  });
};

/** The first event becomes the next download; further ones wait as packages of their own. SGP.32 3.9.2.2 */
const askForEvents = async (eim: EimContext, session: Session, octets: Uint8Array): Promise<Answer> => {
  const relayed = await relay(
    eim,
    { ...step, interface: 'ES11', address: session.address, response: AuthenticateClientResponseEs11 },
    octets,
  );
  if ('error' in relayed) return fail(eim, session, relayed.error);
  const events = relayed.message.value.authenticateClientOk?.eventEntries ?? [];
  const { download, record } = session;
  const profileDownloadTrigger = download && record ? firstTrigger(eim, download.order, record, events) : undefined;
  if (download && record) {
    download.phase = 'closed';
    if (events.length === 0) failOrder(download.order, 'noEvent');
    settleOrder(record, download.order);
  }
  return answerWith(eim, AuthenticateClientResponseEsipa, {
    authenticateClientOkDSEsipa: {
      transactionId: session.transactionId,
      profileDownloadTrigger: profileDownloadTrigger && raw(profileDownloadTrigger),
    },
  });
};

const firstTrigger = (
  eim: EimContext,
  order: Parameters<typeof downloadOfEvent>[2],
  record: Parameters<typeof downloadOfEvent>[1],
  events: readonly { readonly eventId: string; readonly rspServerAddress: string }[],
): Uint8Array | undefined => {
  const [first] = events.map(event => downloadOfEvent(eim, record, order, event));
  return first && packageOctets(eim, record, first);
};
