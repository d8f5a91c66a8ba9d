/** Values, patterns and edits checked against their types before a run. */

import { fromHex } from '#protocol/asn1/tlv.js';
import type { Type } from '#protocol/asn1/type.js';
import { checkScalar, type Where } from './check-expression.js';
import { type EditDefinition, type EditProblem, readEdits, type WrittenEdit } from './edit-syntax.js';
import { parseScalar } from './expression.js';
import { below, fieldsOf, layout, layouts, namesBelow, typesAt, word } from './layout.js';
import { bindName, type Names } from './names.js';
import { readBit, readScalar } from './reading.js';
import { kindOf } from './shape.js';
import { didYouMean, type Entry, type ListNode, type MapNode, type Node, type Position } from './source.js';

const STRUCTURED = ['$oneOf', '$contains', '$each'] as const;

const noField = (names: Names, step: string, at: Position, type: Type): void => {
  const fields = fieldsOf(type).map(field => field.name);
  if (layout(type).kind === 'sequenceOf')
    return names.report('unknown-field', at, `"${step}" is no position in this list`, 'positions are counted from 0');
  if (fields.length === 0) return names.report('unknown-field', at, `this ${word(type)} has no fields, got "${step}"`);
  names.report('unknown-field', at, `no field "${step}" in this ${word(type)}; fields: ${fields.join(', ')}`, didYouMean(step, fields));
};

const checkEntry = (entry: Entry, where: Where): void => {
  const { names, type } = where;
  if (type === undefined) return checkContent(entry.value, where);
  if (entry.key.startsWith('..'))
    return names.report('wrong-place', entry.at, '".." belongs into edits and into "check"', 'write the path of the field');
  if (entry.key.startsWith('$')) return names.report('wrong-place', entry.at, `${entry.key} stands alone in its map`);
  let at: Type = type;
  let column = entry.at.column;
  for (const step of entry.key.split('.')) {
    const next = below(at, step);
    if (!next) return noField(names, step, { ...entry.at, column }, at);
    at = next;
    column += step.length + 1;
  }
  checkContent(entry.value, { ...where, type: at });
};

/** Names bound in every alternative are bound behind it; the others only sometimes. */
const checkAlternatives = (items: readonly Node[], where: Where): void => {
  const { names } = where;
  const ends = items.map(item => {
    const own: Names = { ...names, bound: new Map(names.bound) };
    checkContent(item, { ...where, names: own });
    return own.bound;
  });
  const before = names.condition;
  for (const name of new Set(ends.flatMap(bound => [...bound.keys()]))) {
    const earlier = names.bound.get(name);
    const found = ends.flatMap(bound => bound.get(name) ?? []).filter(binding => binding !== earlier);
    const [first] = found;
    if (!first) continue;
    const { isDoubtful } = names;
    if (found.length < ends.length) Object.assign(names, { condition: 'one alternative of $oneOf', isDoubtful: true });
    bindName(names, name, { file: '', line: first.line, column: 1 });
    Object.assign(names, { condition: before, isDoubtful });
  }
};

const checkStructured = ({ key, at, value }: Entry, where: Where): void => {
  const { names, use, type } = where;
  if (use !== 'match') return names.report('wrong-place', at, `${key} says what a value must be like`, 'it belongs into "match"');
  if (!STRUCTURED.some(one => one === key))
    return names.report('unknown-key', at, `unknown key "${key}"; known: ${STRUCTURED.join(', ')}`, didYouMean(key, STRUCTURED));
  const one = type && layout(type);
  if (key !== '$oneOf' && one && one.kind !== 'sequenceOf' && one.kind !== 'bits')
    return names.report('wrong-place', at, `${key} is for lists, not for this ${word(one)}`);
  if (key === '$each') return checkContent(value, { ...where, type: one?.element });
  if (value.kind !== 'list' || value.items.length === 0)
    return names.report(
      'shape',
      value.at,
      `${key} takes a list of patterns, got ${value.kind === 'list' ? 'an empty one' : kindOf(value)}`,
    );
  if (key === '$oneOf') return checkAlternatives(value.items, where);
  if (one?.kind === 'bits') return checkBits(value, one, names);
  for (const item of value.items) checkContent(item, { ...where, type: one?.element });
};

const checkMap = (node: MapNode, where: Where): void => {
  const { names, use, type } = where;
  const [first] = node.entries;
  if (first && node.entries.length === 1 && first.key.startsWith('$')) return checkStructured(first, where);
  const one = type && layout(type);
  if (one && one.kind !== 'sequence' && one.kind !== 'choice' && one.kind !== 'sequenceOf')
    return names.report('bad-value', node.at, `expected a value for this ${word(one)}, got a map`);
  if (one?.kind === 'choice') {
    const demanded = use === 'match' ? node.entries.filter(entry => entry.value.kind !== 'scalar') : node.entries;
    const named = [...new Set(demanded.map(entry => entry.key.split('.')[0]))];
    const fields = fieldsOf(one)
      .map(field => field.name)
      .join(', ');
    if (named.length > 1) names.report('alternative', node.at, `a CHOICE has one alternative, got ${named.join(' and ')}`);
    if (node.entries.length === 0) return names.report('alternative', node.at, `expected an alternative of this CHOICE: ${fields}`);
  }
  for (const entry of node.entries) checkEntry(entry, where);
};

