/** `sgp32 lint`: cases, catalogues and IXIT files checked, nothing run. */
import { weatherWarnings } from '../ixit-weather.js';
import { prepareCatalogue, prepareIxit } from '../prepare.js';

export interface LintOptions {
  readonly cases?: string;
  readonly ixit?: readonly string[];
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export const lintCommand = async (files: readonly string[], options: LintOptions): Promise<number> => {
  const catalogue = prepareCatalogue(options.cases, files.length > 0 ? files : undefined);
  for (const file of options.ixit ?? [])
    for (const warning of weatherWarnings(prepareIxit(file, catalogue))) process.stderr.write(`${warning}\n`);
  const parts = [
    counted(catalogue.cases.length, 'case'),
    counted(catalogue.procedures.size, 'procedure'),
    counted(catalogue.requirements.size, 'requirement'),
    ...(options.ixit?.length ? [counted(options.ixit.length, 'IXIT file')] : []),
  ];
  process.stdout.write(`${parts.join(', ')}: no mistakes\n`);
  return 0;
};
