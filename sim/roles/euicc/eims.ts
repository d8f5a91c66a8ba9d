/** The Associated eIMs of a simulated eUICC: reading, adding and showing their configuration. SGP.32 2.11.1.1.1, 5.9.4, 5.9.18 */

import type { InputOf, ValueOf } from '#protocol/asn1/type.js';
import { type PublicKey, publicKeyFromSpki } from '#protocol/crypto/key.js';
import type { AddInitialEimResponse, EimConfigurationData, GetEimConfigurationDataResponse } from '#protocol/iot/eim-configuration.js';
import { isProblem, parseCertificate } from '#protocol/x509/certificate.js';
import { type Credential, credentialFor } from './credentials.js';
import type { EuiccDecisions } from './decisions.js';
import { refusal } from './judgement.js';
import { breaksDown, type Chip, type Eim, MAXIMUM_COUNTER } from './state.js';

type Configuration = ValueOf<typeof EimConfigurationData>;
type KeyData = Configuration['eimPublicKeyData'];

/** The token that asks the eUICC to allocate one. SGP.32 2.11.1.1.1 */
const ALLOCATE = -1;

/** The signing key of an eIM; no chain and no validity is looked at. Undefined when it is none of the eUICC's curves. */
export const signingKey = (data: KeyData): PublicKey | undefined => {
  if (data?.eimPublicKey) return publicKeyFromSpki(data.eimPublicKey);
  const certificate = data?.eimCertificate && parseCertificate(data.eimCertificate);
  return certificate && !isProblem(certificate) ? certificate.publicKey : undefined;
};

/** Whether a counterValue can be stored. */
export const isCounter = (value: number): boolean => value >= 0 && value <= MAXIMUM_COUNTER;

