/** eIM configuration operations of a package. SGP.32 2.11.1.1.2, 3.5.1 */
import type { ValueOf } from '#protocol/asn1/type.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import type { Eco } from '#protocol/iot/package.js';
import { credentialFor } from './credentials.js';
import { associate, checkNewEim, isCounter, signingKey, updateWith } from './eims.js';
import { coded, type Outcome } from './psmo.js';
import { breaksDown, type Chip } from './state.js';

const OK = 0;
const NOT_FOUND = 1;
const LAST_EIM_DELETED = 2;
const CI_UNKNOWN = 3;
const COUNTER_OUT_OF_RANGE = 6;
const COMMAND_ERROR = 7;
const UNDEFINED_ERROR = 127;
const PROPRIETARY = 3;

type Configuration = ValueOf<typeof EimConfigurationData>;

const addEim = (chip: Chip, given: Configuration): Outcome => {
  const refusal = breaksDown(chip, 'addEim') ? UNDEFINED_ERROR : checkNewEim(chip, given, chip.memory.eims);
  if (refusal !== undefined) return { result: { addEimResult: { addEimResultCode: refusal } }, isSuccess: false };
  const token = associate(chip, given)?.associationToken;
  return { result: { addEimResult: token === undefined ? { addEimResultCode: OK } : { associationToken: token } }, isSuccess: true };
};

const deleteEim = (chip: Chip, eimId: string): number => {
  const { memory } = chip;
  if (breaksDown(chip, 'deleteEim')) return UNDEFINED_ERROR;
  if (eimId === '' || eimId.length > 128) return COMMAND_ERROR;
  if (!memory.eims.some(eim => eim.eimId === eimId)) return NOT_FOUND;
  memory.eims = memory.eims.filter(eim => eim.eimId !== eimId);
  return memory.eims.length === 0 ? LAST_EIM_DELETED : OK;
};

const updateEim = (chip: Chip, given: Configuration): number => {
  const eim = chip.memory.eims.find(e => e.eimId === given.eimId);
  if (breaksDown(chip, 'updateEim')) return UNDEFINED_ERROR;
  if (!eim) return NOT_FOUND;
  if (given.eimPublicKeyData && !signingKey(given.eimPublicKeyData)) return COMMAND_ERROR;
  if (given.euiccCiPKId && !credentialFor(chip.credentials, given.euiccCiPKId)) return CI_UNKNOWN;
  const { counterValue } = given;
  // A lower counter would let old packages in again, unless the key that signed them goes.
  const goesBack = counterValue !== undefined && counterValue < eim.counterValue && !given.eimPublicKeyData;
  if (counterValue !== undefined && (!isCounter(counterValue) || goesBack)) return COUNTER_OUT_OF_RANGE;
  updateWith(eim, given);
  return OK;
};

const listEim = (chip: Chip): Outcome => {
  if (breaksDown(chip, 'listEim')) return { result: { listEimResult: { listEimError: UNDEFINED_ERROR } }, isSuccess: false };
  const eimIdList = chip.memory.eims.map(({ eimId, data: { eimIdType } }) =>
    eimIdType === undefined || eimIdType === PROPRIETARY ? { eimId } : { eimId, eimIdType },
  );
  return { result: { listEimResult: { eimIdList } }, isSuccess: true };
};

/** Executes one operation; undefined: this eUICC does not know it. */
export const executeEco = (chip: Chip, operation: ValueOf<typeof Eco>): Outcome | undefined => {
  if (operation.addEim) return addEim(chip, operation.addEim);
  if (operation.updateEim) return coded(updateEim(chip, operation.updateEim), updateEimResult => ({ updateEimResult }));
  if (operation.listEim) return listEim(chip);
  if (!operation.deleteEim) return undefined;
  const code = deleteEim(chip, operation.deleteEim.eimId);
  return { result: { deleteEimResult: code }, isSuccess: code === OK || code === LAST_EIM_DELETED };
};
