/** Test cases as the runner takes them: read, checked, every part with its place in the file. */
import type { Type } from '#protocol/asn1/type.js';
import type { Condition } from './condition.js';
import type { Entry, MapNode, Node, Position, ScalarNode } from './source.js';

/** Roles that can be under test. */
export const IUT_ROLES = ['eim', 'ipa', 'euicc', 'smdp'] as const;
export type IutRole = (typeof IUT_ROLES)[number];
/** Roles that actors can play; a second actor of a role carries a digit: `smdp2`. */
export const ACTOR_ROLES = ['eim', 'ipa', 'euicc', 'smdp', 'smds'] as const;
export type ActorRole = (typeof ACTOR_ROLES)[number];
/** What an actor can expect besides messages. */
export const EVENTS = ['handshakeFailure', 'close', 'refusal', 'empty', 'nothing'] as const;

/** What every step may carry. */
export interface StepBase {
  readonly note?: string;
  /** The step runs only if the supplier answered this option with yes. */
  readonly if?: Condition;
  readonly covers: readonly string[];
  /** What a failure of this step means; fail when left out. */
  readonly else?: 'fail' | 'inconclusive';
  readonly at: Position;
  /** The first line of the step as it stands in the file. */
  readonly text: string;
}

/** An actor sends a message, or answers the request it received last. */
export interface SendStep extends StepBase {
  readonly verb: 'send';
  readonly actor: string;
  /** Name of the ASN.1 type, or `nothing` for an answer without a message. */
  readonly typeName: string;
  readonly type?: Type;
  readonly with?: Node;
  readonly mutate?: Node;
  /** A private key, or a table cell that may be missing. */
  readonly signWith?: ScalarNode;
  readonly corrupt?: Node;
  readonly link?: Node;
}
/** An actor receives a message or sees an event. */
export interface ExpectStep extends StepBase {
  readonly verb: 'expect';
  readonly actor: string;
  /** Names of types or events, any of which is accepted. */
  readonly accepts: readonly string[];
  /** The types among them. */
  readonly types: readonly Type[];
  readonly match?: Node;
  readonly within?: Wait;
  readonly optional?: boolean;
  /** `all`, `none`, or the one key that every signature has to verify with. */
  readonly verify?: ScalarNode;
  readonly link?: Node;
}
export interface OperatorStep extends StepBase {
  readonly verb: 'operator';
  readonly action: string;
  readonly with?: Node;
  readonly match?: Node;
  readonly within?: Wait;
}
export interface CallStep extends StepBase {
  readonly verb: 'call';
  readonly procedure: string;
  readonly with?: Node;
  /** Patterns for the results of the procedure. */
  readonly match?: Node;
}
export interface CheckStep extends StepBase {
  readonly verb: 'check';
  readonly value: ScalarNode;
  readonly match: Node;
  readonly within?: Wait;
}
export interface SetStep extends StepBase {
  readonly verb: 'set';
  readonly values: readonly Entry[];
}
export interface UnorderedStep extends StepBase {
  readonly verb: 'unordered';
  readonly steps: readonly Step[];
}
/** Runs its steps `count` times, or until the names bound in them match, at most `count` times. */
export interface RepeatStep extends StepBase {
  readonly verb: 'repeat';
  readonly count: number;
  readonly steps: readonly Step[];
  readonly until?: MapNode;
}
export interface WaitStep extends StepBase {
  readonly verb: 'wait';
  readonly seconds: number;
}
export type Step = SendStep | ExpectStep | OperatorStep | CallStep | CheckStep | SetStep | UnorderedStep | RepeatStep | WaitStep;
export type Verb = Step['verb'];

/** How long to wait: a number of seconds, or an expression that only a run can evaluate (`$IUT_POLL_INTERVAL`). */
export type Wait = number | ScalarNode;

/** A simulated counterpart and how it starts. */
export interface ActorSpec {
  readonly name: string;
  readonly role: ActorRole;
  readonly config: MapNode;
  readonly at: Position;
}
/** A table row; its cells are read where they are used. */
export interface Row {
  readonly name: string;
  /** Options without which the sequence of this row alone is not applicable. */
  readonly when?: Condition;
  readonly cells: MapNode;
  readonly at: Position;
}
/** One link the sequence can run over, with the option that decides. */
export interface Over {
  readonly link: string;
  readonly when: Condition;
}

/** One test case: one file, one sequence per link and table row. */
export interface Case {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly iut: IutRole;
  readonly when?: Condition;
  readonly over: readonly Over[];
  readonly covers: readonly string[];
  /** Guard time of a sequence in seconds. */
  readonly limit: number;
  readonly actors: readonly ActorSpec[];
  readonly table?: readonly Row[];
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly after: readonly Step[];
  /** It changes the IUT in a way that `after` cannot undo. */
  /** Whether it runs over one of the links alone. */
  readonly once: boolean;
  readonly destructive: boolean;
  readonly file: string;
  readonly at: Position;
}

/** A named list of steps: the only means of reuse. */
export interface Procedure {
  readonly name: string;
  readonly title: string;
  readonly params: readonly string[];
  /** Those of the parameters that a call may leave out; they are then absent. */
  readonly optionalParams: readonly string[];
  readonly returns: readonly string[];
  /** Whether a call may be skipped while nothing has been sent or done since the last one passed. */
  readonly idempotent: boolean;
  readonly steps: readonly Step[];
  readonly file: string;
  readonly at: Position;
}

/** One option of the PICS. */
export interface Option {
  readonly role: string;
  readonly question: string;
  readonly source: string;
}
/** A parameter of an operator action, or a value that it gives; one written with `?` may be absent. */
export interface ActionValue {
  readonly name: string;
  readonly optional: boolean;
}
/** One action of the contract between cases and IXIT files. */
export interface Action {
  readonly of: IutRole;
  readonly with: readonly ActionValue[];
  readonly gives: readonly ActionValue[];
  /** What the IUT is in the middle of is over when it is done. */
  readonly ends?: boolean;
  readonly does: string;
}