/** Present fields of one configuration laid over another. */
const over = (base: Eim['data'], given: Configuration): Eim['data'] => {
  const { eimId: _, counterValue: __, associationToken: ___, ...rest } = given;
  return { ...base, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
};

/** An eIM from its configuration, with the defaults an eUICC assigns; undefined when counter or key data are missing. */
export const eimFrom = (
  given: { readonly [K in keyof Configuration]: Configuration[K] | undefined } & { readonly eimId: string },
  associationToken: number | undefined,
  credentials: readonly Credential[],
  assigned: ReturnType<EuiccDecisions['assignsDefaults']>,
): Eim | undefined => {
  const { eimId, counterValue, eimPublicKeyData } = given;
  const euiccCiPKId = given.euiccCiPKId ?? credentials[0]?.ciPKId;
  if (!eimId || counterValue === undefined || !eimPublicKeyData || !euiccCiPKId) return undefined;
  const defaults = { ...assigned, euiccCiPKId };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const data = over(defaults, { ...present, eimId });
  return { eimId, counterValue, associationToken, key: signingKey(eimPublicKeyData), data, euiccCiPKId };
};

/** Why an eIM cannot be added; the codes of addEim and AddInitialEim agree. SGP.32 2.11.2.1, 5.9.4 */
const CODES = {
  insufficientMemory: 1,
  associatedEimAlreadyExists: 2,
  ciPKUnknown: 3,
  invalidAssociationToken: 5,
  counterValueOutOfRange: 6,
  commandError: 7,
  undefinedError: 127,
} as const;

/** Checks one configuration; `others` are the eIMs that will exist beside it. */
export const checkNewEim = (
  chip: Chip,
  of: 'addEim' | 'addInitialEim',
  given: Configuration,
  others: readonly { readonly eimId: string }[],
): number | undefined => {
  const { limits, memoryFull } = chip.config;
  const { eimId, counterValue, associationToken, euiccCiPKId } = given;
  const isFull = memoryFull === true || others.length >= (limits?.eims ?? Number.POSITIVE_INFINITY);
  return refusal(chip, of, [
    ['exists', CODES.associatedEimAlreadyExists, others.some(eim => eim.eimId === eimId)],
    ['form', CODES.commandError, !eimId || counterValue === undefined || !signingKey(given.eimPublicKeyData)],
    ['ciPKId', CODES.ciPKUnknown, euiccCiPKId !== undefined && !credentialFor(chip.credentials, euiccCiPKId)],
    ['associationToken', CODES.invalidAssociationToken, associationToken !== undefined && associationToken !== ALLOCATE],
    ['counter', CODES.counterValueOutOfRange, counterValue !== undefined && !isCounter(counterValue)],
    ['memory', CODES.insufficientMemory, isFull],
  ]);
};

/** Stores an eIM that was checked; allocates the next association token when one is asked for. */
export const associate = (chip: Chip, given: Configuration): Eim | undefined => {
  const { memory, decisions, credentials } = chip;
  const token = decisions.allocatesToken(given.associationToken === ALLOCATE, memory.nextAssociationToken);
  if (token === memory.nextAssociationToken) memory.nextAssociationToken += 1;
  const eim = eimFrom(given, token, credentials, decisions.assignsDefaults(chip.world.spec));
  if (eim && decisions.performs('addEim')) memory.eims.push(eim);
  return eim;
};

/** Lays the present fields of an update over an eIM; eimId and associationToken stay. SGP.32 5.13 (updateEim) */
export const updateWith = ({ decisions, world }: Chip, eim: Eim, given: Configuration): void => {
  const { euiccCiPKId } = eim;
  eim.data = over(decisions.performs('keepUnnamedData') ? eim.data : { ...decisions.assignsDefaults(world.spec), euiccCiPKId }, given);
  eim.euiccCiPKId = given.euiccCiPKId ?? euiccCiPKId;
  eim.associationToken = decisions.tokenAfterUpdate(eim.associationToken, given.associationToken);
  if (decisions.performs('updateCounter')) eim.counterValue = given.counterValue ?? eim.counterValue;
  if (given.eimPublicKeyData && decisions.performs('updateKey')) eim.key = signingKey(given.eimPublicKeyData);
};

/** An eIM as GetEimConfigurationData shows it, with its current counter. */
export const configurationOf = (eim: Eim): Configuration => ({
  ...eim.data,
  eimId: eim.eimId,
  counterValue: eim.counterValue,
  ...(eim.associationToken !== undefined && { associationToken: eim.associationToken }),
});

/** ES10b.AddInitialEim: all or nothing, and only while there is no eIM. SGP.32 5.9.4 */
export const addInitialEim = (chip: Chip, list: readonly Configuration[]): InputOf<ValueOf<typeof AddInitialEimResponse>> => {
  const code = refusal(chip, 'addInitialEim', [
    ['breakdown', CODES.undefinedError, breaksDown(chip, 'addInitialEim')],
    ['associated', CODES.associatedEimAlreadyExists, chip.memory.eims.length > 0],
    ['form', CODES.commandError, list.length === 0],
  ]);
  if (code !== undefined) return { addInitialEimError: code };
  for (const [n, given] of list.entries()) {
    const wrong = checkNewEim(chip, 'addInitialEim', given, list.slice(0, n));
    if (wrong === undefined) continue;
    if (!chip.decisions.performs('addAllOrNothing')) for (const earlier of list.slice(0, n)) associate(chip, earlier);
    return { addInitialEimError: wrong };
  }
  return {
    addInitialEimOk: list.map(given => {
      const token = associate(chip, given)?.associationToken;
      return token === undefined ? { addOk: null } : { associationToken: token };
    }),
  };
};

/** ES10b.GetEimConfigurationData: all eIMs, or the one asked for. SGP.32 5.9.18 */
export const eimConfigurationData = (chip: Chip, eimId: string | undefined): InputOf<ValueOf<typeof GetEimConfigurationDataResponse>> => ({
  eimConfigurationDataList: chip.memory.eims
    .filter(eim => eimId === undefined || !chip.decisions.performs('filterEims') || eim.eimId === eimId)
    .map(configurationOf),
});
