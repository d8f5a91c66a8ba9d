/** Packages that the eIM brings by itself. SGP.32 3.1.1.2, 6.3.3.1 */
import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import * as esipa from '#protocol/iot/esipa.js';
import type { Composed } from '../../role.js';
import { eidOf } from './euicc-data.js';
import { type Device, PACKAGE_PROBLEMS, type Task } from './state.js';
import { acknowledge, outcomeForTransfer, takePackage } from './tasks.js';

type Response = InputOf<ValueOf<typeof esipa.TransferEimPackageResponse>>;

/** Which package an answer without a result is about. SGP.32 v1.3 6.3.3.1 */
const correlationOf = async (device: Device, task: Task | undefined) =>
  task?.eimTransactionId ? { eimTransactionId: task.eimTransactionId } : { eidValue: await eidOf(device) };

/** What comes of a transfer: a message with a result, nothing yet, or an error. */
type Outcome = { readonly result: Response } | { readonly received: true } | { readonly error: number };

const outcomeOf = async (device: Device, message: Decoded, task: Task | undefined): Promise<Outcome> => {
  const { decide } = device;
  if (!task && !message.ok) return { error: PACKAGE_PROBLEMS.invalidPackageFormat };
  if (!task) {
    // Only the types of the message's own definition have this field.
    const { eimAcknowledgements = [] } = message.value as ValueOf<typeof esipa.TransferEimPackageRequest>;
    await acknowledge(device, decide.removes({ acknowledged: eimAcknowledgements, error: undefined, sent: [] }));
    return { received: true };
  }
  if (task.kind === 'downloadTrigger' || (task.kind !== 'unusable' && decide.defersResult())) return { received: true };
  const outcome = await outcomeForTransfer(device, task);
  if ('eimPackageResultResponseError' in outcome && outcome.eimPackageResultResponseError)
    return { error: outcome.eimPackageResultResponseError.eimPackageResultErrorCode };
  if ('euiccPackageResult' in outcome) return { result: { euiccPackageResult: outcome.euiccPackageResult } };
  if ('ePRAndNotifications' in outcome) return { result: { ePRAndNotifications: outcome.ePRAndNotifications } };
  if ('ipaEuiccDataResponse' in outcome) return { result: { ipaEuiccDataResponse: outcome.ipaEuiccDataResponse } };
  return { received: true };
};

const responseFor = async (device: Device, outcome: Outcome, task: Task | undefined): Promise<Response> => {
  if ('result' in outcome) return outcome.result;
  const names = device.world.spec === '1.3' && device.decide.correlates();
  if (!names) return 'error' in outcome ? { eimPackageError: outcome.error } : { eimPackageReceived: null };
  const correlationId = await correlationOf(device, task);
  return 'error' in outcome
    ? { eimPackageErrorWithCid: { correlationId, eimPackageError: outcome.error } }
    : { eimPackageReceivedWithCid: { correlationId } };
};

/** The eIM is the client: a package to carry out, or acknowledgements. SGP.32 6.3.3.1 */
export const answerTransfer = async (device: Device, message: Decoded): Promise<Composed> => {
  const task = await takePackage(device, message);
  const value = await responseFor(device, await outcomeOf(device, message, task), task);
  const type = esipa.TransferEimPackageResponse;
  return { type, octets: device.decide.outgoing(type.name, encode(type, value, { spec: device.world.spec })) };
};
