/** CancelSession: the eUICC's signed cancellation to the SM-DP+. SGP.32 3.2.3.3, 5.14.8 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, find, retagged } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { type CancelSessionRequestEsipa, CancelSessionResponse, CancelSessionResponseEsipa } from '#protocol/iot/download.js';
import { CancelSessionReason } from '#protocol/rsp/download.js';
import { CancelSessionRequestEs9, CancelSessionResponseEs9 } from '#protocol/rsp/es9plus.js';
import { rebuildCancelSession } from './compact.js';
import { type Answer, answerWith, type EimContext } from './context.js';
import { relay } from './relay.js';
import { type Session, sessionOf } from './sessions.js';
import { failOrder, settleOrder } from './state.js';

const INVALID_TRANSACTION_ID = 1;
const EUICC_SIGNATURE_INVALID = 2;

const refuse = (eim: EimContext, code: number): Answer => answerWith(eim, CancelSessionResponseEsipa, { cancelSessionError: code });

interface Cancellation {
  /** CancelSessionResponse `BF41 …` in full form. */
  readonly octets: Uint8Array;
  readonly reason: number | undefined;
}

const fullResponse = (eim: EimContext, session: Session, octets: Uint8Array): Cancellation | undefined => {
  const { spec } = eim.world;
  const response = decode(CancelSessionResponse, octets, { spec });
  const compact = response.value.compactCancelSessionResponseOk;
  if (!compact) return { octets, reason: response.value.cancelSessionResponseOk?.euiccCancelSessionSigned.reason };
  const identities = session.identity ? [session.identity] : (session.record?.identities ?? []);
  const rebuilt = rebuildCancelSession(response, session, identities);
  if (!rebuilt || !eim.decisions.acceptsRebuilt(rebuilt.identity !== undefined)) return undefined;
  return {
    octets: encode(CancelSessionResponse, { cancelSessionResponseOk: raw(rebuilt.octets) }, { spec }),
    reason: compact.compactEuiccCancelSessionSigned.reason ?? session.impliedReason,
  };
};

/** The owner of the order learns that there will be no Profile, and why. SGP.32 3.2.3.3 */
const end = (eim: EimContext, session: Session, reason: number | undefined): void => {
  eim.sessions.delete(hex(session.transactionId));
  const { download, record } = session;
  if (!download || !record) return;
  const [name] = [...(CancelSessionReason.names ?? [])].find(([, code]) => code === reason) ?? ['undefinedReason'];
  download.phase = 'closed';
  failOrder(download.order, name);
  settleOrder(record, download.order);
};

/** Answers CancelSession. */
export const cancelSession = async (eim: EimContext, request: Decoded<ValueOf<typeof CancelSessionRequestEsipa>>): Promise<Answer> => {
  const session = sessionOf(eim, request.value.transactionId);
  if (!session) return refuse(eim, INVALID_TRANSACTION_ID);
  const found = find(request.root, 'cancelSessionResponse');
  if (!('element' in found)) return refuse(eim, 127);
  const cancellation = fullResponse(eim, session, retagged(request, found.element, 0xbf41));
  if (!cancellation) return refuse(eim, EUICC_SIGNATURE_INVALID);
  // An SM-DS has no such function: the session with it simply ends. SGP.22 5.8
  if (session.interface === 'ES9+') {
    const error = await relayCancellation(eim, session, request.value.transactionId, cancellation.octets);
    if (error !== undefined) return refuse(eim, error);
  }
  end(eim, session, cancellation.reason);
  return answerWith(eim, CancelSessionResponseEsipa, { cancelSessionOk: {} });
};

const relayCancellation = async (
  eim: EimContext,
  session: Session,
  transactionId: Uint8Array,
  octets: Uint8Array,
): Promise<number | undefined> => {
  const request = encode(
    CancelSessionRequestEs9,
    { transactionId, cancelSessionResponse: raw(eim.decisions.relays('cancelSessionResponse', octets)) },
    { spec: eim.world.spec },
  );
  const step = {
    name: 'CancelSession',
    interface: 'ES9+',
    address: session.address,
    request: 'CancelSessionRequestEs9',
    response: CancelSessionResponseEs9,
    error: 'cancelSessionError',
  } as const;
  const relayed = await relay(eim, step, request);
  return 'error' in relayed ? relayed.error : undefined;
};
