/** Where the package's own files are, from the compiled code as well as from an installed package. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const packageRoot: string = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly version: string;
}
export const manifest = (): Manifest => JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as Manifest;
