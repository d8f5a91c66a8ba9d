/** AuthenticateClient: who the eUICC is, which order it gets, and the signed offer. SGP.22 5.6.3 */

import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { SmdpSigned2 } from '#protocol/rsp/download.js';
import { type AuthenticateClientRequest, AuthenticateClientResponseEs9 } from '#protocol/rsp/es9plus.js';
import { ComposeError, type World } from '../../role.js';
import type { Answer, Refusal } from '../rsp-server/answer.js';
import { signedBy } from '../rsp-server/signing.js';
import { verifyEuicc } from '../rsp-server/verify-euicc.js';
import type { SmdpDecisions } from './decisions.js';
import { orderFor } from './eligibility.js';
import type { Order } from './order.js';
import type { Session } from './session.js';

/** What the function needs of the SM-DP+. */
export interface OfferingServer {
  readonly address: string;
  readonly orders: readonly Order[];
  /** Name of the certificate for package binding, without curve. */
  readonly pbCertificate: string;
  readonly world: World;
  readonly decisions: SmdpDecisions;
}

/** Verifies the eUICC and offers it the download; the session is refused at the first fault. */
export const authenticateClient = (
  message: Decoded<ValueOf<typeof AuthenticateClientRequest>>,
  session: Session,
  server: OfferingServer,
  refuse: Refusal,
): Answer => {
  if (session.phase !== 'initiated') return refuse('8.10.1/3.9', `the session is already ${session.phase}`);
  const { address, decisions, world } = server;
  const euicc = verifyEuicc(message, session, { address, decisions, now: () => world.now() });
  session.phase = 'refused';
  if ('code' in euicc) return refuse(euicc.code, euicc.message);
  session.euicc = euicc;
  const order = orderFor(server.orders, euicc, decisions);
  if ('code' in order) return refuse(order.code, order.message);
  order.downloads++;
  session.order = order;
  session.phase = 'authenticated';
  return offer(session, order, euicc.euiccSignature1, server);
};

const offer = (session: Session, order: Order, euiccSignature1: Uint8Array, server: OfferingServer): Answer => {
  const { spec } = server.world;
  const pb = session.serverIssuer.credential(server.pbCertificate);
  if (!pb)
    throw new ComposeError(`expected ${server.pbCertificate} on ${session.serverIssuer.curve} in ${server.world.pki.name}, got none`);
  const { transactionId } = session;
  const { decisions } = server;
  const bppEuiccOtpk = decisions.offersOtpk(order.reuse ? order.binding?.euiccOtpk : undefined);
  const value = { transactionId, ccRequiredFlag: order.confirmationCode !== undefined, bppEuiccOtpk };
  const octets = encode(SmdpSigned2, value, { spec });
  const { signed, signature: smdpSignature2 } = signedBy(decisions, 'smdpSigned2', octets, pb.key, euiccSignature1);
  session.pb = pb;
  session.smdpSignature2 = smdpSignature2;
  if (bppEuiccOtpk) session.offeredOtpk = bppEuiccOtpk;
  return {
    type: AuthenticateClientResponseEs9,
    octets: encode(
      AuthenticateClientResponseEs9,
      {
        authenticateClientOk: {
          transactionId,
          profileMetaData: raw(order.metadata),
          smdpSigned2: raw(signed),
          smdpSignature2: raw(smdpSignature2),
          smdpCertificate: pb.certificate,
        },
      },
      { spec },
    ),
  };
};
