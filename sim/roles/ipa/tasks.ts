/** eIM packages: taking them, carrying them out, delivering what came of them. SGP.32 3.1.1, 3.3.1 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, type Element, find, octetsOf } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { equal, readTlv } from '#protocol/asn1/tlv.js';
import { raw, type ValueOf } from '#protocol/asn1/type.js';
import { IpaEuiccDataRequest, IpaEuiccDataResponse } from '#protocol/iot/data.js';
import { ProvideEimPackageResult, type ProvideEimPackageResultResponse } from '#protocol/iot/esipa.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { ProfileDownloadTriggerResult } from '#protocol/iot/trigger.js';
import { ComposeError } from '../../role.js';
import { readTagList } from '../tag-list.js';
import { answerDataRequest } from './data-request.js';
import { eidOf, isEmergency, type Pending, pendingNotifications, removeAcknowledged, resultDataOf, storedResults } from './euicc-data.js';
import { downloadOf, notifiesServers } from './source.js';
import type { Device, Task } from './state.js';

const KINDS: ReadonlyMap<string, Task['kind']> = new Map([
  ['euiccPackageRequest', 'euiccPackage'],
  ['ipaEuiccDataRequest', 'dataRequest'],
  ['profileDownloadTriggerRequest', 'downloadTrigger'],
]);

const transactionIn = (message: Decoded): Uint8Array | undefined => {
  const found = find(message.root, '..eimTransactionId');
  const value = 'element' in found ? found.element.value : undefined;
  return value instanceof Uint8Array && value.length >= 1 && value.length <= 16 ? value : undefined;
};

/** Whether a message that carries an eIM package can be handled; the eUICC judges the inside of a BF51 itself. */
const problemOf = (message: Decoded, alternative: Element | undefined): Task['problem'] => {
  if (!alternative || alternative.name === '$unknown') return alternative ? 'unknownPackage' : 'invalidPackageFormat';
  const isWhole = readTlv(octetsOf(message, alternative)) !== undefined;
  const isForeign = alternative.name === 'euiccPackageRequest' && alternative.end === message.octets.length && isWhole;
  return message.ok || isForeign ? undefined : 'invalidPackageFormat';
};

/** Takes note of the package in GetEimPackageResponse or TransferEimPackageRequest; undefined: it carries none. */
export const takePackage = async (device: Device, message: Decoded): Promise<Task | undefined> => {
  const alternative = message.root.children[0];
  const kind = KINDS.get(alternative?.name ?? '');
  if (alternative?.name === 'eimPackageError' || alternative?.name === 'eimAcknowledgements') return undefined;
  const problem = problemOf(message, alternative);
  const eimTransactionId = device.decide.echoes(problem === 'unknownPackage' ? undefined : transactionIn(message));
  const octets = alternative ? octetsOf(message, alternative) : new Uint8Array();
  const task: Task =
    problem || !kind ? unusable(octets, eimTransactionId, problem ?? 'unknownPackage') : { kind, octets, eimTransactionId, wasSent: false };
  if (task.problem && device.decide.answersUnusable(task.problem) === undefined) return task;
  // A repeated package is the same task: its result, unless acknowledged, still waits.
  const known = device.tasks.find(t => t.kind === 'euiccPackage' && equal(t.octets, task.octets));
  if (known) known.wasSent = false;
  else enqueue(device, task.kind === 'downloadTrigger' ? await openDownload(device, task) : task);
  return known ?? device.tasks.at(-1);
};

/** More than any test looks back; a stand-alone IPA runs for days. */
const HISTORY = 100;
const enqueue = (device: Device, task: Task): void => {
  device.tasks.push(task);
  device.history.push(task);
  device.history.splice(0, device.history.length - HISTORY);
};

const unusable = (octets: Uint8Array, eimTransactionId: Uint8Array | undefined, problem: NonNullable<Task['problem']>): Task => ({
  kind: 'unusable',
  octets,
  eimTransactionId,
  problem,
  wasSent: false,
});

/** A trigger starts a download, unless what it needs is missing: then nothing was started and nothing is cancelled. */
const openDownload = async (device: Device, task: Task): Promise<Task> => {
  const { eimTransactionId, octets } = task;
  if (await isEmergency(device)) return { ...task, outcome: triggerResult(device, eimTransactionId, 104) };
  const download = await downloadOf(device, octets, task, eimTransactionId);
  if (!download && device.decide.reportsTriggerAs() === 'download')
    return { ...task, outcome: triggerResult(device, eimTransactionId, UNDEFINED_ERROR) };
  if (!download) return unusable(octets, eimTransactionId, 'invalidPackageFormat');
  device.download = download;
  return task;
};

