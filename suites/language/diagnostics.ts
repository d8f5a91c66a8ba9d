import { createColors } from 'picocolors';
import type { Position } from '../../reports/record.js';

export type { Position } from '../../reports/record.js';

/** One thing wrong in a file that somebody wrote: what, where, and what to do about it. */
export interface Diagnostic {
  /** Stable name of the kind of mistake, e.g. `unknown-field`. */
  readonly code: string;
  readonly at: Position;
  readonly message: string;
  /** What to do, printed behind the message after " - ". */
  readonly hint?: string;
  /** Column behind the last one meant, on the same line, when more than one character is to be marked. */
  readonly until?: number;
}

/** Wrong input by an author or supplier; never the fault of the IUT and never ours. */
export class CaseError extends Error {
  readonly code: string;
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(one => summary(one)).join('\n'));
    this.name = 'CaseError';
    this.code = diagnostics[0]?.code ?? 'case-error';
    this.diagnostics = diagnostics;
  }
}

const summary = ({ at, message, hint }: Diagnostic) => `${at.file}:${at.line}:${at.column}: ${message}${hint ? ` - ${hint}` : ''}`;

/** The excerpt of a file's text around one place: the line with its number, and a mark below the columns meant. */
export const excerpt = (text: string, at: Position, until = at.column + 1): string[] => {
  const line = text.split(/\r?\n/)[at.line - 1];
  if (line === undefined) return [];
  // Tabs are kept in the margin so that the mark stands below its column in any terminal.
  const margin = line.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
  return [`${String(at.line).padStart(5)} | ${line}`, `      | ${margin}${'^'.repeat(Math.max(1, until - at.column))}`];
};

/** One diagnostic as printed: `file:line:column: message - hint`, then the line and a mark below the place. */
export const formatDiagnostic = (diagnostic: Diagnostic, text: string | undefined, color = false): string => {
  const paint = createColors(color);
  const { at, message, hint, until } = diagnostic;
  const head = `${paint.bold(`${at.file}:${at.line}:${at.column}:`)} ${message}${hint ? ` - ${paint.cyan(hint)}` : ''}`;
  const [source, mark] = text === undefined ? [] : excerpt(text, at, until);
  return source === undefined || mark === undefined ? head : `${head}\n${paint.dim(source)}\n${paint.red(mark)}`;
};

/** All diagnostics by file and place, without repetitions; `texts` gives the contents of the files for the excerpts. */
export const formatDiagnostics = (diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>, color = false): string => {
  const sorted = [...diagnostics].sort(
    (a, b) => (a.at.file < b.at.file ? -1 : a.at.file > b.at.file ? 1 : 0) || a.at.line - b.at.line || a.at.column - b.at.column,
  );
  return [...new Set(sorted.map(one => formatDiagnostic(one, texts.get(one.at.file), color)))].join('\n');
};
