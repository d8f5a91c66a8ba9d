/** ES10b.LoadEuiccPackage: verification, execution and result of a package. SGP.32 3.3.1, 5.9.1, 2.11.1.1 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, type Element, fieldOctets, find } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { concat, equal } from '#protocol/asn1/tlv.js';
import type { ValueOf } from '#protocol/asn1/type.js';
import { verify } from '#protocol/crypto/ecdsa.js';
import { type Eco, EuiccPackageRequest, type Psmo } from '#protocol/iot/package.js';
import { EuiccPackageResultDataSigned } from '#protocol/iot/result.js';
import { associationTokenTlv } from '#protocol/signatures.js';
import { executeEco } from './eco.js';
import { hindrance } from './judgement.js';
import { notify } from './notifications.js';
import type { Prepared } from './profile-operations.js';
import { unreadableList } from './profiles.js';
import { executePsmo, type OperationResult, type Outcome } from './psmo.js';
import { changeProfile } from './refresh.js';
import { type Answered, signedError, storeResult, unsignedError } from './results.js';
import { type Chip, type Eim, isEmergency, MAXIMUM_COUNTER, type ResultContent } from './state.js';
import { switchProfile, withdrawRollback } from './switching.js';

/** What an eUICC of this kind has room for, unless its configuration says otherwise. */
const LARGEST_PACKAGE = 0x4000;
const SIGNED = 'euiccPackageSigned';
const UNDEFINED_ERROR = 127;
const UNKNOWN = '$unknown';
const LIST = /^euiccPackageSigned\.euiccPackage\.(?:psmoList|ecoList)(?:\.(\d+|\$unknown).*)?$/;

/** An operation of the list; without a value when its octets are damaged or its tag is unknown. */
interface Operation {
  readonly kind: 'psmoList' | 'ecoList';
  /** `enable`, `addEim` …; `$unknown` for a tag that no operation has. */
  readonly name: string;
  readonly value: unknown;
}

interface Readable {
  readonly message: Decoded<ValueOf<typeof EuiccPackageRequest>>;
  readonly operations: readonly Operation[];
}

/** Damage inside one operation is that operation's matter; anything else makes the whole command unreadable. */
const read = (message: Decoded<ValueOf<typeof EuiccPackageRequest>>): Readable | undefined => {
  const damaged = new Set<string>();
  for (const { severity, path, code } of message.diagnostics) {
    // A card takes definite lengths only. ISO 7816-4 5.2.2
    if (severity !== 'error' && code !== 'indefiniteLength') continue;
    const place = LIST.exec(path);
    // An element with a tag that no operation has is reported for the list as a whole.
    if (!place || (place[1] === undefined && code !== 'unexpected')) return undefined;
    damaged.add(place[1] ?? UNKNOWN);
  }
  const found = find(message.root, `${SIGNED}.euiccPackage`);
  const list: Element | undefined = 'element' in found ? found.element.children[0] : undefined;
  if (!list || (list.name !== 'psmoList' && list.name !== 'ecoList')) return undefined;
  const kind: Operation['kind'] = list.name;
  const isDamaged = (position: string) => position === UNKNOWN || damaged.has(position);
  const operations = list.children.map(({ name: position, value, children: [chosen] }) => ({
    kind,
    name: chosen?.name ?? UNKNOWN,
    value: isDamaged(position) ? undefined : value,
  }));
  return { message, operations };
};

/** A field of a command that may be damaged elsewhere. */
const salvage = (message: Decoded, path: string): unknown => {
  const found = find(message.root, path);
  return 'element' in found ? found.element.value : undefined;
};
const transactionOf = (message: Decoded): Uint8Array | undefined => {
  const id = salvage(message, `${SIGNED}.eimTransactionId`);
  return id instanceof Uint8Array && id.length >= 1 && id.length <= 16 ? id : undefined;
};