const UNDEFINED_ERROR = 127;
const triggerResult = (device: Device, eimTransactionId: Uint8Array | undefined, reason: number): Uint8Array =>
  encode(
    ProfileDownloadTriggerResult,
    { eimTransactionId, profileDownloadTriggerResultData: { profileDownloadError: { profileDownloadErrorReason: reason } } },
    { spec: device.world.spec },
  );

const outcomeOfDownload = (device: Device, task: Task): Uint8Array => {
  const { download } = device;
  const installationResult = download?.task === task ? (download.reported ?? download.installationResult) : undefined;
  const { eimTransactionId } = task;
  if (!installationResult) return triggerResult(device, eimTransactionId, UNDEFINED_ERROR);
  const data = { profileInstallationResult: raw(installationResult) };
  return encode(ProfileDownloadTriggerResult, { eimTransactionId, profileDownloadTriggerResultData: data }, { spec: device.world.spec });
};

const packageOf = (task: Task, { world: { spec } }: Device) => decode(EuiccPackageRequest, task.octets, { spec }).value.euiccPackageSigned;

/** A result that the card kept to itself: success is never concluded from the status word. SGP.32 5.9.1 */
const storedResultOf = async (device: Device, counterValue: number | undefined): Promise<Uint8Array | undefined> => {
  const results = await storedResults(device);
  return results.find(({ octets }) => resultDataOf(octets, device)?.counterValue === counterValue)?.octets;
};

const execute = async (device: Device, task: Task): Promise<void> => {
  const { decide, config } = device;
  const { sw, octets } = await config.euicc.execute(decide.loads(task.octets));
  const content = packageOf(task, device);
  const isMissing = sw === '9000' && octets.length === 0 && decide.looksForMissingResult();
  const result = isMissing ? await storedResultOf(device, content?.counterValue) : octets;
  if (sw !== '9000' || !result?.length) {
    task.problem = 'undefinedError';
    return;
  }
  task.outcome = result;
  const data = resultDataOf(result, device);
  const operations = content?.euiccPackage?.psmoList;
  const facts = { hasPsmo: operations !== undefined, isSigned: data?.seqNumber !== undefined };
  task.takesNotifications = config.pendingWithResult !== false && decide.joinsNotifications(facts);
  if (data?.seqNumber === undefined) return;
  task.seqNumber = data.seqNumber;
  if (facts.hasPsmo) device.changes++;
  task.allowsRollback = operations?.some(o => o.enable?.rollbackFlag !== undefined) === true;
  task.hasEnabled = data.euiccResult?.some(r => r.enableResult === 0) === true;
};

/** Carries a package out, once; a download is carried out by its own messages. */
const carryOut = async (device: Device, task: Task): Promise<Uint8Array> => {
  if (task.outcome || task.problem) return task.outcome ?? new Uint8Array();
  if (task.kind === 'downloadTrigger') return outcomeOfDownload(device, task);
  if (task.kind === 'euiccPackage') await execute(device, task);
  else if (task.kind === 'dataRequest') task.outcome = await answerDataRequest(device, task.octets);
  return task.outcome ?? new Uint8Array();
};

/** The alternative of EimPackageResult: the outcome, with the notifications that are pending when both go together. */
const alternativeOf = async (device: Device, task: Task) => {
  const { decide } = device;
  const outcome = await carryOut(device, task);
  if (task.problem) {
    const { eimTransactionId, problem } = task;
    const eimPackageResultErrorCode = decide.answersUnusable(problem);
    if (eimPackageResultErrorCode === undefined) throw new ComposeError(`the IPA keeps to itself that a package ends with ${problem}`);
    return { eimPackageResultResponseError: { eimTransactionId, eimPackageResultErrorCode } };
  }
  if (task.kind === 'dataRequest') return { ipaEuiccDataResponse: raw(outcome) };
  if (task.kind === 'downloadTrigger') return { profileDownloadTriggerResult: raw(outcome) };
  const euiccPackageResult = raw(decide.forwards(outcome));
  const joins = task.takesNotifications === true && !(await notifiesServers(device));
  const pending = joins ? decide.orders(await pendingNotifications(device)) : [];
  task.joined = pending.map(n => n.seqNumber);
  if (pending.length === 0 && !(joins && decide.sendsEmptyList())) return { euiccPackageResult };
  return { ePRAndNotifications: { euiccPackageResult, notificationList: pending.map(n => raw(n.forEim)) } };
};

