/** Expressions checked before a run: names, functions and their arguments, and whether they suit the type of their place. */
import type { Kind, Type } from '#protocol/asn1/type.js';
import { checkContent } from './check-content.js';
import { optionsOf, versionsOf } from './condition.js';
import { inside } from './evaluate.js';
import { type Expression, expressionText, isConstantName, parseScalar } from './expression.js';
import { FUNCTIONS, type FunctionDefinition, functionNamed } from './functions.js';
import { layout, word } from './layout.js';
import { bindName, columnsOf, inVersions, type Names, useConstant, useName, useOption } from './names.js';
import { readScalar, sizeProblem } from './reading.js';
import { didYouMean, type Position, type ScalarNode } from './source.js';

/** What a piece of YAML is for: a value to send, a pattern to match, or the value of an edit, which may be wrong on purpose. */
export type Use = 'build' | 'match' | 'edit';
export interface Where {
  readonly names: Names;
  readonly use: Use;
  readonly type: Type | undefined;
}

/** Kinds of types that a function says something about; all others can never match it. */
const SUITS: Readonly<Record<string, readonly Kind[]>> = {
  range: ['integer'],
  above: ['integer'],
  bytes: ['octets', 'der', 'open'],
  random: ['octets'],
  derSignature: ['octets'],
  length: ['sequenceOf', 'octets', 'utf8', 'bits', 'der', 'open'],
  matches: ['utf8', 'oid'],
  text: ['utf8'],
};

/** Checks a literal text as a value of the type of its place. */
export const checkText = (text: string, at: Position, { names, use, type }: Where, says = ''): void => {
  const reading = readScalar(text, type);
  if ('problem' in reading) {
    names.report('bad-value', at, says + reading.problem, reading.hint);
    return;
  }
  const wrong = type && use !== 'edit' ? sizeProblem(reading.value, type) : undefined;
  if (wrong) names.report('bad-value', at, says + wrong, use === 'build' ? 'a wrong size is set by "mutate"' : undefined);
};

const checkRow = (path: readonly string[], at: Position, where: Where): void => {
  const { names } = where;
  const [, column] = path;
  if (names.rows.length === 0)
    return names.report('unbound', at, names.inCell ? 'a table cell cannot refer to "row"' : '"row" has no value here: there is no table');
  const columns = columnsOf(names.rows);
  if (column === undefined) return names.report('unknown-column', at, '$row needs a column', `columns: ${columns.join(', ')}`);
  if (!columns.includes(column))
    return names.report(
      'unknown-column',
      at,
      `no column "${column}" in the table`,
      didYouMean(column, columns) ?? `columns: ${columns.join(', ')}`,
    );
  names.used.add(`row.${column}`);
  // A cell means what its place says, so every cell is checked there; a cell that refers to cells would be read in circles.
  for (const { cells } of names.rows) {
    const cell = cells.entries.find(entry => entry.key === column);
    if (cell && path.length === 2) checkContent(cell.value, { ...where, names: { ...names, rows: [], inCell: true } });
  }
};

const checkName = ({ path, at }: Extract<Expression, { kind: 'name' }>, where: Where): void => {
  const { names } = where;
  const [name = '', property, message] = path;
  if (isConstantName(name)) {
    const text = useConstant(names, name, at);
    if (text !== undefined && where.type && path.length === 1) checkText(text, at, where, `$${name}: `);
    return;
  }
  if (name === 'row') return checkRow(path, at, where);
  useName(names, name, at);
  const { types } = names.known;
  if ((property === 'sent' || property === 'received') && message !== undefined && !names.bound.has(name) && !types.typeNamed(message))
    names.report('unknown-type', at, `no ASN.1 type "${message}"`, didYouMean(message, types.typeNames()));
};

