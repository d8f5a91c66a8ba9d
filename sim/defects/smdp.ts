/** Every seeded defect of an SM-DP+, by its name. */
import type { SmdpDeviations } from './smdp-deviation.js';
import { smdpCancelDefects, smdpNotificationDefects } from './smdp-end.js';
import { smdpOrderDefects } from './smdp-order.js';
import { smdpCodeDefects, smdpOfferDefects, smdpPackageDefects, smdpRetryDefects } from './smdp-package.js';
import { smdpInitiationDefects, smdpProofDefects } from './smdp-session.js';
import { smdpHttpDefects, smdpTlsDefects } from './smdp-transport.js';
import { smdpTrustDefects } from './smdp-trust.js';

/** Defects by name. */
export const smdpDefects: SmdpDeviations = {
  ...smdpTlsDefects,
  ...smdpHttpDefects,
  ...smdpInitiationDefects,
  ...smdpProofDefects,
  ...smdpTrustDefects,
  ...smdpOrderDefects,
  ...smdpOfferDefects,
  ...smdpPackageDefects,
  ...smdpCodeDefects,
  ...smdpRetryDefects,
  ...smdpNotificationDefects,
  ...smdpCancelDefects,
};
