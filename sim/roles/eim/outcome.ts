/** Results of operations as words: what the code of each alternative of EuiccResultData is called. SGP.32 2.11.2.1 */
import type { Element } from '#protocol/asn1/element.js';
import { toJson } from '#protocol/asn1/json.js';
import type { Spec } from '#protocol/asn1/type.js';

/** One result of a package result. */
export interface Outcome {
  /** Name of the alternative, e.g. `enableResult`. */
  readonly name: string;
  /** Name of the code, `ok` for a result that carries data; an unknown code in digits. */
  readonly result: string;
  /** The data of a result that carries some, in their JSON form. */
  readonly content?: unknown;
  readonly element: Element;
}

/** The name of an INTEGER with named numbers, its digits when it has none. */
export const codeName = (element: Element): string => {
  const [name] = [...(element.type.names ?? [])].find(([, code]) => code === element.value) ?? [];
  return name ?? String(element.value);
};

const isCode = (element: Element): boolean => element.type.kind === 'integer' && element.type.names !== undefined;

const outcomeOf = (alternative: Element, spec: Spec): Outcome => {
  const { name } = alternative;
  const code = isCode(alternative) ? alternative : alternative.children.find(isCode);
  if (code && alternative.children.length <= 1) return { name, result: codeName(code), element: alternative };
  return { name, result: 'ok', content: toJson(alternative.type, alternative.value, spec), element: alternative };
};

/** The results in a euiccResult, in their order. */
export const outcomesIn = (euiccResult: Element, spec: Spec): readonly Outcome[] =>
  euiccResult.children.map(item => outcomeOf(item.children[0] ?? item, spec));
