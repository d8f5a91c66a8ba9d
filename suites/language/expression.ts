/**
 * Scalars of the language: a text that begins with `$` is an expression over its whole length, any other is literal.
 *
 *   value = sum [ " if " condition " else " sum ] [ " as " name ]
 *   condition = OPTION | "since " version | "until " version
 *   sum   = term { (" + " | " - ") term }
 *   term  = number | low..high | 'text' | "$" name { "." field } | "$" function [ "(" sum ")" ]
 */
import { type Condition, conditionText, parseCondition } from './condition.js';
import type { Diagnostic, Position } from './diagnostics.js';
import { functionNamed } from './functions.js';

export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly at: Position }
  | { readonly kind: 'range'; readonly low: number; readonly high: number; readonly at: Position }
  | { readonly kind: 'text'; readonly value: string; readonly at: Position }
  /** UPPER_SNAKE: a constant, setting, certificate or key; otherwise a bound name, `row` or an actor with a path below it. */
  | { readonly kind: 'name'; readonly path: readonly string[]; readonly at: Position }
  | { readonly kind: 'call'; readonly name: string; readonly argument?: Expression; readonly at: Position }
  | { readonly kind: 'sum'; readonly first: Expression; readonly rest: readonly Addend[]; readonly at: Position }
  | {
      readonly kind: 'if';
      readonly condition: Condition;
      readonly then: Expression;
      readonly otherwise: Expression;
      readonly at: Position;
    };
export interface Addend {
  readonly sign: 1 | -1;
  readonly term: Expression;
}

export interface Capture {
  readonly name: string;
  readonly at: Position;
}
export type Scalar =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'expression'; readonly value: Expression; readonly as?: Capture };

/** Names that begin with a capital (EID1, SK_S_EIMsign_ECDSA) stand for constants, settings, certificates and keys. */
export const isConstantName = (name: string): boolean => /^[A-Z]/.test(name);
const NAME = /^[A-Za-z][A-Za-z0-9_]*(?:\.(?:[A-Za-z][A-Za-z0-9_-]*|\d+))*/;

