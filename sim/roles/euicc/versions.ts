/** What an eUICC of another version of SGP.32 does otherwise, beyond the layout of messages. docs/versions.md */
import { existsIn, type Spec } from '#protocol/asn1/type.js';
import type { EuiccConfig } from './config.js';
import type { FunctionName } from './decision-names.js';

const UNDEFINED_ERROR = 127;
const COMMAND_ERROR = 7;

interface Replaced {
  readonly codes: readonly number[];
  readonly by: number;
}
const undefinedFor = (...codes: readonly number[]): Replaced => ({ codes, by: UNDEFINED_ERROR });

/** Codes that v1.1 brought, and what v1.0 has in their place. SGP.32 2.11.2.1, 5.9.4, 5.9.5, 5.9.15 */
const LATER_CODES: Partial<Readonly<Record<FunctionName, Replaced>>> = {
  enable: undefinedFor(3, 5, 20),
  disable: undefinedFor(3, 5),
  delete: undefinedFor(3, 20, 21),
  addEim: { codes: [2], by: COMMAND_ERROR },
  addInitialEim: undefinedFor(COMMAND_ERROR),
  immediateEnable: undefinedFor(5),
  euiccMemoryReset: undefinedFor(104),
  loadEuiccPackage: undefinedFor(104),
};

/** The code that a function answers with in a version. */
export const codeIn = (spec: Spec, of: FunctionName, code: number): number => {
  const later = spec === '1.0' ? LATER_CODES[of] : undefined;
  return later?.codes.includes(code) ? later.by : code;
};

/** The configuration without what the version does not have. */
export const configIn = (spec: Spec, config: EuiccConfig): EuiccConfig => {
  if (spec !== '1.0') return config;
  return {
    ...config,
    supports: { ...config.supports, ecall: false, fallback: false, ipae: false },
    profiles: (config.profiles ?? []).map(({ ecall: _, fallbackAllowed: __, fallbackAttribute: ___, ...profile }) => profile),
    eims: (config.eims ?? []).map(({ indirectProfileDownload: _, ...eim }) => eim),
  };
};

/** What v1.2 says clearly and the versions before leave open: type and protocols of an eIM that names none, the end of a rollback. */
export const isSettled = (spec: Spec): boolean => existsIn(spec, { since: '1.2' });
