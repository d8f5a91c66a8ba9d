/** GetBoundProfilePackage: the eUICC's acceptance, the Confirmation Code, and the package bound to the eUICC. SGP.22 2.5.4, 5.6.2 */

import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, hex } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { bindProfile } from '#protocol/bpp/bind.js';
import { composeInitialiseSecureChannel, readInitialiseSecureChannel, signedOctets } from '#protocol/bpp/initialise-secure-channel.js';
import { hashCc } from '#protocol/crypto/confirmation-code.js';
import { type Curve, keyFromSeed, sign } from '#protocol/crypto/ecdsa.js';
import { type GetBoundProfilePackageRequest, GetBoundProfilePackageResponse } from '#protocol/rsp/es9plus.js';
import type { World } from '../../role.js';
import type { Answer, Refusal } from '../rsp-server/answer.js';
import { type Refused, verifies } from '../rsp-server/verify-euicc.js';
import type { SmdpDecisions } from './decisions.js';
import type { KeptBinding, Order } from './order.js';
import type { Session } from './session.js';

/** What the function needs of the SM-DP+. */
export interface BindingServer {
  readonly world: World;
  readonly decisions: SmdpDecisions;
}

const OK = 'prepareDownloadResponse.downloadResponseOk';

/** Wrong codes are counted by the order, not by the session: a new session does not give new attempts. */
const checkCode = (
  order: Order,
  given: Uint8Array | undefined,
  transactionId: Uint8Array,
  decisions: SmdpDecisions,
): Refused | undefined => {
  if (order.confirmationCode === undefined) return undefined;
  const judgement = decisions.judgesCode(hashCc(order.confirmationCode, transactionId), given);
  if (judgement === 'missing') return { code: '8.2.7/2.2', message: 'expected hashCc in euiccSigned2, got none' };
  if (judgement === 'right') return undefined;
  order.codeFailures++;
  if (!decisions.endsAttempts(order.codeFailures, order.codeRetries))
    return { code: '8.2.7/3.8', message: 'hashCc is not that of the Confirmation Code' };
  order.state = 'error';
  return { code: '8.2.7/6.4', message: `expected at most ${order.codeRetries} wrong Confirmation Codes` };
};

// The key of the seed is on every curve a valid one; 32 random octets need not be.
const oneTimeKey = (curve: Curve, world: World) => keyFromSeed(curve, `otSK.DP.ECKA ${hex(world.random(32))}`);

/** The binding that the order keeps for this key, or a new one. */
const bindingFor = (order: Order, euiccOtpk: Uint8Array, curve: Curve, { world, decisions }: BindingServer): KeptBinding => {
  const kept = order.reuse && order.binding?.smdpOtKey.curve === curve ? order.binding : undefined;
  if (kept && decisions.keepsBinding(equal(kept.euiccOtpk, euiccOtpk))) return kept;
  const keys = () => world.random(16);
  return {
    euiccOtpk,
    smdpOtKey: oneTimeKey(curve, world),
    hostId: world.random(8),
    ...(order.ppk && { ppk: { initialMacChainingValue: keys(), encryption: keys(), mac: keys() } }),
  };
};

const bind = (session: Session, order: Order, kept: KeptBinding, decisions: SmdpDecisions): Uint8Array | undefined => {
  const { pb, euicc, transactionId } = session;
  if (!pb || !euicc) return undefined;
  const binding = decisions.binds({
    smdpOtKey: kept.smdpOtKey,
    euiccOtpk: kept.euiccOtpk,
    dpPbKey: pb.key,
    hostId: kept.hostId,
    eid: euicc.eid,
    transactionId,
    metadata: order.packageMetadata,
    upp: order.upp,
    ...(order.commands && { commands: order.commands }),
    ...(kept.ppk && { ppk: kept.ppk }),
  });
  const channel = { ...binding, smdpOtpk: binding.smdpOtKey.point };
  const unsigned = readInitialiseSecureChannel(composeInitialiseSecureChannel({ ...channel, signature: new Uint8Array(64) }));
  const signature = binding.signature ?? (unsigned && sign(binding.dpPbKey, signedOctets(unsigned.signedPart, binding.euiccOtpk)));
  return signature && bindProfile({ ...binding, signature });
};

/** Verifies the acceptance and delivers the package; a fault refuses the session, unless it is the Confirmation Code. */
export const getBoundProfilePackage = (
  message: Decoded<ValueOf<typeof GetBoundProfilePackageRequest>>,
  session: Session,
  server: BindingServer,
  refuse: Refusal,
): Answer => {
  const { world, decisions } = server;
  const { order, euicc, pb } = session;
  if (session.phase !== 'authenticated' || !order || !euicc || !pb) return refuse('8.10.1/3.9', `the session is ${session.phase}`);
  const { downloadResponseOk: ok, downloadResponseError: error } = message.value.prepareDownloadResponse;
  const inner = ok?.euiccSigned2.transactionId ?? error?.transactionId;
  if (!inner || !decisions.acceptsTransactionId(session.transactionId, inner)) {
    return refuse('8.10.1/3.9', `expected transactionId ${hex(session.transactionId)} from the eUICC, got ${inner ? hex(inner) : 'none'}`);
  }
  session.phase = 'refused';
  if (!ok) return refuse('8.1/4.2', `the eUICC refused the download: downloadErrorCode ${error?.downloadErrorCode}`);
  const signed = fieldOctets(message, `${OK}.euiccSigned2`);
  const valid = verifies(euicc.key, fieldOctets(message, `${OK}.euiccSignature2`), signed, session.smdpSignature2);
  if (!decisions.acceptsSignature('euiccSignature2', valid)) {
    return refuse('8.1/6.1', 'euiccSignature2 does not verify over euiccSigned2 and smdpSignature2');
  }
  if (!decisions.acceptsExpired(order.expiredAt === 'getBoundProfilePackage'))
    return refuse('8.8.5/4.10', 'the download order has expired');
  const code = checkCode(order, ok.euiccSigned2.hashCc, session.transactionId, decisions);
  if (code) {
    // The caller may come back with another code in the same session as well as in a new one.
    if (order.state !== 'error') session.phase = 'authenticated';
    return refuse(code.code, code.message);
  }
  const { euiccOtpk } = ok.euiccSigned2;
  if (!decisions.acceptsOtpk(session.offeredOtpk, euiccOtpk, order.rebinding)) {
    return refuse('8.2/3.7', 'the package is bound to the one-time key that was offered, and the eUICC came with another one');
  }
  const binding = bindingFor(order, euiccOtpk, pb.key.curve, server);
  const boundProfilePackage = bind(session, order, binding, decisions);
  if (!boundProfilePackage) return refuse('8.1/4.2', `euiccOtpk is not a point of ${pb.key.curve}`);
  order.binding = binding;
  order.state = decisions.stateAfterDelivery();
  if (decisions.linksOrder()) order.eid = euicc.eid;
  session.phase = 'bound';
  session.euiccOtpk = euiccOtpk;
  const { transactionId } = session;
  const octets = encode(
    GetBoundProfilePackageResponse,
    { getBoundProfilePackageOk: { transactionId, boundProfilePackage: raw(boundProfilePackage) } },
    { spec: world.spec },
  );
  return { type: GetBoundProfilePackageResponse, octets };
};
