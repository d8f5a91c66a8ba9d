/** Conditions over options, as cases and steps state them. */
import { type Condition, optionsOf, parseCondition } from './condition.js';
import { inside } from './evaluate.js';
import { type Names, useOption } from './names.js';
import type { ScalarNode } from './source.js';

/** Reads a condition; its options have to be of the role under test where one is given. Undefined: there is none, or it is reported. */
export const readCondition = (node: ScalarNode | undefined, iut: string | undefined, names: Names): Condition | undefined => {
  if (!node) return undefined;
  const condition = parseCondition(node.text, inside(node));
  if ('code' in condition) {
    names.report('condition', condition.at, condition.message);
    return undefined;
  }
  for (const { name, at } of optionsOf(condition)) {
    const option = useOption(names, name, at);
    if (option && iut !== undefined && option.role !== iut)
      names.report('unknown-option', at, `${name} is an option of the ${option.role}; this case tests the ${iut}`);
  }
  return condition;
};
