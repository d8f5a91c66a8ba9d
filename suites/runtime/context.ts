/** What a step gets to work with. */
import type { Spec } from '#protocol/asn1/type.js';
import type { Check, OperatorAct, Phase, Position } from '../../reports/record.js';
import type { Scope } from '../language/scope.js';
import type { Arrival, Party } from './party.js';
import type { Signal } from './signal.js';
import type { ClientWire, Stage } from './stage.js';

/** Results of an operator act, with what the record keeps of it. */
export interface Performed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly act: OperatorAct;
}

export interface Context {
  readonly stage: Stage;
  readonly spec: Spec;
  readonly scope: Scope;
  readonly phase: Phase;
  readonly parties: ReadonlyMap<string, Party>;
  /** The wire on which a party calls the IUT, with messages of these types; undefined for one that is called with them. */
  readonly clientWire: (party: Party, typeNames: readonly string[]) => ClientWire | undefined;
  /** Verifies the signatures of an arrival with one key only, given as a certificate or SubjectPublicKeyInfo. */
  readonly verifyWith: (arrival: Arrival, key: unknown) => readonly Check[];
  readonly operator: (action: string, parameters: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<Performed>;
  /** Whether what the IUT is in the middle of is over with this act. */
  readonly ends: (action: string) => boolean;
  /** Seconds to wait for an answer when the step does not say. */
  readonly responseSeconds: number;
  /** Wakes at anything that any party receives. */
  readonly news: Signal;
  /** Seconds since the start at which the running phase began. */
  readonly phaseBegan: number;
  /** Whether the IUT's process has ended, and how. */
  readonly iutEnded: () => string | undefined;
}

/** What a step leaves in the record. */
export interface Outcome {
  readonly checks: readonly Check[];
  readonly exchange?: number;
  readonly operator?: OperatorAct;
  /** An optional step that found nothing. */
  readonly skipped?: string;
}

export interface Placed {
  readonly at: Position;
  readonly covers: readonly string[];
}

/** A check made by a step; the level is the strictest of the requirements that it covers, shall when it covers none. */
export const stepCheck = (
  context: Context,
  step: Placed,
  check: Pick<Check, 'what' | 'expected' | 'actual' | 'ok'> & Partial<Check>,
): Check => ({
  level: step.covers.length > 0 && step.covers.every(id => context.stage.levelOf(id) === 'should') ? 'should' : 'shall',
  covers: step.covers,
  at: step.at,
  ...check,
});
