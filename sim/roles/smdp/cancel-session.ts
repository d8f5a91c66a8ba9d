/** CancelSession: the eUICC's signed wish, and what becomes of the order. SGP.22 3.0.2, 5.6.5 */

import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec, ValueOf } from '#protocol/asn1/type.js';
import { type CancelSessionRequestEs9, CancelSessionResponseEs9 } from '#protocol/rsp/es9plus.js';
import type { Answer, Refusal } from '../rsp-server/answer.js';
import { verifies } from '../rsp-server/verify-euicc.js';
import type { SmdpDecisions } from './decisions.js';
import type { Session } from './session.js';

const OK = 'cancelSessionResponse.cancelSessionResponseOk';

/** Ends the session; a request that is refused leaves it as it is. */
export const cancelSession = (
  message: Decoded<ValueOf<typeof CancelSessionRequestEs9>>,
  session: Session,
  { spec, decisions }: { readonly spec: Spec; readonly decisions: SmdpDecisions },
  refusal: Refusal,
): Answer => {
  const refuse: Refusal = (code, reason) => {
    if (decisions.endsByCancel(false)) session.phase = 'ended';
    return refusal(code, reason);
  };
  const { cancelSessionResponseOk: ok, cancelSessionResponseError: error } = message.value.cancelSessionResponse;
  if (!ok) return refuse('8.1/4.2', `the eUICC did not cancel: cancelSessionResponseError ${error}`);
  const { euiccCancelSessionSigned: signed } = ok;
  if (!decisions.acceptsTransactionId(session.transactionId, signed.transactionId)) {
    return refuse('8.10.1/3.9', `expected transactionId ${hex(session.transactionId)} from the eUICC, got ${hex(signed.transactionId)}`);
  }
  // Without AuthenticateClient the server has no key of the eUICC, and the answer brings no certificate.
  if (!session.euicc) return refuse('8.1/6.1', 'no eUICC has been verified in this session');
  const [signedOctets, signature] = ['Signed', 'Signature'].map(part => fieldOctets(message, `${OK}.euiccCancelSession${part}`));
  if (!decisions.acceptsSignature('euiccCancelSessionSignature', verifies(session.euicc.key, signature, signedOctets))) {
    return refuse('8.1/6.1', 'euiccCancelSessionSignature does not verify over euiccCancelSessionSigned');
  }
  if (!decisions.acceptsCancelOid(session.auth.oid, signed.smdpOid)) {
    return refuse('8.8/3.10', `expected smdpOid ${session.auth.oid}, got ${signed.smdpOid}`);
  }
  if (session.order) session.order.state = decisions.stateAfterCancel(session.order.state, signed.reason);
  if (decisions.endsByCancel(true)) session.phase = 'ended';
  return { type: CancelSessionResponseEs9, octets: encode(CancelSessionResponseEs9, { cancelSessionOk: {} }, { spec }) };
};
