/** Notifications that reach the eIM: whose they are, whether they are authentic, what they tell, where they go. SGP.32 3.7, 5.14.7 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets, find } from '#protocol/asn1/element.js';
import { hex } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { PendingNotification } from '#protocol/iot/notification.js';
import type { NotificationMetadata } from '#protocol/rsp/notification.js';
import { rebuildInstallationResult, rebuildNotification } from './compact-notification.js';
import { digest, type EimContext, eidText } from './context.js';
import { eidOfCertificate, identityOf, learnIdentity, signerAmong } from './identity.js';
import { settleInstallation } from './installation.js';
import type { Taken } from './results.js';
import { type Session, sessionOf } from './sessions.js';
import type { Download, EuiccIdentity, EuiccRecord } from './state.js';
import { type ProfileEvent, withProfileEvent } from './view.js';

type Notification = Decoded<ValueOf<typeof PendingNotification>>;

/** A notification in the form of SGP.22 and what was found out about it. */
interface Examined {
  readonly octets: Uint8Array;
  readonly metadata: ValueOf<typeof NotificationMetadata>;
  readonly record: EuiccRecord | undefined;
  readonly isVerified: boolean;
  readonly session?: Session | undefined;
}

const identitiesOf = (record: EuiccRecord | undefined, session?: Session): readonly EuiccIdentity[] => [
  ...(session?.identity ? [session.identity] : []),
  ...(record?.identities ?? []),
];

const signatureValue = (message: Notification, path: string): Uint8Array => {
  const found = find(message.root, path);
  return 'element' in found ? message.octets.subarray(found.element.content, found.element.end) : new Uint8Array();
};

const examineInstallation = (eim: EimContext, told: EuiccRecord | undefined, message: Notification): Examined | undefined => {
  const full = message.value.profileInstallationResult?.profileInstallationResultData;
  const compact = message.value.compactProfileInstallationResult?.compactProfileInstallationResultData;
  const transactionId = full?.transactionId ?? compact?.transactionId;
  const session = transactionId && sessionOf(eim, transactionId);
  const record = told ?? session?.record;
  if (session?.record && record !== session.record) return undefined;
  const identities = identitiesOf(record, session);
  if (full) {
    const data = fieldOctets(message, 'profileInstallationResult.profileInstallationResultData') ?? new Uint8Array();
    // Without a session (a direct download, or one before a restart) every eUICC known may be the sender.
    const candidates = identities.length > 0 ? identities : [...eim.euiccs.values()].flatMap(e => e.identities);
    const signer = signerAmong(candidates, data, signatureValue(message, 'profileInstallationResult.euiccSignPIR'));
    const owner = record ?? [...eim.euiccs.values()].find(e => signer && e.identities.includes(signer));
    return { octets: message.octets, metadata: full.notificationMetadata, record: owner, isVerified: signer !== undefined, session };
  }
  const rebuilt = session && rebuildInstallationResult(message, session, identities);
  if (!rebuilt || !eim.decisions.acceptsRebuilt(rebuilt.identity !== undefined)) return undefined;
  const again = decode(PendingNotification, rebuilt.octets, { spec: message.spec });
  const metadata = again.value.profileInstallationResult?.profileInstallationResultData.notificationMetadata;
  return metadata && { octets: rebuilt.octets, metadata, record, isVerified: rebuilt.identity !== undefined, session };
};

/** A notification brings its certificates along; they count when they chain to a trusted CI and name a known EID. */
const examineOther = (eim: EimContext, told: EuiccRecord | undefined, message: Notification): Examined | undefined => {
  const full = message.value.otherSignedNotification;
  if (!full) return examineCompact(eim, told, message);
  const eid = eidOfCertificate(full.euiccCertificate) ?? '';
  const record = told ?? eim.euiccs.get(eid);
  const identity = identityOf(eim, full, record?.eid ?? eid);
  const covered = fieldOctets(message, 'otherSignedNotification.tbsOtherNotification') ?? new Uint8Array();
  const signature = signatureValue(message, 'otherSignedNotification.euiccNotificationSignature');
  const isVerified = !('fault' in identity) && signerAmong([identity], covered, signature) !== undefined;
  if (isVerified && record && !('fault' in identity)) learnIdentity(record, identity);
  return { octets: message.octets, metadata: full.tbsOtherNotification, record, isVerified };
};

