/** Where the package's own files are, from the compiled code as well as from an installed package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageRoot: string = fileURLToPath(new URL('../../', import.meta.url));
/** The catalogue of the package. */
export const builtInCases: string = join(packageRoot, 'test-cases');
/** Where the build keeps the trees of its files. */
export const builtInTrees: string = join(packageRoot, 'dist', 'trees');

interface Manifest {
  readonly name: string;
  readonly version: string;
}
export const manifest = (): Manifest => JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as Manifest;
