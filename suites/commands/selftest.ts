/** `sgp32 selftest`: proves that the catalogue catches what it must and fails nobody who conforms. */
import { knownDeviations } from '../../sim/defects/index.js';
import { expectationsOf } from '../expectations.js';
import type { Ixit } from '../ixit-schema.js';
import type { Catalogue } from '../language/load.js';
import { isSelected } from '../plan.js';
import { checkSelection, prepareCatalogue, prepareIxits } from '../prepare.js';
import { builtInCases } from '../root.js';
import { joinResults, type SelftestResult, selftest } from '../selftest.js';
import { UsageError } from './input.js';

export interface SelftestOptions {
  readonly only?: readonly string[];
  readonly jobs: string;
  readonly json?: boolean;
}

/** The self-test of one reference implementation; undefined when no case for its kind is selected. */
const prove = async (ixit: Ixit, catalogue: Catalogue, only: readonly string[], jobs: number): Promise<SelftestResult | undefined> => {
  if (!catalogue.cases.some(c => c.iut === ixit.iut && isSelected(c.id, only))) return undefined;
  const { defects, variantGroups, declares = {}, wires = {} } = knownDeviations.get(ixit.iut) ?? { defects: [], variantGroups: [] };
  return selftest({
    ixit,
    catalogue,
    only,
    expectations: expectationsOf(builtInCases, ixit.iut, catalogue, defects),
    defects,
    variants: variantGroups,
    declares,
    wires,
    jobs,
    tell: line => process.stderr.write(`${ixit.iut}  ${line}\n`),
  });
};

export const selftestCommand = async (options: SelftestOptions): Promise<number> => {
  if (!/^[1-9]\d?$/.test(options.jobs)) throw new UsageError(`--jobs ${options.jobs}: expected a number from 1 to 99`);
  const only = options.only ?? [];
  const catalogue = prepareCatalogue();
  checkSelection(only, catalogue);
  const byIut = new Map<string, SelftestResult>();
  for (const ixit of prepareIxits(undefined, catalogue)) {
    const result = await prove(ixit, catalogue, only, Number(options.jobs));
    if (result) byIut.set(ixit.iut, result);
  }
  const all = joinResults([...byIut.values()]);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...all, byIut: Object.fromEntries(byIut) })}\n`);
  process.stderr.write(`\n${[...byIut].map(([iut, result]) => describe(iut, result)).join('\n')}\n`);
  return all.survivors.length + all.uncaught.length + all.falseFails.length + all.deviations.length > 0 ? 1 : 0;
};

const describe = (iut: string, result: SelftestResult): string => {
  const { cases, defects, killed, survivors, uncaught, variants, falseFails, inconclusive, deviations } = result;
  const list = (title: string, items: readonly string[]) => (items.length > 0 ? `\n${title}:\n${items.map(i => `  ${i}`).join('\n')}` : '');
  return `${iut}: ${cases} cases, ${defects} defects, ${killed} pairs caught, ${survivors.length} survivors, ${uncaught.length} uncaught; ${variants} conformant variants, ${falseFails.length} false fails${list('Cases that no defect fails', survivors)}${list('Defects that no case catches', uncaught)}${list('False fails', falseFails)}${list('Inconclusive on conformant variants', inconclusive)}${list('Not as stated', deviations)}`;
};
