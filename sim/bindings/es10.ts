/** ES10 commands by their tags: what a card is asked, and what it answers with. SGP.32 4, SGP.22 5.7 */
import { readHeader } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { EuiccPackageRequest } from '#protocol/iot/package.js';
import { EuiccPackageResult } from '#protocol/iot/result.js';
import { BoundProfilePackage } from '#protocol/rsp/download.js';
import * as local from '#protocol/rsp/local.js';
import { ProfileInstallationResult } from '#protocol/rsp/notification.js';
import { COMMANDS, commandWithTag } from '../roles/euicc/commands.js';

/** One function of the card. */
export interface Es10Function {
  readonly request: Type;
  readonly response: Type;
}

/** Starts LoadEuiccPackage. SGP.32 5.9.1 */
const PACKAGE_TAG = 0xbf51;
const LOAD_PACKAGE: Es10Function = { request: EuiccPackageRequest, response: EuiccPackageResult };
/** LoadBoundProfilePackage: many segments, one answer. SGP.22 5.7.6 */
export const LOAD_PROFILE: Es10Function = { request: BoundProfilePackage, response: ProfileInstallationResult };
/** Starts the segments of a bound profile package. SGP.22 5.7.6 */
const PROFILE_TAG = 0xbf36;

/** What an eUICC for consumers has and one for IoT has not: a test tries it. SGP.22 5.7.16 to 5.7.18 */
const LOCAL: readonly Es10Function[] = [
  { request: local.EnableProfileRequest, response: local.EnableProfileResponse },
  { request: local.DisableProfileRequest, response: local.DisableProfileResponse },
  { request: local.DeleteProfileRequest, response: local.DeleteProfileResponse },
];

/** The function whose command starts like these octets. */
export const es10Function = (command: Uint8Array, spec: Spec): Es10Function | undefined => {
  const tag = readHeader(command)?.tag;
  return tag === PACKAGE_TAG ? LOAD_PACKAGE : commandWithTag(tag ?? -1, spec);
};

const NAMED = new Map([LOAD_PACKAGE, ...COMMANDS, ...LOCAL].map((of): readonly [string, Es10Function] => [of.request.name, of]));
/** The function with a request type of this name. */
export const es10FunctionNamed = (request: string): Es10Function | undefined => NAMED.get(request);

/** Whether octets start a bound profile package, in segments or whole. */
export const startsProfile = (command: Uint8Array): boolean => readHeader(command)?.tag === PROFILE_TAG;
