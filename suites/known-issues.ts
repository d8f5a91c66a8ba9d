/** A list of failures that are known: it changes the exit code, never a verdict, and tells of entries that no longer hold. */
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from './commands/input.js';
import type { RunResult } from './run.js';

export interface KnownIssue {
  /** Key of a sequence, e.g. `eim.enable.11[https]#2`. */
  readonly key: string;
  /** Text that the reason must contain. */
  readonly reason: string;
}

/** Reads `<key> <expected reason>` lines; `#` begins a comment. */
export const readKnownIssues = (file: string): KnownIssue[] => {
  if (!existsSync(file)) throw new UsageError(`${file}:1:1: no such file with known issues`);
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, n) => {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) return [];
      const [key = '', ...reason] = text.split(/\s+/);
      if (reason.length === 0)
        throw new UsageError(
          `${file}:${n + 1}:1: expected "<sequence> <part of the reason>", got only "${key}"; a known failure must name its reason`,
        );
      return [{ key, reason: reason.join(' ') }];
    });
};

/** Exit code of a run when the known issues do not count; entries that pass now, or fail otherwise, are told and do count. */
export const applyKnownIssues = (
  { record, exitCode }: Pick<RunResult, 'record' | 'exitCode'>,
  known: readonly KnownIssue[],
  tell: (text: string) => void,
): number => {
  const byKey = new Map(record.sequences.map(s => [s.key, s]));
  let stale = false;
  const excused = new Set<string>();
  for (const issue of known) {
    const sequence = byKey.get(issue.key);
    if (sequence && sequence.verdict !== 'pass' && sequence.reason.includes(issue.reason)) excused.add(issue.key);
    else if (sequence) {
      stale = true;
      tell(
        `known issue ${issue.key}: expected it to fail with "${issue.reason}", but it ${sequence.verdict === 'pass' ? 'passed' : `failed with "${sequence.reason}"`}`,
      );
    }
  }
  if (exitCode === 0 || exitCode === 3) return stale && exitCode === 0 ? 1 : exitCode;
  const left = record.sequences.filter(s => s.verdict !== 'pass' && !excused.has(s.key));
  if (left.some(s => s.verdict === 'fail') || stale) return 1;
  return left.length > 0 || record.plan.some(p => p.state === 'cannotRun') ? 4 : 0;
};
