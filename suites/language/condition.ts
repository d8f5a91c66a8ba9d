/** Conditions over options: `O_A and (O_B or not O_C)`. */
import type { Diagnostic, Position } from './diagnostics.js';

/** A parsed condition; the usual precedence: not, and, or. */
export type Condition =
  | { readonly kind: 'option'; readonly name: string; readonly at: Position }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] };

export interface Decision {
  readonly value: boolean;
  /** The options that decided, with their answers, e.g. `O_S_ESIPA_COAPS is no`. */
  readonly decidedBy: readonly string[];
}

interface Token {
  readonly text: string;
  readonly column: number;
}
const tokens = (text: string): Token[] => [...text.matchAll(/[()]|[^\s()]+/g)].map(m => ({ text: m[0], column: m.index }));

/** Parses a condition; `at` is the place of its first character. */
export const parseCondition = (text: string, at: Position): Condition | Diagnostic => {
  const list = tokens(text);
  let next = 0;
  let problem: Diagnostic | undefined;
  const fail = (expected: string): Condition => {
    const token = list[next];
    const column = at.column + (token?.column ?? text.length);
    problem ??= { code: 'condition', at: { ...at, column }, message: `expected ${expected}, got ${token ? `"${token.text}"` : 'the end'}` };
    return { kind: 'and', of: [] };
  };
  const joined = (word: 'and' | 'or', operand: () => Condition): Condition => {
    const first = operand();
    if (list[next]?.text !== word) return first;
    const of = [first];
    while (list[next]?.text === word && !problem) {
      next++;
      of.push(operand());
    }
    return { kind: word, of };
  };
  const operand = (): Condition => {
    const token = list[next];
    if (token?.text === 'not') {
      next++;
      return { kind: 'not', of: operand() };
    }
    if (token?.text === '(') {
      next++;
      const inner = either();
      if (list[next]?.text !== ')') return fail('"and", "or" or ")"');
      next++;
      return inner;
    }
    if (token === undefined || !/^O_[A-Z0-9_]+$/.test(token.text)) return fail('an option O_…, "not" or "("');
    next++;
    return { kind: 'option', name: token.text, at: { ...at, column: at.column + token.column } };
  };
  const both = () => joined('and', operand);
  const either = (): Condition => joined('or', both);

  const condition = either();
  if (!problem && next < list.length) fail('"and", "or" or the end');
  return problem ?? condition;
};

/** Every option a condition names, in reading order. */
export const optionsOf = (condition: Condition): readonly { readonly name: string; readonly at: Position }[] => {
  if (condition.kind === 'option') return [condition];
  return condition.kind === 'not' ? optionsOf(condition.of) : condition.of.flatMap(optionsOf);
};

/** The condition as text, with the parentheses it needs. */
export const conditionText = (condition: Condition): string => {
  if (condition.kind === 'option') return condition.name;
  const part = (c: Condition) => (c.kind === 'and' || c.kind === 'or' ? `(${conditionText(c)})` : conditionText(c));
  return condition.kind === 'not' ? `not ${part(condition.of)}` : condition.of.map(part).join(` ${condition.kind} `);
};

/** Whether a condition holds; an option without an answer counts as no. */
export const holds = (condition: Condition, options: ReadonlyMap<string, boolean>): boolean => {
  if (condition.kind === 'option') return options.get(condition.name) === true;
  if (condition.kind === 'not') return !holds(condition.of, options);
  return condition.kind === 'and' ? condition.of.every(part => holds(part, options)) : condition.of.some(part => holds(part, options));
};

/** Decides a condition; an option without an answer counts as unknown to the caller and is an error there, here it throws. */
export const decide = (condition: Condition, options: ReadonlyMap<string, boolean>): Decision => {
  if (condition.kind === 'option') {
    const value = options.get(condition.name);
    if (value === undefined) throw new RangeError(`option ${condition.name} is not answered`);
    return { value, decidedBy: [`${condition.name} is ${value ? 'yes' : 'no'}`] };
  }
  if (condition.kind === 'not') {
    const { value, decidedBy } = decide(condition.of, options);
    return { value: !value, decidedBy };
  }
  const parts = condition.of.map(part => decide(part, options));
  // One false decides an "and", one true an "or"; only otherwise all parts together do.
  const decisive = parts.find(part => part.value === (condition.kind === 'or'));
  return decisive ?? { value: condition.kind === 'and', decidedBy: parts.flatMap(part => part.decidedBy) };
};
