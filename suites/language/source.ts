import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, type ParsedNode, parseDocument, type Range } from 'yaml';
import type { Diagnostic, Position } from './diagnostics.js';

export { CaseError, type Diagnostic, formatDiagnostic, formatDiagnostics, type Position } from './diagnostics.js';
export { didYouMean, nearest } from './spelling.js';

/** A scalar as it stands in the file; `text` is never converted by YAML (`0010` stays `0010`). */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  /** Written with quotes or as a block; such a text is still an expression when it begins with `$`. */
  readonly quoted: boolean;
  readonly at: Position;
}
/** One key of a map with its value. */
export interface Entry {
  readonly key: string;
  readonly at: Position;
  readonly value: Node;
}
export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  readonly at: Position;
}
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly at: Position;
}
/** YAML reduced to what the language knows: texts, maps with text keys, lists; every part knows its place. */
export type Node = ScalarNode | MapNode | ListNode;

export interface ParsedFile {
  /** Absent for an empty file, or one so broken that nothing can be read. */
  readonly root?: Node;
  readonly diagnostics: readonly Diagnostic[];
}

export const NULL_MESSAGE = 'null is never a value here (YAML reads " #NAME" as a comment; constants are written $NAME)';

// The YAML reader recurses; a generated or damaged file must end in a message, not in a stack overflow.
const DEEPEST = 100;
const deepestBracket = (text: string): number => {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[' || text[i] === '{') depth++;
    else if (text[i] === ']' || text[i] === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return i;
  }
  return -1;
};

type Place = (offset: number) => Position;

const reader = (text: string, place: Place, found: Diagnostic[]) => {
  const report = (code: string, offset: number, message: string, hint?: string) =>
    found.push({ code, at: place(offset), message, ...(hint ? { hint } : {}) });

  // The comment that swallowed the value is the place to look at, so the mark goes there; otherwise to the key.
  const nothing = (offset: number, otherwise = offset): ScalarNode => {
    const comment = /^[ \t]*#/.exec(text.slice(offset, offset + 200));
    const where = comment ? offset + comment[0].length - 1 : otherwise;
    report('null-value', where, NULL_MESSAGE);
    return { kind: 'scalar', text: '', quoted: false, at: place(where) };
  };

  const entry = (pair: Pair<ParsedNode, ParsedNode | null>): Entry | undefined => {
    const { key, value } = pair;
    const start = (key.range as Range)[0];
    if (!isScalar(key)) {
      report('yaml-key', start, 'a key is a plain text here, not a list or a map');
      return undefined;
    }
    if (value === null && !/^[\w.$-]+$/.test(String(key.value))) {
      // Half a sentence, not a key: only the comma is worth a word.
      report('null-value', start, NULL_MESSAGE, 'a comma ends a text inside { } and [ ]: put the text in quotes');
      return undefined;
    }
    const empty = value === null || (isScalar(value) && value.type === 'PLAIN' && value.value === '');
    return { key: String(key.value), at: place(start), value: empty ? nothing(value?.range[0] ?? start, start) : read(value) };
  };

  const read = (node: ParsedNode): Node => {
    const offset = node.range[0];
    const at = place(offset);
    if (isAlias(node)) {
      report('yaml-alias', offset, 'aliases (*name) are not part of the language', 'write the value again, or name it with "set"');
      return { kind: 'scalar', text: '', quoted: false, at };
    }
    if (node.anchor !== undefined) report('yaml-anchor', offset, 'anchors (&name) are not part of the language', 'write a procedure');
    if (node.tag !== undefined && !/^tag:yaml\.org,2002:(str|map|seq)$/.test(node.tag))
      report('yaml-tag', offset, `tags (${node.tag}) are not part of the language`, 'the ASN.1 type decides what a value means');
    if (isMap(node)) {
      const entries: Entry[] = [];
      const first = new Map<string, Position>();
      for (const pair of node.items) {
        const one = entry(pair as Pair<ParsedNode, ParsedNode | null>);
        if (!one) continue;
        const before = first.get(one.key);
        if (before)
          found.push({ code: 'duplicate-key', at: one.at, message: `key "${one.key}" stands twice; first in line ${before.line}` });
        else {
          first.set(one.key, one.at);
          entries.push(one);
        }
      }
      return { kind: 'map', entries, at };
    }
    if (isSeq(node)) return { kind: 'list', items: node.items.map(item => read(item as ParsedNode)), at };
    const quoted = node.type !== 'PLAIN';
    const value = String(node.value);
    if (!quoted && (value === '' || value === '~' || value === 'null')) return nothing(offset);
    return { kind: 'scalar', text: value, quoted, at };
  };
  return read;
};

/** Reads one YAML file; scalars keep their source text, and everything YAML would do silently is a diagnostic. */
export const parseYaml = (file: string, text: string): ParsedFile => {
  const lines = new LineCounter();
  const place: Place = offset => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const deep = deepestBracket(text);
  if (deep >= 0) {
    const before = text.slice(0, deep).split('\n');
    const at = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { diagnostics: [{ code: 'yaml-syntax', at, message: `more than ${DEEPEST} brackets are open here` }] };
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const diagnostics: Diagnostic[] = document.errors.map(error => ({
    code: 'yaml-syntax',
    at: place(error.pos[0]),
    message: error.code === 'MULTIPLE_DOCS' ? 'one file holds one document; "---" begins a second one' : `YAML: ${error.message}`,
  }));
  if (document.contents === null) return { diagnostics };
  const root = reader(text, place, diagnostics)(document.contents);
  return { root, diagnostics };
};
