/** What an SM-DP+ keeps of a download session. SGP.22 3.1.3 */

import type { Answer } from '../rsp-server/answer.js';
import type { Credential } from '../rsp-server/identity.js';
import type { OpenedSession } from '../rsp-server/initiate-authentication.js';
import type { VerifiedEuicc } from '../rsp-server/verify-euicc.js';
import type { Order } from './order.js';

/** Where a session stands; in `refused` the eUICC may still cancel it, after `ended` nobody knows it. */
export type SessionPhase = 'initiated' | 'authenticated' | 'bound' | 'refused' | 'ended';

/** A session, from InitiateAuthentication to the installation result or the cancellation. */
export interface Session extends OpenedSession {
  phase: SessionPhase;
  euicc?: VerifiedEuicc;
  order?: Order;
  pb?: Credential;
  /** `5F37 40 …`, which euiccSignature2 covers. */
  smdpSignature2?: Uint8Array;
  /** One-time key offered to the eUICC for another use. */
  offeredOtpk?: Uint8Array;
  euiccOtpk?: Uint8Array;
  /** The last request as received and its answer: a caller that lost the answer asks again with the same octets. */
  last?: { readonly request: Uint8Array; readonly answer: Answer };
}