const examineCompact = (eim: EimContext, told: EuiccRecord | undefined, message: Notification): Examined | undefined => {
  const compact = message.value.compactOtherSignedNotification;
  if (!compact) return undefined;
  const named = compact.eidValue && eim.euiccs.get(eidText(compact.eidValue));
  const candidates = told ? [told] : named ? [named] : [...eim.euiccs.values()];
  const rebuilt = rebuildNotification(
    message,
    candidates.flatMap(e => e.identities),
  );
  if (!rebuilt || !eim.decisions.acceptsRebuilt(rebuilt.identity !== undefined)) return undefined;
  const owner = candidates.find(e => rebuilt.identity && e.identities.includes(rebuilt.identity));
  return { octets: rebuilt.octets, metadata: compact.tbsOtherNotification, record: owner, isVerified: rebuilt.identity !== undefined };
};

const EVENTS: ReadonlyMap<string, ProfileEvent> = new Map([
  ['notificationInstall', 'install'],
  ['notificationEnable', 'enable'],
  ['notificationDisable', 'disable'],
  ['notificationDelete', 'delete'],
]);

/** What an authentic notification says also holds for the view of the eIM. */
const noteEvent = (eim: EimContext, { record, metadata, isVerified }: Examined): void => {
  const [operation] = metadata.profileManagementOperation;
  const event = operation === undefined ? undefined : EVENTS.get(operation);
  // An installation result of a failure names an event install as well; the download decides about it.
  if (!record || !isVerified || !event || event === 'install' || !metadata.iccid || !eim.decisions.appliesView('notification')) return;
  // An old notification that arrives late describes a state that is over.
  if (metadata.seqNumber <= record.latestEvent) return;
  record.latestEvent = metadata.seqNumber;
  record.view = withProfileEvent(record.view, event, hex(metadata.iccid));
};

const forward = (eim: EimContext, examined: Examined): void => {
  const key = digest(examined.octets);
  if (eim.taken.has(key) && !eim.decisions.forwardsAgain()) return;
  eim.taken.add(key);
  const { seqNumber, notificationAddress } = examined.metadata;
  const forwarding = eim.decisions.forwardsNotification(examined.octets, notificationAddress);
  if (forwarding) eim.notifications.add({ eid: examined.record?.eid ?? '', seqNumber, ...forwarding });
};

/** Takes over one PendingNotification; `record` is the eUICC and `download` the order that the message around it names. */
export const takeNotification = (eim: EimContext, record: EuiccRecord | undefined, octets: Uint8Array, download?: Download): Taken => {
  const message = decode(PendingNotification, Uint8Array.from(octets), { spec: eim.world.spec });
  if (!message.ok) return { discarded: 'undecodable' };
  const { profileInstallationResult, compactProfileInstallationResult } = message.value;
  const isInstallation = profileInstallationResult !== undefined || compactProfileInstallationResult !== undefined;
  const examined = isInstallation ? examineInstallation(eim, record, message) : examineOther(eim, record, message);
  if (!examined || !eim.decisions.takesNotification(examined.isVerified)) return { discarded: 'signature' };
  if (isInstallation) settleInstallation(eim, examined.record, examined.session?.download ?? download, examined.octets);
  else noteEvent(eim, examined);
  forward(eim, examined);
  return { acknowledge: [examined.metadata.seqNumber] };
};

/** Takes over every notification of a list; returns the sequence numbers of those taken. */
export const takeNotifications = (eim: EimContext, record: EuiccRecord, message: Decoded, path: string): readonly number[] => {
  const found = find(message.root, path);
  const items = 'element' in found ? found.element.children : [];
  return items.flatMap(item => {
    const taken = takeNotification(eim, record, message.octets.subarray(item.start, item.end));
    return 'discarded' in taken ? [] : taken.acknowledge;
  });
};
