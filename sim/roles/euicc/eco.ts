/** eIM configuration operations of a package. SGP.32 2.11.1.1.2, 3.5.1 */
import type { ValueOf } from '#protocol/asn1/type.js';
import type { EimConfigurationData } from '#protocol/iot/eim-configuration.js';
import type { Eco } from '#protocol/iot/package.js';
import { credentialFor } from './credentials.js';
import { associate, checkNewEim, isCounter, signingKey, updateWith } from './eims.js';
import { type Check, refusal } from './judgement.js';
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

const broken = (chip: Chip, name: string): Check => ['breakdown', UNDEFINED_ERROR, breaksDown(chip, name)];

const addEim = (chip: Chip, given: Configuration): Outcome => {
  const code = refusal(chip, 'addEim', [broken(chip, 'addEim')]) ?? checkNewEim(chip, 'addEim', given, chip.memory.eims);
  if (code !== undefined) return { result: { addEimResult: { addEimResultCode: code } }, isSuccess: code === OK };
  const token = associate(chip, given)?.associationToken;
  return { result: { addEimResult: token === undefined ? { addEimResultCode: OK } : { associationToken: token } }, isSuccess: true };
};

const deleteEim = (chip: Chip, eimId: string): number => {
  const { memory, decisions } = chip;
  const code = refusal(chip, 'deleteEim', [
    broken(chip, 'deleteEim'),
    ['form', COMMAND_ERROR, eimId === '' || eimId.length > 128],
    ['found', NOT_FOUND, !memory.eims.some(eim => eim.eimId === eimId)],
  ]);
  if (code !== undefined) return code;
  if (decisions.performs('deleteEim')) memory.eims = memory.eims.filter(eim => eim.eimId !== eimId);
  return memory.eims.length === 0 ? LAST_EIM_DELETED : OK;
};

const updateEim = (chip: Chip, given: Configuration): number => {
  const eim = chip.memory.eims.find(e => e.eimId === given.eimId);
  const { counterValue, eimPublicKeyData, euiccCiPKId } = given;
  // A lower counter would let old packages in again, unless the key that signed them goes.
  const goesBack = counterValue !== undefined && eim !== undefined && counterValue < eim.counterValue && !eimPublicKeyData;
  const code = refusal(chip, 'updateEim', [
    broken(chip, 'updateEim'),
    ['found', NOT_FOUND, eim === undefined],
    ['form', COMMAND_ERROR, eimPublicKeyData !== undefined && !signingKey(eimPublicKeyData)],
    ['ciPKId', CI_UNKNOWN, euiccCiPKId !== undefined && !credentialFor(chip.credentials, euiccCiPKId)],
    ['range', COUNTER_OUT_OF_RANGE, counterValue !== undefined && !isCounter(counterValue)],
    ['counter', COUNTER_OUT_OF_RANGE, goesBack],
  ]);
  if (code === undefined && eim) updateWith(chip, eim, given);
  return code ?? OK;
};

const listEim = (chip: Chip): Outcome => {
  const code = refusal(chip, 'listEim', [broken(chip, 'listEim')]);
  if (code !== undefined) return { result: { listEimResult: { listEimError: code } }, isSuccess: false };
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
