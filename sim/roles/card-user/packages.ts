/** eIM configuration and eUICC packages: what the simulated eIMs want done on the card, and what they make of the results. SGP.32 5.9.1, 5.9.4 */
import { decode } from '#protocol/asn1/decode.js';
import { type Decoded, fieldOctets } from '#protocol/asn1/element.js';
import { encode } from '#protocol/asn1/encode.js';
import { raw, type Spec, type ValueOf } from '#protocol/asn1/type.js';
import { AddInitialEimRequest, type AddInitialEimResponse, type GetEimConfigurationDataResponse } from '#protocol/iot/eim-configuration.js';
import { GetEimPackageRequest } from '#protocol/iot/esipa.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import type { EuiccPackageResult } from '#protocol/iot/result.js';
import { ComposeError } from '../../role.js';
import type { EimActor } from '../eim/actor.js';

/** The data of all eIMs, in the order in which they stand in the case. */
export const composeAssociation = (eims: readonly EimActor[], spec: Spec): Uint8Array => {
  if (eims.length === 0) throw new ComposeError('AddInitialEimRequest needs an eIM in the case');
  return encode(AddInitialEimRequest, { eimConfigurationDataList: eims.map(actor => raw(actor.configurationData())) }, { spec });
};

/** The counters that a request states are those that the eIMs count on from. SGP.32 2.11.1.1 */
export const noteAssociationRequest = (eims: readonly EimActor[], octets: Uint8Array, spec: Spec): void => {
  const message = decode(AddInitialEimRequest, octets, { spec });
  for (const { eimId, counterValue } of message.ok ? message.value.eimConfigurationDataList : [])
    if (counterValue !== undefined) eims.find(actor => actor.eim.config.eimId === eimId)?.countsFrom(counterValue);
};

/** The eIM that a package names goes on from it, whoever composed it; a package in the name of nobody concerns nobody. */
export const noteSentPackage = (eims: readonly EimActor[], octets: Uint8Array, spec: Spec): void => {
  const message = decode(EuiccPackageRequest, octets, { spec });
  const eimId = message.ok ? message.value.euiccPackageSigned.eimId : undefined;
  eims.find(({ eim }) => eim.config.eimId === eimId)?.sentPackage(octets);
};

/** Tokens that the card allocated go to the eIMs, which sign with them from then on. SGP.32 2.11.1.1.1 */
export const noteAssociation = (eims: readonly EimActor[], message: Decoded): void => {
  // The runner hands over messages by the name of their type.
  const { addInitialEimOk } = message.value as ValueOf<typeof AddInitialEimResponse>;
  for (const [n, item] of (addInitialEimOk ?? []).entries()) eims[n]?.associated(item.associationToken);
};

/**
 * An association from before the case goes on where it stood. A card may show the counter that the association began
 * with: then the eIM knows better. SGP.32 5.9.18
 */
export const noteConfiguration = (eims: readonly EimActor[], message: Decoded): void => {
  const { eimConfigurationDataList } = message.value as ValueOf<typeof GetEimConfigurationDataResponse>;
  for (const { eimId, counterValue, associationToken } of eimConfigurationDataList) {
    const actor = eims.find(({ eim }) => eim.config.eimId === eimId);
    if (counterValue !== undefined && counterValue > Number(actor?.state.counter ?? 0)) actor?.countsFrom(counterValue);
    if (associationToken !== undefined) actor?.associated(associationToken);
  }
};

/** The next package of the first eIM that has one, as it would reach the card. */
export const composePackage = async (eims: readonly EimActor[], eid: Uint8Array, spec: Spec): Promise<Uint8Array> => {
  const [first, ...others] = eims;
  if (!first) throw new ComposeError('EuiccPackageRequest needs an eIM in the case');
  const eim = [first, ...others].find(actor => actor.hasPackage()) ?? first;
  const type = GetEimPackageRequest;
  const message = decode(type, encode(type, { eidValue: eid }, { spec }), { spec });
  const { octets, type: answered } = await eim.packageFor({ type, message });
  const found = fieldOctets(decode(answered, octets, { spec }), 'euiccPackageRequest');
  if (!found) throw new ComposeError('the eIM has no eUICC package for this card');
  return found;
};

/** Gives a result to the eIM that it names; the sequence number of a stored one. */
export const takePackageResult = (eims: readonly EimActor[], message: Decoded): number | undefined => {
  const { euiccPackageResultSigned, euiccPackageErrorSigned } = message.value as ValueOf<typeof EuiccPackageResult>;
  const data = euiccPackageResultSigned?.euiccPackageResultDataSigned;
  const eimId = data?.eimId ?? euiccPackageErrorSigned?.euiccPackageErrorDataSigned.eimId;
  const eim = eims.find(actor => actor.eim.config.eimId === eimId) ?? eims[0];
  eim?.takesResult(message.octets);
  return data?.seqNumber;
};