/** Executes one command; the answer is an EuiccPackageResult, BF51. Undefined: not even the sender can be read. */
export const loadEuiccPackage = (chip: Chip, command: Uint8Array): Uint8Array | undefined => {
  const message = decode(EuiccPackageRequest, command, { spec: chip.world.spec });
  const readable = read(message);
  const eimTransactionId = transactionOf(message);
  const eimId = salvage(message, `${SIGNED}.eimId`);
  if (!readable)
    return typeof eimId === 'string' && eimId.length >= 1 && eimId.length <= 128 && chip.decisions.performs('answerUnreadable')
      ? unsignedError(chip, { eimId, eimTransactionId }, UNDEFINED_ERROR)
      : undefined;
  const { euiccPackageSigned: signed, eimSignature } = message.value;
  const { decisions, memory } = chip;
  const eims = memory.eims.map(e => e.eimId);
  const found = decisions.findsEim(eims, signed.eimId);
  const eim = memory.eims.find(e => e.eimId === found);
  // Nothing is signed for a sender that is not authenticated.
  if (!eim) return unsignedError(chip, { eimId: signed.eimId, eimTransactionId });
  const { associationToken } = eim;
  const token = associationTokenTlv(decisions.tokenForVerifying(associationToken));
  const covered = concat(fieldOctets(message, SIGNED) ?? new Uint8Array(), token);
  const isGenuine =
    eim.key !== undefined && decisions.verifiesOn(eim.key.curve) && verify(eim.key, covered, decisions.readsSignature(eimSignature));
  const count = (outcome: Parameters<typeof decisions.counterAfter>[2]): void => {
    eim.counterValue = decisions.counterAfter(eim.counterValue, signed.counterValue, outcome);
  };
  const content: Answered = {
    eimId: signed.eimId,
    counterValue: signed.counterValue,
    eimTransactionId,
    associationToken,
    euiccCiPKId: eim.euiccCiPKId,
    eimSignature: fieldOctets(message, 'eimSignature') ?? new Uint8Array(),
  };
  const error = errorIn(chip, eim, signed, { isGenuine, size: command.length, operations: readable.operations.length });
  count(error?.check ?? 'executed');
  if (error?.check === 'signature')
    return unsignedError(chip, { eimId: signed.eimId, eimTransactionId, associationToken }, UNDEFINED_ERROR);
  return error ? signedError(chip, content, error.code) : execute(chip, content, readable.operations);
};

/** Codes of EuiccPackageErrorCode; a wrong signature has none, for its refusal is not signed. SGP.32 2.11.2.1 */
const CODES = { invalidEid: 3, replayError: 4, counterValueOutOfRange: 6, sizeOverflow: 15, ecallActive: 104 } as const;
const NO_CODE = 0;

const errorIn = (
  chip: Chip,
  eim: Eim,
  signed: ValueOf<typeof EuiccPackageRequest>['euiccPackageSigned'],
  seen: { readonly isGenuine: boolean; readonly size: number; readonly operations: number },
) => {
  const { packageOctets = LARGEST_PACKAGE, operations = seen.operations } = chip.config.limits ?? {};
  const counters = chip.memory.eims.map(e => e.counterValue);
  const stored = chip.decisions.storedCounter(eim.counterValue, counters, signed.counterValue);
  return hindrance(chip, 'loadEuiccPackage', [
    ['signature', NO_CODE, !seen.isGenuine],
    ['eid', CODES.invalidEid, !equal(signed.eidValue, chip.eid)],
    ['replay', CODES.replayError, signed.counterValue <= stored],
    ['range', CODES.counterValueOutOfRange, signed.counterValue > MAXIMUM_COUNTER],
    ['size', CODES.sizeOverflow, seen.size > packageOctets || seen.operations > operations],
    ['emergency', CODES.ecallActive, isEmergency(chip)],
  ]);
};

const TERMINATED = { resultSizeOverflow: 1, unknownOrDamagedCommand: 2 } as const;

