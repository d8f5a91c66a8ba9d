import { children, concat, equal, hex, readHeader, readTlv, tlvContent } from '../asn1/tlv.js';
import { type BspState, startBsp, unprotect } from '../crypto/bsp.js';
import { verify } from '../crypto/ecdsa.js';
import type { BspKeys } from '../crypto/kdf.js';
import type { PrivateKey, PublicKey } from '../crypto/key.js';
import type { BppCommandId, ErrorReason } from '../rsp/installation-codes.js';
import { sessionKeys } from './bind.js';
import { readInitialiseSecureChannel, signedOctets } from './initialise-secure-channel.js';
import { splitSegments } from './segments.js';

/** What an eUICC knows when the bound profile package arrives. SGP.22 2.5.5 */
export interface Expectation {
  /** The one-time key pair of the session. */
  readonly euiccOtKey: PrivateKey;
  /** The public key of the CERT.DPpb that PrepareDownload verified. */
  readonly dpPbKey: PublicKey;
  readonly transactionId: Uint8Array;
  /** 16 octets. */
  readonly eid: Uint8Array;
  /** Largest block accepted, in octets; 1020 unless stated. */
  readonly maximumBlock?: number;
  /** The eUICC's own objection to a decrypted command, e.g. an ICCID it already holds. */
  readonly refuse?: (command: BppCommandId, octets: Uint8Array) => ErrorReason | undefined;
  /** Whether a check is left out, by its reason: what an eUICC that must not pass does. */
  readonly overlooks?: (reason: ErrorReason) => boolean;
  /** Whether commands are taken in any order, or not at all: what an eUICC that must not pass does. */
  readonly anyOrder?: boolean;
}

/** The end of an installation: the three decrypted parts, or the command and reason for ProfileInstallationResult. */
export type Reception =
  | {
      readonly ok: true;
      readonly configuration: Uint8Array;
      readonly metadata: Uint8Array;
      readonly upp: Uint8Array;
      readonly ppk?: BspKeys;
    }
  | { readonly ok: false; readonly command: BppCommandId; readonly reason: ErrorReason; readonly message: string };

/** Takes the segments in order; undefined means go on (9000 without data). After the end it keeps giving the same answer. */
export interface ProfileReceiver {
  readonly feed: (segment: Uint8Array) => Reception | undefined;
}

interface Group {
  readonly header: number;
  readonly block: number;
  readonly command: BppCommandId;
  readonly content: number;
}
const GROUPS: readonly Group[] = [
  { header: 0xa0, block: 0x87, command: 'configureISDP', content: 0xbf24 },
  { header: 0xa1, block: 0x88, command: 'storeMetadata', content: 0xbf25 },
  { header: 0xa2, block: 0x87, command: 'replaceSessionKeys', content: 0xbf26 },
  { header: 0xa3, block: 0x86, command: 'loadProfileElements', content: 0 },
];

type Failure = Extract<Reception, { ok: false }>;
const failure = (command: BppCommandId, reason: ErrorReason, message: string): Failure => ({ ok: false, command, reason, message });

/** Checks of InitialiseSecureChannel in the order of the error reasons' table. SGP.22 5.5.1 */
const openChannel = (octets: Uint8Array, expected: Expectation): BspState | Failure => {
  const fail = (reason: ErrorReason, message: string) => failure('initialiseSecureChannel', reason, message);
  const finds = (reason: ErrorReason, isWrong: boolean): boolean => isWrong && expected.overlooks?.(reason) !== true;
  const request = readInitialiseSecureChannel(octets);
  if (!request) return fail('incorrectInputValues', 'expected InitialiseSecureChannelRequest with 82, 80, A6{80, 81, 84}, 5F49, 5F37');
  if (finds('unsupportedRemoteOperationType', hex(request.remoteOpId) !== '01')) {
    return fail('unsupportedRemoteOperationType', `expected remoteOpId 01, got ${hex(request.remoteOpId)}`);
  }
  if (finds('invalidTransactionId', !equal(request.transactionId, expected.transactionId))) {
    return fail('invalidTransactionId', `expected transactionId ${hex(expected.transactionId)}, got ${hex(request.transactionId)}`);
  }
  const signed = signedOctets(request.signedPart, expected.euiccOtKey.point);
  if (finds('invalidSignature', !verify(expected.dpPbKey, signed, request.smdpSign)))
    return fail('invalidSignature', 'smdpSign does not verify with CERT.DPpb');
  const isAes128 = hex(request.keyType) === '88' && hex(request.keyLength) === '10';
  if (finds('unsupportedCrtValues', !isAes128 || request.hostId.length < 1 || request.hostId.length > 16)) {
    const got = `${hex(request.keyType)}, ${hex(request.keyLength)} and ${request.hostId.length} octets`;
    return fail('unsupportedCrtValues', `expected key type 88, key length 10 and a hostId of 1 to 16 octets, got ${got}`);
  }
  const keys = sessionKeys(expected.euiccOtKey, request.smdpOtpk, request.hostId, expected.eid);
  return keys ? startBsp(keys) : fail('incorrectInputValues', 'smdpOtpk is not a point of the curve');
};

const readReplacedKeys = (octets: Uint8Array): BspKeys | undefined => {
  const [chaining, encryption, mac, ...more] = children(octets);
  if (chaining?.tag !== 0x80 || encryption?.tag !== 0x81 || mac?.tag !== 0x82 || more.length > 0) return undefined;
  const [initialMacChainingValue, ppkEnc, ppkCmac] = [chaining, encryption, mac].map(field => tlvContent(octets, field));
  if (initialMacChainingValue?.length !== 16 || ppkEnc?.length !== 16 || ppkCmac?.length !== 16) return undefined;
  return { initialMacChainingValue, encryption: ppkEnc, mac: ppkCmac };
};

