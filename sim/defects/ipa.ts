/** Every seeded defect of an IPA, by its name. */
import { ipaInjectionDefects } from './injection.js';
import { ipaApduDefects, ipaStartDefects } from './ipa-card.js';
import { ipaCoapDefects, ipaDtlsDefects } from './ipa-coap.js';
import { ipaDataDefects } from './ipa-data.js';
import type { IpaDeviations } from './ipa-deviation.js';
import { ipaLocalDefects, ipaOutcomeDefects, ipaSessionDefects, ipaTriggerDefects } from './ipa-download.js';
import { ipaJsonDefects } from './ipa-json.js';
import { ipaNotificationDefects, ipaPollDefects, ipaResultDefects } from './ipa-package.js';
import { ipaRelayDefects } from './ipa-relay.js';
import { ipaHttpDefects, ipaTlsDefects } from './ipa-transport.js';
import { ipaVersionDefects } from './ipa-versions.js';

/** Defects by name. */
export const ipaDefects: IpaDeviations = {
  ...ipaApduDefects,
  ...ipaStartDefects,
  ...ipaTlsDefects,
  ...ipaHttpDefects,
  ...ipaJsonDefects,
  ...ipaCoapDefects,
  ...ipaDtlsDefects,
  ...ipaPollDefects,
  ...ipaResultDefects,
  ...ipaInjectionDefects,
  ...ipaNotificationDefects,
  ...ipaDataDefects,
  ...ipaTriggerDefects,
  ...ipaSessionDefects,
  ...ipaOutcomeDefects,
  ...ipaLocalDefects,
  ...ipaRelayDefects,
  ...ipaVersionDefects,
};
