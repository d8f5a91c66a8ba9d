/** What a case file may say of an actor; the roles' configuration types are the source of the words. */
import type { EimActorConfig } from '../../sim/roles/eim/actor.js';
import { EUICC_CONFIG_KEYS, type EuiccConfig } from '../../sim/roles/euicc/config.js';
import type { IpaConfig } from '../../sim/roles/ipa/index.js';
import type { SmdpConfig } from '../../sim/roles/smdp/config.js';
import type { SmdsConfig } from '../../sim/roles/smds/index.js';

type Keys<T> = Readonly<Record<keyof T, true>>;
/** Keys that the runner takes itself. */
const RUNNER = { auto: true, link: true } as const;

// Written as records over the configuration types, so that the compiler notices a key that comes or goes.
const euicc: Keys<EuiccConfig & { card: unknown }> = { card: true, ...EUICC_CONFIG_KEYS };
const ipa: Keys<Omit<IpaConfig, 'euicc' | 'eid'> & { card: string }> = {
  card: true,
  compact: true,
  omitCertificates: true,
  pendingWithResult: true,
  installationResultBy: true,
  eidInResult: true,
  stateChangeCause: true,
  rPlmn: true,
  eimId: true,
  eimCtxParams1: true,
  features: true,
  protocols: true,
  immediateEnable: true,
  confirmationCode: true,
  activationCode: true,
  smdpAddress: true,
  matchingId: true,
  smdsAddress: true,
  losesPackages: true,
  cancelReason: true,
  notifies: true,
};
const eim: Keys<EimActorConfig> = { id: true, fqdn: true, curve: true, orders: true, relay: true };
const smdp: Keys<SmdpConfig> = { address: true, oid: true, profiles: true, certificates: true, curve: true };
const smds: Keys<SmdsConfig> = { address: true, events: true, certificates: true, curve: true };

/** Permitted configuration keys by role. */
export const ACTOR_KEYS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({ eim, euicc, ipa, smdp, smds }).map(([role, keys]) => [role, Object.keys({ ...keys, ...RUNNER })]),
);