/** Receives a bound profile package segment by segment, as the ISD-R does through LoadBoundProfilePackage. SGP.22 2.5.5, 5.7.6 */
export const receiveProfile = (expected: Expectation): ProfileReceiver => {
  const opened = new Map<BppCommandId, Uint8Array>();
  let state: BspState | undefined;
  let ppk: BspKeys | undefined;
  let end: Reception | undefined;
  let packageLeft = 0;
  let group: Group | undefined;
  let groupLeft = 0;
  let plain: Uint8Array[] = [];

  const nextGroups = (): readonly Group[] => {
    const done = group ? GROUPS.indexOf(group) : -1;
    // A2 may be left out, so that A3 may follow A1.
    return GROUPS.slice(done + 1, done === 1 ? done + 3 : done + 2);
  };
  const currentCommand = (): BppCommandId => {
    if (!state) return 'initialiseSecureChannel';
    return (groupLeft > 0 ? group : (nextGroups().at(-1) ?? group))?.command ?? 'loadProfileElements';
  };

  const start = (segment: Uint8Array): Reception | undefined => {
    const outer = readHeader(segment);
    const request = outer?.tag === 0xbf36 ? readTlv(segment, outer.content) : undefined;
    if (!outer || !request || request.end !== segment.length) {
      return failure('initialiseSecureChannel', 'incorrectInputValues', 'expected tag and length of BF36 with the whole of BF23');
    }
    const channel = openChannel(segment.subarray(outer.content), expected);
    if ('ok' in channel) return channel;
    state = channel;
    packageLeft = outer.length - (segment.length - outer.content);
    return undefined;
  };

  const closeGroup = (finished: Group): Reception | undefined => {
    const octets = concat(...plain);
    plain = [];
    opened.set(finished.command, octets);
    const outer = readTlv(octets);
    if (finished.content !== 0 && (outer?.tag !== finished.content || outer.end !== octets.length)) {
      return failure(finished.command, 'incorrectInputValues', `expected one ${finished.content.toString(16).toUpperCase()}`);
    }
    const objection = expected.refuse?.(finished.command, octets);
    if (objection) return failure(finished.command, objection, 'refused by the eUICC');
    if (finished.command === 'replaceSessionKeys') {
      ppk = readReplacedKeys(octets);
      if (!ppk) return failure(finished.command, 'incorrectInputValues', 'expected three keys of 16 octets in 80, 81 and 82');
      state = startBsp(ppk);
    }
    if (finished.command !== 'loadProfileElements') return undefined;
    const part = (command: BppCommandId) => opened.get(command) ?? new Uint8Array();
    return { ok: true, configuration: part('configureISDP'), metadata: part('storeMetadata'), upp: octets, ...(ppk && { ppk }) };
  };

  const takeBlock = (block: Uint8Array, current: Group, from: BspState): Reception | undefined => {
    const header = readHeader(block);
    if (header?.tag !== current.block) {
      return failure(current.command, 'scp03tStructureError', `expected a block with tag ${current.block.toString(16)}`);
    }
    if (block.length > groupLeft)
      return failure(current.command, 'scp03tStructureError', `block exceeds its sequence by ${block.length - groupLeft} octets`);
    const result = unprotect(from, block, current.block === 0x88 ? 'macOnly' : 'encrypted', {
      maximum: expected.maximumBlock,
      ignoresMac: expected.overlooks?.('scp03tSecurityError'),
    });
    if (!result.ok) {
      return failure(current.command, result.problem === 'security' ? 'scp03tSecurityError' : 'scp03tStructureError', result.message);
    }
    state = result.next;
    plain.push(result.plain);
    groupLeft -= block.length;
    return groupLeft === 0 ? closeGroup(current) : undefined;
  };

  const take = (segment: Uint8Array): Reception | undefined => {
    if (!state) return start(segment);
    if (segment.length > packageLeft) {
      return failure(
        currentCommand(),
        'incorrectInputValues',
        `expected at most ${packageLeft} more octets in BF36, got ${segment.length}`,
      );
    }
    packageLeft -= segment.length;
    if (group && groupLeft > 0) return takeBlock(segment, group, state);
    const header = readHeader(segment);
    const found = (expected.anyOrder ? GROUPS : nextGroups()).find(candidate => candidate.header === header?.tag);
    if (!header || !found) {
      const wanted = nextGroups().map(candidate => candidate.header.toString(16).toUpperCase());
      return failure(currentCommand(), 'incorrectInputValues', `expected ${wanted.join(' or ')}, got ${hex(segment.subarray(0, 2))}`);
    }
    const rest = segment.subarray(header.content);
    if (header.length === 0 || header.length > packageLeft + rest.length) {
      return failure(found.command, 'incorrectInputValues', `expected blocks within BF36, got a length of ${header.length}`);
    }
    group = found;
    groupLeft = header.length;
    return rest.length > 0 ? takeBlock(rest, found, state) : undefined;
  };

  return {
    feed: segment => {
      end ??= take(segment);
      return end;
    },
  };
};

/** Opens a whole BoundProfilePackage at once, as the eUICC would through its segments. SGP.22 2.5.5 */
export const openProfile = (bpp: Uint8Array, expected: Expectation): Reception => {
  const segments = splitSegments(bpp);
  if (!segments) return failure('initialiseSecureChannel', 'incorrectInputValues', 'expected BF36 with BF23, A0, A1, A2 if any, and A3');
  const receiver = receiveProfile(expected);
  for (const segment of segments) {
    const end = receiver.feed(segment);
    if (end) return end;
  }
  return failure('loadProfileElements', 'installFailedDueToInterruption', 'the package ended early');
};
