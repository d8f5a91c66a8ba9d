/** The simulated card of a process: an eUICC in its delivery state, as a configuration wants it. */
import { readFileSync } from 'node:fs';
import { hex } from '#protocol/asn1/tlv.js';
import type { Spec } from '#protocol/asn1/type.js';
import { testPki } from '#protocol/x509/test-pki.js';
import { combinedEuicc, type EuiccDeviation } from '../defects/euicc-deviation.js';
import { EUICC_CONFIG_KEYS } from '../roles/euicc/config.js';
import { createEuicc, type Euicc, type EuiccConfig } from '../roles/euicc/index.js';
import { portOf } from '../uicc/euicc-port.js';
import { createUicc, type Uicc } from '../uicc/index.js';
import { OptionError } from './process-options.js';
import { seededRandom } from './seeded-random.js';

/** What a card is configured with; what is left out is as in DELIVERY. */
export type CardConfig = Partial<EuiccConfig>;

/** A card as it leaves the factory. SGP.33-1 Annex G */
const DELIVERY: EuiccConfig = {
  eid: '89049032123451234512345678901235',
  curve: 'both',
  defaultDpAddress: 'testsmdpplus1.example.com',
  rootDsAddress: 'testrootsmds.example.com',
  rat: [{ ppr: ['ppr1', 'ppr2'], operators: [{ mccMnc: '99F909' }] }],
};

/** A card to be put into a modem or reader, and what is in it. */
export interface MadeCard {
  readonly uicc: Uicc;
  readonly euicc: Euicc;
}

/** What every card of a process has in common. */
export interface CardMaker {
  /** Configuration of a card that is asked for without one. */
  readonly config: CardConfig;
  /** Defects and variants; what they say of the configuration goes before everything else. */
  readonly deviations: readonly EuiccDeviation[];
  readonly seed: string;
  /** Version of SGP.32 that the cards speak, unless a deviation says another. */
  readonly spec: Spec;
}

/** Makes the cards of a process, one after the other, each as new. Throws OptionError when there cannot be such a card. */
export const cardMaker = ({ config, deviations, seed, spec }: CardMaker): ((given: CardConfig) => MadeCard) => {
  const { config: fixed, overrides, cardOverrides, spec: own } = combinedEuicc(deviations);
  let count = 0;
  const make = (given: CardConfig): MadeCard => {
    const random = seededRandom(seed, `euicc ${++count}`);
    const world = { spec: own ?? spec, pki: testPki(), now: () => new Date(), random };
    const wanted = { ...DELIVERY, ...config, ...given };
    const euicc = createEuicc({ ...wanted, ...fixed, supports: { ...wanted.supports, ...fixed.supports } }, world, overrides);
    return { euicc, uicc: createUicc({ port: portOf(euicc), overrides: cardOverrides }) };
  };
  return given => {
    try {
      return make(given);
    } catch (cause) {
      // Values deep in a configuration are checked where they are used, and not all by an error of their own.
      throw new OptionError(`there is no card of this configuration: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
};

/** A configuration from JSON; throws OptionError for what is none. */
export const cardConfig = (value: unknown): CardConfig => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OptionError('expected the configuration of an eUICC as a JSON object');
  const unknown = Object.keys(value).filter(key => !Object.hasOwn(EUICC_CONFIG_KEYS, key));
  if (unknown.length > 0)
    throw new OptionError(`expected keys out of ${Object.keys(EUICC_CONFIG_KEYS).join(', ')}, got ${unknown.join(', ')}`);
  return value as CardConfig;
};

/** `--card`: JSON, or the name of a file with JSON; empty: as delivered. */
export const cardOption = (text: string): CardConfig => {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8'));
    return cardConfig(value);
  } catch (cause) {
    throw new OptionError(`--card: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

/** A state as JSON can hold it: octets are hex. */
export const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
};