const parser = (text: string, at: Position) => {
  let offset = 1;
  let problem: Diagnostic | undefined;
  const place = (where = offset): Position => ({ ...at, column: at.column + where });
  const fail = (message: string, where = offset, code = 'expression', hint?: string): Expression => {
    problem ??= { code, at: place(where), message, ...(hint ? { hint } : {}) };
    return { kind: 'number', value: 0, at: place(where) };
  };
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(text.slice(offset))?.[0];
    if (found !== undefined) offset += found.length;
    return found;
  };
  const rest = () => (offset >= text.length ? 'the end' : `"${text.slice(offset)}"`);

  const term = (sigil: boolean): Expression => {
    const here = place();
    const start = offset;
    const number = take(/^\d+(?!\w)/);
    if (number !== undefined) {
      if (take(/^\.\./) === undefined) return { kind: 'number', value: Number(number), at: here };
      const high = take(/^\d+(?!\w)/);
      if (high === undefined) return fail(`expected the upper end of the range, got ${rest()}`);
      if (Number(high) < Number(number)) return fail(`a range goes from low to high, got ${number}..${high}`, start);
      return { kind: 'range', low: Number(number), high: Number(high), at: here };
    }
    const quoted = take(/^'(?:[^']|'')*'/);
    if (quoted !== undefined) return { kind: 'text', value: quoted.slice(1, -1).replaceAll("''", "'"), at: here };
    if (!sigil && take(/^\$/) === undefined) {
      const bare = NAME.exec(text.slice(offset))?.[0];
      return fail(
        `expected a number, 'text', $name or $function, got ${rest()}`,
        start,
        'expression',
        bare && `write $${bare} or '${bare}'`,
      );
    }
    const word = offset;
    const name = take(NAME);
    if (name === undefined)
      return fail(
        `expected a name behind "$", got ${rest()}`,
        word,
        'expression',
        word === 1 ? 'a text that begins with "$" is written $$' : undefined,
      );
    if (text[offset] === '(' || functionNamed(name)) return call(name, word);
    return { kind: 'name', path: name.split('.'), at: place(word) };
  };

  const call = (name: string, start: number): Expression => {
    const found = place(start);
    if (take(/^\(/) === undefined) return { kind: 'call', name, at: found };
    if (take(/^\s*\)/) !== undefined) return { kind: 'call', name, at: found };
    const argument = sum(false);
    if (!problem && take(/^\s*\)/) === undefined) return fail(`expected ")", got ${rest()}`);
    return { kind: 'call', name, argument, at: found };
  };

  const sum = (sigil: boolean): Expression => {
    const first = term(sigil);
    const addends: Addend[] = [];
    for (let sign = take(/^ [+-] /); sign !== undefined && !problem; sign = take(/^ [+-] /))
      addends.push({ sign: sign === ' + ' ? 1 : -1, term: term(false) });
    return addends.length === 0 ? first : { kind: 'sum', first, rest: addends, at: first.at };
  };

  const choice = (): Expression => {
    const then = sum(true);
    if (take(/^ if /) === undefined) return then;
    const here = place();
    const written = take(/^O_[A-Z0-9_]+/) ?? take(/^(?:since|until) [^ ]+/);
    if (written === undefined) return fail(`expected an option O_…, "since …" or "until …" behind "if", got ${rest()}`);
    const condition = parseCondition(written, here);
    if ('code' in condition) return fail(condition.message, condition.at.column - at.column, condition.code, condition.hint);
    if (take(/^ else /) === undefined) return fail(`expected " else ", got ${rest()}`);
    return { kind: 'if', condition, then, otherwise: sum(false), at: here };
  };

  return (): Scalar | Diagnostic => {
    const value = choice();
    let as: Capture | undefined;
    if (!problem && take(/^ as /) !== undefined) {
      const here = place();
      const name = take(/^[A-Za-z][A-Za-z0-9]*/);
      if (name === undefined || !/^[a-z]/.test(name))
        fail(`expected a name in lowerCamel behind "as", got ${name ? `"${name}"` : rest()}`, here.column - at.column);
      else if (functionNamed(name)) fail(`"${name}" is a function and cannot be bound`, here.column - at.column);
      else as = { name, at: here };
    }
    if (!problem && offset < text.length) fail(`expected the end of the expression, got ${rest()}`);
    return problem ?? { kind: 'expression', value, ...(as ? { as } : {}) };
  };
};

/** Reads a scalar: literal text, or an expression. `at` is the place of its first character. */
export const parseScalar = (text: string, at: Position): Scalar | Diagnostic => {
  if (!text.startsWith('$')) return { kind: 'literal', text };
  return text.startsWith('$$') ? { kind: 'literal', text: text.slice(1) } : parser(text, at)();
};

/** All parts of an expression, outermost first. */
export function* parts(expression: Expression): Generator<Expression> {
  yield expression;
  if (expression.kind === 'call' && expression.argument) yield* parts(expression.argument);
  if (expression.kind === 'sum') {
    yield* parts(expression.first);
    for (const { term } of expression.rest) yield* parts(term);
  }
  if (expression.kind === 'if') {
    yield* parts(expression.then);
    yield* parts(expression.otherwise);
  }
}

/** The expression as written, for messages. */
export const expressionText = (e: Expression): string => {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'range':
      return `${e.low}..${e.high}`;
    case 'text':
      return `'${e.value.replaceAll("'", "''")}'`;
    case 'name':
      return `$${e.path.join('.')}`;
    case 'call':
      return `$${e.name}${e.argument ? `(${expressionText(e.argument)})` : ''}`;
    case 'sum':
      return [expressionText(e.first), ...e.rest.map(({ sign, term }) => `${sign === 1 ? '+' : '-'} ${expressionText(term)}`)].join(' ');
    case 'if':
      return `${expressionText(e.then)} if ${conditionText(e.condition)} else ${expressionText(e.otherwise)}`;
  }
};