const executeOne = (chip: Chip, prepared: Prepared, { kind, name, value }: Operation): Outcome | undefined => {
  // The one operation with a code for what cannot be read. SGP.32 5.9.14
  if (name === 'listProfileInfo' && value === undefined)
    return { result: { listProfileInfoResult: unreadableList(chip) }, isSuccess: false };
  if (typeof value !== 'object' || value === null) return undefined;
  // The decoder found no error in it, so that it has the type of its list.
  return kind === 'psmoList' ? executePsmo(chip, prepared, value as ValueOf<typeof Psmo>) : executeEco(chip, value as ValueOf<typeof Eco>);
};

const isTooLong = (chip: Chip, content: Answered, operations: readonly OperationResult[]): boolean => {
  const { resultOctets } = chip.config.limits ?? {};
  if (resultOctets === undefined) return false;
  const { eimId, counterValue } = content;
  const around = encode(
    EuiccPackageResultDataSigned,
    { eimId, counterValue, seqNumber: 0, euiccResult: [] },
    { spec: chip.world.spec },
  ).length;
  const whole = encode(
    EuiccPackageResultDataSigned,
    { eimId, counterValue, seqNumber: 0, euiccResult: operations },
    { spec: chip.world.spec },
  ).length;
  return whole - around > resultOctets;
};

/** Strictly in order; the first operation without success is the last one reported. SGP.32 2.11.2.1 */
const execute = (chip: Chip, content: Answered, list: readonly Operation[]): Uint8Array => {
  const { decisions } = chip;
  const prepared: Prepared = { deleted: [] };
  const results: OperationResult[] = [];
  let isSuccess = list.length > 0;
  const terminate = (code: number): boolean => {
    const processingTerminated = decisions.terminates(code);
    if (processingTerminated !== undefined) results.push({ processingTerminated });
    return processingTerminated !== undefined;
  };
  if (list.length === 0) terminate(TERMINATED.unknownOrDamagedCommand);
  for (const operation of decisions.ordersOperations(list)) {
    const outcome = executeOne(chip, prepared, operation);
    if (outcome && !isTooLong(chip, content, [...results, outcome.result])) {
      results.push(outcome.result);
      isSuccess = outcome.isSuccess;
      const behind = isSuccess ? undefined : decisions.terminatesFailure();
      if (behind !== undefined) results.push({ processingTerminated: behind });
      if (!decisions.goesOn(isSuccess)) break;
    } else {
      isSuccess = false;
      if (terminate(outcome ? TERMINATED.resultSizeOverflow : TERMINATED.unknownOrDamagedCommand)) break;
    }
  }
  return finish(chip, { ...content, operations: results }, prepared, isSuccess);
};

/** The result first, then what the operations prepared: REFRESH comes after the answer. SGP.32 3.3.1 */
const finish = (chip: Chip, content: ResultContent, prepared: Prepared, isSuccess: boolean): Uint8Array => {
  const { memory } = chip;
  const stored = storeResult(chip, content);
  const { enable, disable, deleted, reference } = prepared;
  const isSwitch = enable !== undefined || disable !== undefined;
  // A grant ends with the next package that succeeds or switches; an enable with rollbackFlag gives a new one.
  if (isSuccess || isSwitch) withdrawRollback(chip);
  changeProfile(chip, isSwitch, () => {
    const caused = isSwitch ? switchProfile(chip, enable, disable) : [];
    memory.profiles = memory.profiles.filter(p => !deleted.includes(p));
    for (const profile of deleted) notify(chip, profile, 'delete');
    if (isSwitch) memory.fallbackReturn = undefined;
    if (enable && reference && chip.decisions.performs('grantRollback')) {
      memory.rollback = { enabled: enable.iccid, reference: reference.iccid, content, caused: [stored.seqNumber, ...caused] };
    }
  });
  return stored.octets;
};
