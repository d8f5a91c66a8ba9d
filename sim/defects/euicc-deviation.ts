/** How an eUICC may differ from the reference, and how most of its deviations are written. */
import type { CheckName, Effect, FunctionName, SignedObject } from '../roles/euicc/decision-names.js';
import type { EuiccConfig, EuiccDecisions, EuiccOverride } from '../roles/euicc/index.js';
import type { UiccOverride } from '../uicc/index.js';
import type { Deviation } from './deviation.js';
import { type Change, edit } from './edits.js';

/** One deviation of an eUICC. */
export interface EuiccDeviation extends Deviation<EuiccOverride> {
  /** What the card around it does otherwise: blocks, status words, channels, REFRESH. */
  readonly card?: UiccOverride;
  /** What it is made with, whatever the test asks for. */
  readonly config?: Partial<EuiccConfig>;
}

/** Deviations by name. */
export type EuiccDeviations = Readonly<Record<string, EuiccDeviation>>;

/** Several deviations of an eUICC as one; what a later one says goes before what an earlier one says. */
export const combinedEuicc = (deviations: readonly EuiccDeviation[]) => {
  let config: Partial<EuiccConfig> = {};
  for (const { config: own } of deviations) config = { ...config, ...own, supports: { ...config.supports, ...own?.supports } };
  return {
    overrides: deviations.flatMap(d => d.override ?? []),
    cardOverrides: deviations.flatMap(d => d.card ?? []),
    config,
    // What its supplier says of the version is true, whatever the test asks for.
    spec: deviations.findLast(d => d.declares?.spec !== undefined)?.declares?.spec,
  };
};

/** Replaces judgements that need nothing of those they replace. */
export const deciding = (does: string, decisions: Partial<EuiccDecisions>): EuiccDeviation => ({ does, override: () => decisions });

/** Leaves checks of a function out. */
export const overlooking = (
  does: string,
  functions: FunctionName | readonly FunctionName[],
  ...checks: readonly CheckName[]
): EuiccDeviation => ({
  does,
  override: correct => ({
    hinders: (of, check) => !([functions].flat().includes(of) && checks.includes(check)) && correct.hinders(of, check),
  }),
});

/** Answers a check of a function that fails with another code. */
export const answering = (does: string, of: FunctionName, code: number, ...checks: readonly CheckName[]): EuiccDeviation => ({
  does,
  override: correct => ({
    answersCode: (found, check, right) => (found === of && checks.includes(check) ? code : correct.answersCode(found, check, right)),
  }),
});

/** Leaves effects out, whatever the answer says. */
export const without = (does: string, ...effects: readonly Effect[]): EuiccDeviation => ({
  does,
  override: correct => ({ performs: effect => !effects.includes(effect) && correct.performs(effect) }),
});

/** Sends answers of one type otherwise. */
export const sending = (does: string, type: string, change: (octets: Uint8Array, request: Uint8Array) => Uint8Array): EuiccDeviation => ({
  does,
  override: correct => ({
    outgoing: (name, octets, request) => {
      const right = correct.outgoing(name, octets, request);
      return name === type ? change(right, request) : right;
    },
  }),
});

/** Signs an object that differs at a path of tags. */
export const signing = (does: string, object: SignedObject, path: string, change: Change): EuiccDeviation => ({
  does,
  override: correct => ({
    writesSigned: (name, octets) => {
      const right = correct.writesSigned(name, octets);
      return name === object ? edit(right, path, change) : right;
    },
  }),
});
