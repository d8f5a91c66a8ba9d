/** The way back from a profile over which a result cannot be delivered. SGP.32 3.3.1, 5.9.16 */
import { fieldOctets } from '#protocol/asn1/element.js';
import { ProfileRollbackRequest, ProfileRollbackResponse } from '#protocol/iot/es10b.js';
import { ask } from './card.js';
import { resultDataOf } from './euicc-data.js';
import type { Device } from './state.js';

/** Once per package, and only where it enabled a profile with leave to return; the new result takes the place of the old one. */
export const rollBack = async (device: Device): Promise<boolean> => {
  const { config, decide, world } = device;
  const task = device.sending ?? device.tasks.findLast(t => t.seqNumber !== undefined);
  if (!task) return false;
  const { allowsRollback: isAllowed = false, hasEnabled = false, rollbacks: attempts = 0 } = task;
  if (!decide.rollsBack({ isAllowed, hasEnabled, attempts })) return false;
  task.rollbacks = attempts + 1;
  const response = await ask(config.euicc, world.spec, ProfileRollbackRequest, { refreshFlag: true }, ProfileRollbackResponse);
  const result = fieldOctets(response, 'eUICCPackageResult');
  const seqNumber = result && resultDataOf(result, device)?.seqNumber;
  if (!result || seqNumber === undefined) return false;
  task.outcome = result;
  task.seqNumber = seqNumber;
  task.wasSent = false;
  return response.value.cmdResult === 0;
};
