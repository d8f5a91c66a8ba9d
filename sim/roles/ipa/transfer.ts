/** Packages that the eIM brings by itself. SGP.32 3.1.1.2, 6.3.3.1 */
import type { Decoded } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import * as esipa from '#protocol/iot/esipa.js';
import type { Composed } from '../../role.js';
import { type Device, PACKAGE_PROBLEMS } from './state.js';
import { acknowledge, outcomeForTransfer, takePackage } from './tasks.js';

/** The eIM is the client: a package to carry out, or acknowledgements. SGP.32 6.3.3.1 */
export const answerTransfer = async (device: Device, message: Decoded): Promise<Composed> => {
  const { spec } = device.world;
  const type = esipa.TransferEimPackageResponse;
  const answer = (value: InputOf<ValueOf<typeof type>>): Composed => ({ type, octets: encode(type, value, { spec }) });
  const task = await takePackage(device, message);
  if (!task && !message.ok) return answer({ eimPackageError: PACKAGE_PROBLEMS.invalidPackageFormat });
  if (!task) {
    // Only the types of the message's own definition have this field.
    const { eimAcknowledgements } = message.value as ValueOf<typeof esipa.TransferEimPackageRequest>;
    await acknowledge(device, eimAcknowledgements ?? []);
    return answer({ eimPackageReceived: null });
  }
  if (task.kind === 'downloadTrigger') return answer({ eimPackageReceived: null });
  const outcome = await outcomeForTransfer(device, task);
  if ('eimPackageResultResponseError' in outcome && outcome.eimPackageResultResponseError)
    return answer({ eimPackageError: outcome.eimPackageResultResponseError.eimPackageResultErrorCode });
  if ('euiccPackageResult' in outcome) return answer({ euiccPackageResult: outcome.euiccPackageResult });
  if ('ePRAndNotifications' in outcome) return answer({ ePRAndNotifications: outcome.ePRAndNotifications });
  if ('ipaEuiccDataResponse' in outcome) return answer({ ipaEuiccDataResponse: outcome.ipaEuiccDataResponse });
  return answer({ eimPackageReceived: null });
};
