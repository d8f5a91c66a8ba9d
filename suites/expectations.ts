/** selftest/<role>.yaml: which seeded defects every case has to catch, and for the violation of which requirement. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CaseError, type Diagnostic } from './language/diagnostics.js';
import { didYouMean, parseYaml } from './language/source.js';

/** What such a file says of one case: the defects it must catch, each with the requirement that is violated. */
export type Expectations = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What the names in it may refer to. */
export interface Known {
  readonly cases: readonly { readonly id: string }[];
  readonly requirements: ReadonlyMap<string, unknown>;
}

/** Reads a file of expectations: case id → { defect: requirement }. Unknown cases, defects and requirements are mistakes. */
export const readExpectations = (
  file: string,
  catalogue: Known,
  defects: readonly string[],
): { readonly expectations: Expectations; readonly diagnostics: readonly Diagnostic[] } => {
  const { root, diagnostics: found } = parseYaml(file, readFileSync(file, 'utf8'));
  const diagnostics = [...found];
  const report = (at: Diagnostic['at'], code: string, message: string, hint?: string) =>
    diagnostics.push({ code, at, message, ...(hint ? { hint } : {}) });
  const ids = catalogue.cases.map(c => c.id);
  const expectations = new Map<string, Map<string, string>>();
  for (const { key, at, value } of root?.kind === 'map' ? root.entries : []) {
    if (!ids.includes(key)) report(at, 'unknown-case', `no case "${key}"`, didYouMean(key, ids));
    if (value.kind !== 'map') {
      report(value.at, 'form', 'expected { defect: requirement }');
      continue;
    }
    const pairs = new Map<string, string>();
    for (const pair of value.entries) {
      const requirement = pair.value.kind === 'scalar' ? pair.value.text : '';
      if (!defects.includes(pair.key)) report(pair.at, 'unknown-defect', `no seeded defect "${pair.key}"`, didYouMean(pair.key, defects));
      if (!catalogue.requirements.has(requirement))
        report(
          pair.value.at,
          'unknown-requirement',
          `no requirement "${requirement}"`,
          didYouMean(requirement, catalogue.requirements.keys()),
        );
      pairs.set(pair.key, requirement);
    }
    expectations.set(key, pairs);
  }
  return { expectations, diagnostics };
};

/** The expectations of a catalogue folder for one kind of IUT; none without a file for it. Throws CaseError when its file has mistakes. */
export const expectationsOf = (root: string, iut: string, catalogue: Known, defects: readonly string[]): Expectations => {
  const file = join(root, 'selftest', `${iut}.yaml`);
  if (!existsSync(file)) return new Map();
  const { expectations, diagnostics } = readExpectations(file, catalogue, defects);
  if (diagnostics.length > 0) throw new CaseError(diagnostics);
  return expectations;
};