const checkBits = (node: ListNode, type: Type, names: Names): void => {
  for (const item of node.items) {
    if (item.kind !== 'scalar') {
      names.report('bad-value', item.at, `expected the name of a bit, got ${kindOf(item)}`);
      continue;
    }
    const reading = readBit(item.text, type);
    if ('problem' in reading) names.report('bad-value', item.at, reading.problem, reading.hint);
  }
};

const checkList = (node: ListNode, where: Where): void => {
  const { names, type } = where;
  const one = type && layout(type);
  if (one?.kind === 'bits' && one.names) return checkBits(node, one, names);
  if (one && one.kind !== 'sequenceOf') return names.report('bad-value', node.at, `expected a value for this ${word(one)}, got a list`);
  for (const item of node.items) checkContent(item, { ...where, type: one?.element });
};

/** Checks a value or pattern; without a type only its expressions. Captures are bound. */
export const checkContent = (node: Node, where: Where): void => {
  if (node.kind === 'scalar') checkScalar(node, where);
  else if (node.kind === 'list') checkList(node, where);
  else checkMap(node, where);
};

/** Wrong words of an edit besides its path. */
const checkWord = ({ name }: EditDefinition, key: string, node: Node, names: Names): void => {
  if (node.kind !== 'scalar') return names.report('shape', node.at, `expected one value, got ${kindOf(node)}`);
  if (node.text.startsWith('$')) return checkScalar(node, { names, use: 'build', type: undefined });
  const isCount = key === 'bit' || (key === 'bytes' && name === 'truncate');
  if (isCount && !/^\d+$/.test(node.text)) return names.report('bad-value', node.at, `expected a whole number, got "${node.text}"`);
  if (!isCount && !fromHex(node.text)?.length) names.report('bad-value', node.at, `expected octets in hex, got "${node.text}"`);
};

const checkPath = (node: Node, type: Type, names: Names): readonly Type[] => {
  if (node.kind !== 'scalar') {
    names.report('shape', node.at, `expected a field path, got ${kindOf(node)}`);
    return [];
  }
  if (node.text.startsWith('$')) {
    checkScalar(node, { names, use: 'build', type: undefined });
    return [];
  }
  const found = typesAt(type, node.text);
  if (found) return found;
  const near = didYouMean(node.text.split('.').at(-1) ?? '', namesBelow(type));
  names.report('unknown-field', node.at, `no field "${node.text}" in ${type.name || 'this message'}`, near);
  return [];
};

const checkEdit = ({ definition, subject, words, at }: WrittenEdit, type: Type, names: Names): void => {
  if (definition.subject === 'octets') {
    checkWord(definition, definition.name, subject, names);
    const into = words.get('into');
    if (into) checkPath(into, type, names);
    return;
  }
  const types = checkPath(subject, type, names);
  for (const [key, node] of words) if (key !== 'to') checkWord(definition, key, node, names);
  const to = words.get('to');
  if (!to) return;
  if (subject.kind === 'scalar' && subject.text === '.')
    return names.report('bad-value', at, '"set" needs a field; "." is the whole message');
  // A name that stands in several places has several types: the value has to suit one of them.
  const suits = to.kind === 'scalar' ? types.filter(one => layouts(one).some(l => suitsType(to.text, l))) : types;
  checkContent(to, { names, use: 'edit', type: suits[0] ?? types[0] });
};
const suitsType = (text: string, type: Type): boolean => {
  const scalar = parseScalar(text, { file: '', line: 1, column: 1 });
  return 'code' in scalar || scalar.kind === 'expression' || !('problem' in readScalar(scalar.text, type));
};

/** Checks `mutate` or `corrupt` of a message: a list of edits, or a table column that holds such lists. */
export const checkEdits = (node: Node, type: Type, names: Names): void => {
  if (node.kind === 'scalar') {
    const column = /^\$row\.([A-Za-z][A-Za-z0-9]*)$/.exec(node.text)?.[1];
    const cells = column === undefined ? [] : names.rows.flatMap(row => row.cells.entries.find(entry => entry.key === column)?.value ?? []);
    if (cells.length > 0) {
      names.used.add(`row.${column}`);
      for (const cell of cells) checkEdits(cell, type, names);
      return;
    }
    if (column !== undefined) return checkScalar(node, { names, use: 'build', type: undefined });
  }
  const problems: EditProblem[] = [];
  const edits = readEdits(node, problems);
  for (const { code, at, message, hint } of problems) names.report(code, at, message, hint);
  for (const edit of edits) checkEdit(edit, type, names);
};
