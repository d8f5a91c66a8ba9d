/** Every seeded defect of an eIM, by its name. */
import type { EimDefect } from './deviation.js';
import { eimCoapDefects } from './eim-coap.js';
import { eimJsonDefects } from './eim-json.js';
import { eimNotificationDefects } from './eim-notification.js';
import { eimCounterDefects, eimOperationDefects, eimPackagingDefects } from './eim-package.js';
import { eimDownloadDefects, eimRelayDefects, eimServerDefects } from './eim-relay.js';
import { eimAnswerDefects, eimBeliefDefects, eimEffectDefects } from './eim-result.js';
import { eimRetrievalDefects } from './eim-retrieval.js';
import { eimSignatureDefects } from './eim-signature.js';
import { eimHttpDefects, eimTlsDefects } from './eim-transport.js';
import { eimVersionDefects } from './eim-versions.js';
import { eimInjectionDefects } from './injection.js';

/** Defects by name. */
export const eimDefects: Readonly<Record<string, EimDefect>> = {
  ...eimTlsDefects,
  ...eimHttpDefects,
  ...eimJsonDefects,
  ...eimCoapDefects,
  ...eimRetrievalDefects,
  ...eimInjectionDefects,
  ...eimOperationDefects,
  ...eimPackagingDefects,
  ...eimCounterDefects,
  ...eimSignatureDefects,
  ...eimBeliefDefects,
  ...eimEffectDefects,
  ...eimAnswerDefects,
  ...eimDownloadDefects,
  ...eimRelayDefects,
  ...eimServerDefects,
  ...eimNotificationDefects,
  ...eimVersionDefects,
};
