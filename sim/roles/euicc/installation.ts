/** Installing a bound profile package: objections of the eUICC, the new profile, the installation result. SGP.22 5.7.6, 2.5.6 */
import { decode } from '#protocol/asn1/decode.js';
import { encode } from '#protocol/asn1/encode.js';
import { children, equal, fromHex, readTlv } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import type { Reception } from '#protocol/bpp/receive.js';
import { splitSegments } from '#protocol/bpp/segments.js';
import { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { ConfigureISDPRequest } from '#protocol/rsp/download.js';
import { BPP_COMMANDS, type BppCommandId, ERROR_REASONS, type ErrorReason } from '#protocol/rsp/installation-codes.js';
import { ProfileInstallationResult, ProfileInstallationResultData } from '#protocol/rsp/notification.js';
import { PROFILE_EVENTS } from './config.js';
import { isdpAid } from './memory.js';
import { eventBit, notify } from './notifications.js';
import { judgePolicy } from './policy.js';
import { CLASSES } from './profiles.js';
import { nextSeqNumber } from './results.js';
import { endSession } from './session.js';
import { signObject } from './signing.js';
import { breaksDown, type Chip, type Profile, type Session } from './state.js';

/** The response of the profile package interpreter when every element was processed. SGP.22 2.5.6 */
export const STANDARD_SUCCESS = fromHex('3007A0053003800100') ?? new Uint8Array();

const CLASS_NAMES = ['test', 'provisioning', 'operational'] as const;

type Metadata = ValueOf<typeof StoreMetadataRequest>;
const metadataOf = (chip: Chip, octets: Uint8Array | undefined): Metadata | undefined => {
  const message = octets && decode(StoreMetadataRequest, octets, { spec: chip.world.spec });
  return message?.ok ? message.value : undefined;
};

/** The first reason that holds, and that this eUICC looks at. */
const firstOf = ({ decisions }: Chip, reasons: readonly (readonly [reason: ErrorReason, holds: boolean])[]): ErrorReason | undefined =>
  reasons.find(([reason, holds]) => holds && decisions.hinders('loadBoundProfilePackage', reason))?.[0];

const objectionToMetadata = (chip: Chip, metadata: Metadata | undefined): ErrorReason | undefined => {
  const { profiles, rat } = chip.memory;
  if (!metadata) return 'incorrectInputValues';
  const { profileClass = CLASSES.operational, iconType, icon, iccid } = metadata;
  const hasOperational = profiles.some(p => p.profileClass === 'operational');
  return firstOf(chip, [
    ['incorrectInputValues', (iconType === undefined) !== (icon === undefined)],
    ['unsupportedProfileClass', CLASS_NAMES[profileClass] === undefined],
    ['pprNotAllowed', !judgePolicy(metadata, rat, hasOperational).isAllowed],
    ['installFailedDueToIccidAlreadyExistsOnEuicc', profiles.some(p => equal(p.iccid, iccid))],
  ]);
};

/** Profile elements are TLVs, one after the other: a header (A0), at last the end (AA). TCA interoperable profile 8.1 */
const areElements = (upp: Uint8Array): boolean => {
  const list = children(upp, { tag: 0, start: 0, content: 0, end: upp.length, constructed: true });
  return list[0]?.tag === 0xa0 && list.at(-1)?.tag === 0xaa && list.at(-1)?.end === upp.length;
};

/** What this eUICC has against a decrypted command of the package. */
export const objection = (chip: Chip, session: Session, command: BppCommandId, octets: Uint8Array): ErrorReason | undefined => {
  if (breaksDown(chip, command)) return 'installFailedDueToUnknownError';
  if (command === 'configureISDP') return decode(ConfigureISDPRequest, octets).ok ? undefined : 'incorrectInputValues';
  if (command === 'storeMetadata') {
    session.metadata = octets;
    return objectionToMetadata(chip, metadataOf(chip, octets));
  }
  if (command !== 'loadProfileElements') return undefined;
  const { memoryFull, limits } = chip.config;
  const isFull = memoryFull === true || chip.memory.profiles.length >= (limits?.profiles ?? Number.POSITIVE_INFINITY);
  return firstOf(chip, [
    ['installFailedDueToInsufficientMemoryForProfile', isFull],
    ['installFailedDueToPEProcessingError', !areElements(octets)],
  ]);
};

const profileFrom = (chip: Chip, metadata: Metadata, configuration: Uint8Array, aid: Uint8Array, session: Session): Profile => {
  const { iconType, icon, serviceSpecificDataStoredInEuicc } = metadata;
  const { dpProprietaryData } = decode(ConfigureISDPRequest, configuration).value;
  return {
    iccid: metadata.iccid,
    aid,
    state: chip.decisions.stateAfterInstallation(),
    profileClass: CLASS_NAMES[metadata.profileClass ?? CLASSES.operational] ?? 'operational',
    policyRules: (metadata.profilePolicyRules ?? []).filter(rule => rule !== 'pprUpdateControl'),
    serviceProviderName: metadata.serviceProviderName,
    profileName: metadata.profileName,
    nickname: undefined,
    notifications: (metadata.notificationConfigurationInfo ?? []).map(({ notificationAddress, profileManagementOperation }) => ({
      address: notificationAddress,
      events: PROFILE_EVENTS.filter(event => profileManagementOperation.includes(eventBit(event))),
    })),
    owner: metadata.profileOwner,
    ecall: metadata.ecallIndication === true,
    fallbackAllowed: metadata.fallbackAllowed === true,
    fallbackAttribute: false,
    preLoaded: false,
    further: {
      ...(iconType !== undefined && { iconType }),
      ...(icon && { icon }),
      ...(dpProprietaryData && { dpProprietaryData }),
      ...(serviceSpecificDataStoredInEuicc && { serviceSpecificDataStoredInEuicc }),
    },
    ciPKId: (session.credential ?? chip.credentials[0]).ciPKId,
  };
};

const codeOf = ({ decisions }: Chip, reason: ErrorReason): number =>
  decisions.answersCode('loadBoundProfilePackage', reason, ERROR_REASONS[reason]);

/** Signs the installation result and keeps it as the notification of the SM-DP+. SGP.22 2.5.6 */
const storeInstallationResult = (
  chip: Chip,
  session: Session,
  aid: Uint8Array | undefined,
  failure: Extract<Reception, { ok: false }> | undefined,
): Uint8Array => {
  const iccid = metadataOf(chip, session.metadata)?.iccid;
  const address = session.serverAddress ?? '';
  const seqNumber = nextSeqNumber(chip, 'notification');
  const event = 'install';
  const data = encode(ProfileInstallationResultData, {
    transactionId: session.transactionId ?? new Uint8Array(),
    notificationMetadata: { seqNumber, profileManagementOperation: [eventBit(event)], notificationAddress: address, iccid },
    smdpOid: session.serverOids?.[0] ?? '',
    finalResult: failure
      ? { errorResult: { bppCommandId: BPP_COMMANDS[failure.command], errorReason: codeOf(chip, failure.reason) } }
      : { successResult: { aid: aid ?? new Uint8Array(), simaResponse: STANDARD_SUCCESS } },
  });
  const credential = session.credential ?? chip.credentials[0];
  const { object, signature } = signObject(chip, 'profileInstallationResultData', credential, data);
  const octets = encode(ProfileInstallationResult, { profileInstallationResultData: raw(object), euiccSignPIR: signature });
  chip.memory.notifications.push({ seqNumber, event, address, iccid, octets });
  return octets;
};

const UNREADABLE_METADATA: Extract<Reception, { ok: false }> = {
  ok: false,
  command: 'storeMetadata',
  reason: 'incorrectInputValues',
  message: 'unreadable metadata',
};

/** Puts the profile of a session into memory, where its metadata have come; its AID. */
const place = (chip: Chip, session: Session, configuration: Uint8Array): Uint8Array => {
  const { memory, decisions } = chip;
  const metadata = metadataOf(chip, session.metadata);
  const aid = isdpAid(decisions.numbersIsdp(memory.nextAidNumber));
  if (!metadata) return aid;
  memory.profiles.push(profileFrom(chip, metadata, configuration, aid, session));
  memory.nextAidNumber += 1;
  return aid;
};

/** Lets go of an installation that another session takes the place of: nothing is left of it. SGP.22 5.7.7 */
export const abandonInstallation = (chip: Chip): void => {
  const { session } = chip.memory;
  if (session?.isLoading && !session.isOver && !chip.decisions.performs('removeFailedProfile')) place(chip, session, new Uint8Array());
};

const conclude = (chip: Chip, session: Session, reception: Reception): Uint8Array => {
  const { memory, decisions } = chip;
  const metadata = metadataOf(chip, session.metadata);
  // An interrupted installation may be repeated with the same one-time key. SGP.22 5.7.6
  if (!reception.ok || decisions.performs('endInstallation'))
    endSession(chip, session, !reception.ok && reception.reason === 'installFailedDueToInterruption');
  if (!reception.ok) {
    if (!decisions.performs('removeFailedProfile')) place(chip, session, new Uint8Array());
    return storeInstallationResult(chip, session, undefined, reception);
  }
  // No package without metadata comes so far: they were read when they arrived.
  if (!metadata) return storeInstallationResult(chip, session, undefined, UNREADABLE_METADATA);
  const aid = decisions.performs('installProfile')
    ? place(chip, session, reception.configuration)
    : isdpAid(decisions.numbersIsdp(memory.nextAidNumber));
  session.installed = metadata.iccid;
  const result = storeInstallationResult(chip, session, aid, undefined);
  const profile = memory.profiles.find(p => equal(p.iccid, metadata.iccid));
  if (profile) notify(chip, profile, 'install');
  return result;
};

/** Ends an installation that a reset cut off: no profile is left, and a result says why. SGP.22 2.5.6 */
export const interruptInstallation = (chip: Chip): void => {
  const { session } = chip.memory;
  if (!session?.isLoading || session.isOver || !chip.decisions.performs('noteInterruption')) return;
  const command = session.metadata ? 'loadProfileElements' : 'storeMetadata';
  conclude(chip, session, { ok: false, command, reason: 'installFailedDueToInterruption', message: 'reset' });
};

const isStart = ([first, second]: Uint8Array): boolean => first === 0xbf && second === 0x36;

/** Whether a command belongs to LoadBoundProfilePackage: a package, or one of its later segments. */
export const isProfileSegment = (chip: Chip, command: Uint8Array): boolean => {
  const [first] = command;
  return (
    isStart(command) || (chip.memory.session?.receiver !== undefined && [0xa0, 0xa1, 0xa2, 0xa3, 0x86, 0x87, 0x88].includes(first ?? 0))
  );
};

/**
 * ES10b.LoadBoundProfilePackage: one segment, or the whole package. Octets without an end are an empty answer; the last
 * segment, or the one that fails, is answered by ProfileInstallationResult (BF37). Undefined: no session waits for it.
 */
export const loadProfile = (chip: Chip, command: Uint8Array): Uint8Array | undefined => {
  const { session } = chip.memory;
  // A channel that is begun a second time is what the package brings next, and wrong.
  const beginsAgain = session?.isLoading && session.receiver && isStart(command);
  if (beginsAgain && session.receive && !chip.decisions.hinders('loadBoundProfilePackage', 'secondChannel'))
    session.receiver = session.receive();
  const receiver = session?.receiver;
  if (!session || !receiver) return undefined;
  const isWhole = readTlv(command)?.tag === 0xbf36;
  const segments = isWhole ? splitSegments(command) : [command];
  session.isLoading = true;
  if (!segments) {
    return conclude(chip, session, {
      ok: false,
      command: 'initialiseSecureChannel',
      reason: 'incorrectInputValues',
      message: 'no segments',
    });
  }
  for (const segment of segments) {
    const end = receiver.feed(segment);
    if (end) return conclude(chip, session, end);
  }
  return isWhole
    ? conclude(chip, session, {
        ok: false,
        command: 'loadProfileElements',
        reason: 'installFailedDueToInterruption',
        message: 'incomplete',
      })
    : new Uint8Array();
};
