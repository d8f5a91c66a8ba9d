/** Expressions to values. */
import { holds, optionsOf } from './condition.js';
import { CaseError, type Diagnostic } from './diagnostics.js';
import { type Capture, type Expression, expressionText, parseScalar } from './expression.js';
import { apply, type FunctionDefinition, functionNamed } from './functions.js';
import { lookup, type Scope } from './scope.js';
import type { Position, ScalarNode } from './source.js';
import { ABSENT, MissingValue, unread, unreadNode } from './values.js';

export interface Evaluated {
  /** A value, a function waiting for its place (`appliedFunction`), ABSENT, or YAML to be read by use (`unreadNode`). */
  readonly value: unknown;
  readonly as?: Capture;
  /** The expression as written; undefined for literal text. */
  readonly text?: string;
}

/** Where quoted text begins inside its quotes; columns of expressions count from there. */
export const inside = (node: ScalarNode): Position => (node.quoted ? { ...node.at, column: node.at.column + 1 } : node.at);

/** The text of a literal scalar, `$$` resolved. */
export const plainText = (node: ScalarNode): string => (node.text.startsWith('$$') ? node.text.slice(1) : node.text);
const literal = (text: string, at: Position) =>
  unread({ kind: 'scalar', text: text.startsWith('$') ? `$${text}` : text, quoted: true, at });

const number = (value: unknown, expression: Expression): number | bigint => {
  const node = unreadNode(value);
  const plain = node?.kind === 'scalar' ? node.text : value;
  if (typeof plain === 'number' || typeof plain === 'bigint') return plain;
  if (typeof plain === 'string' && /^-?\d{1,15}$/.test(plain)) return Number(plain);
  const found = plain === ABSENT ? 'absent' : typeof plain === 'string' ? `"${plain}"` : 'something else';
  throw new CaseError([
    { code: 'arithmetic', at: expression.at, message: `expected a number for ${expressionText(expression)}, got ${found}` },
  ]);
};

const add = (a: number | bigint, b: number | bigint, sign: 1 | -1): number | bigint => {
  const exact = BigInt(a) + BigInt(sign) * BigInt(b);
  return exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
};

/** The argument of a function as its definition wants it. */
const argument = (
  { name, argument: kind, example }: FunctionDefinition,
  call: Extract<Expression, { kind: 'call' }>,
  scope: Scope,
): unknown => {
  const given = call.argument;
  if (kind === 'nothing') return undefined;
  if (!given) throw new CaseError([{ code: 'argument', at: call.at, message: `$${name} needs an argument: ${example}` }]);
  const value = evaluate(given, scope);
  if (kind === 'value' || given.kind === 'range') return value;
  if (kind !== 'pattern') return number(value, given);
  const node = unreadNode(value);
  return node?.kind === 'scalar' ? plainText(node) : value;
};

/** The value of an expression in a scope. Throws MissingValue, or CaseError where operands do not fit. */
export const evaluate = (e: Expression, scope: Scope): unknown => {
  switch (e.kind) {
    case 'number':
      return e.value;
    case 'range':
      return { low: e.low, high: e.high };
    case 'text':
      return literal(e.value, e.at);
    case 'name': {
      const found = lookup(scope, e.path);
      const node = unreadNode(found);
      // A cell that is itself an expression means what it means here and now.
      return node?.kind === 'scalar' ? evaluateScalar(node, scope).value : found;
    }
    case 'call': {
      const definition = functionNamed(e.name);
      if (!definition) throw new CaseError([{ code: 'unknown-function', at: e.at, message: `unknown function $${e.name}` }]);
      if (definition.name === 'absent') return ABSENT;
      return apply(definition, argument(definition, e, scope));
    }
    case 'sum':
      return e.rest.reduce<number | bigint>(
        (sum, { sign, term }) => add(sum, number(evaluate(term, scope), term), sign),
        number(evaluate(e.first, scope), e.first),
      );
    case 'if': {
      const open = optionsOf(e.condition).find(({ name }) => !scope.options.has(name));
      if (open) throw new MissingValue(`option ${open.name} is not answered`);
      return evaluate(holds(e.condition, scope) ? e.then : e.otherwise, scope);
    }
  }
};

type Parsed = Exclude<ReturnType<typeof parseScalar>, Diagnostic>;
// The preamble of a hundred sequences is one procedure: each scalar is read once.
const parsed = new WeakMap<ScalarNode, Parsed>();
const parse = (node: ScalarNode): Parsed => {
  const before = parsed.get(node);
  if (before) return before;
  const scalar = parseScalar(node.text, inside(node));
  if ('code' in scalar) throw new CaseError([scalar]);
  parsed.set(node, scalar);
  return scalar;
};

/** The value of a scalar: literal text stays unread, an expression is evaluated. */
export const evaluateScalar = (node: ScalarNode, scope: Scope): Evaluated => {
  const scalar = parse(node);
  if (scalar.kind === 'literal') return { value: unread(node) };
  const value = evaluate(scalar.value, scope);
  return { value, text: expressionText(scalar.value), ...(scalar.as ? { as: scalar.as } : {}) };
};
