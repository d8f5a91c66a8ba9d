/** The IPA's look at the metadata of an offered profile. SGP.22 3.1.3 step 7, SGP.32 3.2.3.1 */
import type { ValueOf } from '#protocol/asn1/type.js';
import type { StoreMetadataRequest } from '#protocol/iot/profile.js';
import { GetRatRequest, GetRatResponse } from '#protocol/rsp/info.js';
import { judgePolicy } from '../euicc/policy.js';
import { ask } from './card.js';
import type { Objection } from './download-decisions.js';
import { profiles } from './euicc-data.js';
import type { Device } from './state.js';

const OPERATIONAL = 2;

/** Why the session must be cancelled: rules not allowed, or a consent that nobody is there to give. */
export const objectionToMetadata = async (
  device: Device,
  metadata: ValueOf<typeof StoreMetadataRequest>,
): Promise<Objection | undefined> => {
  const { decide } = device;
  if (!metadata.profilePolicyRules?.length) return undefined;
  const { rat } = (await ask(device.config.euicc, device.world.spec, GetRatRequest, {}, GetRatResponse)).value;
  const hasOperational = decide.countsInstalled((await profiles(device)).some(p => p.profileClass === OPERATIONAL));
  const { isAllowed, needsConsent } = judgePolicy(metadata, rat, hasOperational);
  return decide.objects(isAllowed ? (needsConsent ? 'endUserRejection' : undefined) : 'pprNotAllowed');
};
