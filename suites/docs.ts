/** Writes the pages under docs/ that are generated from the catalogue; `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coveragePage } from './coverage.js';
import { prepareCatalogue } from './prepare.js';
import { packageRoot } from './root.js';

writeFileSync(join(packageRoot, 'docs', 'coverage.md'), coveragePage(prepareCatalogue()));
