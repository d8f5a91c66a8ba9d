import { lengthOf, spaced } from './dump.js';
import { oneLine } from './markup.js';
import type { Check, Exchange, Position, RunRecord, SequenceRecord, StepRecord } from './record.js';

/** The step that decided the verdict of a sequence, with the check and the exchange that it stumbled over. */
export interface Failing {
  readonly step: StepRecord;
  readonly check?: Check;
  readonly exchange?: Exchange;
}

/** The deciding step of a sequence that did not pass; `undefined` if it passed, or if no step has its verdict (crash between steps). */
export function failing(sequence: SequenceRecord): Failing | undefined {
  if (sequence.verdict === 'pass') return undefined;
  const step = sequence.steps.find(({ verdict }) => verdict === sequence.verdict);
  if (!step) return undefined;
  const check = step.checks.find(({ ok, level }) => !ok && level === 'shall');
  const number = check?.exchange ?? step.exchange;
  const exchange = sequence.exchanges.find(({ no }) => no === number);
  return { step, ...(check && { check }), ...(exchange && { exchange }) };
}

/** `file:line:column` as editors and terminals understand it. */
export const positionText = (at: Position): string => `${at.file}:${at.line}:${at.column}`;

/** What a failing step says: `expected …, got …` of its check, else its reason. */
export const saying = ({ step, check }: Failing): string =>
  check ? `expected ${check.expected}, got ${check.actual}` : (step.reason ?? step.verdict);

/** The line of the case at a position, with a caret and a message under it; only the message if the position is in another file. */
export function excerpt(sequence: SequenceRecord, at: Position, message: string): readonly string[] {
  const source = at.file === sequence.file ? sequence.yaml.split('\n')[at.line - 1] : undefined;
  const said = oneLine(message);
  if (source === undefined) return [`      ${said}`];
  const number = String(at.line).padStart(5);
  return [`${number} | ${oneLine(source)}`, `${' '.repeat(number.length)} | ${' '.repeat(Math.max(0, at.column - 1))}^ ${said}`];
}

/** Path and octets a check looked at: `….counterValue   octets 41..43 of 187: 81 01 00`; empty if it names neither. */
export function place(check: Check, exchange: Exchange | undefined): string {
  const octets = exchange?.octets ?? '';
  const [start, end] = check.octets ?? [0, 0];
  const shown = spaced(octets.slice(2 * start, 2 * Math.min(end, start + 16))) + (end - start > 16 ? ' …' : '');
  const range = end > start ? `octets ${start}..${end - 1} of ${lengthOf(octets)}: ${shown}` : '';
  return [oneLine(check.path ?? ''), range].filter(part => part !== '').join('   ');
}

/** Requirement ids a sequence violates, or else those it was looking at, each with the catalogue's sentence. */
export function requirementLines(sequence: SequenceRecord, requirements: RunRecord['requirements']): readonly string[] {
  const ids = sequence.violated.length > 0 ? sequence.violated : (failing(sequence)?.check?.covers ?? []);
  return ids.map(id => [id, requirements.find(requirement => requirement.id === id)?.text ?? ''].join('  ').trimEnd()).map(oneLine);
}

/** A sequence that did not pass, as lines of text: position, source with caret, path and octets. */
export function failureLines(sequence: SequenceRecord): readonly string[] {
  const found = failing(sequence);
  if (!found) return [`  ${oneLine(sequence.reason)}`];
  const { step, check, exchange } = found;
  const position = check?.at ?? step.at;
  const where = check ? place(check, exchange) : '';
  return [`  ${positionText(position)}`, ...excerpt(sequence, position, saying(found)), ...(where === '' ? [] : [`  ${where}`])];
}