const argumentProblem = ({ name, argument, example }: FunctionDefinition, given: Expression | undefined): string | undefined => {
  if (argument === 'nothing') return given && `$${name} takes nothing`;
  if (!given) return `$${name} needs an argument: ${example}`;
  const isNumber = given.kind === 'number' || given.kind === 'name' || given.kind === 'sum';
  const wrong = (form: string) => `$${name} takes ${form}, got ${expressionText(given)}: ${example}`;
  if (argument === 'number') return isNumber ? undefined : wrong('a number');
  if (argument === 'size') return isNumber || given.kind === 'range' ? undefined : wrong('a number or a range');
  if (argument === 'range') return given.kind === 'range' ? undefined : wrong('a range');
  if (argument === 'value') return given.kind === 'range' ? wrong('a value') : undefined;
  if (given.kind !== 'text') return wrong('a quoted pattern');
  try {
    new RegExp(given.value, 'u');
    return undefined;
  } catch {
    return wrong('a regular expression');
  }
};

const checkCall = ({ name, argument, at }: Extract<Expression, { kind: 'call' }>, where: Where): void => {
  const { names, use, type } = where;
  const definition = functionNamed(name);
  if (!definition) {
    const known = FUNCTIONS.map(one => `$${one.name}`);
    const near = didYouMean(
      name,
      FUNCTIONS.map(one => one.name),
    );
    return names.report('unknown-function', at, `unknown function $${name}; known: ${known.join(' ')}`, near?.replace('"', '"$'));
  }
  const problem = argumentProblem(definition, argument);
  if (problem) return names.report('argument', at, problem);
  if (use === 'match' ? !definition.match : !definition.build)
    return names.report(
      'wrong-place',
      at,
      use === 'match'
        ? `$${name} makes a value; it says nothing about one`
        : `$${name} says what a value must be like; it has none of its own`,
      use === 'match' ? 'it belongs into "with"' : 'it belongs into "match"',
    );
  const kinds = SUITS[name];
  const one = type && layout(type);
  if (kinds && one && !kinds.includes(one.kind))
    names.report('wrong-place', at, `$${name} says nothing about a value of this ${word(one)}`);
  // What $not and $optional are about stands in the same place as they do; other arguments are values of their own.
  const own: Where = name === 'not' || name === 'optional' ? where : { names, use: 'build', type: undefined };
  if (argument && definition.argument === 'value') checkExpression(argument, own);
  else if (argument) checkNumbers(argument, names);
};

/** Operands of sums and sizes: numbers, and names that stand for numbers. */
const checkNumbers = (e: Expression, names: Names): void => {
  const where: Where = { names, use: 'build', type: undefined };
  if (e.kind === 'sum') for (const term of [e.first, ...e.rest.map(addend => addend.term)]) checkNumbers(term, names);
  else if (e.kind === 'name') checkName(e, where);
  else if (e.kind === 'call' || e.kind === 'if') names.report('wrong-place', e.at, `expected a number, got ${expressionText(e)}`);
};

/** Checks an expression for its place. */
export const checkExpression = (e: Expression, where: Where): void => {
  const { names, type } = where;
  switch (e.kind) {
    case 'name':
      return checkName(e, where);
    case 'call':
      return checkCall(e, where);
    case 'number':
      return checkText(String(e.value), e.at, where);
    case 'text':
      return checkText(e.value, e.at, where);
    case 'range':
      return names.report('wrong-place', e.at, `the range ${e.low}..${e.high} stands in $range(…), $bytes(…) or $length(…) only`);
    case 'sum':
      if (type && layout(type).kind !== 'integer') names.report('wrong-place', e.at, `a sum is no value of this ${word(type)}`);
      return checkNumbers(e, names);
    case 'if':
      for (const option of optionsOf(e.condition)) useOption(names, option.name, option.at);
      inVersions(names, versionsOf(e.condition), () => checkExpression(e.then, where));
      inVersions(names, versionsOf({ kind: 'not', of: e.condition }), () => checkExpression(e.otherwise, where));
  }
};

/** Checks a scalar: literal text by its type, an expression by its parts. A capture is bound. */
export const checkScalar = (node: ScalarNode, where: Where): void => {
  // An unquoted empty text is a missing value, which was reported when the file was read.
  if (node.text === '' && !node.quoted) return;
  const scalar = parseScalar(node.text, inside(node));
  if ('code' in scalar) return where.names.report('expression', scalar.at, scalar.message, scalar.hint);
  if (scalar.kind === 'literal') return checkText(scalar.text, node.at, where);
  checkExpression(scalar.value, where);
  if (scalar.as) bindName(where.names, scalar.as.name, scalar.as.at);
};
