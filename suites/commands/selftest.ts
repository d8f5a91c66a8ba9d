/** `sgp32 selftest`: proves that the catalogue catches what it must and fails nobody who conforms. */
import { eimDefects } from '../../sim/defects/eim.js';
import { eimVariantGroups } from '../../sim/defects/eim-variants.js';
import { expectationsOf } from '../expectations.js';
import { builtInCases, builtInIxits, checkSelection, prepareCatalogue, prepareIxit } from '../prepare.js';
import { selftest } from '../selftest.js';
import { UsageError } from './input.js';

export interface SelftestOptions {
  readonly only?: readonly string[];
  readonly jobs: string;
  readonly json?: boolean;
}

export const selftestCommand = async (options: SelftestOptions): Promise<number> => {
  if (!/^[1-9]\d?$/.test(options.jobs)) throw new UsageError(`--jobs ${options.jobs}: expected a number from 1 to 99`);
  const only = options.only ?? [];
  const catalogue = prepareCatalogue();
  checkSelection(only, catalogue);
  const [file] = builtInIxits();
  if (!file) throw new UsageError('no built-in reference IUT');
  const defects = Object.keys(eimDefects);
  const result = await selftest({
    ixit: prepareIxit(file, catalogue),
    catalogue,
    only,
    expectations: expectationsOf(builtInCases, catalogue, defects),
    defects,
    variants: eimVariantGroups,
    jobs: Number(options.jobs),
    tell: line => process.stderr.write(`${line}\n`),
  });
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  const { cases, killed, survivors, uncaught, variants, falseFails, inconclusive, deviations } = result;
  const list = (title: string, items: readonly string[]) => (items.length > 0 ? `\n${title}:\n${items.map(i => `  ${i}`).join('\n')}` : '');
  process.stderr.write(
    `\n${cases} cases, ${result.defects} defects, ${killed} pairs caught, ${survivors.length} survivors, ${uncaught.length} uncaught; ${variants} conformant variants, ${falseFails.length} false fails${list('Cases that no defect fails', survivors)}${list('Defects that no case catches', uncaught)}${list('False fails', falseFails)}${list('Inconclusive on conformant variants', inconclusive)}${list('Not as stated', deviations)}\n`,
  );
  return survivors.length + uncaught.length + falseFails.length + deviations.length > 0 ? 1 : 0;
};
