/** `sgp32 lint`: cases, catalogues and IXIT files checked, nothing run. */
import { prepareCatalogue, prepareIxit } from '../prepare.js';

export interface LintOptions {
  readonly cases?: string;
  readonly ixit?: readonly string[];
}

export const lintCommand = async (files: readonly string[], options: LintOptions): Promise<number> => {
  const catalogue = prepareCatalogue(options.cases, files.length > 0 ? files : undefined);
  for (const file of options.ixit ?? []) prepareIxit(file, catalogue);
  const ixits = options.ixit?.length ? `, ${options.ixit.length} IXIT files` : '';
  process.stdout.write(
    `${catalogue.cases.length} cases, ${catalogue.procedures.size} procedures, ${catalogue.requirements.size} requirements${ixits}: no mistakes\n`,
  );
  return 0;
};
