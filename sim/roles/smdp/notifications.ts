/** HandleNotification: what arrived, whether it is genuine, and what it says about the order. SGP.22 2.5.6, 3.5, 5.6.4 */
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import type { HandleNotification } from '#protocol/rsp/es9plus.js';
import type { NotificationMetadata } from '#protocol/rsp/notification.js';
import type { CertificateIssuer } from '../rsp-server/identity.js';
import { verifies, verifyCertificates } from '../rsp-server/verify-euicc.js';
import type { SmdpDecisions } from './decisions.js';
import type { Session } from './session.js';

/** A notification as it reached the SM-DP+; whatever it is, it is acknowledged. */
export interface ReceivedNotification {
  readonly kind: 'profileInstallationResult' | 'otherSignedNotification';
  readonly seqNumber: number;
  /** The event, e.g. `notificationEnable`; several, joined by a blank, when the eUICC set more than one. */
  readonly operation: string;
  readonly iccid: Uint8Array | undefined;
  /** notificationAddress: who it is meant for. */
  readonly address: string;
  /** PendingNotification as received, BF37 or 30. */
  readonly octets: Uint8Array;
  /** Whether the signature verifies with the key of a verified eUICC certificate. */
  readonly genuine: boolean;
  /** Why it is not genuine; empty when it is. */
  readonly problem: string;
  /** EID of the eUICC, where it is known. */
  readonly eid: Uint8Array | undefined;
  /** Whether the same octets arrived before. */
  readonly repeated: boolean;
  /** Whether its number is larger than that of every earlier one of the same eUICC. */
  readonly inOrder: boolean;
  /** Outcome of the installation: `successResult`, or the number of errorReason. */
  readonly result?: 'successResult' | number;
}

/** What is needed to judge a notification. */
export interface NotificationReceiver {
  readonly received: readonly ReceivedNotification[];
  session(transactionId: Uint8Array): Session | undefined;
  readonly issuers: readonly (() => CertificateIssuer | undefined)[];
  now(): Date;
  readonly decisions: SmdpDecisions;
}

interface Judgement {
  readonly problem: string;
  readonly eid?: Uint8Array;
}

const WRONG = 'the signature does not verify';
type Message = Decoded<ValueOf<typeof HandleNotification>>;

const judgeResult = (message: Message, session: Session | undefined): Judgement => {
  const euicc = session?.euicc;
  if (!euicc) return { problem: 'no session of this TransactionID has verified an eUICC' };
  const path = 'pendingNotification.profileInstallationResult';
  const [signed, signature] = ['profileInstallationResultData', 'euiccSignPIR'].map(name => fieldOctets(message, `${path}.${name}`));
  return { eid: euicc.eid, problem: verifies(euicc.key, signature, signed) ? '' : WRONG };
};

const judgeOther = (message: Message, { issuers, now, decisions }: NotificationReceiver): Judgement => {
  const other = message.value.pendingNotification.otherSignedNotification;
  if (!other) return { problem: 'neither of the two kinds' };
  const path = 'pendingNotification.otherSignedNotification';
  const [signed, signature] = ['tbsOtherNotification', 'euiccNotificationSignature'].map(name => fieldOctets(message, `${path}.${name}`));
  let problem = 'no CI is known';
  for (const issuer of issuers) {
    const ci = issuer();
    const authentic = ci && verifyCertificates(other.euiccCertificate, other.eumCertificate, ci.certificate, now(), decisions);
    if (authentic && 'key' in authentic) return { eid: authentic.eid, problem: verifies(authentic.key, signature, signed) ? '' : WRONG };
    problem = authentic?.message ?? problem;
  }
  return { problem };
};

const note = (
  message: Message,
  metadata: ValueOf<typeof NotificationMetadata>,
  { problem, eid }: Judgement,
  { received }: NotificationReceiver,
): Omit<ReceivedNotification, 'kind'> => {
  const octets =
    fieldOctets(message, 'pendingNotification.profileInstallationResult') ??
    fieldOctets(message, 'pendingNotification.otherSignedNotification');
  const earlier = received.filter(n => eid && n.eid && equal(n.eid, eid));
  return {
    seqNumber: metadata.seqNumber,
    operation: metadata.profileManagementOperation.join(' '),
    iccid: metadata.iccid,
    address: metadata.notificationAddress,
    octets: Uint8Array.from(octets ?? []),
    genuine: problem === '',
    problem,
    eid,
    repeated: received.some(n => octets !== undefined && equal(n.octets, octets)),
    inOrder: earlier.every(n => n.seqNumber < metadata.seqNumber),
  };
};

/** Reads and judges a notification; a genuine installation result ends the session and moves the order on. */
export const handleNotification = (message: Message, receiver: NotificationReceiver): ReceivedNotification => {
  const pir = message.value.pendingNotification.profileInstallationResult?.profileInstallationResultData;
  if (!pir) {
    const metadata = message.value.pendingNotification.otherSignedNotification?.tbsOtherNotification;
    const given = metadata ?? { seqNumber: -1, profileManagementOperation: [], notificationAddress: '' };
    return { kind: 'otherSignedNotification', ...note(message, given, judgeOther(message, receiver), receiver) };
  }
  const session = receiver.session(pir.transactionId);
  const judged = note(message, pir.notificationMetadata, judgeResult(message, session), receiver);
  const result = pir.finalResult.errorResult?.errorReason ?? 'successResult';
  if (session?.order && !judged.repeated) {
    if (judged.genuine) session.phase = 'ended';
    session.order.state = receiver.decisions.stateAfterResult(session.order.state, result, judged.genuine);
  }
  return { kind: 'profileInstallationResult', ...judged, result };
};

/** A notification that is no value of its type: kept as it came. */
export const unreadable = (message: Decoded, problem: string): ReceivedNotification => ({
  kind: 'otherSignedNotification',
  seqNumber: -1,
  operation: '',
  iccid: undefined,
  address: '',
  octets: Uint8Array.from(fieldOctets(message, 'pendingNotification') ?? message.octets),
  genuine: false,
  problem: `no readable notification: ${problem}`,
  eid: undefined,
  repeated: false,
  inOrder: false,
});