/** Carries out every eUICC package that was received, in order: each once, however often its result is composed. */
export const carryOutPackages = async (device: Device): Promise<void> => {
  for (const task of device.tasks) if (task.kind === 'euiccPackage') await carryOut(device, task);
};

/** Results for this eIM that the card still holds from before, as tasks in the order of their numbers. */
const leftOvers = async (device: Device): Promise<readonly Task[]> => {
  const { eimId } = device.config;
  const known = device.tasks.map(t => t.seqNumber);
  const isOwn = ({ octets, seqNumber }: Pending) =>
    !known.includes(seqNumber) && (eimId === undefined || resultDataOf(octets, device)?.eimId === eimId);
  return (await storedResults(device)).filter(isOwn).map(({ octets, seqNumber }) => ({
    kind: 'euiccPackage',
    octets,
    eimTransactionId: undefined,
    outcome: octets,
    seqNumber,
    wasSent: false,
  }));
};

/** What was left over when the device started is delivered before anything else. SGP.32 3.8 */
export const takeUpLeftOvers = async (device: Device): Promise<void> => {
  if (!device.mayHaveLeftOvers) return;
  device.mayHaveLeftOvers = false;
  if (!device.decide.looksForResults()) return;
  for (const task of await leftOvers(device)) enqueue(device, task);
};

/** The oldest task that no answer came to, then the oldest one whose answer did not acknowledge it. */
export const nextTask = (device: Device): Task | undefined => device.tasks.find(t => !t.wasSent) ?? device.tasks[0];

/** The ProvideEimPackageResult (BF50) to send now. SGP.32 6.3.2.7 */
export const composeResult = async (device: Device): Promise<Uint8Array> => {
  await carryOutPackages(device);
  const task = nextTask(device) ?? (await leftOvers(device))[0];
  if (!task) throw new ComposeError('the IPA has no result to provide: no eIM package was received, and the eUICC keeps none');
  if (!device.tasks.includes(task)) enqueue(device, task);
  device.sending = task;
  const eidValue = device.config.eidInResult === false ? undefined : device.decide.providesAs(await eidOf(device));
  return encode(ProvideEimPackageResult, { eidValue, eimPackageResult: await alternativeOf(device, task) }, { spec: device.world.spec });
};

/** What the eIM made of the outcome: acknowledged objects leave the card, everything else stays for a later attempt. */
export const takeResultResponse = async (device: Device, response: ValueOf<typeof ProvideEimPackageResultResponse>): Promise<void> => {
  const task = device.sending;
  const sent = [...(task?.seqNumber === undefined ? [] : [task.seqNumber]), ...(task?.joined ?? [])];
  const { eimAcknowledgements: acknowledged = [], provideEimPackageResultError: error } = response;
  await acknowledge(device, device.decide.removes({ acknowledged, error, sent }));
  device.sending = undefined;
  if (!task || !device.tasks.includes(task)) return;
  const isTaken = error === undefined && task.seqNumber === undefined;
  if (isTaken && task.kind === 'dataRequest') noteTold(device, task);
  if (isTaken) finishTask(device, task);
  else task.wasSent = true;
};

/** What the eIM knows of the eUICC from now on. */
const noteTold = ({ told, known, world: { spec } }: Device, { octets, outcome }: Task): void => {
  if (!outcome || !decode(IpaEuiccDataResponse, outcome, { spec }).value.ipaEuiccData) return;
  for (const tag of readTagList(decode(IpaEuiccDataRequest, octets, { spec }).value.tagList) ?? []) told.add(tag);
  // Notifications were read in the form that was right up to now.
  delete known.pending;
};

/** The eIM has the outcome of a task: nothing is left to do for it. */
export const finishTask = (device: Device, task: Task): void => {
  const at = device.tasks.indexOf(task);
  if (at >= 0) device.tasks.splice(at, 1);
  if (device.download?.task === task) device.download.isOver = true;
};

/** Removes acknowledged objects from the card and completes the tasks they belong to. */
export const acknowledge = async (device: Device, seqNumbers: readonly number[]): Promise<void> => {
  await removeAcknowledged(device, seqNumbers);
  const done = device.tasks.filter(t => t.seqNumber !== undefined && seqNumbers.includes(t.seqNumber));
  for (const task of done) finishTask(device, task);
};

/** The outcome of one package for TransferEimPackageResponse, where the eIM is the client. SGP.32 6.3.3.1 */
export const outcomeForTransfer = async (device: Device, task: Task) => {
  const alternative = await alternativeOf(device, task);
  device.sending = task;
  if (task.seqNumber === undefined) finishTask(device, task);
  return alternative;
};
