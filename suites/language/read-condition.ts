/** Conditions over options and versions, as cases and steps state them. */
import { type Condition, optionsOf, parseCondition, versionsOf } from './condition.js';
import { inside } from './evaluate.js';
import { type Names, useOption } from './names.js';
import type { ScalarNode } from './source.js';

/** Reads a condition; its options have to be of the role under test where one is given. Undefined: there is none, or it is reported. */
export const readCondition = (node: ScalarNode | undefined, iut: string | undefined, names: Names): Condition | undefined => {
  if (!node) return undefined;
  const condition = parseCondition(node.text, inside(node));
  if ('code' in condition) {
    names.report('condition', condition.at, condition.message, condition.hint);
    return undefined;
  }
  const own = versionsOf(condition);
  if (!own.some(spec => names.versions.includes(spec)))
    names.report(
      'condition',
      inside(node),
      own.length === 0
        ? `"${node.text}" holds in no version`
        : `"${node.text}" holds in no version in which what is around it applies (${names.versions.join(', ')})`,
    );
  for (const { name, at } of optionsOf(condition)) {
    const option = useOption(names, name, at);
    if (option && iut !== undefined && option.role !== iut)
      names.report('unknown-option', at, `${name} is an option of the ${option.role}; this case tests the ${iut}`);
  }
  return condition;
};
