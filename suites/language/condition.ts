/** Conditions over options and versions: `O_A and (O_B or not O_C)`, `O_A and since 1.1`, `until 1.0`. */
import { existsIn, SPECS, type Spec } from '#protocol/asn1/type.js';
import type { Diagnostic, Position } from './diagnostics.js';
import { didYouMean } from './spelling.js';

/** A parsed condition; the usual precedence: not, and, or. */
export type Condition =
  | { readonly kind: 'option'; readonly name: string; readonly at: Position }
  /** From, or up to and with, a version of SGP.32. */
  | { readonly kind: 'since' | 'until'; readonly spec: Spec; readonly at: Position }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] };

/** What a supplier declares and conditions ask about. */
export interface Declared {
  readonly options: ReadonlyMap<string, boolean>;
  readonly spec: Spec;
}

export interface Decision {
  readonly value: boolean;
  /** What decided: options with their answers, e.g. `O_S_ESIPA_COAPS is no`, or the version. */
  readonly decidedBy: readonly string[];
}

interface Token {
  readonly text: string;
  readonly column: number;
}
const tokens = (text: string): Token[] => [...text.matchAll(/[()]|[^\s()]+/g)].map(m => ({ text: m[0], column: m.index }));

/** 1.0.1 is on the wire what 1.0 is. */
const specNamed = (text: string | undefined): Spec | undefined => SPECS.find(spec => spec === (text === '1.0.1' ? '1.0' : text));

/** Parses a condition; `at` is the place of its first character. */
export const parseCondition = (text: string, at: Position): Condition | Diagnostic => {
  const list = tokens(text);
  let next = 0;
  let problem: Diagnostic | undefined;
  const fail = (expected: string, hint?: string): Condition => {
    const token = list[next];
    const column = at.column + (token?.column ?? text.length);
    const message = `expected ${expected}, got ${token ? `"${token.text}"` : 'the end'}`;
    problem ??= { code: 'condition', at: { ...at, column }, message, ...(hint ? { hint } : {}) };
    return { kind: 'and', of: [] };
  };
  const bound = (kind: 'since' | 'until', column: number): Condition => {
    const token = list[next]?.text;
    const spec = specNamed(token);
    if (!spec) return fail(`a version of SGP.32 behind "${kind}" (${SPECS.join(', ')})`, token && didYouMean(token, SPECS));
    next++;
    return { kind, spec, at: { ...at, column: at.column + column } };
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
    if (token?.text === 'since' || token?.text === 'until') {
      next++;
      return bound(token.text, token.column);
    }
    if (token === undefined || !/^O_[A-Z0-9_]+$/.test(token.text)) return fail('an option O_…, "since", "until", "not" or "("');
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
  switch (condition.kind) {
    case 'option':
      return [condition];
    case 'since':
    case 'until':
      return [];
    case 'not':
      return optionsOf(condition.of);
    default:
      return condition.of.flatMap(optionsOf);
  }
};

/** The condition as text, with the parentheses it needs. */
export const conditionText = (condition: Condition): string => {
  const part = (c: Condition) => (c.kind === 'and' || c.kind === 'or' ? `(${conditionText(c)})` : conditionText(c));
  switch (condition.kind) {
    case 'option':
      return condition.name;
    case 'since':
    case 'until':
      return `${condition.kind} ${condition.spec}`;
    case 'not':
      return `not ${part(condition.of)}`;
    default:
      return condition.of.map(part).join(` ${condition.kind} `);
  }
};

const isInRange = ({ kind, spec }: Extract<Condition, { kind: 'since' | 'until' }>, given: Spec): boolean =>
  existsIn(given, { [kind]: spec });

/** Whether a condition holds; an option without an answer counts as no. */
export const holds = (condition: Condition, declared: Declared): boolean => {
  switch (condition.kind) {
    case 'option':
      return declared.options.get(condition.name) === true;
    case 'since':
    case 'until':
      return isInRange(condition, declared.spec);
    case 'not':
      return !holds(condition.of, declared);
    case 'and':
      return condition.of.every(part => holds(part, declared));
    case 'or':
      return condition.of.some(part => holds(part, declared));
  }
};

/** Decides a condition; an option without an answer counts as unknown to the caller and is an error there, here it throws. */
export const decide = (condition: Condition, declared: Declared): Decision => {
  switch (condition.kind) {
    case 'option': {
      const value = declared.options.get(condition.name);
      if (value === undefined) throw new RangeError(`option ${condition.name} is not answered`);
      return { value, decidedBy: [`${condition.name} is ${value ? 'yes' : 'no'}`] };
    }
    case 'since':
    case 'until': {
      const value = isInRange(condition, declared.spec);
      const range = value ? '' : `applies ${condition.kind === 'since' ? 'from' : 'up to'} SGP.32 v${condition.spec}; `;
      return { value, decidedBy: [`${range}the IXIT says spec: ${declared.spec}`] };
    }
    case 'not': {
      const { value, decidedBy } = decide(condition.of, declared);
      return { value: !value, decidedBy };
    }
    default: {
      const parts = condition.of.map(part => decide(part, declared));
      // One false decides an "and", one true an "or"; only otherwise all parts together do.
      const decisive = parts.find(part => part.value === (condition.kind === 'or'));
      return decisive ?? { value: condition.kind === 'and', decidedBy: parts.flatMap(part => part.decidedBy) };
    }
  }
};

/** The versions in which a condition can hold, whatever the options are. */
export const versionsOf = (condition: Condition | undefined): readonly Spec[] =>
  condition ? SPECS.filter(spec => possible(condition, spec).includes(true)) : SPECS;

/** What a condition can be in a version, over all answers to its options; each part is taken to be free of the others. */
const possible = (condition: Condition, spec: Spec): readonly boolean[] => {
  switch (condition.kind) {
    case 'option':
      return [true, false];
    case 'since':
    case 'until':
      return [isInRange(condition, spec)];
    case 'not':
      return possible(condition.of, spec).map(value => !value);
    default: {
      const parts = condition.of.map(part => possible(part, spec));
      const decisive = condition.kind === 'or';
      return [
        ...(parts.some(part => part.includes(decisive)) ? [decisive] : []),
        ...(parts.every(part => part.includes(!decisive)) ? [!decisive] : []),
      ];
    }
  }
};
