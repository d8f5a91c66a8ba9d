/** Edits with the values that their expressions have in a run. */
import { fromHex, hex } from '#protocol/asn1/tlv.js';
import type { Spec, Type } from '#protocol/asn1/type.js';
import { buildValue } from './build.js';
import { CaseError } from './diagnostics.js';
import { type EditProblem, readEdits, type WrittenEdit } from './edit-syntax.js';
import { evaluateScalar, plainText } from './evaluate.js';
import { typesAt } from './layout.js';
import type { Scope } from './scope.js';
import { show } from './show.js';
import type { Node, Position } from './source.js';
import { ABSENT, unreadNode } from './values.js';

export interface Target {
  /** `a.b.0`, `..name` for the only field so named, `.` for the whole message. */
  readonly path: string;
  readonly at: Position;
}
/** An edit with its values; only the value of `set` waits for the field that the path finds. */
export type ResolvedEdit = Target &
  (
    | { readonly edit: 'set'; readonly to: (type: Type) => unknown }
    | { readonly edit: 'drop' | 'duplicate' | 'longLength' }
    | { readonly edit: 'flip'; readonly bit: number }
    | { readonly edit: 'truncate'; readonly bytes: number }
    | { readonly edit: 'append' | 'insert'; readonly bytes: Uint8Array }
    | { readonly edit: 'retag'; readonly tag: number }
  );

/** Refuses an edit at a place. */
export const editProblem = (at: Position, message: string, hint?: string): never => {
  throw new CaseError([{ code: 'edit', at, message, ...(hint ? { hint } : {}) }]);
};

const scalarOf = (node: Node, scope: Scope): unknown => {
  if (node.kind !== 'scalar') return editProblem(node.at, 'expected one value, got a list or a map');
  const { value } = evaluateScalar(node, scope);
  const literal = unreadNode(value);
  return literal?.kind === 'scalar' ? plainText(literal) : value;
};
const textOf = (node: Node, scope: Scope): string => {
  const value = scalarOf(node, scope);
  return typeof value === 'string' ? value : editProblem(node.at, `expected a text, got ${show(value)}`);
};
const countOf = (node: Node, scope: Scope): number => {
  const value = scalarOf(node, scope);
  const n = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= 0
    ? n
    : editProblem(node.at, `expected a whole number, got ${show(value)}`);
};
const octetsOf = (node: Node, scope: Scope): Uint8Array => {
  const value = scalarOf(node, scope);
  const octets = typeof value === 'string' ? fromHex(value) : value;
  return octets instanceof Uint8Array && octets.length > 0 ? octets : editProblem(node.at, `expected octets in hex, got ${show(value)}`);
};

const tagOf = (node: Node, scope: Scope): number => {
  const octets = octetsOf(node, scope);
  return octets.length <= 4
    ? Number.parseInt(hex(octets), 16)
    : editProblem(node.at, `expected at most 4 identifier octets, got ${octets.length}`);
};

const resolve = ({ definition, subject, words, at }: WrittenEdit, scope: Scope, spec: Spec): ResolvedEdit => {
  const wordNode = (name: string): Node => words.get(name) ?? editProblem(at, `"${definition.name}" needs "${name}"`);
  const target = (): Target => ({ path: textOf(subject, scope), at: subject.at });
  switch (definition.name) {
    case 'set': {
      const to = wordNode('to');
      return { edit: 'set', ...target(), to: type => buildValue(to, type, scope, spec) };
    }
    case 'drop':
    case 'duplicate':
    case 'longLength':
      return { edit: definition.name, ...target() };
    case 'flip':
      return { edit: 'flip', ...target(), bit: countOf(wordNode('bit'), scope) };
    case 'truncate':
      return { edit: 'truncate', ...target(), bytes: countOf(wordNode('bytes'), scope) };
    case 'append':
      return { edit: 'append', ...target(), bytes: octetsOf(wordNode('bytes'), scope) };
    case 'retag':
      return { edit: 'retag', ...target(), tag: tagOf(wordNode('tag'), scope) };
    default: {
      const into = words.get('into');
      return { edit: 'insert', path: into ? textOf(into, scope) : '.', at: into?.at ?? at, bytes: octetsOf(subject, scope) };
    }
  }
};

/** The edits of `mutate` or `corrupt` with their values; none where the list comes from a table cell that is not there. */
export const resolveEdits = (node: Node, type: Type, scope: Scope, spec: Spec): readonly ResolvedEdit[] => {
  if (node.kind === 'scalar') {
    const { value } = evaluateScalar(node, scope);
    if (value === ABSENT) return [];
    const inner = unreadNode(value);
    if (inner && inner.kind !== 'scalar') return resolveEdits(inner, type, scope, spec);
  }
  const problems: EditProblem[] = [];
  const written = readEdits(node, problems);
  if (problems.length > 0) throw new CaseError(problems);
  const edits = written.map(edit => resolve(edit, scope, spec));
  for (const { path, at } of edits) if (!typesAt(type, path)) editProblem(at, `no field "${path}" in ${type.name || 'this message'}`);
  return edits;
};
