/** The record: everything that happened in a run. Every report is made from it and can be made again. */

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';
export type Level = 'shall' | 'should';
export type Phase = 'before' | 'steps' | 'after';

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface RunInfo {
  readonly id: string;
  readonly started: string;
  readonly command: readonly string[];
  readonly seed: string;
  readonly harness: { readonly version: string; readonly commit?: string; readonly node: string; readonly openssl: string };
  readonly specifications: readonly string[];
  readonly pki: string;
  readonly digests: Readonly<Record<string, string>>;
  readonly operatorName?: string;
  readonly lab?: string;
}

export interface IutInfo {
  readonly role: string;
  readonly name: string;
  readonly version: string;
  readonly supplier: string;
  readonly ixit: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, boolean>>;
  readonly links: Readonly<Record<string, string>>;
  /** Network conditions that the run puts around links. */
  readonly weather?: Readonly<Record<string, string>>;
  /** What the IUT said or showed of itself (pre-flight). */
  readonly observed: Readonly<Record<string, string>>;
}

export type PlanState = 'run' | 'notApplicable' | 'cannotRun';
export interface PlanEntry {
  /** `eim.enable.11[https]#2`: case, link, table row (from 1). */
  readonly key: string;
  readonly id: string;
  readonly over: string;
  readonly row?: { readonly number: number; readonly name: string };
  readonly title: string;
  readonly iut: string;
  readonly source: string;
  readonly covers: readonly string[];
  readonly file: string;
  readonly state: PlanState;
  /** Why it does not run; the options that decided, or the missing binding with its line. Empty when it runs. */
  readonly reason: string;
}

export interface Check {
  readonly what: string;
  readonly path?: string;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
  readonly level: Level;
  readonly covers: readonly string[];
  /** Position in the message's octets, `end` exclusive. */
  readonly octets?: readonly [start: number, end: number];
  readonly at?: Position;
  /** Exchange whose message it looked at. */
  readonly exchange?: number;
}

export interface StepRecord {
  readonly no: string;
  readonly phase: Phase;
  readonly at: Position;
  readonly text: string;
  readonly note?: string;
  readonly verdict: Verdict | 'skipped';
  /** First reason when the verdict is not pass. */
  readonly reason?: string;
  readonly checks: readonly Check[];
  readonly exchange?: number;
  readonly operator?: OperatorAct;
  /** Seconds from the start of the sequence. */
  readonly started: number;
  readonly seconds: number;
}

export interface OperatorAct {
  readonly action: string;
  readonly by: string;
  readonly request: string;
  readonly answer: string;
  readonly seconds: number;
}

export interface SignatureCheck {
  readonly field: string;
  readonly signedOctets: string;
  readonly signedRange: string;
  readonly signature: string;
  readonly keyId: string;
  readonly curve: string;
  readonly verdict: 'valid' | 'invalid' | 'notChecked';
  readonly reason: string;
}

/** One line of a decoded message. */
export interface TreeLine {
  readonly depth: number;
  readonly tag: string;
  readonly length: number;
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly problem?: string;
}

export interface Exchange {
  readonly no: number;
  /** Seconds from the start of the sequence. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly interface: string;
  readonly message: string;
  readonly octets: string;
  /** What a correct counterpart would have sent, when it was edited. */
  readonly intended?: string;
  readonly edits: readonly string[];
  readonly tree: readonly TreeLine[];
  readonly transport: Readonly<Record<string, string>>;
  readonly signatures: readonly SignatureCheck[];
  /** Number of the exchange it answers. */
  readonly answers?: number;
}

export interface SequenceRecord {
  readonly key: string;
  readonly id: string;
  readonly over: string;
  readonly row?: { readonly number: number; readonly name: string };
  readonly title: string;
  readonly iut: string;
  readonly source: string;
  readonly covers: readonly string[];
  /** Entries of docs/interpretations.md that the case relies on. */
  readonly interpretations?: readonly string[];
  readonly file: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly findings: readonly string[];
  /** Requirement ids that a failed check violated. */
  readonly violated: readonly string[];
  readonly started: string;
  readonly seconds: number;
  readonly seed: string;
  readonly steps: readonly StepRecord[];
  readonly exchanges: readonly Exchange[];
  /** Last output of the IUT's process, if we started it. */
  readonly iutOutput?: string;
  /** What the weather around links did, by link. */
  readonly weather?: Readonly<Record<string, string>>;
  readonly yaml: string;
}

export interface Requirement {
  readonly id: string;
  readonly section: string;
  readonly level: Level;
  readonly text: string;
}

/** The whole run, as the report writers take it. */
export interface RunRecord {
  readonly run: RunInfo;
  readonly iut: IutInfo;
  /** Further implementations that were tested in the same run. */
  readonly furtherIuts?: readonly IutInfo[];
  readonly plan: readonly PlanEntry[];
  readonly requirements: readonly Requirement[];
  readonly sequences: readonly SequenceRecord[];
  readonly finished?: string;
  readonly seconds: number;
}

/** Lines of record.jsonl: one header, one line per finished sequence, one end line. */
export type RecordLine =
  | ({ readonly kind: 'run' } & Omit<RunRecord, 'sequences' | 'finished' | 'seconds'>)
  | ({ readonly kind: 'sequence' } & SequenceRecord)
  | { readonly kind: 'end'; readonly finished: string; readonly seconds: number };

/** What `--json` prints and summary.json holds. */
export interface Summary {
  readonly planned: number;
  readonly recorded: number;
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly notApplicable: number;
  readonly cannotRun: number;
  readonly seconds: number;
  readonly byIut: Readonly<
    Record<
      string,
      {
        readonly planned: number;
        readonly recorded: number;
        readonly pass: number;
        readonly fail: number;
        readonly inconclusive: number;
        readonly error: number;
        readonly notApplicable: number;
        readonly cannotRun: number;
      }
    >
  >;
}
